//! What a failed try to deliver a notice means: wait, try again later, go elsewhere, or give up.
//!
//! A platform that is away is tried for a day, with pauses that grow. A channel that refuses for good is told apart from
//! that: what matters then goes to the person who asked, alone and once, and the ledger owes it in the same transaction in
//! which it stops owing it to the channel.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tracing::field::display;

use crate::background::notification::{Notification, Notified};
use crate::background::ports::{Delivery, LedgerError, SendError};
use crate::domain::channel::ChannelId;
use crate::domain::id::{NoticeId, TaskRef};
use crate::domain::notice::Notice;
use crate::domain::time::{Timestamp, elapsed, later};
use crate::domain::wording::deliveries::given_up;

/// After this time an undelivered notice is given up.
const GIVE_UP_AFTER: Duration = Duration::from_hours(24);
/// But not before it was tried so often: what was owed while this server was away for long has not been tried at all.
const LEAST_TRIES: u32 = 10;
/// Tries to find the way to the person whose channel refused a notice.
const TRIES_OF_FALLBACK: u32 = 5;
/// The pause after the first failed try; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between tries.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

impl Notification {
    /// It will never be delivered, and nothing else is tried.
    pub(super) async fn give_up(&self, notice: &Notice, reason: &str) -> Result<Notified, LedgerError> {
        let delivery = Delivery::Undeliverable { reason: reason.to_owned(), fallback: None };
        self.record(notice, delivery, Notified::Undeliverable).await
    }

    /// A channel goes on under another id: moves what is stored of it.
    pub(crate) async fn moved(&self, from: &ChannelId, to: &ChannelId) -> Result<(), LedgerError> {
        let notices = self.channels().moved(from, to, self.now()).await?;
        tracing::warn!(
            channel.old = %from, channel.new = %to, notices,
            "a channel has moved, and what is stored of it with it; change the configuration where it names the old one"
        );
        Ok(())
    }

    /// A channel will never take a notice: what matters goes to the person who asked, alone.
    pub(super) async fn refused(&self, notice: &Notice, reason: String) -> Result<Notified, LedgerError> {
        match self.direct_channel(notice).await? {
            Ok(fallback) => {
                let delivery = Delivery::Undeliverable { reason, fallback };
                self.record(notice, delivery, Notified::Undeliverable).await
            }
            // It is asked for again after the channel has refused once more.
            Err(error) if notice.tries < TRIES_OF_FALLBACK => {
                tracing::debug!(task.number = notice.number.0, %error, "the way to the person is not known yet");
                let pause = if let SendError::RetryAfter(wait) = error { wait } else { pause_after(notice.tries) };
                let due_at = later(self.now(), pause);
                self.record(notice, Delivery::Retry { due_at, reason, unknown: false }, Notified::Later(pause)).await
            }
            Err(error) => {
                tracing::warn!(task.number = notice.number.0, %error, "a notice reaches nobody: no way to its person");
                self.give_up(notice, &reason).await
            }
        }
    }

    /// The channel of the person alone who is to get a notice instead of its channel; none when nobody is.
    async fn direct_channel(&self, notice: &Notice) -> Result<Result<Option<ChannelId>, SendError>, LedgerError> {
        if !notice.matters_to_its_person() {
            return Ok(Ok(None));
        }
        let task = self.ledger().find(&TaskRef::Id(notice.task.clone())).await?.map(|(task, _)| task);
        let Some(person) = task.and_then(|task| task.new.origin.person) else { return Ok(Ok(None)) };
        let asking = contained(async { self.notifier().direct_channel(&person).await }, || {
            tracing::error!(%person, "the code that finds direct chats panicked");
            SendError::Undeliverable("the code that finds direct chats broke".to_owned())
        });
        Ok(match asking.await {
            Err(SendError::Undeliverable(_)) => Ok(None),
            asked => asked,
        })
    }

    pub(super) async fn record(&self, notice: &Notice, delivery: Delivery, outcome: Notified) -> Result<Notified, LedgerError> {
        self.ledger().record_delivery(notice.id, delivery, self.now()).await?;
        Ok(outcome)
    }

