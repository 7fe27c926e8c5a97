//! The ledger of library use and of tests: everything in this process's memory.
//!
//! It keeps the limit of the Go package this is a port of: the 500 tasks that ended last and owe nothing. What still
//! owes a notice is never forgotten, nor is anything that lives.

mod rows;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::background::ports::{
    Acceptance, CancelRequest, CardMessage, Delivery, Finish, Hints, IsQuiet, Lease, Ledger, LedgerError, Recovered, Renewal,
    TaskFilter, Thread,
};
use crate::domain::channel::ChannelId;
use crate::domain::headline::Headline;
use crate::domain::id::{InboundId, MessageId, NoticeId, TaskId, TaskNumber, TaskRef, WorkerId};
use crate::domain::limits::Limits;
use crate::domain::notice::Notice;
use crate::domain::preferences::Preferences;
use crate::domain::queue::{LiveTask, ahead_of};
use crate::domain::status::Status;
use crate::domain::summary::MonitorSummary;
use crate::domain::task::{CancelledBy, NewTask, Outcome, Task};
use crate::domain::time::Timestamp;
use crate::domain::usage::Usage;

use super::steps::{self, Rows as _, Step};
use rows::MemoryRows;

/// A ledger that ends with its process. Clones share their contents.
#[derive(Clone, Default)]
pub struct MemoryLedger {
    rows: Arc<Mutex<MemoryRows>>,
    hints: Hints,
}

