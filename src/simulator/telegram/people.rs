//! What people do: they write, reply, edit, open topics, block the bot, throw it out, upgrade their group.

use axum::body::Bytes;
use serde_json::{Value, json};

use crate::simulator::telegram::TelegramServer;
use crate::simulator::telegram::chat::Access;
use crate::simulator::telegram::entities;
use crate::simulator::telegram::message::Message;
use crate::simulator::telegram::state::State;
use crate::simulator::wall_clock;

/// Ids of supergroups that used to be groups.
const UPGRADED: i64 = -1_002_000_000_000;
/// The account that shows as the sender where an administrator stays anonymous.
const GROUP_ANONYMOUS_BOT: i64 = 1_087_968_824;

impl TelegramServer {
    /// A person writes into a chat, which exists from then on. Says the id of the message.
    pub fn says(&self, chat: i64, from: i64, text: &str) -> i64 {
        self.change(|state| state.write(chat, from, text, None, None))
    }

    /// A person writes into a forum topic.
    pub fn says_in_topic(&self, chat: i64, topic: i64, from: i64, text: &str) -> i64 {
        self.change(|state| state.write(chat, from, text, Some(topic), None))
    }

    /// A person replies to a message, in its topic if it is in one.
    pub fn replies(&self, chat: i64, from: i64, to_message: i64, text: &str) -> i64 {
        self.change(|state| {
            let replied = state.chats.get(&chat).and_then(|chat| chat.messages.get(&to_message));
            let topic = replied.and_then(|message| message.topic);
            state.write(chat, from, text, topic, Some(to_message))
        })
    }

    /// A person sends a file with a caption.
    pub fn sends_file(&self, chat: i64, from: i64, name: &str, caption: &str) -> i64 {
        self.change(|state| {
            let document = Some(state.keep_file(name, Bytes::from_static(b"content")));
            let message = Message { document, body: entities::as_typed(caption), ..State::new_message(from, "") };
            state.deliver(chat, from, message)
        })
    }

    /// An administrator who stays anonymous writes as the group.
    pub fn says_as_group(&self, chat: i64, text: &str) -> i64 {
        self.change(|state| {
            let mut message = Message { body: entities::as_typed(text), ..State::new_message(GROUP_ANONYMOUS_BOT, "") };
            let group = state.chat_entry(chat).to_json();
            message.extra.insert("sender_chat".to_owned(), group);
            let anonymous = state.user(GROUP_ANONYMOUS_BOT);
            (anonymous.is_bot, anonymous.first_name) = (true, "Group".to_owned());
            state.deliver(chat, GROUP_ANONYMOUS_BOT, message)
        })
    }

    /// A person sends what an inline bot has made.
    pub fn says_via_bot(&self, chat: i64, from: i64, text: &str) -> i64 {
        self.change(|state| {
            let mut message = Message { body: entities::as_typed(text), ..State::new_message(from, "") };
            let bot = json!({ "id": 93_372_553, "is_bot": true, "first_name": "Inline", "username": "inline_bot" });
            message.extra.insert("via_bot".to_owned(), bot);
            state.deliver(chat, from, message)
        })
    }

    /// A person edits a message of theirs. Nothing happens when there is no such message.
    pub fn edits(&self, chat: i64, message: i64, text: &str) {
        self.change(|state| {
            let Some(edited) = state.chats.get_mut(&chat).and_then(|chat| chat.messages.get_mut(&message)) else { return };
            edited.body = entities::as_typed(text);
            edited.edits += 1;
            edited.edit_date = Some(wall_clock::unix_seconds());
            if state.is_for_bot(chat, message) {
                let json = state.message_json(chat, message);
                state.updates.push("edited_message", json);
            }
        });
    }

    /// A person removes a message. Bots are not told.
    pub fn removes(&self, chat: i64, message: i64) {
        self.change(|state| state.chats.get_mut(&chat).and_then(|chat| chat.messages.remove(&message)));
    }

