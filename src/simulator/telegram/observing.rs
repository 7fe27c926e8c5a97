//! What tests and the demo page see: the chats as people see them, and the calls as the platform saw them.

use serde_json::Value;
use tokio::time::Instant;

use crate::simulator::telegram::TelegramServer;
use crate::simulator::telegram::message::{Entity, Message};
use crate::simulator::telegram::state::State;

/// A message as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChatMessage {
    /// Its id in its chat.
    pub id: i64,
    /// Whether the bot wrote it.
    pub from_bot: bool,
    /// Who wrote it, by user id.
    pub sender: i64,
    /// And by name.
    pub sender_name: String,
    /// The text without markup, or the caption of a file.
    pub text: String,
    /// The same with its formatting, as the protocol names it: `[{"type":"bold","offset":0,"length":4}]`.
    pub entities: Value,
    /// The blocks of a rich message, as the protocol names them; its text is what is readable of them.
    pub rich: Option<Value>,
    /// The forum topic it is in.
    pub topic: Option<i64>,
    /// The message it replies to.
    pub reply_to: Option<i64>,
    /// The labels of its buttons.
    pub buttons: Vec<String>,
    /// The same in their rows.
    pub keyboard: Vec<Vec<String>>,
    /// How often it was edited.
    pub edited: u32,
    /// The texts it had before.
    pub earlier: Vec<String>,
    /// A file.
    pub document: Option<DocumentView>,
    /// It made no sound.
    pub silent: bool,
    /// It reports an event of the chat, such as a new topic; nobody wrote it.
    pub service: bool,
    /// When it was sent, on tokio's clock.
    pub sent_at: Instant,
    /// When it was sent, in Unix seconds.
    pub date: i64,
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentView {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub bytes: axum::body::Bytes,
}

impl ChatMessage {
    fn of(message: &Message, state: &State) -> Self {
        let rows = message.keyboard.iter();
        let keyboard: Vec<Vec<String>> = rows.map(|row| row.iter().map(|button| button.label.clone()).collect()).collect();
        let sender = if message.sender == state.bot.id { Some(&state.bot) } else { state.users.get(&message.sender) };
        Self {
            id: message.id,
            from_bot: message.sender == state.bot.id,
            sender: message.sender,
            sender_name: sender.map(|user| user.first_name.clone()).unwrap_or_default(),
            text: message.body.text.clone(),
            entities: message.body.entities_json(),
            rich: message.rich.clone(),
            topic: message.topic,
            reply_to: message.reply_to,
            buttons: keyboard.iter().flatten().cloned().collect(),
            keyboard,
            edited: message.edits,
            earlier: message.earlier.clone(),
            document: message
                .document
                .as_ref()
                .map(|document| DocumentView { name: document.name.clone(), bytes: document.bytes.clone() }),
            silent: message.silent,
            service: message.service.is_some(),
            sent_at: message.sent_at,
            date: message.date,
        }
    }
}

impl TelegramServer {
    /// The messages of a chat that are there now, oldest first.
    pub fn messages(&self, chat: i64) -> Vec<ChatMessage> {
        self.read(|state| {
            let messages = state.chats.get(&chat).map(|chat| chat.messages.values());
            messages.into_iter().flatten().map(|message| ChatMessage::of(message, state)).collect()
        })
    }

    /// One message of a chat.
    pub fn message(&self, chat: i64, id: i64) -> Option<ChatMessage> {
        self.read(|state| state.chats.get(&chat)?.messages.get(&id).map(|message| ChatMessage::of(message, state)))
    }

    /// What the bot wrote in a chat, oldest first.
    pub fn said(&self, chat: i64) -> Vec<ChatMessage> {
        self.messages(chat).into_iter().filter(|message| message.from_bot).collect()
    }

    /// The bot's name, as people see it.
    pub fn bot_name(&self) -> String {
        self.read(|state| state.bot.first_name.clone())
    }

    /// Everybody whom the bot calls in this chat, once for each message that does, oldest first: by an entity that names a
    /// person, or by a link to one. In private chats nobody is called.
    pub fn pings(&self, chat: i64) -> Vec<i64> {
        self.read(|state| {
            let bot = state.bot.id;
            let messages = state.chats.get(&chat).filter(|chat| !chat.is_private()).map(|chat| chat.messages.values());
            let sent = messages.into_iter().flatten().filter(|message| message.sender == bot);
            sent.flat_map(|message| message.body.entities.iter().filter_map(Entity::person)).collect()
        })
    }

    /// A person's name.
    pub fn person_name(&self, user: i64) -> String {
        self.read(|state| state.users.get(&user).map(|user| user.first_name.clone()).unwrap_or_default())
    }

    /// The ids of all chats there are.
    pub fn chats(&self) -> Vec<i64> {
        self.read(|state| state.chats.keys().copied().collect())
    }

    /// The forum topics of a chat: their ids and names.
    pub fn topics(&self, chat: i64) -> Vec<(i64, String)> {
        let topics = self.read(|state| state.chats.get(&chat).map(|chat| chat.topics.clone()));
        topics.unwrap_or_default().into_iter().collect()
    }

    /// Updates that wait for the bot's confirmation.
    pub fn pending_updates(&self) -> usize {
        self.read(|state| state.updates.pending())
    }

    /// The id of the newest update.
    pub fn newest_update(&self) -> Option<i64> {
        self.read(|state| state.updates.newest())
    }

    /// The id of the newest update that brought or edited this message.
    pub fn update_of(&self, chat: i64, message: i64) -> Option<i64> {
        self.read(|state| {
            state.updates.find(|update| {
                let body = update.get("message").or_else(|| update.get("edited_message"));
                body.is_some_and(|body| body["message_id"] == message && body["chat"]["id"] == chat)
            })
        })
    }

    /// How many polls the bot began.
    pub fn polls(&self) -> usize {
        self.read(|state| usize::try_from(state.updates.polls).unwrap_or(usize::MAX))
    }

    /// How many of them wait for an update now.
    pub fn open_polls(&self) -> usize {
        self.read(|state| state.updates.open_polls)
    }

    /// How often a method was called, whatever became of it.
    pub fn calls(&self, method: &str) -> usize {
        self.read(|state| state.requests.iter().filter(|request| request.method.eq_ignore_ascii_case(method)).count())
    }

    /// The parameters of every call of a method, oldest first, and when it came.
    pub fn requests(&self, method: &str) -> Vec<(Instant, Value)> {
        self.read(|state| {
            let calls = state.requests.iter().filter(|request| request.method.eq_ignore_ascii_case(method));
            calls.map(|request| (request.at, request.params.clone())).collect()
        })
    }

    /// The parameters of the last call of a method; a file is its name and size.
    pub fn last_request(&self, method: &str) -> Option<Value> {
        self.read(|state| {
            let mut newest_first = state.requests.iter().rev();
            newest_first.find(|request| request.method.eq_ignore_ascii_case(method)).map(|request| request.params.clone())
        })
    }

    /// Every call of the bot in which it did what it should know to be wrong: too long, broken markup, unknown methods and
    /// parameters, too fast. Empty for a bot in order.
    pub fn violations(&self) -> Vec<String> {
        self.read(|state| state.violations.clone())
    }
}
