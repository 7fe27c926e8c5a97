//! What a person sees who asks how things are.

use std::fmt::Write as _;

use crate::domain::channel::ChannelId;
use crate::domain::command::{Action, Button, CATALOGUE};
use crate::domain::id::{NoticeId, TaskNumber};
use crate::domain::notice::{Notice, NoticeState};
use crate::domain::status::Status;
use crate::domain::task::Task;
use crate::domain::text::one_line;
use crate::domain::time::{Timestamp, elapsed};
use crate::domain::usage::Progress;
use crate::domain::wording::channels::{PRIVATE_PROMPT, held};
use crate::domain::wording::units::{counted, duration, tokens};

/// Everything `/status #N` shows.
#[derive(Debug)]
pub struct StatusView<'a> {
    /// The task.
    pub task: &'a Task,
    /// How many are before it, when it waits.
    pub ahead: Option<usize>,
    /// What its attempt does now, when it runs in this process.
    pub progress: Option<&'a Progress>,
    /// Every notice about it.
    pub notices: &'a [Notice],
    /// The notices that are held while their channels are quiet, and until when.
    pub held: &'a [(NoticeId, Timestamp)],
    /// Where it is read: a private task shows its text only in the direct chat of who asked.
    pub here: &'a ChannelId,
    /// The time.
    pub now: Timestamp,
}

/// One task in full.
#[must_use]
pub fn status(view: &StatusView<'_>) -> String {
    let task = view.task;
    let open = task.is_open_to(view.here);
    let mut text = headline(task, view.ahead, view.progress.filter(|_| open), view.now);
    let mut line = |label: &str, value: &str| {
        let _written = write!(text, "\n{label}: {value}");
    };
    line("Asked", &prompt(task, view.here, 200));
    line("Submitted", &moment(task.submitted_at, view.now));
    if let Some(started) = task.started_at {
        line(
            "Started",
            &format!("{}, after {} in the queue", moment(started, view.now), duration(elapsed(task.submitted_at, started))),
        );
    }
    if let Some(ended) = task.completed_at() {
        line("Ended", &moment(ended, view.now));
    }
    if task.attempt > 1 {
        line("Attempts", &task.attempt.to_string());
    }
    if let Some(failure) = task.failure() {
        let why = if open { format!("{}: {}", failure.code, failure.message) } else { failure.code.to_string() };
        line("Error", &why);
    }
    if task.started_at.is_some() {
        let usage = view.progress.map_or(task.usage, |progress| progress.usage);
        line("Used", &format!("{}, cost unknown", tokens(&usage)));
    }
    if let Some(of) = task.new.retry_of {
        line("Repeats", &of.to_string());
    }
    for notice in view.notices {
        let until = view.held.iter().find(|(id, _)| *id == notice.id).map(|(_, until)| *until);
        let state = until.map_or_else(|| delivery(notice, view.now), |until| held(until, view.now));
        line(&format!("Notice “{}” to {}", notice.kind, notice.channel), &state);
    }
    text
}

/// The first line of a status: number, state and how far it is.
fn headline(task: &Task, ahead: Option<usize>, progress: Option<&Progress>, now: Timestamp) -> String {
    let number = task.number;
    let ran = |until: Timestamp| duration(task.started_at.map_or_else(Default::default, |started| elapsed(started, until)));
    match task.status() {
        Status::Pending => match ahead {
            Some(ahead @ 1..) => format!("{number} queued: {} ahead of it", counted(ahead, "task is", "tasks are")),
            _ => format!("{number} queued: it is next"),
        },
        Status::Running => {
            let mut text = format!("{number} running for {}", ran(now));
            if let Some(progress) = progress.filter(|progress| !progress.phase.is_empty()) {
                let _written = write!(text, ", step {}: {}", progress.step, progress.phase);
            }
            text
        }
        status => format!("{number} {status} after {}", ran(task.completed_at().unwrap_or(now))),
    }
}

