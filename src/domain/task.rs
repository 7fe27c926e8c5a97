//! A task and the one function that changes it.
//!
//! [`Task::apply`] is total: every event on every state either gives a [`Transition`] or is [`Refused`], and no other
//! code changes a state. So `done` cannot become `cancelled`, a late worker cannot overwrite anything, and every
//! ledger behaves alike because all of them call it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::id::{Epoch, InboundId, TaskId, TaskNumber, WorkerId};
use crate::domain::notice::Events;
use crate::domain::origin::Origin;
use crate::domain::preferences::Manner;
use crate::domain::prompt::Prompt;
use crate::domain::status::Status;
use crate::domain::time::{Timestamp, elapsed};
use crate::domain::usage::{Progress, Usage};

/// What is fixed when a task is accepted and never changes afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// The canonical id.
    pub id: TaskId,
    /// The inbound message that asked, unique in the ledger; none for library use.
    pub inbound: Option<InboundId>,
    /// What is asked.
    pub prompt: Prompt,
    /// Where it came from.
    pub origin: Origin,
    /// Further channels that hear what the origin hears.
    pub deliver_to: Vec<ChannelId>,
    /// Which notices those channels hear.
    pub events: Events,
    /// How those notices go out.
    pub manner: Manner,
    /// What the person asked of the run.
    pub settings: RunSettings,
    /// The task this one repeats.
    pub retry_of: Option<TaskNumber>,
}

/// What a person may choose for one run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSettings {
    /// The model to ask instead of the configured one.
    pub model: Option<String>,
    /// Active time of one attempt instead of the configured one.
    pub timeout: Option<Duration>,
}

/// One prompt handed over, from accepted to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// What was fixed at acceptance.
    pub new: NewTask,
    /// The short number people type.
    pub number: TaskNumber,
    /// Its turn in the fair order of the queue.
    pub turn: u64,
    /// When it was accepted.
    pub submitted_at: Timestamp,
    /// Attempts started so far, those handed back by a graceful stop not counted.
    pub attempt: u32,
    /// The fence of the newest attempt.
    pub epoch: Epoch,
    /// When the newest attempt started.
    pub started_at: Option<Timestamp>,
    /// What all attempts used.
    pub usage: Usage,
    /// Where it stands.
    pub state: State,
}

/// Where a task stands, with what exists only there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Waiting for a place.
    Pending,
    /// An attempt holds the lease.
    Running {
        /// The process that holds it.
        worker: WorkerId,
        /// Until when, unless renewed.
        lease_until: Timestamp,
        /// Set when somebody asked to cancel; the attempt then ends as soon as it sees that.
        cancel_by: Option<CancelledBy>,
    },
    /// Ended with a result.
    Done {
        /// The whole answer.
        result: String,
        /// When it ended.
        completed_at: Timestamp,
    },
    /// Ended without one.
    Failed {
        /// Why.
        failure: Failure,
        /// What the model had written by then; may be empty.
        partial: String,
        /// When it ended.
        completed_at: Timestamp,
    },
    /// Ended because somebody asked for that.
    Cancelled {
        /// Who.
        by: CancelledBy,
        /// What the model had written by then; may be empty.
        partial: String,
        /// When it ended.
        completed_at: Timestamp,
    },
}

/// Who cancelled a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelledBy {
    /// A person in a chat.
    Person(PersonId),
    /// The operator, through the API or the library.
    Operator,
}

/// How an attempt ended, as its worker reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With the whole answer.
    Done {
        /// The answer, never empty.
        result: String,
    },
    /// Without one.
    Failed {
        /// Why.
        failure: Failure,
        /// What the model had written by then; may be empty.
        partial: String,
    },
    /// It saw the cancel and stopped.
    Cancelled {
        /// What the model had written by then; may be empty.
        partial: String,
    },
}

