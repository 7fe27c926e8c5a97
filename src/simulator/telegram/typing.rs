//! "typing...": seen for five seconds, or until a message of the bot arrives.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::simulator::telegram::TelegramServer;
use crate::simulator::telegram::chat::Pulse;
use crate::simulator::telegram::params::Params;
use crate::simulator::telegram::refusal::Refusal;

/// The topic that every forum has. It is named here and nowhere else: messages for it must not name it.
const GENERAL: i64 = 1;

const VISIBLE: Duration = Duration::from_secs(5);

const ACTIONS: [&str; 11] = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
];

impl TelegramServer {
    pub(super) fn send_chat_action(&self, params: &Params) -> Result<Value, Refusal> {
        let action = params.text("action").unwrap_or_default();
        if !ACTIONS.contains(&action.as_str()) {
            return Err(Refusal::malformed("wrong parameter action in request"));
        }
        let until = Instant::now() + VISIBLE;
        self.change(|state| {
            let chat = state.usable_chat(params.integer("chat_id"))?;
            let named = params.integer("message_thread_id").filter(|id| *id != 0);
            let is_forum = !chat.topics.is_empty();
            let exists = |topic: i64| chat.topics.contains_key(&topic) || (is_forum && topic == GENERAL);
            if named.is_some_and(|topic| !exists(topic)) {
                return Err(Refusal::bad_request("message thread not found"));
            }
            let chat = chat.id;
            state.rate.take(chat)?;
            let chat = state.usable_chat(Some(chat))?;
            let topic = named.filter(|topic| *topic != GENERAL);
            if named.is_none() && is_forum {
                // The platform takes it, and nobody sees it: people look at topics only, and it names none.
                chat.pulse_count += 1;
                return Ok(());
            }
            chat.pulses.retain(|pulse| pulse.topic != topic || pulse.until <= Instant::now());
            chat.pulses.push(Pulse { topic, until });
            chat.pulse_count += 1;
            Ok(())
        })?;
        self.announce_at(until);
        Ok(json!(true))
    }

    /// Tells whoever waits for a change that time has passed: by itself, time changes nothing.
    pub(super) fn announce_at(&self, at: Instant) {
        let server = self.clone();
        self.shared.tracker.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep_until(at) => server.change(|_| ()),
                () = server.shared.stop.cancelled() => {}
            }
        });
    }

    /// Whether people in this chat (and topic) see that the bot is busy.
    pub fn is_typing(&self, chat: i64, topic: Option<i64>) -> bool {
        let now = Instant::now();
        self.read(|state| {
            let pulses = state.chats.get(&chat).map(|chat| chat.pulses.as_slice()).unwrap_or_default();
            pulses.iter().any(|pulse| pulse.topic == topic && pulse.until > now)
        })
    }

    /// How often the bot said in this chat that it is busy.
    pub fn typing_pulses(&self, chat: i64) -> usize {
        self.read(|state| state.chats.get(&chat).map_or(0, |chat| chat.pulse_count))
    }
}