impl fmt::Debug for MemoryLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLedger").finish_non_exhaustive()
    }
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn rows(&self) -> MutexGuard<'_, MemoryRows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step<T>(&self, step: impl FnOnce(&mut MemoryRows) -> Result<Step<T>, LedgerError>) -> Result<T, LedgerError> {
        let done = {
            let mut rows = self.rows();
            let done = step(&mut rows);
            rows.forget_surplus();
            done?
        };
        if done.work {
            self.hints.work.notify_one();
        }
        if done.notices {
            self.hints.notices.notify_one();
            self.hints.cards.notify_one();
        }
        Ok(done.value)
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn accept(&self, new: NewTask, limits: &Limits, now: Timestamp) -> Result<Acceptance, LedgerError> {
        self.step(|rows| steps::accept(rows, &new, limits, now))
    }

    async fn find_inbound(&self, inbound: &InboundId) -> Result<Option<Task>, LedgerError> {
        self.rows().task_of_inbound(inbound)
    }

    async fn claim(
        &self,
        worker: &WorkerId,
        limits: &Limits,
        free: usize,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Task>, LedgerError> {
        self.step(|rows| steps::claim(rows, worker, limits, free, lease_until, now))
    }

    async fn renew(&self, leases: &[Lease], lease_until: Timestamp, now: Timestamp) -> Result<Renewal, LedgerError> {
        self.step(|rows| steps::renew(rows, leases, lease_until, now))
    }

    async fn finish(&self, lease: &Lease, outcome: Outcome, usage: Usage, now: Timestamp) -> Result<Finish, LedgerError> {
        self.step(|rows| steps::finish(rows, lease, &outcome, usage, now))
    }

    async fn release(&self, lease: &Lease, usage: Usage, now: Timestamp) -> Result<Finish, LedgerError> {
        self.step(|rows| steps::release(rows, lease, usage, now))
    }

    async fn request_cancel(&self, task: &TaskId, by: CancelledBy, now: Timestamp) -> Result<CancelRequest, LedgerError> {
        self.step(|rows| steps::request_cancel(rows, task, &by, now))
    }

    async fn recover(&self, limits: &Limits, now: Timestamp) -> Result<Vec<Recovered>, LedgerError> {
        self.step(|rows| steps::recover(rows, limits, now))
    }

    async fn due_notices(
        &self,
        skip: &[ChannelId],
        quiet: &IsQuiet,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Notice>, LedgerError> {
        let rows = self.rows();
        Ok(rows.notices(&rows.owed().due(skip, quiet, limit, now)))
    }

    async fn due_acceptances(
        &self,
        channels: &[ChannelId],
        known: &[NoticeId],
        now: Timestamp,
    ) -> Result<Vec<Notice>, LedgerError> {
        let rows = self.rows();
        Ok(rows.notices(&rows.owed().acceptances(channels, known, now)))
    }

    async fn owed_in(&self, channel: &ChannelId) -> Result<Vec<Notice>, LedgerError> {
        let rows = self.rows();
        Ok(rows.notices(&rows.owed().of(channel)))
    }

    async fn begin_together(
        &self,
        notices: &[NoticeId],
        channel: &ChannelId,
        now: Timestamp,
    ) -> Result<Vec<Notice>, LedgerError> {
        self.step(|rows| steps::begin_together(rows, notices, channel, now))
    }

    async fn record_together(&self, notices: &[NoticeId], delivery: Delivery, now: Timestamp) -> Result<(), LedgerError> {
        self.step(|rows| steps::record_together(rows, notices, &delivery, now))
    }

    async fn channel_settings(&self) -> Result<Vec<(ChannelId, Preferences)>, LedgerError> {
        Ok(self.rows().settings().clone().into_iter().collect())
    }

    async fn set_channel(&self, channel: &ChannelId, preferences: &Preferences) -> Result<(), LedgerError> {
        self.rows().set_channel(channel, preferences);
        Ok(())
    }

    async fn channel_parents(&self) -> Result<Vec<(ChannelId, ChannelId)>, LedgerError> {
        Ok(self.rows().parents().clone().into_iter().collect())
    }

    async fn set_channel_parent(&self, channel: &ChannelId, parent: &ChannelId) -> Result<(), LedgerError> {
        self.rows().set_parent(channel, parent);
        Ok(())
    }

    async fn thread_of(&self, task: &TaskId) -> Result<Option<Thread>, LedgerError> {
        Ok(self.rows().thread_of(task).cloned())
    }

    async fn settle_thread(&self, task: &TaskId, thread: &Thread) -> Result<(), LedgerError> {
        self.rows().settle_thread(task, thread);
        Ok(())
    }

    async fn find_by_thread(&self, channel: &ChannelId) -> Result<Option<Task>, LedgerError> {
        Ok(self.rows().task_of_thread(channel).cloned())
    }

    async fn note_answer(&self, channel: &ChannelId, message: &MessageId, task: TaskNumber) -> Result<(), LedgerError> {
        self.rows().note_answer(channel, message, task);
        Ok(())
    }

    async fn begin_delivery(&self, notice: NoticeId, channel: &ChannelId, now: Timestamp) -> Result<Option<Notice>, LedgerError> {
        self.step(|rows| steps::begin_delivery(rows, notice, channel, now))
    }

    async fn record_delivery(&self, notice: NoticeId, delivery: Delivery, now: Timestamp) -> Result<(), LedgerError> {
        self.step(|rows| steps::record_delivery(rows, notice, &delivery, now))
    }

    async fn move_channel(&self, from: &ChannelId, to: &ChannelId, now: Timestamp) -> Result<u64, LedgerError> {
        self.step(|rows| Ok(Step { value: rows.move_channel(from, to, now)?, work: false, notices: true }))
    }

    async fn find(&self, task: &TaskRef) -> Result<Option<(Task, Option<usize>)>, LedgerError> {
        let rows = self.rows();
        let found = match task {
            TaskRef::Number(number) => rows.task_by_number(*number)?,
            TaskRef::Id(id) => rows.task_by_id(id)?,
        };
        Ok(found.map(|task| {
            let ahead = ahead_of(rows.live().tasks(), task.number);
            (task, ahead)
        }))
    }

    async fn find_by_message(&self, channel: &ChannelId, message: &MessageId) -> Result<Option<Task>, LedgerError> {
        Ok(self.rows().task_of_message(channel, message).cloned())
    }

    async fn notices_of(&self, task: &TaskId) -> Result<Vec<Notice>, LedgerError> {
        Ok(self.rows().notices_of(task).cloned().collect())
    }

    async fn list(&self, filter: &TaskFilter) -> Result<Vec<Task>, LedgerError> {
        let rows = self.rows();
        let wanted = rows.tasks_before(filter.before).filter(|task| fits(task, filter));
        Ok(wanted.take(filter.limit).cloned().collect())
    }

    async fn headlines(&self, filter: &TaskFilter) -> Result<Vec<Headline>, LedgerError> {
        let rows = self.rows();
        let wanted = rows.tasks_before(filter.before).filter(|task| fits(task, filter));
        Ok(wanted.take(filter.limit).map(Headline::of).collect())
    }

    async fn live_tasks(&self) -> Result<Vec<LiveTask>, LedgerError> {
        Ok(self.rows().live().tasks().to_vec())
    }

    async fn open_cards(&self) -> Result<Vec<CardMessage>, LedgerError> {
        Ok(self.rows().open_cards())
    }

    async fn settle_cards(&self, until: Timestamp, late: &[TaskNumber]) -> Result<(), LedgerError> {
        self.rows().settle_cards(until, late);
        Ok(())
    }

    async fn summary(&self) -> Result<MonitorSummary, LedgerError> {
        Ok(self.rows().summary())
    }

    async fn prune(&self, ended_before: Timestamp) -> Result<u64, LedgerError> {
        Ok(self.rows().prune(ended_before))
    }

    fn hints(&self) -> Hints {
        self.hints.clone()
    }
}

fn fits(task: &Task, filter: &TaskFilter) -> bool {
    let origin = &task.new.origin;
    let any_status = filter.statuses.is_empty();
    let status: Status = task.status();
    (any_status || filter.statuses.contains(&status))
        && filter.person.as_ref().is_none_or(|person| origin.person.as_ref() == Some(person))
        && filter.channel.as_ref().is_none_or(|channel| origin.channel.as_ref() == Some(channel))
}
