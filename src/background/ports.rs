//! Everything the core needs from outside, on one page.
//!
//! Each trait belongs to its caller and has as few methods as that caller needs. Each says when it is called, how
//! often, what dropping its future does, and which errors matter. There are no default no-ops: what cannot do a thing
//! does not implement it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use crate::domain::card::{CardMessage, MessageEdit};
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::command::Button;
use crate::domain::draft::Draft;
use crate::domain::frame::Frame;
use crate::domain::headline::Headline;
use crate::domain::id::{Epoch, InboundId, MessageId, NoticeId, ReplyHandle, TaskId, TaskNumber, TaskRef, WorkerId};
use crate::domain::language::Language;
use crate::domain::limits::Limits;
use crate::domain::notice::Notice;
use crate::domain::origin::Origin;
use crate::domain::pace::{Pace, SendKind};
use crate::domain::preferences::Preferences;
use crate::domain::prompt::Prompt;
use crate::domain::queue::{LiveTask, QueueFull};
use crate::domain::snapshot::TaskSnapshot;
use crate::domain::status::Status;
use crate::domain::summary::MonitorSummary;
use crate::domain::task::{CancelledBy, NewTask, Outcome, RunSettings, Task};
use crate::domain::text::Format;
use crate::domain::time::Timestamp;
pub use crate::domain::usage::Progress;
use crate::domain::usage::Usage;

// ---------------------------------------------------------------- time and ids

/// Time, ids and chance: passed in, so that the core runs with a paused clock. Sleeping uses tokio's clock.
pub trait Clock: Send + Sync + 'static {
    /// The time, in whole milliseconds.
    fn now(&self) -> Timestamp;

    /// A fresh id for a task, later ones sort after earlier ones.
    fn new_id(&self) -> TaskId;
}

// ---------------------------------------------------------------- the runner

/// What an agent is asked to do: one attempt of one task.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// The task.
    pub task: TaskId,
    /// The attempt, 1 for the first.
    pub attempt: u32,
    /// Where the task came from.
    pub origin: Origin,
    /// What is asked.
    pub prompt: Prompt,
    /// What the person chose for this run.
    pub settings: RunSettings,
}

/// What a running agent may use of its surroundings.
#[derive(Clone)]
pub struct RunControl {
    /// Cancelled when the attempt should stop: by a person, by its time limit or because the process ends. The agent
    /// should return at once with what it has; if it does not within half a second its future is dropped.
    pub cancel: CancellationToken,
    /// When the attempt's time is up, on tokio's clock.
    pub deadline: tokio::time::Instant,
    /// Takes news of the run, as often as the agent likes.
    pub progress: Arc<dyn ProgressSink>,
}

/// Takes the progress of one attempt. Never blocks and never fails.
pub trait ProgressSink: Send + Sync {
    /// Takes the newest state of the run.
    fn report(&self, progress: Progress);
}

/// What an attempt brought: a value, not an error, whatever happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOutcome {
    /// How it ended. [`Outcome::Cancelled`] when it stopped because its token was cancelled; the core knows why.
    pub outcome: Outcome,
    /// Tokens it used, failed calls included.
    pub usage: Usage,
}

/// Does the legwork. Called once per attempt, from its own spawned task; many run at once.
///
/// The core enforces the time limit, catches panics and drops the future if it ignores the cancel token, so an agent
/// cannot harm more than its own attempt. After a crash the same task may be run again.
#[async_trait]
pub trait AgentRunner: Send + Sync + 'static {
    /// Runs one attempt to its end.
    async fn run(&self, request: RunRequest, control: RunControl) -> RunOutcome;
}

// ---------------------------------------------------------------- messages out

/// Why a message is sent, which decides the way an adapter may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The answer to the very message that `reply` names.
    Answer {
        /// Only the person who asked should see it, where the platform can do that.
        private: bool,
    },
    /// News about a task; it may come long after the message that asked.
    Notice,
    /// The text of a result; as [`Purpose::Notice`], but written by a model.
    Result,
}

