//! Showing an answer while it is being written, in private chats.
//!
//! Telegram's clients show a draft for half a minute, and any message of the bot takes it away. The method is younger
//! than many servers: one that does not know it is asked once and then left alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use teloxide::requests::Payload;
use teloxide::types::{Recipient, ThreadId, True};

use crate::adapters::telegram::api::Api;
use crate::adapters::telegram::error::CallError;
use crate::adapters::telegram::outbound::target;
use crate::background::ports::{DraftPreview, SendError};
use crate::domain::channel::ChannelId;
use crate::domain::draft::Draft;
use crate::domain::id::TaskNumber;

/// A draft that comes late shows something that may no longer be true.
const PATIENCE: Duration = Duration::from_secs(4);

/// `sendMessageDraft`, which teloxide does not know yet.
#[derive(Clone, Serialize)]
struct SendMessageDraft {
    chat_id: Recipient,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_thread_id: Option<ThreadId>,
    /// Not zero; drafts with the same number follow each other in one place.
    draft_id: u32,
    text: String,
}

impl Payload for SendMessageDraft {
    type Output = True;

    const NAME: &'static str = "sendMessageDraft";
}

/// Shows drafts in Telegram's private chats.
pub struct TelegramDrafts {
    api: Arc<Api>,
    /// Set when the server does not know the method.
    unknown: AtomicBool,
}

impl TelegramDrafts {
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { api, unknown: AtomicBool::new(false) }
    }
}

#[async_trait]
impl DraftPreview for TelegramDrafts {
    fn takes_drafts(&self, channel: &ChannelId) -> bool {
        // The ids of people are positive, and so are those of their chats.
        let private = target(channel).is_ok_and(|target| matches!(target.chat, Recipient::Id(chat) if chat.is_user()));
        private && !self.unknown.load(Ordering::Relaxed)
    }

    async fn show_draft(&self, channel: &ChannelId, number: TaskNumber, text: &Draft) -> Result<(), SendError> {
        let target = target(channel)?;
        let draft_id = draft_id(number);
        let payload =
            SendMessageDraft { chat_id: target.chat, message_thread_id: target.topic, draft_id, text: text.as_str().to_owned() };
        match self.api.call_in::<_, True>(&payload.chat_id, &payload, PATIENCE).await {
            Ok(_shown) => Ok(()),
            Err(CallError::Refused { code: 404, .. }) => {
                tracing::info!("this Telegram server knows no drafts; answers appear when they are whole");
                self.unknown.store(true, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The number of a task as one of a draft: in 31 bits, and never zero.
fn draft_id(number: TaskNumber) -> u32 {
    u32::try_from(number.0 % 0x7fff_fffe).unwrap_or_default() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drafts_number_is_never_zero_and_always_fits() {
        for number in [0, 1, 0x7fff_fffd, 0x7fff_fffe, u64::MAX] {
            let id = draft_id(TaskNumber(number));
            assert!((1..0x8000_0000).contains(&id), "{number}: {id}");
        }
        assert_ne!(draft_id(TaskNumber(1)), draft_id(TaskNumber(2)));
    }
}
