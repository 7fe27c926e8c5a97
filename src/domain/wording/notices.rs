//! What a channel hears when a task moves.

use crate::domain::command::{Action, Button};
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::id::TaskNumber;
use crate::domain::language::Language;
use crate::domain::notice::{Notice, NoticeKind};
use crate::domain::task::{CancelledBy, State, Task};
use crate::domain::time::elapsed;
use crate::domain::wording::cards::{card_queued, card_quote, retry_button};
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

/// What stands below an acceptance while the server stops; begins with a line break.
#[must_use]
pub fn waits_for_restart(language: Language) -> String {
    format!("\n{}", say(language, "waits-for-restart"))
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
        NoticeKind::Accepted => format!("{}\n{}", card_queued(language, task, ahead), card_quote(language, task)),
        NoticeKind::Started => started(language, task.number, notice.attempt),
        // A model wrote it; the words of ours around it are its frame.
        NoticeKind::Result => task.text().unwrap_or_default().to_owned(),
        NoticeKind::Done => {
            sentence(language, "notice-done").with("task", task.number).with("account", account(language, task)).text()
        }
        NoticeKind::Failed => failed(language, task),
        NoticeKind::Cancelled => cancelled(language, task, account(language, task)),
    }
}

/// The buttons below a notice: Cancel while the task lives, Retry once it ended without a result. Channels that only hear of a
/// task get no Cancel: there the message stays as it is, and nobody there may press it.
#[must_use]
pub fn notice_buttons(language: Language, notice: &Notice, task: &Task) -> Vec<Button> {
    match notice.kind {
        NoticeKind::Accepted | NoticeKind::Started
            if !task.status().is_terminal() && task.new.origin.channel.as_ref() == Some(&notice.channel) =>
        {
            vec![cancel_button(language, task.number)]
        }
        NoticeKind::Failed | NoticeKind::Cancelled => {
            vec![retry_button(language, task.number)]
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

/// A start: `#42 running.`
#[must_use]
pub fn started(language: Language, number: TaskNumber, attempt: u32) -> String {
    if attempt > 1 {
        sentence(language, "notice-running-again").with("task", number).with("attempt", attempt).text()
    } else {
        sentence(language, "notice-running").with("task", number).text()
    }
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

/// A cancelled task; who cancelled it is said when it was somebody else than who asked for it.
pub(super) fn cancelled(language: Language, task: &Task, account: String) -> String {
    let by = match &task.state {
        State::Cancelled { by: CancelledBy::Person(person), .. } if task.new.origin.person.as_ref() == Some(person) => "asker",
        State::Cancelled { by: CancelledBy::Person(_), .. } => "admin",
        _ => "operator",
    };
    sentence(language, "notice-cancelled").with("task", task.number).with("by", by).with("account", account).text()
}

/// How long it took and what it used: `after 12 s (waited 3 s), 1.2k tokens`; `5 min after it was submitted, 1.2k tokens` when it
/// was interrupted.
pub(super) fn account(language: Language, task: &Task) -> String {
    let (Some(started), Some(ended)) = (task.started_at, task.completed_at()) else {
        return say(language, "account-never-ran");
    };
    let Some(waited) = task.waited() else {
        // How long its earlier attempts ran is not known, so that of the last one would say too little.
        let since = duration(language, elapsed(task.submitted_at, ended));
        return sentence(language, "account-interrupted")
            .with("since", since)
            .with("tokens", tokens(language, &task.usage))
            .text();
    };
    let key = if waited.as_secs() > 0 { "account-waited" } else { "account" };
    sentence(language, key)
        .with("ran", duration(language, elapsed(started, ended)))
        .with("waited", duration(language, waited))
        .with("tokens", tokens(language, &task.usage))
        .text()
}
