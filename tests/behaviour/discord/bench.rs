//! A Discord on loopback, the adapter connected to it, and an inbox that answers as the test says.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use legwork::adapters::discord::{Discord, DiscordError, DiscordNotifier, DiscordTyping};
use legwork::background::ports::{ChannelNotifier, Clock, OutgoingMessage, Purpose, SendError, Sent};
use legwork::chat::inbound::{Answer, Inbound, Inbox, Replies, Reply, Typing};
use legwork::config::DiscordConfig;
use legwork::domain::channel::{ChannelId, PersonId};
use legwork::domain::command::{Action, Button};
use legwork::domain::id::{TaskId, TaskNumber};
use legwork::domain::language::Language;
use legwork::domain::time::Timestamp;
use legwork::lifecycle::Readiness;
use legwork::metrics::Metrics;
use legwork::simulator::discord::{ChatMessage, DiscordServer, InteractionView};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) const TOKEN: &str = "MTAwMA.fake.token";
pub(crate) const CHANNEL: u64 = 500;
pub(crate) const ADA: u64 = 77;
const PATIENCE: Duration = Duration::from_mins(1);

/// A clock that goes with the world's and can be put forward.
#[derive(Default)]
pub(crate) struct MovableClock {
    ahead: Mutex<chrono::Duration>,
}

impl MovableClock {
    pub(crate) fn put_forward(&self, by: chrono::Duration) {
        *self.ahead.lock().expect("a clock") += by;
    }
}

impl Clock for MovableClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        chrono::Utc::now() + *self.ahead.lock().expect("a clock")
    }

    fn new_id(&self) -> TaskId {
        TaskId::parse("unused").expect("an id")
    }
}

/// An inbox that answers as the test says.
pub(crate) struct Script {
    reply: Mutex<Reply>,
    open: watch::Sender<bool>,
    allows: AtomicBool,
    allows_only: Mutex<Option<String>>,
    heard: Mutex<Vec<Inbound>>,
    completions: Mutex<Vec<(String, String)>>,
}

impl Script {
    fn new() -> Self {
        Self {
            reply: Mutex::new(say("understood")),
            open: watch::Sender::new(true),
            allows: AtomicBool::new(true),
            allows_only: Mutex::default(),
            heard: Mutex::default(),
            completions: Mutex::default(),
        }
    }

    /// From now on this is the answer to everything.
    pub(crate) fn answers(&self, reply: Reply) {
        *self.reply.lock().expect("a script") = reply;
    }

    /// Whether answers come; while it is false, they are waited for.
    pub(crate) fn is_open(&self, open: bool) {
        self.open.send_replace(open);
    }

    /// Whether anybody may do anything.
    pub(crate) fn allows_all(&self, allows: bool) {
        self.allows.store(allows, Ordering::Relaxed);
    }

    /// From now on the bot may be used in this channel alone.
    pub(crate) fn allows_only(&self, channel: u64) {
        *self.allows_only.lock().expect("a script") = Some(format!("discord:{channel}"));
    }

    /// What is offered to those who type.
    pub(crate) fn completes(&self, choices: Vec<(String, String)>) {
        *self.completions.lock().expect("a script") = choices;
    }

    /// Everything that was asked so far.
    pub(crate) fn heard(&self) -> Vec<Inbound> {
        self.heard.lock().expect("a script").clone()
    }

    async fn opened(&self) {
        self.open.subscribe().wait_for(|open| *open).await.expect("a script");
    }
}

#[async_trait]
impl Inbox for Script {
    async fn is_about_own(&self, _inbound: &Inbound) -> bool {
        false
    }

    fn allows(&self, channel: &ChannelId, _person: &PersonId) -> bool {
        let only = self.allows_only.lock().expect("a script").clone();
        self.allows.load(Ordering::Relaxed) && only.is_none_or(|only| only == channel.to_string())
    }

    fn language(&self, spoken: Language) -> Language {
        spoken
    }

