//! Typing within the budgets: shown where there is room, left out where there is none.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::background::ports::{ChannelNotifier, SendError, TypingIndicator};
use crate::delivery::budget::Budgets;
use crate::delivery::priority::Priority;
use crate::domain::channel::ChannelId;
use crate::domain::pace::SendKind;

/// How long to leave it out, at least and at most, when there is no room: it fades within seconds anyway.
const LEFT_OUT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// Shows typing as `indicator` does, as far as the budgets go.
#[derive(Clone)]
pub struct PacedTyping {
    indicator: Arc<dyn TypingIndicator>,
    notifier: Arc<dyn ChannelNotifier>,
    budgets: Budgets,
}

impl PacedTyping {
    /// Uses up the same budgets as an [`Outbox`](crate::delivery::outbox::Outbox) that shares them; `notifier` knows the
    /// pace.
    #[must_use]
    pub fn new(indicator: Arc<dyn TypingIndicator>, notifier: Arc<dyn ChannelNotifier>, budgets: Budgets) -> Self {
        Self { indicator, notifier, budgets }
    }
}

#[async_trait]
impl TypingIndicator for PacedTyping {
    async fn show_typing(&self, channel: &ChannelId) -> Result<Duration, SendError> {
        let pace = self.notifier.pace(channel, SendKind::Typing);
        let turn = match self.budgets.take_if_free(&pace, Priority::Typing) {
            Ok(turn) => turn,
            Err(wait) => return Err(SendError::RetryAfter(wait.clamp(LEFT_OUT.0, LEFT_OUT.1))),
        };
        let shown = self.indicator.show_typing(channel).await;
        if let Err(SendError::RetryAfter(wait)) = &shown {
            turn.hold(*wait);
        }
        shown
    }
}
