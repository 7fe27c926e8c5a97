//! Tasks in a line each: what lists show, and what is offered while somebody types.

use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::command::{Action, Button};
use crate::domain::headline::Headline;
use crate::domain::id::TaskNumber;
use crate::domain::language::Language;
use crate::domain::status::Status;
use crate::domain::text::one_line;
use crate::domain::time::{Timestamp, elapsed};
use crate::domain::wording::sentence::{say, sentence};
use crate::domain::wording::units::{duration, state};

/// So much of a prompt is in a row, and so much of a name.
const ROW_PROMPT: usize = 60;
const ROW_NAME: usize = 32;
/// Longest label of a suggestion.
const LABEL: usize = 100;

/// One's active tasks, as `/status` without a number shows them. `tasks` are theirs, newest first.
#[must_use]
pub fn active_tasks(language: Language, tasks: &[Headline], here: &ChannelId, now: Timestamp) -> String {
    let rows = tasks.iter().map(|task| row(language, task, None, here, now));
    page(language, rows, "active-heading", "active-none")
}

/// A page of one's own tasks, newest first.
#[must_use]
pub fn list(language: Language, tasks: &[Headline], here: &ChannelId, now: Timestamp) -> String {
    page(language, tasks.iter().map(|task| row(language, task, None, here, now)), "list-heading", "list-none")
}

/// A page of everybody's tasks in a channel, newest first, each with who asked; `name` knows what people are called.
#[must_use]
pub fn list_of_all(
    language: Language,
    tasks: &[Headline],
    name: impl Fn(&PersonId) -> Option<String>,
    here: &ChannelId,
    now: Timestamp,
) -> String {
    let row = |task: &Headline| {
        let asker = task.person.as_ref().map(|person| asker(person, name(person)));
        row(language, task, asker.as_deref(), here, now)
    };
    page(language, tasks.iter().map(row), "list-all-heading", "list-all-none")
}

fn page(language: Language, rows: impl ExactSizeIterator<Item = String>, heading: &str, none: &str) -> String {
    if rows.len() == 0 {
        return say(language, none);
    }
    std::iter::once(say(language, heading)).chain(rows).collect::<Vec<_>>().join("\n")
}

/// The button that shows the next page of a list.
#[must_use]
pub fn older_button(language: Language, before: TaskNumber, all: bool) -> Button {
    Button { label: say(language, "button-older"), action: Action::Page { before, all } }
}

/// A task that is offered while somebody types its name: `#42 running: compare the three offers`.
#[must_use]
pub fn suggestion(language: Language, task: &Headline) -> String {
    let suggestion = sentence(language, "suggestion").with("task", task.number).with("state", state(language, task.status));
    one_line(&suggestion.with("prompt", &task.prompt).text(), LABEL)
}

fn row(language: Language, task: &Headline, asker: Option<&str>, here: &ChannelId, now: Timestamp) -> String {
    let open = task.is_open_to(here);
    let prompt = if open { one_line(&task.prompt, ROW_PROMPT) } else { say(language, "private-prompt") };
    let row = |key| {
        let row = sentence(language, key).with("headline", headline(language, task, now));
        row.with("prompt", prompt.as_str())
    };
    match asker {
        Some(asker) => row("list-all-row").with("asker", asker).text(),
        None => row("list-row").text(),
    }
}

/// A task's number, its state and how long it has been in it.
fn headline(language: Language, task: &Headline, now: Timestamp) -> String {
    let named = |key| sentence(language, key).with("task", task.number);
    let ran = |until| task.started_at.map(|started| duration(language, elapsed(started, until)));
    match task.status {
        Status::Pending => named("headline-waiting").text(),
        Status::Running => named("headline-running").with("ran", ran(now).unwrap_or_default()).text(),
        status => {
            let state = state(language, status);
            match ran(task.completed_at.unwrap_or(now)) {
                Some(ran) => named("headline-ended").with("state", state).with("ran", ran).text(),
                None => named("headline-ended-unstarted").with("state", state).text(),
            }
        }
    }
}

/// Anybody can be called anything, so the id is always there.
fn asker(person: &PersonId, name: Option<String>) -> String {
    let name = name.map(|name| one_line(&name, ROW_NAME)).filter(|name| !name.is_empty());
    name.map_or_else(|| person.to_string(), |name| format!("{name} ({person})"))
}
