//! What the card of a task says, line by line.

use std::time::Duration;

use crate::domain::command::{Action, Button};
use crate::domain::id::TaskNumber;
use crate::domain::language::Language;
use crate::domain::status::Status;
use crate::domain::task::Task;
use crate::domain::text::one_line;
use crate::domain::usage::{Progress, Usage};
use crate::domain::wording::notices::{account, cancelled, place, started};
use crate::domain::wording::sentence::{say, sentence};
use crate::domain::wording::units::{duration, phase, tokens};

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
    let waits = task.status() == Status::Pending;
    // A task that has left the queue by the time this is said was next at last.
    let place = place(language, ahead.filter(|_| waits).unwrap_or_default());
    let queued = |key| sentence(language, key).with("task", task.number).with("place", place);
    match task.new.retry_of {
        _ if waits && task.started_at.is_some() => queued("notice-queued-again").text(),
        Some(of) => queued("notice-queued-repeat").with("of", of).text(),
        None => queued("notice-queued").text(),
    }
}

/// A running task: how long, how far, and what it does now.
#[must_use]
pub fn card_running(language: Language, task: &Task, running: Duration, progress: &Progress, unchanged: Duration) -> Vec<String> {
    let facts = facts(language, task, running, progress);
    let mut lines = if task.attempt > 1 {
        let again = started(language, task.number, task.attempt);
        std::iter::once(again).chain((!facts.is_empty()).then_some(facts)).collect()
    } else if facts.is_empty() {
        vec![started(language, task.number, task.attempt)]
    } else {
        let key = if running >= SOON { "card-running-for" } else { "card-running" };
        vec![sentence(language, key).with("task", task.number).with("facts", facts).text()]
    };
    // What a model does for a private task may tell what it is about.
    if !progress.phase.is_empty() && task.new.manner.private.is_none() {
        let phase = one_line(&phase(language, &progress.phase), QUOTE);
        let still = || sentence(language, "card-still").with("phase", &phase).with("minutes", unchanged.as_secs() / 60).text();
        lines.push(if unchanged >= STILL { still() } else { phase });
    }
    lines
}

/// How long a task has been running, its step and its tokens, as far as there is something to say.
fn facts(language: Language, task: &Task, running: Duration, progress: &Progress) -> String {
    let usage = task.used(Some(progress));
    let facts = [
        (running >= SOON).then(|| duration(language, running)),
        (progress.step > 0).then(|| sentence(language, "card-step").with("step", progress.step).text()),
        (usage != Usage::default()).then(|| tokens(language, &usage)),
    ];
    facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A task that has ended: how, after what time, and at what price.
#[must_use]
pub fn card_ended(language: Language, task: &Task) -> String {
    let account = account(language, task);
    let account = match task.started_at {
        Some(_) => sentence(language, "card-account").with("account", account).text(),
        None => account,
    };
    match (task.status(), task.failure()) {
        (Status::Cancelled, _) => cancelled(language, task, account),
        (_, Some(failure)) => {
            let failed = sentence(language, "card-failed").with("task", task.number).with("account", account);
            failed.with("code", failure.code).text()
        }
        (_, None) => sentence(language, "notice-done").with("task", task.number).with("account", account).text(),
    }
}

/// What was asked, on one line. A card is read by everybody in the channel, so a private task has only a word for it.
#[must_use]
pub fn card_quote(language: Language, task: &Task) -> String {
    let open = task.new.manner.private.is_none();
    let prompt = if open { one_line(task.new.prompt.as_str(), QUOTE) } else { say(language, "private-prompt") };
    sentence(language, "card-quote").with("prompt", prompt).text()
}
