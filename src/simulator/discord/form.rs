//! The form of a message, as it is created, edited, or given in answer to an interaction, and everything Discord
//! refuses in it.

use serde_json::Value;

use super::component;
use super::mention::Allowed;
use super::message::EPHEMERAL;
use super::refusal::{FormFaults, Refusal};
use super::submission::Upload;
use super::world::list;

const LONGEST_CONTENT: usize = 2000;
const LONGEST_NONCE: usize = 25;
const MOST_EMBEDS: usize = 10;
const MOST_FILES: usize = 10;
const COMPONENTS_V2: u64 = 1 << 15;
/// Embeds and notifications suppressed, ephemeral: what a bot may set.
const SETTABLE_FLAGS: u64 = 1 << 2 | EPHEMERAL | 1 << 12 | COMPONENTS_V2;

/// A message to be made or changed. `None` means that the form does not speak of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Form {
    pub(super) content: Option<String>,
    pub(super) embeds: Option<Vec<Value>>,
    pub(super) components: Option<Vec<Value>>,
    pub(super) allowed_mentions: Option<Allowed>,
    pub(super) flags: u64,
    pub(super) nonce: Option<Value>,
    pub(super) enforce_nonce: bool,
    pub(super) reply_to: Option<u64>,
    /// Whether it is an error that the message replied to is not there.
    pub(super) must_reply: bool,
    pub(super) uploads: Vec<Upload>,
    /// Files of the message that an edit keeps.
    pub(super) kept_files: Option<Vec<u64>>,
}

impl Form {
    /// # Errors
    ///
    /// With every fault of the form.
    pub(super) fn read(json: &Value, uploads: &[Upload]) -> Result<Self, Refusal> {
        if !json.is_object() && uploads.is_empty() {
            return Err(Refusal::field("", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType"));
        }
        let mut faults = FormFaults::default();
        let flags = json["flags"].as_u64().unwrap_or_default() & SETTABLE_FLAGS;
        if flags & COMPONENTS_V2 != 0 {
            faults.add("flags", "NOT_SIMULATED", "Components V2 are not part of this simulation.");
        }
        let reference = &json["message_reference"];
        let form = Self {
            content: content(json, &mut faults),
            embeds: embeds(json, &mut faults),
            components: json.get("components").map(|rows| component::read(rows, &mut faults)),
            allowed_mentions: present(json, "allowed_mentions").map(|value| Allowed::read(value, &mut faults)),
            flags,
            nonce: nonce(json, &mut faults),
            enforce_nonce: json["enforce_nonce"].as_bool().unwrap_or(false),
            reply_to: reference["message_id"].as_str().and_then(|id| id.parse().ok()),
            must_reply: reference["fail_if_not_exists"].as_bool().unwrap_or(true),
            uploads: described(json, uploads, &mut faults),
            kept_files: json.get("attachments").map(|kept| list(kept).iter().filter_map(attachment_id).collect()),
        };
        faults.finish()?;
        Ok(form)
    }

    /// # Errors
    ///
    /// When there would be nothing to see.
    pub(super) fn not_empty(self) -> Result<Self, Refusal> {
        let says_something = self.content.as_ref().is_some_and(|content| !content.trim().is_empty());
        let shows_something = self.embeds.as_ref().is_some_and(|embeds| !embeds.is_empty()) || !self.uploads.is_empty();
        if says_something || shows_something { Ok(self) } else { Err(Refusal::empty_message()) }
    }
}

fn present<'a>(json: &'a Value, field: &str) -> Option<&'a Value> {
    json.get(field).filter(|value| !value.is_null())
}

/// A null content empties the message.
fn content(json: &Value, faults: &mut FormFaults) -> Option<String> {
    let content = json.get("content")?;
    match content {
        Value::Null => Some(String::new()),
        Value::String(text) => {
            faults.length("content", text, 0, LONGEST_CONTENT);
            Some(text.clone())
        }
        other => {
            // Discord is lenient with numbers, and a bot that relies on it is wrong.
            faults.add("content", "STRING_TYPE_CONVERT", &format!("Could not interpret \"{other}\" as string."));
            None
        }
    }
}

fn embeds(json: &Value, faults: &mut FormFaults) -> Option<Vec<Value>> {
    let embeds = list(json.get("embeds")?);
    if embeds.len() > MOST_EMBEDS {
        faults.add("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.");
    }
    for (index, embed) in embeds.iter().enumerate() {
        faults.length(&format!("embeds.{index}.title"), embed["title"].as_str().unwrap_or_default(), 0, 256);
        faults.length(&format!("embeds.{index}.description"), embed["description"].as_str().unwrap_or_default(), 0, 4096);
    }
    Some(embeds.to_vec())
}

fn nonce(json: &Value, faults: &mut FormFaults) -> Option<Value> {
    let nonce = present(json, "nonce")?;
    match nonce {
        Value::String(text) => faults.length("nonce", text, 0, LONGEST_NONCE),
        Value::Number(number) if number.is_i64() || number.is_u64() => {}
        _ => faults.add("nonce", "NONCE_TYPE_INVALID", "A nonce is an integer or a string."),
    }
    Some(nonce.clone())
}

/// The files, with what the JSON says of each.
fn described(json: &Value, uploads: &[Upload], faults: &mut FormFaults) -> Vec<Upload> {
    if uploads.len() > MOST_FILES {
        faults.add("files", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.");
    }
    let notes = list(&json["attachments"]);
    let describe = |upload: &Upload| {
        let note = notes.iter().find(|note| attachment_id(note) == Some(upload.index));
        let text = |field: &str| note.and_then(|note| note[field].as_str()).map(str::to_owned);
        Upload {
            name: safe(&text("filename").unwrap_or_else(|| upload.name.clone())),
            description: text("description"),
            ..upload.clone()
        }
    };
    uploads.iter().map(describe).collect()
}

/// The name as Discord keeps it: it becomes a part of a URL.
fn safe(name: &str) -> String {
    name.chars().map(|letter| if letter.is_alphanumeric() || "._-".contains(letter) { letter } else { '_' }).collect()
}

fn attachment_id(note: &Value) -> Option<u64> {
    note["id"].as_u64().or_else(|| note["id"].as_str()?.parse().ok())
}
