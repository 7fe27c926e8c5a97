//! What an update asks of us, in the core's words; pure, so that every odd update can be a test.
//!
//! In a private chat every message gets an answer: a text that is no command gets the hint how to hand a task over. In
//! groups the bot speaks only when spoken to: a command with its name (`/status@ourbot`), or one of its own commands
//! without any name. Other bots, commands for other bots, service messages and edits are passed over in silence.

use teloxide::types::{CallbackQuery, CallbackQueryId, ChatId, Message, MessageKind, Update, UpdateId, UpdateKind, User, UserId};

use crate::adapters::telegram::address::{self, TelegramChat};
use crate::chat::inbound::{Inbound, Request};
use crate::domain::channel::PersonId;
use crate::domain::command::{Action, Command, CommandName, NotifyCommand, UnknownAction};
use crate::domain::id::{InboundId, MessageId};
use crate::domain::language::Language;
use crate::domain::parse;
use crate::domain::parse::ParseError;

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

/// The chat an update belongs to; updates of one chat are handled in order.
pub(super) fn chat_of(update: &Update) -> Option<ChatId> {
    match &update.kind {
        UpdateKind::Message(message) => Some(message.chat.id),
        UpdateKind::CallbackQuery(query) => query.message.as_ref().map(|message| message.chat().id),
        _ => None,
    }
}

/// Understands an update; none when it is not for us.
pub(super) fn hear(update: &Update, me: &Identity) -> Option<Heard> {
    match &update.kind {
        UpdateKind::Message(message) => hear_message(update.id, message, me).map(|asked| Heard::Asked(Box::new(asked))),
        UpdateKind::CallbackQuery(query) => {
            let asked = hear_press(update.id, query, me).map(|asked| Heard::Asked(Box::new(asked)));
            Some(asked.unwrap_or_else(|| Heard::StrayPress(query.id.clone())))
        }
        _ => None,
    }
}

fn hear_message(update: UpdateId, message: &Message, me: &Identity) -> Option<Asked> {
    if !matches!(message.kind, MessageKind::Common(_)) || message.is_automatic_forward() || message.chat.is_channel() {
        return None;
    }
    let sender = sender(message)?;
    let command = if message.chat.is_private() { in_private(message, me)? } else { in_group(message, me)? };
    let request = Request::Command(command);
    let asks_rights = !message.chat.is_private() && rights_matter(&request);
    let chat = TelegramChat::of(message);
    let channel = chat.channel().ok()?;
    let inbound = Inbound {
        id: inbound_id(me, update, message.id)?,
        session: channel.to_string(),
        channel,
        person: sender.person,
        language: sender.language,
        channel_admin: sender.anonymous_admin || message.chat.is_private(),
        direct: message.chat.is_private(),
        reply: address::reply_handle(message.id),
        replied_to: replied_to(message),
        request,
    };
    let member = sender.user.filter(|_| asks_rights).map(|user| (message.chat.id, user));
    Some(Asked { inbound, key: key(update), member, query: None })
}

fn hear_press(update: UpdateId, query: &CallbackQuery, me: &Identity) -> Option<Asked> {
    let message = query.message.as_ref()?;
    let chat = query.regular_message().map_or_else(|| TelegramChat::whole(message.chat().id), TelegramChat::of);
    let channel = chat.channel().ok()?;
    let request = Request::Press(query.data.as_deref().ok_or(UnknownAction).and_then(str::parse));
    let asks_rights = !message.chat().is_private() && rights_matter(&request);
    let inbound = Inbound {
        id: inbound_id(me, update, &query.id)?,
        session: channel.to_string(),
        channel,
        person: address::person(query.from.id).ok()?,
        language: language(&query.from),
        channel_admin: message.chat().is_private(),
        direct: message.chat().is_private(),
        reply: address::reply_handle(message.id()),
        replied_to: None,
        request,
    };
    let member = asks_rights.then_some((message.chat().id, query.from.id));
    Some(Asked { inbound, key: key(update), member, query: Some(query.id.clone()) })
}

/// The identity of an update. The bot's id keeps two bots on one ledger apart, and `subject` two updates that got the
/// same number: after a quiet week Telegram begins at a random one.
fn inbound_id(me: &Identity, update: UpdateId, subject: impl std::fmt::Display) -> Option<InboundId> {
    InboundId::parse(format!("telegram:update:{}:{}:{subject}", me.id, update.0)).ok()
}