    /// Somebody opens a forum topic; says its id, which is that of the message that announces it.
    pub fn create_topic(&self, chat: i64, name: &str) -> i64 {
        self.change(|state| {
            let service = ("forum_topic_created", json!({ "name": name, "icon_color": 7_322_096 }));
            let group = state.chat_entry(chat);
            // 1 is the general topic, in every group that has topics.
            group.last_message_id = group.last_message_id.max(1);
            let id = group.last_message_id + 1;
            state.chat_entry(chat).topics.insert(id, name.to_owned());
            state.report(chat, service, Some(id))
        })
    }

    /// Makes a chat exist without a word having been said in it.
    pub fn add_chat(&self, chat: i64, title: &str) {
        self.change(|state| title.clone_into(&mut state.chat_entry(chat).title));
    }

    /// Gives a person a name.
    pub fn name_person(&self, user: i64, first_name: &str, username: Option<&str>) {
        self.change(|state| {
            let person = state.user(user);
            first_name.clone_into(&mut person.first_name);
            person.username = username.map(ToOwned::to_owned);
            if let Some(chat) = state.chats.get_mut(&user) {
                first_name.clone_into(&mut chat.title);
            }
        });
    }

    /// Sets the language of a person's app, as a tag like `de`; some apps do not tell any.
    pub fn set_language(&self, user: i64, tag: Option<&str>) {
        self.change(|state| state.user(user).language = tag.map(ToOwned::to_owned));
    }

    /// Puts an update into the queue as it stands; it gets an id unless it has one. Says the id.
    pub fn sends_raw_update(&self, update: Value) -> i64 {
        self.change(|state| state.updates.push_raw(update))
    }

    /// Delivers an update once more, though it was confirmed; false when there never was such an update.
    pub fn redeliver(&self, update: i64) -> bool {
        self.change(|state| state.updates.redeliver(update))
    }

    /// A person blocks the bot.
    pub fn block(&self, user: i64) {
        self.change(|state| state.set_access(user, user, Access::Blocked));
    }

    /// A person unblocks the bot.
    pub fn unblock(&self, user: i64) {
        self.change(|state| state.set_access(user, user, Access::Open));
    }

    /// Somebody throws the bot out of a group.
    pub fn kick(&self, chat: i64) {
        self.change(|state| state.set_access(chat, 1, Access::Kicked));
    }

    /// The owner of a group deletes it. Bots are not told.
    pub fn deletes_group(&self, chat: i64) {
        self.change(|state| state.chat_entry(chat).access = Access::Deleted);
    }

    /// Somebody deletes a forum topic with all that was said in it. Bots are not told.
    pub fn deletes_topic(&self, chat: i64, topic: i64) {
        self.change(|state| {
            let chat = state.chat_entry(chat);
            chat.topics.remove(&topic);
            chat.messages.retain(|_, message| message.topic != Some(topic));
        });
    }

    /// A person lets the bot into a group that it was not in.
    pub fn lets_in(&self, chat: i64, by: i64) {
        self.change(|state| {
            state.user(by);
            let group = state.chat_entry(chat);
            group.members.insert(by);
            // Whoever was never in a group has left it, as the platform puts it.
            group.access = Access::Absent;
            state.set_access(chat, by, Access::Open);
            let bot = json!([state.bot.to_json()]);
            let message = Message { service: Some(("new_chat_members", bot)), ..State::new_message(by, "") };
            let id = state.post(chat, message);
            let json = state.message_json(chat, id);
            state.updates.push("message", json);
        });
    }

    /// Somebody upgrades a group: it goes on under another id, which this says.
    pub fn migrate(&self, chat: i64) -> i64 {
        self.change(|state| {
            let migrated = state.chats.values().filter(|chat| matches!(chat.access, Access::Migrated(_))).count();
            let to = UPGRADED - i64::try_from(migrated).unwrap_or(0);
            let old = state.chat_entry(chat);
            let (title, admins, members) = (old.title.clone(), old.admins.clone(), old.members.clone());
            old.access = Access::Migrated(to);
            state.report(chat, ("migrate_to_chat_id", json!(to)), None);
            let new = state.chat_entry(to);
            (new.title, new.admins, new.members) = (title, admins, members);
            state.report(to, ("migrate_from_chat_id", json!(chat)), None);
            to
        })
    }

