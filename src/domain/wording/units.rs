//! Times and counts as people read them.

use std::time::Duration;

use crate::domain::usage::Usage;

/// A span of time: `2.1 s`, `48 s`, `12 min 3 s`, `2 h 5 min`.
#[must_use]
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..10 => format!("{}.{} s", seconds, span.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A count of tokens: `812 tokens`, `2.1k tokens`, with `~` when it is an estimate.
#[must_use]
pub fn tokens(usage: &Usage) -> String {
    let total = usage.total();
    let mark = if usage.estimated { "~" } else { "" };
    match total {
        1 => format!("{mark}1 token"),
        0..1000 => format!("{mark}{total} tokens"),
        1000..1_000_000 => format!("{mark}{}.{}k tokens", total / 1000, total % 1000 / 100),
        _ => format!("{mark}{}.{}M tokens", total / 1_000_000, total % 1_000_000 / 100_000),
    }
}

/// `singular` for one, `plural` otherwise, with the count.
pub(super) fn counted(count: usize, singular: &str, plural: &str) -> String {
    if count == 1 { format!("1 {singular}") } else { format!("{count} {plural}") }
}
