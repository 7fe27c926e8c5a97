//! A bot in a small world: the server, a scripted inbox in place of the dispatcher, and one plain lane for the answers.

use std::collections::BTreeSet;
use std::future::Future;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use legwork::adapters::telegram::{Telegram, TelegramError, TelegramNotifier, TelegramTyping};
use legwork::background::ports::{ChannelNotifier, Clock, OutgoingMessage, Purpose, SendError, Sent};
use legwork::chat::inbound::{Answer, Inbound, Inbox, Replies, Reply, Typing};
use legwork::config::TelegramConfig;
use legwork::domain::channel::{ChannelId, PersonId};
use legwork::domain::id::TaskId;
use legwork::domain::language::Language;
use legwork::domain::time::{Timestamp, from_millis};
use legwork::lifecycle::Readiness;
use legwork::metrics::Metrics;
use legwork::simulator::telegram::TelegramServer;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::support::wait::PATIENCE;

pub(crate) const TOKEN: &str = "777000:AAE-very_secret_half_of_the_token";
/// A person, and so the private chat with them.
pub(crate) const ADA: i64 = 7;
pub(crate) const BOB: i64 = 8;
/// A group.
pub(crate) const GROUP: i64 = -1_001_000_000_005;

/// Waits, but not for ever.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
}

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        from_millis(1_800_000_000_000).unwrap()
    }

    fn new_id(&self) -> TaskId {
        TaskId::parse("unused").unwrap()
    }
}

type Script = Box<dyn Fn(&Inbound) -> Reply + Send + Sync>;

/// Notes what arrives and answers as scripted; requests of held channels wait until they are let go.
pub(crate) struct ScriptedInbox {
    script: Mutex<Script>,
    heard: watch::Sender<Vec<Inbound>>,
    held: watch::Sender<BTreeSet<String>>,
    moved: watch::Sender<Vec<(String, String)>>,
    /// Whose name makes our own code break.
    breaks_on: Mutex<Option<PersonId>>,
}

impl ScriptedInbox {
    fn new() -> Self {
        let held = watch::Sender::new(BTreeSet::new());
        Self {
            script: Mutex::new(Box::new(|_| say("noted"))),
            heard: watch::Sender::new(Vec::new()),
            held,
            moved: watch::Sender::default(),
            breaks_on: Mutex::default(),
        }
    }

    pub(crate) fn answers(&self, script: impl Fn(&Inbound) -> Reply + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    /// From now on our own code breaks whenever it is asked about this person.
    pub(super) fn breaks_on(&self, person: i64) {
        *self.breaks_on.lock().unwrap() = Some(format!("telegram:{person}").parse().unwrap());
    }

    /// Waits until a channel has moved; gives where from and where to.
    pub(super) async fn hears_of_a_move(&self) -> (String, String) {
        let mut moved = self.moved.subscribe();
        let first = soon("a move", moved.wait_for(|moved| !moved.is_empty())).await.unwrap().first().cloned();
        first.unwrap()
    }

    /// Requests from this channel wait from now on.
    pub(crate) fn hold(&self, channel: &str) {
        self.held.send_if_modified(|held| held.insert(channel.to_owned()));
    }

    pub(crate) fn let_go(&self) {
        self.held.send_modify(BTreeSet::clear);
    }

    pub(crate) fn heard(&self) -> Vec<Inbound> {
        self.heard.borrow().clone()
    }

    /// Waits until so many requests have arrived, and gives all there are.
    pub(crate) async fn hears(&self, count: usize) -> Vec<Inbound> {
        let mut heard = self.heard.subscribe();
        let enough = heard.wait_for(|heard| heard.len() >= count);
        soon(&format!("{count} requests"), enough).await.unwrap().clone()
    }
}

#[async_trait]
impl Inbox for ScriptedInbox {
    async fn is_about_own(&self, _inbound: &Inbound) -> bool {
        false
    }

    fn allows(&self, _channel: &ChannelId, person: &PersonId) -> bool {
        let breaks_on = self.breaks_on.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert!(breaks_on.as_ref() != Some(person), "a defect in our own code");
        person.address() != BOB.to_string()
    }

    fn language(&self, spoken: Language) -> Language {
        spoken
    }

    async fn handle(&self, inbound: Inbound) -> Reply {
        self.heard.send_modify(|heard| heard.push(inbound.clone()));
        let channel = inbound.channel.to_string();
        self.held.subscribe().wait_for(|held| !held.contains(&channel)).await.unwrap();
        (self.script.lock().unwrap_or_else(PoisonError::into_inner))(&inbound)
    }

    async fn channel_moved(&self, from: &ChannelId, to: &ChannelId) {
        self.moved.send_modify(|moved| moved.push((from.to_string(), to.to_string())));
    }

    async fn complete_task(&self, _typing: Typing) -> Vec<(String, String)> {
        Vec::new()
    }
}

pub(crate) fn answer(text: &str, private: bool) -> Reply {
    Reply::Say(Answer { private, ..Answer::plain(text.to_owned()) })
}

pub(crate) fn say(text: &str) -> Reply {
    answer(text, false)
}

struct Lane(mpsc::UnboundedSender<OutgoingMessage>);

impl Replies for Lane {
    fn say(&self, message: OutgoingMessage) {
        self.0.send(message).unwrap();
    }
}

/// A running bot.
pub(crate) struct Bot {
    pub(crate) readiness: Readiness,
    pub(crate) metrics: Metrics,
    pub(crate) notifier: Arc<TelegramNotifier>,
    pub(crate) typing: Arc<TelegramTyping>,
    stop: CancellationToken,
    run: JoinHandle<Result<(), TelegramError>>,
}

impl Bot {
    /// Why it is not ready; empty when it is.
    pub(crate) fn unready(&self) -> String {
        self.readiness.waiting_for().into_iter().map(|(_, reason)| reason).collect()
    }

