//! The time of day as the simulated platforms have it.
//!
//! The servers stand for machines elsewhere, with clocks of their own, so they do not ask the clock of the program
//! they are used to check. Durations (typing, polls, rate limits) are measured on tokio's clock instead.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "this is the platforms' clock, not the program's")]
pub(in crate::simulator) fn unix_millis() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

/// Seconds since 1970.
pub(in crate::simulator) fn unix_seconds() -> i64 {
    unix_millis() / 1000
}
