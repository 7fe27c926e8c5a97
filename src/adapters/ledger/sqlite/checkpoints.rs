//! The thread that copies committed pages from the log into the file, beside the one that writes.
//!
//! Otherwise a commit now and then copies everything that the log holds, and all who write wait for it. The log starts
//! again from its beginning only when all of it has been copied, which the writer sees to when it has grown long: by then
//! nearly everything has been. So nothing depends on this thread but how long that takes.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::file::{LedgerFile, OpenError};

/// After so many commits pages are copied.
const COMMITS: u32 = 64;

/// A handle on the thread. When it is dropped, the thread has ended and closed its connection.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// Empty only while this is being dropped.
    due: Option<SyncSender<()>>,
    commits: u32,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Opens a connection and starts the thread.
    pub(super) fn start(file: &LedgerFile) -> Result<Self, OpenError> {
        let connection = file.copier()?;
        let (due, waiting) = sync_channel(1);
        let thread = std::thread::Builder::new().name("ledger-copier".to_owned());
        let thread = thread.spawn(move || copy(&connection, &waiting)).map_err(file.failure("start a thread"))?;
        Ok(Self { due: Some(due), commits: 0, thread: Some(thread) })
    }

    /// Counts a commit; never blocks.
    pub(super) fn committed(&mut self) {
        self.commits += 1;
        if self.commits >= COMMITS
            && let Some(due) = &self.due
        {
            self.commits = 0;
            // One that is due already copies these pages, too.
            let _already_due = due.try_send(());
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.due = None;
        if let Some(thread) = self.thread.take() {
            // A panic in it has been reported by the panic hook.
            drop(thread.join());
        }
    }
}

fn copy(connection: &Connection, due: &Receiver<()>) {
    let mut fails = false;
    while due.recv().is_ok() {
        // It copies what no reader needs in its older form, and waits for nobody.
        let copied = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        // Once, and not at every try, while a disk is full.
        if let Err(error) = &copied
            && !fails
        {
            tracing::warn!(%error, "pages of the ledger's log are not copied into its file yet");
        }
        fails = copied.is_err();
    }
}
