//! Drafts: what a bot is still writing, seen in private chats for half a minute or until a message arrives.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::simulator::telegram::TelegramServer;
use crate::simulator::telegram::entities;
use crate::simulator::telegram::message::Formatted;
use crate::simulator::telegram::params::Params;
use crate::simulator::telegram::refusal::Refusal;

const VISIBLE: Duration = Duration::from_secs(30);

/// Something the bot is still writing.
#[derive(Debug)]
pub(super) struct Drafted {
    pub(super) id: i64,
    pub(super) topic: Option<i64>,
    pub(super) body: Formatted,
    pub(super) until: Instant,
}

/// A draft as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftView {
    /// Its number, the bot's choice.
    pub id: i64,
    /// What is written so far; empty while the bot only thinks.
    pub text: String,
    /// The same with its formatting, as the protocol names it.
    pub entities: Value,
    /// The topic it is in.
    pub topic: Option<i64>,
}

impl TelegramServer {
    pub(super) fn send_message_draft(&self, params: &Params) -> Result<Value, Refusal> {
        let id = params.integer("draft_id").filter(|id| *id != 0);
        let id = id.ok_or_else(|| Refusal::malformed("RANDOM_ID_EMPTY"))?;
        let text = params.text("text").unwrap_or_default();
        let body = entities::read(params, &text, "entities")?;
        entities::check_length(&body, entities::TEXT_LIMIT, "message is too long")?;
        let until = Instant::now() + VISIBLE;
        self.change(|state| {
            let chat = state.usable_chat(params.integer("chat_id"))?;
            if !chat.is_private() {
                return Err(Refusal::malformed("TEXTDRAFT_PEER_INVALID"));
            }
            let topic = params.integer("message_thread_id").filter(|id| *id != 0);
            if topic.is_some_and(|topic| !chat.topics.contains_key(&topic)) {
                return Err(Refusal::bad_request("message thread not found"));
            }
            let chat = chat.id;
            state.rate.take(chat)?;
            let chat = state.usable_chat(Some(chat))?;
            chat.drafts.retain(|draft| draft.id != id);
            chat.drafts.push(Drafted { id, topic, body, until });
            Ok(())
        })?;
        self.announce_at(until);
        Ok(json!(true))
    }

    /// What the bot is seen writing in a chat now.
    pub fn drafts(&self, chat: i64) -> Vec<DraftView> {
        let now = Instant::now();
        self.read(|state| {
            let drafts = state.chats.get(&chat).map(|chat| chat.drafts.iter());
            let visible = drafts.into_iter().flatten().filter(|draft| draft.until > now);
            let view = |draft: &Drafted| DraftView {
                id: draft.id,
                text: draft.body.text.clone(),
                entities: draft.body.entities_json(),
                topic: draft.topic,
            };
            visible.map(view).collect()
        })
    }
}
