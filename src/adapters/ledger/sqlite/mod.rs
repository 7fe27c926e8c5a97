//! The ledger of one machine: a `SQLite` file in WAL mode, synced at every commit.
//!
//! One thread writes and groups what many tasks ask for at the same time into one transaction (`writer`); another copies
//! what was committed from the log into the file (`checkpoints`), and a few others read (`readers`). A lock beside the file
//! keeps other processes out. So at the start every lease in the file is known to be dead, and the first recovery takes
//! those attempts back at once.

mod cards;
mod channels;
mod checkpoints;
mod columns;
mod file;
mod filters;
mod headlines;
mod health;
mod job;
mod moving;
mod notices;
mod prune;
mod queries;
mod readers;
mod recent;
mod rows;
mod statements;
mod tasks;
mod threads;
mod writer;

use std::fmt;
use std::path::Path;
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
use crate::domain::queue::LiveTask;
use crate::domain::summary::MonitorSummary;
use crate::domain::task::{CancelledBy, NewTask, Outcome, Task};
use crate::domain::time::Timestamp;
use crate::domain::usage::Usage;
use crate::lifecycle::Component;

use super::owed::Owed;
use super::steps::{self, Step};
use file::LedgerFile;
pub use file::OpenError;
use health::Health;
use readers::Readers;
use rows::Loaded;
use writer::Writer;

/// A ledger in a `SQLite` file. When it is dropped, it blocks until what was asked of it is written.
pub struct SqliteLedger {
    // In the order in which they are to end: the last connection tidies the file up, and a reader cannot.
    readers: Readers,
    writer: Writer,
    /// As the newest commit left it.
    owed: Arc<Mutex<Owed>>,
    hints: Hints,
    health: Health,
}

impl fmt::Debug for SqliteLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteLedger").finish_non_exhaustive()
    }
}

