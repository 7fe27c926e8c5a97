//! Keeps a gateway connection alive for as long as the bot runs.
//!
//! Ask the REST API who we are and where the gateway is; connect; watch; when the connection is lost, wait and begin
//! again. Only a refused token or refused intents end it, because those a human must mend. The REST API is asked before
//! every connection, so that a gateway is only tried when Discord can be reached, and never more often than Discord's
//! daily budget of sessions allows.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serenity::http::{LightMethod, Route};
use serenity::model::id::ApplicationId;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::adapters::discord::api::{Api, Call};
use crate::adapters::discord::error::{ApiError, DiscordError};
use crate::adapters::discord::gateway::{Connection, Ending, News, Target};
use crate::adapters::discord::health::Health;
use crate::adapters::discord::interactions::Interactions;
use crate::adapters::discord::register::register;
use crate::adapters::discord::restraint::OnTheWay;
use crate::adapters::discord::watch::{Backoff, LOOK, Verdict, Watch};

/// Pauses between two tries to reach the REST API.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Sessions of the day that are kept for serenity, which begins some by itself.
const SESSIONS_IN_RESERVE: u64 = 10;

/// Keeps the gateway connected.
pub(super) struct Supervisor {
    pub(super) api: Api,
    pub(super) guilds: Vec<u64>,
    pub(super) health: Health,
    pub(super) interactions: Arc<Interactions>,
    pub(super) tracker: TaskTracker,
    /// Cancelled when the adapter ends, whatever the reason.
    pub(super) end: CancellationToken,
}

/// Where the gateway is, as `GET /gateway/bot` answers.
#[derive(Deserialize)]
struct GatewayBot {
    url: String,
    #[serde(default)]
    shards: u32,
    session_start_limit: Option<SessionLimit>,
}

#[derive(Deserialize)]
struct SessionLimit {
    remaining: u64,
    /// Milliseconds.
    reset_after: u64,
}

