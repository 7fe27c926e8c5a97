//! From the JSON of an update to teloxide's types, without losing a command to a field nobody here reads.
//!
//! Telegram adds kinds of messages, entities and replies all the time, and one of them anywhere in a message makes
//! teloxide give up the whole of it, or take a text for an empty message. So an update that comes out odd is reduced to
//! the few fields a command or a press needs, and read again. What still makes no sense is ignored, but its id counts:
//! the offset must pass it.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;

use serde_json::{Map, Value};
use teloxide::types::{ChatId, Message, MessageKind, Update, UpdateKind};

use crate::adapters::telegram::inbound;
use crate::adapters::telegram::membership::Membership;
use crate::adapters::telegram::rich_text;

/// An update as it arrived.
pub(super) struct Arrived {
    /// Its id.
    pub(super) id: i64,
    /// What it holds, when that is of a kind we know.
    pub(super) update: Option<Update>,
    /// What befell the bot itself, when it is that.
    pub(super) membership: Option<Membership>,
    /// Where there are files.
    pub(super) files: Files,
}

/// Whether there is something to be seen, heard or opened. Known of every message, also of one that is read with its most
/// important fields only.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Files {
    /// In the message.
    pub(super) here: bool,
    /// In the message that it replies to.
    pub(super) replied: bool,
}

impl Files {
    fn of(update: &Value) -> Self {
        let has_file = |message: &Value| FILES.iter().any(|field| message.get(field).is_some());
        let any = |at: &str| MESSAGES.iter().any(|kind| update.pointer(&format!("/{kind}{at}")).is_some_and(has_file));
        Self { here: any(""), replied: any("/reply_to_message") }
    }
}

/// The fields of a message that are files.
const FILES: [&str; 8] = ["animation", "audio", "document", "paid_media", "photo", "video", "video_note", "voice"];

impl Arrived {
    /// The chat it belongs to; what belongs to one chat is handled in order.
    pub(super) fn chat(&self) -> Option<ChatId> {
        let befallen = self.membership.as_ref().map(|membership| ChatId(membership.chat.id));
        befallen.or_else(|| self.update.as_ref().and_then(inbound::chat_of))
    }
}

/// What a person can send.
const CONTENT: [&str; 22] = [
    "text",
    "caption",
    "rich_message",
    "animation",
    "audio",
    "document",
    "live_photo",
    "paid_media",
    "photo",
    "sticker",
    "story",
    "video",
    "video_note",
    "voice",
    "checklist",
    "contact",
    "dice",
    "game",
    "poll",
    "venue",
    "location",
    "invoice",
];

/// Updates that are a message.
const MESSAGES: [&str; 2] = ["message", "edited_message"];

/// The id of an update.
pub(super) fn id(update: &Value) -> Option<i64> {
    update.get("update_id")?.as_i64()
}

/// Reads an update; none when it has not even an id. One that breaks the code that reads it is passed over like one that
/// makes no sense: it would come again for ever.
pub(super) fn read(value: &Value) -> Option<Arrived> {
    let id = id(value)?;
    Some(unless_it_breaks(id, || understand(id, value)))
}

fn unless_it_breaks(id: i64, read: impl FnOnce() -> Arrived) -> Arrived {
    std::panic::catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        tracing::error!(update.id = id, "reading a Telegram update broke our code; it is passed over");
        Arrived { id, update: None, membership: None, files: Files::default() }
    })
}

fn understand(id: i64, value: &Value) -> Arrived {
    let value = &with_words_of_reply(value);
    let is_lost = |message: &Message, at: &str| {
        let sent = |kind| value.pointer(&format!("/{kind}{at}")).is_some_and(has_content);
        !matches!(message.kind, MessageKind::Common(_)) && MESSAGES.into_iter().any(sent)
    };
    if let Some(membership) = Membership::read(value) {
        return Arrived { id, update: None, membership: Some(membership), files: Files::default() };
    }
    let whole = parse(value).filter(|update| match &update.kind {
        UpdateKind::Error(_) => false,
        UpdateKind::Message(message) | UpdateKind::EditedMessage(message) => {
            let replied = message.reply_to_message();
            !is_lost(message, "") && !replied.is_some_and(|replied| is_lost(replied, "/reply_to_message"))
        }
        _ => true,
    });
    let update = whole.or_else(|| parse(&reduced(value)));
    let update = update.filter(|update| !matches!(update.kind, UpdateKind::Error(_)));
    Arrived { id, update, membership: None, files: Files::of(value) }
}

