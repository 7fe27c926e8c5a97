//! A message in a channel: how it comes to be, how it changes, and how Discord writes it.

use serde_json::{Value, json};

use super::form::Form;
use super::mention;
use super::refusal::Refusal;
use super::session::Intents;
use super::snowflake::{millis_of, timestamp, unix_millis};
use super::submission::Upload;
use super::world::{APPLICATION, World};

/// Only the person who caused it sees the message.
pub(super) const EPHEMERAL: u64 = 1 << 6;
/// Nobody's device makes a sound for it.
pub(super) const SILENT: u64 = 1 << 12;
/// "is thinking...": the answer was promised and is not there yet.
pub(super) const LOADING: u64 = 1 << 7;

#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: u64,
    pub(super) channel: u64,
    pub(super) author: u64,
    pub(super) content: String,
    pub(super) embeds: Vec<Value>,
    pub(super) components: Vec<Value>,
    pub(super) files: Vec<StoredFile>,
    pub(super) flags: u64,
    pub(super) nonce: Option<Value>,
    pub(super) reply_to: Option<u64>,
    pub(super) interaction: Option<u64>,
    pub(super) edited_millis: Option<u64>,
    pub(super) mentions: Vec<u64>,
    pub(super) mentions_everyone: bool,
    /// The texts it had before it was edited.
    pub(super) earlier: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct StoredFile {
    pub(super) id: u64,
    pub(super) upload: Upload,
}

impl Message {
    pub(super) fn is(&self, flag: u64) -> bool {
        self.flags & flag != 0
    }
}

impl World {
    /// Puts a message into a channel, perhaps as the answer to an interaction, and tells the gateway.
    pub(super) fn post(&mut self, channel: u64, author: u64, form: Form, interaction: Option<u64>) -> u64 {
        let id = self.ids.next();
        let files = self.store(form.uploads);
        let message = Message {
            id,
            channel,
            author,
            content: form.content.unwrap_or_default(),
            embeds: form.embeds.unwrap_or_default(),
            components: numbered(form.components.unwrap_or_default()),
            files,
            flags: form.flags,
            nonce: form.nonce,
            reply_to: form.reply_to,
            interaction,
            edited_millis: None,
            mentions: Vec::new(),
            mentions_everyone: false,
            earlier: Vec::new(),
        };
        if let Some(place) = self.channels.get_mut(&channel) {
            place.messages.push(message);
            if author == APPLICATION {
                place.typing_until = None;
            }
        }
        self.settle_mentions(channel, id, form.allowed_mentions.as_ref());
        self.announce("MESSAGE_CREATE", channel, id);
        id
    }

    /// Changes what the form names and leaves the rest.
    ///
    /// # Errors
    ///
    /// When the message is not there, or nothing would be left of it.
    pub(super) fn revise(&mut self, channel: u64, id: u64, form: Form) -> Result<(), Refusal> {
        let added = self.store(form.uploads);
        let message = self.message_mut(channel, id).ok_or_else(Refusal::unknown_message)?;
        let mut revised = message.clone();
        if let Some(content) = form.content.filter(|content| *content != revised.content) {
            revised.earlier.push(std::mem::replace(&mut revised.content, content));
        }
        if let Some(embeds) = form.embeds {
            revised.embeds = embeds;
        }
        if let Some(components) = form.components {
            revised.components = numbered(components);
        }
        if let Some(kept) = &form.kept_files {
            revised.files.retain(|file| kept.contains(&file.id));
        }
        revised.files.extend(added);
        if revised.content.trim().is_empty() && revised.embeds.is_empty() && revised.files.is_empty() {
            return Err(Refusal::empty_message());
        }
        if revised.is(LOADING) {
            // The promised answer: its first text is no edit.
            revised.flags &= !LOADING;
            revised.earlier.clear();
        } else {
            revised.edited_millis = Some(unix_millis());
        }
        *message = revised;
        self.settle_mentions(channel, id, form.allowed_mentions.as_ref());
        self.announce("MESSAGE_UPDATE", channel, id);
        Ok(())
    }

    /// # Errors
    ///
    /// When it is not there.
    pub(super) fn remove(&mut self, channel: u64, id: u64) -> Result<(), Refusal> {
        let place = self.channels.get_mut(&channel).ok_or_else(Refusal::unknown_message)?;
        let index = place.messages.iter().position(|message| message.id == id).ok_or_else(Refusal::unknown_message)?;
        place.messages.remove(index);
        let guild = self.guild_of(channel).map(|id| id.to_string());
        let event = json!({ "id": id.to_string(), "channel_id": channel.to_string(), "guild_id": guild });
        self.gateway.dispatch("MESSAGE_DELETE", self.message_intent(channel), &event);
        Ok(())
    }

