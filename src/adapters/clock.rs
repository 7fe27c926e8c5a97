//! The machine's clock, and ids that sort by time: the one place where either is read.

use uuid::Uuid;

use crate::background::ports::Clock;
use crate::domain::id::TaskId;
use crate::domain::time::{Timestamp, from_millis};

/// The system's time in whole milliseconds, and `UUIDv7` ids.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let now = chrono::Utc::now();
        from_millis(now.timestamp_millis()).unwrap_or(now)
    }

    fn new_id(&self) -> TaskId {
        #[expect(clippy::disallowed_methods, reason = "this is where ids are made")]
        let id = Uuid::now_v7().to_string();
        match TaskId::parse(id) {
            Ok(id) => id,
            Err(_) => unreachable!("a UUID is a task id"),
        }
    }
}
