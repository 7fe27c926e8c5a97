//! People, channels and the guild as Discord writes them.

use serde_json::{Value, json};

use super::snowflake::{millis_of, timestamp};
use super::world::{APPLICATION, Access, Channel, ChannelKind, DEFAULT_PERMISSIONS, GUILD, LOCALE, OWNER, World};

impl World {
    pub(super) fn user_json(&self, user: u64) -> Value {
        let name = self.name(user);
        json!({
            "id": user.to_string(),
            "username": name.to_lowercase().replace(' ', "_"),
            "global_name": if user == APPLICATION { None } else { Some(name) },
            "discriminator": if user == APPLICATION { "0042" } else { "0" },
            "avatar": null,
            "bot": user == APPLICATION,
            "public_flags": 0,
            "flags": 0,
        })
    }

    pub(super) fn member_json(&self, channel: u64, user: u64) -> Value {
        json!({
            "user": self.user_json(user),
            "nick": null,
            "avatar": null,
            "roles": [],
            "joined_at": timestamp(millis_of(GUILD)),
            "premium_since": null,
            "deaf": false,
            "mute": false,
            "flags": 0,
            "pending": false,
            "permissions": self.permissions(channel, user).to_string(),
            "communication_disabled_until": null,
        })
    }

    pub(super) fn channel_json(&self, channel: &Channel) -> Value {
        let mut body = json!({
            "id": channel.id.to_string(),
            "type": type_of(channel.kind),
            "last_message_id": channel.messages.last().map(|message| message.id.to_string()),
            "flags": 0,
        });
        match channel.kind {
            ChannelKind::Direct(user) => body["recipients"] = json!([self.user_json(user)]),
            ChannelKind::Text | ChannelKind::Forum | ChannelKind::Foreign => {
                body["guild_id"] = json!(self.guild_of(channel.id).map(|guild| guild.to_string()));
                body["name"] = json!(channel.name);
                body["position"] = json!(0);
                body["parent_id"] = Value::Null;
                body["topic"] = Value::Null;
                body["nsfw"] = json!(false);
                body["rate_limit_per_user"] = json!(0);
                body["permission_overwrites"] = json!([]);
            }
            ChannelKind::Thread(parent) => {
                body["guild_id"] = json!(GUILD.to_string());
                body["name"] = json!(channel.name);
                body["parent_id"] = json!(parent.to_string());
                body["owner_id"] = json!(APPLICATION.to_string());
                body["thread_metadata"] = thread_metadata(channel.id);
                body["message_count"] = json!(channel.messages.len());
                body["total_message_sent"] = json!(channel.messages.len());
                body["member_count"] = json!(1);
                body["rate_limit_per_user"] = json!(0);
            }
        }
        body
    }

    /// The few fields of a channel that an interaction carries.
    pub(super) fn partial_channel_json(&self, channel: &Channel, user: u64) -> Value {
        let mut body = self.channel_json(channel);
        body["permissions"] = json!(self.permissions(channel.id, user).to_string());
        body
    }

    /// The guild as it is announced after READY.
    pub(super) fn guild_json(&self) -> Value {
        let of_kind = |wanted: fn(ChannelKind) -> bool| -> Vec<Value> {
            let seen = self.channels.values().filter(|channel| !matches!(channel.access, Access::Hidden | Access::Deleted));
            seen.filter(|channel| wanted(channel.kind)).map(|channel| self.channel_json(channel)).collect()
        };
        let mut guild = guild_settings();
        guild["joined_at"] = json!(timestamp(millis_of(GUILD)));
        guild["large"] = json!(false);
        guild["unavailable"] = json!(false);
        guild["member_count"] = json!(2);
        guild["members"] = json!([self.member_json(0, APPLICATION)]);
        guild["channels"] = of_kind(|kind| matches!(kind, ChannelKind::Text | ChannelKind::Forum)).into();
        guild["threads"] = of_kind(|kind| matches!(kind, ChannelKind::Thread(_))).into();
        for empty in ["voice_states", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds"] {
            guild[empty] = json!([]);
        }
        guild
    }
}

fn guild_settings() -> Value {
    json!({
        "id": GUILD.to_string(), "name": "Demo", "icon": null, "splash": null, "discovery_splash": null,
        "owner_id": OWNER.to_string(), "afk_channel_id": null, "afk_timeout": 300, "widget_enabled": false,
        "verification_level": 0, "default_message_notifications": 1, "explicit_content_filter": 0,
        "roles": [everyone_role()], "emojis": [], "stickers": [], "features": [], "mfa_level": 0,
        "application_id": null, "system_channel_id": null, "system_channel_flags": 0, "rules_channel_id": null,
        "max_presences": null, "max_members": 500_000, "vanity_url_code": null, "description": null, "banner": null,
        "premium_tier": 0, "premium_subscription_count": 0, "preferred_locale": LOCALE, "nsfw_level": 0,
        "public_updates_channel_id": null, "premium_progress_bar_enabled": false, "safety_alerts_channel_id": null,
    })
}

fn type_of(kind: ChannelKind) -> u64 {
    match kind {
        ChannelKind::Text | ChannelKind::Foreign => 0,
        ChannelKind::Forum => 15,
        ChannelKind::Direct(_) => 1,
        ChannelKind::Thread(_) => 11,
    }
}

fn thread_metadata(id: u64) -> Value {
    json!({
        "archived": false,
        "auto_archive_duration": 1440,
        "archive_timestamp": timestamp(millis_of(id)),
        "create_timestamp": timestamp(millis_of(id)),
        "locked": false,
    })
}

fn everyone_role() -> Value {
    json!({
        "id": GUILD.to_string(), "name": "@everyone", "description": null, "permissions": DEFAULT_PERMISSIONS.to_string(),
        "position": 0, "color": 0, "colors": { "primary_color": 0, "secondary_color": null, "tertiary_color": null },
        "hoist": false, "managed": false, "mentionable": false, "icon": null, "unicode_emoji": null, "flags": 0,
    })
}
