//! Who administers a group.
//!
//! Asked only when a request names a task that may be somebody else's, and remembered for a minute, so that a page of
//! buttons does not cost a call for each press. Not knowing counts as not being one,
//! and is not remembered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use teloxide::payloads::GetChatMember;
use teloxide::types::{ChatId, UserId};

use crate::adapters::telegram::api::Api;
use crate::background::ports::Clock;
use crate::domain::time::{Timestamp, elapsed};

/// How long an answer is good for.
const REMEMBERED: Duration = Duration::from_mins(1);
/// How long a request waits for it.
const PATIENCE: Duration = Duration::from_secs(3);
/// More answers than that are not kept.
const CAPACITY: usize = 1_000;

/// Answers of `getChatMember`, each for a minute.
pub(super) struct Admins {
    api: Arc<Api>,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<(ChatId, UserId), (bool, Timestamp)>>,
}

/// The one field of a member that matters here.
#[derive(Deserialize)]
struct Member {
    status: String,
}

impl Admins {
    pub(super) fn new(api: Arc<Api>, clock: Arc<dyn Clock>) -> Self {
        Self { api, clock, known: Mutex::default() }
    }

    /// Whether this person administers this group.
    pub(super) async fn includes(&self, chat: ChatId, user: UserId) -> bool {
        let now = self.clock.now();
        if let Some(known) = self.remembered((chat, user), now) {
            return known;
        }
        let member = self.api.call_as::<_, Member>(&GetChatMember::new(chat, user), PATIENCE).await;
        let Ok(member) = member.inspect_err(|error| tracing::debug!(%error, "cannot ask who administers a group")) else {
            return false;
        };
        let admin = matches!(member.status.as_str(), "creator" | "administrator");
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert((chat, user), (admin, now));
        admin
    }

    fn remembered(&self, member: (ChatId, UserId), now: Timestamp) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&member).filter(|(_, asked)| elapsed(*asked, now) < REMEMBERED).map(|(admin, _)| *admin)
    }
}
