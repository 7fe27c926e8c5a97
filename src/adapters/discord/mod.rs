//! Discord: commands and buttons come in through the gateway, messages go out through the REST API.
//!
//! What happens to a command: the `gateway`'s thread passes the interaction on; `interactions` acknowledges it at
//! once and hands it to the inbox; the answer goes to the lane of its channel and comes back here through `outbound`,
//! which puts it where the acknowledgement stands. News about tasks come the same way, as messages of their own.
//! The `supervisor` keeps the gateway connected; `register` keeps Discord's menu equal to the catalogue.
//!
//! The adapter never decides what an answer says, never waits out a rate limit on behalf of a lane, and never connects
//! to an address that the configured REST API did not name.

mod address;
mod api;
mod edit;
mod error;
mod follow_ups;
mod gateway;
mod health;
mod inbound;
mod interactions;
mod literal;
mod outbound;
mod pace;
mod part;
mod register;
pub mod render;
mod restraint;
mod supervisor;
mod target;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use crate::adapters::discord::error::DiscordError;
pub use crate::adapters::discord::outbound::{DiscordNotifier, DiscordTyping};

use crate::adapters::discord::api::Api;
use crate::adapters::discord::health::Health;
use crate::adapters::discord::interactions::Interactions;
use crate::adapters::discord::supervisor::Supervisor;
use crate::background::ports::Clock;
use crate::chat::inbound::{Inbox, Replies};
use crate::config::DiscordConfig;
use crate::lifecycle::Component;
use crate::metrics::Metrics;

/// How long interactions that are being answered may take when the bot stops.
const FINISH: Duration = Duration::from_secs(5);

/// The adapter, not yet connected.
pub struct Discord {
    api: Api,
    clock: Arc<dyn Clock>,
    guilds: Vec<u64>,
    health: Health,
}

impl Discord {
    /// Prepares the adapter; makes no connection.
    ///
    /// # Errors
    /// [`DiscordError`] when the configuration cannot be right or no HTTP client can be built.
    pub fn new(
        config: DiscordConfig,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
        readiness: Component,
    ) -> Result<Self, DiscordError> {
        let health = Health::new(readiness);
        let api = Api::new(&config, metrics, health.clone())?;
        Ok(Self { api, clock, guilds: config.guilds, health })
    }

    /// Sends messages; works whether or not the gateway is connected.
    #[must_use]
    pub fn notifier(&self) -> DiscordNotifier {
        DiscordNotifier::new(self.api.clone(), self.clock.clone())
    }

    /// Shows typing; works whether or not the gateway is connected.
    #[must_use]
    pub fn typing(&self) -> DiscordTyping {
        DiscordTyping::new(self.api.clone())
    }

    /// Answers interactions until `shutdown`: then the gateway is left at once, and what is being answered is finished.
    ///
    /// # Errors
    /// [`DiscordError`] for what a human must mend: a token or intents that Discord refuses.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the gateway; what is being answered goes on for the seconds it takes.
    pub async fn run(
        self,
        inbox: Arc<dyn Inbox>,
        replies: Arc<dyn Replies>,
        shutdown: CancellationToken,
    ) -> Result<(), DiscordError> {
        let tracker = TaskTracker::new();
        let end = CancellationToken::new();
        let _ended = end.clone().drop_guard();
        let supervisor = Supervisor {
            interactions: Arc::new(Interactions::new(self.api.clone(), inbox, replies)),
            api: self.api,
            guilds: self.guilds,
            health: self.health.clone(),
            tracker: tracker.clone(),
            end: end.clone(),
        };
        let result = supervisor.run(&shutdown).await;
        if let Err(error) = &result {
            // Also when Discord takes the token for other requests again: nothing is heard until the next start.
            self.health.disconnected(error.to_string());
        }
        end.cancel();
        tracker.close();
        if tokio::time::timeout(FINISH, tracker.wait()).await.is_err() {
            tracing::warn!("some Discord interactions were still being answered at the end");
        }
        result
    }
}
