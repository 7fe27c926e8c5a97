//! What can be asked of Legwork: submit, cancel, status, list, result, retry, shutdown.
//!
//! A manager holds no task: the ledger does, and the attempts that run here are a map of handles. So every answer is
//! the durable truth, and a restart loses nothing but those handles. [`Manager::run`] is the worker that takes tasks up.

use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::background::channels::{Channels, NoticePolicy, Route, Wishes};
use crate::background::execution::{Attempt, StopReason};
use crate::background::notification::Notification;
pub use crate::background::outcome::{Cancelled, ResultOf, Retried, Submission, Submitted, TaskDetails};
use crate::background::ports::{
    Acceptance, AgentRunner, CancelRequest, Clock, Ledger, LedgerError, Progress, Projection, TaskFilter,
};
use crate::background::projection::{ProjectionFeed, snapshot};
use crate::domain::channel::ChannelId;
use crate::domain::headline::Headline;
use crate::domain::id::{InboundId, TaskId, TaskRef, WorkerId};
use crate::domain::language::Language;
use crate::domain::limits::Limits;
use crate::domain::origin::Origin;
use crate::domain::snapshot::TaskSnapshot;
use crate::domain::status::Status;
use crate::domain::task::{CancelledBy, NewTask, Task};
use crate::domain::time::Timestamp;
use crate::metrics::Metrics;

/// How long a cancel waits to be able to report the truth instead of "is being stopped".
const CANCEL_WAIT: Duration = Duration::from_millis(900);

/// The use cases. Cheap to clone; all clones are one manager.
#[derive(Clone)]
pub struct Manager {
    pub(crate) core: Arc<Core>,
}

/// What all clones of a manager share.
pub(crate) struct Core {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) runner: Arc<dyn AgentRunner>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) worker: WorkerId,
    pub(crate) tracker: TaskTracker,
    pub(crate) limits: Limits,
    pub(crate) channels: Channels,
    pub(crate) notification: Option<Notification>,
    pub(crate) projection: ProjectionFeed,
    pub(crate) metrics: Metrics,
    /// The attempts that run in this process.
    pub(crate) attempts: DashMap<TaskId, Arc<Attempt>>,
    /// Cancelled when nothing new is accepted any more.
    pub(crate) closed: CancellationToken,
}

/// Puts a manager together; nothing runs until [`Manager::run`].
pub struct ManagerBuilder {
    core: Core,
}

impl Manager {
    /// A manager of the tasks in `ledger`, run by `runner`; its futures are spawned on `tracker`.
    pub fn builder(
        ledger: Arc<dyn Ledger>,
        runner: Arc<dyn AgentRunner>,
        clock: Arc<dyn Clock>,
        tracker: TaskTracker,
    ) -> ManagerBuilder {
        // Ids of tasks are ids of workers too: fresh, and never the same twice.
        let worker = WorkerId::parse(clock.new_id().as_str()).unwrap_or_else(|_| unnamed_worker());
        let channels = Channels::new(Arc::clone(&ledger), NoticePolicy::default());
        ManagerBuilder {
            core: Core {
                ledger,
                runner,
                clock,
                worker,
                tracker,
                limits: Limits::default(),
                channels,
                notification: None,
                projection: ProjectionFeed::default(),
                metrics: Metrics::default(),
                attempts: DashMap::new(),
                closed: CancellationToken::new(),
            },
        }
    }