/// How the watch over one connection ended.
enum Watched {
    /// The bot is to stop.
    Stopped,
    /// The connection is gone, for this reason; so long to wait before the next.
    Gone(&'static str, Duration),
}

impl Supervisor {
    /// Runs until `shutdown`.
    pub(super) async fn run(self, shutdown: &CancellationToken) -> Result<(), DiscordError> {
        let mut backoff = Backoff::default();
        let mut registered = None;
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            myself = self.ask::<IgnoredAny>(Route::UserMe) => drop(myself?),
        }
        loop {
            let target = tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                target = self.find_gateway() => target?,
            };
            let connection = Connection::open(target)?;
            match self.watch(connection, &mut backoff, &mut registered, shutdown).await? {
                Watched::Stopped => return Ok(()),
                Watched::Gone(reason, pause) => {
                    tracing::warn!(reason, pause_ms = pause.as_millis(), "Discord's gateway is lost, a new connection follows");
                    self.health.disconnected(format!("the connection to Discord's gateway is lost: {reason}"));
                    tokio::select! {
                        () = shutdown.cancelled() => return Ok(()),
                        () = tokio::time::sleep(pause) => {}
                    }
                }
            }
        }
    }

    /// Asks where the gateway is, and waits when the day's sessions are used up.
    async fn find_gateway(&self) -> Result<Target, DiscordError> {
        loop {
            let found: GatewayBot = self.ask(Route::GatewayBot).await?;
            let spent = found.session_start_limit.filter(|limit| limit.remaining < SESSIONS_IN_RESERVE);
            let Some(spent) = spent else {
                return Ok(Target {
                    client: self.api.client(),
                    root: self.api.root().to_owned(),
                    token: self.api.token().clone(),
                    url: found.url,
                    shards: found.shards.max(1),
                    room: self.room_for_serenity().await?,
                });
            };
            let wait = Duration::from_millis(spent.reset_after).max(FIRST_PAUSE);
            tracing::error!(wait_s = wait.as_secs(), "Discord gives this bot hardly any sessions any more, waiting");
            self.health.disconnected("Discord gives this bot no more gateway sessions for now");
            tokio::time::sleep(wait).await;
        }
    }

    /// Waits for room for the request that serenity makes itself when it connects.
    async fn room_for_serenity(&self) -> Result<OnTheWay, DiscordError> {
        loop {
            let error = match self.api.count(LightMethod::Get, Route::Gateway) {
                Ok(room) => return Ok(room),
                Err(ApiError::Unauthorized) => return Err(DiscordError::Unauthorized),
                Err(error) => error,
            };
            let wait = if let ApiError::RetryAfter(wait) = error { wait } else { FIRST_PAUSE };
            // Within a second there is room again, unless Discord itself asks to wait.
            if wait > FIRST_PAUSE {
                tracing::warn!(%error, "the connection to Discord's gateway has to wait");
                self.health.disconnected(format!("Discord cannot be reached: {error}"));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Asks the REST API until it answers.
    async fn ask<T: DeserializeOwned>(&self, route: Route<'_>) -> Result<T, DiscordError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match self.api.fetch(Call::new(LightMethod::Get, route)).await {
                Ok(answer) => return Ok(answer),
                Err(ApiError::Unauthorized) => return Err(DiscordError::Unauthorized),
                Err(error) => error,
            };
            tracing::warn!(%error, "Discord cannot be reached, trying again");
            self.health.disconnected(format!("Discord cannot be reached: {error}"));
            let wait = match error {
                ApiError::RetryAfter(asked) => asked.max(FIRST_PAUSE),
                _ => pause.mul_f64(0.8 + 0.2 * fastrand::f64()),
            };
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Watches one connection to its end and passes on what it says.
    async fn watch(
        &self,
        mut connection: Connection,
        backoff: &mut Backoff,
        registered: &mut Option<ApplicationId>,
        shutdown: &CancellationToken,
    ) -> Result<Watched, DiscordError> {
        let mut watch = Watch::new(Instant::now());
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let reason = loop {
            tokio::select! {
                () = shutdown.cancelled() => {
                    self.health.disconnected("stopping");
                    connection.leave().await;
                    return Ok(Watched::Stopped);
                }
                news = connection.news.recv() => match news.unwrap_or(News::Ended(Ending::Lost)) {
                    News::Ended(Ending::Unauthorized) => return Err(DiscordError::Unauthorized),
                    News::Ended(Ending::Intents) => return Err(DiscordError::Intents),
                    News::Ended(Ending::Lost) => break "it ended",
                    other => {
                        let began = matches!(other, News::Ready(_) | News::Resumed);
                        self.pass_on(other, &mut watch, registered);
                        // A session that begins is known at once, not at the next look. Only then: looks without a beat
                        // between them count as a thread that spins, and commands may come faster than beats.
                        if began {
                            looks.reset_immediately();
                        }
                    }
                },
                _ = looks.tick() => match watch.look(connection.vitals(), Instant::now()) {
                    Verdict::Up => self.health.connected(),
                    Verdict::Mending => {}
                    Verdict::Down => self.health.disconnected("Discord's gateway gives no session"),
                    Verdict::Spinning => {
                        connection.poke();
                        break "it spins over a dead socket";
                    }
                    Verdict::Lost(reason) => break reason,
                },
            }
        };
        Ok(Watched::Gone(reason, backoff.pause(watch.was_steady(), watch.opened().elapsed())))
    }

    fn pass_on(&self, news: News, watch: &mut Watch, registered: &mut Option<ApplicationId>) {
        let now = Instant::now();
        match news {
            News::Ready(application) => {
                watch.session_began(now);
                tracing::info!("Discord's gateway is ready");
                if registered.replace(application).is_none() {
                    let registering = register(
                        self.api.clone(),
                        application,
                        self.guilds.clone(),
                        self.health.clone(),
                        self.interactions.inbox(),
                    );
                    self.tracker.spawn(self.end.clone().run_until_cancelled_owned(registering));
                }
            }
            News::Resumed => {
                watch.heard(now);
                tracing::info!("Discord's gateway goes on after a break");
            }
            News::Interaction(interaction) => {
                watch.heard(now);
                self.tracker.spawn(self.interactions.clone().answer(interaction, now));
            }
            News::Ended(_) => {}
        }
    }
}
