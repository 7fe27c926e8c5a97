//! What an update asks of us, in the core's words; pure, so that every odd update can be a test.
//!
//! In a private chat every message gets an answer: a text that is no command gets the hint how to hand a task over. In
//! groups the bot speaks only when spoken to: a command with its name (`/status@ourbot`), or one of its own commands
//! without any name. Other bots, what people send by way of other bots, commands for other bots, posts of channels and
//! messages to somebody's business account are passed over in silence.
//!
//! A message has one identity however often it is edited, so a command whose typo is mended works, and a message that has
//! made a task never makes a second one.

use chrono::TimeDelta;
use teloxide::types::{
    CallbackQuery, CallbackQueryId, ChatId, ChatKind, ChatPublic, Message, MessageKind, PublicChatKind, Update, UpdateId,
    UpdateKind, User, UserId,
};

use crate::adapters::telegram::address::{self, TelegramChat};
use crate::adapters::telegram::around::{self, Around};
use crate::adapters::telegram::membership::Membership;
use crate::adapters::telegram::update::Files;
use crate::chat::inbound::{Inbound, Request};
use crate::domain::channel::PersonId;
use crate::domain::command::{Action, Command, CommandName, NotifyCommand, UnknownAction};
use crate::domain::id::{InboundId, MessageId};
use crate::domain::language::Language;
use crate::domain::parse;
use crate::domain::parse::ParseError;

/// A message that is edited later than this is history and not a command. What it once made may be forgotten by then.
const EDITED_WITHIN: TimeDelta = TimeDelta::hours(48);

/// Who we are, as `getMe` said.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    /// Our user id.
    pub(super) id: u64,
    /// Our name, without the `@`.
    pub(super) username: String,
}

/// What was heard.
#[derive(Debug)]
pub(super) enum Heard {
    /// Something to be answered.
    Asked(Box<Asked>),
    /// A press that belongs to no message of ours; only its spinner has to stop.
    StrayPress(CallbackQueryId),
    /// A group is a supergroup from now on, under another id.
    Moved {
        /// What it was.
        from: ChatId,
        /// What it is.
        to: ChatId,
    },
}

/// Something a person asked.
#[derive(Debug)]
pub(super) struct Asked {
    /// What, in the core's words.
    pub(super) inbound: Inbound,
    /// The same for every delivery of this update and for no other; names the answer.
    pub(super) key: String,
    /// Whose rights in which group may matter for it; none when they are known or do not matter.
    pub(super) member: Option<(ChatId, UserId)>,
    /// The press to be answered, when it was one.
    pub(super) query: Option<CallbackQueryId>,
}

impl Asked {
    /// Whether nobody wrote anything that the answer could refer to.
    pub(super) const fn unasked(&self) -> bool {
        matches!(self.inbound.request, Request::Joined)
    }
}

/// The chat an update belongs to; updates of one chat are handled in order.
pub(super) fn chat_of(update: &Update) -> Option<ChatId> {
    match &update.kind {
        UpdateKind::Message(message) | UpdateKind::EditedMessage(message) => Some(message.chat.id),
        UpdateKind::CallbackQuery(query) => query.message.as_ref().map(|message| message.chat().id),
        _ => None,
    }
}

/// What an update says about the topics of its chat.
pub(super) fn forum(update: &Update) -> Option<(ChatId, bool)> {
    let chat = match &update.kind {
        UpdateKind::Message(message) | UpdateKind::EditedMessage(message) => &message.chat,
        UpdateKind::CallbackQuery(query) => &query.regular_message()?.chat,
        _ => return None,
    };
    let ChatKind::Public(ChatPublic { kind: PublicChatKind::Supergroup(group), .. }) = &chat.kind else { return None };
    Some((chat.id, group.is_forum))
}

/// Understands an update; none when it is not for us.
pub(super) fn hear(update: &Update, files: Files, me: &Identity) -> Option<Heard> {
    match &update.kind {
        UpdateKind::Message(message) => {
            if let Some(to) = message.migrate_to_chat_id() {
                return Some(Heard::Moved { from: message.chat.id, to: *to });
            }
            hear_message(update.id, message, files, me, false).map(|asked| Heard::Asked(Box::new(asked)))
        }
        UpdateKind::EditedMessage(message) if is_fresh(message) => {
            hear_message(update.id, message, files, me, true).map(|asked| Heard::Asked(Box::new(asked)))
        }
        UpdateKind::CallbackQuery(query) => {
            let asked = hear_press(update.id, query, me).map(|asked| Heard::Asked(Box::new(asked)));
            Some(asked.unwrap_or_else(|| Heard::StrayPress(query.id.clone())))
        }
        _ => None,
    }
}

