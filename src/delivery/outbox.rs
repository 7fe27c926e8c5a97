//! Drains the ledger's owed notices into lanes, and takes answers and live messages along.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::background::notification::Notification;
use crate::background::ports::{LedgerError, OutgoingMessage};
use crate::chat::inbound::Replies;
use crate::delivery::budget::Budgets;
use crate::delivery::lane::{Inlet, Lane};
use crate::delivery::live::{LiveMessage, Showing, Waiting};
use crate::delivery::queue::Queue;
use crate::domain::channel::ChannelId;
use crate::domain::id::NoticeId;
use crate::domain::pace::SendKind;
use crate::domain::time::Timestamp;

/// Notices fetched at a time.
const BATCH: usize = 256;
/// How often to look for owed notices without a hint.
const TICK: Duration = Duration::from_secs(1);

/// The lanes of all chats. Cheap to clone; all clones are one outbox.
#[derive(Clone)]
pub struct Outbox {
    shared: Arc<Shared>,
}

/// What the outbox and its lanes share.
pub(crate) struct Shared {
    pub(crate) notification: Notification,
    pub(crate) budgets: Budgets,
    /// By the key of the chat's budget.
    pub(crate) lanes: DashMap<String, Arc<Inlet>>,
    tracker: TaskTracker,
    /// Cancelled when lanes must leave everything as it is.
    pub(crate) hard: CancellationToken,
}

impl Outbox {
    /// An outbox for the notices of `notification`; lanes are spawned on `tracker` and stop at once when `hard` is
    /// cancelled.
    #[must_use]
    pub fn new(notification: Notification, tracker: TaskTracker, hard: CancellationToken) -> Self {
        Self::sharing(Budgets::default(), notification, tracker, hard)
    }

    /// As [`Outbox::new`], with budgets that others use up, too: typing does.
    #[must_use]
    pub fn sharing(budgets: Budgets, notification: Notification, tracker: TaskTracker, hard: CancellationToken) -> Self {
        Self { shared: Arc::new(Shared { notification, budgets, lanes: DashMap::new(), tracker, hard }) }
    }

    /// Shows something of which only the newest version counts, when there is room for it: after everything that is
    /// owed. A version that still waits under the same key gives its place to this one.
    pub fn show(&self, message: LiveMessage) -> Showing {
        let (channel, kind) = (message.channel.clone(), message.kind);
        let (waiting, showing) = Waiting::new(message);
        Shared::push(&self.shared, &channel, kind, |queue| queue.add_live(waiting));
        showing
    }

    /// Takes back a live message that still waits: what it would show is over.
    pub fn withdraw(&self, channel: &ChannelId, key: &str) {
        let chat = self.shared.notification.notifier().pace(channel, SendKind::Edit).chat.key;
        if let Some(inlet) = self.shared.lanes.get(&chat) {
            inlet.queue().withdraw(channel, key);
            inlet.notify();
        }
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

    /// How many chats have something to send now.
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
        if let Err(error) = self.hurry(&skip, now).await {
            tracing::warn!(error = %error, "owed acceptances cannot be read; trying again");
        }
        // Lanes end at once after the hard stop, and whatever is given to them would be due again and again.
        let full = due.len() == BATCH && !shared.hard.is_cancelled();
        for notice in due {
            Shared::push(shared, &notice.channel.clone(), SendKind::Message, |queue| queue.add_owed(notice));
        }
        full
    }

    /// Lets acceptances of channels that are being told other things go before those.
    async fn hurry(&self, serving: &[ChannelId], now: Timestamp) -> Result<(), LedgerError> {
        if serving.is_empty() {
            return Ok(());
        }
        let shared = &self.shared;
        let known: Vec<NoticeId> =
            shared.lanes.iter().flat_map(|lane| lane.value().queue().next_owed().collect::<Vec<_>>()).collect();
        for acceptance in shared.notification.ledger().due_acceptances(serving, &known, now).await? {
            Shared::push(shared, &acceptance.channel.clone(), SendKind::Message, |queue| queue.add_urgent(acceptance));
        }
        Ok(())
    }
}

impl Shared {
    /// Channels that have owed notices in a lane: nothing more is fetched for them until they are through.
    fn serving(&self) -> Vec<ChannelId> {
        let serving = self.lanes.iter().flat_map(|lane| lane.value().queue().owing().cloned().collect::<Vec<_>>());
        serving.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Puts an answer into the lane of its chat.
    pub(crate) fn say(self: &Arc<Self>, message: OutgoingMessage) {
        let channel = message.channel.clone();
        Self::push(self, &channel, SendKind::Answer, |queue| {
            if !queue.add_answer(message) {
                tracing::warn!(%channel, "an answer is given up: too many wait in its chat");
            }
        });
    }

    /// Puts something into the lane of a channel's chat, and starts the lane if it is not running.
    fn push(shared: &Arc<Self>, channel: &ChannelId, kind: SendKind, put: impl FnOnce(&mut Queue)) {
        let chat = shared.notification.notifier().pace(channel, kind).chat.key;
        match shared.lanes.entry(chat.clone()) {
            Entry::Occupied(entry) => {
                put(&mut entry.get().queue());
                entry.get().notify();
            }
            Entry::Vacant(entry) => {
                let inlet = Arc::new(Inlet::default());
                put(&mut inlet.queue());
                entry.insert(Arc::clone(&inlet));
                shared.tracker.spawn(Lane { chat, inlet, shared: Arc::clone(shared) }.run());
            }
        }
    }
}

impl Replies for Outbox {
    fn say(&self, message: OutgoingMessage) {
        self.shared.say(message);
    }
}
