//! What people do: use commands, press buttons, type and have completed, write; and what befalls their channels.
//!
//! They are held to what Discord's client lets them do: a command that is not registered cannot be used.

use serde_json::{Value, json};

use super::DiscordServer;
use super::component::{buttons, label};
use super::form::Form;
use super::interaction::InteractionKind;
use super::message::{EPHEMERAL, LOADING, Message};
use super::typed::{self, Filled};
use super::world::{Access, ChannelKind, World};

/// Discord's client would not let a person do this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CannotDo(pub String);

impl DiscordServer {
    /// Makes sure that a text channel of this id is in the guild.
    pub fn channel(&self, id: u64) -> u64 {
        self.act(|world| world.open_channel(id));
        id
    }

    /// The direct messages of a person with the bot.
    pub fn dm(&self, user: u64) -> u64 {
        self.act(|world| world.open_direct(user))
    }

    /// Starts a thread in a channel.
    pub fn thread(&self, parent: u64) -> u64 {
        self.act(|world| {
            world.open_channel(parent);
            let id = world.ids.next();
            world.open_thread(id, parent, "thread");
            id
        })
    }

    /// Starts a post in a forum of this id; posts are threads.
    pub fn forum_post(&self, forum: u64) -> u64 {
        self.act(|world| {
            world.open(forum, "forum", ChannelKind::Forum);
            let id = world.ids.next();
            world.open_thread(id, forum, "post");
            id
        })
    }

    /// A channel of a server that the bot is no member of, where people who installed the bot for themselves use it.
    pub fn foreign_channel(&self, id: u64) -> u64 {
        self.act(|world| world.open(id, "elsewhere", ChannelKind::Foreign));
        id
    }

    /// Names a person.
    pub fn set_name(&self, user: u64, name: &str) {
        self.act(|world| world.names.insert(user, name.to_owned()));
    }

    /// Sets the locale of a person's app, like `de` or `en-GB`.
    pub fn set_locale(&self, user: u64, locale: &str) {
        self.act(|world| world.locales.insert(user, locale.to_owned()));
    }

    /// Says what a person may do in a channel, as Discord's bits; 8 is administrator.
    pub fn set_permissions(&self, channel: u64, user: u64, permissions: u64) {
        self.act(|world| world.permissions.insert((channel, user), permissions));
    }

    /// The bot may no longer write there: 50013, in direct messages 50007.
    pub fn forbid(&self, channel: u64) {
        self.set_access(channel, Access::ReadOnly);
    }

    /// The bot no longer sees the channel: 50001.
    pub fn hide(&self, channel: u64) {
        self.set_access(channel, Access::Hidden);
    }

    /// The bot may see and write there again.
    pub fn allow(&self, channel: u64) {
        self.set_access(channel, Access::Open);
    }

    /// The channel is no more: 10003.
    pub fn delete_channel(&self, channel: u64) {
        self.set_access(channel, Access::Deleted);
    }

    /// Uses a command with these options; gives the id of the interaction.
    ///
    /// # Errors
    ///
    /// When the command is not registered here, or its options do not fit.
    pub fn runs(&self, channel: u64, user: u64, command: &str, options: &[(&str, &str)]) -> Result<u64, CannotDo> {
        self.act(|world| {
            world.enter(channel)?;
            let command = world.command(channel, user, command.trim_start_matches('/'))?;
            let filled = typed::fill(&command, options)?;
            Ok(world.run((channel, user), &command, &filled))
        })
    }

    /// Writes a line like `/submit do this` or `/submit prompt: do this model: small` into the input and sends it.
    ///
    /// # Errors
    ///
    /// As [`Self::runs`], and when the line is no command.
    pub fn types(&self, channel: u64, user: u64, text: &str) -> Result<u64, CannotDo> {
        let line = text.trim().strip_prefix('/').ok_or_else(|| CannotDo("a command begins with a slash".to_owned()))?;
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        self.act(|world| {
            world.enter(channel)?;
            let command = world.command(channel, user, name)?;
            let options = typed::split(&command, rest.trim())?;
            let options: Vec<(&str, &str)> = options.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let filled = typed::fill(&command, &options)?;
            Ok(world.run((channel, user), &command, &filled))
        })
    }

    /// Writes a plain message; gives its id.
    pub fn says(&self, channel: u64, user: u64, text: &str) -> u64 {
        let form = Form { content: Some(text.to_owned()), ..Form::default() };
        self.act(|world| {
            world.open_channel(channel);
            world.post(channel, user, form, None)
        })
    }

    /// Presses the button with this label below a message; gives the id of the interaction.
    ///
    /// # Errors
    ///
    /// When the person does not see such a button.
    pub fn presses(&self, channel: u64, user: u64, message: u64, button: &str) -> Result<u64, CannotDo> {
        self.act(|world| {
            let shown = world.message(channel, message).filter(|message| world.sees(user, message));
            let shown =
                shown.ok_or_else(|| CannotDo(format!("there is no message {message} to be seen in channel {channel}")))?;
            let found = buttons(&shown.components).find(|candidate| label(candidate) == button);
            let found = found.ok_or_else(|| CannotDo(format!("message {message} has no button `{button}`")))?;
            if found["disabled"].as_bool() == Some(true) || shown.is(LOADING) {
                return Err(CannotDo(format!("the button `{button}` cannot be pressed")));
            }
            let id = found["custom_id"].as_str().ok_or_else(|| CannotDo(format!("the button `{button}` is a link")))?;
            let data = json!({ "component_type": 2, "id": found["id"], "custom_id": id });
            Ok(world.interact(InteractionKind::Press, (channel, user), button, &data, Some(message)))
        })
    }

