//! Notices: which message is owed to which channel when a task moves, and how far its delivery is.
//!
//! [`owed`] is a plain function of the task and its transition, so a ledger can write the notices in the very
//! transaction of the transition, and no transition can forget to tell somebody.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::channel::ChannelId;
use crate::domain::id::{MessageId, NoticeId, ReplyHandle, TaskId, TaskNumber};
use crate::domain::status::Status;
use crate::domain::task::{Task, Transition};
use crate::domain::time::Timestamp;

/// What a notice reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// The task was accepted: the answer to the message that asked.
    Accepted,
    /// An attempt started.
    Started,
    /// The answer itself, or what there is of it.
    Result,
    /// It ended with a result.
    Done,
    /// It ended without one.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl NoticeKind {
    /// All kinds.
    #[must_use]
    pub const fn values() -> [Self; 6] {
        [Self::Accepted, Self::Started, Self::Result, Self::Done, Self::Failed, Self::Cancelled]
    }

    /// The word of stores, metrics and configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Started => "started",
            Self::Result => "result",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The kind of this word.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::values().into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which moves of a task a channel hears of. The acceptance is always answered and the result always delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the configuration")]
pub struct Events {
    /// An attempt started.
    pub started: bool,
    /// It ended with a result.
    pub done: bool,
    /// It ended without one.
    pub failed: bool,
    /// It was cancelled.
    pub cancelled: bool,
}

impl Default for Events {
    fn default() -> Self {
        Self { started: true, done: true, failed: true, cancelled: true }
    }
}

impl Events {
    /// The four words of the configuration.
    pub const WORDS: [&'static str; 4] = ["started", "done", "failed", "cancelled"];

    /// No event at all.
    #[must_use]
    pub const fn none() -> Self {
        Self { started: false, done: false, failed: false, cancelled: false }
    }

    /// The events of these words, or the first word that is none.
    ///
    /// # Errors
    /// The word that is not one of [`Events::WORDS`].
    pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut events = Self::none();
        for word in words {
            match word {
                "started" => events.started = true,
                "done" => events.done = true,
                "failed" => events.failed = true,
                "cancelled" => events.cancelled = true,
                other => return Err(other.to_owned()),
            }
        }
        Ok(events)
    }
}

/// A notice that a transition owes, before the ledger gives it an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeDraft {
    /// What it reports.
    pub kind: NoticeKind,
    /// The attempt it reports on. Task, kind, attempt and channel together are unique.
    pub attempt: u32,
    /// Where it goes.
    pub channel: ChannelId,
    /// How to answer the message that asked, where the notice goes to the channel that asked.
    pub reply: Option<ReplyHandle>,
    /// The channel it was meant for, when that did not take it and it goes to the person alone.
    pub instead_of: Option<ChannelId>,
}

/// The notices that the acceptance of a task owes.
#[must_use]
pub fn owed_at_acceptance(task: &Task) -> Vec<NoticeDraft> {
    let origin = task.new.origin.channel.iter();
    origin.map(|channel| draft(task, NoticeKind::Accepted, channel)).collect()
}

/// The notices that a transition owes, in the order in which a channel should read them. `task` is as the transition
/// left it.
#[must_use]
pub fn owed(task: &Task, transition: Transition) -> Vec<NoticeDraft> {
    let events = task.new.events;
    let (kind, wanted) = match (transition, task.status()) {
        (Transition::Started, _) => (NoticeKind::Started, events.started),
        (Transition::Ended, Status::Done) => (NoticeKind::Done, events.done),
        (Transition::Ended, Status::Failed) => (NoticeKind::Failed, events.failed),
        (Transition::Ended, Status::Cancelled) => (NoticeKind::Cancelled, events.cancelled),
        _ => return Vec::new(),
    };
    let result = (transition == Transition::Ended && task.text().is_some()).then_some(NoticeKind::Result);
    let kinds: Vec<_> = result.into_iter().chain(wanted.then_some(kind)).collect();
    let channels = task.channels();
    channels.iter().flat_map(|channel| kinds.iter().map(|kind| draft(task, *kind, channel))).collect()
}

fn draft(task: &Task, kind: NoticeKind, channel: &ChannelId) -> NoticeDraft {
    let origin = &task.new.origin;
    let reply = if origin.channel.as_ref() == Some(channel) { origin.reply.clone() } else { None };
    NoticeDraft { kind, attempt: task.attempt, channel: channel.clone(), reply, instead_of: None }
}

/// What a task owes to its person alone when a channel will never take this notice: what came out and how it ended. What
/// already went that way goes nowhere else.
#[must_use]
pub fn fallback(notice: &Notice, direct: &ChannelId) -> Option<NoticeDraft> {
    (notice.matters_to_its_person() && notice.channel != *direct).then(|| NoticeDraft {
        kind: notice.kind,
        attempt: notice.attempt,
        channel: direct.clone(),
        reply: None,
        instead_of: Some(notice.channel.clone()),
    })
}

impl Task {
    /// Every channel that hears of this task, its own first, each once.
    #[must_use]
    pub fn channels(&self) -> Vec<ChannelId> {
        let mut channels: Vec<ChannelId> = Vec::new();
        for channel in self.new.origin.channel.iter().chain(&self.new.deliver_to) {
            if !channels.contains(channel) {
                channels.push(channel.clone());
            }
        }
        channels
    }
}

/// How far the delivery of a notice is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeState {
    /// Still to be delivered, not before `due_at`.
    Owed {
        /// When to try.
        due_at: Timestamp,
    },
    /// The platform confirmed every part of it.
    Delivered {
        /// When the last part was confirmed.
        at: Timestamp,
    },
    /// The platform will never take it.
    Undeliverable {
        /// When that was certain.
        at: Timestamp,
        /// Why, as a sentence for people.
        reason: String,
    },
}

/// One message owed to one channel about one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its row.
    pub id: NoticeId,
    /// The task it is about.
    pub task: TaskId,
    /// The task's short number.
    pub number: TaskNumber,
    /// What it reports.
    pub kind: NoticeKind,
    /// The attempt it reports on.
    pub attempt: u32,
    /// Where it goes.
    pub channel: ChannelId,
    /// How to answer the message that asked.
    pub reply: Option<ReplyHandle>,
    /// The channel it was meant for, when that did not take it and it goes to the person alone.
    pub instead_of: Option<ChannelId>,
    /// When the transition happened.
    pub created_at: Timestamp,
    /// How far it is.
    pub state: NoticeState,
    /// The platform's ids of the parts delivered so far, in order.
    pub receipts: Vec<MessageId>,
    /// When a part was handed to the platform with no answer recorded yet. Still set after a crash: then nobody
    /// knows whether that part arrived.
    pub in_flight_since: Option<Timestamp>,
    /// Failed tries so far.
    pub tries: u32,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

impl Notice {
    /// Whether the person who asked should know it even if its channel does not take it.
    #[must_use]
    pub fn matters_to_its_person(&self) -> bool {
        let ends = matches!(self.kind, NoticeKind::Result | NoticeKind::Done | NoticeKind::Failed | NoticeKind::Cancelled);
        ends && self.instead_of.is_none()
    }
}
