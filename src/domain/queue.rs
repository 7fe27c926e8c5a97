//! Who is next: fair order among persons, within the limits.
//!
//! Every task is given a turn when it is accepted, and lower turns go first. A person's tasks have turns one after the
//! other; the first one of somebody who had none starts at the turn that is being served. That is round-robin: who
//! hands over a hundred tasks makes the others wait for one of them, not for all. A turn is stored with its task, so
//! the order survives a crash and everybody reads the same place.

use std::collections::HashMap;

use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::id::TaskNumber;
use crate::domain::limits::Limits;

/// A task that is pending or running, as far as fairness is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveTask {
    /// Its number; lower ones are older.
    pub number: TaskNumber,
    /// Who asked.
    pub person: Option<PersonId>,
    /// Which channel asked.
    pub channel: Option<ChannelId>,
    /// Its turn, from [`turn`].
    pub turn: u64,
    /// Whether it runs; otherwise it waits.
    pub running: bool,
}

/// Why a task cannot wait in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueueFull {
    /// The whole queue is full.
    #[error("the queue is full: {waiting} tasks wait")]
    Everybody {
        /// How many wait.
        waiting: usize,
    },
    /// This person's part of it is full.
    #[error("{waiting} tasks of this person wait already")]
    Person {
        /// How many of theirs wait.
        waiting: usize,
    },
}

/// Whether one more task of `person` may wait.
///
/// # Errors
/// [`QueueFull`] when the queue, or the person's share of it, is full.
pub fn admit(live: &[LiveTask], person: Option<&PersonId>, limits: &Limits) -> Result<(), QueueFull> {
    let waiting = live.iter().filter(|task| !task.running).count();
    if waiting >= limits.max_queued {
        return Err(QueueFull::Everybody { waiting });
    }
    let Some(person) = person else { return Ok(()) };
    let theirs = live.iter().filter(|task| !task.running && task.person.as_ref() == Some(person)).count();
    if theirs >= limits.max_queued_per_person { Err(QueueFull::Person { waiting: theirs }) } else { Ok(()) }
}

/// The turn of a task of `person` that is accepted now.
#[must_use]
pub fn turn(live: &[LiveTask], person: Option<&PersonId>) -> u64 {
    let served = live.iter().filter(|task| task.running).map(|task| task.turn).max();
    let now = served.or_else(|| live.iter().map(|task| task.turn).min()).unwrap_or_default();
    let own = live.iter().filter(|task| task.person.as_ref() == person).map(|task| task.turn + 1).max();
    now.max(own.unwrap_or_default())
}

/// The waiting tasks in the order in which they should start.
#[must_use]
pub fn fair_order(live: &[LiveTask]) -> Vec<&LiveTask> {
    let mut waiting: Vec<&LiveTask> = live.iter().filter(|task| !task.running).collect();
    waiting.sort_unstable_by_key(|task| (task.turn, task.number));
    waiting
}

/// Up to `free` waiting tasks that may start now, in fair order, within the limits per person and per channel.
#[must_use]
pub fn claimable(live: &[LiveTask], limits: &Limits, free: usize) -> Vec<TaskNumber> {
    let mut persons: HashMap<&PersonId, usize> = HashMap::new();
    let mut channels: HashMap<&ChannelId, usize> = HashMap::new();
    for task in live.iter().filter(|task| task.running) {
        count(&mut persons, task.person.as_ref());
        count(&mut channels, task.channel.as_ref());
    }
    let mut chosen = Vec::new();
    for task in fair_order(live) {
        if chosen.len() >= free {
            break;
        }
        let person_free = is_below(&persons, task.person.as_ref(), limits.max_running_per_person);
        let channel_free = is_below(&channels, task.channel.as_ref(), limits.max_running_per_channel);
        if person_free && channel_free {
            count(&mut persons, task.person.as_ref());
            count(&mut channels, task.channel.as_ref());
            chosen.push(task.number);
        }
    }
    chosen
}

/// How many tasks are ahead of this waiting one; none when it does not wait.
#[must_use]
pub fn ahead_of(live: &[LiveTask], number: TaskNumber) -> Option<usize> {
    let waiting = || live.iter().filter(|task| !task.running).map(|task| (task.turn, task.number));
    let own = waiting().find(|(_, other)| *other == number)?;
    Some(waiting().filter(|other| *other < own).count())
}

fn count<'a, K: std::hash::Hash + Eq>(counts: &mut HashMap<&'a K, usize>, key: Option<&'a K>) {
    if let Some(key) = key {
        *counts.entry(key).or_default() += 1;
    }
}

fn is_below<K: std::hash::Hash + Eq>(counts: &HashMap<&K, usize>, key: Option<&K>, limit: usize) -> bool {
    key.and_then(|key| counts.get(key)).is_none_or(|count| *count < limit)
}
