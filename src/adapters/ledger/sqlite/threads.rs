//! Threads that take jobs from one bounded channel, and how they end: what was queued is done before.

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::background::ports::LedgerError;

/// Jobs that wait for a thread; who wants to add one more waits too.
const WAITING: usize = 1024;

/// What the channel carries.
pub(super) enum Message<J> {
    /// Something to do.
    Job(J),
    /// Nothing more may be queued.
    Stop,
}

/// The receiving end of the channel.
pub(super) type Jobs<J> = mpsc::Receiver<Message<J>>;

/// Held by each thread to its end.
pub(super) type Running = Arc<DropGuard>;

/// A handle on the threads. When it is dropped, it waits until they have done what was queued.
pub(super) struct Threads<J> {
    /// Empty only while this is being dropped.
    jobs: Option<mpsc::Sender<Message<J>>>,
    ended: CancellationToken,
    handles: Vec<JoinHandle<()>>,
}

impl<J: Send + 'static> Threads<J> {
    /// Makes the channel. Threads are to be added.
    pub(super) fn new() -> (Self, Jobs<J>, Running) {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let ended = CancellationToken::new();
        let running = Arc::new(ended.clone().drop_guard());
        (Self { jobs: Some(jobs), ended, handles: Vec::new() }, waiting, running)
    }

    /// Starts a thread. `body` returns when the channel is closed and empty.
    pub(super) fn spawn(&mut self, name: &str, body: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(body)?;
        self.handles.push(thread);
        Ok(())
    }

    /// Queues a job; waits while the queue is full.
    pub(super) async fn queue(&self, job: J) -> Result<(), LedgerError> {
        let jobs = self.jobs.as_ref().ok_or(LedgerError::Closed)?;
        jobs.send(Message::Job(job)).await.map_err(|_| LedgerError::Closed)
    }

    /// Lets nobody queue more and waits until the threads have ended.
    pub(super) async fn close(&self) {
        if let Some(jobs) = &self.jobs {
            // It fails only when the threads have ended already.
            drop(jobs.send(Message::Stop).await);
        }
        self.ended.cancelled().await;
    }
}

impl<J> Drop for Threads<J> {
    fn drop(&mut self) {
        // Each thread ends when there is nobody left who could send.
        self.jobs = None;
        for thread in self.handles.drain(..) {
            // A panic in it has been reported by the panic hook, and whoever waited for it was told.
            drop(thread.join());
        }
    }
}
