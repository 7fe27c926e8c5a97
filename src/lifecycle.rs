//! The life of the process: two levels of stopping, the tracker that owns every spawned future, and readiness.
//!
//! The soft token means: start nothing new, finish what runs. The hard token means: stop now. A component that is
//! needed for service holds a [`Component`] and says when it can serve and when it cannot.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Tokens and tracker of one running application.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// Cancelled by the first signal: start nothing new.
    pub soft: CancellationToken,
    /// Cancelled by the second signal or the deadline: stop now.
    pub hard: CancellationToken,
    /// Owns every spawned future; the process ends when it is empty.
    pub tracker: TaskTracker,
    /// Who can serve and who cannot.
    pub readiness: Readiness,
}

/// Which components can serve. The process is ready when all can.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    waiting: Arc<Mutex<BTreeMap<&'static str, Option<String>>>>,
}

impl Readiness {
    /// Registers a component; it is not ready until it says so.
    #[must_use]
    pub fn component(&self, name: &'static str) -> Component {
        let component = Component { name, readiness: self.clone() };
        component.not_ready("starting");
        component
    }

    /// The components that cannot serve, with the reason; empty when the process is ready.
    #[must_use]
    pub fn waiting_for(&self) -> Vec<(&'static str, String)> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.iter().filter_map(|(name, reason)| reason.clone().map(|reason| (*name, reason))).collect()
    }

    fn set(&self, name: &'static str, reason: Option<String>) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(name, reason);
    }
}

/// One component's say in the readiness of the process.
#[derive(Debug, Clone)]
pub struct Component {
    name: &'static str,
    readiness: Readiness,
}

impl Component {
    /// It can serve.
    pub fn ready(&self) {
        self.readiness.set(self.name, None);
    }

    /// It cannot; `reason` is a short clause for the operator, without secrets.
    pub fn not_ready(&self, reason: impl Into<String>) {
        self.readiness.set(self.name, Some(reason.into()));
    }
}

impl Lifecycle {
    /// Waits for `work` while signals are obeyed: the first SIGTERM or SIGINT asks to stop softly, the second one at once.
    ///
    /// # Errors
    /// When the process cannot listen for signals.
    pub async fn obeying_signals<T>(&self, work: impl Future<Output = T>) -> std::io::Result<T> {
        use tokio::signal::unix::{SignalKind, signal};

        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let obey = async {
            for token in [&self.soft, &self.hard] {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                let at_once = self.soft.is_cancelled();
                tracing::info!(at_once, "asked to stop");
                token.cancel();
            }
            std::future::pending().await
        };
        tokio::select! {
            done = work => Ok(done),
            never = obey => never,
        }
    }
}
