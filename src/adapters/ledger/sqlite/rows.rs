//! The rows of the file as the steps see them, with the pictures of the live tasks and of what is owed, and the counts that
//! go along.
//!
//! Only the writer's thread has one of these; the picture of what is owed is shown to everybody, as each commit leaves it.
//! The file is the truth: when a transaction is undone, everything that is kept in memory here is read from it again.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, params};

use crate::adapters::ledger::delivery::Kept;
use crate::adapters::ledger::live::Live;
use crate::adapters::ledger::owed::{Change, Owed};
use crate::adapters::ledger::steps::Rows;
use crate::adapters::ledger::totals::Totals;
use crate::background::ports::LedgerError;
use crate::domain::id::{InboundId, NoticeId, TaskId, TaskNumber};
use crate::domain::notice::NoticeDraft;
use crate::domain::status::Status;
use crate::domain::summary::MonitorSummary;
use crate::domain::task::Task;
use crate::domain::time::Timestamp;

use super::columns::{Columns, failed, stored};
use super::recent::Recent;
use super::statements::Statements;
use super::{notices, tasks};

/// What the table `totals` holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// The counts.
    pub(super) totals: Totals,
    last_number: u64,
    last_notice: i64,
}

impl Counters {
    /// As the file has them.
    pub(super) fn read(connection: &Connection) -> Result<Self, LedgerError> {
        let sql = "SELECT only, last_number, last_notice, pending, running, done, failed, cancelled, owed, undeliverable \
                   FROM totals";
        let mut statement = connection.prepare_cached(sql).map_err(failed("read the totals"))?;
        let mut rows = statement.query([]).map_err(failed("read the totals"))?;
        let row = rows.next().map_err(failed("read the totals"))?;
        let missing = || LedgerError::BadData { table: "totals", column: "only", row: "1".to_owned() };
        let mut columns = Columns::new(row.ok_or_else(missing)?, "totals");
        columns.value::<i64>("only")?;
        let (last_number, last_notice) = (columns.number("last_number")?, columns.value("last_notice")?);
        let (pending, running) = (columns.number("pending")?, columns.number("running")?);
        let (done, failed) = (columns.number("done")?, columns.number("failed")?);
        let cancelled = columns.number("cancelled")?;
        let (notices_owed, notices_undeliverable) = (columns.number("owed")?, columns.number("undeliverable")?);
        let total = pending + running + done + failed + cancelled;
        let totals = Totals(MonitorSummary {
            total,
            pending,
            running,
            done,
            failed,
            cancelled,
            oldest_pending_at: None,
            notices_owed,
            notices_undeliverable,
        });
        Ok(Self { totals, last_number, last_notice })
    }

    fn write(&self, statements: &Statements<'_>) -> Result<(), LedgerError> {
        let sql = "UPDATE totals SET last_number = ?1, last_notice = ?2, pending = ?3, running = ?4, done = ?5, \
                   failed = ?6, cancelled = ?7, owed = ?8, undeliverable = ?9 WHERE only = 1";
        let counts = &self.totals.0;
        let values = params![
            stored(self.last_number),
            self.last_notice,
            stored(counts.pending),
            stored(counts.running),
            stored(counts.done),
            stored(counts.failed),
            stored(counts.cancelled),
            stored(counts.notices_owed),
            stored(counts.notices_undeliverable),
        ];
        statements.execute("write the totals", sql, values).map(drop)
    }
}

/// What is read into memory before the first step.
#[derive(Debug)]
pub(super) struct Loaded {
    live: Live,
    owed: Arc<Mutex<Owed>>,
    counters: Counters,
}

impl Loaded {
    /// Reads a file that no process worked on until now: every lease in it is dead.
    pub(super) fn read(connection: &Connection) -> Result<Self, LedgerError> {
        let mut live = Live::default();
        live.restore(tasks::live(connection)?);
        live.abandon_leases();
        let owed = Arc::new(Mutex::new(notices::owed(connection)?));
        Ok(Self { live, owed, counters: Counters::read(connection)? })
    }

    /// What is owed, as the newest commit will leave it.
    pub(super) fn owed(&self) -> Arc<Mutex<Owed>> {
        Arc::clone(&self.owed)
    }
}

/// The rows, inside the transaction that the writer has open.
#[derive(Debug)]
pub(super) struct SqliteRows<'file> {
    statements: Statements<'file>,
    live: Live,
    recent: Recent,
    /// What is owed as the file has it, for everybody to look at; and what became of it in this transaction.
    owed: Arc<Mutex<Owed>>,
    changes: Vec<Change>,
    /// What is owed, read anew in this transaction because of a write that went past the steps.
    owed_anew: Option<Owed>,
    /// The counts as the steps so far left them, and as the file has them.
    counters: Counters,
    written: Counters,
}

impl<'file> SqliteRows<'file> {
    /// The rows of the file of this connection, of which this much is in memory.
    pub(super) fn new(connection: &'file Connection, Loaded { live, owed, counters }: Loaded) -> Self {
        Self {
            statements: Statements::new(connection),
            live,
            recent: Recent::default(),
            owed,
            changes: Vec::new(),
            owed_anew: None,
            counters,
            written: counters,
        }
    }

