//! From the text of a call to what people see: markup or explicit entities, checked and tidied like the platform does.

use serde_json::Value;

use crate::simulator::telegram::html;
use crate::simulator::telegram::markdown;
use crate::simulator::telegram::message::{Entity, Formatted, utf16_len};
use crate::simulator::telegram::params::Params;
use crate::simulator::telegram::refusal::Refusal;

/// UTF-16 units of a message and of a caption, after the markup was understood.
pub(super) const TEXT_LIMIT: usize = 4096;
pub(super) const CAPTION_LIMIT: usize = 1024;
/// The platform drops further ones without a word.
const MOST_ENTITIES: usize = 100;

const KINDS: [&str; 19] = [
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "blockquote",
    "expandable_blockquote",
    "code",
    "pre",
    "text_link",
    "text_mention",
    "custom_emoji",
];

/// The text of a call with the formatting that `parse_mode` or the explicit entities give it.
pub(super) fn read(params: &Params, text: &str, entities: &str) -> Result<Formatted, Refusal> {
    if text.contains('\0') {
        return Err(Refusal::malformed("strings must not contain null characters"));
    }
    let mode = params.text("parse_mode").unwrap_or_default();
    let cannot_parse = |reason: String| Refusal::malformed(format!("can't parse entities: {reason}"));
    let formatted = match mode.to_ascii_lowercase().as_str() {
        "" => Formatted { text: text.to_owned(), entities: explicit(params.json(entities)?, text)? },
        "html" => html::parse(text).map_err(cannot_parse)?,
        "markdownv2" => markdown::parse_v2(text).map_err(cannot_parse)?,
        "markdown" => markdown::parse_legacy(text).map_err(cannot_parse)?,
        _ => return Err(Refusal::malformed("unsupported parse_mode")),
    };
    Ok(tidy(formatted))
}

/// Refuses what is too long.
pub(super) fn check_length(body: &Formatted, limit: usize, refusal: &str) -> Result<(), Refusal> {
    if utf16_len(&body.text) > limit { Err(Refusal::malformed(refusal)) } else { Ok(()) }
}

/// What a person typed: commands and mentions become entities.
pub(super) fn as_typed(text: &str) -> Formatted {
    let mut entities = Vec::new();
    let mut offset = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let name_end = |rest: &str, more: &str| {
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || more.contains(c))).unwrap_or(rest.len())
        };
        let (kind, length) = match (bare.strip_prefix('/'), bare.strip_prefix('@')) {
            (Some(command), _) => ("bot_command", name_end(command, "@")),
            (_, Some(name)) => ("mention", name_end(name, "")),
            _ => ("", 0),
        };
        if length > 0 {
            entities.push(Entity::new(kind, offset, length + 1));
        }
        offset += utf16_len(word);
    }
    Formatted { text: text.to_owned(), entities }
}

/// Entities that the bot counted out itself.
fn explicit(given: Option<Value>, text: &str) -> Result<Vec<Entity>, Refusal> {
    let Some(given) = given else { return Ok(Vec::new()) };
    let given = given.as_array().ok_or_else(|| Refusal::malformed("can't parse entities: expected an Array"))?;
    let mut entities = Vec::with_capacity(given.len());
    for value in given {
        let entity = entity(value)?;
        check_range(&entity, text)?;
        entities.push(entity);
    }
    check_nesting(&entities)?;
    Ok(entities)
}

fn entity(value: &Value) -> Result<Entity, Refusal> {
    let mut extra = value.as_object().cloned().unwrap_or_default();
    let kind = extra.remove("type").and_then(|kind| kind.as_str().map(ToOwned::to_owned)).unwrap_or_default();
    if !KINDS.contains(&kind.as_str()) {
        return Err(Refusal::malformed(format!("can't parse entities: unsupported type \"{kind}\" specified")));
    }
    let mut number = |name: &str| extra.remove(name).and_then(|value| usize::try_from(value.as_u64()?).ok());
    let (Some(offset), Some(length)) = (number("offset"), number("length")) else {
        return Err(Refusal::malformed("can't parse entities: entity must have a non-negative offset and length"));
    };
    if kind == "text_link" && extra.get("url").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(Refusal::malformed("can't parse entities: text_link must have a URL"));
    }
    Ok(Entity { kind, offset, length, extra })
}

fn check_range(entity: &Entity, text: &str) -> Result<(), Refusal> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let (begin, end) = (entity.offset, entity.end());
    let refuse = |what: String| Err(Refusal::malformed(format!("entity beginning at UTF-16 offset {begin} {what}")));
    if end > units.len() {
        return refuse(format!("ends after the end of the text at UTF-16 offset {end}"));
    }
    let is_inside_pair = |at: usize| units.get(at).is_some_and(|unit| (0xDC00..0xE000).contains(unit));
    if is_inside_pair(begin) {
        return refuse("begins in the middle of a UTF-16 symbol".to_owned());
    }
    if is_inside_pair(end) {
        return refuse(format!("ends in the middle of a UTF-16 symbol at UTF-16 offset {end}"));
    }
    Ok(())
}

/// The platform mends entities that cross each other in its own way; a bot that sends them has miscounted.
fn check_nesting(entities: &[Entity]) -> Result<(), Refusal> {
    let crosses = |a: &Entity, b: &Entity| a.offset < b.offset && b.offset < a.end() && a.end() < b.end();
    for (index, one) in entities.iter().enumerate() {
        if let Some(other) = entities[index + 1..].iter().find(|other| crosses(one, other) || crosses(other, one)) {
            let (one, other) = (&one.kind, &other.kind);
            return Err(Refusal::malformed(format!("can't parse entities: {one} and {other} cross each other")));
        }
    }
    Ok(())
}

/// Blanks around the text go, and the entities with them.
fn tidy(formatted: Formatted) -> Formatted {
    let kept = formatted.text.trim_end();
    let text = kept.trim_start().to_owned();
    let cut = utf16_len(kept) - utf16_len(&text);
    let length = utf16_len(&text);
    let fit = |mut entity: Entity| {
        let begin = entity.offset.saturating_sub(cut).min(length);
        let end = entity.end().saturating_sub(cut).min(length);
        (entity.offset, entity.length) = (begin, end - begin);
        (end > begin).then_some(entity)
    };
    let mut entities: Vec<Entity> = formatted.entities.into_iter().filter_map(fit).collect();
    entities.sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length)));
    entities.truncate(MOST_ENTITIES);
    Formatted { text, entities }
}
