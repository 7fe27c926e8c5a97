//! What a channel hears when a task moves.

use crate::domain::command::{Action, Button};
use crate::domain::failure::FailureCode;
use crate::domain::id::TaskNumber;
use crate::domain::notice::{Notice, NoticeKind};
use crate::domain::status::Status;
use crate::domain::task::{CancelledBy, State, Task};
use crate::domain::time::elapsed;
use crate::domain::wording::channels::private_end;
use crate::domain::wording::units::{counted, duration, tokens};

/// What stands below a part that may have arrived before, on platforms that give no key to prevent it.
pub const MAY_BE_A_DUPLICATE: &str = "\n(may be a duplicate)";

/// The text of a notice. `ahead` is the task's place now, for an acceptance. It is a function of the task as it is
/// when the notice is sent; what a terminal notice says never changes.
#[must_use]
pub fn notice(notice: &Notice, task: &Task, ahead: Option<usize>) -> String {
    if notice.tells_end()
        && !task.is_open_to(&notice.channel)
        && let Some(text) = private_end(task)
    {
        return text;
    }
    match notice.kind {
        NoticeKind::Accepted => accepted(task, ahead),
        NoticeKind::Started => started(task.number, notice.attempt),
        NoticeKind::Result => result(task),
        NoticeKind::Done => done(task),
        NoticeKind::Failed => failed(task),
        NoticeKind::Cancelled => cancelled(task),
    }
}

/// The buttons below a notice: Cancel while the task lives, Retry once it ended without a result.
#[must_use]
pub fn notice_buttons(notice: &Notice, task: &Task) -> Vec<Button> {
    match notice.kind {
        NoticeKind::Accepted | NoticeKind::Started if !task.status().is_terminal() => vec![cancel_button(task.number)],
        NoticeKind::Failed | NoticeKind::Cancelled => {
            vec![Button { label: "Retry".to_owned(), action: Action::Retry(task.number) }]
        }
        _ => Vec::new(),
    }
}

/// The button that cancels a task.
#[must_use]
pub fn cancel_button(task: TaskNumber) -> Button {
    Button { label: "Cancel".to_owned(), action: Action::Cancel(task) }
}

fn accepted(task: &Task, ahead: Option<usize>) -> String {
    let number = task.number;
    let repeats = task.new.retry_of.map(|of| format!(", a repeat of {of}")).unwrap_or_default();
    match (task.status(), ahead) {
        (Status::Pending, Some(ahead @ 1..)) => {
            let others = counted(ahead, "task is", "tasks are");
            format!("{number} queued{repeats}: {others} ahead of it.")
        }
        _ => format!("{number} queued{repeats}: it is next."),
    }
}

fn started(number: TaskNumber, attempt: u32) -> String {
    if attempt > 1 {
        format!("{number} running again (attempt {attempt}), because the server stopped while it ran.")
    } else {
        format!("{number} running.")
    }
}

fn result(task: &Task) -> String {
    let text = task.text().unwrap_or_default();
    let number = task.number;
    if task.status() == Status::Done {
        format!("Result of {number}:\n\n{text}")
    } else {
        format!("What {number} had written by then:\n\n{text}")
    }
}

fn done(task: &Task) -> String {
    format!("{} done {}.", task.number, account(task))
}

fn failed(task: &Task) -> String {
    let number = task.number;
    let n = number.0;
    let (code, message) = match task.failure() {
        Some(failure) => (failure.code, failure.message.as_str()),
        None => (FailureCode::Internal, "nobody knows why"),
    };
    let message = message.trim_end_matches('.');
    format!("{number} failed: {code}: {message}. That was {}. Use /retry {n} to run it again.", account(task))
}

fn cancelled(task: &Task) -> String {
    let by = match &task.state {
        State::Cancelled { by: CancelledBy::Person(person), .. } if task.new.origin.person.as_ref() == Some(person) => "",
        State::Cancelled { by: CancelledBy::Person(_), .. } => " by an admin",
        _ => " by the operator",
    };
    let number = task.number;
    if task.started_at.is_none() {
        return format!("{number} cancelled{by} before it started.");
    }
    format!("{number} cancelled{by} {}.", account(task))
}

/// How long it took and what it used: `after 12 s (waited 3 s), 1.2k tokens`.
fn account(task: &Task) -> String {
    let (Some(started), Some(ended)) = (task.started_at, task.completed_at()) else {
        return "before it started".to_owned();
    };
    let waited = elapsed(task.submitted_at, started);
    let ran = duration(elapsed(started, ended));
    let waited = if waited.as_secs() > 0 { format!(" (waited {})", duration(waited)) } else { String::new() };
    format!("after {ran}{waited}, {}", tokens(&task.usage))
}
