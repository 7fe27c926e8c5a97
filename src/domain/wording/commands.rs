//! The help, and the commands as platforms show them in their menus.

use crate::domain::command::{CATALOGUE, CommandName};
use crate::domain::language::Language;
use crate::domain::wording::sentence::{exists, say};

/// What a command does, for a platform's menu; at most 100 characters.
#[must_use]
pub fn command_description(language: Language, command: CommandName) -> String {
    say(language, &format!("command-{command}"))
}

/// What an option of a command means, for a platform's menu; at most 100 characters. An option of this name means the
/// same wherever it occurs, unless there is a sentence for that command alone.
#[must_use]
pub fn option_description(language: Language, command: CommandName, option: &str) -> String {
    let own = format!("option-{command}-{option}");
    if exists(&own) { say(language, &own) } else { say(language, &format!("option-{option}")) }
}

/// How a command is written.
pub(super) fn usage(language: Language, command: CommandName) -> String {
    say(language, &format!("usage-{command}"))
}

/// What this is and what one may do here. `by_reply`: a reply can name a task here.
#[must_use]
pub fn help(language: Language, admin: bool, by_reply: bool) -> String {
    let commands: Vec<String> = CATALOGUE.iter().map(|spec| say(language, &format!("help-{}", spec.name))).collect();
    let mut text = [say(language, "help-intro"), commands.join("\n"), say(language, "help-closing")].join("\n\n");
    if by_reply {
        text.push(' ');
        text.push_str(&say(language, "help-by-reply"));
    }
    if admin {
        text.push('\n');
        text.push_str(&say(language, "help-admin"));
    }
    text
}
