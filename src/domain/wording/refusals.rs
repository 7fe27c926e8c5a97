//! What a person hears who asked for something that cannot be, or for something that is done at once.

use std::time::Duration;

use crate::domain::command::{CATALOGUE, CommandName};
use crate::domain::id::{TaskNumber, TaskRef};
use crate::domain::limits::Limits;
use crate::domain::parse::ParseError;
use crate::domain::prompt::{InvalidPrompt, MAX_PROMPT_BYTES};
use crate::domain::queue::QueueFull;
use crate::domain::status::Status;
use crate::domain::task::Task;
use crate::domain::time::elapsed;
use crate::domain::wording::units::{counted, duration};

/// Somebody who may not use the bot here.
#[must_use]
pub fn not_allowed(person: &str, channel: &str) -> String {
    format!("You may not use this bot here. Ask its operator to let in {person}, or this channel, {channel}.")
}

/// A task of somebody else.
#[must_use]
pub fn not_yours(task: TaskNumber) -> String {
    format!("{task} is not your task: only who asked for it, or an admin, may do that. Nothing has changed.")
}

/// A task that does not exist (any more).
#[must_use]
pub fn not_found(task: &TaskRef) -> String {
    format!("There is no task {task}. Use /list to see yours.")
}

/// A command that needs a task and names none.
#[must_use]
pub fn which_task(command: CommandName) -> String {
    format!("Which task? Write it like /{command} 42, or reply with /{command} to a message of the task. Use /list to see yours.")
}

/// A result that does not exist yet.
#[must_use]
pub fn not_finished(task: TaskNumber, status: Status) -> String {
    format!("{task} is {status}, it has no result yet. This channel hears when it ends; /status {} shows how far it is.", task.0)
}

/// A retry of a task that has not ended.
#[must_use]
pub fn retry_of_unfinished(task: TaskNumber, status: Status) -> String {
    format!("{task} is still {status}. Cancel it first (/cancel {n}), or wait for its end.", n = task.0)
}

/// A cancel that came too late.
#[must_use]
pub fn already_finished(task: &Task) -> String {
    format!("{} had already finished ({}); nothing has changed.", task.number, task.status())
}

/// A cancel that took effect.
#[must_use]
pub fn cancelled_now(task: &Task) -> String {
    match (task.started_at, task.completed_at()) {
        (Some(started), Some(ended)) => format!("{} cancelled after {}.", task.number, duration(elapsed(started, ended))),
        _ => format!("{} cancelled before it started.", task.number),
    }
}

/// A cancel that is durable and not yet carried out.
#[must_use]
pub fn cancel_noted(task: TaskNumber) -> String {
    format!("{task} is being stopped; this channel hears when it has ended.")
}

/// Everybody's tasks, asked for by somebody who may see only their own.
#[must_use]
pub fn list_all_is_for_admins() -> String {
    "Only admins see everybody's tasks. Use /list to see yours.".to_owned()
}

/// A model named by somebody who may not choose one: another model may cost many times as much.
#[must_use]
pub fn model_is_for_admins() -> String {
    "Only admins of this bot may choose the model. Nothing was queued; send it again without it.".to_owned()
}

/// A time limit above the operator's.
#[must_use]
pub fn timeout_too_long(longest: Duration) -> String {
    format!(
        "A task may run for {} here, not longer. Nothing was queued; send it again with a shorter timeout.",
        duration(longest)
    )
}

/// A full queue.
#[must_use]
pub fn queue_full(full: QueueFull, limits: &Limits) -> String {
    match full {
        QueueFull::Everybody { waiting } => {
            let tasks = counted(waiting, "task waits", "tasks wait");
            format!(
                "The queue is full: {tasks}, the limit is {}. Nothing was queued; try again in a few minutes.",
                limits.max_queued
            )
        }
        QueueFull::Person { waiting } => {
            let tasks = counted(waiting, "of your tasks waits", "of your tasks wait");
            format!(
                "{tasks} already, the limit is {}. Nothing was queued; wait for one to start, or cancel one (/list shows them).",
                limits.max_queued_per_person
            )
        }
    }
}

/// A press of a button that takes long.
pub const STILL_WORKING: &str = "Still working on it; the answer follows in the chat.";

/// Our own code failed.
pub const BROKEN: &str =
    "Something went wrong here and nothing is known to be done. Try again; the operator finds the reason in the log.";

/// A message without any text, where a platform takes no empty one.
pub const EMPTY: &str = "(empty)";

/// The server is about to stop.
#[must_use]
pub fn stopping() -> String {
    "The server is restarting and takes nothing new. Nothing was queued; try again in a minute.".to_owned()
}

/// The store failed.
#[must_use]
pub fn store_trouble() -> String {
    "The server cannot reach its store, so nothing was done. Try again in a minute; if that does not help, tell the operator."
        .to_owned()
}

/// A button of another version.
#[must_use]
pub fn unknown_button() -> String {
    "This button is not known any more. Use /list and /status instead.".to_owned()
}

/// Input that is not a command.
#[must_use]
pub fn parse_error(error: &ParseError) -> String {
    match error {
        ParseError::UnknownCommand { name, .. } if name.is_empty() => {
            "To hand over a task, write /submit and then what is to be done. /help shows what else there is.".to_owned()
        }
        ParseError::UnknownCommand { name, did_you_mean: Some(meant) } => {
            format!("There is no command /{name}. Did you mean /{meant}? /help shows all.")
        }
        ParseError::UnknownCommand { name, did_you_mean: None } => {
            format!("There is no command /{name}. /help shows what there is.")
        }
        ParseError::Prompt(InvalidPrompt::Empty) => {
            "What is to be done? Write it after the command, like: /submit Compare these three offers: ...".to_owned()
        }
        ParseError::Prompt(InvalidPrompt::TooLong { bytes }) => {
            format!(
                "The prompt is too long: {bytes} bytes, the limit is {MAX_PROMPT_BYTES}. Nothing was queued; shorten it and send it again."
            )
        }
        ParseError::Task { command, text } => {
            format!("“{text}” is not a task. Write its number, like /{command} 42; /list shows yours.")
        }
        ParseError::Value { option, value, expected } => {
            format!("“{value}” is not a value for “{option}”: it wants {expected}. Nothing was queued.")
        }
        ParseError::Preference { text, expected } if text.is_empty() => {
            format!("Something is missing: {expected}. Nothing has changed; /notify alone shows what this channel gets.")
        }
        ParseError::Preference { text, expected } => {
            format!("“{text}” does not belong there; expected is {expected}. Nothing has changed.")
        }
        ParseError::Unexpected { command, text } => {
            let usage = CATALOGUE.iter().find(|spec| spec.name == *command).map_or("", |spec| spec.usage);
            format!("“{text}” does not belong there. Write it like this: /{usage}")
        }
    }
}
