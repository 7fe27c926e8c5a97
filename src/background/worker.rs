//! The worker: takes tasks up while there are free places, keeps their leases, and drains at the end.
//!
//! It wakes by the ledger's hints and, because a hint can be lost, by a slow tick too. A failing store never ends
//! it: it goes on trying, and stops its own attempts before their leases could be given to somebody else.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::background::execution::{Attempt, Conclusion, Ended, StopReason};
use crate::background::leases::{LEASE, Leases, RENEWAL};
use crate::background::manager::{Core, Manager};
use crate::background::ports::{Finish, Lease, RunReport};
use crate::background::projection::snapshot;
use crate::domain::task::{State, Task};
use crate::domain::time::{elapsed, later};
use crate::domain::usage::Usage;

/// How often to look for work and for lost leases without a hint.
const TICK: Duration = Duration::from_secs(1);
/// How long attempts that were told to stop may take to record that.
const STOP_LIMIT: Duration = Duration::from_millis(1500);
/// How long to go on trying to record the end of an attempt.
const RECORD_LIMIT: Duration = Duration::from_hours(1);

/// What a drained worker leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Drained {
    /// Attempts that were handed back to the ledger, to be taken up at the next start.
    pub handed_back: usize,
}

impl Manager {
    /// Works until `soft` is cancelled or [`Manager::shutdown`] is called, then drains: nothing new is taken up, running
    /// attempts may finish within `drain` (or until `hard` is cancelled), the rest is handed back to the ledger. What is
    /// submitted after `soft` waits in the ledger for the next run; after [`Manager::shutdown`] it is refused.
    ///
    /// # Cancel safety
    /// Dropping the future leaves attempts running without anybody to renew their leases; use the tokens.
    pub async fn run(&self, soft: CancellationToken, hard: CancellationToken, drain: Duration) -> Drained {
        let worker = Worker { core: Arc::clone(&self.core), leases: Leases::new(Arc::clone(&self.core)) };
        tokio::select! {
            () = worker.leases.keep() => Drained { handed_back: 0 },
            drained = worker.serve(soft, hard, drain) => drained,
        }
    }
}

struct Worker {
    core: Arc<Core>,
    leases: Leases,
}

impl Worker {
    async fn serve(&self, soft: CancellationToken, hard: CancellationToken, drain: Duration) -> Drained {
        self.say_that_it_restarts(false);
        let work = self.core.ledger.hints().work;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // The tick's first turn is at once: what a crash left behind is taken back before anything new.
            tokio::select! {
                biased;
                () = soft.cancelled() => break,
                () = self.core.closed.cancelled() => break,
                _ = tick.tick() => {
                    self.recover().await;
                    self.claim().await;
                }
                () = work.notified() => self.claim().await,
            }
        }
        self.say_that_it_restarts(true);
        self.drain(&hard, drain).await
    }

    fn say_that_it_restarts(&self, restarting: bool) {
        if let Some(notification) = &self.core.notification {
            notification.set_restarting(restarting);
        }
    }

    /// Takes up as many tasks as there are free places.
    async fn claim(&self) {
        let core = &self.core;
        let free = core.limits.max_running.saturating_sub(core.attempts.len());
        if free == 0 {
            return;
        }
        let now = core.clock.now();
        let claim = core.ledger.claim(&core.worker, &core.limits, free, later(now, LEASE), now);
        match core.projection.ordered(claim, |tasks| tasks.iter().map(snapshot).collect()).await {
            Ok(tasks) => tasks.into_iter().for_each(|task| self.start(task)),
            Err(error) => tracing::warn!(error = %error.chain(), "no work can be taken up; trying again"),
        }
    }

    fn start(&self, task: Task) {
        let core = Arc::clone(&self.core);
        let lease = Lease { task: task.new.id.clone(), epoch: task.epoch };
        let attempt = Arc::new(Attempt::new(lease));
        let place = Place::take(&core, &attempt);
        core.metrics.started(task.waited());
        let span = tracing::info_span!("task.run", task.number = task.number.0, attempt = task.attempt);
        let run = async move {
            let usage = execute(&core, &attempt, &task).await;
            drop(place);
            core.metrics.ended(elapsed(task.started_at.unwrap_or(task.submitted_at), core.clock.now()), &usage);
        };
        self.core.tracker.spawn(run.instrument(span));
    }

    /// Takes back what dead workers held.
    async fn recover(&self) {
        let core = &self.core;
        // After the machine slept or its clock was set, our own leases look lost too. They are ours: renewed first.
        if !self.leases.are_fresh() {
            self.leases.renew().await;
        }
        let recover = core.ledger.recover(&core.limits, core.clock.now());
        match core.projection.ordered(recover, |tasks| tasks.iter().map(snapshot).collect()).await {
            Ok(tasks) => {
                for task in tasks {
                    let (number, status) = (task.number.0, task.status());
                    tracing::warn!(task.number = number, task.status = %status, attempt = task.attempt, "an interrupted task was taken back");
                }
            }
            Err(error) => tracing::warn!(error = %error.chain(), "interrupted tasks cannot be taken back; trying again"),
        }
    }

    async fn drain(&self, hard: &CancellationToken, drain: Duration) -> Drained {
        let running = self.core.attempts.len();
        tracing::info!(running, drain_s = drain.as_secs(), "draining: nothing new is taken up");
        let _stopped = hard.run_until_cancelled(tokio::time::timeout(drain, self.all_ended())).await;
        let left: Vec<_> = self.core.attempts.iter().map(|attempt| attempt.lease.clone()).collect();
        self.leases.stop(&left, StopReason::Shutdown);
        if tokio::time::timeout(STOP_LIMIT, self.all_ended()).await.is_err() {
            tracing::error!(left = self.core.attempts.len(), "attempts did not stop; their leases will run out");
        }
        Drained { handed_back: left.len() }
    }

    async fn all_ended(&self) {
        loop {
            let Some(attempt) = self.core.attempts.iter().next().map(|attempt| Arc::clone(&attempt)) else { return };
            attempt.ended.cancelled().await;
        }
    }
}

