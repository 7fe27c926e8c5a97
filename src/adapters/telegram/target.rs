//! Looking at a chat before anything is promised there, and the names by which people are called.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use teloxide::payloads::{GetChatMember, SendChatAction};
use teloxide::types::{ChatAction, ChatId, Recipient, True, UserId};

use crate::adapters::telegram::address::{self, TelegramChat};
use crate::adapters::telegram::api::Api;
use crate::adapters::telegram::outbound::TelegramNotifier;
use crate::background::ports::{SendError, TargetCheck};
use crate::domain::channel::{ChannelId, PersonId};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(4);
/// More names than that are not kept.
const CAPACITY: usize = 1_000;

/// Whoever may show typing in a chat or a topic may write there, and it leaves nothing behind: so that is the question.
#[async_trait]
impl TargetCheck for TelegramNotifier {
    async fn check_target(&self, channel: &ChannelId) -> Result<(), SendError> {
        let target = TelegramChat::try_from(channel).map_err(|error| SendError::Undeliverable(error.to_string()))?;
        let mut payload = SendChatAction::new(target.chat, ChatAction::Typing);
        payload.message_thread_id = target.topic;
        let _shown: True = self.api.call_in(&payload.chat_id, &payload, PATIENCE).await?;
        Ok(())
    }
}

/// Somebody who is called by name in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Called {
    /// Who.
    pub(super) user: UserId,
    /// What stands for them.
    pub(super) name: String,
}

/// First names of people in groups, as Telegram says them.
pub(super) struct Names {
    api: Arc<Api>,
    known: Mutex<HashMap<UserId, String>>,
}

#[derive(Deserialize)]
struct Member {
    user: Named,
}

#[derive(Deserialize)]
struct Named {
    first_name: String,
}

impl Names {
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { api, known: Mutex::default() }
    }

    /// Whom to call by name in this chat; nobody in a private one, where there is only one to be meant.
    pub(super) async fn called(&self, channel: &ChannelId, person: Option<&PersonId>) -> Option<Called> {
        let user = address::user(person?)?;
        let Recipient::Id(chat) = TelegramChat::try_from(channel).ok()?.chat else { return None };
        if chat.is_user() {
            return None;
        }
        Some(Called { user, name: self.name(chat, user).await })
    }

    /// The name, which is asked for once. A name that cannot be found out must not hold up the message.
    async fn name(&self, chat: ChatId, user: UserId) -> String {
        if let Some(name) = self.lock().get(&user) {
            return name.clone();
        }
        match self.api.call_as::<_, Member>(&GetChatMember::new(chat, user), PATIENCE).await {
            Ok(member) => {
                let mut known = self.lock();
                if known.len() >= CAPACITY {
                    known.clear();
                }
                known.entry(user).or_insert(member.user.first_name).clone()
            }
            Err(error) => {
                tracing::debug!(%error, "cannot ask for the name of somebody who is mentioned");
                String::new()
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<UserId, String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