    /// Somebody who may do that removes a message.
    pub fn removes(&self, channel: u64, message: u64) {
        // One that is gone already stays so.
        let _gone = self.act(|world| world.remove(channel, message));
    }

    /// Types into an option that completes; gives the id of the interaction, whose choices are then in
    /// [`Self::choices`].
    ///
    /// # Errors
    ///
    /// When there is no such option, or it does not complete.
    pub fn autocompletes(&self, channel: u64, user: u64, command: &str, option: &str, partial: &str) -> Result<u64, CannotDo> {
        self.act(|world| {
            world.enter(channel)?;
            let command = world.command(channel, user, command.trim_start_matches('/'))?;
            let spec = typed::option(&command, option)?;
            if spec["autocomplete"].as_bool() != Some(true) {
                return Err(CannotDo(format!("the option `{option}` does not complete")));
            }
            let typed = json!([{ "name": option, "type": spec["type"], "value": partial, "focused": true }]);
            let name = command["name"].as_str().unwrap_or_default();
            Ok(world.interact(InteractionKind::Completion, (channel, user), name, &command_data(&command, &typed), None))
        })
    }

    /// Sends an interaction to the bot once more.
    pub fn redeliver(&self, interaction: u64) {
        self.act(|world| world.redeliver(interaction));
    }

    /// Ends the time in which an interaction can be acknowledged.
    pub fn expire_acknowledgement(&self, interaction: u64) {
        self.act(|world| world.interactions.get_mut(&interaction).map(|interaction| interaction.too_late = true));
    }

    /// Ends the life of an interaction's token, as fifteen minutes would.
    pub fn expire_token(&self, interaction: u64) {
        self.act(|world| world.interactions.get_mut(&interaction).map(|interaction| interaction.expired = true));
    }

    fn set_access(&self, channel: u64, access: Access) {
        self.act(|world| {
            world.open_channel(channel);
            if let Some(channel) = world.channels.get_mut(&channel) {
                channel.access = access;
            }
        });
    }
}

impl World {
    /// A channel that a person can be in: made on demand, unless it was deleted.
    fn enter(&mut self, channel: u64) -> Result<(), CannotDo> {
        self.open_channel(channel);
        let deleted = self.channels.get(&channel).is_some_and(|channel| channel.access == Access::Deleted);
        if deleted { Err(CannotDo(format!("channel {channel} was deleted"))) } else { Ok(()) }
    }

    /// The command of this name, if this person is offered it in this channel.
    fn command(&self, channel: u64, user: u64, name: &str) -> Result<Value, CannotDo> {
        let is = |wanted: fn(ChannelKind) -> bool| self.channels.get(&channel).is_some_and(|channel| wanted(channel.kind));
        let direct = is(|kind| matches!(kind, ChannelKind::Direct(_)));
        let unknown = || CannotDo(format!("there is no command `/{name}`"));
        let foreign = is(|kind| kind == ChannelKind::Foreign);
        let found = if foreign { self.commands.brought_along(name) } else { self.commands.visible(name, !direct) };
        let command = found.ok_or_else(unknown)?;
        if is(|kind| kind == ChannelKind::Forum) {
            return Err(CannotDo("nobody writes in a forum itself, only in its posts".to_owned()));
        }
        let context = u64::from(direct);
        let offered =
            command["contexts"].as_array().is_none_or(|contexts| contexts.iter().any(|known| known.as_u64() == Some(context)));
        if !offered || (direct && command["dm_permission"].as_bool() == Some(false)) {
            return Err(CannotDo(format!("`/{name}` is not offered here")));
        }
        let needed = command["default_member_permissions"].as_str().and_then(|bits| bits.parse::<u64>().ok());
        let has = self.permissions(channel, user);
        let administers = has & 8 != 0;
        if !direct && !administers && needed.is_some_and(|needed| needed == 0 || has & needed != needed) {
            return Err(CannotDo(format!("`/{name}` is for people with other permissions")));
        }
        Ok(command.clone())
    }

    fn run(&mut self, (channel, user): (u64, u64), command: &Value, filled: &[Filled]) -> u64 {
        let options = filled.iter().map(Filled::json).collect::<Value>();
        let mut data = command_data(command, &options);
        for mentioned in filled {
            match mentioned.refers_to() {
                Some(("users", id)) => {
                    data["resolved"]["users"][id.to_string()] = self.user_json(id);
                    let mut member = self.member_json(channel, id);
                    if let Some(fields) = member.as_object_mut() {
                        fields.remove("user");
                    }
                    data["resolved"]["members"][id.to_string()] = member;
                }
                Some((kind, id)) => {
                    if let Some(place) = self.channels.get(&id) {
                        data["resolved"][kind][id.to_string()] = self.partial_channel_json(place, user);
                    }
                }
                None => {}
            }
        }
        let name = command["name"].as_str().unwrap_or_default();
        self.interact(InteractionKind::Command, (channel, user), name, &data, None)
    }

    /// Whether this person sees this message.
    fn sees(&self, user: u64, message: &Message) -> bool {
        let owner = message.interaction.and_then(|id| self.interactions.get(&id)).map(|interaction| interaction.user);
        !message.is(EPHEMERAL) || owner == Some(user)
    }
}

fn command_data(command: &Value, options: &Value) -> Value {
    let mut data = json!({ "id": command["id"], "name": command["name"], "type": 1, "options": options });
    if command["guild_id"].is_string() {
        data["guild_id"] = command["guild_id"].clone();
    }
    data
}
