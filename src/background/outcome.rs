//! What is asked of the manager, and what becomes of it: values, so that no caller can overlook a case.

use crate::background::ports::Progress;
use crate::domain::channel::ChannelId;
use crate::domain::id::{InboundId, TaskNumber};
use crate::domain::notice::Notice;
use crate::domain::origin::Origin;
use crate::domain::prompt::Prompt;
use crate::domain::queue::QueueFull;
use crate::domain::task::{RunSettings, Task};

/// A prompt to be handed over.
#[derive(Debug, Clone)]
pub struct Submission {
    /// What is asked.
    pub prompt: Prompt,
    /// Where it comes from.
    pub origin: Origin,
    /// The inbound message that asks; the same one twice makes one task.
    pub inbound: Option<InboundId>,
    /// Further channels that hear of it.
    pub deliver_to: Vec<ChannelId>,
    /// Everything about it comes without a sound.
    pub silent: bool,
    /// Its text goes to this channel alone, the direct chat of who asks.
    pub private: Option<ChannelId>,
    /// Whether it comes from the direct chat of who asks.
    pub direct: bool,
    /// What the person chose for the run.
    pub settings: RunSettings,
    /// The task it repeats.
    pub retry_of: Option<TaskNumber>,
}

impl Submission {
    /// A prompt from somewhere, with nothing else asked for.
    #[must_use]
    pub fn new(prompt: Prompt, origin: Origin) -> Self {
        Self {
            prompt,
            origin,
            inbound: None,
            deliver_to: Vec::new(),
            silent: false,
            private: None,
            direct: false,
            settings: RunSettings::default(),
            retry_of: None,
        }
    }

    /// Whether it asks for what this task was made for, in a channel that reports to `others` unasked.
    #[must_use]
    pub fn asks_for(&self, task: &Task, others: &[ChannelId]) -> bool {
        let new = &task.new;
        let here = |channel: &ChannelId| new.origin.channel.as_ref() == Some(channel);
        let private = self.private.as_ref().filter(|private| !here(private));
        let named = self.deliver_to.iter().all(|channel| here(channel) || new.deliver_to.contains(channel));
        let no_other = new.deliver_to.iter().all(|channel| self.deliver_to.contains(channel) || others.contains(channel));
        let manner = self.silent == new.manner.silent && private == new.manner.private.as_ref();
        self.prompt == new.prompt && self.settings == new.settings && manner && named && no_other
    }
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Submitted {
    /// It is durable, with so many tasks before it.
    Accepted {
        /// The task.
        task: Task,
        /// How many are before it.
        ahead: usize,
    },
    /// The same inbound message made this task before.
    Duplicate(Task),
    /// The queue is full.
    Full(QueueFull),
    /// The process is stopping and takes nothing new.
    Stopping,
}

/// What became of a cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Cancelled {
    /// It is cancelled.
    Cancelled(Task),
    /// It is durable that it will be; its worker has not confirmed yet.
    Stopping(Task),
    /// It had ended before.
    AlreadyFinished(Task),
    /// There is no such task.
    NotFound,
}

/// What became of a retry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Retried {
    /// A new task was submitted.
    Submitted(Submitted),
    /// The task has not ended.
    Unfinished(Task),
    /// There is no such task.
    NotFound,
}

/// What there is of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum ResultOf {
    /// The task has ended, with a result or with what there is of it.
    Ended(Task),
    /// The task has not ended.
    Unfinished(Task),
    /// There is no such task.
    NotFound,
}

/// A task with everything known about it now.
#[derive(Debug, Clone)]
pub struct TaskDetails {
    /// The task.
    pub task: Task,
    /// How many are before it, when it waits.
    pub ahead: Option<usize>,
    /// What its attempt does, when it runs in this process.
    pub progress: Option<Progress>,
    /// Every notice about it, oldest first.
    pub notices: Vec<Notice>,
}
