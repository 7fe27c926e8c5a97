//! What a person hears who changed a message that had already made a task.

use crate::domain::task::Task;

/// A changed message whose task exists: it keeps the prompt it was made with.
#[must_use]
pub fn already_made(task: &Task) -> String {
    let (number, n) = (task.number, task.number.0);
    if task.status().is_terminal() {
        format!(
            "This message already made {number}, which is {}. To have the new text done, send it as a new message.",
            task.status()
        )
    } else {
        format!("This message is already queued as {number}. To change it, use /cancel {n} and submit the new text again.")
    }
}
