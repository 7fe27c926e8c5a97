//! Everything the core needs from outside, on one page; the ledger beside it.
//!
//! Each trait belongs to its caller and has as few methods as that caller needs. Each says when it is called, how
//! often, what dropping its future does, and which errors matter. There are no default no-ops: what cannot do a thing
//! does not implement it.

mod ledger;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

pub use crate::background::ports::ledger::{
    Acceptance, CancelRequest, Delivery, Finish, Hints, IsQuiet, Lease, Ledger, LedgerError, Recovered, Renewal, TaskFilter,
    Thread, nobody_is_quiet,
};
pub use crate::domain::card::{CardMessage, MessageEdit};
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::command::Button;
use crate::domain::draft::Draft;
use crate::domain::frame::Frame;
use crate::domain::id::{MessageId, ReplyHandle, TaskId, TaskNumber};
use crate::domain::language::Language;
use crate::domain::origin::Origin;
use crate::domain::pace::{Pace, SendKind};
use crate::domain::prompt::Prompt;
use crate::domain::snapshot::TaskSnapshot;
use crate::domain::task::{Outcome, RunSettings};
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
    /// The channel that the task's channel is a part of, as a topic is of its chat and a thread of its channel.
    pub whole: Option<ChannelId>,
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
    /// How it came about.
    pub report: RunReport,
}

impl RunOutcome {
    /// An outcome with nothing to report about how it came about.
    #[must_use]
    pub fn new(outcome: Outcome, usage: Usage) -> Self {
        Self { outcome, usage, report: RunReport::default() }
    }
}

/// How an agent worked, for who operates it. It goes to the log: no prompt, no answer and no secret may be in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunReport {
    /// The model that answered, as its provider calls it; else the one that was asked.
    pub model: Option<String>,
    /// Calls of a model. A request that is made again is the same call.
    pub calls: u32,
    /// From the start of the run to its end.
    pub duration: Duration,
    /// Why the last call brought nothing, when that ended the run.
    pub fault: Option<ProviderFault>,
}

/// Why the provider of a model gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderFault {
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// The provider's own word for it, or the agent's where the provider said nothing: `overloaded_error`, `stalled_first`.
    pub code: String,
    /// The provider's name for the request, which its support asks for.
    pub request_id: Option<String>,
    /// Whether the same request may succeed at another time.
    pub retryable: bool,
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
    /// The task that an answer is about, where a reply to the answer is to name it.
    pub about: Option<TaskNumber>,
    /// Who is to be called by name in front of its first part. Nobody else is called, whatever the text says.
    pub mention: Option<PersonId>,
    /// The same for every try of the same message and for no other; at most 20 ASCII characters. Adapters make the
    /// platform's idempotency key from it and the part's number.
    pub key: String,
    /// Set when the part to be sent was handed to the platform at that time and nobody knows whether it arrived. A
    /// platform without a valid idempotency key then marks the part as a possible duplicate.
    pub in_flight_since: Option<Timestamp>,
}

impl OutgoingMessage {
    /// A message of plain words that refers to nothing, rings, calls nobody and has not been tried.
    #[must_use]
    pub const fn plain(channel: ChannelId, purpose: Purpose, language: Language, text: String, key: String) -> Self {
        Self {
            channel,
            purpose,
            reply: None,
            text,
            format: Format::Plain,
            frame: None,
            language,
            buttons: Vec::new(),
            silent: false,
            about: None,
            mention: None,
            key,
            in_flight_since: None,
        }
    }

    /// The key of the message that this identifies: 16 characters, the same in every process of one build. Another version of
    /// the standard library may hash otherwise; a message that was on its way meanwhile could arrive twice then.
    #[must_use]
    pub(crate) fn key_of(identity: &impl Hash) -> String {
        let mut hasher = DefaultHasher::new();
        identity.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
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
    /// The platform cannot be reached or does nothing for a while; nothing was sent.
    #[error("the platform is not available: {0}")]
    Unavailable(String),
    /// The request left, and the platform broke or gave no answer: nobody knows whether it was sent.
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

    /// Called for every transition of every task, in order, as long as this process lives: what was not passed on before a
    /// crash is not passed on after it, but each snapshot is the whole task. Called again with the same one after an error.
    ///
    /// # Errors
    /// Any; it is logged and tried again a few times with growing pauses, then given up for this snapshot.
    async fn sync_task(&self, snapshot: &TaskSnapshot) -> Result<(), HookError>;
}
