//! Chats and people as the platform keeps them, and their JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::simulator::telegram::drafting::Drafted;
use crate::simulator::telegram::message::{Button, Message};
use crate::simulator::telegram::refusal::Refusal;

/// A person, or the bot.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) is_bot: bool,
    pub(super) first_name: String,
    pub(super) username: Option<String>,
    /// The language of their app; none when it does not tell.
    pub(super) language: Option<String>,
}

impl User {
    pub(super) fn to_json(&self) -> Value {
        let mut json = json!({ "id": self.id, "is_bot": self.is_bot, "first_name": self.first_name });
        if let Some(username) = &self.username {
            json["username"] = json!(username);
        }
        if let Some(language) = &self.language {
            json["language_code"] = json!(language);
        }
        json
    }
}

/// What the bot may do in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Open,
    /// It was never in the group.
    Absent,
    /// The person blocked the bot.
    Blocked,
    /// Somebody removed the bot from the group.
    Kicked,
    /// The group is no more.
    Deleted,
    /// The group is a supergroup of this id now.
    Migrated(i64),
}

/// One indication that the bot is busy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pulse {
    pub(super) topic: Option<i64>,
    pub(super) until: Instant,
}

/// One chat.
#[derive(Debug)]
pub(super) struct Chat {
    pub(super) id: i64,
    pub(super) title: String,
    pub(super) messages: BTreeMap<i64, Message>,
    /// Forum topics by the id of the message that opened them.
    pub(super) topics: BTreeMap<i64, String>,
    pub(super) admins: BTreeSet<i64>,
    pub(super) members: BTreeSet<i64>,
    pub(super) access: Access,
    pub(super) last_message_id: i64,
    /// What people see of the bot being busy, at most one per topic.
    pub(super) pulses: Vec<Pulse>,
    /// How often the bot said that it is busy.
    pub(super) pulse_count: usize,
    /// What the bot is still writing, as people see it.
    pub(super) drafts: Vec<Drafted>,
}

impl Chat {
    pub(super) fn new(id: i64, title: String) -> Self {
        Self {
            id,
            title,
            messages: BTreeMap::new(),
            topics: BTreeMap::new(),
            admins: BTreeSet::new(),
            members: BTreeSet::new(),
            access: Access::Open,
            last_message_id: 0,
            pulses: Vec::new(),
            pulse_count: 0,
            drafts: Vec::new(),
        }
    }

    /// Positive ids are private chats, with the person of that id.
    pub(super) fn is_private(&self) -> bool {
        self.id > 0
    }

    /// The type the platform names; a group that was upgraded shows what it had been.
    pub(super) fn kind(&self) -> &'static str {
        match self.access {
            Access::Migrated(_) => "group",
            _ if self.is_private() => "private",
            _ => "supergroup",
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut json = json!({ "id": self.id, "type": self.kind() });
        let name = if self.is_private() { "first_name" } else { "title" };
        json[name] = json!(self.title);
        if !self.topics.is_empty() {
            json["is_forum"] = json!(true);
        }
        json
    }

    /// Refuses what the bot may not do here any more.
    pub(super) fn check_access(&self) -> Result<(), Refusal> {
        match self.access {
            Access::Open => Ok(()),
            Access::Absent => Err(Refusal::new(403, "Forbidden: bot is not a member of the supergroup chat")),
            Access::Blocked => Err(Refusal::new(403, "Forbidden: bot was blocked by the user")),
            Access::Kicked => Err(Refusal::new(403, "Forbidden: bot was kicked from the supergroup chat")),
            Access::Deleted => Err(Refusal::new(403, "Forbidden: the group chat was deleted")),
            Access::Migrated(to) => Err(Refusal {
                parameters: Some(json!({ "migrate_to_chat_id": to })),
                ..Refusal::bad_request("group chat was upgraded to a supergroup chat")
            }),
        }
    }

    /// The button of a message with this label.
    pub(super) fn button(&self, message: i64, label: &str) -> Option<&Button> {
        self.messages.get(&message)?.keyboard.iter().flatten().find(|button| button.label == label)
    }
}
