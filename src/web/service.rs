//! What the API needs of the core: one small port, so that its tests run on a model of it.

use async_trait::async_trait;

use crate::background::ports::{HookError, TaskFilter};
use crate::domain::command::SubmitCommand;
use crate::domain::id::{InboundId, TaskId, TaskRef};
use crate::domain::queue::QueueFull;
use crate::domain::receipt::Receipt;
use crate::domain::snapshot::TaskSnapshot;
use crate::domain::summary::MonitorSummary;

/// A task handed over through the API. It has no channel and no person of its own, so its notices go to `command.to`, or
/// where the configuration sends tasks without a channel when that is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// What is asked.
    pub command: SubmitCommand,
    /// Made from the caller's idempotency key: the same one never makes two tasks.
    pub inbound: Option<InboundId>,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq)]
pub enum Submitted {
    /// It is durable now.
    Accepted(TaskSnapshot),
    /// The same key made this task before.
    Duplicate(TaskSnapshot),
    /// It cannot wait.
    Full(QueueFull),
}

/// What became of a request to cancel.
#[derive(Debug, Clone, PartialEq)]
pub enum Cancel {
    /// It is cancelled.
    Cancelled(TaskSnapshot),
    /// It runs, and its worker has been told to end it.
    Noted(TaskSnapshot),
    /// It had already ended, as this says.
    AlreadyFinished(TaskSnapshot),
    /// There is no such task.
    NotFound,
}

/// What became of a request to run a task's prompt again.
#[derive(Debug, Clone, PartialEq)]
pub enum Retry {
    /// This new task repeats it.
    Accepted(TaskSnapshot),
    /// It has not ended yet.
    NotFinished(TaskSnapshot),
    /// The new task cannot wait.
    Full(QueueFull),
    /// There is no such task.
    NotFound,
}

/// Why the core could not do it at all.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The process takes no new work because it is stopping.
    #[error("the server is stopping")]
    Stopping,
    /// The store failed; details are for the log only.
    #[error("the ledger failed")]
    Failed(#[source] HookError),
}

/// The core as the API uses it, on behalf of the operator: every task may be seen and cancelled.
///
/// Called once per request, from many requests at once. Dropping a future leaves its step done or not done, never half.
///
/// # Errors
/// Every method fails with [`ServiceError`] only when it could do nothing; what the domain refuses is a value.
#[async_trait]
pub trait TaskService: Send + Sync + 'static {
    /// Accepts a task; it is durable when this returns.
    async fn submit(&self, submission: Submission) -> Result<Submitted, ServiceError>;

    /// One task, with its place in the queue.
    async fn get(&self, task: &TaskRef) -> Result<Option<TaskSnapshot>, ServiceError>;

    /// What became of every notice of a task, oldest first.
    async fn receipts(&self, task: &TaskId) -> Result<Vec<Receipt>, ServiceError>;

    /// Tasks, newest first.
    async fn list(&self, filter: &TaskFilter) -> Result<Vec<TaskSnapshot>, ServiceError>;

    /// Stops a task, as the operator.
    async fn cancel(&self, task: &TaskRef) -> Result<Cancel, ServiceError>;

    /// Runs a finished task's prompt again, as a new task with the same channels.
    async fn retry(&self, task: &TaskRef) -> Result<Retry, ServiceError>;

    /// Counts of tasks and notices.
    async fn summary(&self) -> Result<MonitorSummary, ServiceError>;
}
