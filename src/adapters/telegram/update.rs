//! From the JSON of an update to teloxide's types, without losing a command to a field nobody here reads.
//!
//! Telegram adds kinds of messages, entities and replies all the time, and one of them anywhere in a message makes
//! teloxide give up the whole of it, or take a text for an empty message. So an update that comes out odd is reduced to
//! the few fields a command or a press needs, and read again. What still makes no sense is ignored, but its id counts:
//! the offset must pass it.

use serde_json::{Map, Value};
use teloxide::types::{MessageKind, Update, UpdateKind};

/// An update as it arrived.
pub(super) struct Arrived {
    /// Its id.
    pub(super) id: i64,
    /// What it holds, when that is of a kind we know.
    pub(super) update: Option<Update>,
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

/// Reads an update; none when it has not even an id.
pub(super) fn read(value: &Value) -> Option<Arrived> {
    let id = value.get("update_id")?.as_i64()?;
    let lost = |kind: &MessageKind| !matches!(kind, MessageKind::Common(_)) && update_has_content(value);
    let whole = parse(value).filter(|update| match &update.kind {
        UpdateKind::Error(_) => false,
        UpdateKind::Message(message) => !lost(&message.kind),
        _ => true,
    });
    let update = whole.or_else(|| parse(&reduced(value)));
    Some(Arrived { id, update: update.filter(|update| !matches!(update.kind, UpdateKind::Error(_))) })
}

fn update_has_content(update: &Value) -> bool {
    update.get("message").is_some_and(has_content)
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
    if let Some(message) = update.get("message") {
        kept.insert("message".to_owned(), reduced_message(message));
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
    let fields = ["message_id", "date", "message_thread_id", "is_topic_message", "is_automatic_forward", "text"];
    let mut kept = pick(message, &fields);
    // A caption cannot stand without its media, and for a command it is as good as a text.
    if has_content(message) {
        kept.entry("text").or_insert_with(|| message.get("caption").cloned().unwrap_or_else(|| "".into()));
    }
    put(&mut kept, "chat", message, reduced_chat);
    put(&mut kept, "sender_chat", message, reduced_chat);
    put(&mut kept, "from", message, reduced_user);
    put(&mut kept, "reply_to_message", message, |replied| {
        let mut kept = pick(replied, &["message_id", "date"]);
        put(&mut kept, "chat", replied, reduced_chat);
        kept.into()
    });
    kept.into()
}

fn reduced_chat(chat: &Value) -> Value {
    pick(chat, &["id", "type", "title"]).into()
}

fn reduced_user(user: &Value) -> Value {
    let mut kept = pick(user, &["id", "is_bot"]);
    kept.entry("is_bot").or_insert(false.into());
    kept.insert("first_name".to_owned(), "".into());
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
