//! Which groups are divided into topics, as far as they have been heard of.
//!
//! The general topic of such a group is a riddle of the Bot API: a message for it must name no topic, and typing is seen
//! in it only when it names topic 1. So who shows typing must know whether the group has topics at all.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use teloxide::types::ChatId;

/// More groups than that are not remembered.
const CAPACITY: usize = 10_000;

/// The groups with topics.
#[derive(Debug, Default)]
pub(super) struct Forums {
    known: Mutex<HashSet<ChatId>>,
}

impl Forums {
    /// Takes note of what a message says about its group.
    pub(super) fn learn(&self, chat: ChatId, is_forum: bool) {
        let mut known = self.known();
        if !is_forum {
            known.remove(&chat);
        } else if known.len() < CAPACITY {
            known.insert(chat);
        }
    }

    /// Whether this group has topics.
    pub(super) fn includes(&self, chat: ChatId) -> bool {
        self.known().contains(&chat)
    }

    fn known(&self) -> MutexGuard<'_, HashSet<ChatId>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
