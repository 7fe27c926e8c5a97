//! Messages of which only the newest version counts: cards, progress, drafts.
//!
//! Such a message has no text while it waits. Its owner hands over something that sends the newest state, and that is
//! called when its turn has come. Whatever is shown under the same key meanwhile takes its place in line.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::background::ports::SendError;
use crate::delivery::priority::Priority;
use crate::domain::channel::ChannelId;
use crate::domain::id::MessageId;
use crate::domain::pace::SendKind;

/// Sends the newest state of something, when its turn has come.
#[async_trait]
pub trait Live: Send + Sync + 'static {
    /// Makes one request to the platform, and says which message it made or changed, if it did. Called again after
    /// [`SendError::RetryAfter`], when the wait is over; any other error ends it. Dropping the future leaves the outcome unknown.
    ///
    /// # Errors
    /// [`SendError`], as the notifier gave it.
    async fn send(&self) -> Result<Option<MessageId>, SendError>;
}

#[async_trait]
impl<F, Sending> Live for F
where
    F: Fn() -> Sending + Send + Sync + 'static,
    Sending: Future<Output = Result<Option<MessageId>, SendError>> + Send,
{
    async fn send(&self) -> Result<Option<MessageId>, SendError> {
        self().await
    }
}

/// Something to be shown in a channel, until a newer version of it replaces it.
#[derive(Clone)]
pub struct LiveMessage {
    /// What it is a version of: of all that wait in a channel under one key, only the newest is sent.
    pub key: String,
    /// Where it is shown.
    pub channel: ChannelId,
    /// [`Priority::Card`] or [`Priority::Progress`]; what matters more is owed by the ledger.
    pub priority: Priority,
    /// What kind of request it makes.
    pub kind: SendKind,
    /// After so long in line it is dropped; none when it is worth waiting for.
    pub lifetime: Option<Duration>,
    /// What sends it.
    pub live: Arc<dyn Live>,
}

impl fmt::Debug for LiveMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, channel, priority, kind, lifetime, .. } = self;
        let mut shown = f.debug_struct("LiveMessage");
        shown.field("key", key).field("channel", channel).field("priority", priority).field("kind", kind);
        shown.field("lifetime", lifetime).finish_non_exhaustive()
    }
}

/// What became of a live message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The platform took it; with the message that it made or changed, if its sender said so.
    Sent(Option<MessageId>),
    /// A newer version took its place, or it was withdrawn.
    Replaced,
    /// There was no room for it in time, or the process stops.
    Dropped,
    /// The platform did not take it.
    Failed(SendError),
}

/// Tells what becomes of a live message; need not be waited for.
#[derive(Debug)]
pub struct Showing(oneshot::Receiver<Shown>);

impl Showing {
    /// Waits until it is certain.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing for the message.
    pub async fn outcome(self) -> Shown {
        self.0.await.unwrap_or(Shown::Dropped)
    }
}

/// A live message in line.
pub(crate) struct Waiting {
    pub(crate) message: LiveMessage,
    pub(crate) until: Option<Instant>,
    told: oneshot::Sender<Shown>,
}

impl Waiting {
    pub(crate) fn new(message: LiveMessage) -> (Self, Showing) {
        let (told, showing) = oneshot::channel();
        let until = message.lifetime.map(|lifetime| Instant::now() + lifetime);
        (Self { message, until, told }, Showing(showing))
    }

    /// Its owner learns what became of it.
    pub(crate) fn tell(self, shown: Shown) {
        // An owner that does not want to know has gone on.
        let _unheard = self.told.send(shown);
    }

    /// Whether it is a version of what is shown in this channel under this key.
    pub(crate) fn is(&self, channel: &ChannelId, key: &str) -> bool {
        self.message.key == key && self.message.channel == *channel
    }

    pub(crate) fn is_stale(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}