/// The place of an attempt among those that run here. Giving it up, also by a panic, lets the next task start, and the
/// lease of an attempt that could not say how it ended run out.
struct Place {
    core: Arc<Core>,
    attempt: Arc<Attempt>,
}

impl Place {
    fn take(core: &Arc<Core>, attempt: &Arc<Attempt>) -> Self {
        let before = core.attempts.insert(attempt.lease.task.clone(), Arc::clone(attempt));
        // It lost its lease without having heard of it yet.
        if let Some(before) = before {
            before.stop(StopReason::LeaseLost);
        }
        Self { core: Arc::clone(core), attempt: Arc::clone(attempt) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A later attempt of the same task may stand there by now.
        self.core.attempts.remove_if(&self.attempt.lease.task, |_, attempt| Arc::ptr_eq(attempt, &self.attempt));
        self.attempt.ended.cancel();
        self.core.ledger.hints().work.notify_one();
    }
}

/// Runs an attempt and records its end; returns what it used.
async fn execute(core: &Core, attempt: &Arc<Attempt>, task: &Task) -> Usage {
    let channel = task.new.origin.channel.as_ref();
    let typing = core.notification.as_ref().zip(channel).map(|(notification, channel)| notification.start_typing(channel));
    let limit = task.new.settings.timeout.unwrap_or(core.limits.timeout);
    tracing::info!("attempt started");
    let whole = match channel {
        Some(channel) => core.channels.whole(channel).await,
        None => None,
    };
    let ended = attempt.run(core.runner.as_ref(), task, whole, limit).await;
    attempt.fall_silent();
    // Typing ends before the end is durable, so no pulse can follow the result into the channel; a draft neither.
    drop(typing);
    record(core, attempt, &ended).await;
    ended.usage
}

/// Records the end of an attempt, trying again and again: an answer that was paid for must not be lost to a full disk.
/// The fence refuses it if the task was taken over meanwhile, and the limit of the drain ends it at a stop.
async fn record(core: &Core, attempt: &Attempt, ended: &Ended) {
    let Ended { conclusion, usage, report } = ended;
    let mut pause = Duration::from_millis(50);
    let deadline = Instant::now() + RECORD_LIMIT;
    loop {
        let now = core.clock.now();
        let recorded = match conclusion {
            Conclusion::Abandon => {
                tracing::warn!("the lease was lost; this attempt's end is not recorded");
                return;
            }
            Conclusion::Finish(outcome) => {
                let finish = core.ledger.finish(&attempt.lease, outcome.clone(), *usage, now);
                core.projection.ordered(finish, moved).await
            }
            Conclusion::Release => core.projection.ordered(core.ledger.release(&attempt.lease, *usage, now), moved).await,
        };
        match recorded {
            Ok(Finish::Recorded(task)) => {
                log_end(&task, elapsed(task.started_at.unwrap_or(now), now), usage, report);
                return;
            }
            Ok(Finish::Stale) => {
                tracing::warn!("the task was taken over; this attempt's end is not recorded");
                return;
            }
            Err(error) if Instant::now() < deadline => {
                tracing::warn!(error = %error.chain(), "the end of an attempt is not recorded yet; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RENEWAL);
            }
            Err(error) => {
                tracing::error!(error = %error.chain(), "the end of an attempt could not be recorded; it will be run again");
                return;
            }
        }
    }
}

/// The one line about each attempt that ended.
fn log_end(task: &Task, ran: Duration, usage: &Usage, report: &RunReport) {
    let (elapsed_ms, run_ms) = (ran.as_millis(), report.duration.as_millis());
    let error_code = task.failure().map(|failure| failure.code.as_str());
    let RunReport { model, calls, fault, .. } = report;
    let fault = fault.as_ref();
    tracing::info!(
        task.status = %task.status(), elapsed_ms, run_ms, tokens = usage.total(), model, calls, error_code,
        provider.status = fault.and_then(|fault| fault.status),
        provider.code = fault.map(|fault| fault.code.as_str()),
        provider.request_id = fault.and_then(|fault| fault.request_id.as_deref()),
        provider.retryable = fault.map(|fault| fault.retryable),
        "attempt ended"
    );
}

fn moved(finish: &Finish) -> Vec<crate::domain::snapshot::TaskSnapshot> {
    match finish {
        Finish::Recorded(task) if !matches!(task.state, State::Running { .. }) => vec![snapshot(task)],
        _ => Vec::new(),
    }
}
