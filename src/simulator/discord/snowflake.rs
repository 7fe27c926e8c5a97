//! Discord's ids carry the time at which they were made, and bots read it there; so the simulator needs the wall clock,
//! here and nowhere else.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat};

/// The first second of 2015, from which snowflakes count.
const EPOCH_MILLIS: u64 = 1_420_070_400_000;
const TIME_SHIFT: u32 = 22;

/// Makes ids: unique, ascending, and never older than the moment they are made.
#[derive(Debug, Default)]
pub(super) struct Snowflakes {
    last: u64,
}

impl Snowflakes {
    pub(super) fn next(&mut self) -> u64 {
        let now = unix_millis().saturating_sub(EPOCH_MILLIS) << TIME_SHIFT;
        self.last = now.max(self.last + 1);
        self.last
    }
}

/// When this id was made, in milliseconds since 1970.
pub(super) fn millis_of(id: u64) -> u64 {
    (id >> TIME_SHIFT) + EPOCH_MILLIS
}

/// A moment as Discord writes it.
pub(super) fn timestamp(unix_millis: u64) -> String {
    let millis = i64::try_from(unix_millis).unwrap_or(i64::MAX);
    DateTime::from_timestamp_millis(millis).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Micros, false)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a snowflake is made of the wall clock; there is no Clock port on a server we imitate"
)]
pub(super) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Snowflakes, millis_of, timestamp, unix_millis};

    #[test]
    fn ids_ascend_and_tell_their_time() {
        let mut ids = Snowflakes::default();
        let before = unix_millis();
        let made: Vec<u64> = (0..1000).map(|_| ids.next()).collect();
        assert!(made.is_sorted_by(|left, right| left < right));
        assert!(millis_of(made[0]) >= before);
    }

    #[test]
    fn timestamps_are_written_as_discord_does() {
        assert_eq!(timestamp(1_420_070_400_123), "2015-01-01T00:00:00.123000+00:00");
    }
}
