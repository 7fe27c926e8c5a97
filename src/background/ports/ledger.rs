//! The durable authority, as the core needs it: the largest of the ports, on a page of its own beside the others.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::background::ports::HookError;
use crate::domain::card::CardMessage;
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::headline::Headline;
use crate::domain::id::{Epoch, InboundId, MessageId, NoticeId, TaskId, TaskNumber, TaskRef, WorkerId};
use crate::domain::limits::Limits;
use crate::domain::notice::Notice;
use crate::domain::preferences::Preferences;
use crate::domain::queue::{LiveTask, QueueFull};
use crate::domain::status::Status;
use crate::domain::summary::MonitorSummary;
use crate::domain::task::{CancelledBy, NewTask, Outcome, Task};
use crate::domain::time::Timestamp;
use crate::domain::usage::Usage;

/// Why the ledger did not do something.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store failed; nothing has changed.
    #[error("the ledger's store failed to {operation}")]
    Store {
        /// What was being done.
        operation: &'static str,
        /// What the store said.
        #[source]
        source: HookError,
    },
    /// A row cannot be understood.
    #[error("the ledger holds bad data in {table}.{column} of row {row}")]
    BadData {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        row: String,
    },
    /// The ledger has been closed.
    #[error("the ledger is closed")]
    Closed,
}

impl LedgerError {
    /// The error with its causes, on one line.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text
    }
}

/// What became of a task that was offered to the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// It is durable now, and its first notices are owed.
    Accepted {
        /// The task.
        task: Task,
        /// How many tasks are before it.
        ahead: usize,
    },
    /// The same inbound message made this task before; nothing has changed.
    Duplicate(Task),
    /// It cannot wait; nothing has changed.
    Full(QueueFull),
}

/// A fenced hold on one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The task.
    pub task: TaskId,
    /// The attempt's fence.
    pub epoch: Epoch,
}

/// What a worker learns when it renews its leases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renewal {
    /// Tasks that somebody asked to cancel.
    pub cancelled: Vec<TaskId>,
    /// Leases that are no longer held; their attempts must stop and cannot write.
    pub lost: Vec<TaskId>,
}

/// What became of the end of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "the large variant is the usual one")]
pub enum Finish {
    /// It is durable now, and its notices are owed.
    Recorded(Task),
    /// The lease was lost before; nothing has changed.
    Stale,
}

/// What became of a request to cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelRequest {
    /// It was pending and is cancelled now.
    Cancelled(Task),
    /// It runs; the request is durable and its worker will end it.
    Noted(Task),
    /// It had already ended, as this says; nothing has changed.
    AlreadyFinished(Task),
    /// There is no such task.
    NotFound,
}

/// A task that recovery moved, as it is now: pending again, failed or cancelled.
pub type Recovered = Task;

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Only tasks of this person.
    pub person: Option<PersonId>,
    /// Only tasks of this channel.
    pub channel: Option<ChannelId>,
    /// Only tasks in these states; all when empty.
    pub statuses: Vec<Status>,
    /// Only tasks with a lower number than this: the next page.
    pub before: Option<TaskNumber>,
    /// At most so many.
    pub limit: usize,
}

/// How one try to deliver a part of a notice ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The platform confirmed a part; `last` when it was the last one.
    Part {
        /// The platform's id of it.
        message: MessageId,
        /// Whether the notice is delivered now.
        last: bool,
    },
    /// The platform asks to leave the channel alone until then: no failed try, and nothing was sent.
    Held {
        /// Until when.
        due_at: Timestamp,
        /// Why, for `/status`.
        reason: String,
    },
    /// It was not sent (`unknown`: or nobody knows); try again at this time.
    Retry {
        /// When.
        due_at: Timestamp,
        /// Why, for `/status`.
        reason: String,
        /// Whether it may have been sent all the same.
        unknown: bool,
    },
    /// It will never be delivered there.
    Undeliverable {
        /// Why, for `/status`.
        reason: String,
        /// The channel of its person alone, which is owed the same from now on if it
        /// [matters](crate::domain::notice::fallback) and is not owed it already.
        fallback: Option<ChannelId>,
    },
}

/// Which channels are quiet: asked for each channel that is owed something.
pub type IsQuiet = Arc<dyn Fn(&ChannelId) -> bool + Send + Sync>;

/// No channel is quiet.
#[must_use]
pub fn nobody_is_quiet() -> IsQuiet {
    Arc::new(|_channel| false)
}

/// Where the news of a task go that wants a thread of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thread {
    /// Into this thread.
    Open(ChannelId),
    /// Into the channel itself: it cannot have one.
    Impossible,
}

