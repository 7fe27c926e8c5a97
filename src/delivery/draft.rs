//! Shows what a model is writing, in channels that can show what is not yet a message.
//!
//! A draft is the least of all sends: it waits behind everything, is dropped when there is no room, and is made only when its
//! turn has come. Then a run that is over has nothing to show any more, so no draft follows a result.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::background::manager::Manager;
use crate::background::ports::{CardMessage, DraftPreview, SendError};
use crate::delivery::live::{Live, LiveMessage};
use crate::delivery::outbox::Outbox;
use crate::delivery::priority::Priority;
use crate::domain::draft::Draft;
use crate::domain::id::{MessageId, TaskNumber};
use crate::domain::pace::SendKind;

/// Between two drafts of one answer.
const PACE: Duration = Duration::from_secs(2);
/// A draft without news is shown again before it fades.
const AGAIN: Duration = Duration::from_secs(20);
/// After so long in line a draft is out of date.
const LIFETIME: Duration = Duration::from_secs(4);

/// The drafts of all running tasks.
pub(crate) struct Drafts {
    preview: Arc<dyn DraftPreview>,
    manager: Manager,
    outbox: Outbox,
    last: Arc<Mutex<HashMap<TaskNumber, Last>>>,
}

/// The last draft of a task.
#[derive(Debug, Clone)]
pub(crate) struct Last {
    text: Draft,
    at: Instant,
    /// The channel does not take any.
    refused: bool,
}

impl Last {
    /// Whether this text is to be shown now.
    fn is_due(last: Option<&Self>, text: &Draft, now: Instant) -> bool {
        if text.is_empty() {
            return false;
        }
        last.is_none_or(|last| !last.refused && now >= last.at + if last.text == *text { AGAIN } else { PACE })
    }
}

impl Drafts {
    pub(crate) fn new(preview: Arc<dyn DraftPreview>, manager: Manager, outbox: Outbox) -> Self {
        Self { preview, manager, outbox, last: Arc::default() }
    }

    /// Shows what the task of this card has written, when there is something new.
    pub(crate) fn look(&self, card: &CardMessage, now: Instant) {
        if !self.preview.takes_drafts(&card.channel) {
            return;
        }
        let Some(progress) = self.manager.progress(&card.task) else { return };
        let mut last = lock(&self.last);
        if !Last::is_due(last.get(&card.number), &progress.text, now) {
            return;
        }
        last.insert(card.number, Last { text: progress.text, at: now, refused: false });
        drop(last);
        let _showing = self.outbox.show(LiveMessage {
            key: format!("draft:{}", card.number.0),
            channel: card.channel.clone(),
            priority: Priority::Progress,
            kind: SendKind::Draft,
            lifetime: Some(LIFETIME),
            live: Arc::new(Writing {
                preview: Arc::clone(&self.preview),
                manager: self.manager.clone(),
                card: card.clone(),
                last: Arc::clone(&self.last),
            }),
        });
    }

    /// Forgets all tasks but these.
    pub(crate) fn retain(&self, left: &BTreeSet<TaskNumber>) {
        lock(&self.last).retain(|number, _| left.contains(number));
    }
}

/// What a task has written, made when its turn has come.
struct Writing {
    preview: Arc<dyn DraftPreview>,
    manager: Manager,
    card: CardMessage,
    last: Arc<Mutex<HashMap<TaskNumber, Last>>>,
}

#[async_trait]
impl Live for Writing {
    async fn send(&self) -> Result<Option<MessageId>, SendError> {
        let card = &self.card;
        let text = self.manager.progress(&card.task).map(|progress| progress.text).unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        let shown = self.preview.show_draft(&card.channel, card.number, &text).await;
        if let Some(last) = lock(&self.last).get_mut(&card.number) {
            last.refused = matches!(shown, Err(SendError::Undeliverable(_)));
            last.text = text;
        }
        shown.map(|()| None)
    }
}

fn lock(last: &Mutex<HashMap<TaskNumber, Last>>) -> MutexGuard<'_, HashMap<TaskNumber, Last>> {
    last.lock().unwrap_or_else(PoisonError::into_inner)
}