    /// The store failed before a part was sent. That it was not is noted, as far as the store takes it, so that the first
    /// copy does not say that it may be a second one.
    pub(super) async fn unsent(&self, notice: &Notice, error: LedgerError) -> LedgerError {
        let delivery = Delivery::Held { due_at: self.now(), reason: error.to_string() };
        if let Err(again) = self.ledger().record_delivery(notice.id, delivery, self.now()).await {
            tracing::debug!(error = %again, "it is not noted that a message was not sent");
        }
        error
    }

    /// Decides what a failed try means for the notices of its message, and records it.
    pub(super) async fn failed(&self, notices: &[Notice], error: SendError) -> Result<Notified, LedgerError> {
        let now = self.now();
        let channel = notices.first().map(|notice| display(&notice.channel));
        let tries = notices.iter().map(|notice| notice.tries).max().unwrap_or_default();
        let reason = error.to_string();
        let unknown = matches!(error, SendError::Unknown(_));
        match error {
            SendError::Undeliverable(reason) => {
                tracing::warn!(tasks = ?tasks(notices), channel, %reason, "a message is undeliverable");
                let mut outcome = Notified::Undeliverable;
                for notice in notices {
                    outcome = self.refused(notice, reason.clone()).await?;
                }
                Ok(outcome)
            }
            SendError::RetryAfter(wait) => {
                self.record_all(notices, Delivery::Held { due_at: later(now, wait), reason }, Notified::Held(wait)).await
            }
            SendError::Moved { from, to } => {
                // Nothing was sent, so nothing of it is in flight where it goes from now on.
                self.record_all(notices, Delivery::Held { due_at: now, reason }, Notified::Moved).await?;
                self.moved(&from, &to).await?;
                Ok(Notified::Moved)
            }
            SendError::Unavailable(_) | SendError::Unknown(_) => {
                let (hopeless, hopeful): (Vec<Notice>, Vec<Notice>) =
                    notices.iter().cloned().partition(|notice| is_hopeless(notice, now));
                if !hopeless.is_empty() {
                    let tasks = tasks(&hopeless);
                    tracing::error!(?tasks, channel, %reason, notices = hopeless.len(), "notices are given up after 24 hours");
                    let delivery = Delivery::Undeliverable { reason: given_up(&reason), fallback: None };
                    self.record_all(&hopeless, delivery, Notified::Undeliverable).await?;
                }
                if hopeful.is_empty() {
                    return Ok(Notified::Undeliverable);
                }
                tracing::debug!(tasks = ?tasks(&hopeful), channel, %reason, "a message is tried again later");
                let pause = pause_after(tries);
                let delivery = Delivery::Retry { due_at: later(now, pause), reason, unknown };
                self.record_all(&hopeful, delivery, Notified::Later(pause)).await
            }
        }
    }

    /// Records the same of every notice of one message, all or none.
    async fn record_all(&self, notices: &[Notice], delivery: Delivery, outcome: Notified) -> Result<Notified, LedgerError> {
        let ids: Vec<NoticeId> = notices.iter().map(|notice| notice.id).collect();
        self.ledger().record_together(&ids, delivery, self.now()).await?;
        Ok(outcome)
    }
}

/// Runs code of somebody else. If it panics, that is the failure of this call and of nothing else.
pub(super) async fn contained<T>(
    call: impl Future<Output = Result<T, SendError>>,
    broken: impl FnOnce() -> SendError,
) -> Result<T, SendError> {
    AssertUnwindSafe(call).catch_unwind().await.unwrap_or_else(|_panic| Err(broken()))
}

/// The tasks that notices are about, each once.
fn tasks(notices: &[Notice]) -> BTreeSet<u64> {
    notices.iter().map(|notice| notice.number.0).collect()
}

/// Whether a notice has been tried for so long that it will not be tried again.
fn is_hopeless(notice: &Notice, now: Timestamp) -> bool {
    elapsed(notice.created_at, now) > GIVE_UP_AFTER && notice.tries >= LEAST_TRIES
}

/// The pause after so many failed tries: 1 s, 2 s, 4 s, at most ten minutes.
pub(crate) fn pause_after(tries: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(tries.min(16))).min(LONGEST_PAUSE)
}
