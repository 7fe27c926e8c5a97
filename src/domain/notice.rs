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

    /// The words of the events that are on.
    #[must_use]
    pub fn words(self) -> Vec<&'static str> {
        let switches = [self.started, self.done, self.failed, self.cancelled];
        Self::WORDS.into_iter().zip(switches).filter(|(_, on)| *on).map(|(word, _)| word).collect()
    }

    /// Whether this is among them; what is no event, like the result, always is.
    #[must_use]
    pub const fn include(self, kind: NoticeKind) -> bool {
        match kind {
            NoticeKind::Accepted | NoticeKind::Result => true,
            NoticeKind::Started => self.started,
            NoticeKind::Done => self.done,
            NoticeKind::Failed => self.failed,
            NoticeKind::Cancelled => self.cancelled,
        }
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
    let kind = match (transition, task.status()) {
        (Transition::Started, _) => NoticeKind::Started,
        (Transition::Ended, Status::Done) => NoticeKind::Done,
        (Transition::Ended, Status::Failed) => NoticeKind::Failed,
        (Transition::Ended, Status::Cancelled) => NoticeKind::Cancelled,
        _ => return Vec::new(),
    };
    let written = transition == Transition::Ended && task.text().is_some();
    let kinds: Vec<_> = written.then_some(NoticeKind::Result).into_iter().chain([kind]).collect();
    let channels = task.channels();
    let hears = |channel: &ChannelId, kind: NoticeKind| task.tells(channel, kind) && task.events_in(channel).include(kind);
    let each = channels.iter().flat_map(|channel| kinds.iter().map(move |kind| (channel, *kind)));
    each.filter(|(channel, kind)| hears(channel, *kind)).map(|(channel, kind)| draft(task, kind, channel)).collect()
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
        let (own, manner) = (&self.new.origin.channel, &self.new.manner);
        // What is private goes nowhere else, whatever else was asked for.
        let further = if manner.private.is_some() { &[][..] } else { &self.new.deliver_to };
        for channel in own.iter().chain(&manner.private).chain(further) {
            if !channels.contains(channel) {
                channels.push(channel.clone());
            }
        }
        channels
    }

    /// Whether this channel may read the text of prompt and result.
    #[must_use]
    pub fn is_open_to(&self, channel: &ChannelId) -> bool {
        self.new.manner.private.as_ref().is_none_or(|private| private == channel)
    }

    /// Whether a channel is told of this at all: of a private task the channel that asked hears everything but the text,
    /// and the direct chat of who asked hears the end.
    fn tells(&self, channel: &ChannelId, kind: NoticeKind) -> bool {
        let asked_here = self.new.origin.channel.as_ref() == Some(channel);
        match kind {
            NoticeKind::Result => self.is_open_to(channel),
            NoticeKind::Accepted | NoticeKind::Started => asked_here || self.new.manner.private.is_none(),
            NoticeKind::Done | NoticeKind::Failed | NoticeKind::Cancelled => true,
        }
    }

    fn events_in(&self, channel: &ChannelId) -> Events {
        let elsewhere = self.new.manner.elsewhere.iter().find(|(other, _)| other == channel);
        elsewhere.map_or(self.new.events, |(_, events)| *events)
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
    /// Whether it tells that its task has ended, as the status or as the text.
    #[must_use]
    pub const fn tells_end(&self) -> bool {
        matches!(self.kind, NoticeKind::Result | NoticeKind::Done | NoticeKind::Failed | NoticeKind::Cancelled)
    }

    /// Whether it is the first that tells its channel so; the text comes before the status.
    #[must_use]
    pub fn tells_end_first(&self, task: &Task) -> bool {
        let has_text = task.text().is_some() && task.is_open_to(&self.channel);
        self.tells_end() && (self.kind == NoticeKind::Result || !has_text)
    }

    /// Whether the person who asked should know it even if its channel does not take it.
    #[must_use]
    pub const fn matters_to_its_person(&self) -> bool {
        self.tells_end() && self.instead_of.is_none()
    }
}
