//! One connection to Discord's gateway: serenity in a thread and a runtime of its own.
//!
//! Why its own: after some closes (a close frame without a code, for one) serenity's loop over the dead socket never
//! waits, and a loop that never waits stalls every timer of the runtime it runs in. In here it stalls a thread that
//! nobody needs; a pulse that beats beside it tells the [watch](crate::adapters::discord::watch) that it does, and
//! [`Connection::poke`] ends it. What the thread has to say crosses in a bounded channel that it never waits for.
//!
//! Inside the thread tracing is off: serenity's logs and spans hold frames and bodies, and those hold tokens.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use serenity::all::{Context, Event, GatewayIntents, OnlineStatus, RawEventHandler, ShardManager};
use serenity::client::ClientBuilder;
use serenity::gateway::{ConnectionStage, GatewayError};
use serenity::http::HttpBuilder;
use serenity::model::id::ApplicationId;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::adapters::discord::error::DiscordError;
use crate::adapters::discord::restraint::OnTheWay;

/// Between two beats of the pulse.
const BEAT: Duration = Duration::from_millis(100);

/// News that may wait to be read. Interactions beyond it could not be answered in time anyway.
const BACKLOG: usize = 1024;

/// How long saying goodbye to Discord may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// What a connection has to say.
pub(super) enum News {
    /// A session began.
    Ready(ApplicationId),
    /// A session goes on after a break.
    Resumed,
    /// Somebody did something.
    Interaction(Value),
    /// The connection is over and will not come back by itself.
    Ended(Ending),
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Discord refuses the token.
    Unauthorized,
    /// Discord refuses the intents.
    Intents,
    /// Anything else, which may pass.
    Lost,
}

/// Where and as whom to connect.
pub(super) struct Target {
    /// The HTTP client for serenity's own request.
    pub(super) client: reqwest012::Client,
    /// The root of the REST API.
    pub(super) root: String,
    /// The bot's token.
    pub(super) token: SecretString,
    /// The gateway, as the REST API named it.
    pub(super) url: String,
    /// How many shards Discord wants.
    pub(super) shards: u32,
    /// Room for serenity's own request.
    pub(super) room: OnTheWay,
}

/// A running connection. Dropping it abandons the thread: it ends by itself as soon as serenity lets it.
pub(super) struct Connection {
    /// What it has to say.
    pub(super) news: mpsc::Receiver<News>,
    shards: u32,
    pulse: Arc<AtomicU64>,
    manager: Arc<OnceLock<Arc<ShardManager>>>,
    leave: CancellationToken,
    abandon: CancellationToken,
    over: oneshot::Receiver<()>,
}

/// What can be seen of a connection from outside, without waiting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Vitals {
    /// Beats of the pulse so far.
    pub(super) beats: u64,
    /// Whether every shard has a session; as serenity knew last.
    pub(super) connected: bool,
    /// How long Discord took for the last heartbeats: changes with every heartbeat that is answered.
    pub(super) latencies: Vec<Option<Duration>>,
}

