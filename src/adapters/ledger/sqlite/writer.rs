//! The one thread that writes, and its group commit.
//!
//! Steps queue up in a bounded channel. The thread runs all that wait in one transaction, commits, and only then
//! answers. So a hundred tasks that write at once share one `fsync`, while each of them sees an operation of its own:
//! durable when the answer comes, and undisturbed by others. A step that fails before it has written anything, as nearly
//! all do, is just left out. When one fails later, or the commit does, the transaction is undone and every step of it is
//! done again in one of its own.

use rusqlite::Connection;

use crate::adapters::ledger::steps::Step;
use crate::background::ports::{Hints, LedgerError};

use super::checkpoints::Checkpoints;
use super::file::{LedgerFile, OpenError};
use super::health::Health;
use super::job::{Failed, Job, Wake, job};
use super::rows::{Loaded, SqliteRows};
use super::threads::{Jobs, Message, Threads};

/// Steps in one transaction, so that the first of them does not wait long for the last.
const BATCH: usize = 512;

/// A handle on the thread. When it is dropped, what waits is still written, and the file is closed.
pub(super) struct Writer {
    threads: Threads<Box<dyn Job>>,
}

impl Writer {
    /// Starts the thread; it keeps the file locked as long as it runs.
    pub(super) fn start(
        file: LedgerFile,
        connection: Connection,
        loaded: Loaded,
        hints: Hints,
        health: Health,
    ) -> Result<Self, OpenError> {
        let (mut threads, waiting, running) = Threads::new();
        let no_thread = file.failure("start a thread");
        let checkpoints = Checkpoints::start(&file)?;
        let body = move || {
            // These end after the loop, the last of them first: the checkpoints before the connection, which is the last one then
            // and tidies the file up; and who waits for the end may open the file again at once.
            let _running = running;
            let _file = file;
            let connection = connection;
            let rows = SqliteRows::new(&connection, loaded);
            WriteLoop { waiting, checkpoints, rows, stale: false, failing: false, hints, health }.run();
        };
        threads.spawn("ledger-writer", body).map_err(no_thread)?;
        Ok(Self { threads })
    }

    /// Has a step done and waits until it is durable. When this future is dropped, the step is done all the same if it
    /// was queued already.
    pub(super) async fn step<T, F>(&self, step: F) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: FnMut(&mut SqliteRows<'_>) -> Result<Step<T>, LedgerError> + Send + 'static,
    {
        let (job, answer) = job(step);
        self.threads.queue(job).await?;
        answer.await.unwrap_or(Err(LedgerError::Closed))
    }

    /// Writes what waits, closes the file and ends the thread. Later steps fail as closed.
    pub(super) async fn close(&self) {
        self.threads.close().await;
    }
}

/// Why a transaction was undone.
enum Undone {
    /// One of its steps failed after it had written something. The job has the reason.
    Step,
    /// The store failed.
    Store(LedgerError),
}

impl From<LedgerError> for Undone {
    fn from(error: LedgerError) -> Self {
        Self::Store(error)
    }
}

struct WriteLoop<'file> {
    waiting: Jobs<Box<dyn Job>>,
    checkpoints: Checkpoints,
    rows: SqliteRows<'file>,
    /// Whether what is kept in memory has to be read again, because a transaction was undone.
    stale: bool,
    /// Whether the last write failed.
    failing: bool,
    hints: Hints,
    health: Health,
}

impl Drop for WriteLoop<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Nothing is written from now on, and the operator has to know.
            self.health.failed(&LedgerError::Closed);
        }
    }
}

impl WriteLoop<'_> {
    fn run(mut self) {
        while let Some(message) = self.waiting.blocking_recv() {
            match message {
                Message::Job(first) => self.commit(first, BATCH),
                Message::Stop => self.stop(),
            }
        }
    }

    /// Lets nobody queue more. What is queued is still done; then the channel is empty, and the loop ends.
    fn stop(&mut self) {
        self.waiting.close();
    }

    /// Does `first` and the steps that wait behind it, up to `most`, in one transaction, and then answers them.
    fn commit(&mut self, first: Box<dyn Job>, most: usize) {
        let mut batch = vec![first];
        match self.transaction(&mut batch, most) {
            Ok(wake) => {
                if std::mem::take(&mut self.failing) {
                    self.health.recovered();
                }
                self.rows.publish();
                self.checkpoints.committed();
                self.notify(wake);
            }
            Err(undone) => {
                self.roll_back();
                match (undone, batch.as_mut_slice()) {
                    (Undone::Store(error), [only]) => {
                        tracing::error!(error = &error as &dyn std::error::Error, "the ledger did not write");
                        self.failing = true;
                        self.health.failed(&error);
                        only.fail(error);
                    }
                    (Undone::Step, [_]) => {}
                    _ => return batch.into_iter().for_each(|job| self.commit(job, 1)),
                }
            }
        }
        batch.into_iter().for_each(Job::reply);
    }

    /// Does the steps of a batch and further ones that wait, up to `most`, and commits.
    fn transaction(&mut self, batch: &mut Vec<Box<dyn Job>>, most: usize) -> Result<Wake, Undone> {
        if self.stale {
            self.rows.reload()?;
            self.stale = false;
        }
        self.execute("BEGIN IMMEDIATE", "begin a transaction")?;
        let mut wake = Wake::default();
        let mut done = 0;
        while let Some(job) = batch.get_mut(done) {
            wake = wake.and(self.step(job.as_mut())?);
            done += 1;
            // One more for each that is done, so that those who queue up meanwhile need not wait for the next commit.
            match if batch.len() < most { self.waiting.try_recv().ok() } else { None } {
                Some(Message::Job(job)) => batch.push(job),
                Some(Message::Stop) => self.stop(),
                None => {}
            }
        }
        // After a failure each transaction writes something, or it would succeed however full the disk is.
        self.rows.write_counters(self.failing)?;
        self.execute("COMMIT", "commit")?;
        Ok(wake)
    }

    /// Does one step. When it fails without a trace, the transaction goes on without it.
    fn step(&mut self, job: &mut dyn Job) -> Result<Wake, Undone> {
        let (counters, written) = (self.rows.counters(), self.rows.connection().total_changes());
        job.run(&mut self.rows).or_else(|Failed| {
            let connection = self.rows.connection();
            // Some failures of the store end the transaction by themselves.
            let untouched = connection.total_changes() == written && !connection.is_autocommit();
            self.rows.go_back_to(counters);
            if untouched { Ok(Wake::default()) } else { Err(Undone::Step) }
        })
    }

    fn roll_back(&mut self) {
        if !self.rows.connection().is_autocommit() {
            // When this fails too, so does the next BEGIN, and this is tried again.
            drop(self.execute("ROLLBACK", "roll back"));
        }
        self.stale = true;
    }

    fn execute(&self, sql: &'static str, operation: &'static str) -> Result<(), LedgerError> {
        self.rows.statements().execute(operation, sql, []).map(drop)
    }

    fn notify(&self, wake: Wake) {
        if wake.work {
            self.hints.work.notify_one();
        }
        if wake.notices {
            self.hints.notices.notify_one();
            self.hints.cards.notify_one();
        }
    }
}
