//! Tasks in a line each: what lists show, and what is offered while somebody types.

use crate::domain::channel::PersonId;
use crate::domain::command::{Action, Button};
use crate::domain::headline::Headline;
use crate::domain::id::TaskNumber;
use crate::domain::status::Status;
use crate::domain::text::one_line;
use crate::domain::time::{Timestamp, elapsed};
use crate::domain::wording::units::duration;

/// So much of a prompt is in a row, and so much of a name.
const ROW_PROMPT: usize = 60;
const ROW_NAME: usize = 32;
/// Longest label of a suggestion.
const LABEL: usize = 100;

/// One's active tasks, as `/status` without a number shows them. `tasks` are theirs, newest first.
#[must_use]
pub fn active_tasks(tasks: &[Headline], now: Timestamp) -> String {
    if tasks.is_empty() {
        return "You have no active task. Use /submit to hand one over, /list to see the ended ones.".to_owned();
    }
    let rows: Vec<String> = tasks.iter().map(|task| row(task, None, now)).collect();
    format!("Your active tasks:\n{}", rows.join("\n"))
}

/// A page of one's own tasks, newest first.
#[must_use]
pub fn list(tasks: &[Headline], now: Timestamp) -> String {
    page("Your tasks", tasks.iter().map(|task| row(task, None, now)).collect())
}

/// A page of everybody's tasks in a channel, newest first, each with who asked; `name` knows what people are called.
#[must_use]
pub fn list_of_all(tasks: &[Headline], name: impl Fn(&PersonId) -> Option<String>, now: Timestamp) -> String {
    let row = |task: &Headline| {
        let asker = task.person.as_ref().map(|person| asker(person, name(person)));
        row(task, asker.as_deref(), now)
    };
    page("Tasks of this channel", tasks.iter().map(row).collect())
}

fn page(title: &str, rows: Vec<String>) -> String {
    if rows.is_empty() {
        return format!("{title}: none here. Use /submit to hand one over.");
    }
    format!("{title}, newest first:\n{}", rows.join("\n"))
}

/// The button that shows the next page of a list.
#[must_use]
pub fn older_button(before: TaskNumber, all: bool) -> Button {
    Button { label: "Older".to_owned(), action: Action::Page { before, all } }
}

/// A task that is offered while somebody types its name: `#42 running: compare the three offers`.
#[must_use]
pub fn suggestion(task: &Headline) -> String {
    one_line(&format!("{} {}: {}", task.number, status_word(task.status), task.prompt), LABEL)
}

fn row(task: &Headline, asker: Option<&str>, now: Timestamp) -> String {
    let ran = |until| duration(task.started_at.map_or_else(Default::default, |started| elapsed(started, until)));
    let state = match task.status {
        Status::Pending => status_word(task.status).to_owned(),
        Status::Running => format!("running for {}", ran(now)),
        status => format!("{status} after {}", ran(task.completed_at.unwrap_or(now))),
    };
    let asker = asker.map(|asker| format!(", asked by {asker}")).unwrap_or_default();
    format!("{} {state}{asker}: {}", task.number, one_line(&task.prompt, ROW_PROMPT))
}

/// Anybody can be called anything, so the id is always there.
fn asker(person: &PersonId, name: Option<String>) -> String {
    let name = name.map(|name| one_line(&name, ROW_NAME)).filter(|name| !name.is_empty());
    name.map_or_else(|| person.to_string(), |name| format!("{name} ({person})"))
}

/// What people call a state: what waits is queued.
const fn status_word(status: Status) -> &'static str {
    match status {
        Status::Pending => "queued",
        status => status.as_str(),
    }
}
