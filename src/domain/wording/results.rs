//! The words around what a model wrote.

use crate::domain::frame::Frame;
use crate::domain::status::Status;
use crate::domain::task::Task;

/// The words around the text of a task that has ended.
#[must_use]
pub fn result_frame(task: &Task) -> Frame {
    let number = task.number;
    let file_name = format!("task-{}.md", number.0);
    Frame {
        heading: if task.status() == Status::Done {
            format!("Result of {number}")
        } else {
            format!("What {number} had written by then")
        },
        again: number.to_string(),
        see_file: format!("The text goes on; all of it is in the file {file_name}."),
        file_name,
    }
}

/// Asked for the result of a task that ended without any text.
#[must_use]
pub fn no_result(task: &Task) -> String {
    format!("{} {}: it has no result. /status {} says why.", task.number, task.status(), task.number.0)
}
