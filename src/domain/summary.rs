//! Counts of tasks by status, as the monitor and the metrics show them.

use serde::{Deserialize, Serialize};

use crate::domain::status::Status;
use crate::domain::time::Timestamp;

/// How many tasks stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonitorSummary {
    /// All tasks kept.
    pub total: u64,
    /// Waiting.
    pub pending: u64,
    /// Running.
    pub running: u64,
    /// Ended with a result.
    pub done: u64,
    /// Ended without one.
    pub failed: u64,
    /// Cancelled.
    pub cancelled: u64,
    /// When the oldest waiting task was accepted.
    pub oldest_pending_at: Option<Timestamp>,
    /// Notices still to be delivered.
    pub notices_owed: u64,
    /// Notices no platform will take.
    pub notices_undeliverable: u64,
}

impl MonitorSummary {
    /// Tasks that are pending or running.
    #[must_use]
    pub const fn active(&self) -> u64 {
        self.pending + self.running
    }

    /// The count of one status.
    #[must_use]
    pub const fn of(&self, status: Status) -> u64 {
        match status {
            Status::Pending => self.pending,
            Status::Running => self.running,
            Status::Done => self.done,
            Status::Failed => self.failed,
            Status::Cancelled => self.cancelled,
        }
    }
}