    pub(crate) async fn is_unready(&self, because: &str) {
        self.readiness_is(because, |reason| reason.contains(because)).await;
    }

    pub(crate) async fn is_ready(&self) {
        self.readiness_is("readiness", str::is_empty).await;
    }

    /// Looks again and again, because readiness does not announce its changes.
    async fn readiness_is(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        let mut looks = tokio::time::interval(Duration::from_millis(2));
        let seen = async {
            while !wanted(&self.unready()) {
                looks.tick().await;
            }
        };
        soon(what, seen).await;
    }

    /// Begins a graceful stop.
    pub(crate) fn asks_to_stop(&self) {
        self.stop.cancel();
    }

    /// Waits for the end of the run.
    pub(crate) async fn ended(self) -> Result<(), TelegramError> {
        soon("the end of the bot", self.run).await.unwrap()
    }

    pub(crate) async fn stops(self) {
        self.asks_to_stop();
        self.ended().await.unwrap();
    }

    /// Ends as if the process was killed.
    pub(crate) async fn gets_killed(self) {
        self.run.abort();
        assert!(soon("the kill", self.run).await.unwrap_err().is_cancelled());
    }

    pub(crate) async fn sends(&self, message: &OutgoingMessage) -> Result<Sent, SendError> {
        soon("a send", self.notifier.send(message, 0)).await
    }
}

/// The server, the inbox, and who runs them.
pub(crate) struct World {
    pub(crate) server: TelegramServer,
    pub(crate) inbox: Arc<ScriptedInbox>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl World {
    pub(crate) async fn new() -> Self {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let server = TelegramServer::start(TOKEN, &tracker, stop.clone()).await.unwrap();
        Self { server, inbox: Arc::new(ScriptedInbox::new()), tracker, stop }
    }

    /// A bot that has not run yet, with this token and server.
    pub(crate) fn bot(token: &str, api_url: String) -> (Telegram, Readiness, Metrics) {
        let (readiness, metrics) = (Readiness::default(), Metrics::default());
        let config = TelegramConfig { token: token.to_owned().into(), api_url, pace: NonZeroU32::MIN };
        let component = readiness.component("telegram");
        let telegram = Telegram::new(config, Arc::new(FixedClock), metrics.clone(), component).unwrap();
        (telegram, readiness, metrics)
    }

    pub(crate) fn starts_bot(&self) -> Bot {
        self.starts_bot_at(TOKEN, self.server.url())
    }

    pub(crate) fn starts_bot_at(&self, token: &str, api_url: String) -> Bot {
        let (telegram, readiness, metrics) = Self::bot(token, api_url);
        let (notifier, typing) = (telegram.notifier(), telegram.typing());
        let (lane, mut queue) = mpsc::unbounded_channel::<OutgoingMessage>();
        let sender = Arc::clone(&notifier);
        self.tracker.spawn(async move {
            while let Some(message) = queue.recv().await {
                sender.send(&message, 0).await.unwrap();
            }
        });
        let inbox: Arc<dyn Inbox> = self.inbox.clone();
        let stop = self.stop.child_token();
        let run = self.tracker.spawn(telegram.run(inbox, Arc::new(Lane(lane)), stop.clone()));
        Bot { readiness, metrics, notifier, typing, stop, run }
    }

    /// A bot that polls.
    pub(crate) async fn started() -> (Self, Bot) {
        let world = Self::new().await;
        let bot = world.starts_bot();
        world.until("a poll that waits", |server| (server.polls() > 1 && server.open_polls() > 0).then_some(())).await;
        (world, bot)
    }

    /// A call of the Bot API by somebody else who has the token.
    pub(crate) async fn somebody_else_calls(&self, method: &str, parameters: serde_json::Value) {
        let url = format!("{}/bot{TOKEN}/{method}", self.server.url());
        let client = reqwest012::Client::builder().no_proxy().build().unwrap();
        soon(method, client.post(url).json(&parameters).send()).await.unwrap().error_for_status().unwrap();
    }

    /// A topic in the group. The group is not new: 1, the first id of all, is that of the general topic.
    pub(crate) fn opens_topic(&self, name: &str) -> i64 {
        self.server.says(GROUP, BOB, "nothing for a bot");
        self.server.create_topic(GROUP, name)
    }

    /// Waits until the server's state is as wanted.
    pub(crate) async fn until<T>(&self, what: &str, look: impl FnMut(&TelegramServer) -> Option<T>) -> T {
        soon(what, self.server.until(look)).await
    }

    /// Waits until the bot has said this in a chat; gives the message's id.
    pub(crate) async fn hears(&self, chat: i64, text: &str) -> i64 {
        let said = |server: &TelegramServer| server.said(chat).into_iter().find(|message| message.text == text);
        self.until(text, said).await.id
    }

    /// Stops everything; nothing may be left, and the bot may have done nothing that it should know to be wrong.
    pub(crate) async fn ends(self) {
        assert_eq!(self.server.violations(), Vec::<String>::new());
        self.stop.cancel();
        self.tracker.close();
        soon("an empty tracker", self.tracker.wait()).await;
    }
}

/// A notice for a channel.
pub(crate) fn notice(channel: &str, text: &str) -> OutgoingMessage {
    OutgoingMessage::plain(channel.parse().unwrap(), Purpose::Notice, Language::En, text.to_owned(), "n1".to_owned())
}
