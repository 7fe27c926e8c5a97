//! The tasks that are pending or running, as the queue's rules look at them.
//!
//! Every store keeps this small picture in memory beside its rows, so that admitting, claiming and counting places
//! never searches the finished tasks.

use std::collections::{BTreeMap, HashMap};

use crate::domain::id::{Epoch, TaskNumber};
use crate::domain::queue::LiveTask;
use crate::domain::task::{State, Task};
use crate::domain::time::Timestamp;

/// How long an attempt holds its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    epoch: Epoch,
    until: Timestamp,
}

/// A live task as a store finds it: and its lease, if it runs.
pub(super) type LiveRow = (LiveTask, Option<(Epoch, Timestamp)>);

/// The live tasks of a ledger.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// By number, lowest first.
    tasks: Vec<LiveTask>,
    leases: BTreeMap<TaskNumber, Held>,
    /// Leases of processes that are known to be gone.
    abandoned: HashMap<TaskNumber, Epoch>,
}

impl Live {
    /// The live tasks, lowest number first.
    pub(super) fn tasks(&self) -> &[LiveTask] {
        &self.tasks
    }

    /// Takes over what a task is now.
    pub(super) fn follow(&mut self, task: &Task) {
        let number = task.number;
        match &task.state {
            State::Pending => {
                self.leases.remove(&number);
                self.put(task, false);
            }
            State::Running { lease_until, .. } => {
                self.leases.insert(number, Held { epoch: task.epoch, until: *lease_until });
                self.put(task, true);
            }
            State::Done { .. } | State::Failed { .. } | State::Cancelled { .. } => self.remove(number),
        }
    }

    /// Forgets a task that is no longer live, or that nobody can read.
    pub(super) fn remove(&mut self, number: TaskNumber) {
        self.leases.remove(&number);
        if let Ok(place) = self.place(number) {
            self.tasks.remove(place);
        }
    }

    /// Takes over what a store holds, lowest number first. Which leases are abandoned stays known.
    pub(super) fn restore(&mut self, rows: Vec<LiveRow>) {
        self.tasks.clear();
        self.leases.clear();
        for (task, lease) in rows {
            if let Some((epoch, until)) = lease {
                self.leases.insert(task.number, Held { epoch, until });
            }
            self.tasks.push(task);
        }
    }

    /// Every lease there is now belongs to a process that is gone. The fence tells later leases of the same tasks apart.
    pub(super) fn abandon_leases(&mut self) {
        self.abandoned = self.leases.iter().map(|(number, held)| (*number, held.epoch)).collect();
    }

    /// The running tasks whose lease ran out before `now` or whose process is known to be gone, lowest number first.
    pub(super) fn lost(&self, now: Timestamp) -> Vec<TaskNumber> {
        let lost = |number: &TaskNumber, held: &Held| held.until < now || self.abandoned.get(number) == Some(&held.epoch);
        self.leases.iter().filter(|(number, held)| lost(number, held)).map(|(number, _)| *number).collect()
    }

    fn put(&mut self, task: &Task, running: bool) {
        match self.place(task.number) {
            Ok(place) => {
                if let Some(found) = self.tasks.get_mut(place) {
                    found.running = running;
                }
            }
            Err(place) => {
                let origin = &task.new.origin;
                let (person, channel) = (origin.person.clone(), origin.channel.clone());
                self.tasks.insert(place, LiveTask { number: task.number, person, channel, turn: task.turn, running });
            }
        }
    }

    fn place(&self, number: TaskNumber) -> Result<usize, usize> {
        self.tasks.binary_search_by_key(&number, |task| task.number)
    }
}
