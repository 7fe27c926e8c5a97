//! Everything the platform knows, behind one lock that is held for one step at a time.

use std::collections::BTreeMap;

use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::simulator::telegram::chat::{Chat, User};
use crate::simulator::telegram::faults::Faults;
use crate::simulator::telegram::menu::Menus;
use crate::simulator::telegram::message::{Document, Formatted, Message};
use crate::simulator::telegram::pressing::Press;
use crate::simulator::telegram::rate::RateLimits;
use crate::simulator::telegram::refusal::Refusal;
use crate::simulator::telegram::updates::Updates;
use crate::simulator::wall_clock;

/// One call of the client, as it came.
#[derive(Debug, Clone)]
pub(super) struct LoggedRequest {
    pub(super) method: String,
    pub(super) params: Value,
    pub(super) at: Instant,
}

/// Everything the platform knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) token: String,
    pub(super) bot: User,
    pub(super) users: BTreeMap<i64, User>,
    pub(super) chats: BTreeMap<i64, Chat>,
    pub(super) files: BTreeMap<String, Document>,
    pub(super) updates: Updates,
    pub(super) presses: BTreeMap<String, Press>,
    pub(super) menus: Menus,
    pub(super) faults: Faults,
    pub(super) rate: RateLimits,
    pub(super) requests: Vec<LoggedRequest>,
    pub(super) violations: Vec<String>,
    /// Servers before Bot API 10.1 do not.
    pub(super) knows_rich_messages: bool,
    /// In groups the bot sees only what is meant for it.
    pub(super) privacy_mode: bool,
    /// Private chats share one sequence of message ids, every supergroup has its own.
    private_message_id: i64,
}

impl State {
    pub(super) fn new(token: &str) -> Self {
        let id = token.split(':').next().and_then(|digits| digits.parse().ok()).unwrap_or(1);
        let bot = User {
            id,
            is_bot: true,
            first_name: "Legwork".to_owned(),
            username: Some("legwork_demo_bot".to_owned()),
            language: None,
        };
        Self {
            token: token.to_owned(),
            bot,
            users: BTreeMap::new(),
            chats: BTreeMap::new(),
            files: BTreeMap::new(),
            updates: Updates::default(),
            presses: BTreeMap::new(),
            menus: Menus::default(),
            faults: Faults::default(),
            rate: RateLimits::default(),
            requests: Vec::new(),
            violations: Vec::new(),
            knows_rich_messages: true,
            privacy_mode: true,
            private_message_id: 100,
        }
    }

    /// The bot's name in mentions and commands.
    pub(super) fn bot_username(&self) -> &str {
        self.bot.username.as_deref().unwrap_or_default()
    }

    /// A person, who exists from the first time on that something is done in their name.
    pub(super) fn user(&mut self, id: i64) -> &mut User {
        self.users.entry(id).or_insert_with(|| {
            let language = Some("en".to_owned());
            User { id, is_bot: false, first_name: format!("User {id}"), username: None, language }
        })
    }

    /// A chat, created when it is first used by a person.
    pub(super) fn chat_entry(&mut self, id: i64) -> &mut Chat {
        let title = if id > 0 { self.user(id).first_name.clone() } else { format!("Group {}", id.unsigned_abs()) };
        self.chats.entry(id).or_insert_with(|| Chat::new(id, title))
    }

    /// A chat that the bot names in a call, if it may use it.
    pub(super) fn usable_chat(&mut self, id: Option<i64>) -> Result<&mut Chat, Refusal> {
        let chat = id.and_then(|id| self.chats.get_mut(&id)).ok_or_else(|| Refusal::bad_request("chat not found"))?;
        chat.check_access()?;
        Ok(chat)
    }

    /// A message without an id yet, sent now.
    pub(super) fn new_message(sender: i64, text: &str) -> Message {
        Message {
            id: 0,
            date: wall_clock::unix_seconds(),
            sent_at: Instant::now(),
            sender,
            body: Formatted { text: text.to_owned(), entities: Vec::new() },
            topic: None,
            reply_to: None,
            keyboard: Vec::new(),
            edits: 0,
            earlier: Vec::new(),
            edit_date: None,
            document: None,
            silent: false,
            rich: None,
            service: None,
            extra: serde_json::Map::new(),
        }
    }

    /// Puts a message into a chat and says its id.
    pub(super) fn post(&mut self, chat: i64, mut message: Message) -> i64 {
        let private = chat > 0;
        let shared = self.private_message_id;
        let bot = self.bot.id;
        let chat = self.chat_entry(chat);
        message.id = if private { shared + 1 } else { chat.last_message_id + 1 };
        let id = message.id;
        chat.last_message_id = id;
        // The indication ends with a message of the bot, and so does what was seen of its writing.
        if message.sender == bot {
            chat.pulses.retain(|pulse| pulse.topic != message.topic);
            chat.drafts.retain(|draft| draft.topic != message.topic);
        }
        chat.messages.insert(id, message);
        if private {
            self.private_message_id = id;
        }
        id
    }

    /// Keeps a file and says how it is named.
    pub(super) fn keep_file(&mut self, name: &str, bytes: Bytes) -> Document {
        let file_id = format!("BQACAgIAAxkBAAN{:06}", self.files.len() + 1);
        let document = Document { file_id: file_id.clone(), name: name.to_owned(), bytes };
        self.files.insert(file_id, document.clone());
        document
    }

    /// A message as the platform shows it to the bot, with the message it replies to.
    pub(super) fn message_json(&self, chat: i64, message: i64) -> Value {
        let Some((chat, message)) = self.chats.get(&chat).and_then(|chat| Some((chat, chat.messages.get(&message)?))) else {
            return Value::Null;
        };
        let mut json = self.bare_message_json(chat, message);
        // In a topic, what replies to nothing else counts as a reply to the message that opened the topic.
        let replied = message.reply_to.or(message.topic).filter(|_| message.service.is_none());
        if let Some(replied) = replied.and_then(|id| chat.messages.get(&id)) {
            json["reply_to_message"] = self.bare_message_json(chat, replied);
        }
        json
    }

    fn bare_message_json(&self, chat: &Chat, message: &Message) -> Value {
        let mut json = json!({
            "message_id": message.id,
            "date": message.date,
            "chat": chat.to_json(),
            "from": self.sender_json(message.sender),
        });
        if let Some(topic) = message.topic {
            json["message_thread_id"] = json!(topic);
            json["is_topic_message"] = json!(true);
        }
        for (field, value) in &message.extra {
            json[field] = value.clone();
        }
        if let Some(date) = message.edit_date {
            json["edit_date"] = json!(date);
        }
        let (text, entities) = if let Some((field, value)) = &message.service {
            json[*field] = value.clone();
            return json;
        } else if let Some(blocks) = &message.rich {
            json["rich_message"] = json!({ "blocks": blocks });
            if !message.keyboard.is_empty() {
                json["reply_markup"] = message.keyboard_json();
            }
            return json;
        } else if let Some(document) = &message.document {
            json["document"] = document.to_json();
            ("caption", "caption_entities")
        } else {
            ("text", "entities")
        };
        if !message.body.text.is_empty() {
            json[text] = json!(message.body.text);
        }
        if !message.body.entities.is_empty() {
            json[entities] = message.body.entities_json();
        }
        if !message.keyboard.is_empty() {
            json["reply_markup"] = message.keyboard_json();
        }
        json
    }

    fn sender_json(&self, sender: i64) -> Value {
        if sender == self.bot.id {
            return self.bot.to_json();
        }
        self.users.get(&sender).map_or(Value::Null, User::to_json)
    }
}