fn key(update: UpdateId) -> String {
    format!("u{}", update.0)
}

struct Sender {
    person: PersonId,
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
        let (person, language) = (address::person(chat.id).ok()?, Language::default());
        return Some(Sender { person, user: None, anonymous_admin, language });
    }
    let user = message.from.as_ref().filter(|user| !user.is_bot)?;
    let person = address::person(user.id).ok()?;
    Some(Sender { person, user: Some(user.id), anonymous_admin: false, language: language(user) })
}

fn written(message: &Message) -> &str {
    message.text().or_else(|| message.caption()).unwrap_or_default()
}

fn in_private(message: &Message, me: &Identity) -> Option<Result<Command, ParseError>> {
    let text = written(message);
    match parse::split_command(text) {
        Some((name, bot, rest)) if bot.is_none_or(|bot| bot.eq_ignore_ascii_case(&me.username)) => {
            Some(parse::from_text(name, rest))
        }
        Some((name, bot, _)) => Some(parse::from_text(&format!("{name}@{}", bot.unwrap_or_default()), "")),
        // An album arrives as one message per picture; one hint for each would be a flood.
        None if text.is_empty() && message.media_group_id().is_some() => None,
        None => Some(Err(ParseError::UnknownCommand { name: String::new(), did_you_mean: None })),
    }
}

fn in_group(message: &Message, me: &Identity) -> Option<Result<Command, ParseError>> {
    let (name, bot, rest) = parse::split_command(written(message))?;
    let for_us = match bot {
        Some(bot) => bot.eq_ignore_ascii_case(&me.username),
        None => CommandName::from_text(name).is_some(),
    };
    for_us.then(|| parse::from_text(name, rest))
}

/// The message this one replies to. In a topic, what is written plainly claims to reply to the topic's first message.
fn replied_to(message: &Message) -> Option<MessageId> {
    let replied = message.reply_to_message()?.id;
    let opens_topic = message.is_topic_message && message.thread_id.is_some_and(|topic| topic.0 == replied);
    if opens_topic { None } else { MessageId::parse(replied.to_string()).ok() }
}

