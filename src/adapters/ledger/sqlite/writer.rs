//! The one thread that writes, and its group commit.
//!
//! Steps queue up in a bounded channel. The thread runs all that wait in one transaction, each in a savepoint of its own,
//! commits, and only then answers. So a hundred tasks that write at once share one `fsync`, while each of them sees
//! an operation of its own: durable when the answer comes, and undisturbed by others that failed.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::adapters::ledger::steps::Step;
use crate::background::ports::{Hints, LedgerError};

use super::columns::failed;
use super::file::{LedgerFile, OpenError};
use super::rows::SqliteRows;
use super::threads::{Jobs, Message, Running, Threads};

/// Steps in one transaction, so that the first of them does not wait long for the last.
const BATCH: usize = 512;

/// A handle on the thread. When it is dropped, what waits is still written, and the file is closed.
pub(super) struct Writer {
    threads: Threads<Box<dyn Job>>,
}

impl Writer {
    /// Starts the thread; it keeps the file locked as long as it runs.
    pub(super) fn start(file: LedgerFile, rows: SqliteRows, hints: Hints) -> Result<Self, OpenError> {
        let (mut threads, waiting, running) = Threads::new();
        let no_thread = file.failure("start a thread");
        let write_loop = WriteLoop { waiting, rows, stale: false, hints, _file: file, _running: running };
        threads.spawn("ledger-writer", move || write_loop.run()).map_err(no_thread)?;
        Ok(Self { threads })
    }

    /// Has a step done and waits until it is durable. When this future is dropped, the step is done all the same if it
    /// was queued already.
    pub(super) async fn step<T, F>(&self, step: F) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: FnOnce(&mut SqliteRows) -> Result<Step<T>, LedgerError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = StepJob { step: Some(step), done: None, reply };
        self.threads.queue(Box::new(job)).await?;
        answer.await.unwrap_or(Err(LedgerError::Closed))
    }

    /// Writes what waits, closes the file and ends the thread. Later steps fail as closed.
    pub(super) async fn close(&self) {
        self.threads.close().await;
    }
}

/// A step on its way through the thread.
pub(super) trait Job: Send {
    /// Does the step. An error means that what it wrote is to be undone.
    fn run(&mut self, rows: &mut SqliteRows) -> Result<Wake, Undo>;

    /// Tells the caller, after the commit; `failure` is set when there was none.
    fn reply(self: Box<Self>, failure: Option<LedgerError>);
}

/// Who should look again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wake {
    work: bool,
    notices: bool,
}

impl Wake {
    const fn and(self, other: Self) -> Self {
        Self { work: self.work || other.work, notices: self.notices || other.notices }
    }
}

/// A step failed; its caller gets the reason.
pub(super) struct Undo;

struct StepJob<T, F> {
    step: Option<F>,
    done: Option<Result<T, LedgerError>>,
    reply: oneshot::Sender<Result<T, LedgerError>>,
}

impl<T, F> Job for StepJob<T, F>
where
    T: Send,
    F: FnOnce(&mut SqliteRows) -> Result<Step<T>, LedgerError> + Send,
{
    fn run(&mut self, rows: &mut SqliteRows) -> Result<Wake, Undo> {
        let Some(step) = self.step.take() else { return Err(Undo) };
        match step(rows) {
            Ok(Step { value, work, notices }) => {
                self.done = Some(Ok(value));
                Ok(Wake { work, notices })
            }
            Err(error) => {
                self.done = Some(Err(error));
                Err(Undo)
            }
        }
    }

    fn reply(self: Box<Self>, failure: Option<LedgerError>) {
        let done = match (self.done, failure) {
            // A step that failed by itself knows best why.
            (Some(Err(error)), _) | (_, Some(error)) => Err(error),
            (Some(Ok(value)), None) => Ok(value),
            (None, None) => Err(LedgerError::Closed),
        };
        // Who no longer waits does not want to know.
        drop(self.reply.send(done));
    }
}

struct WriteLoop {
    waiting: Jobs<Box<dyn Job>>,
    rows: SqliteRows,
    /// Whether a roll-back failed to restore what is kept in memory.
    stale: bool,
    hints: Hints,
    // Dropped in this order, after the connection in `rows`: who waits for the end may open the file again at once.
    _file: LedgerFile,
    _running: Running,
}

