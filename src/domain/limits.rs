//! How much is too much: what may run at once, and what may wait.

use std::time::Duration;

/// Bounds on tasks. Running and waiting are two different limits: beyond the first a task queues, beyond the second
/// it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Tasks running at once in this process.
    pub max_running: usize,
    /// Tasks of one person running at once.
    pub max_running_per_person: usize,
    /// Tasks of one channel running at once.
    pub max_running_per_channel: usize,
    /// Tasks waiting in all.
    pub max_queued: usize,
    /// Tasks of one person waiting.
    pub max_queued_per_person: usize,
    /// Active time of one attempt.
    pub timeout: Duration,
    /// Attempts of one task, when crashes interrupt it.
    pub max_attempts: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_running: 10,
            max_running_per_person: 2,
            max_running_per_channel: 4,
            max_queued: 200,
            max_queued_per_person: 20,
            timeout: Duration::from_mins(30),
            max_attempts: 3,
        }
    }
}