/// One message to one channel, of any length.
#[derive(Debug, Clone)]
pub struct OutgoingMessage {
    /// Where it goes.
    pub channel: ChannelId,
    /// Why.
    pub purpose: Purpose,
    /// The message it answers or refers to.
    pub reply: Option<ReplyHandle>,
    /// The text, not yet split.
    pub text: String,
    /// How the text is meant.
    pub format: Format,
    /// Words of ours around a text that a model wrote: every part begins with one of them.
    pub frame: Option<Frame>,
    /// The language of what an adapter has to add.
    pub language: Language,
    /// Buttons below its last part.
    pub buttons: Vec<Button>,
    /// Whether it comes without a sound.
    pub silent: bool,
    /// Who is to be called by name in front of its first part. Nobody else is called, whatever the text says.
    pub mention: Option<PersonId>,
    /// The same for every try of the same message and for no other; at most 20 ASCII characters. Adapters make the
    /// platform's idempotency key from it and the part's number.
    pub key: String,
    /// Set when the part to be sent was handed to the platform at that time and nobody knows whether it arrived. A
    /// platform without a valid idempotency key then marks the part as a possible duplicate.
    pub in_flight_since: Option<Timestamp>,
}

/// A part of a message that the platform confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The platform's id of it.
    pub message: MessageId,
    /// Whether further parts remain to be sent.
    pub more: bool,
}

/// Why a message was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The platform asks to wait. Nothing was sent.
    #[error("the platform asks to wait {0:?}")]
    RetryAfter(Duration),
    /// The platform cannot be reached or fails; nothing was sent.
    #[error("the platform is not available: {0}")]
    Unavailable(String),
    /// The request left and no answer came: nobody knows whether it was sent.
    #[error("no answer from the platform: {0}")]
    Unknown(String),
    /// This channel will never take this message: blocked, deleted, no permission, not acceptable.
    #[error("undeliverable: {0}")]
    Undeliverable(String),
    /// The channel goes on under another id, with all that was in it. Nothing was sent.
    #[error("{from} has moved to {to}")]
    Moved {
        /// What it was called.
        from: ChannelId,
        /// What it is called now.
        to: ChannelId,
    },
}

/// Sends messages to the channels of one platform (or of all, when it is a router over several).
///
/// Called by one lane per channel, one part at a time and in order; the same part again after an error or a crash.
/// Splitting must be deterministic: the same text gives the same parts. Dropping the future leaves the outcome
/// unknown. A notifier does not retry and does not wait out rate limits: the lane does.
#[async_trait]
pub trait ChannelNotifier: Send + Sync + 'static {
    /// Sends part number `part` (from 0) of `message`.
    ///
    /// # Errors
    /// [`SendError`]; each variant is a different thing for the lane to do.
    async fn send(&self, message: &OutgoingMessage, part: usize) -> Result<Sent, SendError>;

    /// Replaces the contents of a message of one part. May be tried again whatever became of an earlier try.
    ///
    /// # Errors
    /// [`SendError::Undeliverable`] when the message cannot be changed (any more): somebody deleted it, or it is too old.
    async fn edit(&self, edit: &MessageEdit) -> Result<(), SendError>;

    /// What a send of this kind to this channel uses up. Asked before every send; no I/O.
    /// [`Pace::unlimited`] where there is no limit.
    fn pace(&self, channel: &ChannelId, kind: SendKind) -> Pace;

    /// The channel in which only this person and the bot talk; none where there is no such thing. Asked when another
    /// channel refused what this person should know; may be asked again for the same person.
    ///
    /// # Errors
    /// [`SendError`] when the platform had to be asked and did not say.
    async fn direct_channel(&self, person: &PersonId) -> Result<Option<ChannelId>, SendError>;
}

/// Looks at a channel before anything is promised there.
///
/// Called when a person names a channel, who waits for the answer: it should take seconds at most. Dropping the future
/// is harmless.
#[async_trait]
pub trait TargetCheck: Send + Sync + 'static {
    /// Whether the bot can write there now.
    ///
    /// # Errors
    /// [`SendError::Undeliverable`] with the reason when it cannot; anything else when nobody knows.
    async fn check_target(&self, channel: &ChannelId) -> Result<(), SendError>;
}

/// Opens threads of their own below messages; not implemented where there is no such thing.
#[async_trait]
pub trait Threads: Send + Sync + 'static {
    /// Opens the thread of a message, or finds the one it has: asked again after a crash, it gives the same one.
    ///
    /// # Errors
    /// [`SendError`], as for a message; [`SendError::Undeliverable`] when this message will never have one.
    async fn open_thread(&self, channel: &ChannelId, message: &MessageId, title: &str) -> Result<ChannelId, SendError>;
}

