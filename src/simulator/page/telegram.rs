//! The private chat of a person with the bot on the simulated Telegram.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;

use crate::simulator::page::chat::{Chat, ChatView, CommandView, FileView, MessageView, Pressed, QuoteView, Refused, newest};
use crate::simulator::telegram::{ChatMessage, TelegramServer};

/// After this time the button stops spinning, as Telegram's clients have it.
const PATIENCE: Duration = Duration::from_secs(10);

/// A person's private chat with the bot.
#[derive(Debug, Clone)]
pub struct TelegramChat {
    server: TelegramServer,
    person: i64,
}

impl TelegramChat {
    /// The chat of the person of this id, who gets this name.
    pub fn new(server: &TelegramServer, person: i64, name: &str) -> Self {
        server.name_person(person, name, None);
        server.add_chat(person, name);
        Self { server: server.clone(), person }
    }

    /// What the bot is still writing, below everything else.
    fn drafts(&self) -> impl Iterator<Item = MessageView> {
        let bot = self.server.bot_name();
        self.server.drafts(self.person).into_iter().map(move |draft| MessageView {
            id: format!("draft-{}", draft.id),
            from_bot: true,
            author: bot.clone(),
            text: draft.text,
            entities: draft.entities,
            draft: true,
            ..MessageView::default()
        })
    }

    fn message(&self, message: &ChatMessage) -> MessageView {
        let quote = |id| {
            let quoted = self.server.message(self.person, id)?;
            Some(QuoteView { author: quoted.sender_name, text: first_words(&quoted.text) })
        };
        let document = message.document.iter();
        MessageView {
            id: message.id.to_string(),
            from_bot: message.from_bot,
            author: message.sender_name.clone(),
            sent_millis: message.date * 1000,
            text: message.text.clone(),
            entities: message.entities.clone(),
            rich: message.rich.clone().unwrap_or_default(),
            reply: message.reply_to.and_then(quote),
            buttons: message.keyboard.clone(),
            edited: message.edited > 0,
            files: document.map(|file| FileView { name: file.name.clone(), size: file.bytes.len() }).collect(),
            service: message.service,
            silent: message.silent,
            ..MessageView::default()
        }
    }
}

#[async_trait]
impl Chat for TelegramChat {
    fn view(&self) -> ChatView {
        let command = |(name, description): (String, String)| CommandView { name, description, options: Vec::new() };
        let messages = self.server.messages(self.person);
        ChatView {
            title: self.server.bot_name(),
            person: self.server.person_name(self.person),
            bot: self.server.bot_name(),
            online: self.server.open_polls() > 0,
            typing: self.server.is_typing(self.person, None),
            messages: newest(&messages).iter().map(|message| self.message(message)).chain(self.drafts()).collect(),
            commands: self.server.menu().into_iter().map(command).collect(),
        }
    }

    fn say(&self, text: &str, reply_to: Option<&str>) -> Result<(), Refused> {
        match reply_to.and_then(|id| id.parse().ok()) {
            Some(message) => self.server.replies(self.person, self.person, message, text),
            None => self.server.says(self.person, self.person, text),
        };
        Ok(())
    }

    async fn press(&self, message: &str, button: &str) -> Result<Pressed, Refused> {
        let message = message.parse().unwrap_or_default();
        let press = self.server.presses(self.person, self.person, message, button);
        let press = press.map_err(|error| Refused(error.to_string()))?;
        let answer = self.server.until(|server| server.press_answer(&press));
        match tokio::time::timeout(PATIENCE, answer).await.map(|answer| (answer.text, answer.alert)) {
            Ok((None, _)) => Ok(Pressed::Quiet),
            Ok((Some(text), false)) => Ok(Pressed::Toast(text)),
            Ok((Some(text), true)) => Ok(Pressed::Alert(text)),
            Err(_) => Err(Refused("The bot did not answer the press.".to_owned())),
        }
    }

    fn file(&self, message: &str, _index: usize) -> Option<(String, Bytes)> {
        let document = self.server.message(self.person, message.parse().ok()?)?.document?;
        Some((document.name, document.bytes))
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.server.changed()
    }
}

/// As much of a text as a quotation shows.
fn first_words(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(80).collect()
}