/// The update with the plain words of a rich message that it replies to, which teloxide does not know.
fn with_words_of_reply(update: &Value) -> Cow<'_, Value> {
    let replied = MESSAGES.iter().find_map(|kind| update.pointer(&format!("/{kind}/reply_to_message")));
    let Some(rich) = replied.and_then(|replied| replied.get("rich_message")) else { return Cow::Borrowed(update) };
    let (words, mut update) = (rich_text::plain(rich), update.clone());
    for kind in MESSAGES {
        if let Some(Value::Object(replied)) = update.pointer_mut(&format!("/{kind}/reply_to_message")) {
            replied.remove("rich_message");
            replied.insert("text".to_owned(), words.as_str().into());
        }
    }
    Cow::Owned(update)
}

/// Whether a person wrote or sent something, as opposed to a report of what happened to the chat.
fn has_content(message: &Value) -> bool {
    CONTENT.iter().any(|field| message.get(field).is_some())
}

/// By way of text: teloxide finds the kind of an update only when it can borrow the names of its fields.
fn parse(value: &Value) -> Option<Update> {
    serde_json::from_str(&value.to_string()).ok()
}

fn reduced(update: &Value) -> Value {
    let mut kept = pick(update, &["update_id"]);
    if let Some(kind) = MESSAGES.into_iter().find(|kind| update.get(kind).is_some()) {
        put(&mut kept, kind, update, reduced_message);
    } else if let Some(query) = update.get("callback_query") {
        let mut press = pick(query, &["id", "chat_instance", "data"]);
        press.entry("chat_instance").or_insert_with(|| "".into());
        put(&mut press, "from", query, reduced_user);
        put(&mut press, "message", query, reduced_message);
        kept.insert("callback_query".to_owned(), press.into());
    }
    kept.into()
}

fn reduced_message(message: &Value) -> Value {
    let mut kept = pick(message, &KEPT);
    // A caption cannot stand without its media, and for a command it is as good as a text.
    if has_content(message) {
        kept.entry("text").or_insert_with(|| message.get("caption").cloned().unwrap_or_else(|| "".into()));
    }
    put(&mut kept, "chat", message, reduced_chat);
    put(&mut kept, "sender_chat", message, reduced_chat);
    put(&mut kept, "from", message, reduced_user);
    put(&mut kept, "via_bot", message, reduced_user);
    put(&mut kept, "reply_to_message", message, |replied| {
        let mut kept = pick(replied, &["message_id", "date"]);
        put(&mut kept, "chat", replied, reduced_chat);
        let words = ["text", "caption"].into_iter().find_map(|field| replied.get(field)?.as_str());
        kept.extend(words.map(|words| ("text".to_owned(), words.into())));
        kept.into()
    });
    kept.into()
}

/// What is kept of a message as it is.
const KEPT: [&str; 10] = [
    "message_id",
    "date",
    "edit_date",
    "message_thread_id",
    "is_topic_message",
    "is_automatic_forward",
    "business_connection_id",
    "media_group_id",
    "migrate_to_chat_id",
    "text",
];

fn reduced_chat(chat: &Value) -> Value {
    let mut kept = pick(chat, &["id", "type", "title"]);
    if let Some(is_forum) = chat.get("is_forum").filter(|is_forum| is_forum.is_boolean()) {
        kept.insert("is_forum".to_owned(), is_forum.clone());
    }
    kept.into()
}

fn reduced_user(user: &Value) -> Value {
    let mut kept = pick(user, &["id", "is_bot"]);
    kept.entry("is_bot").or_insert(false.into());
    let name = user.get("first_name").and_then(Value::as_str).unwrap_or_default();
    kept.insert("first_name".to_owned(), name.into());
    if let Some(language) = user.get("language_code").filter(|language| language.is_string()) {
        kept.insert("language_code".to_owned(), language.clone());
    }
    kept.into()
}