/// Wake-ups. Only hints: who waits for one also looks by itself now and then.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// A task may be waiting for a worker.
    pub work: Arc<Notify>,
    /// A notice may be owed.
    pub notices: Arc<Notify>,
    /// A task may have moved, and with it what the cards show.
    pub cards: Arc<Notify>,
}

/// The durable authority: tasks, transitions, and the notices still owed.
///
/// Every operation but the pruning of what is old is one transaction and a whole step of the domain; a transition and the
/// notices it owes ([`crate::domain::notice::owed`]) are written together. When a call returns, its effect is durable. When
/// its future is dropped, the effect may or may not happen, but never in part. All methods may be called from many tasks at once.
///
/// # Errors
/// Every method fails with [`LedgerError`] only for trouble of the store; what the domain refuses is a value.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// Takes a task in, once per inbound identity, unless the queue is full. Wakes [`Hints::work`] and [`Hints::notices`].
    async fn accept(&self, new: NewTask, limits: &Limits, now: Timestamp) -> Result<Acceptance, LedgerError>;

    /// The task that this inbound message made, if it made one.
    async fn find_inbound(&self, inbound: &InboundId) -> Result<Option<Task>, LedgerError>;

    /// Leases up to `free` pending tasks to `worker` until `lease_until`, chosen by
    /// [`queue::claimable`](crate::domain::queue::claimable). Wakes [`Hints::notices`].
    async fn claim(
        &self,
        worker: &WorkerId,
        limits: &Limits,
        free: usize,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Task>, LedgerError>;

    /// Prolongs leases and says which are lost and which tasks are to be cancelled.
    async fn renew(&self, leases: &[Lease], lease_until: Timestamp, now: Timestamp) -> Result<Renewal, LedgerError>;

    /// Ends an attempt, by compare-and-set on its fence. Wakes both hints.
    async fn finish(&self, lease: &Lease, outcome: Outcome, usage: Usage, now: Timestamp) -> Result<Finish, LedgerError>;

    /// Hands an attempt back at a graceful stop; the task is pending again, or cancelled if that was asked for.
    async fn release(&self, lease: &Lease, usage: Usage, now: Timestamp) -> Result<Finish, LedgerError>;

    /// Cancels a pending task, or notes the request for a running one. Wakes both hints.
    async fn request_cancel(&self, task: &TaskId, by: CancelledBy, now: Timestamp) -> Result<CancelRequest, LedgerError>;

    /// Takes back attempts whose lease ran out before `now`, or whose process is known to be gone. Returns what
    /// moved. Wakes both hints.
    async fn recover(&self, limits: &Limits, now: Timestamp) -> Result<Vec<Recovered>, LedgerError>;

    /// Up to `limit` notices that are due, oldest first. A channel is left out from its first notice on that is not yet due,
    /// so that what a channel reads keeps its order. `skip` names channels that are being served already. Of channels that
    /// are `quiet` only acceptances are given, which are answers; the other notices are no reason to leave those out.
    async fn due_notices(
        &self,
        skip: &[ChannelId],
        quiet: &IsQuiet,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Notice>, LedgerError>;

    /// Acceptances that are due in these channels, oldest first, but for those that are `known`: they are answers, and need not
    /// wait for everything else that their channels are being told.
    async fn due_acceptances(
        &self,
        channels: &[ChannelId],
        known: &[NoticeId],
        now: Timestamp,
    ) -> Result<Vec<Notice>, LedgerError>;

    /// Every notice that this channel is still owed, oldest first.
    async fn owed_in(&self, channel: &ChannelId) -> Result<Vec<Notice>, LedgerError>;

    /// Notes that the next part of a notice is about to be handed to the platform, and returns the notice as it was
    /// before: [`Notice::in_flight_since`] tells whether an earlier try has an unknown outcome. None when it is no
    /// longer owed, or no longer to this channel: that has moved, and somebody else may be at it there.
    async fn begin_delivery(&self, notice: NoticeId, channel: &ChannelId, now: Timestamp) -> Result<Option<Notice>, LedgerError>;

    /// Records how a try to deliver ended. After [`Delivery::Part`] with `last: false` nothing is in flight: the next part
    /// begins anew. Wakes [`Hints::notices`] when a notice is no longer owed.
    async fn record_delivery(&self, notice: NoticeId, delivery: Delivery, now: Timestamp) -> Result<(), LedgerError>;

    /// [`Ledger::begin_delivery`] of several notices that go out as one message: those of them that are still owed to this
    /// channel.
    async fn begin_together(&self, notices: &[NoticeId], channel: &ChannelId, now: Timestamp)
    -> Result<Vec<Notice>, LedgerError>;

    /// [`Ledger::record_delivery`] of several notices that went out as one message, all or none. When they are of several
    /// tasks, [`Ledger::find_by_message`] finds none by it: the message is about no one task.
    async fn record_together(&self, notices: &[NoticeId], delivery: Delivery, now: Timestamp) -> Result<(), LedgerError>;

    /// What was set in each channel. Read seldom and kept by who asks.
    async fn channel_settings(&self) -> Result<Vec<(ChannelId, Preferences)>, LedgerError>;

    /// Replaces what was set in a channel; when everything is left open, nothing is set there any more.
    async fn set_channel(&self, channel: &ChannelId, preferences: &Preferences) -> Result<(), LedgerError>;

    /// Channels that are a part of another one though their ids do not say so, as threads are, each with that other one. Read
    /// seldom and kept by who asks.
    async fn channel_parents(&self) -> Result<Vec<(ChannelId, ChannelId)>, LedgerError>;

    /// Notes that a channel is a part of another one.
    async fn set_channel_parent(&self, channel: &ChannelId, parent: &ChannelId) -> Result<(), LedgerError>;

    /// The thread of a task, if that is settled: a channel, or none because it cannot have one.
    async fn thread_of(&self, task: &TaskId) -> Result<Option<Thread>, LedgerError>;

    /// Settles the thread of a task, also anew. Does nothing when there is no such task.
    async fn settle_thread(&self, task: &TaskId, thread: &Thread) -> Result<(), LedgerError>;

    /// The task whose thread this channel is.
    async fn find_by_thread(&self, channel: &ChannelId) -> Result<Option<Task>, LedgerError>;

    /// A channel goes on under another id, with its parts ([`ChannelId::moved`]): what its tasks came from, where they
    /// report to, what is owed there and what was set there is moved along. Messages have other ids there, so replies to them are
    /// given up. Returns how many notices are owed there now that were owed here. Wakes [`Hints::notices`].
    async fn move_channel(&self, from: &ChannelId, to: &ChannelId, now: Timestamp) -> Result<u64, LedgerError>;

    /// One task, and how many tasks are before it when it waits.
    async fn find(&self, task: &TaskRef) -> Result<Option<(Task, Option<usize>)>, LedgerError>;

    /// Notes that a message of this channel is an answer about a task, for [`Ledger::find_by_message`]. It is forgotten with
    /// the task; nothing is noted when there is no such task.
    async fn note_answer(&self, channel: &ChannelId, message: &MessageId, task: TaskNumber) -> Result<(), LedgerError>;

    /// The task that a delivered message of this channel is about.
    async fn find_by_message(&self, channel: &ChannelId, message: &MessageId) -> Result<Option<Task>, LedgerError>;

    /// Every notice of a task, oldest first.
    async fn notices_of(&self, task: &TaskId) -> Result<Vec<Notice>, LedgerError>;

    /// Tasks, newest first.
    async fn list(&self, filter: &TaskFilter) -> Result<Vec<Task>, LedgerError>;

    /// The headlines of tasks, newest first. Reads no result and of each prompt only the beginning, so that it is quick
    /// enough to complete what somebody types, however much the tasks have written.
    async fn headlines(&self, filter: &TaskFilter) -> Result<Vec<Headline>, LedgerError>;

    /// Every task that is pending or running, lowest number first. Cheap at any number of ended tasks.
    async fn live_tasks(&self) -> Result<Vec<LiveTask>, LedgerError>;

    /// The cards that may still show something else than the end of their task: of every live task, of those that
    /// ended at or after the instant that [`Ledger::settle_cards`] was last told, and of those it was told are late.
    async fn open_cards(&self) -> Result<Vec<CardMessage>, LedgerError>;

    /// Notes that the card of every task that ended before `until` shows its end, except `late` ones. Told in batches now
    /// and then: after a crash some cards are open that show their end already, and showing it again does no harm.
    async fn settle_cards(&self, until: Timestamp, late: &[TaskNumber]) -> Result<(), LedgerError>;

    /// Counts. Cheap at any number of stored tasks.
    async fn summary(&self) -> Result<MonitorSummary, LedgerError>;

    /// Forgets finished tasks that ended before `ended_before` and owe nothing; returns how many.
    async fn prune(&self, ended_before: Timestamp) -> Result<u64, LedgerError>;

    /// The wake-ups of this ledger.
    fn hints(&self) -> Hints;
}
