//! What the bot can ask about itself, chats and their members.

use serde_json::{Value, json};

use crate::simulator::telegram::chat::{Access, Chat};
use crate::simulator::telegram::params::Params;
use crate::simulator::telegram::refusal::Refusal;
use crate::simulator::telegram::state::State;

impl State {
    pub(super) fn get_me(&self) -> Value {
        let mut me = self.bot.to_json();
        me["can_join_groups"] = json!(true);
        me["can_read_all_group_messages"] = json!(!self.privacy_mode);
        me["supports_inline_queries"] = json!(false);
        me["can_connect_to_business"] = json!(false);
        me["has_main_web_app"] = json!(false);
        me
    }

    pub(super) fn get_chat(&mut self, params: &Params) -> Result<Value, Refusal> {
        let chat = self.usable_chat(params.integer("chat_id"))?;
        let mut json = chat.to_json();
        json["accent_color_id"] = json!(0);
        json["max_reaction_count"] = json!(11);
        json["accepted_gift_types"] = json!({
            "unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false,
            "premium_subscription": false, "gifts_from_channels": false,
        });
        Ok(json)
    }

    pub(super) fn get_chat_member(&mut self, params: &Params) -> Result<Value, Refusal> {
        let bot = self.bot.id;
        let chat = self.usable_chat(params.integer("chat_id"))?;
        let user = params.integer("user_id").ok_or_else(|| Refusal::malformed("invalid user_id specified"))?;
        let is_here = user == bot || chat.members.contains(&user) || chat.id == user;
        let status = status_of(chat, user, is_here);
        if user != bot && !self.users.contains_key(&user) {
            return Err(Refusal::bad_request("user not found"));
        }
        Ok(self.member_json(user, status))
    }

    pub(super) fn get_chat_administrators(&mut self, params: &Params) -> Result<Value, Refusal> {
        let chat = self.usable_chat(params.integer("chat_id"))?;
        if chat.is_private() {
            return Err(Refusal::malformed("there are no administrators in the private chat"));
        }
        let admins: Vec<i64> = chat.admins.iter().copied().collect();
        Ok(admins.into_iter().map(|user| self.member_json(user, "administrator")).collect())
    }

    pub(super) fn leave_chat(&mut self, params: &Params) -> Result<Value, Refusal> {
        let chat = self.usable_chat(params.integer("chat_id"))?;
        if chat.is_private() {
            return Err(Refusal::malformed("chat member status can't be changed in private chats"));
        }
        chat.access = Access::Kicked;
        Ok(json!(true))
    }

    /// A member with the fields that its status needs.
    pub(super) fn member_json(&self, user: i64, status: &str) -> Value {
        let user = self.users.get(&user).unwrap_or(&self.bot).to_json();
        match status {
            "administrator" => json!({
                "user": user, "status": status, "can_be_edited": false, "is_anonymous": false,
                "can_manage_chat": true, "can_delete_messages": true, "can_manage_video_chats": true,
                "can_restrict_members": true, "can_promote_members": false, "can_change_info": true,
                "can_invite_users": true, "can_post_stories": true, "can_edit_stories": true,
                "can_delete_stories": true, "can_pin_messages": true, "can_manage_topics": true,
            }),
            "kicked" => json!({ "user": user, "status": status, "until_date": 0 }),
            _ => json!({ "user": user, "status": status }),
        }
    }
}

fn status_of(chat: &Chat, user: i64, is_here: bool) -> &'static str {
    if chat.admins.contains(&user) {
        "administrator"
    } else if is_here {
        "member"
    } else {
        "left"
    }
}