    /// What writes, for what is not a step.
    pub(super) const fn statements(&self) -> &Statements<'file> {
        &self.statements
    }

    /// The connection, for what reads.
    pub(super) const fn connection(&self) -> &'file Connection {
        self.statements.connection()
    }

    /// Writes the counts, if they changed or all the same; the last thing in a transaction.
    pub(super) fn write_counters(&mut self, all_the_same: bool) -> Result<(), LedgerError> {
        if all_the_same || self.counters != self.written {
            self.counters.write(&self.statements)?;
            self.written = self.counters;
        }
        Ok(())
    }

    /// The counts as they are now.
    pub(super) const fn counters(&self) -> Counters {
        self.counters
    }

    /// Takes back what a step counted that failed before it wrote anything.
    pub(super) const fn go_back_to(&mut self, counters: Counters) {
        self.counters = counters;
    }

    /// Reads again what is kept in memory, after a transaction was undone.
    pub(super) fn reload(&mut self) -> Result<(), LedgerError> {
        self.counters = Counters::read(self.connection())?;
        self.written = self.counters;
        self.recent = Recent::default();
        self.live.restore(tasks::live(self.connection())?);
        self.changes.clear();
        self.owed_anew = None;
        Ok(())
    }

    /// Reads everything again, after a write of this transaction that went past the steps.
    pub(super) fn read_anew(&mut self) -> Result<(), LedgerError> {
        self.write_counters(false)?;
        self.reload()?;
        self.owed_anew = Some(notices::owed(self.connection())?);
        Ok(())
    }

    /// Shows everybody what is owed now, after a commit.
    pub(super) fn publish(&mut self) {
        if self.changes.is_empty() && self.owed_anew.is_none() {
            return;
        }
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(anew) = self.owed_anew.take() {
            *owed = anew;
        }
        self.changes.drain(..).for_each(|change| owed.follow(change));
    }

    /// So many notices that were owed are undeliverable, by a write that went past the steps.
    pub(super) fn settled_undeliverable(&mut self, notices: usize) {
        for _ in 0..notices {
            self.counters.totals.notice_undeliverable();
        }
    }

    /// Takes counts back that a task and its notices had, after they were deleted.
    pub(super) fn forgotten(&mut self, status: Status, undeliverable: u64) {
        self.counters.totals.task_forgotten(status);
        for _ in 0..undeliverable {
            self.counters.totals.notice_forgotten(true);
        }
    }
}

impl Rows for SqliteRows<'_> {
    fn live(&self) -> &Live {
        &self.live
    }

    fn set_aside(&mut self, number: TaskNumber) {
        self.live.remove(number);
    }

    fn next_number(&self) -> TaskNumber {
        TaskNumber(self.counters.last_number.saturating_add(1))
    }

    fn task_of_inbound(&self, inbound: &InboundId) -> Result<Option<Task>, LedgerError> {
        tasks::by_inbound(self.connection(), inbound)
    }

    fn task_by_id(&self, id: &TaskId) -> Result<Option<Task>, LedgerError> {
        match self.recent.task_by_id(id) {
            Some(task) => Ok(Some(task.clone())),
            None => tasks::by_id(self.connection(), id),
        }
    }

    fn task_by_number(&self, number: TaskNumber) -> Result<Option<Task>, LedgerError> {
        match self.recent.task(number) {
            Some(task) => Ok(Some(task.clone())),
            None => tasks::by_number(self.connection(), number),
        }
    }

    fn insert_task(&mut self, task: &Task) -> Result<bool, LedgerError> {
        let added = tasks::insert(&self.statements, task)?;
        if added {
            self.counters.last_number = task.number.0;
            self.live.follow(task);
            self.recent.keep_task(task);
            self.counters.totals.task_added(task.status());
        }
        Ok(added)
    }

    fn update_task(&mut self, task: &Task, before: Status) -> Result<(), LedgerError> {
        tasks::update(&self.statements, task, before)?;
        self.live.follow(task);
        self.recent.keep_task(task);
        self.counters.totals.task_moved(before, task.status());
        Ok(())
    }

    fn insert_notice(&mut self, task: &Task, draft: NoticeDraft, now: Timestamp) -> Result<(), LedgerError> {
        let id = NoticeId(self.counters.last_notice.saturating_add(1));
        let kept = Kept::owed(id, task, draft, now);
        if notices::insert(&self.statements, &kept.notice)? {
            self.counters.last_notice = id.0;
            self.counters.totals.notice_owed();
            self.changes.push(Change::of(&kept.notice));
            self.recent.keep_notice(kept);
        }
        Ok(())
    }

    fn notice(&self, id: NoticeId) -> Result<Option<Kept>, LedgerError> {
        match self.recent.notice(id) {
            Some(kept) => Ok(Some(kept.clone())),
            None => notices::by_id(self.connection(), id),
        }
    }

    fn update_notice(&mut self, kept: Kept, receipt: bool) -> Result<(), LedgerError> {
        notices::update(&self.statements, &kept, receipt)?;
        self.counters.totals.notice_moved(&kept.notice.state);
        // Beginning a part changes neither when it is due nor whether any of it has arrived.
        if receipt || self.recent.notice(kept.notice.id).is_none_or(|before| before.notice.state != kept.notice.state) {
            self.changes.push(Change::of(&kept.notice));
        }
        self.recent.keep_notice(kept);
        Ok(())
    }
}
