//! The life of one attempt: run against its time limit and its token, then say how it ended, exactly once.
//!
//! Whatever the runner does (return, hang, panic, ignore its token) the attempt ends, its place is freed and the end
//! is recorded. There is one way to every end: [`Attempt::conclude`].

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::background::ports::{AgentRunner, Lease, Progress, ProgressSink, RunControl, RunOutcome, RunReport, RunRequest};
use crate::domain::channel::ChannelId;
use crate::domain::draft::Draft;
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::language::Language;
use crate::domain::task::{Outcome, Task};
use crate::domain::usage::Usage;
use crate::domain::wording::duration;

/// How long a runner may take to return after its token is cancelled, before its future is dropped.
const GRACE: Duration = Duration::from_millis(500);

/// Longer time limits mean none.
const FOREVER: Duration = Duration::from_hours(24 * 365);

/// Why an attempt was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// A person or the operator cancelled it; the ledger knows who.
    Cancelled,
    /// Its time is up.
    TimedOut,
    /// The process stops.
    Shutdown,
    /// Somebody else holds the task now.
    LeaseLost,
}

/// How an attempt concluded: what the ledger is to be told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Conclusion {
    /// It ended like this.
    Finish(Outcome),
    /// Hand the task back.
    Release,
    /// Say nothing: it is somebody else's.
    Abandon,
}

/// An attempt whose run is over.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) conclusion: Conclusion,
    /// What it used.
    pub(crate) usage: Usage,
    /// How it came about, as far as the runner said.
    pub(crate) report: RunReport,
}

/// An attempt that runs in this process.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) lease: Lease,
    /// Cancelled to make the runner stop.
    cancel: CancellationToken,
    /// The first reason to stop wins.
    reason: OnceLock<StopReason>,
    progress: Mutex<Progress>,
    /// Set when the run is over: what it was writing is not to be shown any more.
    silent: AtomicBool,
    /// Cancelled when the end is recorded.
    pub(crate) ended: CancellationToken,
}

impl Attempt {
    pub(crate) fn new(lease: Lease) -> Self {
        Self {
            lease,
            cancel: CancellationToken::new(),
            reason: OnceLock::new(),
            progress: Mutex::default(),
            silent: AtomicBool::new(false),
            ended: CancellationToken::new(),
        }
    }

    /// Tells the runner to stop; the first reason given is the one that counts.
    pub(crate) fn stop(&self, reason: StopReason) {
        self.reason.get_or_init(|| reason);
        self.cancel.cancel();
    }

    /// What the runner last reported.
    pub(crate) fn progress(&self) -> Progress {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the draft: from now on nothing shows what the run was writing.
    pub(crate) fn fall_silent(&self) {
        self.silent.store(true, Ordering::SeqCst);
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).text = Draft::default();
    }

    /// Runs the task to the end of this attempt.
    /// `whole` is the channel that the task's channel is a part of.
    pub(crate) async fn run(
        self: &Arc<Self>,
        runner: &dyn AgentRunner,
        task: &Task,
        whole: Option<ChannelId>,
        limit: Duration,
    ) -> Ended {
        // Far beyond any calendar, an instant cannot be computed.
        let deadline = Instant::now() + limit.min(FOREVER);
        let request = RunRequest {
            task: task.new.id.clone(),
            attempt: task.attempt,
            origin: task.new.origin.clone(),
            whole,
            prompt: task.new.prompt.clone(),
            settings: task.new.settings.clone(),
        };
        let progress: Arc<dyn ProgressSink> = Arc::clone(self) as _;
        let control = RunControl { cancel: self.cancel.clone(), deadline, progress };
        let running = AssertUnwindSafe(async move { runner.run(request, control).await }).catch_unwind();
        tokio::pin!(running);

        let ended = tokio::select! {
            ended = &mut running => Some(ended),
            () = tokio::time::sleep_until(deadline) => { self.stop(StopReason::TimedOut); None }
            () = self.cancel.cancelled() => None,
        };
        let ended = match ended {
            Some(ended) => Some(ended),
            None => tokio::time::timeout(GRACE, running).await.ok(),
        };
        match ended {
            Some(Ok(RunOutcome { outcome, usage, report })) => {
                Ended { conclusion: self.conclude(Some(outcome), limit), usage, report }
            }
            Some(Err(_panic)) => {
                tracing::error!(task.number = task.number.0, attempt = task.attempt, "the runner panicked");
                let failure = Failure::new(FailureCode::Internal, "the runner broke; the operator finds more in the log");
                self.ended_without_a_word(Some(Outcome::Failed { failure, partial: String::new() }), limit)
            }
            None => self.ended_without_a_word(None, limit),
        }
    }

    /// The end of a run whose runner could not say how it ended.
    fn ended_without_a_word(&self, outcome: Option<Outcome>, limit: Duration) -> Ended {
        Ended { conclusion: self.conclude(outcome, limit), usage: self.progress().usage, report: RunReport::default() }
    }

    /// What to tell the ledger. `outcome` is none when the runner had to be dropped. A whole result wins over every
    /// reason to stop but a lost lease.
    fn conclude(&self, outcome: Option<Outcome>, limit: Duration) -> Conclusion {
        let reason = self.reason.get().copied();
        let outcome = outcome.unwrap_or(Outcome::Cancelled { partial: String::new() });
        match (outcome, reason) {
            (_, Some(StopReason::LeaseLost)) => Conclusion::Abandon,
            (Outcome::Done { result }, _) if result.trim().is_empty() => {
                let failure = Failure::new(FailureCode::Empty, "the answer was empty");
                Conclusion::Finish(Outcome::Failed { failure, partial: String::new() })
            }
            (done @ Outcome::Done { .. }, _) => Conclusion::Finish(done),
            (Outcome::Cancelled { partial } | Outcome::Failed { partial, .. }, Some(StopReason::TimedOut)) => {
                let failure =
                    Failure::new(FailureCode::TimedOut, format!("it used up its time of {}", duration(Language::En, limit)));
                Conclusion::Finish(Outcome::Failed { failure, partial })
            }
            (Outcome::Cancelled { .. }, Some(StopReason::Shutdown)) => Conclusion::Release,
            (Outcome::Cancelled { partial } | Outcome::Failed { partial, .. }, Some(StopReason::Cancelled)) => {
                Conclusion::Finish(Outcome::Cancelled { partial })
            }
            (failed @ Outcome::Failed { .. }, _) => Conclusion::Finish(failed),
            (Outcome::Cancelled { partial }, None) => {
                let failure = Failure::new(FailureCode::Internal, "the runner stopped by itself");
                Conclusion::Finish(Outcome::Failed { failure, partial })
            }
        }
    }
}

impl ProgressSink for Attempt {
    fn report(&self, progress: Progress) {
        let mut newest = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        *newest = progress;
        if self.silent.load(Ordering::SeqCst) {
            newest.text = Draft::default();
        }
    }
}
