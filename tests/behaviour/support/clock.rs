//! A clock that follows tokio's, so that it stands still when that is paused.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use legwork::background::ports::Clock;
use legwork::domain::id::TaskId;
use legwork::domain::time::{Timestamp, from_millis, later};
use tokio::time::Instant;

/// Ids of all clocks, so that two of them can give names on one ledger, as before and after a restart.
static IDS: AtomicU64 = AtomicU64::new(0);

/// Starts at the same moment in every test and goes on with tokio's clock; ids are counted.
pub struct TestClock {
    started: Instant,
}

impl TestClock {
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap();
        later(from_millis(1_790_000_000_000).unwrap(), Duration::from_millis(millis))
    }

    fn new_id(&self) -> TaskId {
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        TaskId::parse(format!("id-{id:06}")).unwrap()
    }
}
