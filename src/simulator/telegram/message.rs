//! Messages as the platform keeps them, and the parts they are made of.

use axum::body::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

/// A stretch of text that means something. Offsets count UTF-16 units, as everywhere in this protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entity {
    pub(super) kind: String,
    pub(super) offset: usize,
    pub(super) length: usize,
    /// What the kind needs further: `url`, `language`, `user`, `custom_emoji_id`.
    pub(super) extra: Map<String, Value>,
}

impl Entity {
    pub(super) fn new(kind: &str, offset: usize, length: usize) -> Self {
        Self { kind: kind.to_owned(), offset, length, extra: Map::new() }
    }

    /// The person whom it calls.
    pub(super) fn person(&self) -> Option<i64> {
        match self.kind.as_str() {
            "text_mention" => self.extra.get("user")?.get("id")?.as_i64(),
            "text_link" => self.extra.get("url")?.as_str()?.strip_prefix("tg://user")?.rsplit_once("id=")?.1.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn end(&self) -> usize {
        self.offset + self.length
    }

    pub(super) fn to_json(&self) -> Value {
        let mut map = self.extra.clone();
        map.insert("type".to_owned(), json!(self.kind));
        map.insert("offset".to_owned(), json!(self.offset));
        map.insert("length".to_owned(), json!(self.length));
        Value::Object(map)
    }
}

/// Text after its markup has been understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Formatted {
    pub(super) text: String,
    pub(super) entities: Vec<Entity>,
}

impl Formatted {
    pub(super) fn entities_json(&self) -> Value {
        self.entities.iter().map(Entity::to_json).collect()
    }
}

/// The number of UTF-16 units of a text.
pub(super) fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A button of an inline keyboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Button {
    pub(super) label: String,
    /// None for buttons that do not call back, such as links.
    pub(super) data: Option<String>,
    /// As the bot sent it.
    pub(super) raw: Value,
}

/// Rows of buttons.
pub(super) type Keyboard = Vec<Vec<Button>>;

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) file_id: String,
    pub(super) name: String,
    pub(super) bytes: Bytes,
}

impl Document {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "file_id": self.file_id,
            "file_unique_id": self.unique_id(),
            "file_name": self.name,
            "mime_type": self.mime_type(),
            "file_size": self.bytes.len(),
        })
    }

    pub(super) fn unique_id(&self) -> String {
        format!("u{}", self.file_id)
    }

    fn mime_type(&self) -> &'static str {
        match self.name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("md") => "text/markdown",
            Some("txt") => "text/plain",
            Some("json") => "application/json",
            _ => "application/octet-stream",
        }
    }
}

/// One message of a chat.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: i64,
    /// Unix seconds.
    pub(super) date: i64,
    pub(super) sent_at: Instant,
    /// The bot's or a person's user id.
    pub(super) sender: i64,
    /// The text, or the caption of a document.
    pub(super) body: Formatted,
    pub(super) topic: Option<i64>,
    pub(super) reply_to: Option<i64>,
    pub(super) keyboard: Keyboard,
    pub(super) edits: u32,
    /// The texts it had before it was edited.
    pub(super) earlier: Vec<String>,
    pub(super) edit_date: Option<i64>,
    pub(super) document: Option<Document>,
    pub(super) silent: bool,
    /// The blocks of a rich message, whose readable text is the body.
    pub(super) rich: Option<Value>,
    /// Set for service messages: the field that says what happened, and its value.
    pub(super) service: Option<(&'static str, Value)>,
    /// Further fields of its JSON: on whose behalf, by way of which bot.
    pub(super) extra: Map<String, Value>,
}

impl Message {
    /// The keyboard as the platform shows it.
    pub(super) fn keyboard_json(&self) -> Value {
        let rows: Vec<Vec<&Value>> = self.keyboard.iter().map(|row| row.iter().map(|button| &button.raw).collect()).collect();
        json!({ "inline_keyboard": rows })
    }
}
