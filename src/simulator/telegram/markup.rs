//! Reply markup: inline keyboards are checked and kept; other kinds are for people's keyboards, which nobody has here.

use serde_json::Value;

use crate::simulator::telegram::message::{Button, Keyboard};
use crate::simulator::telegram::params::Params;
use crate::simulator::telegram::refusal::Refusal;
use crate::simulator::telegram::sending::check_keys;

/// What a button may do; it does exactly one of them.
const ACTIONS: [&str; 10] = [
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
];
const OTHER_KEYS: [&str; 3] = ["text", "icon_custom_emoji_id", "style"];
const MOST_BUTTONS: usize = 100;

/// The inline keyboard of a call; empty when it has none.
pub(super) fn read(params: &Params) -> Result<Keyboard, Refusal> {
    let Some(markup) = params.json("reply_markup")? else { return Ok(Vec::new()) };
    let Some(rows) = markup.get("inline_keyboard") else {
        let others = ["keyboard", "remove_keyboard", "force_reply"];
        let known =
            others.iter().any(|kind| markup.get(kind).is_some()) || markup.as_object().is_some_and(serde_json::Map::is_empty);
        return if known { Ok(Vec::new()) } else { Err(Refusal::malformed("object expected as reply markup")) };
    };
    let rows = rows.as_array().ok_or_else(|| Refusal::malformed("field \"inline_keyboard\" must be of type Array"))?;
    let mut keyboard = Keyboard::new();
    for row in rows {
        let row = row.as_array().ok_or_else(|| Refusal::malformed("field \"inline_keyboard\" must be an Array of Arrays"))?;
        let row = row.iter().map(button).collect::<Result<Vec<_>, _>>()?;
        if !row.is_empty() {
            keyboard.push(row);
        }
    }
    if keyboard.iter().map(Vec::len).sum::<usize>() > MOST_BUTTONS {
        return Err(Refusal::malformed("reply markup is too long"));
    }
    Ok(keyboard)
}

fn button(raw: &Value) -> Result<Button, Refusal> {
    let known: Vec<&str> = ACTIONS.iter().chain(&OTHER_KEYS).copied().collect();
    check_keys(raw, "InlineKeyboardButton", &known)?;
    let label = raw["text"].as_str().filter(|label| !label.trim().is_empty());
    let label = label.ok_or_else(|| Refusal::malformed("can't parse inline keyboard button: Text must be non-empty"))?;
    match ACTIONS.iter().filter(|action| raw.get(**action).is_some()).count() {
        1 => {}
        0 => {
            let clause = "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard";
            return Err(Refusal::malformed(clause));
        }
        _ => return Err(Refusal::malformed("can't parse inline keyboard button: exactly one action is expected")),
    }
    let data = raw.get("callback_data").map(|data| data.as_str().unwrap_or_default());
    if data.is_some_and(|data| !(1..=64).contains(&data.len())) {
        return Err(Refusal::malformed("BUTTON_DATA_INVALID"));
    }
    if let Some(url) = raw.get("url").and_then(Value::as_str)
        && !["http://", "https://", "tg://", "ton://"].iter().any(|scheme| url.starts_with(scheme))
    {
        return Err(Refusal::malformed(format!("inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")));
    }
    Ok(Button { label: label.to_owned(), data: data.map(ToOwned::to_owned), raw: raw.clone() })
}
