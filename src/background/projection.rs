//! Ordered delivery of transitions to the user's own mirror of the tasks.
//!
//! A transition and its place in the line are taken under one lock, so the line has the order of the commits. The mirror
//! is served from its own future: slow, failing or hanging, it never holds up a task.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{Mutex, mpsc};
use tokio_util::task::TaskTracker;

use crate::background::ports::{HookError, LedgerError, Projection};
use crate::domain::id::TaskId;
use crate::domain::origin::Origin;
use crate::domain::prompt::Prompt;
use crate::domain::snapshot::TaskSnapshot;
use crate::domain::task::Task;

/// Tries of one snapshot before it is given up.
const TRIES: u32 = 6;
/// The first pause between tries; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// How long one call of the hook may take.
const CALL_LIMIT: Duration = Duration::from_secs(10);

/// The line of transitions to a projection, or to nobody.
#[derive(Clone, Default)]
pub(crate) struct ProjectionFeed {
    hook: Option<Arc<dyn Projection>>,
    line: Option<Arc<Mutex<mpsc::UnboundedSender<TaskSnapshot>>>>,
}

impl ProjectionFeed {
    /// A line to `hook`, served on `tracker` until the feed is dropped and the line is empty.
    pub(crate) fn to(hook: Arc<dyn Projection>, tracker: &TaskTracker) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        tracker.spawn(serve(Arc::clone(&hook), receiver));
        Self { hook: Some(hook), line: Some(Arc::new(Mutex::new(sender))) }
    }

    /// The canonical id the hook gives to a task that is about to be accepted, if it gives one.
    pub(crate) async fn prepare(&self, prompt: &Prompt, origin: &Origin) -> Option<TaskId> {
        let hook = self.hook.as_ref()?;
        match contained(async { hook.prepare_task(prompt, origin).await }).await {
            Ok(id) => id,
            Err(error) => {
                tracing::warn!(%error, "the projection did not prepare a task; it gets an id of our own");
                None
            }
        }
    }

    /// Makes a transition and puts the tasks it moved into the line, as one step among all others.
    ///
    /// # Cancel safety
    /// Dropping the future may leave a transition made and not told to the projection.
    pub(crate) async fn ordered<T>(
        &self,
        transition: impl Future<Output = Result<T, LedgerError>>,
        moved: impl FnOnce(&T) -> Vec<TaskSnapshot>,
    ) -> Result<T, LedgerError> {
        let Some(line) = &self.line else { return transition.await };
        let sender = line.lock().await;
        let made = transition.await?;
        for snapshot in moved(&made) {
            if sender.send(snapshot).is_err() {
                tracing::error!("the projection's line is closed; a transition is not told to it");
            }
        }
        Ok(made)
    }
}

/// A snapshot for the line.
pub(crate) fn snapshot(task: &Task) -> TaskSnapshot {
    TaskSnapshot::of(task, None)
}

/// A call of the hook that may fail, hang or panic. The text says why it brought nothing.
async fn contained<T>(call: impl Future<Output = Result<T, HookError>>) -> Result<T, String> {
    match tokio::time::timeout(CALL_LIMIT, AssertUnwindSafe(call).catch_unwind()).await {
        Ok(Ok(brought)) => brought.map_err(|error| error.to_string()),
        Ok(Err(_panic)) => Err("it panicked".to_owned()),
        Err(_elapsed) => Err("it took too long".to_owned()),
    }
}

async fn serve(hook: Arc<dyn Projection>, mut line: mpsc::UnboundedReceiver<TaskSnapshot>) {
    while let Some(snapshot) = line.recv().await {
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=TRIES {
            let Err(error) = contained(async { hook.sync_task(&snapshot).await }).await else { break };
            let number = snapshot.number;
            if attempt == TRIES {
                tracing::error!(task.number = number.0, %error, "the projection failed for good; it misses a transition");
            } else {
                tracing::warn!(task.number = number.0, %error, attempt, "the projection failed; trying again");
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
    }
}
