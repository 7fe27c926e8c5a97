//! What the card of a task says, line by line.

use std::time::Duration;

use crate::domain::command::{Action, Button};
use crate::domain::failure::FailureCode;
use crate::domain::id::TaskNumber;
use crate::domain::language::Language;
use crate::domain::status::Status;
use crate::domain::task::Task;
use crate::domain::text::one_line;
use crate::domain::usage::{Progress, Usage};
use crate::domain::wording::notices::{account, cancelled_by, notice_of_waiting, place, started};
use crate::domain::wording::sentence::{say, sentence};
use crate::domain::wording::units::{duration, tokens};
use crate::domain::wording::views::phase;

/// Most of a prompt that a card quotes, in code points.
const QUOTE: usize = 120;
/// From this time on a running task says how long it has been running.
const SOON: Duration = Duration::from_secs(3);
/// What has gone on for so long is said to be still going on.
const STILL: Duration = Duration::from_secs(90);

/// The button that shows a result again.
#[must_use]
pub fn full_result_button(language: Language, task: TaskNumber) -> Button {
    Button { label: say(language, "button-full-result"), action: Action::Result(task) }
}

/// The button that runs a task's prompt again.
#[must_use]
pub fn retry_button(language: Language, task: TaskNumber) -> Button {
    Button { label: say(language, "button-retry"), action: Action::Retry(task) }
}

/// A waiting task: `#42 queued: 2 tasks are ahead of it.`
#[must_use]
pub fn card_queued(language: Language, task: &Task, ahead: Option<usize>) -> String {
    if task.status() != Status::Pending || task.started_at.is_none() {
        return notice_of_waiting(language, task, ahead);
    }
    let place = place(language, ahead.unwrap_or_default());
    sentence(language, "card-queued-again").with("task", task.number).with("place", place).text()
}

/// A running task: how long, how far, and what it does now.
#[must_use]
pub fn card_running(language: Language, task: &Task, running: Duration, progress: &Progress, unchanged: Duration) -> Vec<String> {
    let long = running >= SOON;
    let mut usage = task.usage;
    usage.add(&progress.usage);
    let facts = [
        long.then(|| duration(language, running)),
        (progress.step > 0).then(|| sentence(language, "card-step").with("step", progress.step).text()),
        (usage != Usage::default()).then(|| tokens(language, &usage)),
    ];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let mut lines = if task.attempt <= 1 && !facts.is_empty() {
        let key = if long { "card-running-for" } else { "card-running" };
        vec![sentence(language, key).with("task", task.number).with("facts", &facts).text()]
    } else {
        let again = (!facts.is_empty()).then_some(facts);
        [started(language, task.number, task.attempt)].into_iter().chain(again).collect()
    };
    if !progress.phase.is_empty() {
        let phase = one_line(&phase(language, &progress.phase), QUOTE);
        let minutes = unchanged.as_secs() / 60;
        let still = || sentence(language, "card-still").with("phase", &phase).with("minutes", minutes).text();
        lines.push(if unchanged >= STILL { still() } else { phase });
    }
    lines
}

/// A task that has ended: how, after what time, and at what price.
#[must_use]
pub fn card_ended(language: Language, task: &Task) -> String {
    let unstarted = task.started_at.is_none();
    let key = match task.status() {
        Status::Failed => "card-failed",
        Status::Cancelled if unstarted => "notice-cancelled",
        Status::Cancelled => "card-cancelled",
        _ => "card-done",
    };
    let code = task.failure().map_or(FailureCode::Internal, |failure| failure.code);
    sentence(language, key)
        .with("task", task.number)
        .with("by", cancelled_by(task))
        .with("code", code)
        .with("account", account(language, task))
        .text()
}

/// What was asked, on one line.
#[must_use]
pub fn card_quote(language: Language, task: &Task) -> String {
    sentence(language, "card-quote").with("prompt", one_line(task.new.prompt.as_str(), QUOTE)).text()
}