/// Whether it may matter that the person administers the group: when the request names a task, which may be somebody
/// else's, or all tasks.
fn rights_matter(request: &Request) -> bool {
    match request {
        Request::Command(Ok(command)) => match command {
            Command::Status(task) => task.is_some(),
            Command::List { all, .. } => *all,
            Command::Cancel(_) | Command::Result(_) | Command::Retry(_) => true,
            Command::Notify(asked) => *asked != NotifyCommand::Show,
            Command::Submit(_) | Command::Help => false,
        },
        Request::Press(Ok(action)) => match action {
            Action::Page { all, .. } => *all,
            Action::Cancel(_) | Action::Retry(_) => true,
        },
        Request::Command(Err(_)) | Request::Press(Err(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::adapters::telegram::update;
    use crate::domain::id::{TaskNumber, TaskRef};

    fn heard(update: &Value) -> Option<Heard> {
        let me = Identity { id: 99, username: "LegworkBot".into() };
        hear(&update::read(update).unwrap().update?, &me)
    }

    fn asked(update: &Value) -> Option<Asked> {
        match heard(update)? {
            Heard::Asked(asked) => Some(*asked),
            Heard::StrayPress(query) => panic!("stray press {query}"),
        }
    }

    /// A text message of person 7 in a chat of this kind, with these fields added or replaced.
    fn message(kind: &str, text: &str, more: &Value) -> Value {
        let id = if kind == "private" { 7 } else { -1005 };
        let mut message = json!({
            "message_id": 31, "date": 1_700_000_000, "text": text,
            "chat": {"id": id, "type": kind, "title": "Group", "first_name": "Ada"},
            "from": {"id": 7, "is_bot": false, "first_name": "Ada", "language_code": "en"},
        });
        for (field, value) in more.as_object().unwrap() {
            message[field] = value.clone();
        }
        json!({"update_id": 501, "message": message})
    }

    fn press(message: &Value) -> Value {
        json!({"update_id": 502, "callback_query": {
            "id": "4382", "chat_instance": "-1", "data": "cancel:42", "message": message,
            "from": {"id": 7, "is_bot": false, "first_name": "Ada"},
        }})
    }

    fn command(asked: Asked) -> Result<Command, ParseError> {
        match asked.inbound.request {
            Request::Command(command) => command,
            Request::Press(_) => panic!("a press"),
        }
    }

    #[test]
    fn a_private_command_carries_who_where_and_what() {
        let asked = asked(&message("private", "/submit one\n  two", &json!({}))).unwrap();
        assert_eq!(asked.inbound.id.as_str(), "telegram:update:99:501:31");
        assert_eq!(asked.inbound.channel.to_string(), "telegram:7");
        assert_eq!(asked.inbound.session, "telegram:7");
        assert_eq!(asked.inbound.person.to_string(), "telegram:7");
        assert_eq!(asked.inbound.reply.0, "m31");
        assert_eq!(asked.key, "u501");
        assert!(asked.inbound.direct && asked.inbound.channel_admin, "a private chat is the person's own");
        assert!(asked.member.is_none() && asked.query.is_none());
        let Ok(Command::Submit(submit)) = command(asked) else { panic!() };
        assert_eq!(submit.prompt.as_str(), "one\n  two");
    }

    #[test]
    fn in_private_every_message_gets_an_answer() {
        let check = |text: &str, more| {
            let asked = asked(&message("private", text, &more)).expect(text);
            matches!(command(asked), Err(ParseError::UnknownCommand { .. }))
        };
        assert!(check("hello there", json!({})));
        assert!(check("/weather", json!({})));
        assert!(check("/status@otherbot", json!({})));
        let mut spoken = message("private", "", &json!({"voice": {"file_id": "x", "file_unique_id": "y", "duration": 1}}));
        spoken["message"].as_object_mut().unwrap().remove("text");
        assert!(asked(&spoken).is_some());
        assert!(!check("/STATUS@legworkbot", json!({})));
        assert!(asked(&message("private", "/start", &json!({}))).is_some_and(|asked| command(asked) == Ok(Command::Help)));
    }

    #[test]
    fn in_groups_it_speaks_only_when_spoken_to() {
        for text in ["/status", "/status@LegworkBot", "/STATUS@legworkbot 4", "/nonsense@LegworkBot"] {
            assert!(asked(&message("supergroup", text, &json!({}))).is_some(), "{text}");
        }
        for text in ["hello", "@LegworkBot hello", "/weather", "/status@OtherBot", "/", "see /status", "//status"] {
            assert!(asked(&message("supergroup", text, &json!({}))).is_none(), "{text}");
            assert!(asked(&message("group", text, &json!({}))).is_none(), "{text}");
        }
    }

    #[test]
    fn a_caption_is_as_good_as_a_text() {
        let photo = json!({"caption": "/submit describe it", "photo": [
            {"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1, "file_size": 1}]});
        let mut update = message("supergroup", "", &photo);
        update["message"].as_object_mut().unwrap().remove("text");
        assert!(matches!(command(asked(&update).unwrap()), Ok(Command::Submit(_))));
    }

    #[test]
    fn a_topic_is_part_of_the_channel_and_a_thread_is_not() {
        let channel = |more| asked(&message("supergroup", "/list", &more)).unwrap().inbound.channel.to_string();
        assert_eq!(channel(json!({"message_thread_id": 8, "is_topic_message": true})), "telegram:-1005/8");
        assert_eq!(channel(json!({"message_thread_id": 8})), "telegram:-1005");
        assert_eq!(channel(json!({"message_thread_id": 1, "is_topic_message": true})), "telegram:-1005");
    }

    #[test]
    fn replies_name_the_message_but_not_the_start_of_their_topic() {
        let replied =
            json!({"message_id": 8, "date": 1, "chat": {"id": -1005, "type": "supergroup", "title": "Group"}, "text": "x"});
        let replied_to = |more| asked(&message("supergroup", "/cancel", &more)).unwrap().inbound.replied_to;
        assert_eq!(replied_to(json!({"reply_to_message": replied})).unwrap().as_str(), "8");
        let in_topic = json!({"reply_to_message": replied, "message_thread_id": 8, "is_topic_message": true});
        assert_eq!(replied_to(in_topic), None);
    }

    #[test]
    fn anonymous_administrators_are_the_group_and_administer_it() {
        let group_bot = json!({"id": 1_087_968_824, "is_bot": true, "first_name": "Group", "username": "GroupAnonymousBot"});
        let more = json!({"from": group_bot, "sender_chat": {"id": -1005, "type": "supergroup", "title": "Group"}});
        let group = asked(&message("supergroup", "/list all", &more)).unwrap();
        assert_eq!(group.inbound.person.to_string(), "telegram:-1005");
        assert!(group.inbound.channel_admin && group.member.is_none());
        let channel_bot = json!({"id": 136_817_688, "is_bot": true, "first_name": "Channel", "username": "Channel_Bot"});
        let more = json!({"from": channel_bot, "sender_chat": {"id": -1009, "type": "channel", "title": "News"}});
        let channel = asked(&message("supergroup", "/list all", &more)).unwrap();
        assert_eq!(channel.inbound.person.to_string(), "telegram:-1009");
        assert!(!channel.inbound.channel_admin);
    }

    #[test]
    fn bots_channels_edits_and_service_messages_are_passed_over() {
        let bot = json!({"from": {"id": 8, "is_bot": true, "first_name": "Other"}});
        assert!(heard(&message("supergroup", "/status", &bot)).is_none());
        let forwarded = json!({"is_automatic_forward": true, "sender_chat": {"id": -1009, "type": "channel", "title": "News"}});
        assert!(heard(&message("supergroup", "/status", &forwarded)).is_none());
        let mut service = message("private", "", &json!({"pinned_message": null, "group_chat_created": true}));
        service["message"].as_object_mut().unwrap().remove("text");
        assert!(heard(&service).is_none());
        let edited = message("private", "/status", &json!({}));
        assert!(heard(&json!({"update_id": 1, "edited_message": edited["message"]})).is_none());
    }

    #[test]
    fn rights_are_asked_for_only_where_they_matter() {
        let member = |kind, text| asked(&message(kind, text, &json!({}))).unwrap().member;
        for text in ["/cancel 4", "/status 4", "/list all", "/result 4", "/retry 4"] {
            assert_eq!(member("supergroup", text), Some((ChatId(-1005), UserId(7))), "{text}");
            assert_eq!(member("private", text), None, "{text}");
        }
        for text in ["/submit x", "/status", "/list", "/help"] {
            assert_eq!(member("supergroup", text), None, "{text}");
        }
    }

    #[test]
    fn a_press_names_its_task_and_the_topic_of_its_message() {
        let below = message("supergroup", "#42", &json!({"message_thread_id": 8, "is_topic_message": true}));
        let asked = asked(&press(&below["message"])).unwrap();
        assert!(matches!(asked.inbound.request, Request::Press(Ok(Action::Cancel(TaskNumber(42))))));
        assert_eq!(asked.inbound.channel.to_string(), "telegram:-1005/8");
        assert_eq!(asked.inbound.reply.0, "m31");
        assert_eq!(asked.query.as_ref().map(|query| query.0.as_str()), Some("4382"));
        assert_eq!(asked.member, Some((ChatId(-1005), UserId(7))));
    }

    #[test]
    fn presses_below_vanished_messages_are_answered_too() {
        let vanished = json!({"message_id": 31, "date": 0, "chat": {"id": 7, "type": "private", "first_name": "Ada"}});
        assert_eq!(asked(&press(&vanished)).unwrap().inbound.channel.to_string(), "telegram:7");
        let mut inline = press(&vanished);
        inline["callback_query"].as_object_mut().unwrap().remove("message");
        assert!(matches!(heard(&inline), Some(Heard::StrayPress(_))));
        let mut foreign = press(&vanished);
        foreign["callback_query"]["data"] = json!("whatever");
        assert!(matches!(asked(&foreign).unwrap().inbound.request, Request::Press(Err(_))));
    }

    #[test]
    fn tasks_are_named_as_people_do() {
        let status = command(asked(&message("group", "/status@LegworkBot #4", &json!({}))).unwrap());
        assert_eq!(status, Ok(Command::Status(Some(TaskRef::Number(TaskNumber(4))))));
    }
}