impl Connection {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`DiscordError::Thread`] when the system gives no thread.
    pub(super) fn open(target: Target) -> Result<Self, DiscordError> {
        let (say, news) = mpsc::channel(BACKLOG);
        let (over_tx, over) = oneshot::channel();
        let thread = Thread {
            say,
            pulse: Arc::default(),
            manager: Arc::default(),
            leave: CancellationToken::new(),
            abandon: CancellationToken::new(),
        };
        let connection = Self {
            news,
            shards: target.shards,
            pulse: thread.pulse.clone(),
            manager: thread.manager.clone(),
            leave: thread.leave.clone(),
            abandon: thread.abandon.clone(),
            over,
        };
        let run = move || {
            thread.run(target);
            drop(over_tx);
        };
        std::thread::Builder::new().name("discord-gateway".to_owned()).spawn(run).map_err(DiscordError::Thread)?;
        Ok(connection)
    }

    /// Looks at the connection; `None` while serenity changes what there is to see.
    pub(super) fn vitals(&self) -> Option<Vitals> {
        let beats = self.pulse.load(Ordering::Relaxed);
        let Some(manager) = self.manager.get() else { return Some(Vitals { beats, ..Vitals::default() }) };
        let runners = manager.runners.try_lock().ok()?;
        let mut latencies: Vec<_> = runners.iter().map(|(shard, runner)| (shard.0, runner.latency)).collect();
        latencies.sort_unstable();
        let up = runners.values().filter(|runner| runner.stage == ConnectionStage::Connected).count();
        let connected = up >= self.shards as usize;
        Some(Vitals { beats, connected, latencies: latencies.into_iter().map(|(_, latency)| latency).collect() })
    }

    /// Ends a shard that spins over a dead socket. It looks for orders in every round, and one that makes it write finds
    /// the socket dead and ends it. To a healthy shard the order is harmless: it says that the bot is online.
    pub(super) fn poke(&self) {
        let Some(runners) = self.manager.get().and_then(|manager| manager.runners.try_lock().ok()) else { return };
        for runner in runners.values() {
            tracing::dispatcher::with_default(&tracing::Dispatch::none(), || {
                runner.runner_tx.set_presence(None, OnlineStatus::Online);
            });
        }
    }

    /// Says goodbye to Discord and waits until the thread is over, a few seconds at most.
    pub(super) async fn leave(mut self) {
        self.leave.cancel();
        if tokio::time::timeout(GOODBYE + BEAT * 5, &mut self.over).await.is_err() {
            tracing::debug!("the gateway's thread does not end, it is abandoned");
            self.poke();
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.abandon.cancel();
    }
}

/// The inside of the thread.
struct Thread {
    say: mpsc::Sender<News>,
    pulse: Arc<AtomicU64>,
    manager: Arc<OnceLock<Arc<ShardManager>>>,
    leave: CancellationToken,
    abandon: CancellationToken,
}

impl Thread {
    fn run(self, target: Target) {
        let _silence = tracing::dispatcher::set_default(&tracing::Dispatch::none());
        let ending = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                let ending = runtime.block_on(self.live(target));
                // Takes every future of serenity's along, also those that wait for ever.
                runtime.shutdown_background();
                ending
            }
            Err(_) => Ending::Lost,
        };
        // Full only when nobody reads any more.
        drop(self.say.try_send(News::Ended(ending)));
    }

    async fn live(&self, target: Target) -> Ending {
        tokio::select! {
            biased;
            () = self.abandon.cancelled() => Ending::Lost,
            () = self.leave.cancelled() => self.goodbye().await,
            () = self.beat() => Ending::Lost,
            ending = self.serve(target) => ending,
        }
    }

    async fn beat(&self) {
        loop {
            self.pulse.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(BEAT).await;
        }
    }

    async fn goodbye(&self) -> Ending {
        if let Some(manager) = self.manager.get() {
            drop(tokio::time::timeout(GOODBYE, manager.shutdown_all()).await);
        }
        Ending::Lost
    }

    async fn serve(&self, target: Target) -> Ending {
        let http = HttpBuilder::new(target.token.expose_secret())
            .client(target.client)
            .proxy(target.root)
            .ratelimiter_disabled(true)
            .build();
        let forward = Forward { say: self.say.clone() };
        let builder = ClientBuilder::new_with_http(http, GatewayIntents::empty()).raw_event_handler(forward);
        // It asks the REST API once, here, and never again.
        let built = builder.await;
        drop(target.room);
        let Ok(mut client) = built else { return Ending::Lost };
        // When the REST API does not answer serenity, it falls back to Discord's own gateway without a word. The address
        // that was asked for is the only one that is ever connected to.
        *client.ws_url.lock().await = target.url;
        if self.manager.set(client.shard_manager.clone()).is_err() {
            return Ending::Lost;
        }
        match client.start_shards(target.shards).await {
            Err(serenity::Error::Gateway(GatewayError::InvalidAuthentication)) => Ending::Unauthorized,
            Err(serenity::Error::Gateway(GatewayError::InvalidGatewayIntents | GatewayError::DisallowedGatewayIntents)) => {
                Ending::Intents
            }
            _ => Ending::Lost,
        }
    }
}

