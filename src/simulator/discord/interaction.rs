//! An interaction: a person used a command, pressed a button or asks for completions, and the bot has three seconds to
//! answer and fifteen minutes to go on.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::world::{APPLICATION, ChannelKind, FOREIGN_GUILD, GUILD, LOCALE, World};
use super::{session::Intents, world::DEFAULT_PERMISSIONS};

/// The time in which the first answer must come.
pub(super) const ACKNOWLEDGE_WITHIN: Duration = Duration::from_secs(3);
/// The time for which its token is good.
pub(super) const TOKEN_LIFE: Duration = Duration::from_mins(15);
/// The largest file of an answer.
const ATTACHMENT_SIZE_LIMIT: u64 = 10 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InteractionKind {
    Command,
    Press,
    Completion,
}

#[derive(Debug)]
pub(super) struct Interaction {
    pub(super) id: u64,
    pub(super) token: String,
    pub(super) kind: InteractionKind,
    pub(super) channel: u64,
    pub(super) user: u64,
    /// The name of the command, or the label of the button.
    pub(super) name: String,
    pub(super) sent: Instant,
    /// The event as it was sent.
    pub(super) event: Value,
    /// The message whose button was pressed.
    pub(super) pressed: Option<u64>,
    pub(super) ack: Option<Ack>,
    /// The message that `@original` means.
    pub(super) original: Option<u64>,
    pub(super) followups: Vec<u64>,
    pub(super) choices: Option<Vec<(String, Value)>>,
    /// It was sent a second time; a second acknowledgement is then no fault.
    pub(super) redelivered: bool,
    /// Its time to be acknowledged is over, whatever the clock says.
    pub(super) too_late: bool,
    /// Its token is no longer good, whatever the clock says.
    pub(super) expired: bool,
}

/// The first answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ack {
    pub(super) after: Duration,
    pub(super) kind: u8,
    pub(super) ephemeral: bool,
}

impl Interaction {
    pub(super) fn is_command(&self) -> bool {
        self.kind == InteractionKind::Command
    }

    /// Whether the first answer can still come.
    pub(super) fn is_waiting(&self) -> bool {
        self.ack.is_none() && !self.too_late && self.sent.elapsed() < ACKNOWLEDGE_WITHIN
    }

    pub(super) fn token_is_good(&self) -> bool {
        !self.expired && self.sent.elapsed() < TOKEN_LIFE
    }

    fn number(&self) -> u64 {
        match self.kind {
            InteractionKind::Command => 2,
            InteractionKind::Press => 3,
            InteractionKind::Completion => 4,
        }
    }
}

impl World {
    /// A person did something that the bot must hear of.
    pub(super) fn interact(
        &mut self,
        kind: InteractionKind,
        (channel, user): (u64, u64),
        name: &str,
        data: &Value,
        pressed: Option<u64>,
    ) -> u64 {
        let id = self.ids.next();
        let mut interaction = Interaction {
            id,
            token: format!("aW50ZXJhY3Rpb24-{id}-{:016x}", fastrand::u64(..)),
            kind,
            channel,
            user,
            name: name.to_owned(),
            sent: Instant::now(),
            event: Value::Null,
            pressed,
            ack: None,
            original: None,
            followups: Vec::new(),
            choices: None,
            redelivered: false,
            too_late: false,
            expired: false,
        };
        interaction.event = self.interaction_event(&interaction, data);
        self.gateway.dispatch("INTERACTION_CREATE", Intents::NONE, &interaction.event);
        self.interactions.insert(id, interaction);
        self.alarm(ACKNOWLEDGE_WITHIN);
        id
    }

    /// Sends an interaction again, as Discord may after a resumed connection.
    pub(super) fn redeliver(&mut self, id: u64) {
        if let Some(interaction) = self.interactions.get_mut(&id) {
            interaction.redelivered = true;
            self.gateway.dispatch("INTERACTION_CREATE", Intents::NONE, &interaction.event);
        }
    }

    fn interaction_event(&self, interaction: &Interaction, data: &Value) -> Value {
        let (channel, user) = (interaction.channel, interaction.user);
        let mut event = json!({
            "id": interaction.id.to_string(),
            "application_id": APPLICATION.to_string(),
            "type": interaction.number(),
            "token": interaction.token,
            "version": 1,
            "data": data,
            "channel_id": channel.to_string(),
            "locale": self.locales.get(&user).map_or(LOCALE, String::as_str),
            "app_permissions": DEFAULT_PERMISSIONS.to_string(),
            "entitlements": [],
            "entitlement_sku_ids": [],
            "attachment_size_limit": ATTACHMENT_SIZE_LIMIT,
        });
        if let Some(place) = self.channels.get(&channel) {
            event["channel"] = self.partial_channel_json(place, user);
            if matches!(place.kind, ChannelKind::Direct(_)) {
                event["user"] = self.user_json(user);
                event["context"] = json!(1);
                event["authorizing_integration_owners"] = json!({ "0": "0" });
            } else {
                let foreign = place.kind == ChannelKind::Foreign;
                let guild = if foreign { FOREIGN_GUILD } else { GUILD }.to_string();
                event["member"] = self.member_json(channel, user);
                event["context"] = json!(0);
                event["guild_id"] = json!(guild);
                event["guild"] = json!({ "id": guild, "locale": LOCALE, "features": [] });
                event["guild_locale"] = json!(LOCALE);
                event["authorizing_integration_owners"] =
                    if foreign { json!({ "1": user.to_string() }) } else { json!({ "0": guild }) };
            }
        }
        if let Some(message) = interaction.pressed.and_then(|id| self.message(channel, id)) {
            event["message"] = self.message_json(message);
        }
        event
    }

    /// What a message says of the interaction it answers.
    pub(super) fn interaction_metadata(&self, interaction: &Interaction) -> Value {
        let mut metadata = json!({
            "id": interaction.id.to_string(),
            "type": interaction.number(),
            "user": self.user_json(interaction.user),
            "authorizing_integration_owners": interaction.event["authorizing_integration_owners"],
        });
        match interaction.pressed {
            Some(message) => metadata["interacted_message_id"] = json!(message.to_string()),
            None => metadata["name"] = json!(interaction.name),
        }
        metadata
    }
}
