//! A channel of the simulated Discord, seen by one person in it.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;

use crate::simulator::discord::{ChatMessage, DiscordServer, InteractionView};
use crate::simulator::page::chat::{
    Chat, ChatView, CommandView, FileView, MessageView, Pressed, QuoteView, Refused, ThreadView, newest,
};

/// A little longer than the three seconds in which Discord wants an interaction acknowledged.
const PATIENCE: Duration = Duration::from_secs(4);

/// A channel and the person who looks at it.
#[derive(Debug, Clone)]
pub struct DiscordChat {
    server: DiscordServer,
    channel: u64,
    title: String,
    person: u64,
    name: String,
}

impl DiscordChat {
    /// The channel of this id with this name, seen by the person of that id and name.
    pub fn new(server: &DiscordServer, (channel, title): (u64, &str), (person, name): (u64, &str)) -> Self {
        server.channel(channel);
        server.set_name(person, name);
        Self { server: server.clone(), channel, title: title.to_owned(), person, name: name.to_owned() }
    }

    fn message(&self, message: &ChatMessage, all: &[ChatMessage], interactions: &[InteractionView]) -> MessageView {
        let quoted = message.reply_to.and_then(|id| all.iter().find(|other| other.id == id));
        let caused_by = message.interaction.and_then(|id| interactions.iter().find(|interaction| interaction.id == id));
        // The answer to a command shows the command; what follows on a press shows nothing.
        let command = caused_by.filter(|interaction| interaction.event["type"] == 2);
        MessageView {
            id: message.id.to_string(),
            from_bot: message.author_is_bot,
            author: message.author_name.clone(),
            sent_millis: i64::try_from(message.sent_millis).unwrap_or(i64::MAX),
            text: message.text.clone(),
            reply: quoted.map(|quoted| QuoteView {
                author: quoted.author_name.clone(),
                text: quoted.text.lines().next().unwrap_or_default().chars().take(80).collect(),
            }),
            invoked: command.map(|interaction| QuoteView { author: self.name.clone(), text: interaction.name.clone() }),
            buttons: message.buttons.chunks(5).map(<[String]>::to_vec).collect(),
            edited: message.edited,
            files: message.files.iter().map(|file| FileView { name: file.name.clone(), size: file.bytes.len() }).collect(),
            private: message.ephemeral_for.is_some(),
            loading: message.loading,
            silent: message.silent,
            calls_me: message.calls.iter().any(|(user, _)| *user == self.person),
            names: message.calls.iter().map(|(user, name)| (user.to_string(), name.clone())).collect(),
            thread: message.has_thread.then(|| self.thread(message.id)),
            ..MessageView::default()
        }
    }

    /// The thread below a message, which has the message's id.
    fn thread(&self, id: u64) -> ThreadView {
        let (all, interactions) = (self.server.messages(id), self.server.interactions(id));
        let visible = all.iter().filter(|message| message.ephemeral_for.is_none_or(|person| person == self.person));
        ThreadView {
            name: self.server.channel_name(id).unwrap_or_default(),
            messages: visible.map(|message| self.message(message, &all, &interactions)).collect(),
        }
    }

    /// The guild's commands and the global ones that they do not hide.
    fn commands(&self) -> Vec<CommandView> {
        let mut commands: Vec<CommandView> = Vec::new();
        let guild = self.server.commands(Some(self.server.guild_id()));
        for command in guild.iter().chain(&self.server.commands(None)).map(command) {
            if !commands.iter().any(|known| known.name == command.name) {
                commands.push(command);
            }
        }
        commands.sort_by(|a, b| a.name.cmp(&b.name));
        commands
    }
}

#[async_trait]
impl Chat for DiscordChat {
    fn view(&self) -> ChatView {
        let all = self.server.messages(self.channel);
        let interactions = self.server.interactions(self.channel);
        let visible = newest(&all).iter().filter(|message| message.ephemeral_for.is_none_or(|person| person == self.person));
        let bot = all.iter().find(|message| message.author_is_bot).map(|message| message.author_name.clone());
        ChatView {
            title: self.title.clone(),
            person: self.name.clone(),
            bot: bot.unwrap_or_else(|| "Legwork".to_owned()),
            online: self.server.connected(),
            typing: self.server.is_typing(self.channel),
            messages: visible.map(|message| self.message(message, &all, &interactions)).collect(),
            commands: self.commands(),
        }
    }

    fn say(&self, text: &str, _reply_to: Option<&str>) -> Result<(), Refused> {
        if text.trim_start().starts_with('/') {
            self.server.types(self.channel, self.person, text).map_err(|error| Refused(error.to_string()))?;
        } else {
            self.server.says(self.channel, self.person, text);
        }
        Ok(())
    }

    async fn press(&self, message: &str, button: &str) -> Result<Pressed, Refused> {
        let message = message.parse().unwrap_or_default();
        let press = self.server.presses(self.channel, self.person, message, button);
        let press = press.map_err(|error| Refused(error.to_string()))?;
        let acknowledged = async {
            let mut changed = self.server.changed();
            loop {
                changed.mark_unchanged();
                match self.server.interaction(press) {
                    Some(interaction) if interaction.acked.is_some() => return true,
                    Some(interaction) if !interaction.failed && changed.changed().await.is_ok() => {}
                    _ => return false,
                }
            }
        };
        match tokio::time::timeout(PATIENCE, acknowledged).await {
            Ok(true) => Ok(Pressed::Quiet),
            _ => Err(Refused("This interaction failed".to_owned())),
        }
    }

    fn file(&self, message: &str, index: usize) -> Option<(String, Bytes)> {
        let id: u64 = message.parse().ok()?;
        let found = self.server.messages(self.channel).into_iter().find(|message| message.id == id)?;
        let file = found.files.into_iter().nth(index)?;
        Some((file.name, file.bytes))
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.server.changed()
    }
}

fn command(json: &Value) -> CommandView {
    let text = |field: &str| json[field].as_str().unwrap_or_default().to_owned();
    let options = json["options"].as_array().into_iter().flatten();
    let options = options.filter_map(|option| option["name"].as_str()).map(ToOwned::to_owned).collect();
    CommandView { name: text("name"), description: text("description"), options }
}
