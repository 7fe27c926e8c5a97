//! What a channel hears when a task moves.

use crate::domain::command::{Action, Button};
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::id::TaskNumber;
use crate::domain::language::Language;
use crate::domain::notice::{Notice, NoticeKind};
use crate::domain::status::Status;
use crate::domain::task::{CancelledBy, State, Task};
use crate::domain::time::elapsed;
use crate::domain::wording::channels::private_end;
use crate::domain::wording::failure::reason;
use crate::domain::wording::sentence::{say, sentence};
use crate::domain::wording::units::{duration, tokens};

/// What [`may_be_a_duplicate`] takes at most, in any unit and language.
pub const DUPLICATE_MARK_ROOM: usize = 40;

/// What stands below a part that may have arrived before, on platforms that give no key to prevent it; begins with a line
/// break.
#[must_use]
pub fn may_be_a_duplicate(language: Language) -> String {
    format!("\n{}", say(language, "may-be-a-duplicate"))
}

/// The text of a notice. `ahead` is the task's place now, for an acceptance. It is a function of the task as it is
/// when the notice is sent; what a terminal notice says never changes.
#[must_use]
pub fn notice(language: Language, notice: &Notice, task: &Task, ahead: Option<usize>) -> String {
    if notice.tells_end()
        && !task.is_open_to(&notice.channel)
        && let Some(text) = private_end(language, task)
    {
        return text;
    }
    match notice.kind {
        NoticeKind::Accepted => accepted(language, task, ahead),
        NoticeKind::Started => started(language, task.number, notice.attempt),
        NoticeKind::Result => result(language, task),
        NoticeKind::Done => {
            sentence(language, "notice-done").with("task", task.number).with("account", account(language, task)).text()
        }
        NoticeKind::Failed => failed(language, task),
        NoticeKind::Cancelled => cancelled(language, task),
    }
}

/// The buttons below a notice: Cancel while the task lives, Retry once it ended without a result.
#[must_use]
pub fn notice_buttons(language: Language, notice: &Notice, task: &Task) -> Vec<Button> {
    match notice.kind {
        NoticeKind::Accepted | NoticeKind::Started if !task.status().is_terminal() => {
            vec![cancel_button(language, task.number)]
        }
        NoticeKind::Failed | NoticeKind::Cancelled => {
            vec![Button { label: say(language, "button-retry"), action: Action::Retry(task.number) }]
        }
        _ => Vec::new(),
    }
}

/// The button that cancels a task.
#[must_use]
pub fn cancel_button(language: Language, task: TaskNumber) -> Button {
    Button { label: say(language, "button-cancel"), action: Action::Cancel(task) }
}

/// How many tasks start before this one.
pub(super) fn place(language: Language, ahead: usize) -> String {
    sentence(language, "place").counting("ahead", ahead).text()
}

fn accepted(language: Language, task: &Task, ahead: Option<usize>) -> String {
    // A task that has left the queue by the time this is said was next at last.
    let ahead = ahead.filter(|_| task.status() == Status::Pending).unwrap_or_default();
    let place = place(language, ahead);
    match task.new.retry_of {
        None => sentence(language, "notice-queued").with("task", task.number).with("place", place).text(),
        Some(of) => {
            sentence(language, "notice-queued-repeat").with("task", task.number).with("of", of).with("place", place).text()
        }
    }
}

fn started(language: Language, number: TaskNumber, attempt: u32) -> String {
    if attempt > 1 {
        sentence(language, "notice-running-again").with("task", number).with("attempt", attempt).text()
    } else {
        sentence(language, "notice-running").with("task", number).text()
    }
}

fn result(language: Language, task: &Task) -> String {
    let text = task.text().unwrap_or_default();
    let key = if task.status() == Status::Done { "result-heading" } else { "result-heading-partial" };
    format!("{}\n\n{text}", sentence(language, key).with("task", task.number).text())
}

fn failed(language: Language, task: &Task) -> String {
    let unknown = Failure::new(FailureCode::Internal, "nobody knows why");
    let failure = task.failure().unwrap_or(&unknown);
    sentence(language, "notice-failed")
        .with("task", task.number)
        .with("number", task.number.0)
        .with("code", failure.code)
        .with("reason", reason(language, failure))
        .with("account", account(language, task))
        .text()
}

fn cancelled(language: Language, task: &Task) -> String {
    let by = match &task.state {
        State::Cancelled { by: CancelledBy::Person(person), .. } if task.new.origin.person.as_ref() == Some(person) => "asker",
        State::Cancelled { by: CancelledBy::Person(_), .. } => "admin",
        _ => "operator",
    };
    let sentence = sentence(language, "notice-cancelled").with("task", task.number).with("by", by);
    sentence.with("account", account(language, task)).text()
}

/// How long it took and what it used: `after 12 s (waited 3 s), 1.2k tokens`.
fn account(language: Language, task: &Task) -> String {
    let (Some(started), Some(ended)) = (task.started_at, task.completed_at()) else {
        return say(language, "account-never-ran");
    };
    let waited = elapsed(task.submitted_at, started);
    let key = if waited.as_secs() > 0 { "account-waited" } else { "account" };
    sentence(language, key)
        .with("ran", duration(language, elapsed(started, ended)))
        .with("waited", duration(language, waited))
        .with("tokens", tokens(language, &task.usage))
        .text()
}
