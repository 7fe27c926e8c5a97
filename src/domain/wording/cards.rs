//! What the card of a task says, line by line.

use std::time::Duration;

use crate::domain::status::Status;
use crate::domain::task::Task;
use crate::domain::text::one_line;
use crate::domain::time::elapsed;
use crate::domain::usage::{Progress, Usage};
use crate::domain::wording::notices::cancelled_by;
use crate::domain::wording::units::{counted, duration, tokens};

/// The button that shows a result again.
pub const FULL_RESULT: &str = "Full result";
/// The button that runs a task's prompt again.
pub const RETRY: &str = "Retry";

/// Most of a prompt that a card quotes, in code points.
const QUOTE: usize = 120;
/// From this time on a running task says how long it has been running.
const SOON: Duration = Duration::from_secs(3);
/// What has gone on for so long is said to be still going on.
const STILL: Duration = Duration::from_secs(90);

/// A waiting task: `#42 queued: 2 tasks are ahead of it.`
#[must_use]
pub fn card_queued(task: &Task, ahead: Option<usize>) -> String {
    let number = task.number;
    let repeats = task.new.retry_of.map(|of| format!(", a repeat of {of}")).unwrap_or_default();
    let again = if task.status() == Status::Pending && task.started_at.is_some() { " again, because the server stopped while it ran" } else { "" };
    match (task.status(), ahead) {
        (Status::Pending, Some(ahead @ 1..)) => {
            let others = counted(ahead, "task is", "tasks are");
            format!("{number} queued{again}{repeats}: {others} ahead of it.")
        }
        _ => format!("{number} queued{again}{repeats}: it is next."),
    }
}

/// A running task: how long, how far, and what it does now.
#[must_use]
pub fn card_running(task: &Task, running: Duration, progress: &Progress, unchanged: Duration) -> Vec<String> {
    let (number, attempt) = (task.number, task.attempt);
    let mut usage = task.usage;
    usage.add(&progress.usage);
    let facts: Vec<String> = [
        (running >= SOON).then(|| duration(running)),
        (progress.step > 0).then(|| format!("step {}", progress.step)),
        (usage != Usage::default()).then(|| tokens(&usage)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let facts = facts.join(", ");
    let mut lines = match (attempt, facts.is_empty()) {
        (..=1, true) => vec![format!("{number} running.")],
        (..=1, false) if running >= SOON => vec![format!("{number} running for {facts}")],
        (..=1, false) => vec![format!("{number} running, {facts}")],
        (_, empty) => {
            let again = format!("{number} running again (attempt {attempt}), because the server stopped while it ran.");
            if empty { vec![again] } else { vec![again, facts] }
        }
    };
    if !progress.phase.is_empty() {
        let phase = one_line(&progress.phase, QUOTE);
        lines.push(if unchanged >= STILL { format!("still {phase}, {} min", unchanged.as_secs() / 60) } else { phase });
    }
    lines
}

/// A task that has ended: how, after what time, and at what price.
#[must_use]
pub fn card_ended(task: &Task) -> String {
    let (number, status) = (task.number, task.status());
    let by = cancelled_by(task);
    let why = task.failure().map(|failure| format!(": {}", failure.code)).unwrap_or_default();
    let (Some(started), Some(ended)) = (task.started_at, task.completed_at()) else {
        return format!("{number} {status}{by} before it started{why}.");
    };
    let waited = elapsed(task.submitted_at, started);
    let waited = if waited.as_secs() > 0 { format!(" (waited {})", duration(waited)) } else { String::new() };
    let ran = duration(elapsed(started, ended));
    format!("{number} {status}{by} after {ran}{waited}, {}, cost unknown{why}.", tokens(&task.usage))
}

/// What was asked, on one line.
#[must_use]
pub fn card_quote(task: &Task) -> String {
    format!("“{}”", one_line(task.new.prompt.as_str(), QUOTE))
}
