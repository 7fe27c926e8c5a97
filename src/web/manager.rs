//! The API's port, served by the core: every call is one call of the manager.

use async_trait::async_trait;

use crate::background::manager::{self, Cancelled, Manager, Retried};
use crate::background::ports::{LedgerError, TaskFilter};
use crate::domain::channel::ChannelId;
use crate::domain::id::{TaskId, TaskRef};
use crate::domain::origin::Origin;
use crate::domain::preferences::Target;
use crate::domain::queue::ahead_of;
use crate::domain::receipt::Receipt;
use crate::domain::snapshot::TaskSnapshot;
use crate::domain::status::Status;
use crate::domain::summary::MonitorSummary;
use crate::domain::task::{CancelledBy, RunSettings, Task};
use crate::web::service::{Cancel, Retry, ServiceError, Submission, Submitted, TaskService};

impl From<LedgerError> for ServiceError {
    fn from(error: LedgerError) -> Self {
        Self::Failed(Box::new(error))
    }
}

fn snapshot(task: &Task) -> TaskSnapshot {
    TaskSnapshot::of(task, None)
}

/// What the manager says of a submission, with stopping as the failure it is for a caller.
fn submitted(submitted: manager::Submitted) -> Result<Submitted, ServiceError> {
    match submitted {
        manager::Submitted::Accepted { task, ahead } => Ok(Submitted::Accepted(TaskSnapshot::of(&task, Some(ahead)))),
        manager::Submitted::Duplicate(task) => Ok(Submitted::Duplicate(snapshot(&task))),
        manager::Submitted::Full(full) => Ok(Submitted::Full(full)),
        manager::Submitted::Stopping => Err(ServiceError::Stopping),
    }
}

/// The channel a target is; a caller of the API has no direct chat.
fn channel(target: Target) -> Option<ChannelId> {
    match target {
        Target::Channel(channel) => Some(channel),
        Target::Me => None,
    }
}

#[async_trait]
impl TaskService for Manager {
    async fn submit(&self, submission: Submission) -> Result<Submitted, ServiceError> {
        let command = submission.command;
        let submission = manager::Submission {
            inbound: submission.inbound,
            deliver_to: command.to.into_iter().filter_map(channel).collect(),
            silent: command.quiet,
            settings: RunSettings { model: command.model, timeout: command.timeout },
            ..manager::Submission::new(command.prompt, Origin::default())
        };
        submitted(Self::submit(self, submission).await?)
    }

    async fn get(&self, task: &TaskRef) -> Result<Option<TaskSnapshot>, ServiceError> {
        Ok(self.status(task).await?)
    }

    async fn receipts(&self, task: &TaskId) -> Result<Vec<Receipt>, ServiceError> {
        Ok(self.ledger().notices_of(task).await?.iter().map(Receipt::from).collect())
    }

    async fn list(&self, filter: &TaskFilter) -> Result<Vec<TaskSnapshot>, ServiceError> {
        let tasks = Self::list(self, filter).await?;
        let live =
            if tasks.iter().any(|task| task.status() == Status::Pending) { self.ledger().live_tasks().await? } else { vec![] };
        Ok(tasks.iter().map(|task| TaskSnapshot::of(task, ahead_of(&live, task.number))).collect())
    }

    async fn cancel(&self, task: &TaskRef) -> Result<Cancel, ServiceError> {
        Ok(match Self::cancel(self, task, CancelledBy::Operator).await? {
            Cancelled::Cancelled(task) => Cancel::Cancelled(snapshot(&task)),
            Cancelled::Stopping(task) => Cancel::Noted(snapshot(&task)),
            Cancelled::AlreadyFinished(task) => Cancel::AlreadyFinished(snapshot(&task)),
            Cancelled::NotFound => Cancel::NotFound,
        })
    }

    async fn retry(&self, task: &TaskRef) -> Result<Retry, ServiceError> {
        // A repeat on the operator's behalf belongs where the first one did.
        let Some((found, _)) = self.ledger().find(task).await? else { return Ok(Retry::NotFound) };
        let origin = Origin { reply: None, ..found.new.origin };
        Ok(match Self::retry(self, task, origin, None).await? {
            Retried::Submitted(new) => match submitted(new)? {
                Submitted::Accepted(task) | Submitted::Duplicate(task) => Retry::Accepted(task),
                Submitted::Full(full) => Retry::Full(full),
            },
            Retried::Unfinished(task) => Retry::NotFinished(snapshot(&task)),
            Retried::NotFound => Retry::NotFound,
        })
    }

    async fn summary(&self) -> Result<MonitorSummary, ServiceError> {
        Ok(self.ledger().summary().await?)
    }
}
