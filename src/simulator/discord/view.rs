//! What people see: messages, answers, typing; and the state of the bot's connection.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::time::Instant;

use super::DiscordServer;
use super::component::{buttons, label};
use super::interaction::Interaction;
use super::message::{EPHEMERAL, LOADING, Message, SILENT, StoredFile};
use super::snowflake::millis_of;
use super::world::{APPLICATION, World};

/// A message as it is shown.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own on the message")]
pub struct ChatMessage {
    /// Its id.
    pub id: u64,
    /// Where it is.
    pub channel: u64,
    /// Who wrote it.
    pub author: u64,
    /// The author's name.
    pub author_name: String,
    /// Whether the bot wrote it.
    pub author_is_bot: bool,
    /// Its text, in Discord's Markdown.
    pub text: String,
    /// The labels of its buttons.
    pub buttons: Vec<String>,
    /// Whether it says "(edited)".
    pub edited: bool,
    /// The texts it had before.
    pub earlier: Vec<String>,
    /// The message it replies to.
    pub reply_to: Option<u64>,
    /// The interaction it answers.
    pub interaction: Option<u64>,
    /// The only person who sees it, if it is not for everybody.
    pub ephemeral_for: Option<u64>,
    /// Whether it only says "is thinking...".
    pub loading: bool,
    /// Whether nobody's device makes a sound for it.
    pub silent: bool,
    /// The people it calls, by id and name.
    pub calls: Vec<(u64, String)>,
    /// Whether there is a thread below it; the thread has its id.
    pub has_thread: bool,
    /// The files with it.
    pub files: Vec<ChatFile>,
    /// When it was sent, in milliseconds since 1970.
    pub sent_millis: u64,
}

/// A file with a message.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatFile {
    /// Its name.
    pub name: String,
    /// Its content.
    pub bytes: Bytes,
    /// Where it can be fetched.
    pub url: String,
}

/// What became of an interaction.
#[derive(Debug, Clone, PartialEq)]
pub struct InteractionView {
    /// Its id.
    pub id: u64,
    /// Where it was.
    pub channel: u64,
    /// Who caused it.
    pub user: u64,
    /// The name of the command, or the label of the button.
    pub name: String,
    /// The JSON that the bot was sent.
    pub event: Value,
    /// How long the bot took to acknowledge it.
    pub acked: Option<Duration>,
    /// How it was acknowledged: 4 message, 5 deferred message, 6 deferred update, 7 update, 8 completions.
    pub ack_type: Option<u8>,
    /// Whether the answer is for that person only.
    pub ephemeral: bool,
    /// The message that answered it, or whose button was pressed, as it is now.
    pub original: Option<ChatMessage>,
    /// Messages that followed the first answer.
    pub followups: Vec<u64>,
    /// "The application did not respond".
    pub failed: bool,
}

impl DiscordServer {
    /// The messages of a channel, oldest first.
    pub fn messages(&self, channel: u64) -> Vec<ChatMessage> {
        self.look(|world| {
            let channel = world.channels.get(&channel);
            channel.map(|channel| channel.messages.iter().map(|message| world.show(message)).collect()).unwrap_or_default()
        })
    }

    /// The name of a channel or a thread.
    pub fn channel_name(&self, channel: u64) -> Option<String> {
        self.look(|world| world.channels.get(&channel).map(|channel| channel.name.clone()))
    }

    /// What became of an interaction.
    pub fn interaction(&self, id: u64) -> Option<InteractionView> {
        self.look(|world| Some(world.show_interaction(world.interactions.get(&id)?)))
    }

    /// The interactions of a channel, oldest first.
    pub fn interactions(&self, channel: u64) -> Vec<InteractionView> {
        self.look(|world| {
            let here = world.interactions.values().filter(|interaction| interaction.channel == channel);
            here.map(|interaction| world.show_interaction(interaction)).collect()
        })
    }

    /// The completions offered for an [`Self::autocompletes`], as (label, value); `None` until the bot answered.
    pub fn choices(&self, interaction: u64) -> Option<Vec<(String, String)>> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.look(|world| {
            let choices = world.interactions.get(&interaction)?.choices.as_ref()?;
            Some(choices.iter().map(|(label, value)| (label.clone(), text(value))).collect())
        })
    }

    /// Whether the channel shows that the bot is typing.
    pub fn is_typing(&self, channel: u64) -> bool {
        let until = self.look(|world| world.channels.get(&channel)?.typing_until);
        until.is_some_and(|until| Instant::now() < until)
    }

    /// How often the bot said that it is typing there.
    pub fn typing_pulses(&self, channel: u64) -> usize {
        self.look(|world| world.channels.get(&channel).map_or(0, |channel| channel.typing_pulses))
    }

    /// The registered commands, global or of a guild, as Discord lists them.
    pub fn commands(&self, guild: Option<u64>) -> Vec<Value> {
        self.look(|world| world.commands.of(guild).to_vec())
    }

    /// How often a bot identified.
    pub fn identifies(&self) -> usize {
        self.look(|world| world.gateway.identifies)
    }

    /// How often a bot resumed a session.
    pub fn resumes(&self) -> usize {
        self.look(|world| world.gateway.resumes)
    }

    /// The intents of every session that is connected.
    pub fn intents(&self) -> Vec<u64> {
        self.look(|world| world.gateway.intents())
    }

    /// Whether a bot is identified and listening.
    pub fn connected(&self) -> bool {
        self.look(|world| world.gateway.is_connected())
    }
}

impl World {
    fn show(&self, message: &Message) -> ChatMessage {
        let caused_by = message.interaction.and_then(|id| self.interactions.get(&id)).map(|interaction| interaction.user);
        let file = |file: &StoredFile| ChatFile {
            name: file.upload.name.clone(),
            bytes: file.upload.bytes.clone(),
            url: self.file_url(message.channel, file),
        };
        ChatMessage {
            id: message.id,
            channel: message.channel,
            author: message.author,
            author_name: self.name(message.author),
            author_is_bot: message.author == APPLICATION,
            text: message.content.clone(),
            buttons: buttons(&message.components).map(|button| label(button).to_owned()).collect(),
            edited: message.edited_millis.is_some(),
            earlier: message.earlier.clone(),
            reply_to: message.reply_to,
            interaction: message.interaction,
            ephemeral_for: caused_by.filter(|_| message.is(EPHEMERAL)),
            loading: message.is(LOADING),
            silent: message.is(SILENT),
            calls: message.mentions.iter().map(|user| (*user, self.name(*user))).collect(),
            has_thread: self.channels.contains_key(&message.id),
            files: message.files.iter().map(file).collect(),
            sent_millis: millis_of(message.id),
        }
    }

    fn show_interaction(&self, interaction: &Interaction) -> InteractionView {
        let original = interaction.original.and_then(|id| self.message(interaction.channel, id));
        InteractionView {
            id: interaction.id,
            channel: interaction.channel,
            user: interaction.user,
            name: interaction.name.clone(),
            event: interaction.event.clone(),
            acked: interaction.ack.map(|ack| ack.after),
            ack_type: interaction.ack.map(|ack| ack.kind),
            ephemeral: interaction.ack.is_some_and(|ack| ack.ephemeral),
            original: original.map(|message| self.show(message)),
            followups: interaction.followups.clone(),
            failed: interaction.ack.is_none() && !interaction.is_waiting(),
        }
    }
}
