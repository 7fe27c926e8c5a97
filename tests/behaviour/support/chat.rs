//! A chat on either platform, as one person sees it: the same words for both, so the same conversation can be held on both.

use legwork::simulator::discord::ChatMessage as DiscordMessage;

use crate::support::desk::has_words;
use crate::support::wait::Wait;
use crate::support::world::{World, id};

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
    /// What it said before it was edited, in order.
    pub earlier: Vec<String>,
    pub buttons: Vec<String>,
    /// Only this person sees it.
    pub private: bool,
    pub reply_to: Option<u64>,
    /// It came without a sound.
    pub silent: bool,
    /// Files with it: names and contents.
    pub files: Vec<(String, String)>,
}

impl Heard {
    /// What it said first.
    pub fn first(&self) -> &str {
        self.earlier.first().unwrap_or(&self.text)
    }

    /// Everything it ever said.
    pub fn texts(&self) -> impl Iterator<Item = &String> {
        self.earlier.iter().chain([&self.text])
    }

    /// Whether it is the card of a task: the message that told of the acceptance.
    pub fn is_card(&self) -> bool {
        let waits = |rest: &str| rest.starts_with("queued") || rest.starts_with("wartet");
        self.first().split_once(' ').is_some_and(|(_, rest)| waits(rest)) && self.first().contains('\n')
    }
}

/// Whether a card with this text is one of a task that lives.
fn tells_of_life(card: &str) -> bool {
    let status = card.split_once(' ').map(|(_, rest)| rest).unwrap_or_default();
    status.starts_with("queued") || status.starts_with("running")
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
        let mut wait = Wait::begin();
        match self.place {
            Place::Telegram { chat, .. } => {
                let telegram = &self.world.telegram;
                let press = telegram.presses(chat, id(self.person), id(message.id), button).unwrap();
                loop {
                    if let Some(answer) = telegram.press_answer(&press) {
                        return answer.text.unwrap_or_default();
                    }
                    wait.goes_on(|| format!("the press of `{button}` is not answered")).await;
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
                    wait.goes_on(|| format!("the press of `{button}` is not answered")).await;
                }
            }
        }
    }

    /// The person presses a button below a message, and waits for nothing but its coming to rest.
    pub async fn presses_quietly(&self, message: &Heard, button: &str) {
        match self.place {
            Place::Telegram { .. } => drop(self.presses(message, button).await),
            Place::Discord { channel } => {
                let _press = self.world.discord.presses(channel, self.person, message.id, button).unwrap();
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
                    earlier: message.earlier,
                    buttons: message.buttons,
                    private: false,
                    reply_to: message.reply_to.map(|id| u64::try_from(id).unwrap()),
                    silent: message.silent,
                    files: message.document.iter().map(|file| (file.name.clone(), content(&file.bytes))).collect(),
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
                        // Small print looks smaller, not different.
                        text: message.text.strip_prefix("-# ").map(ToOwned::to_owned).unwrap_or(message.text),
                        earlier: message.earlier,
                        buttons: message.buttons,
                        private: message.ephemeral_for.is_some(),
                        reply_to: message.reply_to,
                        silent: message.silent,
                        files: message.files.iter().map(|file| (file.name.clone(), content(&file.bytes))).collect(),
                    })
                    .collect()
            }
        }
    }

    /// The card of a task, as it is now, in whatever language.
    pub fn card(&self, number: u64) -> Option<Heard> {
        let task = format!("#{number} ");
        self.sees().into_iter().find(|heard| heard.is_card() && heard.first().starts_with(&task))
    }

    /// Waits until the card of a task shows all these words, in their order.
    pub async fn card_shows(&self, number: u64, words: &str) -> Heard {
        let mut wait = Wait::begin();
        loop {
            let card = self.card(number);
            if let Some(card) = card.iter().find(|card| has_words(&card.text, words)) {
                return card.clone();
            }
            self.world.still_lives(words);
            wait.goes_on(|| format!("the card does not show `{words}`, but {card:#?} of {:#?}", self.sees())).await;
        }
    }

    /// How many of the bot's messages have all these words, in their order. A card counts for what it says or said while its task
    /// lived, and not for the end that it shows like the notice of it.
    pub fn count(&self, words: &str) -> usize {
        let said = |heard: &&Heard| {
            if heard.is_card() {
                heard.texts().any(|text| tells_of_life(text) && has_words(text, words))
            } else {
                has_words(&heard.text, words)
            }
        };
        self.sees().iter().filter(said).count()
    }

    /// Waits for a message that has all these words, in their order (`...` stands for anything), or had them before it was
    /// edited: who looked at the right moment has read them. The newest such message; a card only if no other has them.
    pub async fn hears(&self, words: &str) -> Heard {
        let mut wait = Wait::begin();
        loop {
            let seen = self.sees();
            let said = |heard: &&Heard| heard.texts().any(|text| has_words(text, words));
            let message = seen.iter().filter(|heard| !heard.is_card()).rfind(said);
            if let Some(heard) = message.or_else(|| seen.iter().rfind(said)) {
                return heard.clone();
            }
            self.world.still_lives(words);
            wait.goes_on(|| format!("{} has not heard `{words}`, but {seen:#?}", self.channel())).await;
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

fn content(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