impl WriteLoop {
    fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(message) = self.waiting.blocking_recv() {
            match message {
                Message::Job(first) => self.commit_together(first, &mut batch),
                Message::Stop => self.stop(),
            }
        }
    }

    /// Lets nobody queue more. What is queued is still done; then the channel is empty, and the loop ends.
    fn stop(&mut self) {
        self.waiting.close();
    }

    /// Does `first` and the steps that wait behind it in one transaction, then answers them all.
    fn commit_together(&mut self, first: Box<dyn Job>, batch: &mut Vec<Box<dyn Job>>) {
        batch.push(first);
        match self.transaction(batch) {
            Ok(wake) => {
                self.notify(wake);
                batch.drain(..).for_each(|job| job.reply(None));
            }
            Err(error) => {
                let error = Arc::new(error);
                tracing::error!(error = &*error as &dyn Error, steps = batch.len(), "the ledger did not write");
                self.roll_back();
                batch.drain(..).for_each(|job| job.reply(Some(NotCommitted::error(&error))));
            }
        }
    }

    fn transaction(&mut self, batch: &mut Vec<Box<dyn Job>>) -> Result<Wake, LedgerError> {
        if self.stale {
            self.rows.reload(None)?;
            self.stale = false;
        }
        self.execute("BEGIN IMMEDIATE", "begin a transaction")?;
        let mut wake = Wake::default();
        let mut done = 0;
        while let Some(job) = batch.get_mut(done) {
            wake = wake.and(self.step(job.as_mut())?);
            done += 1;
            // One more for each that is done, so that those who queue up meanwhile need not wait for the next commit.
            match self.next_waiting(batch.len()) {
                Some(Message::Job(job)) => batch.push(job),
                Some(Message::Stop) => self.stop(),
                None => {}
            }
        }
        self.rows.write_counters()?;
        self.execute("COMMIT", "commit")?;
        Ok(wake)
    }

    /// The next in the queue, while the transaction has room for it.
    fn next_waiting(&mut self, steps: usize) -> Option<Message<Box<dyn Job>>> {
        if steps < BATCH { self.waiting.try_recv().ok() } else { None }
    }

    /// Does one step, undone alone if it fails.
    fn step(&mut self, job: &mut dyn Job) -> Result<Wake, LedgerError> {
        let counters = self.rows.counters();
        self.execute("SAVEPOINT step", "begin a step")?;
        let done = job.run(&mut self.rows);
        if done.is_err() {
            self.execute("ROLLBACK TO step", "undo a step")?;
            self.rows.reload(Some(counters))?;
        }
        self.execute("RELEASE step", "end a step")?;
        Ok(done.unwrap_or_default())
    }

    /// Undoes a transaction that failed; what cannot be read again now is read before the next one.
    fn roll_back(&mut self) {
        if !self.rows.connection().is_autocommit() {
            // When this fails too, so does the next BEGIN, and this is tried again.
            drop(self.execute("ROLLBACK", "roll back"));
        }
        self.stale = true;
    }

    fn execute(&self, sql: &str, operation: &'static str) -> Result<(), LedgerError> {
        let mut statement = self.rows.connection().prepare_cached(sql).map_err(failed(operation))?;
        statement.execute([]).map(drop).map_err(failed(operation))
    }

    fn notify(&self, wake: Wake) {
        if wake.work {
            self.hints.work.notify_one();
        }
        if wake.notices {
            self.hints.notices.notify_one();
        }
    }
}

/// Why a step was undone that had not failed by itself: the transaction it was in failed, for all of its steps.
#[derive(Debug)]
struct NotCommitted(Arc<LedgerError>);

impl NotCommitted {
    fn error(cause: &Arc<LedgerError>) -> LedgerError {
        LedgerError::Store { operation: "write", source: Box::new(Self(Arc::clone(cause))) }
    }
}

impl fmt::Display for NotCommitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a transaction with other steps failed")
    }
}

impl Error for NotCommitted {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