    fn store(&mut self, uploads: Vec<Upload>) -> Vec<StoredFile> {
        uploads.into_iter().map(|upload| StoredFile { id: self.ids.next(), upload }).collect()
    }

    fn settle_mentions(&mut self, channel: u64, id: u64, allowed: Option<&mention::Allowed>) {
        let Some(message) = self.message(channel, id).filter(|message| message.author == APPLICATION) else { return };
        let default = if message.interaction.is_some() { mention::Allowed::users() } else { mention::Allowed::everything() };
        let replied = message.reply_to.and_then(|target| self.message(channel, target)).map(|target| target.author);
        let heard =
            mention::heard(&message.content, allowed.unwrap_or(&default), replied.filter(|author| *author != APPLICATION));
        self.record.pings.extend(heard.names.iter().map(|name| format!("{name} in message {id} of channel {channel}")));
        if let Some(message) = self.message_mut(channel, id) {
            message.mentions = heard.users;
            message.mentions_everyone = heard.everyone;
        }
    }

    fn message_intent(&self, channel: u64) -> u64 {
        if self.guild_of(channel).is_some() { Intents::GUILD_MESSAGES } else { Intents::DIRECT_MESSAGES }
    }

    fn announce(&mut self, event: &str, channel: u64, id: u64) {
        let Some(message) = self.message(channel, id).filter(|message| !message.is(EPHEMERAL)) else { return };
        let mut body = self.message_json(message);
        if let Some(guild) = self.guild_of(channel) {
            body["guild_id"] = json!(guild.to_string());
            body["member"] = self.member_json(channel, message.author);
        }
        self.gateway.dispatch(event, self.message_intent(channel), &body);
    }

    /// The message as Discord writes it.
    pub(super) fn message_json(&self, message: &Message) -> Value {
        let mut body = json!({
            "id": message.id.to_string(),
            "channel_id": message.channel.to_string(),
            "type": 0,
            "author": self.user_json(message.author),
            "content": message.content,
            "timestamp": timestamp(millis_of(message.id)),
            "edited_timestamp": message.edited_millis.map(timestamp),
            "tts": false,
            "mention_everyone": message.mentions_everyone,
            "mentions": message.mentions.iter().map(|user| self.user_json(*user)).collect::<Vec<_>>(),
            "mention_roles": [],
            "attachments": message.files.iter().map(|file| self.file_json(message.channel, file)).collect::<Vec<_>>(),
            "embeds": message.embeds,
            "components": message.components,
            "pinned": false,
            "flags": message.flags,
        });
        if let Some(nonce) = &message.nonce {
            body["nonce"] = nonce.clone();
        }
        if let Some(target) = message.reply_to {
            body["type"] = json!(19);
            body["message_reference"] =
                json!({ "type": 0, "channel_id": message.channel.to_string(), "message_id": target.to_string() });
            body["referenced_message"] =
                self.message(message.channel, target).map_or(Value::Null, |target| self.message_json(target));
        }
        if let Some(interaction) = message.interaction.and_then(|id| self.interactions.get(&id)) {
            body["type"] = json!(if interaction.is_command() { 20 } else { 0 });
            body["webhook_id"] = json!(APPLICATION.to_string());
            body["application_id"] = json!(APPLICATION.to_string());
            body["interaction_metadata"] = self.interaction_metadata(interaction);
        }
        body
    }

    /// Where a file can be fetched.
    pub(super) fn file_url(&self, channel: u64, file: &StoredFile) -> String {
        format!("{}/attachments/{channel}/{}/{}", self.url, file.id, file.upload.name)
    }

    fn file_json(&self, channel: u64, file: &StoredFile) -> Value {
        let url = self.file_url(channel, file);
        json!({
            "id": file.id.to_string(),
            "filename": file.upload.name,
            "description": file.upload.description,
            "content_type": file.upload.content_type,
            "size": file.upload.bytes.len(),
            "url": url,
            "proxy_url": url,
        })
    }
}

/// Discord gives every component a number of its own.
fn numbered(mut components: Vec<Value>) -> Vec<Value> {
    let mut number = 0;
    for row in &mut components {
        number += 1;
        row["id"] = json!(number);
        for component in row["components"].as_array_mut().into_iter().flatten() {
            number += 1;
            component["id"] = json!(number);
        }
    }
    components
}
