//! What a person hears who changed a message that had already made a task, and what a channel hears that the bot was let
//! into.

use crate::domain::language::Language;
use crate::domain::task::Task;
use crate::domain::wording::sentence::{say, sentence};
use crate::domain::wording::units::state;

/// A changed message whose task exists: it keeps the prompt it was made with.
#[must_use]
pub fn already_made(language: Language, task: &Task) -> String {
    let status = task.status();
    let key = if status.is_terminal() { "edit-of-ended" } else { "edit-of-queued" };
    let sentence = sentence(language, key).with("task", task.number).with("number", task.number.0);
    sentence.with("state", state(language, status)).text()
}

/// The introduction to a channel that the bot was let into.
#[must_use]
pub fn joined(language: Language) -> String {
    say(language, "joined")
}
