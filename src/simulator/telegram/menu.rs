//! The menus of commands that the bot registered, by scope and language.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::simulator::telegram::TelegramServer;
use crate::simulator::telegram::params::Params;
use crate::simulator::telegram::refusal::Refusal;
use crate::simulator::telegram::state::State;

/// One menu of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandMenu {
    /// Whom it is for, as the bot named it: `{"type":"default"}` and the like.
    pub scope: Value,
    /// A two-letter language, or empty for all.
    pub language: String,
    /// Names and descriptions, in order.
    pub commands: Vec<(String, String)>,
}

/// All menus, by scope (as JSON text) and language.
#[derive(Debug, Default)]
pub(super) struct Menus {
    menus: BTreeMap<(String, String), CommandMenu>,
}

const SCOPES: [&str; 7] =
    ["default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat", "chat_administrators", "chat_member"];

impl State {
    pub(super) fn set_my_commands(&mut self, params: &Params) -> Result<Value, Refusal> {
        let (scope, language) = menu_key(params)?;
        let given = params.json("commands")?.ok_or_else(|| Refusal::malformed("can't parse commands JSON object"))?;
        let given = given.as_array().ok_or_else(|| Refusal::malformed("expected an Array of BotCommand"))?;
        if given.len() > 100 {
            return Err(Refusal::malformed("too many commands specified"));
        }
        let commands = given.iter().map(command).collect::<Result<Vec<_>, _>>()?;
        let key = (scope.to_string(), language.clone());
        if commands.is_empty() {
            self.menus.menus.remove(&key);
        } else {
            self.menus.menus.insert(key, CommandMenu { scope, language, commands });
        }
        Ok(json!(true))
    }

    pub(super) fn get_my_commands(&self, params: &Params) -> Result<Value, Refusal> {
        let (scope, language) = menu_key(params)?;
        let menu = self.menus.menus.get(&(scope.to_string(), language));
        let commands = menu.map(|menu| menu.commands.as_slice()).unwrap_or_default();
        Ok(commands.iter().map(|(name, text)| json!({ "command": name, "description": text })).collect())
    }

    pub(super) fn delete_my_commands(&mut self, params: &Params) -> Result<Value, Refusal> {
        let (scope, language) = menu_key(params)?;
        self.menus.menus.remove(&(scope.to_string(), language));
        Ok(json!(true))
    }
}

impl TelegramServer {
    /// Every menu of commands that the bot registered.
    pub fn commands(&self) -> Vec<CommandMenu> {
        self.read(|state| state.menus.menus.values().cloned().collect())
    }

    /// The menu for everybody, as names and descriptions.
    pub fn menu(&self) -> Vec<(String, String)> {
        let menus = self.commands();
        let default = menus.into_iter().find(|menu| menu.scope["type"] == "default" && menu.language.is_empty());
        default.map(|menu| menu.commands).unwrap_or_default()
    }
}

fn menu_key(params: &Params) -> Result<(Value, String), Refusal> {
    let scope = params.json("scope")?.unwrap_or_else(|| json!({ "type": "default" }));
    let kind = scope["type"].as_str().unwrap_or_default();
    if !SCOPES.contains(&kind) {
        return Err(Refusal::malformed("unsupported BotCommandScope type specified"));
    }
    if ["chat", "chat_administrators", "chat_member"].contains(&kind) && scope["chat_id"].is_null() {
        return Err(Refusal::malformed("chat identifier is not specified"));
    }
    let language = params.text("language_code").unwrap_or_default();
    if !(language.is_empty() || language.len() == 2 && language.bytes().all(|b| b.is_ascii_lowercase())) {
        return Err(Refusal::malformed("invalid language code specified"));
    }
    Ok((scope, language))
}

fn command(given: &Value) -> Result<(String, String), Refusal> {
    let name = given["command"].as_str().unwrap_or_default().trim_start_matches('/');
    let description = given["description"].as_str().unwrap_or_default();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > 32 || !name.chars().all(plain) {
        return Err(Refusal::malformed("BOT_COMMAND_INVALID"));
    }
    let length = description.chars().count();
    if !(1..=256).contains(&length) {
        return Err(Refusal::malformed("BOT_COMMAND_DESCRIPTION_INVALID"));
    }
    Ok((name.to_owned(), description.to_owned()))
}
