//! What a person hears who asked for something that cannot be.

use std::time::Duration;

use crate::domain::command::CommandName;
use crate::domain::id::{TaskNumber, TaskRef};
use crate::domain::language::Language;
use crate::domain::limits::Limits;
use crate::domain::parse::ParseError;
use crate::domain::prompt::{InvalidPrompt, MAX_PROMPT_BYTES};
use crate::domain::queue::QueueFull;
use crate::domain::status::Status;
use crate::domain::wording::commands::usage;
use crate::domain::wording::sentence::{exists, say, sentence};
use crate::domain::wording::units::{duration, state};

/// Somebody who may not use the bot here.
#[must_use]
pub fn not_allowed(language: Language, person: &str, channel: &str) -> String {
    sentence(language, "refusal-not-allowed").with("person", person).with("channel", channel).text()
}

/// A task of somebody else.
#[must_use]
pub fn not_yours(language: Language, task: TaskNumber) -> String {
    sentence(language, "refusal-not-yours").with("task", task).text()
}

/// A task that does not exist (any more).
#[must_use]
pub fn not_found(language: Language, task: &TaskRef) -> String {
    sentence(language, "refusal-not-found").with("task", task).text()
}

/// A command that needs a task and names none. `by_reply`: a reply to one of its messages would name it.
#[must_use]
pub fn which_task(language: Language, command: CommandName, by_reply: bool) -> String {
    let key = if by_reply { "refusal-which-task-or-reply" } else { "refusal-which-task" };
    sentence(language, key).with("command", command).text()
}

/// A result that does not exist yet.
#[must_use]
pub fn not_finished(language: Language, task: TaskNumber, status: Status) -> String {
    let sentence = sentence(language, "refusal-not-finished").with("task", task).with("number", task.0);
    sentence.with("state", state(language, status)).text()
}

/// A retry of a task that has not ended.
#[must_use]
pub fn retry_of_unfinished(language: Language, task: TaskNumber, status: Status) -> String {
    let sentence = sentence(language, "refusal-retry-unfinished").with("task", task).with("number", task.0);
    sentence.with("state", state(language, status)).text()
}

/// Everybody's tasks, asked for by somebody who may see only their own.
#[must_use]
pub fn list_all_is_for_admins(language: Language) -> String {
    say(language, "refusal-list-all-is-for-admins")
}

/// A model named by somebody who may not choose one: another model may cost many times as much.
#[must_use]
pub fn model_is_for_admins(language: Language) -> String {
    say(language, "refusal-model-is-for-admins")
}

/// A time limit above the operator's.
#[must_use]
pub fn timeout_too_long(language: Language, longest: Duration) -> String {
    sentence(language, "refusal-timeout-too-long").with("longest", duration(language, longest)).text()
}

/// A full queue.
#[must_use]
pub fn queue_full(language: Language, full: QueueFull, limits: &Limits) -> String {
    let (key, waiting, limit) = match full {
        QueueFull::Everybody { waiting } => ("refusal-queue-full", waiting, limits.max_queued),
        QueueFull::Person { waiting } => ("refusal-own-queue-full", waiting, limits.max_queued_per_person),
    };
    sentence(language, key).counting("waiting", waiting).with("limit", limit).text()
}

/// The server is about to stop.
#[must_use]
pub fn stopping(language: Language) -> String {
    say(language, "refusal-stopping")
}

/// The store failed.
#[must_use]
pub fn store_trouble(language: Language) -> String {
    say(language, "refusal-store-trouble")
}

/// Our own code failed.
#[must_use]
pub fn broken(language: Language) -> String {
    say(language, "refusal-broken")
}

/// A button of another version.
#[must_use]
pub fn unknown_button(language: Language) -> String {
    say(language, "refusal-unknown-button")
}

/// Input that is not a command.
#[must_use]
pub fn parse_error(language: Language, error: &ParseError) -> String {
    match error {
        ParseError::UnknownCommand { name, .. } if name.is_empty() => say(language, "refusal-no-command"),
        ParseError::UnknownCommand { name, did_you_mean: Some(meant) } => {
            sentence(language, "refusal-unknown-command-meant").with("name", name).with("meant", meant).text()
        }
        ParseError::UnknownCommand { name, did_you_mean: None } => {
            sentence(language, "refusal-unknown-command").with("name", name).text()
        }
        ParseError::Prompt(InvalidPrompt::Empty) => say(language, "refusal-empty-prompt"),
        ParseError::Prompt(InvalidPrompt::TooLong { bytes }) => {
            sentence(language, "refusal-long-prompt").with("bytes", bytes).with("limit", MAX_PROMPT_BYTES).text()
        }
        ParseError::File => say(language, "refusal-file"),
        ParseError::Task { command, text } => {
            sentence(language, "refusal-not-a-task").with("text", text).with("command", command).text()
        }
        ParseError::Value { option, value } => wrong_value(language, option, value),
        ParseError::Flag { text, meant } => sentence(language, "refusal-flag").with("text", text).with("meant", meant).text(),
        ParseError::Preference { text, wanted } => {
            let key = if text.is_empty() { "refusal-preference-missing" } else { "refusal-preference" };
            let wanted = say(language, &format!("value-{wanted}"));
            sentence(language, key).with("text", text).with("expected", wanted).text()
        }
        ParseError::Unexpected { command, text } => {
            sentence(language, "refusal-unexpected").with("text", text).with("usage", usage(language, *command)).text()
        }
    }
}

/// A value that an option cannot have, or none at all.
fn wrong_value(language: Language, option: &str, value: &str) -> String {
    let wanted = value_wanted(language, option);
    if value.is_empty() {
        let sentence = sentence(language, "refusal-no-value").with("option", option);
        return sentence.with("expected", wanted.unwrap_or_default()).text();
    }
    let key = if wanted.is_some() { "refusal-value" } else { "refusal-value-other" };
    let sentence = sentence(language, key).with("value", value).with("option", option);
    sentence.with("expected", wanted.unwrap_or_default()).text()
}

/// What an option wants, as part of a sentence: `a time from 1s to 24h, like 90s or 10m`.
#[must_use]
pub fn value_wanted(language: Language, option: &str) -> Option<String> {
    let key = format!("value-{option}");
    exists(&key).then(|| say(language, &key))
}
