//! Rows that the writer will soon be asked for again: live tasks, and notices that are owed.
//!
//! Kept along with every write and thrown away when a transaction is undone, so they are always what the file holds. What
//! is not here is read from the file; the bounds only keep memory small.

use std::collections::{BTreeMap, HashMap};

use crate::adapters::ledger::delivery::Kept;
use crate::domain::id::{NoticeId, TaskId, TaskNumber};
use crate::domain::task::Task;

/// How many tasks are kept.
const TASKS: usize = 512;

/// Tasks with a longer prompt than this, in bytes, are not kept.
const PROMPT: usize = 32 * 1024;

/// How many notices are kept, the newest ones.
const NOTICES: usize = 1024;

/// The rows.
#[derive(Debug, Default)]
pub(super) struct Recent {
    tasks: BTreeMap<TaskNumber, Task>,
    numbers: HashMap<TaskId, TaskNumber>,
    notices: BTreeMap<NoticeId, Kept>,
}

impl Recent {
    /// The task with this number.
    pub(super) fn task(&self, number: TaskNumber) -> Option<&Task> {
        self.tasks.get(&number)
    }

    /// The task with this id.
    pub(super) fn task_by_id(&self, id: &TaskId) -> Option<&Task> {
        self.numbers.get(id).and_then(|number| self.task(*number))
    }

    /// Takes over what a task is now.
    pub(super) fn keep_task(&mut self, task: &Task) {
        if task.status().is_terminal() {
            self.tasks.remove(&task.number);
            self.numbers.remove(&task.new.id);
        } else if let Some(kept) = self.tasks.get_mut(&task.number) {
            kept.clone_from(task);
        } else if self.tasks.len() < TASKS && task.new.prompt.as_str().len() <= PROMPT {
            self.tasks.insert(task.number, task.clone());
            self.numbers.insert(task.new.id.clone(), task.number);
        }
    }

    /// A notice.
    pub(super) fn notice(&self, id: NoticeId) -> Option<&Kept> {
        self.notices.get(&id)
    }

    /// Takes over what a notice is now.
    pub(super) fn keep_notice(&mut self, kept: Kept) {
        let id = kept.notice.id;
        if kept.is_owed() {
            self.notices.insert(id, kept);
        } else {
            self.notices.remove(&id);
        }
        if self.notices.len() > NOTICES {
            self.notices.pop_first();
        }
    }
}