/// Shows an answer while it is being written, in channels that can show what is not yet a message.
///
/// Called again and again with a task's number and more text. What is shown fades by itself, or when a message arrives.
/// Dropping the future is harmless.
#[async_trait]
pub trait DraftPreview: Send + Sync + 'static {
    /// Whether this channel shows drafts at all. No I/O.
    fn takes_drafts(&self, channel: &ChannelId) -> bool;

    /// Shows this text instead of the one before.
    ///
    /// # Errors
    /// [`SendError`]; a draft is never tried again, there will be a newer one.
    async fn show_draft(&self, channel: &ChannelId, number: TaskNumber, text: &Draft) -> Result<(), SendError>;
}

/// Shows that the bot is busy in a channel.
///
/// Called once when work starts and again before each indication fades, from one loop per channel. Dropping the future
/// is harmless.
#[async_trait]
pub trait TypingIndicator: Send + Sync + 'static {
    /// Shows it once and says after what time to show it again.
    ///
    /// # Errors
    /// [`SendError`]; the loop logs it, obeys [`SendError::RetryAfter`] and otherwise tries again at its next turn.
    async fn show_typing(&self, channel: &ChannelId) -> Result<Duration, SendError>;
}

// ---------------------------------------------------------------- the projection

/// A failure of the user's own code behind a port; logged, never shown to people.
pub type HookError = Box<dyn std::error::Error + Send + Sync>;

/// Mirrors tasks into a system of the user's own (a tracker, a database).
#[async_trait]
pub trait Projection: Send + Sync + 'static {
    /// Called once before a task is accepted; may give it its canonical id. Not called for a message that was
    /// accepted before.
    ///
    /// # Errors
    /// Any; it is logged and the task gets an id of our own.
    async fn prepare_task(&self, prompt: &Prompt, origin: &Origin) -> Result<Option<TaskId>, HookError>;

    /// Called for every transition of every task, in order. Called again with the same snapshot after an error.
    ///
    /// # Errors
    /// Any; it is logged and tried again a few times with growing pauses, then given up for this snapshot.
    async fn sync_task(&self, snapshot: &TaskSnapshot) -> Result<(), HookError>;
}

// ---------------------------------------------------------------- the ledger

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
/// Every operation is one transaction and a whole step of the domain; a transition and the notices it owes
/// ([`crate::domain::notice::owed`]) are written together. When a call returns, its effect is durable. When its future
/// is dropped, the effect may or may not happen, but never in part. All methods may be called from many tasks at once.
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

    /// Every notice that this channel is still owed, oldest first.
    async fn owed_in(&self, channel: &ChannelId) -> Result<Vec<Notice>, LedgerError>;

    /// Notes that the next part of a notice is about to be handed to the platform, and returns the notice as it was
    /// before: [`Notice::in_flight_since`] tells whether an earlier try has an unknown outcome. None when it is no
    /// longer owed.
    async fn begin_delivery(&self, notice: NoticeId, now: Timestamp) -> Result<Option<Notice>, LedgerError>;

    /// Records how a try to deliver ended. After [`Delivery::Part`] with `last: false` nothing is in flight: the next part
    /// begins anew. Wakes [`Hints::notices`] when a notice is no longer owed.
    async fn record_delivery(&self, notice: NoticeId, delivery: Delivery, now: Timestamp) -> Result<(), LedgerError>;

    /// [`Ledger::begin_delivery`] of several notices that go out as one message: those of them that are still owed.
    async fn begin_together(&self, notices: &[NoticeId], now: Timestamp) -> Result<Vec<Notice>, LedgerError>;

    /// [`Ledger::record_delivery`] of several notices that went out as one message, all or none. When they are of several
    /// tasks, [`Ledger::find_by_message`] finds none by it: the message is about no one task.
    async fn record_together(&self, notices: &[NoticeId], delivery: Delivery, now: Timestamp) -> Result<(), LedgerError>;

    /// What was set in each channel. Read seldom and kept by who asks.
    async fn channel_settings(&self) -> Result<Vec<(ChannelId, Preferences)>, LedgerError>;

    /// Replaces what was set in a channel; when everything is left open, nothing is set there any more.
    async fn set_channel(&self, channel: &ChannelId, preferences: &Preferences) -> Result<(), LedgerError>;

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
