//! What befalls the bot itself in a chat: it is let in, shut out, made an administrator, blocked.
//!
//! Read from the JSON without teloxide's types, because a member has dozens of rights, Telegram adds to them with every
//! version, and none of them matters here.

use serde::Deserialize;
use serde_json::Value;

/// A change of the bot's place in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Membership {
    /// The chat.
    pub(super) chat: Place,
    /// Who changed it.
    pub(super) from: Changer,
    #[serde(rename = "old_chat_member")]
    before: Member,
    #[serde(rename = "new_chat_member")]
    now: Member,
}

/// The chat it is about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Place {
    /// Its id.
    pub(super) id: i64,
    #[serde(rename = "type")]
    kind: String,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Changer {
    /// The user.
    pub(super) id: i64,
    /// The language of that person's app.
    #[serde(default)]
    pub(super) language_code: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Member {
    status: String,
    #[serde(default)]
    is_member: bool,
}

impl Membership {
    /// The change that an update reports, if it reports one.
    pub(super) fn read(update: &Value) -> Option<Self> {
        Self::deserialize(update.get("my_chat_member")?).ok()
    }

    /// The group that the bot was not in before and is in now.
    pub(super) fn joined_group(&self) -> Option<i64> {
        let joined = !self.before.is_present() && self.now.is_present();
        (joined && self.chat.is_group()).then_some(self.chat.id)
    }

    /// Whether the bot can be heard there no more.
    pub(super) fn left(&self) -> bool {
        self.before.is_present() && !self.now.is_present()
    }
}

impl Place {
    fn is_group(&self) -> bool {
        matches!(self.kind.as_str(), "group" | "supergroup")
    }
}

impl Member {
    fn is_present(&self) -> bool {
        match self.status.as_str() {
            "creator" | "administrator" | "member" => true,
            "restricted" => self.is_member,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(kind: &str, before: &Value, now: &Value) -> Membership {
        let update = json!({"update_id": 1, "my_chat_member": {
            "chat": {"id": -5, "type": kind, "title": "G"}, "from": {"id": 7, "is_bot": false}, "date": 1,
            "old_chat_member": before, "new_chat_member": now,
        }});
        Membership::read(&update).unwrap()
    }

    #[test]
    fn only_coming_into_a_group_is_an_arrival() {
        let status = |status: &str| json!({"status": status});
        let joined = |kind, before: &str, now: &str| change(kind, &status(before), &status(now)).joined_group();
        assert_eq!(joined("supergroup", "left", "member"), Some(-5));
        assert_eq!(joined("group", "kicked", "administrator"), Some(-5));
        assert_eq!(joined("supergroup", "member", "administrator"), None);
        assert_eq!(joined("supergroup", "member", "left"), None);
        assert_eq!(joined("channel", "left", "administrator"), None);
        assert_eq!(joined("private", "kicked", "member"), None);
        let muted = json!({"status": "restricted", "is_member": true, "can_send_messages": false});
        assert_eq!(change("supergroup", &muted, &status("member")).joined_group(), None);
        assert!(change("supergroup", &muted, &json!({"status": "restricted", "is_member": false})).left());
    }

    #[test]
    fn what_is_no_change_is_none() {
        for odd in [json!({}), json!({"my_chat_member": 5}), json!({"my_chat_member": {"chat": {"id": 1}}})] {
            assert_eq!(Membership::read(&odd), None, "{odd}");
        }
    }
}
