//! Instants and spans as the domain sees them: values that are passed in, never read from a clock here.

use std::time::Duration;

/// An instant in UTC, in whole milliseconds: the ledger keeps no more, and every [`Clock`](crate::background::ports::Clock)
/// gives no more.
pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// The time from `from` to `to`, or zero when the clock went backwards in between.
#[must_use]
pub fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    (to - from).to_std().unwrap_or(Duration::ZERO)
}

/// `at` moved `by` into the future; far beyond any calendar it stays where it is.
#[must_use]
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    chrono::Duration::from_std(by).ok().and_then(|by| at.checked_add_signed(by)).unwrap_or(at)
}

/// `at` moved `by` into the past; far beyond any calendar it stays where it is.
#[must_use]
pub fn earlier(at: Timestamp, by: Duration) -> Timestamp {
    chrono::Duration::from_std(by).ok().and_then(|by| at.checked_sub_signed(by)).unwrap_or(at)
}

/// Milliseconds since the epoch, as the stores keep instants.
#[must_use]
pub fn to_millis(at: Timestamp) -> i64 {
    at.timestamp_millis()
}

/// The instant of so many milliseconds since the epoch; `None` beyond the calendar.
#[must_use]
pub fn from_millis(millis: i64) -> Option<Timestamp> {
    chrono::DateTime::from_timestamp_millis(millis)
}