fn is_fresh(edited: &Message) -> bool {
    edited.edit_date().is_none_or(|at| *at - edited.date <= EDITED_WITHIN)
}

fn hear_message(update: UpdateId, message: &Message, files: Files, me: &Identity, edited: bool) -> Option<Asked> {
    let MessageKind::Common(common) = &message.kind else { return None };
    if message.is_automatic_forward() || message.chat.is_channel() {
        return None;
    }
    // The words of another bot, or words that are not meant for us but for whom we are helping.
    if message.via_bot.is_some() || common.business_connection_id.is_some() {
        return None;
    }
    let sender = sender(message)?;
    let replied = replied_to(message);
    let (private, around) = (message.chat.is_private(), Around { replied, files });
    let command = if private { in_private(message, around, me, edited)? } else { in_group(message, around, me)? };
    let request = Request::Command(command);
    let asks_rights = !private && rights_matter(&request, replied.is_some());
    let chat = TelegramChat::of(message);
    let channel = chat.channel().ok()?;
    let inbound = Inbound {
        id: message_id(me, message)?,
        session: channel.to_string(),
        channel,
        parent: None,
        person: sender.person,
        name: sender.name,
        language: sender.language,
        channel_admin: sender.anonymous_admin || private,
        direct: private,
        reply: address::reply_handle(message.id),
        replied_to: replied.and_then(|replied| MessageId::parse(replied.id.to_string()).ok()),
        replied_request: replied.and_then(|replied| message_id(me, replied)),
        by_reply: true,
        edited,
        request,
    };
    let member = sender.user.filter(|_| asks_rights).map(|user| (message.chat.id, user));
    Some(Asked { inbound, key: key(update), member, query: None })
}

/// The bot was let into a group: its introduction, if anybody there may use it. None for every other change.
pub(super) fn hear_membership(update: i64, membership: &Membership, me: &Identity) -> Option<Asked> {
    let chat = membership.joined_group()?;
    let channel = TelegramChat::whole(ChatId(chat)).channel().ok()?;
    let inbound = Inbound {
        id: InboundId::parse(format!("telegram:update:{}:{update}:{chat}", me.id)).ok()?,
        session: channel.to_string(),
        channel,
        parent: None,
        person: address::person(membership.from.id).ok()?,
        name: None,
        language: membership.from.language_code.as_deref().map(Language::from_tag).unwrap_or_default(),
        channel_admin: false,
        direct: false,
        reply: address::no_reply(),
        replied_to: None,
        replied_request: None,
        by_reply: true,
        edited: false,
        request: Request::Joined,
    };
    Some(Asked { inbound, key: format!("u{update}"), member: None, query: None })
}

fn hear_press(update: UpdateId, query: &CallbackQuery, me: &Identity) -> Option<Asked> {
    let message = query.message.as_ref()?;
    let chat = query.regular_message().map_or_else(|| TelegramChat::whole(message.chat().id), TelegramChat::of);
    let channel = chat.channel().ok()?;
    let request = Request::Press(query.data.as_deref().ok_or(UnknownAction).and_then(str::parse));
    let asks_rights = !message.chat().is_private() && rights_matter(&request, false);
    let inbound = Inbound {
        id: press_id(me, update, &query.id)?,
        session: channel.to_string(),
        channel,
        parent: None,
        person: address::person(query.from.id).ok()?,
        name: Some(query.from.full_name()),
        language: language(&query.from),
        channel_admin: message.chat().is_private(),
        direct: message.chat().is_private(),
        reply: address::reply_handle(message.id()),
        replied_to: None,
        replied_request: None,
        by_reply: true,
        edited: false,
        request,
    };
    let member = asks_rights.then_some((message.chat().id, query.from.id));
    Some(Asked { inbound, key: key(update), member, query: Some(query.id.clone()) })
}

