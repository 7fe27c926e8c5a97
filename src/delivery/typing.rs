//! Typing within the budgets: shown where there is room, left out where there is none.
//!
//! That a task has begun is news, so the first sign of it ranks like a notice; that it goes on is worth what is left over.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::background::ports::{ChannelNotifier, SendError, TypingIndicator};
use crate::delivery::budget::Budgets;
use crate::delivery::priority::Priority;
use crate::domain::channel::ChannelId;
use crate::domain::pace::SendKind;

/// How long to leave it out, at least and at most, when there is no room: it fades within seconds anyway.
const LEFT_OUT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// What was shown so long ago is not seen any more, and is shown for the first time again.
const FADED: Duration = Duration::from_secs(15);

/// Shows typing as `indicator` does, as far as the budgets go.
#[derive(Clone)]
pub struct PacedTyping {
    indicator: Arc<dyn TypingIndicator>,
    notifier: Arc<dyn ChannelNotifier>,
    budgets: Budgets,
    /// When it was last shown in a channel, of late.
    shown: Arc<Mutex<HashMap<ChannelId, Instant>>>,
}

impl PacedTyping {
    /// Uses up the same budgets as an [`Outbox`](crate::delivery::outbox::Outbox) that shares them; `notifier` knows the
    /// pace.
    #[must_use]
    pub fn new(indicator: Arc<dyn TypingIndicator>, notifier: Arc<dyn ChannelNotifier>, budgets: Budgets) -> Self {
        Self { indicator, notifier, budgets, shown: Arc::default() }
    }

    fn priority(&self, channel: &ChannelId) -> Priority {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let of_late = shown.get(channel).is_some_and(|at| at.elapsed() < FADED);
        if of_late { Priority::Typing } else { Priority::Notice }
    }

    fn note(&self, channel: &ChannelId) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.retain(|_, at| at.elapsed() < FADED);
        shown.insert(channel.clone(), Instant::now());
    }
}

#[async_trait]
impl TypingIndicator for PacedTyping {
    async fn show_typing(&self, channel: &ChannelId) -> Result<Duration, SendError> {
        let pace = self.notifier.pace(channel, SendKind::Typing);
        let turn = match self.budgets.take_if_free(&pace, self.priority(channel)) {
            Ok(turn) => turn,
            Err(wait) => return Err(SendError::RetryAfter(wait.clamp(LEFT_OUT.0, LEFT_OUT.1))),
        };
        let shown = self.indicator.show_typing(channel).await;
        match &shown {
            Ok(_) => self.note(channel),
            Err(SendError::RetryAfter(wait)) => turn.hold(*wait),
            Err(_) => {}
        }
        shown
    }
}
