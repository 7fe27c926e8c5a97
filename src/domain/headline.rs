//! A task in one line: what lists and completions show of it.
//!
//! A task holds its whole prompt and its whole result. Who shows twenty of them needs neither, so a ledger gives
//! these without reading a result at all.

use std::fmt;

use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::id::TaskNumber;
use crate::domain::status::Status;
use crate::domain::task::Task;
use crate::domain::text::{Unit, prefix};
use crate::domain::time::Timestamp;

/// So many code points of a prompt are in its headline.
pub const HEADLINE_PROMPT: usize = 100;

/// What a line about a task is made of.
#[derive(Clone, PartialEq, Eq)]
pub struct Headline {
    /// The task.
    pub number: TaskNumber,
    /// Where it stands.
    pub status: Status,
    /// Who asked.
    pub person: Option<PersonId>,
    /// The only channel that may read what is asked, when it is private.
    pub private: Option<ChannelId>,
    /// The beginning of what is asked, [`HEADLINE_PROMPT`] code points at most.
    pub prompt: String,
    /// When the newest attempt started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

impl Headline {
    /// The headline of a task.
    #[must_use]
    pub fn of(task: &Task) -> Self {
        Self {
            number: task.number,
            status: task.status(),
            person: task.new.origin.person.clone(),
            private: task.new.manner.private.clone(),
            prompt: prefix(task.new.prompt.as_str(), HEADLINE_PROMPT, Unit::CodePoint).to_owned(),
            started_at: task.started_at,
            completed_at: task.completed_at(),
        }
    }

    /// Whether this channel may read what is asked.
    #[must_use]
    pub fn is_open_to(&self, channel: &ChannelId) -> bool {
        self.private.as_ref().is_none_or(|private| private == channel)
    }
}

/// Without the prompt, because prompts are not logged.
impl fmt::Debug for Headline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Headline").field("number", &self.number).field("status", &self.status).finish_non_exhaustive()
    }
}