    /// Says who administers a group.
    pub fn set_admins(&self, chat: i64, users: &[i64]) {
        self.change(|state| {
            for user in users {
                state.user(*user);
            }
            let chat = state.chat_entry(chat);
            chat.members.extend(users);
            chat.admins = users.iter().copied().collect();
        });
    }

    /// Turns privacy mode off or on again: without it the bot gets every message of its groups.
    pub fn set_privacy_mode(&self, on: bool) {
        self.change(|state| state.privacy_mode = on);
    }

    /// Turns the platform's rate limits on or off. They are off at first.
    pub fn enforce_limits(&self, on: bool) {
        self.change(|state| state.rate.speed = on.then_some(1));
    }

    /// Turns the platform's rate limits on, with a clock that goes so many times faster than the platform's.
    pub fn enforce_limits_faster(&self, speed: u32) {
        self.change(|state| state.rate.speed = Some(speed.max(1)));
    }
}

impl State {
    fn write(&mut self, chat: i64, from: i64, text: &str, topic: Option<i64>, reply_to: Option<i64>) -> i64 {
        let message = Message { body: entities::as_typed(text), topic, reply_to, ..Self::new_message(from, "") };
        self.deliver(chat, from, message)
    }

    /// Puts a message of a person into a chat and tells the bot, if it is for the bot.
    fn deliver(&mut self, chat: i64, from: i64, message: Message) -> i64 {
        self.user(from);
        self.chat_entry(chat).members.insert(from);
        let id = self.post(chat, message);
        if self.is_for_bot(chat, id) {
            let json = self.message_json(chat, id);
            self.updates.push("message", json);
        }
        id
    }

    /// Whether the bot gets a message: all of private chats, and of groups what privacy mode lets through.
    fn is_for_bot(&self, chat: i64, message: i64) -> bool {
        let Some(chat) = self.chats.get(&chat).filter(|chat| chat.access == Access::Open) else { return false };
        let Some(message) = chat.messages.get(&message) else { return false };
        if chat.is_private() || !self.privacy_mode || chat.admins.contains(&self.bot.id) {
            return true;
        }
        let replied = message.reply_to.and_then(|id| chat.messages.get(&id));
        let command = message.body.text.strip_prefix('/').and_then(|text| text.split_whitespace().next());
        let for_this_bot = |command: &str| {
            let addressee = command.split_once('@').map(|(_, bot)| bot);
            addressee.is_none_or(|bot| bot.eq_ignore_ascii_case(self.bot_username()))
        };
        replied.is_some_and(|message| message.sender == self.bot.id) || command.is_some_and(for_this_bot)
    }

    /// Posts a message about an event of the chat; every bot in it gets those.
    fn report(&mut self, chat: i64, service: (&'static str, Value), topic: Option<i64>) -> i64 {
        self.user(1);
        let message = Message { service: Some(service), topic, ..Self::new_message(1, "") };
        let id = self.post(chat, message);
        let json = self.message_json(chat, id);
        self.updates.push("message", json);
        id
    }

    fn set_access(&mut self, chat: i64, by: i64, access: Access) {
        let status = |access| match access {
            Access::Open => "member",
            Access::Absent => "left",
            _ => "kicked",
        };
        let by = self.user(by).to_json();
        let chat = self.chat_entry(chat);
        let before = std::mem::replace(&mut chat.access, access);
        let chat = chat.to_json();
        if before == access {
            return;
        }
        let update = json!({
            "chat": chat,
            "from": by,
            "date": wall_clock::unix_seconds(),
            "old_chat_member": self.member_json(self.bot.id, status(before)),
            "new_chat_member": self.member_json(self.bot.id, status(access)),
        });
        self.updates.push("my_chat_member", update);
    }
}
