//! The ordered path of all messages to one channel.
//!
//! A lane lives while it has something to send. An item leaves the queue only when it is through, so what the queue
//! holds is exactly what is not certain yet. When the platform asks to wait, the whole lane waits, and no other does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::background::notification::{Notified, pause_after};
use crate::background::ports::{OutgoingMessage, SendError};
use crate::delivery::outbox::Shared;
use crate::domain::channel::ChannelId;
use crate::domain::notice::Notice;

/// An answer to a command that could not be sent for so long is stale: nobody waits for it any more.
const ANSWER_LIFETIME: Duration = Duration::from_mins(5);

/// Answers that may wait in one lane. Somebody who asks on and on while the platform is away gets no more of them.
const ANSWERS: usize = 50;

/// One thing to be sent.
pub(crate) enum Item {
    /// A notice that the ledger owes.
    Owed(Box<Notice>),
    /// An answer to a command, not durable, and until when it is of use.
    Answer(Box<OutgoingMessage>, Instant),
}

impl Item {
    /// An answer that is to be given now.
    pub(crate) fn answer(message: OutgoingMessage) -> Self {
        Self::Answer(Box::new(message), Instant::now() + ANSWER_LIFETIME)
    }
}

/// Puts an item at the end of a lane's queue, unless too many answers wait there.
pub(crate) fn enqueue(queue: &Mutex<VecDeque<Item>>, item: Item) {
    let mut queue = lock(queue);
    let is_answer = |item: &Item| matches!(item, Item::Answer(..));
    if is_answer(&item) && queue.iter().filter(|item| is_answer(item)).count() >= ANSWERS {
        tracing::warn!("an answer is given up: too many wait in its channel");
        return;
    }
    queue.push_back(item);
}

/// One channel's lane.
pub(crate) struct Lane {
    pub(crate) channel: ChannelId,
    pub(crate) queue: Arc<Mutex<VecDeque<Item>>>,
    pub(crate) shared: Arc<Shared>,
}

impl Lane {
    /// Sends until the queue is empty, or until the hard stop.
    pub(crate) async fn run(self) {
        let hard = self.shared.hard.clone();
        if hard.run_until_cancelled(self.serve()).await.is_none() {
            self.shared.lanes.remove(&self.channel);
        }
        // Notices of this channel that came up meanwhile were left out while the lane served it.
        self.shared.notification.ledger().hints().notices.notify_one();
    }

    async fn serve(&self) {
        while let Some(item) = self.next() {
            match item {
                Item::Owed(notice) => self.notify(&notice).await,
                Item::Answer(message, deadline) => self.answer(&message, deadline).await,
            }
            self.done();
        }
    }

    /// The first item, which stays in the queue; ends the lane, atomically, when there is none.
    fn next(&self) -> Option<Item> {
        let ended = self.shared.lanes.remove_if(&self.channel, |_, queue| lock(queue).is_empty());
        if ended.is_some() {
            return None;
        }
        lock(&self.queue).front().map(|item| match item {
            Item::Owed(notice) => Item::Owed(notice.clone()),
            Item::Answer(message, deadline) => Item::Answer(message.clone(), *deadline),
        })
    }

    fn done(&self) {
        lock(&self.queue).pop_front();
    }

    /// Delivers a notice, waiting out whatever the platform asks for.
    async fn notify(&self, notice: &Notice) {
        let mut failures = 0;
        loop {
            let pause = match self.shared.notification.notify(notice).await {
                Ok(Notified::Delivered | Notified::NotOwed | Notified::Undeliverable) => return,
                Ok(Notified::Later(pause)) => pause,
                Err(error) => {
                    tracing::warn!(error = %error, notice = notice.id.0, "a notice cannot be read or recorded; trying again");
                    failures += 1;
                    pause_after(failures)
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Sends an answer, all its parts, within its lifetime.
    async fn answer(&self, message: &OutgoingMessage, deadline: Instant) {
        let (mut part, mut failures) = (0, 0);
        while Instant::now() < deadline {
            let pause = match self.shared.notification.send(message, part, failures).await {
                Ok(sent) if sent.more => {
                    part += 1;
                    continue;
                }
                Ok(_last) => return,
                Err(SendError::RetryAfter(wait)) => wait,
                Err(SendError::Unavailable(_)) => pause_after(failures),
                Err(error @ (SendError::Unknown(_) | SendError::Undeliverable(_))) => {
                    // An answer that may have arrived is not repeated: its person can simply ask again.
                    tracing::warn!(channel = %self.channel, error = %error, "an answer is given up");
                    return;
                }
            };
            failures += 1;
            tokio::time::sleep(pause).await;
        }
        tracing::warn!(channel = %self.channel, "an answer is given up: the platform did not take it in time");
    }
}

pub(crate) fn lock(queue: &Mutex<VecDeque<Item>>) -> std::sync::MutexGuard<'_, VecDeque<Item>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}
