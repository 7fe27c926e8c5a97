//! How many follow-ups an interaction has left, where it is the only way to speak.
//!
//! A person can bring the bot along to servers it is no member of. There Discord takes five follow-ups to each command
//! and no other message at all, so they are counted before they are spent. The counts are of this process alone: after
//! a restart Discord's own refusal says the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serenity::model::id::InteractionId;

use crate::adapters::discord::address::Handle;
use crate::domain::time::Timestamp;

/// Most follow-ups to a command where the bot is no member.
const MOST: u8 = 5;

/// The follow-ups that interactions have used, as long as their tokens live.
#[derive(Clone, Default)]
pub(super) struct FollowUps {
    used: Arc<Mutex<HashMap<InteractionId, Used>>>,
}

struct Used {
    count: u8,
    handle: Handle,
}

impl FollowUps {
    /// Takes one, if there is one left. Where the bot is a member they do not run out.
    pub(super) fn take(&self, handle: &Handle, now: Timestamp) -> bool {
        if !handle.outside {
            return true;
        }
        let mut used = self.used();
        used.retain(|_, used| used.handle.is_fresh(now));
        let entry = used.entry(handle.interaction).or_insert_with(|| Used { count: 0, handle: handle.clone() });
        let left = entry.count < MOST;
        entry.count = entry.count.saturating_add(1).min(MOST);
        left
    }

    /// Gives one back that was certainly not used.
    pub(super) fn give_back(&self, handle: &Handle) {
        if let Some(used) = self.used().get_mut(&handle.interaction) {
            used.count = used.count.saturating_sub(1);
        }
    }

    fn used(&self) -> MutexGuard<'_, HashMap<InteractionId, Used>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::from_millis;

    fn handle(outside: bool) -> Handle {
        let interaction = 1_234_567_890_123_456_789.into();
        Handle { interaction, application: 7.into(), ephemeral: false, outside, token: "t".to_owned() }
    }

    #[test]
    fn five_are_taken_and_what_was_not_used_comes_back() {
        let (follow_ups, now) = (FollowUps::default(), from_millis(1_714_000_000_000).unwrap());
        assert!((0..5).all(|_| follow_ups.take(&handle(true), now)));
        assert!(!follow_ups.take(&handle(true), now));
        follow_ups.give_back(&handle(true));
        assert!(follow_ups.take(&handle(true), now));
        assert!((0..9).all(|_| follow_ups.take(&handle(false), now)), "a member has no such limit");
    }
}