    /// Hands a prompt over. When this returns [`Submitted::Accepted`], the task survives anything.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails; nothing was accepted then.
    pub async fn submit(&self, submission: Submission) -> Result<Submitted, LedgerError> {
        let core = &self.core;
        if core.closed.is_cancelled() {
            return Ok(Submitted::Stopping);
        }
        // A message that comes again must not reach the projection's prepare_task again.
        if let Some(inbound) = &submission.inbound
            && let Some(task) = core.ledger.find_inbound(inbound).await?
        {
            return Ok(Submitted::Duplicate(task));
        }
        let origin = Origin { language: self.language(submission.origin.language), ..submission.origin };
        let prepared = core.projection.prepare(&submission.prompt, &origin).await;
        let Submission { deliver_to, silent, private, direct, .. } = submission;
        let wishes = Wishes { deliver_to, silent, private, direct };
        let Route { events, deliver_to, manner } = core.channels.route(&origin, wishes).await?;
        let new = NewTask {
            id: prepared.unwrap_or_else(|| core.clock.new_id()),
            inbound: submission.inbound,
            prompt: submission.prompt,
            origin,
            deliver_to,
            events,
            manner,
            settings: submission.settings,
            retry_of: submission.retry_of,
        };
        let accept = core.ledger.accept(new, &core.limits, core.clock.now());
        let accepted = core.projection.ordered(accept, |accepted| match accepted {
            Acceptance::Accepted { task, .. } => vec![snapshot(task)],
            _ => Vec::new(),
        });
        Ok(match accepted.await? {
            Acceptance::Accepted { task, ahead } => {
                tracing::info!(task.number = task.number.0, task.id = %task.new.id, ahead, "task accepted");
                Submitted::Accepted { task, ahead }
            }
            Acceptance::Duplicate(task) => Submitted::Duplicate(task),
            Acceptance::Full(full) => Submitted::Full(full),
        })
    }

    /// Stops a task. Answers within a second, with what is true then.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails; the task may or may not be cancelled then.
    pub async fn cancel(&self, task: &TaskRef, by: CancelledBy) -> Result<Cancelled, LedgerError> {
        let core = &self.core;
        let Some((found, _)) = core.ledger.find(task).await? else { return Ok(Cancelled::NotFound) };
        let id = found.new.id;
        let request = core.ledger.request_cancel(&id, by, core.clock.now());
        let request = core.projection.ordered(request, |request| match request {
            CancelRequest::Cancelled(task) => vec![snapshot(task)],
            _ => Vec::new(),
        });
        match request.await? {
            CancelRequest::Cancelled(task) => Ok(Cancelled::Cancelled(task)),
            CancelRequest::AlreadyFinished(task) => Ok(Cancelled::AlreadyFinished(task)),
            CancelRequest::NotFound => Ok(Cancelled::NotFound),
            CancelRequest::Noted(task) => {
                self.wait_for_stop(&id).await;
                let task = core.ledger.find(&TaskRef::Id(id)).await?.map_or(task, |(task, _)| task);
                Ok(match task.status() {
                    Status::Cancelled => Cancelled::Cancelled(task),
                    Status::Done | Status::Failed => Cancelled::AlreadyFinished(task),
                    Status::Pending | Status::Running => Cancelled::Stopping(task),
                })
            }
        }
    }

    /// Stops the attempt if it runs here, and waits a moment for its end to be recorded. One that runs elsewhere learns
    /// of the cancel when it renews its lease.
    async fn wait_for_stop(&self, task: &TaskId) {
        let deadline = Instant::now() + CANCEL_WAIT;
        while Instant::now() < deadline {
            let attempt = self.core.attempts.get(task).map(|attempt| Arc::clone(&attempt));
            if let Some(attempt) = attempt {
                attempt.stop(StopReason::Cancelled);
                let _late = tokio::time::timeout_at(deadline, attempt.ended.cancelled()).await;
                return;
            }
            // The claim may be committed and its attempt not yet in the map, or it has just left the map.
            tokio::time::sleep(Duration::from_millis(20)).await;
            if !matches!(self.core.ledger.find(&TaskRef::Id(task.clone())).await, Ok(Some((task, _))) if task.status() == Status::Running)
            {
                return;
            }
        }
    }

