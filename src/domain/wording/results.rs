//! The words around what a model wrote.

use crate::domain::frame::Frame;
use crate::domain::language::Language;
use crate::domain::status::Status;
use crate::domain::task::Task;
use crate::domain::wording::sentence::sentence;
use crate::domain::wording::units::state;
use crate::domain::wording::views::empty;

/// The words around the text of a task that has ended.
#[must_use]
pub fn result_frame(language: Language, task: &Task) -> Frame {
    let number = task.number;
    let file_name = format!("task-{}.md", number.0);
    let heading = if task.status() == Status::Done { "result-heading" } else { "result-heading-partial" };
    Frame {
        preface: String::new(),
        heading: sentence(language, heading).with("task", number).text(),
        again: number.to_string(),
        see_file: sentence(language, "result-see-file").with("file", &file_name).text(),
        empty: empty(language),
        file_name,
    }
}

/// Asked for the result of a task that ended without any text.
#[must_use]
pub fn no_result(language: Language, task: &Task) -> String {
    let none = sentence(language, "result-none").with("task", task.number).with("number", task.number.0);
    none.with("state", state(language, task.status())).text()
}
