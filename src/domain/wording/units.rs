//! Times, counts, states and phases as people read them.

use std::time::Duration;

use crate::domain::language::Language;
use crate::domain::status::Status;
use crate::domain::time::{Timestamp, elapsed};
use crate::domain::usage::Usage;
use crate::domain::wording::sentence::{say, sentence};

/// A span of time: `2.1 s`, `48 s`, `12 min 3 s`, `2 h 5 min`.
#[must_use]
pub fn duration(language: Language, span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..10 => {
            let tenths = span.subsec_millis() / 100;
            sentence(language, "duration-tenths").with("seconds", seconds).with("tenths", tenths).text()
        }
        10..60 => sentence(language, "duration-seconds").with("seconds", seconds).text(),
        60..3600 => sentence(language, "duration-minutes").with("minutes", seconds / 60).with("seconds", seconds % 60).text(),
        _ => {
            let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60);
            sentence(language, "duration-hours").with("hours", hours).with("minutes", minutes).text()
        }
    }
}

/// A count of tokens: `812 tokens`, `2.1k tokens`, with `~` when it is an estimate.
#[must_use]
pub fn tokens(language: Language, usage: &Usage) -> String {
    let total = usage.total();
    let rounded =
        |key, unit: u64| sentence(language, key).with("whole", total / unit).with("tenths", total % unit / (unit / 10)).text();
    let amount = match total {
        0..1000 => sentence(language, "tokens").counting("count", usize::try_from(total).unwrap_or(usize::MAX)).text(),
        1000..1_000_000 => rounded("tokens-thousands", 1000),
        _ => rounded("tokens-millions", 1_000_000),
    };
    if usage.estimated { sentence(language, "estimated").with("amount", amount).text() } else { amount }
}

/// The word for a state: `queued`, `running`, `done`, `failed`, `cancelled`.
#[must_use]
pub fn state(language: Language, status: Status) -> String {
    say(language, &format!("state-{status}"))
}

/// A moment as `14:05:09 UTC (3 min 2 s ago)`, with the date when it is another day.
pub(super) fn moment(language: Language, at: Timestamp, now: Timestamp) -> String {
    let ago = duration(language, elapsed(at, now));
    let key = if at.date_naive() == now.date_naive() { "moment" } else { "moment-dated" };
    sentence(language, key)
        .with("time", at.format("%H:%M:%S"))
        .with("year", at.format("%Y"))
        .with("month", at.format("%m"))
        .with("day", at.format("%d"))
        .with("ago", ago)
        .text()
}

/// What a run does, in the words of its runner: the usual ones are known in every language, others are shown as they are.
pub(super) fn phase(language: Language, phase: &str) -> String {
    match phase {
        "waiting for the model" => say(language, "phase-waiting"),
        "thinking" => say(language, "phase-thinking"),
        "writing" => say(language, "phase-writing"),
        other => match other.strip_prefix("no news from the model for ").and_then(|quiet| quiet.strip_suffix(" min")) {
            Some(minutes) => sentence(language, "phase-quiet").with("minutes", minutes).text(),
            None => other.to_owned(),
        },
    }
}