    /// One task, as JSON would show it.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn status(&self, task: &TaskRef) -> Result<Option<TaskSnapshot>, LedgerError> {
        let found = self.core.ledger.find(task).await?;
        Ok(found.map(|(task, ahead)| TaskSnapshot::of(&task, ahead)))
    }

    /// One task with its progress and its notices.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn details(&self, task: &TaskRef) -> Result<Option<TaskDetails>, LedgerError> {
        let Some((task, ahead)) = self.core.ledger.find(task).await? else { return Ok(None) };
        let notices = self.core.ledger.notices_of(&task.new.id).await?;
        let progress = self.progress(&task.new.id);
        Ok(Some(TaskDetails { task, ahead, progress, notices }))
    }

    /// What the attempt of a task does, when it runs in this process. No I/O.
    #[must_use]
    pub fn progress(&self, task: &TaskId) -> Option<Progress> {
        self.core.attempts.get(task).map(|attempt| attempt.progress())
    }

    /// Tasks, newest first.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn list(&self, filter: &TaskFilter) -> Result<Vec<Task>, LedgerError> {
        self.core.ledger.list(filter).await
    }

    /// Tasks in one line each, newest first; quick however much they have written.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn headlines(&self, filter: &TaskFilter) -> Result<Vec<Headline>, LedgerError> {
        self.core.ledger.headlines(filter).await
    }

    /// The result of a task that has ended.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn result(&self, task: &TaskRef) -> Result<ResultOf, LedgerError> {
        Ok(match self.core.ledger.find(task).await? {
            None => ResultOf::NotFound,
            Some((task, _)) if task.status().is_terminal() => ResultOf::Ended(task),
            Some((task, _)) => ResultOf::Unfinished(task),
        })
    }

    /// Runs the prompt of a task that has ended again, as a new task that says what it repeats.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails; nothing was accepted then.
    pub async fn retry(&self, task: &TaskRef, origin: Origin, inbound: Option<InboundId>) -> Result<Retried, LedgerError> {
        let Some((task, _)) = self.core.ledger.find(task).await? else { return Ok(Retried::NotFound) };
        if !task.status().is_terminal() {
            return Ok(Retried::Unfinished(task));
        }
        // Where nobody was called by name, as in a direct chat, nobody is when it is repeated.
        let direct = origin.channel == task.new.origin.channel && !task.new.manner.mention;
        let submission = Submission {
            prompt: task.new.prompt,
            origin,
            inbound,
            deliver_to: task.new.deliver_to,
            silent: task.new.manner.silent,
            private: task.new.manner.private,
            direct,
            settings: task.new.settings,
            retry_of: Some(task.number),
        };
        self.submit(submission).await.map(Retried::Submitted)
    }

    /// The task that a delivered message of this channel is about.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn task_of_message(
        &self,
        channel: &ChannelId,
        message: &crate::domain::id::MessageId,
    ) -> Result<Option<Task>, LedgerError> {
        self.core.ledger.find_by_message(channel, message).await
    }

    /// Accepts nothing from now on, and lets [`Manager::run`] drain and end, as when its soft token is cancelled.
    pub fn shutdown(&self) {
        self.core.closed.cancel();
    }

    /// The task whose thread this channel is.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn task_of_thread(&self, channel: &ChannelId) -> Result<Option<Task>, LedgerError> {
        self.core.ledger.find_by_thread(channel).await
    }

    /// What each channel gets.
    #[must_use]
    pub fn channels(&self) -> &Channels {
        &self.core.channels
    }

    /// In which language to speak to somebody whose own program speaks this one.
    #[must_use]
    pub fn language(&self, spoken: Language) -> Language {
        self.core.channels.language().unwrap_or(spoken)
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.core.limits
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &Arc<dyn Ledger> {
        &self.core.ledger
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    /// How many attempts run in this process.
    #[must_use]
    pub fn running_here(&self) -> usize {
        self.core.attempts.len()
    }
}

impl ManagerBuilder {
    /// Other limits than the default ones.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.core.limits = limits;
        self
    }

    /// Shows typing in the channels of running tasks, and lets what those channels get decide about them.
    #[must_use]
    pub fn with_notification(mut self, notification: Notification) -> Self {
        self.core.channels = notification.channels().clone();
        self.core.notification = Some(notification);
        self
    }

    /// Tells every transition to the user's own mirror of the tasks.
    #[must_use]
    pub fn with_projection(mut self, projection: Arc<dyn Projection>) -> Self {
        self.core.projection = ProjectionFeed::to(projection, &self.core.tracker);
        self
    }

    /// Counts into these metrics instead of its own.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Metrics) -> Self {
        self.core.metrics = metrics;
        self
    }

    /// The manager.
    #[must_use]
    pub fn build(self) -> Manager {
        Manager { core: Arc::new(self.core) }
    }
}

/// A worker's name for clocks whose ids cannot be one; still unique to this address space and moment.
fn unnamed_worker() -> WorkerId {
    let name = format!("worker-{:016x}", fastrand::u64(..));
    match WorkerId::parse(name) {
        Ok(worker) => worker,
        Err(_) => unreachable!("sixteen hexadecimal digits are a name"),
    }
}
