//! A chat on either platform, as one person sees it: the same words for both, so the same conversation can be held on both.

use legwork::simulator::discord::ChatMessage as DiscordMessage;
use tokio::time::Instant;

use crate::support::desk::has_words;
use crate::support::world::{PATIENCE, World, id, ticks};

/// Bits of Discord's permissions: to manage channels, and to see, write and use commands.
const MANAGE_CHANNELS: u64 = 1 << 4;
const USUAL: u64 = 1 << 10 | 1 << 11 | 1 << 31;

/// Where a chat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Telegram { chat: i64, topic: Option<i64> },
    Discord { channel: u64 },
}

/// A chat, as one person sees it.
#[derive(Clone, Copy)]
pub struct Chat<'w> {
    pub world: &'w World,
    pub place: Place,
    pub person: u64,
}

/// A message of the bot, as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    pub id: u64,
    pub text: String,
    pub buttons: Vec<String>,
    /// Only this person sees it.
    pub private: bool,
    pub reply_to: Option<u64>,
    /// It came without a sound.
    pub silent: bool,
}

impl<'w> Chat<'w> {
    /// The same chat, as somebody else sees it.
    pub fn of(self, person: u64) -> Chat<'w> {
        Self { person, ..self }
    }

    /// The same chat, with the person's app in this language from now on.
    pub fn speaking(self, tag: &str) -> Self {
        match self.place {
            Place::Telegram { .. } => self.world.telegram.set_language(id(self.person), Some(tag)),
            Place::Discord { .. } => self.world.discord.set_locale(self.person, tag),
        }
        self
    }

    /// The channel in the text form of Legwork.
    pub fn channel(&self) -> String {
        match self.place {
            Place::Telegram { chat, topic: None } => format!("telegram:{chat}"),
            Place::Telegram { chat, topic: Some(topic) } => format!("telegram:{chat}/{topic}"),
            Place::Discord { channel } => format!("discord:{channel}"),
        }
    }

    /// The chat in which only this person and the bot talk. On Telegram it exists once the person has written there.
    pub fn direct(self) -> Chat<'w> {
        match self.place {
            Place::Telegram { .. } => self.world.telegram(self.person),
            Place::Discord { .. } => Self { place: Place::Discord { channel: self.world.discord.dm(self.person) }, ..self },
        }
    }

    /// The person administers this chat from now on.
    pub fn administers(self) -> Chat<'w> {
        match self.place {
            Place::Telegram { chat, .. } => self.world.telegram.set_admins(chat, &[id(self.person)]),
            Place::Discord { channel } => self.world.discord.set_permissions(channel, self.person, MANAGE_CHANNELS | USUAL),
        }
        self
    }

    /// The person types a command that is written differently on the two platforms.
    pub fn says_as(&self, telegram: &str, discord: &str) {
        self.says(if matches!(self.place, Place::Telegram { .. }) { telegram } else { discord });
    }

    /// The person types a command.
    pub fn says(&self, text: &str) {
        match self.place {
            Place::Telegram { chat, topic } => {
                let (telegram, person) = (&self.world.telegram, id(self.person));
                let _message = match topic {
                    None => telegram.says(chat, person, text),
                    Some(topic) => telegram.says_in_topic(chat, topic, person, text),
                };
            }
            Place::Discord { channel } => {
                let _interaction = self.world.discord.types(channel, self.person, text).unwrap();
            }
        }
    }

    /// The person presses a button below a message; what only the presser sees, once it is there.
    pub async fn presses(&self, message: &Heard, button: &str) -> String {
        let started = Instant::now();
        let mut tick = ticks();
        match self.place {
            Place::Telegram { chat, .. } => {
                let telegram = &self.world.telegram;
                let press = telegram.presses(chat, id(self.person), id(message.id), button).unwrap();
                loop {
                    if let Some(answer) = telegram.press_answer(&press) {
                        return answer.text.unwrap_or_default();
                    }
                    assert!(started.elapsed() < PATIENCE, "the press of `{button}` is not answered");
                    tick.tick().await;
                }
            }
            Place::Discord { channel } => {
                let discord = &self.world.discord;
                let press = discord.presses(channel, self.person, message.id, button).unwrap();
                loop {
                    let view = discord.interaction(press).unwrap();
                    assert!(!view.failed, "the press of `{button}` was not acknowledged in time");
                    if let Some(answer) = view.original.filter(|answer| view.ephemeral && !answer.loading) {
                        return answer.text;
                    }
                    assert!(started.elapsed() < PATIENCE, "the press of `{button}` is not answered");
                    tick.tick().await;
                }
            }
        }
    }

    /// Everything of the bot this person sees here, oldest first.
    pub fn sees(&self) -> Vec<Heard> {
        match self.place {
            Place::Telegram { chat, topic } => {
                let said = self.world.telegram.said(chat).into_iter().filter(|message| message.topic == topic);
                said.map(|message| Heard {
                    id: u64::try_from(message.id).unwrap(),
                    text: message.text,
                    buttons: message.buttons,
                    private: false,
                    reply_to: message.reply_to.map(|id| u64::try_from(id).unwrap()),
                    silent: message.silent,
                })
                .collect()
            }
            Place::Discord { channel } => {
                let visible = |message: &DiscordMessage| message.ephemeral_for.is_none_or(|only| only == self.person);
                let messages = self.world.discord.messages(channel).into_iter();
                messages
                    .filter(|message| message.author_is_bot && !message.loading && visible(message))
                    .map(|message| Heard {
                        id: message.id,
                        text: message.text,
                        buttons: message.buttons,
                        private: message.ephemeral_for.is_some(),
                        reply_to: message.reply_to,
                        silent: message.silent,
                    })
                    .collect()
            }
        }
    }

    /// How many of the bot's messages have all these words, in their order.
    pub fn count(&self, words: &str) -> usize {
        self.sees().iter().filter(|heard| has_words(&heard.text, words)).count()
    }

    /// Waits for a message with all these words, in their order (`...` stands for anything); the newest such message.
    pub async fn hears(&self, words: &str) -> Heard {
        let started = Instant::now();
        let mut tick = ticks();
        loop {
            let seen = self.sees();
            if let Some(heard) = seen.iter().rfind(|heard| has_words(&heard.text, words)) {
                return heard.clone();
            }
            self.world.still_lives(words);
            assert!(started.elapsed() < PATIENCE, "{} has not heard `{words}`, but {seen:#?}", self.channel());
            tick.tick().await;
        }
    }

    /// Whether the bot shows that it is busy.
    pub fn typing(&self) -> bool {
        match self.place {
            Place::Telegram { chat, topic } => self.world.telegram.is_typing(chat, topic),
            Place::Discord { channel } => self.world.discord.is_typing(channel),
        }
    }
}