fn pick(from: &Value, fields: &[&str]) -> Map<String, Value> {
    fields.iter().filter_map(|field| Some(((*field).to_owned(), from.get(field)?.clone()))).collect()
}

fn put(into: &mut Map<String, Value>, field: &str, from: &Value, reduce: impl Fn(&Value) -> Value) {
    if let Some(value) = from.get(field) {
        into.insert(field.to_owned(), reduce(value));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use teloxide::types::MaybeInaccessibleMessage;

    use super::*;

    fn message(extra: &Value) -> Value {
        let mut message = json!({
            "message_id": 5, "date": 1_700_000_000, "chat": {"id": 7, "type": "private", "first_name": "A"},
            "from": {"id": 7, "is_bot": false, "first_name": "A"},
        });
        for (field, value) in extra.as_object().unwrap() {
            message[field] = value.clone();
        }
        json!({"update_id": 11, "message": message})
    }

    fn text(value: &Value) -> Option<String> {
        match read(value).unwrap().update?.kind {
            UpdateKind::Message(message) => message.text().map(str::to_owned),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_command_survives_what_teloxide_does_not_know() {
        let odd = [
            json!({"text": "/help", "entities": [{"type": "hologram", "offset": 0, "length": 5}]}),
            json!({"text": "/help", "reply_to_message": {"message_id": 4, "date": 1, "chat": {"id": 7, "type": "private"}, "text": 5}}),
            json!({"text": "/help", "external_reply": {"origin": {"type": "moon"}}}),
            json!({"text": "/help", "from": {"id": 7}}),
            json!({"caption": "/help", "hologram": {"file_id": "x"}}),
        ];
        for extra in odd {
            assert_eq!(text(&message(&extra)).as_deref(), Some("/help"), "{extra}");
        }
        assert_eq!(text(&message(&json!({"voice": {"file_id": "x"}}))).as_deref(), Some(""));
        assert_eq!(text(&message(&json!({"chat_owner_left": {}}))), None);
    }

    #[test]
    fn an_update_that_breaks_the_reader_is_passed_over() {
        let arrived = unless_it_breaks(12, || panic!("a defect"));
        assert_eq!((arrived.id, arrived.update.is_none(), arrived.membership), (12, true, None));
    }

    #[test]
    fn the_language_of_a_person_survives_too() {
        let from = json!({"id": 7, "is_bot": false, "first_name": "A", "language_code": "de"});
        let language = |extra: &Value| match read(&message(extra)).unwrap().update?.kind {
            UpdateKind::Message(message) => message.from?.language_code,
            other => panic!("{other:?}"),
        };
        assert_eq!(language(&json!({"voice": {"file_id": "x"}, "from": from})).as_deref(), Some("de"));
        let odd = json!({"id": 7, "is_bot": false, "first_name": "A", "language_code": 7});
        assert_eq!(language(&json!({"text": "/help", "from": odd})), None);
    }

    #[test]
    fn unknown_and_malformed_updates_keep_their_id() {
        for odd in [json!({"update_id": 9, "managed_bot": {}}), json!({"update_id": 9}), json!({"update_id": 9, "message": 1})] {
            let arrived = read(&odd).unwrap();
            assert_eq!(arrived.id, 9);
            assert!(arrived.update.is_none(), "{odd}");
        }
        assert!(read(&json!({"message": {}})).is_none());
        assert!(read(&json!("x")).is_none());
    }

    #[test]
    fn a_press_below_an_odd_message_is_still_a_press() {
        let value = json!({"update_id": 3, "callback_query": {
            "id": "77", "from": {"id": 7, "is_bot": false, "first_name": "A"}, "data": "cancel:1", "chat_instance": "1",
            "message": {"message_id": 5, "date": 1, "chat": {"id": -100, "type": "supergroup", "title": "G", "is_forum": "maybe"},
                        "message_thread_id": 4, "is_topic_message": true, "from": {"id": 1, "is_bot": true, "first_name": 3}},
        }});
        let Some(UpdateKind::CallbackQuery(query)) = read(&value).unwrap().update.map(|update| update.kind) else { panic!() };
        assert_eq!(query.data.as_deref(), Some("cancel:1"));
        assert!(query.message.as_ref().is_some_and(|message| matches!(message, MaybeInaccessibleMessage::Regular(_))));
    }
}