    async fn handle(&self, inbound: Inbound) -> Reply {
        self.heard.lock().expect("a script").push(inbound);
        self.opened().await;
        self.reply.lock().expect("a script").clone()
    }

    async fn channel_moved(&self, _from: &ChannelId, _to: &ChannelId) {}

    async fn complete_task(&self, typing: Typing) -> Vec<(String, String)> {
        self.opened().await;
        let choices = self.completions.lock().expect("a script").clone();
        choices.into_iter().filter(|(value, _)| value.starts_with(&typing.typed)).collect()
    }
}

/// A lane without limits: says an answer part by part.
struct Lane {
    notifier: DiscordNotifier,
    tracker: TaskTracker,
}

impl Replies for Lane {
    fn say(&self, message: OutgoingMessage) {
        let notifier = self.notifier.clone();
        self.tracker.spawn(async move {
            let mut part = 0;
            while let Ok(Sent { more: true, .. }) = notifier.send(&message, part).await {
                part += 1;
            }
        });
    }
}

/// A server and the adapter connected to it.
pub(crate) struct Bench {
    pub(crate) server: DiscordServer,
    pub(crate) inbox: Arc<Script>,
    pub(crate) notifier: DiscordNotifier,
    pub(crate) typing: DiscordTyping,
    pub(crate) clock: Arc<MovableClock>,
    pub(crate) metrics: Metrics,
    pub(crate) readiness: Readiness,
    running: Option<JoinHandle<Result<(), DiscordError>>>,
    stop_bot: CancellationToken,
    stop_server: CancellationToken,
    tracker: TaskTracker,
    config: DiscordConfig,
}

impl Bench {
    /// A server and an adapter that is not connected yet.
    pub(crate) async fn idle() -> Self {
        Self::idle_with(TOKEN, Vec::new()).await
    }

    /// The same with another token or with guilds.
    pub(crate) async fn idle_with(token: &str, guilds: Vec<u64>) -> Self {
        let (tracker, stop_server) = (TaskTracker::new(), CancellationToken::new());
        let server = DiscordServer::start(TOKEN, &tracker, stop_server.clone()).await.expect("a free port");
        server.channel(CHANNEL);
        // The simulated Discord enforces limits on request only, so nobody has to wait for them here.
        let pace = NonZeroU32::MIN.saturating_add(99);
        let config = DiscordConfig { token: token.into(), api_url: server.url(), pace, guilds };
        let (clock, metrics, readiness) = (Arc::new(MovableClock::default()), Metrics::default(), Readiness::default());
        let discord = Discord::new(config.clone(), clock.clone(), metrics.clone(), readiness.component("discord"));
        let discord = discord.expect("a good configuration");
        Self {
            server,
            inbox: Arc::new(Script::new()),
            notifier: discord.notifier(),
            typing: discord.typing(),
            clock,
            metrics,
            readiness,
            running: None,
            stop_bot: CancellationToken::new(),
            stop_server,
            tracker,
            config,
        }
    }

    /// A server and an adapter that is ready.
    pub(crate) async fn ready() -> Self {
        let mut bench = Self::idle().await;
        bench.connect();
        bench.until_ready().await;
        bench
    }

    /// Other servers with commands of their own, from the next start on.
    pub(crate) fn reconfigure(&mut self, guilds: Vec<u64>) {
        self.config.guilds = guilds;
    }

    /// Starts the adapter.
    pub(crate) fn connect(&mut self) {
        let component = self.readiness.component("discord");
        let discord = Discord::new(self.config.clone(), self.clock.clone(), self.metrics.clone(), component);
        let discord = discord.expect("a good configuration");
        self.notifier = discord.notifier();
        self.stop_bot = CancellationToken::new();
        let lane = Arc::new(Lane { notifier: self.notifier.clone(), tracker: self.tracker.clone() });
        self.running = Some(self.tracker.spawn(discord.run(self.inbox.clone(), lane, self.stop_bot.clone())));
    }