impl SqliteLedger {
    /// Opens the file, or makes it, and brings its schema up to date. Blocks: it is meant for the start of a process.
    ///
    /// # Errors
    /// [`OpenError`] when another process has it open, when a newer program wrote it, when it is no ledger, or when it
    /// cannot be read or written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let file = LedgerFile::lock(path.as_ref())?;
        let connection = file.writer()?;
        let loaded = Loaded::read(&connection).map_err(|source| file.unreadable(source))?;
        let owed = loaded.owed();
        let readers = Readers::start(&file)?;
        let (hints, health) = (Hints::default(), Health::default());
        let writer = Writer::start(file, connection, loaded, hints.clone(), health.clone())?;
        Ok(Self { readers, writer, owed, hints, health })
    }

    /// Whether this file is a ledger that [`SqliteLedger::open`] would take. Changes nothing, and works beside a process that has
    /// it open. Blocks.
    ///
    /// # Errors
    /// [`OpenError`] when a newer program wrote it, when it is no ledger, or when it cannot be read.
    pub fn examine(path: impl AsRef<Path>) -> Result<(), OpenError> {
        file::examine(path.as_ref())
    }

    /// Tells this component, and no later one, whether what is asked for gets written. To be called before anything is asked.
    pub fn report_to(&self, component: Component) {
        self.health.report_to(component);
    }

    /// Writes what was asked for until now, closes the file and frees its lock. Whatever is asked for later fails with
    /// [`LedgerError::Closed`].
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    fn owed(&self) -> MutexGuard<'_, Owed> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those of these notices that are still owed. What nobody can read is left alone until the file is opened again.
    async fn still_owed(&self, ids: Vec<NoticeId>) -> Result<Vec<Notice>, LedgerError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (notices, unreadable) = self.readers.read(move |file| notices::still_owed(file, ids)).await?;
        for id in unreadable {
            self.owed().set_aside(id);
        }
        Ok(notices)
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn accept(&self, new: NewTask, limits: &Limits, now: Timestamp) -> Result<Acceptance, LedgerError> {
        let limits = *limits;
        self.writer.step(move |rows| steps::accept(rows, &new, &limits, now)).await
    }

    async fn find_inbound(&self, inbound: &InboundId) -> Result<Option<Task>, LedgerError> {
        let inbound = inbound.clone();
        self.readers.read(move |file| queries::by_inbound(file, &inbound)).await
    }

    async fn claim(
        &self,
        worker: &WorkerId,
        limits: &Limits,
        free: usize,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Task>, LedgerError> {
        let (worker, limits) = (worker.clone(), *limits);
        self.writer.step(move |rows| steps::claim(rows, &worker, &limits, free, lease_until, now)).await
    }

    async fn renew(&self, leases: &[Lease], lease_until: Timestamp, now: Timestamp) -> Result<Renewal, LedgerError> {
        let leases = leases.to_vec();
        self.writer.step(move |rows| steps::renew(rows, &leases, lease_until, now)).await
    }

    async fn finish(&self, lease: &Lease, outcome: Outcome, usage: Usage, now: Timestamp) -> Result<Finish, LedgerError> {
        let lease = lease.clone();
        self.writer.step(move |rows| steps::finish(rows, &lease, &outcome, usage, now)).await
    }

    async fn release(&self, lease: &Lease, usage: Usage, now: Timestamp) -> Result<Finish, LedgerError> {
        let lease = lease.clone();
        self.writer.step(move |rows| steps::release(rows, &lease, usage, now)).await
    }

    async fn request_cancel(&self, task: &TaskId, by: CancelledBy, now: Timestamp) -> Result<CancelRequest, LedgerError> {
        let task = task.clone();
        self.writer.step(move |rows| steps::request_cancel(rows, &task, &by, now)).await
    }

    async fn recover(&self, limits: &Limits, now: Timestamp) -> Result<Vec<Recovered>, LedgerError> {
        let limits = *limits;
        self.writer.step(move |rows| steps::recover(rows, &limits, now)).await
    }

    async fn due_notices(
        &self,
        skip: &[ChannelId],
        quiet: &IsQuiet,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Notice>, LedgerError> {
        let due = self.owed().due(skip, quiet, limit, now);
        self.still_owed(due).await
    }

    async fn due_acceptances(
        &self,
        channels: &[ChannelId],
        known: &[NoticeId],
        now: Timestamp,
    ) -> Result<Vec<Notice>, LedgerError> {
        let due = self.owed().acceptances(channels, known, now);
        self.still_owed(due).await
    }

    async fn owed_in(&self, channel: &ChannelId) -> Result<Vec<Notice>, LedgerError> {
        let owed = self.owed().of(channel);
        self.still_owed(owed).await
    }

    async fn begin_together(
        &self,
        notices: &[NoticeId],
        channel: &ChannelId,
        now: Timestamp,
    ) -> Result<Vec<Notice>, LedgerError> {
        let (notices, channel) = (notices.to_vec(), channel.clone());
        self.writer.step(move |rows| steps::begin_together(rows, &notices, &channel, now)).await
    }

    async fn record_together(&self, notices: &[NoticeId], delivery: Delivery, now: Timestamp) -> Result<(), LedgerError> {
        let notices = notices.to_vec();
        self.writer.step(move |rows| steps::record_together(rows, &notices, &delivery, now)).await
    }

    async fn channel_settings(&self) -> Result<Vec<(ChannelId, Preferences)>, LedgerError> {
        self.readers.read(channels::settings).await
    }

    async fn set_channel(&self, channel: &ChannelId, preferences: &Preferences) -> Result<(), LedgerError> {
        let (channel, preferences) = (channel.clone(), preferences.clone());
        self.writer.step(move |rows| channels::set(rows.statements(), &channel, &preferences).map(Step::quiet)).await
    }

    async fn channel_parents(&self) -> Result<Vec<(ChannelId, ChannelId)>, LedgerError> {
        self.readers.read(channels::parents).await
    }

    async fn set_channel_parent(&self, channel: &ChannelId, parent: &ChannelId) -> Result<(), LedgerError> {
        let (channel, parent) = (channel.clone(), parent.clone());
        self.writer.step(move |rows| channels::set_parent(rows.statements(), &channel, &parent).map(Step::quiet)).await
    }

    async fn thread_of(&self, task: &TaskId) -> Result<Option<Thread>, LedgerError> {
        let task = task.clone();
        self.readers.read(move |file| channels::thread_of(file, &task)).await
    }

    async fn settle_thread(&self, task: &TaskId, thread: &Thread) -> Result<(), LedgerError> {
        let (task, thread) = (task.clone(), thread.clone());
        self.writer.step(move |rows| channels::settle_thread(rows.statements(), &task, &thread).map(Step::quiet)).await
    }

    async fn find_by_thread(&self, channel: &ChannelId) -> Result<Option<Task>, LedgerError> {
        let channel = channel.clone();
        self.readers.read(move |file| channels::by_thread(file, &channel)).await
    }

    async fn begin_delivery(&self, notice: NoticeId, channel: &ChannelId, now: Timestamp) -> Result<Option<Notice>, LedgerError> {
        let channel = channel.clone();
        self.writer.step(move |rows| steps::begin_delivery(rows, notice, &channel, now)).await
    }

    async fn record_delivery(&self, notice: NoticeId, delivery: Delivery, now: Timestamp) -> Result<(), LedgerError> {
        self.writer.step(move |rows| steps::record_delivery(rows, notice, &delivery, now)).await
    }

    async fn note_answer(&self, channel: &ChannelId, message: &MessageId, task: TaskNumber) -> Result<(), LedgerError> {
        let (channel, message) = (channel.clone(), message.clone());
        self.writer.step(move |rows| notices::note_answer(rows.statements(), &channel, &message, task).map(Step::quiet)).await
    }

    async fn move_channel(&self, from: &ChannelId, to: &ChannelId, now: Timestamp) -> Result<u64, LedgerError> {
        let (from, to) = (from.clone(), to.clone());
        self.writer.step(move |rows| moving::move_channel(rows, &from, &to, now)).await
    }

    async fn find(&self, task: &TaskRef) -> Result<Option<(Task, Option<usize>)>, LedgerError> {
        let task = task.clone();
        self.readers.read(move |file| queries::find(file, &task)).await
    }

    async fn find_by_message(&self, channel: &ChannelId, message: &MessageId) -> Result<Option<Task>, LedgerError> {
        let (channel, message) = (channel.clone(), message.clone());
        self.readers.read(move |file| queries::by_message(file, &channel, &message)).await
    }

    async fn notices_of(&self, task: &TaskId) -> Result<Vec<Notice>, LedgerError> {
        let task = task.clone();
        self.readers.read(move |file| notices::of_task(file, &task)).await
    }

    async fn list(&self, filter: &TaskFilter) -> Result<Vec<Task>, LedgerError> {
        let filter = filter.clone();
        self.readers.read(move |file| queries::list(file, &filter)).await
    }

    async fn headlines(&self, filter: &TaskFilter) -> Result<Vec<Headline>, LedgerError> {
        let filter = filter.clone();
        self.readers.read(move |file| headlines::read(file, &filter)).await
    }

    async fn live_tasks(&self) -> Result<Vec<LiveTask>, LedgerError> {
        self.readers.read(|file| Ok(tasks::live(file)?.into_iter().map(|(task, _)| task).collect())).await
    }

    async fn open_cards(&self) -> Result<Vec<CardMessage>, LedgerError> {
        self.readers.read(cards::open).await
    }

    async fn settle_cards(&self, until: Timestamp, late: &[TaskNumber]) -> Result<(), LedgerError> {
        let late = late.to_vec();
        self.writer.step(move |rows| cards::settle(rows, until, &late)).await
    }

    async fn summary(&self) -> Result<MonitorSummary, LedgerError> {
        self.readers.read(queries::summary).await
    }

    /// In several transactions, so that writers need not wait long; each of them forgets whole tasks.
    async fn prune(&self, ended_before: Timestamp) -> Result<u64, LedgerError> {
        let mut forgotten = 0;
        let mut next = Some(prune::Place::default());
        while let Some(place) = next {
            let (more, place) = self.writer.step(move |rows| prune::prune(rows, place, ended_before)).await?;
            forgotten += more;
            next = place;
        }
        Ok(forgotten)
    }

    fn hints(&self) -> Hints {
        self.hints.clone()
    }
}
