//! The threads that read, each with a connection of its own that cannot write.
//!
//! In WAL mode they see everything that was committed before they began and never wait for the writer, so whoever got
//! the answer to a write finds it here.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction};
use tokio::sync::oneshot;

use crate::background::ports::LedgerError;

use super::columns::failed;
use super::file::{LedgerFile, OpenError};
use super::threads::{Jobs, Message, Running, Threads};

/// Enough that a long list does not hold up the delivery of notices.
const READERS: usize = 2;

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// A handle on the threads.
pub(super) struct Readers {
    threads: Threads<Job>,
}

impl Readers {
    /// Opens the connections and starts the threads.
    pub(super) fn start(file: &LedgerFile) -> Result<Self, OpenError> {
        let (mut threads, waiting, running) = Threads::new();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..READERS {
            let connection = file.reader()?;
            let (waiting, running) = (Arc::clone(&waiting), Arc::clone(&running));
            let started = threads.spawn("ledger-reader", move || read(&waiting, connection, running));
            started.map_err(file.failure("start a thread"))?;
        }
        Ok(Self { threads })
    }

    /// Reads one consistent state of the file.
    pub(super) async fn read<T, F>(&self, read: F) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, LedgerError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = move |connection: &Connection| {
            // Who no longer waits does not want to know.
            drop(reply.send(in_one_state(connection, read)));
        };
        self.threads.queue(Box::new(job)).await?;
        answer.await.unwrap_or(Err(LedgerError::Closed))
    }

    /// Ends the threads.
    pub(super) async fn close(&self) {
        self.threads.close().await;
    }
}

fn in_one_state<T>(connection: &Connection, read: impl FnOnce(&Connection) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
    let transaction: Transaction<'_> = connection.unchecked_transaction().map_err(failed("begin to read"))?;
    read(&transaction)
}

fn read(waiting: &Mutex<Jobs<Job>>, connection: Connection, running: Running) {
    loop {
        // One thread waits for the next job, the others wait for its place.
        let message = {
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let message = waiting.blocking_recv();
            if matches!(message, Some(Message::Stop)) {
                waiting.close();
            }
            message
        };
        match message {
            Some(Message::Job(job)) => job(&connection),
            Some(Message::Stop) => {}
            None => break,
        }
    }
    drop(connection);
    drop(running);
}