/// Where and when a notice arrived, or why not.
fn delivery(notice: &Notice, now: Timestamp) -> String {
    match &notice.state {
        NoticeState::Delivered { at } => {
            let ids: Vec<&str> = notice.receipts.iter().map(crate::domain::id::MessageId::as_str).collect();
            format!("delivered {} as message {}", moment(*at, now), ids.join(", "))
        }
        NoticeState::Undeliverable { reason, .. } => format!("undeliverable: {reason}"),
        NoticeState::Owed { .. } => match &notice.last_error {
            Some(error) => format!("not yet delivered, {} so far: {error}", counted(notice.tries as usize, "try", "tries")),
            None => "on its way".to_owned(),
        },
    }
}

/// A moment as `14:05:09 UTC (3 min 2 s ago)`, with the date when it is another day.
fn moment(at: Timestamp, now: Timestamp) -> String {
    let format = if at.date_naive() == now.date_naive() { "%H:%M:%S UTC" } else { "%Y-%m-%d %H:%M:%S UTC" };
    format!("{} ({} ago)", at.format(format), duration(elapsed(at, now)))
}

/// One's active tasks, as `/status` without a number shows them. `tasks` are theirs, newest first.
#[must_use]
pub fn active_tasks(tasks: &[Task], here: &ChannelId, now: Timestamp) -> String {
    if tasks.is_empty() {
        return "You have no active task. Use /submit to hand one over, /list to see the ended ones.".to_owned();
    }
    let lines = tasks.iter().map(|task| row(task, here, now));
    format!("Your active tasks:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// A page of tasks, newest first.
#[must_use]
pub fn list(tasks: &[Task], all: bool, here: &ChannelId, now: Timestamp) -> String {
    let whose = if all { "Tasks of this channel" } else { "Your tasks" };
    if tasks.is_empty() {
        return format!("{whose}: none here. Use /submit to hand one over.");
    }
    let lines = tasks.iter().map(|task| row(task, here, now));
    format!("{whose}, newest first:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// The button that shows the next page of a list.
#[must_use]
pub fn older_button(before: TaskNumber, all: bool) -> Button {
    Button { label: "Older".to_owned(), action: Action::Page { before, all } }
}

/// What was asked, where that may be read.
fn prompt(task: &Task, here: &ChannelId, length: usize) -> String {
    if task.is_open_to(here) { one_line(task.new.prompt.as_str(), length) } else { PRIVATE_PROMPT.to_owned() }
}

fn row(task: &Task, here: &ChannelId, now: Timestamp) -> String {
    let prompt = prompt(task, here, 60);
    format!("{}: {prompt}", headline(task, None, None, now).replace("queued: it is next", "queued"))
}

/// A result asked for again.
#[must_use]
pub fn result(task: &Task) -> String {
    match task.text() {
        Some(text) if task.status() == Status::Done => format!("Result of {}:\n\n{text}", task.number),
        Some(text) => format!("{} {}; what it had written by then:\n\n{text}", task.number, task.status()),
        None => format!("{} {}: it has no result. /status {} says why.", task.number, task.status(), task.number.0),
    }
}

/// A task that was repeated by a button, for who pressed it.
#[must_use]
pub fn repeated(of: TaskNumber, new: TaskNumber) -> String {
    format!("{of} is queued again as {new}.")
}

/// What this is and what one may do here.
#[must_use]
pub fn help(admin: bool) -> String {
    let mut text =
        "I take long tasks and work on them in the background. This channel hears when a task starts, and what came out.\n"
            .to_owned();
    for spec in CATALOGUE {
        let _written = write!(text, "\n/{}: {}", spec.usage, spec.description);
    }
    text.push_str("\n\nYou can close the app: nothing is lost. Tasks can be cancelled with the button below them, too.");
    if admin {
        text.push_str("\nYou are an admin here: you see and cancel everybody's tasks in this channel.");
    }
    text
}
