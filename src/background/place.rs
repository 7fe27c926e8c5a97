//! Where the news of a task go: into its channel, or into a thread of its own below its acceptance.
//!
//! The thread is opened with the first news after the acceptance, at most once: the ledger keeps which one it is, and the
//! platform finds it again when the ledger did not get to that. Where there can be none, the channel itself is as good.

use crate::background::notification::Notification;
use crate::background::ports::{LedgerError, SendError, Thread};
use crate::background::setback::contained;
use crate::domain::channel::ChannelId;
use crate::domain::id::MessageId;
use crate::domain::notice::{Notice, NoticeKind};
use crate::domain::task::Task;
use crate::domain::wording;

/// Why there is no place yet.
pub(super) enum NoPlace {
    /// The store failed.
    Store(LedgerError),
    /// The platform did not open the thread; it may later.
    Platform(SendError),
}

impl From<LedgerError> for NoPlace {
    fn from(error: LedgerError) -> Self {
        Self::Store(error)
    }
}

impl Notification {
    /// Where this notice goes.
    pub(super) async fn place(&self, notice: &Notice, task: &Task) -> Result<ChannelId, NoPlace> {
        let own = task.new.origin.channel.as_ref() == Some(&notice.channel);
        let Some(threads) = self.threads().filter(|_| own && task.new.manner.thread && notice.kind != NoticeKind::Accepted)
        else {
            return Ok(notice.channel.clone());
        };
        match self.ledger().thread_of(&task.new.id).await? {
            Some(Thread::Open(thread)) => return Ok(thread),
            Some(Thread::Impossible) => return Ok(notice.channel.clone()),
            None => {}
        }
        // An acceptance that did not arrive has no thread; one that is still on its way may get one later.
        let Some(below) = self.acceptance_of(task, &notice.channel).await? else { return Ok(notice.channel.clone()) };
        let title = wording::thread_title(task);
        let opening = contained(async { threads.open_thread(&notice.channel, &below, &title).await }, || {
            tracing::error!(channel = %notice.channel, "the code that opens threads panicked");
            SendError::Undeliverable("the code that opens threads broke".to_owned())
        });
        let thread = match opening.await {
            Ok(thread) => Thread::Open(thread),
            Err(SendError::Undeliverable(reason)) => {
                tracing::info!(channel = %notice.channel, %reason, "no thread for a task, its channel gets the news");
                Thread::Impossible
            }
            Err(error) => return Err(NoPlace::Platform(error)),
        };
        self.ledger().settle_thread(&task.new.id, &thread).await?;
        Ok(if let Thread::Open(thread) = thread { thread } else { notice.channel.clone() })
    }

    /// Gives the thread of a task up, because it takes nothing any more; the channel itself gets what follows.
    pub(super) async fn leave_thread(&self, notice: &Notice) -> Result<(), LedgerError> {
        self.ledger().settle_thread(&notice.task, &Thread::Impossible).await
    }

    /// The message that accepted this task in this channel.
    async fn acceptance_of(&self, task: &Task, channel: &ChannelId) -> Result<Option<MessageId>, LedgerError> {
        let notices = self.ledger().notices_of(&task.new.id).await?;
        let accepted = notices.into_iter().find(|notice| notice.kind == NoticeKind::Accepted && notice.channel == *channel);
        Ok(accepted.and_then(|accepted| accepted.receipts.into_iter().next()))
    }
}
