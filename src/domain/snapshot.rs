//! A task as JSON: the Go package's `TaskSnapshot`, field for field, and what Legwork adds.

use serde::{Deserialize, Serialize};

use crate::domain::failure::FailureCode;
use crate::domain::id::{TaskId, TaskNumber};
use crate::domain::status::Status;
use crate::domain::task::Task;
use crate::domain::time::Timestamp;
use crate::domain::usage::Usage;

/// A copy of a task at one moment. Instants are RFC 3339, null until they happen.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskSnapshot {
    /// The canonical id.
    pub id: TaskId,
    /// The status, as a number from 1 to 5.
    pub status: Status,
    /// The status as a word.
    pub status_text: String,
    /// What was asked.
    pub prompt: String,
    /// The answer; what there is of it when the task failed or was cancelled; empty before.
    pub result: String,
    /// Why it failed, as a sentence; empty otherwise.
    pub error: String,
    /// The channel that asked, empty when there is none.
    pub origin_channel: String,
    /// The session it belongs to, empty when there is none.
    pub origin_session: String,
    /// When the newest attempt started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Input and output tokens of all attempts.
    pub tokens_used: u64,
    /// The short number people type.
    pub number: TaskNumber,
    /// When it was accepted.
    pub submitted_at: Timestamp,
    /// Attempts started so far.
    pub attempt: u32,
    /// Place in the queue, 1 is next; null when it does not wait.
    pub queue_position: Option<usize>,
    /// Money spent in US dollars; null while prices are not known.
    pub cost: Option<f64>,
    /// The stable code of the failure; null when it has not failed.
    pub error_code: Option<FailureCode>,
    /// The tokens in detail.
    pub usage: Usage,
    /// The number of the task that this one repeats.
    pub retry_of: Option<TaskNumber>,
}

/// Shows neither prompt nor result: those are not logged.
impl std::fmt::Debug for TaskSnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TaskSnapshot")
            .field("number", &self.number)
            .field("id", &self.id)
            .field("status", &self.status)
            .field("attempt", &self.attempt)
            .field("error_code", &self.error_code)
            .finish_non_exhaustive()
    }
}

impl TaskSnapshot {
    /// A copy of `task`; `ahead` is how many tasks are before it in the queue.
    #[must_use]
    pub fn of(task: &Task, ahead: Option<usize>) -> Self {
        let origin = &task.new.origin;
        Self {
            id: task.new.id.clone(),
            status: task.status(),
            status_text: task.status().as_str().to_owned(),
            prompt: task.new.prompt.as_str().to_owned(),
            result: task.text().unwrap_or_default().to_owned(),
            error: task.failure().map(|failure| failure.message.clone()).unwrap_or_default(),
            origin_channel: origin.channel.as_ref().map(ToString::to_string).unwrap_or_default(),
            origin_session: origin.session.clone(),
            started_at: task.started_at,
            completed_at: task.completed_at(),
            tokens_used: task.usage.total(),
            number: task.number,
            submitted_at: task.submitted_at,
            attempt: task.attempt,
            queue_position: ahead.map(|ahead| ahead + 1),
            cost: None,
            error_code: task.failure().map(|failure| failure.code),
            usage: task.usage,
            retry_of: task.new.retry_of,
        }
    }
}