    /// Stops the adapter, or waits for it to end by itself.
    pub(crate) async fn adapter_ends(&mut self, by_itself: bool) -> Result<(), DiscordError> {
        if !by_itself {
            self.stop_bot.cancel();
        }
        let running = self.running.take().expect("a running adapter");
        tokio::time::timeout(PATIENCE, running).await.expect("the adapter ends").expect("without a panic")
    }

    /// Ends everything: the adapter without an error, and the server with nothing left behind.
    pub(crate) async fn end(mut self) {
        if self.running.is_some() {
            self.adapter_ends(false).await.expect("a clean end");
        }
        self.stop_server.cancel();
        self.tracker.close();
        tokio::time::timeout(PATIENCE, self.tracker.wait()).await.expect("everything ends");
    }

    /// The same, and the bot did nothing that Discord would hold against it.
    pub(crate) async fn end_well(self) {
        assert_eq!(self.server.violations(), Vec::<String>::new());
        assert_eq!(self.server.pings(), Vec::<String>::new());
        self.end().await;
    }

    pub(crate) async fn until_ready(&self) {
        self.until("ready", |bench| bench.readiness.waiting_for().is_empty()).await;
    }

    /// Waits until the world is as wanted.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let mut changes = self.server.changed();
        let wait = async {
            while !wanted(self) {
                // Not all that is waited for is a change of the server.
                drop(tokio::time::timeout(Duration::from_millis(20), changes.changed()).await);
            }
        };
        if tokio::time::timeout(PATIENCE, wait).await.is_err() {
            let (waiting, violations) = (self.readiness.waiting_for(), self.server.violations());
            panic!("not {what} in time; waiting for {waiting:?}, violations {violations:?}");
        }
    }

    /// A command with options.
    pub(crate) fn runs(&self, command: &str, options: &[(&str, &str)]) -> u64 {
        self.server.runs(CHANNEL, ADA, command, options).expect("a registered command")
    }

    /// What became of an interaction, as soon as it is as wanted.
    pub(crate) async fn interaction(&self, id: u64, what: &str, wanted: impl Fn(&InteractionView) -> bool) -> InteractionView {
        self.until(what, |bench| bench.server.interaction(id).is_some_and(|interaction| wanted(&interaction))).await;
        self.server.interaction(id).expect("an interaction")
    }

    /// An interaction's answer, as soon as it is there.
    pub(crate) async fn answer(&self, id: u64) -> ChatMessage {
        let answered = |interaction: &InteractionView| interaction.original.as_ref().is_some_and(|answer| !answer.loading);
        self.interaction(id, "answered", answered).await.original.expect("an answer")
    }

    /// The texts of a channel that are for everybody.
    pub(crate) fn texts(&self) -> Vec<String> {
        let messages = self.server.messages(CHANNEL).into_iter();
        messages.filter(|message| message.ephemeral_for.is_none()).map(|message| message.text).collect()
    }

    /// Sends the first part of a message.
    pub(crate) async fn sends(&self, message: &OutgoingMessage) -> Result<Sent, SendError> {
        self.notifier.send(message, 0).await
    }
}

/// An answer for everybody.
pub(crate) fn say(text: &str) -> Reply {
    Reply::Say(Answer::plain(text.to_owned()))
}

/// An answer for one person.
pub(crate) fn whisper(text: &str) -> Reply {
    Reply::Say(Answer { private: true, ..Answer::plain(text.to_owned()) })
}

/// A notice to the channel.
pub(crate) fn notice(key: &str, text: &str) -> OutgoingMessage {
    let channel = format!("discord:{CHANNEL}").parse().expect("a channel");
    OutgoingMessage::plain(channel, Purpose::Notice, Language::En, text.to_owned(), key.to_owned())
}

/// A button that cancels a task.
pub(crate) fn cancel_button(number: u64) -> Button {
    Button { label: "Cancel".to_owned(), action: Action::Cancel(TaskNumber(number)) }
}
