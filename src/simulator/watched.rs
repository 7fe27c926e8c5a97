//! State behind one lock, and a number that grows with every change of it, so that whoever waits can look again.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// The state of a simulated server.
#[derive(Debug)]
pub(super) struct Watched<S> {
    state: Mutex<S>,
    version: watch::Sender<u64>,
}

impl<S> Watched<S> {
    pub(super) fn new(state: S) -> Self {
        Self { state: Mutex::new(state), version: watch::Sender::new(0) }
    }

    /// The number that grows: wait on it, then look again.
    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Looks at the state.
    pub(super) fn read<T>(&self, look: impl FnOnce(&S) -> T) -> T {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a step that is no change for whoever waits.
    pub(super) fn quietly<T>(&self, step: impl FnOnce(&mut S) -> T) -> T {
        step(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state in one step and tells whoever waits.
    pub(super) fn change<T>(&self, step: impl FnOnce(&mut S) -> T) -> T {
        let result = self.quietly(step);
        self.version.send_modify(|version| *version += 1);
        result
    }
}

/// Looks at once and after every change until `look` finds something.
pub(super) async fn until<T>(mut changed: watch::Receiver<u64>, mut look: impl FnMut() -> Option<T>) -> T {
    loop {
        changed.mark_unchanged();
        if let Some(found) = look() {
            return found;
        }
        // Who waits holds the server and so the sender, and this cannot fail; if it did, waiting is still right.
        if changed.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
