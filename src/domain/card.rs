//! The card of a task: the one live message in the channel that asked, as a plain function of what is known now.
//!
//! A [`Face`] is what of a card is worth showing anew: two cards with the same face differ only in the time that has
//! passed, and that alone is told now and then and not at every tick of a clock.

use std::time::Duration;

use crate::domain::channel::ChannelId;
use crate::domain::command::Button;
use crate::domain::id::{MessageId, ReplyHandle, TaskId, TaskNumber};
use crate::domain::notice::Notice;
use crate::domain::status::Status;
use crate::domain::task::Task;
use crate::domain::time::{Timestamp, elapsed};
use crate::domain::usage::Progress;
use crate::domain::wording;

/// The message that is the card of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardMessage {
    /// The task.
    pub task: TaskId,
    /// Its short number.
    pub number: TaskNumber,
    /// The channel that asked.
    pub channel: ChannelId,
    /// The message.
    pub message: MessageId,
    /// What it answered.
    pub reply: Option<ReplyHandle>,
}

impl CardMessage {
    /// The card that a delivered acceptance is; none while it is not delivered.
    #[must_use]
    pub(crate) fn delivered(accepted: &Notice) -> Option<Self> {
        Some(Self::of(accepted, accepted.receipts.last()?.clone()))
    }

    /// The card that an acceptance is, delivered as this message.
    #[must_use]
    pub(crate) fn of(accepted: &Notice, message: MessageId) -> Self {
        Self {
            task: accepted.task.clone(),
            number: accepted.number,
            channel: accepted.channel.clone(),
            message,
            reply: accepted.reply.clone(),
        }
    }
}

/// New contents for a message that was sent before: its text and its buttons, all of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageEdit {
    /// Where the message is.
    pub channel: ChannelId,
    /// The message.
    pub message: MessageId,
    /// What it answered when it was sent: on some platforms the only way to a message that one person sees.
    pub reply: Option<ReplyHandle>,
    /// The text, plain, and short enough for one message everywhere.
    pub text: String,
    /// The buttons below it; none takes away those that were there.
    pub buttons: Vec<Button>,
}

/// Where a task stands, as far as its card is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// It waits for its turn.
    Queued,
    /// An attempt runs.
    Running,
    /// It will not change any more.
    Ended,
}

impl Stage {
    /// The stage of a task.
    #[must_use]
    pub const fn of(task: &Task) -> Self {
        match task.status() {
            Status::Pending => Self::Queued,
            Status::Running => Self::Running,
            Status::Done | Status::Failed | Status::Cancelled => Self::Ended,
        }
    }
}

/// What of a card is worth showing anew when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Face {
    /// Waiting, with so many tasks before it.
    Queued {
        /// How many.
        ahead: usize,
    },
    /// Running, and this is its news.
    Running {
        /// What it is doing.
        phase: String,
        /// Calls to the model so far.
        step: u32,
        /// Tokens so far.
        tokens: u64,
    },
    /// Over.
    Ended,
}

impl Face {
    /// The face of a running task.
    #[must_use]
    pub fn running(progress: Option<&Progress>) -> Self {
        let nothing = Progress::default();
        let progress = progress.unwrap_or(&nothing);
        Self::Running { phase: progress.phase.clone(), step: progress.step, tokens: progress.usage.total() }
    }

    /// The stage it belongs to.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Queued { .. } => Stage::Queued,
            Self::Running { .. } => Stage::Running,
            Self::Ended => Stage::Ended,
        }
    }
}

/// Everything a card is made of.
#[derive(Debug, Clone, Copy)]
pub struct CardView<'a> {
    /// The task.
    pub task: &'a Task,
    /// How many are before it, when it waits.
    pub ahead: Option<usize>,
    /// What its attempt does, when that is known.
    pub progress: Option<&'a Progress>,
    /// For how long it has been doing that.
    pub unchanged: Duration,
    /// The time.
    pub now: Timestamp,
    /// Whether nothing is taken up any more before the next start.
    pub restarting: bool,
}

impl<'a> CardView<'a> {
    /// The card of a task of which no more is known than the ledger holds.
    #[must_use]
    pub const fn of(task: &'a Task, ahead: Option<usize>, now: Timestamp) -> Self {
        Self { task, ahead, progress: None, unchanged: Duration::ZERO, now, restarting: false }
    }

    /// Its face.
    #[must_use]
    pub fn face(&self) -> Face {
        match Stage::of(self.task) {
            Stage::Queued => Face::Queued { ahead: self.ahead.unwrap_or_default() },
            Stage::Running => Face::running(self.progress),
            Stage::Ended => Face::Ended,
        }
    }

    /// Its text. The first line is the number, the status word and how far it is; the last one says what was asked.
    #[must_use]
    pub fn text(&self) -> String {
        let (task, language) = (self.task, self.task.new.origin.language);
        let mut lines = match Stage::of(task) {
            Stage::Queued => vec![wording::card_queued(language, task, self.ahead)],
            Stage::Running => {
                let running = task.started_at.map_or(Duration::ZERO, |started| elapsed(started, self.now));
                let nothing = Progress::default();
                wording::card_running(language, task, running, self.progress.unwrap_or(&nothing), self.unchanged)
            }
            Stage::Ended => vec![wording::card_ended(language, task)],
        };
        lines.push(wording::card_quote(language, task));
        let text = lines.join("\n");
        let waits = self.restarting && Stage::of(task) == Stage::Queued;
        if waits { text + &wording::waits_for_restart(language) } else { text }
    }

    /// The buttons below it.
    #[must_use]
    pub fn buttons(&self) -> Vec<Button> {
        buttons(self.task)
    }
}

/// The buttons of a card: Cancel while the task lives; then Retry, and Full result when there is one.
#[must_use]
pub fn buttons(task: &Task) -> Vec<Button> {
    let language = task.new.origin.language;
    if Stage::of(task) != Stage::Ended {
        return vec![wording::cancel_button(language, task.number)];
    }
    let result = task.text().map(|_| wording::full_result_button(language, task.number));
    result.into_iter().chain([wording::retry_button(language, task.number)]).collect()
}
