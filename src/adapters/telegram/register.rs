//! The command menu: what a person sees after typing a slash, made from the catalogue.
//!
//! Telegram shows the menu of the narrowest scope, in the language of the person's app if there is one for it. So there
//! is a menu for each kind of chat in each language: groups have no use for `/start`, and what only administrators can
//! use is shown to administrators only. Telegram is asked for each menu first and told only what differs.

use std::time::Duration;

use teloxide::payloads::{GetMyCommands, GetMyCommandsSetters, SetMyCommands, SetMyCommandsSetters};
use teloxide::types::{BotCommand, BotCommandScope};
use tokio::time;

use crate::adapters::telegram::api::{Api, PROMPT};
use crate::adapters::telegram::backoff::Backoff;
use crate::adapters::telegram::error::CallError;
use crate::domain::command::{CATALOGUE, CommandName, CommandSpec};
use crate::domain::language::Language;
use crate::domain::wording::command_description;

/// Tries before the menus are left as they are. The bot works without.
const TRIES: u32 = 5;

/// The chats that have a menu of their own. The first one is for all that have none.
const SCOPES: [BotCommandScope; 4] = [
    BotCommandScope::Default,
    BotCommandScope::AllPrivateChats,
    BotCommandScope::AllGroupChats,
    BotCommandScope::AllChatAdministrators,
];

/// Brings the menus up to date; gives up after a few tries. `spoken` is the language for somebody who speaks this one.
/// Dropping the future is harmless.
pub(super) async fn sync(api: &Api, spoken: impl Fn(Language) -> Language) {
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
    for tried in 1..=TRIES {
        let pause = match set_what_differs(api, &spoken).await {
            Ok(changed) => return tracing::info!(changed, "Telegram's command menus are up to date"),
            Err(CallError::RetryAfter(wait)) if tried < TRIES => wait,
            Err(CallError::Unavailable(_) | CallError::Unknown(_)) if tried < TRIES => backoff.pause(),
            Err(error) => return tracing::warn!(%error, "Telegram's command menus stay as they are"),
        };
        time::sleep(pause).await;
    }
}

/// How many menus had to be set.
async fn set_what_differs(api: &Api, spoken: impl Fn(Language) -> Language) -> Result<usize, CallError> {
    let mut changed = 0;
    for scope in SCOPES {
        for language in Language::ALL.iter().copied() {
            let mut get = GetMyCommands::new().scope(scope.clone());
            get.language_code = code(language);
            let wanted = menu(&scope, spoken(language));
            if api.call(&get, PROMPT).await? == wanted {
                continue;
            }
            let mut set = SetMyCommands::new(wanted).scope(scope.clone());
            set.language_code = code(language);
            api.call(&set, PROMPT).await?;
            changed += 1;
        }
    }
    Ok(changed)
}

/// A language as Telegram names it. What is written in the first one is for everybody whose own has no menu.
fn code(language: Language) -> Option<String> {
    (language != Language::default()).then(|| language.to_string())
}

/// The catalogue as far as it is of use in these chats, with `start` for what Telegram's own button in private chats sends.
fn menu(scope: &BotCommandScope, language: Language) -> Vec<BotCommand> {
    let in_group = matches!(scope, BotCommandScope::AllGroupChats | BotCommandScope::AllChatAdministrators);
    let of_use = |spec: &&CommandSpec| !spec.name.is_for_admins() || !matches!(scope, BotCommandScope::AllGroupChats);
    let listed =
        CATALOGUE.iter().filter(of_use).map(|spec| BotCommand::new(spec.name.as_str(), command_description(language, spec.name)));
    let help = CATALOGUE.iter().find(|spec| spec.name == CommandName::Help && !in_group);
    let start = help.map(|spec| BotCommand::new("start", command_description(language, spec.name)));
    listed.chain(start).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_menu_is_within_telegrams_limits() {
        for (scope, language) in SCOPES.iter().flat_map(|scope| Language::ALL.iter().map(move |language| (scope, *language))) {
            let menu = menu(scope, language);
            assert!((1..=100).contains(&menu.len()));
            for command in menu {
                let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                assert!(command.command.chars().all(letters) && (1..=32).contains(&command.command.len()), "{command:?}");
                assert!((3..=256).contains(&command.description.chars().count()), "{command:?}");
            }
        }
    }

    #[test]
    fn each_kind_of_chat_sees_what_is_of_use_there() {
        let names = |scope| menu(&scope, Language::En).into_iter().map(|command| command.command).collect::<Vec<_>>();
        let all: Vec<_> = CATALOGUE.iter().map(|spec| spec.name.as_str().to_owned()).collect();
        let public: Vec<_> =
            CATALOGUE.iter().filter(|spec| !spec.name.is_for_admins()).map(|spec| spec.name.as_str().to_owned()).collect();
        let with_start = [all.clone(), vec!["start".to_owned()]].concat();
        assert_eq!(names(BotCommandScope::Default), with_start);
        assert_eq!(names(BotCommandScope::AllPrivateChats), with_start);
        assert_eq!(names(BotCommandScope::AllGroupChats), public);
        assert_eq!(names(BotCommandScope::AllChatAdministrators), all);
    }
}