/// Passes on what is of use.
struct Forward {
    say: mpsc::Sender<News>,
}

#[async_trait]
impl RawEventHandler for Forward {
    async fn raw_event(&self, _context: Context, event: Event) {
        let news = match event {
            Event::Ready(event) => News::Ready(event.ready.application.id),
            Event::Resumed(_) => News::Resumed,
            Event::InteractionCreate(event) => {
                let kind = event.interaction.kind();
                let Ok(mut interaction) = serde_json::to_value(&event.interaction) else { return };
                // serenity reads the kind but does not write it.
                if let (Some(fields), Ok(kind)) = (interaction.as_object_mut(), serde_json::to_value(kind)) {
                    fields.insert("type".to_owned(), kind);
                }
                News::Interaction(interaction)
            }
            // What serenity's models cannot read any more, ours may.
            Event::Unknown(event) if event.kind == "INTERACTION_CREATE" => News::Interaction(event.value),
            _ => return,
        };
        // Never waits: when nobody reads, these are too old to be answered.
        drop(self.say.try_send(news));
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use axum::extract::WebSocketUpgrade;
    use axum::extract::ws::Message;
    use axum::routing::any;
    use tokio::net::TcpListener;
    use tokio::time::timeout;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::adapters::discord::restraint::{Bucket, Restraint};

    /// A gateway that closes every connection at once, with a close frame that has no code; and no REST API beside it.
    struct RudeGateway {
        host: String,
        visits: Arc<AtomicU64>,
        tracker: TaskTracker,
        stop: CancellationToken,
    }

    impl RudeGateway {
        async fn start() -> Self {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
            let host = listener.local_addr().expect("an address").to_string();
            let (visits, tracker, stop) = (Arc::new(AtomicU64::new(0)), TaskTracker::new(), CancellationToken::new());
            let counted = visits.clone();
            let rude = async move |upgrade: WebSocketUpgrade| {
                counted.fetch_add(1, Ordering::Relaxed);
                upgrade.on_upgrade(async |mut socket| {
                    drop(socket.send(Message::Close(None)).await);
                    while let Some(Ok(_)) = socket.recv().await {}
                })
            };
            let serve = axum::serve(listener, axum::Router::new().route("/", any(rude)));
            let stopped = stop.clone().cancelled_owned();
            tracker.spawn(async move { serve.with_graceful_shutdown(stopped).await });
            Self { host, visits, tracker, stop }
        }

        fn connect(&self) -> Connection {
            let bucket = Bucket { route: "GET /gateway", major: 0, open: false };
            let target = Target {
                client: reqwest012::Client::builder().no_proxy().build().expect("a client"),
                root: format!("http://{}", self.host),
                token: SecretString::from("MTAwMA.fake.token"),
                url: format!("ws://{}/", self.host),
                shards: 1,
                room: Restraint::new(NonZeroU32::MIN).check(bucket, tokio::time::Instant::now()).expect("room"),
            };
            Connection::open(target).expect("a thread")
        }

        async fn end(self) {
            self.stop.cancel();
            self.tracker.close();
            self.tracker.wait().await;
        }
    }

    #[tokio::test]
    async fn a_thread_that_spins_is_seen_and_ended() {
        let gateway = RudeGateway::start().await;
        let mut connection = gateway.connect();
        let mut looks = tokio::time::interval(BEAT * 3);
        let mut seen = (u64::MAX, 0);
        while seen.1 < 5 {
            looks.tick().await;
            let beats = connection.vitals().expect("vitals").beats;
            seen = if beats == seen.0 { (beats, seen.1 + 1) } else { (beats, 0) };
        }
        // serenity's own request failed here, and Discord's gateway was not taken instead.
        assert_eq!(gateway.visits.load(Ordering::Relaxed), 1, "only the gateway that was named is connected to");
        connection.abandon.cancel();
        assert!(timeout(BEAT * 5, &mut connection.over).await.is_err(), "it cannot hear that it is abandoned");
        connection.poke();
        assert!(timeout(Duration::from_secs(5), &mut connection.over).await.is_ok(), "a poke ends it");
        gateway.end().await;
    }
}
