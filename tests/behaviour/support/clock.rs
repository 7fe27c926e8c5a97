//! A clock that follows tokio's, so that it stands still when that is paused.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use legwork::background::ports::Clock;
use legwork::domain::id::TaskId;
use legwork::domain::time::{Timestamp, from_millis, later};
use tokio::time::Instant;

/// Starts at the same moment in every test and goes on with tokio's clock; ids are counted.
pub struct TestClock {
    started: Instant,
    ids: AtomicU64,
}

impl TestClock {
    pub fn new() -> Self {
        Self { started: Instant::now(), ids: AtomicU64::new(0) }
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap();
        later(from_millis(1_790_000_000_000).unwrap(), Duration::from_millis(millis))
    }

    fn new_id(&self) -> TaskId {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        TaskId::parse(format!("id-{id:06}")).unwrap()
    }
}
