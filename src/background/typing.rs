//! Showing that the bot is busy: one refresh loop per channel, however many tasks run there.
//!
//! Who works in a channel holds a [`TypingGuard`]. The first guard starts the channel's loop, the last one to be dropped
//! ends it. There is no `stop` to be forgotten, and no outcome that leaves the dots on.

use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::background::ports::{SendError, TypingIndicator};
use crate::domain::channel::ChannelId;

/// How long to wait after a failure before trying to show it again.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The typing loops of all channels.
#[derive(Clone)]
pub struct Typing {
    indicator: Arc<dyn TypingIndicator>,
    loops: Arc<DashMap<ChannelId, TypingLoop>>,
    tracker: TaskTracker,
}

/// One channel's loop: how many guards keep it, and what ends it.
#[derive(Debug)]
struct TypingLoop {
    guards: usize,
    stop: CancellationToken,
    /// Platforms take the indication away when a message arrives; this asks for it to be shown again at once.
    again: Arc<Notify>,
}

impl Typing {
    /// Loops over `indicator`, spawned on `tracker`.
    #[must_use]
    pub fn new(indicator: Arc<dyn TypingIndicator>, tracker: TaskTracker) -> Self {
        Self { indicator, loops: Arc::default(), tracker }
    }

    /// Shows that the bot is busy in `channel` until the guard is dropped.
    #[must_use = "typing stops when the guard is dropped"]
    pub fn start(&self, channel: &ChannelId) -> TypingGuard {
        match self.loops.entry(channel.clone()) {
            Entry::Occupied(mut entry) => entry.get_mut().guards += 1,
            Entry::Vacant(entry) => {
                let (stop, again) = (CancellationToken::new(), Arc::new(Notify::new()));
                let refresh = refresh(Arc::clone(&self.indicator), channel.clone(), Arc::clone(&again));
                self.tracker.spawn(stop.clone().run_until_cancelled_owned(refresh));
                entry.insert(TypingLoop { guards: 1, stop, again });
            }
        }
        TypingGuard { channel: channel.clone(), loops: Arc::clone(&self.loops) }
    }

    /// Shows it again in `channel`, if it is shown there: a message has just taken it away.
    pub fn show_again(&self, channel: &ChannelId) {
        if let Some(typing) = self.loops.get(channel) {
            typing.again.notify_one();
        }
    }

    /// How many channels show it now.
    #[must_use]
    pub fn active(&self) -> usize {
        self.loops.len()
    }
}

/// Keeps a channel's indication on while it lives.
#[must_use = "typing stops when the guard is dropped"]
pub struct TypingGuard {
    channel: ChannelId,
    loops: Arc<DashMap<ChannelId, TypingLoop>>,
}

impl Drop for TypingGuard {
    fn drop(&mut self) {
        if let Entry::Occupied(mut entry) = self.loops.entry(self.channel.clone()) {
            entry.get_mut().guards -= 1;
            if entry.get().guards == 0 {
                entry.remove().stop.cancel();
            }
        }
    }
}

async fn refresh(indicator: Arc<dyn TypingIndicator>, channel: ChannelId, again: Arc<Notify>) {
    loop {
        let pause = match indicator.show_typing(&channel).await {
            Ok(fades_after) => {
                // Shown until it fades or a message takes it away.
                let _faded = tokio::time::timeout(fades_after, again.notified()).await;
                continue;
            }
            Err(SendError::RetryAfter(wait)) => wait,
            Err(error) => {
                tracing::debug!(channel.platform = channel.platform(), %error, "typing is not shown");
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(pause).await;
    }
}
