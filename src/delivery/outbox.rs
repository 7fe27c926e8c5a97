//! Drains the ledger's owed notices into lanes, and takes answers to commands along.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::background::notification::Notification;
use crate::background::ports::OutgoingMessage;
use crate::chat::inbound::Replies;
use crate::delivery::lane::{Item, Lane, enqueue, lock};
use crate::domain::channel::ChannelId;

/// Notices fetched at a time.
const BATCH: usize = 256;
/// How often to look for owed notices without a hint.
const TICK: Duration = Duration::from_secs(1);

/// The lanes of all channels. Cheap to clone; all clones are one outbox.
#[derive(Clone)]
pub struct Outbox {
    shared: Arc<Shared>,
}

/// What the outbox and its lanes share.
pub(crate) struct Shared {
    pub(crate) notification: Notification,
    pub(crate) lanes: DashMap<ChannelId, Arc<Mutex<VecDeque<Item>>>>,
    tracker: TaskTracker,
    /// Cancelled when lanes must leave everything as it is.
    pub(crate) hard: CancellationToken,
}

impl Outbox {
    /// An outbox for the notices of `notification`; lanes are spawned on `tracker` and stop at once when `hard` is
    /// cancelled.
    #[must_use]
    pub fn new(notification: Notification, tracker: TaskTracker, hard: CancellationToken) -> Self {
        Self { shared: Arc::new(Shared { notification, lanes: DashMap::new(), tracker, hard }) }
    }

    /// Delivers what is owed until `stop` is cancelled, or the hard stop. Lanes go on with what they have.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: what is owed stays in the ledger.
    pub async fn run(&self, stop: CancellationToken) {
        let hint = self.shared.notification.ledger().hints().notices;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = self.shared.hard.cancelled() => return,
                () = hint.notified() => {}
                _ = tick.tick() => {}
            }
            while self.pump().await {}
        }
    }

    /// Delivers what is due now and waits until every lane is empty: the last step of a graceful stop. The caller bounds
    /// the time.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: what is owed stays in the ledger.
    pub async fn flush(&self) {
        let mut tick = interval(Duration::from_millis(20));
        loop {
            while self.pump().await {}
            if self.shared.lanes.is_empty() {
                return;
            }
            tick.tick().await;
        }
    }

    /// How many channels have something to send now.
    #[must_use]
    pub fn active_lanes(&self) -> usize {
        self.shared.lanes.len()
    }

    /// Takes one batch of owed notices to their lanes. Whether there may be more.
    async fn pump(&self) -> bool {
        let shared = &self.shared;
        let skip: Vec<ChannelId> = shared.serving();
        let now = shared.notification.now();
        let due = async {
            let quiet = shared.notification.channels().quiet(now).await?;
            shared.notification.ledger().due_notices(&skip, &quiet, BATCH, now).await
        };
        let due = match due.await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(error = %error, "owed notices cannot be read; trying again");
                return false;
            }
        };
        // Lanes end at once after the hard stop, and whatever is given to them would be due again and again.
        let full = due.len() == BATCH && !shared.hard.is_cancelled();
        for notice in due {
            Shared::push(shared, &notice.channel.clone(), Item::Owed(Box::new(notice)));
        }
        full
    }
}

impl Shared {
    /// Channels that have owed notices in their lane: nothing more is fetched for them until they are through.
    fn serving(&self) -> Vec<ChannelId> {
        let owes = |item: &Item| matches!(item, Item::Owed(_));
        let busy = |queue: &Mutex<VecDeque<Item>>| lock(queue).iter().any(owes);
        self.lanes.iter().filter(|lane| busy(lane.value())).map(|lane| lane.key().clone()).collect()
    }

    /// Puts an item at the end of a channel's lane, and starts the lane if it is not running.
    fn push(shared: &Arc<Self>, channel: &ChannelId, item: Item) {
        match shared.lanes.entry(channel.clone()) {
            Entry::Occupied(entry) => enqueue(entry.get(), item),
            Entry::Vacant(entry) => {
                let queue = Arc::new(Mutex::new(VecDeque::from([item])));
                entry.insert(Arc::clone(&queue));
                let lane = Lane { channel: channel.clone(), queue, shared: Arc::clone(shared) };
                shared.tracker.spawn(lane.run());
            }
        }
    }
}

impl Replies for Outbox {
    fn say(&self, message: OutgoingMessage) {
        Shared::push(&self.shared, &message.channel.clone(), Item::answer(message));
    }
}
