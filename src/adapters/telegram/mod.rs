//! Telegram: updates in by long polling, messages and typing out, over the Bot API.
//!
//! teloxide gives the methods and types. Its dispatcher and its executor are not used: the one acknowledges an update
//! before it is handled, the other hides what the core must know about a failed send. [`Telegram::run`] returns at
//! shutdown, or at once when the server does not know the token; nothing else ends it.
//!
//! The flow: `poll` fetches, `update` reads, `inbound` understands, `answer` asks the inbox and answers; `outbound` sends
//! what the lanes hand over; `register` keeps the command menu; `pace` says how fast; `restraint` keeps waits, `admins` and
//! `forums` what is known of groups; `api` is the only one that talks HTTP.

mod address;
mod admins;
mod answer;
mod api;
mod around;
mod backoff;
mod draft;
mod edit;
mod error;
mod forums;
mod inbound;
mod long_prompt;
mod membership;
mod outbound;
mod pace;
mod part;
mod payload;
mod poll;
mod register;
pub mod render;
mod restraint;
mod rich_text;
mod target;
mod update;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use teloxide::payloads::{DeleteWebhook, DeleteWebhookSetters, GetMe, GetWebhookInfo};
use tokio::time;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::adapters::telegram::admins::Admins;
use crate::adapters::telegram::answer::Answering;
use crate::adapters::telegram::api::{Api, PROMPT};
use crate::adapters::telegram::backoff::Backoff;
use crate::adapters::telegram::error::CallError;
use crate::adapters::telegram::forums::Forums;
use crate::adapters::telegram::inbound::Identity;
use crate::background::ports::Clock;
use crate::chat::inbound::{Inbox, Replies};
use crate::config::TelegramConfig;
use crate::lifecycle::Component;
use crate::metrics::Metrics;

pub use crate::adapters::telegram::draft::TelegramDrafts;
pub use crate::adapters::telegram::error::TelegramError;
pub use crate::adapters::telegram::outbound::{TelegramNotifier, TelegramTyping};

/// The bot on Telegram.
pub struct Telegram {
    api: Arc<Api>,
    clock: Arc<dyn Clock>,
    forums: Arc<Forums>,
    readiness: Component,
}

impl fmt::Debug for Telegram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telegram").field("readiness", &self.readiness).finish_non_exhaustive()
    }
}

/// Of `getMe`, what matters here; a server may leave out the rest.
#[derive(Deserialize)]
struct Myself {
    id: u64,
    #[serde(default)]
    username: String,
    #[serde(default)]
    can_read_all_group_messages: bool,
}

/// Of `getWebhookInfo`, what matters here.
#[derive(Deserialize)]
struct Webhook {
    #[serde(default)]
    url: String,
}

impl Telegram {
    /// Sets the adapter up. Does no I/O.
    ///
    /// # Errors
    /// [`TelegramError`] when the token or the address cannot be right.
    pub fn new(
        config: TelegramConfig,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
        readiness: Component,
    ) -> Result<Self, TelegramError> {
        let api = Arc::new(Api::new(config, metrics)?);
        Ok(Self { api, clock, forums: Arc::default(), readiness })
    }

    /// What sends messages; usable before and after [`Telegram::run`].
    #[must_use]
    pub fn notifier(&self) -> Arc<TelegramNotifier> {
        Arc::new(TelegramNotifier::new(Arc::clone(&self.api)))
    }

    /// What shows typing; usable before and after [`Telegram::run`].
    #[must_use]
    pub fn typing(&self) -> Arc<TelegramTyping> {
        Arc::new(TelegramTyping::new(Arc::clone(&self.api), Arc::clone(&self.forums)))
    }

    /// What shows answers while they are written; usable before and after [`Telegram::run`].
    #[must_use]
    pub fn drafts(&self) -> Arc<TelegramDrafts> {
        Arc::new(TelegramDrafts::new(Arc::clone(&self.api)))
    }

    /// Receives and answers until `shutdown`. What has been fetched by then is handled to its end and confirmed.
    /// Dropping the future loses nothing either: Telegram delivers again what was not confirmed.
    ///
    /// # Errors
    /// [`TelegramError::TokenRefused`] when the server does not know the token at the start. Every other trouble is
    /// told through readiness and waited out.
    pub async fn run(
        self,
        inbox: Arc<dyn Inbox>,
        replies: Arc<dyn Replies>,
        shutdown: CancellationToken,
    ) -> Result<(), TelegramError> {
        let Some(me) = self.introduce(&shutdown).await? else { return Ok(()) };
        let admins = Admins::new(Arc::clone(&self.api), self.clock);
        let (api, presses) = (Arc::clone(&self.api), TaskTracker::new());
        let answering = Answering { api, inbox, replies, admins, forums: self.forums, me, presses };
        let menus = register::sync(&self.api, |language| answering.inbox.language(language));
        let menus = shutdown.run_until_cancelled(menus);
        tokio::join!(menus, poll::run(&self.api, &answering, &self.readiness, &shutdown));
        answering.presses.close();
        answering.presses.wait().await;
        Ok(())
    }

    /// Learns who we are and makes sure that updates can be polled; waits until the server answers. None at shutdown.
    async fn introduce(&self, shutdown: &CancellationToken) -> Result<Option<Identity>, TelegramError> {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
        let mut warned = false;
        loop {
            let answer = tokio::select! {
                biased;
                () = shutdown.cancelled() => return Ok(None),
                answer = self.prepare() => answer,
            };
            let error = match answer {
                Ok(me) => return Ok(Some(me)),
                Err(error) if error.token_refused() => return Err(TelegramError::TokenRefused),
                Err(error) => error,
            };
            self.readiness.not_ready(error.to_string());
            if !warned {
                tracing::warn!(%error, "Telegram does not answer yet");
                warned = true;
            }
            let pause = if let CallError::RetryAfter(wait) = error { wait } else { backoff.pause() };
            tokio::select! {
                () = shutdown.cancelled() => return Ok(None),
                () = time::sleep(pause) => {}
            }
        }
    }

    async fn prepare(&self) -> Result<Identity, CallError> {
        let me: Myself = self.api.call_as(&GetMe::new(), PROMPT).await?;
        let webhook: Webhook = self.api.call_as(&GetWebhookInfo::new(), PROMPT).await?;
        if !webhook.url.is_empty() {
            tracing::warn!("a webhook is set for this Telegram token; it is removed, because this server polls");
            self.api.call(&DeleteWebhook::new().drop_pending_updates(false), PROMPT).await?;
        }
        tracing::info!(
            bot.id = me.id,
            bot.name = me.username,
            can_read_all_group_messages = me.can_read_all_group_messages,
            "Telegram knows this bot"
        );
        Ok(Identity { id: me.id, username: me.username })
    }
}