/// The identity of a message, edited or not. The bot's id keeps two bots on one ledger apart.
fn message_id(me: &Identity, message: &Message) -> Option<InboundId> {
    InboundId::parse(format!("telegram:message:{}:{}:{}", me.id, message.chat.id, message.id)).ok()
}

/// The identity of a press. The bot's id keeps two bots on one ledger apart, and the query two updates that got the same
/// number: after a quiet week Telegram begins at a random one.
fn press_id(me: &Identity, update: UpdateId, query: &CallbackQueryId) -> Option<InboundId> {
    InboundId::parse(format!("telegram:update:{}:{}:{query}", me.id, update.0)).ok()
}

fn key(update: UpdateId) -> String {
    format!("u{}", update.0)
}

struct Sender {
    person: PersonId,
    name: Option<String>,
    user: Option<UserId>,
    anonymous_admin: bool,
    language: Language,
}

/// The language of somebody's app, as far as Telegram tells it.
fn language(user: &User) -> Language {
    user.language_code.as_deref().map(Language::from_tag).unwrap_or_default()
}

/// Who wrote a message; none for other bots, which would only talk in circles.
fn sender(message: &Message) -> Option<Sender> {
    if let Some(chat) = &message.sender_chat {
        // Only its administrators can write as the group itself.
        let anonymous_admin = chat.id == message.chat.id;
        let name = chat.title().map(str::to_owned);
        let (person, language) = (address::person(chat.id).ok()?, Language::default());
        return Some(Sender { person, name, user: None, anonymous_admin, language });
    }
    let user = message.from.as_ref().filter(|user| !user.is_bot)?;
    let (person, name) = (address::person(user.id).ok()?, Some(user.full_name()));
    Some(Sender { person, name, user: Some(user.id), anonymous_admin: false, language: language(user) })
}

fn written(message: &Message) -> &str {
    message.text().or_else(|| message.caption()).unwrap_or_default()
}

fn in_private(message: &Message, around: Around<'_>, me: &Identity, edited: bool) -> Option<Result<Command, ParseError>> {
    let text = written(message);
    match parse::split_command(text) {
        Some((name, bot, rest)) if bot.is_none_or(|bot| bot.eq_ignore_ascii_case(&me.username)) => {
            Some(around::understand(message, around, name, rest))
        }
        Some((name, bot, _)) => Some(parse::from_text(&format!("{name}@{}", bot.unwrap_or_default()), "")),
        // It was answered with the hint before it was edited.
        None if edited => None,
        // An album arrives as one message per picture; one hint for each would be a flood.
        None if text.is_empty() && message.media_group_id().is_some() => None,
        None => Some(Err(ParseError::UnknownCommand { name: String::new(), did_you_mean: None })),
    }
}

fn in_group(message: &Message, around: Around<'_>, me: &Identity) -> Option<Result<Command, ParseError>> {
    let (name, bot, rest) = parse::split_command(written(message))?;
    let for_us = match bot {
        Some(bot) => bot.eq_ignore_ascii_case(&me.username),
        None => CommandName::from_text(name).is_some(),
    };
    for_us.then(|| around::understand(message, around, name, rest))
}

/// The message this one replies to. In a topic, what is written plainly claims to reply to the topic's first message.
fn replied_to(message: &Message) -> Option<&Message> {
    let replied = message.reply_to_message()?;
    let opens_topic = message.is_topic_message && message.thread_id.is_some_and(|topic| topic.0 == replied.id);
    (!opens_topic).then_some(replied)
}

/// Whether it may matter that the person administers the group: when the request names a task, be it by what it replies to,
/// which may be somebody else's, or all tasks.
fn rights_matter(request: &Request, replies: bool) -> bool {
    match request {
        Request::Command(Ok(command)) => match command {
            Command::Status(task) => replies || task.is_some(),
            Command::List { all, .. } => *all,
            Command::Cancel(_) | Command::Result(_) | Command::Retry(_) => true,
            Command::Notify(asked) => *asked != NotifyCommand::Show,
            Command::Submit(_) | Command::Help => false,
        },
        Request::Press(Ok(action)) => match action {
            Action::Page { all, .. } => *all,
            Action::Cancel(_) | Action::Retry(_) | Action::Result(_) => true,
        },
        Request::Command(Err(_)) | Request::Press(Err(_)) | Request::Joined => false,
    }
}

#[cfg(test)]
mod tests;