/// What can happen to a task after its acceptance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A worker takes it up.
    Claimed {
        /// The worker.
        worker: WorkerId,
        /// How long it holds the lease unless it renews it.
        lease_until: Timestamp,
    },
    /// The worker of attempt `epoch` is still alive.
    Renewed {
        /// The attempt.
        epoch: Epoch,
        /// The new end of the lease.
        lease_until: Timestamp,
    },
    /// Somebody asks to cancel it.
    CancelRequested {
        /// Who.
        by: CancelledBy,
    },
    /// Attempt `epoch` ended.
    Finished {
        /// The attempt.
        epoch: Epoch,
        /// How.
        outcome: Outcome,
        /// What it used.
        usage: Usage,
    },
    /// Attempt `epoch` hands the task back, because its process stops gracefully.
    Released {
        /// The attempt.
        epoch: Epoch,
        /// What it had used.
        usage: Usage,
    },
    /// The lease ran out, or its process is known to be gone.
    LeaseLost {
        /// Attempts after which the task is given up.
        max_attempts: u32,
    },
}

/// What an event did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// Pending to running.
    Started,
    /// The lease was renewed; `cancel` says whether the attempt should stop.
    Renewed {
        /// Whether somebody asked to cancel.
        cancel: bool,
    },
    /// A running task will be cancelled by its worker.
    CancelNoted,
    /// Running to pending: another attempt will follow.
    Requeued,
    /// To a final state.
    Ended,
}

/// Why an event did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The task has already ended.
    #[error("the task has already ended as {0}")]
    AlreadyFinished(Status),
    /// The event is of an attempt that no longer holds the lease.
    #[error("the attempt no longer holds the lease")]
    Stale,
    /// Only a pending task can be claimed.
    #[error("the task is not pending")]
    NotPending,
}

impl Task {
    /// A task as acceptance makes it; `turn` comes from [`queue::turn`](crate::domain::queue::turn).
    #[must_use]
    pub fn accepted(new: NewTask, number: TaskNumber, turn: u64, now: Timestamp) -> Self {
        Self {
            new,
            number,
            turn,
            submitted_at: now,
            attempt: 0,
            epoch: Epoch::default(),
            started_at: None,
            usage: Usage::default(),
            state: State::Pending,
        }
    }

