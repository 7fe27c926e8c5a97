//! The command menu: what a person sees after typing a slash, made from the catalogue and set only when it has changed.

use std::time::Duration;

use teloxide::payloads::{GetMyCommands, SetMyCommands};
use teloxide::types::BotCommand;
use tokio::time;

use crate::adapters::telegram::api::{Api, PROMPT};
use crate::adapters::telegram::backoff::Backoff;
use crate::adapters::telegram::error::CallError;
use crate::domain::command::{CATALOGUE, CommandName};
use crate::domain::language::Language;
use crate::domain::wording::command_description;

/// Tries before the menu is left as it is. The bot works without.
const TRIES: u32 = 5;

/// Brings the menu up to date; gives up after a few tries. Dropping the future is harmless.
pub(super) async fn sync(api: &Api) {
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
    for tried in 1..=TRIES {
        let pause = match set_if_changed(api).await {
            Ok(changed) => return tracing::info!(changed, "Telegram's command menu is up to date"),
            Err(CallError::RetryAfter(wait)) if tried < TRIES => wait,
            Err(CallError::Unavailable(_) | CallError::Unknown(_)) if tried < TRIES => backoff.pause(),
            Err(error) => return tracing::warn!(%error, "Telegram's command menu stays as it is"),
        };
        time::sleep(pause).await;
    }
}

async fn set_if_changed(api: &Api) -> Result<bool, CallError> {
    let wanted = menu();
    if api.call(&GetMyCommands::new(), PROMPT).await? == wanted {
        return Ok(false);
    }
    api.call(&SetMyCommands::new(wanted), PROMPT).await?;
    Ok(true)
}

/// The catalogue, with `start` for what Telegram's own button sends.
fn menu() -> Vec<BotCommand> {
    let describe = |command| command_description(Language::default(), command);
    let listed = CATALOGUE.iter().map(|spec| BotCommand::new(spec.name.as_str(), describe(spec.name)));
    let start = BotCommand::new("start", describe(CommandName::Help));
    listed.chain([start]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_menu_has_every_command_and_start_within_telegrams_limits() {
        let menu = menu();
        assert_eq!(menu.len(), CATALOGUE.len() + 1);
        assert!(menu.iter().any(|command| command.command == "start"));
        for command in menu {
            let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(command.command.chars().all(letters) && (1..=32).contains(&command.command.len()), "{command:?}");
            assert!((3..=256).contains(&command.description.len()), "{command:?}");
        }
    }
}
