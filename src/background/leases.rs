//! The leases of the attempts that run in this process: renewed while the store takes that, given up before they end.
//!
//! A lease ends by the clock on the wall, which may jump, and a renewal may hang with its disk. So it is remembered by
//! both clocks when the store last took one, and no answer is waited for beyond the time in which it would be of use.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use crate::background::execution::StopReason;
use crate::background::manager::Core;
use crate::background::ports::Lease;
use crate::domain::time::{Timestamp, elapsed, later};

/// How long a claim holds without being renewed.
pub(crate) const LEASE: Duration = Duration::from_secs(30);
/// How often leases are renewed; also how long a cancel from another process takes at most.
pub(crate) const RENEWAL: Duration = Duration::from_secs(2);
/// Without a renewal for so long, attempts are stopped: well before their leases end.
const IN_DANGER: Duration = Duration::from_secs(20);

/// Keeps the leases of one process.
pub(crate) struct Leases {
    core: Arc<Core>,
    /// When the store last took a renewal, or nothing ran.
    renewed: Mutex<(Instant, Timestamp)>,
}

impl Leases {
    /// Of a process that has claimed nothing yet.
    pub(crate) fn new(core: Arc<Core>) -> Self {
        let renewed = Mutex::new((Instant::now(), core.clock.now()));
        Self { core, renewed }
    }

    /// Renews the leases of whatever runs here, for ever.
    pub(crate) async fn keep(&self) {
        let mut tick = interval(RENEWAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.renew().await;
        }
    }

    /// Whether the last renewal was so recently, by the clock on the wall, that nothing here can have run out.
    pub(crate) fn are_fresh(&self) -> bool {
        elapsed(self.renewed().1, self.core.clock.now()) < IN_DANGER
    }

    /// Renews all leases once, and stops the attempts that are to be cancelled or have lost theirs.
    pub(crate) async fn renew(&self) {
        let now = (Instant::now(), self.core.clock.now());
        let leases: Vec<Lease> = self.core.attempts.iter().map(|attempt| attempt.lease.clone()).collect();
        if leases.is_empty() {
            self.set_renewed(now);
            return;
        }
        let deadline = (self.renewed().0 + IN_DANGER).max(now.0 + RENEWAL);
        let renewal = self.core.ledger.renew(&leases, later(now.1, LEASE), now.1);
        let error = match timeout_at(deadline, renewal).await {
            Ok(Ok(renewal)) => {
                self.set_renewed(now);
                self.stop(leases.iter().filter(|lease| renewal.cancelled.contains(&lease.task)), StopReason::Cancelled);
                self.stop(leases.iter().filter(|lease| renewal.lost.contains(&lease.task)), StopReason::LeaseLost);
                return;
            }
            Ok(Err(error)) => error.chain(),
            Err(_elapsed) => "the store does not answer".to_owned(),
        };
        tracing::warn!(%error, "leases are not renewed; trying again");
        if self.renewed().0.elapsed() >= IN_DANGER {
            self.stop(&leases, StopReason::LeaseLost);
        }
    }

    /// Stops the attempts that run here on these leases. What is said of a lease does not concern a later one of the same
    /// task.
    pub(crate) fn stop<'l>(&self, leases: impl IntoIterator<Item = &'l Lease>, reason: StopReason) {
        for lease in leases {
            if let Some(attempt) = self.core.attempts.get(&lease.task).filter(|attempt| attempt.lease == *lease) {
                attempt.stop(reason);
            }
        }
    }

    fn renewed(&self) -> (Instant, Timestamp) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_renewed(&self, now: (Instant, Timestamp)) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}