    /// Its status.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self.state {
            State::Pending => Status::Pending,
            State::Running { .. } => Status::Running,
            State::Done { .. } => Status::Done,
            State::Failed { .. } => Status::Failed,
            State::Cancelled { .. } => Status::Cancelled,
        }
    }

    /// How long it waited until it started. None when it was interrupted since: only its newest start is known then.
    #[must_use]
    pub fn waited(&self) -> Option<Duration> {
        self.started_at.filter(|_| self.epoch == Epoch(1)).map(|started| elapsed(self.submitted_at, started))
    }

    /// What all its attempts have used, with what the one that runs has reported.
    #[must_use]
    pub fn used(&self, progress: Option<&Progress>) -> Usage {
        let mut used = self.usage;
        if let Some(progress) = progress {
            used.add(&progress.usage);
        }
        used
    }

    /// When it ended, if it has.
    #[must_use]
    pub const fn completed_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Pending | State::Running { .. } => None,
            State::Done { completed_at, .. } | State::Failed { completed_at, .. } | State::Cancelled { completed_at, .. } => {
                Some(completed_at)
            }
        }
    }

    /// The answer, or what there is of it; none when nothing was written.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        let text = match &self.state {
            State::Pending | State::Running { .. } => return None,
            State::Done { result, .. } => result,
            State::Failed { partial, .. } | State::Cancelled { partial, .. } => partial,
        };
        Some(text.as_str()).filter(|text| !text.is_empty())
    }

    /// Why it failed, if it has.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        match &self.state {
            State::Failed { failure, .. } => Some(failure),
            _ => None,
        }
    }

    /// Lets an event happen, or says why it cannot. On an error nothing has changed.
    ///
    /// # Errors
    /// [`Refused`], with the reason.
    pub fn apply(&mut self, event: Event, now: Timestamp) -> Result<Transition, Refused> {
        if self.status().is_terminal() {
            return Err(Refused::AlreadyFinished(self.status()));
        }
        match event {
            Event::Claimed { worker, lease_until } => self.claim(worker, lease_until, now),
            Event::Renewed { epoch, lease_until: until } => {
                let (lease_until, cancel_by) = self.held_by(epoch)?;
                *lease_until = until;
                Ok(Transition::Renewed { cancel: cancel_by.is_some() })
            }
            Event::CancelRequested { by } => Ok(self.request_cancel(by, now)),
            Event::Finished { epoch, outcome, usage } => {
                let (_, cancel_by) = self.held_by(epoch)?;
                let by = cancel_by.take().unwrap_or(CancelledBy::Operator);
                self.usage.add(&usage);
                self.state = match outcome {
                    Outcome::Done { result } => State::Done { result, completed_at: now },
                    Outcome::Failed { failure, partial } => State::Failed { failure, partial, completed_at: now },
                    Outcome::Cancelled { partial } => State::Cancelled { by, partial, completed_at: now },
                };
                Ok(Transition::Ended)
            }
            Event::Released { epoch, usage } => {
                self.held_by(epoch)?;
                self.usage.add(&usage);
                let attempts_before = self.attempt.saturating_sub(1);
                let transition = self.give_up_attempt(None, now);
                if transition == Transition::Requeued {
                    self.attempt = attempts_before;
                }
                Ok(transition)
            }
            Event::LeaseLost { max_attempts } => match self.state {
                State::Running { .. } => Ok(self.give_up_attempt(Some(max_attempts), now)),
                _ => Err(Refused::Stale),
            },
        }
    }

    fn claim(&mut self, worker: WorkerId, lease_until: Timestamp, now: Timestamp) -> Result<Transition, Refused> {
        if self.state != State::Pending {
            return Err(Refused::NotPending);
        }
        self.attempt = self.attempt.saturating_add(1);
        self.epoch = Epoch(self.epoch.0.saturating_add(1));
        self.started_at = Some(now);
        self.state = State::Running { worker, lease_until, cancel_by: None };
        Ok(Transition::Started)
    }

    fn request_cancel(&mut self, who: CancelledBy, now: Timestamp) -> Transition {
        if let State::Running { cancel_by, .. } = &mut self.state {
            // The first who asked is the one the notice names.
            cancel_by.get_or_insert(who);
            return Transition::CancelNoted;
        }
        self.state = State::Cancelled { by: who, partial: String::new(), completed_at: now };
        Transition::Ended
    }

    /// The lease of attempt `epoch`, if that attempt still holds it.
    fn held_by(&mut self, epoch: Epoch) -> Result<(&mut Timestamp, &mut Option<CancelledBy>), Refused> {
        match &mut self.state {
            State::Running { lease_until, cancel_by, .. } if self.epoch == epoch => Ok((lease_until, cancel_by)),
            _ => Err(Refused::Stale),
        }
    }

    /// Ends a running attempt that brought nothing: cancelled if that was asked for, failed when all attempts are
    /// used up (`max_attempts`, none for a graceful hand-back), else pending again.
    fn give_up_attempt(&mut self, max_attempts: Option<u32>, now: Timestamp) -> Transition {
        let cancel_by = match &mut self.state {
            State::Running { cancel_by, .. } => cancel_by.take(),
            _ => None,
        };
        if let Some(by) = cancel_by {
            self.state = State::Cancelled { by, partial: String::new(), completed_at: now };
            Transition::Ended
        } else if max_attempts.is_some_and(|max| self.attempt >= max) {
            let times = if self.attempt == 1 { String::new() } else { format!(", {} times in all", self.attempt) };
            let message = format!("the server stopped while it ran{times}");
            let failure = Failure::new(FailureCode::Interrupted, message);
            self.state = State::Failed { failure, partial: String::new(), completed_at: now };
            Transition::Ended
        } else {
            self.state = State::Pending;
            Transition::Requeued
        }
    }
}
