//! How text becomes a command.
//!
//! Grammar of the text form: `/name[@bot] [--flag value]... [rest]`. Flags exist on `submit` only and come before the
//! prompt; the first word that is not a known flag begins the prompt, which keeps its lines and spaces, but one that is
//! nearly a flag is asked about: a private prompt must not become public by a typo. A `--` ends the flags. Platforms with
//! native options give names and values instead ([`from_options`]); both ways end in the same checks. What `/notify` is given has a grammar of its own, in `parse/notify.rs`. The parser is pure and total: every
//! input gives a command or an error that can be shown to the person.

mod notify;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::command::{CATALOGUE, Command, CommandName, SubmitCommand};
use crate::domain::id::TaskRef;
use crate::domain::preferences::Target;
use crate::domain::prompt::{InvalidPrompt, Prompt};

/// Longest time limit a person may ask for.
const MAX_TIMEOUT: Duration = Duration::from_hours(24);

/// Why a text is not a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseError {
    /// No such command; maybe this one was meant.
    UnknownCommand {
        /// What was written, without the slash.
        name: String,
        /// The nearest command there is.
        did_you_mean: Option<CommandName>,
    },
    /// The prompt is missing or too long.
    Prompt(InvalidPrompt),
    /// A file where only text is read.
    File,
    /// What should name a task does not.
    Task {
        /// The command.
        command: CommandName,
        /// What was written.
        text: String,
    },
    /// A flag or option has a value it cannot have.
    Value {
        /// The option.
        option: &'static str,
        /// What was written.
        value: String,
    },
    /// A word of `/notify` that is not what could stand there.
    Preference {
        /// What was written; empty when something is missing.
        text: String,
        /// The name of what would have been right there.
        wanted: &'static str,
    },
    /// A word that stands where flags stand, and is nearly one.
    Flag {
        /// What was written.
        text: String,
        /// The flag that was probably meant, without its hyphens.
        meant: &'static str,
    },
    /// There is something after the command that does not belong there.
    Unexpected {
        /// The command.
        command: CommandName,
        /// What was written.
        text: String,
    },
}

/// Takes a message apart that begins with a slash: the command's word, the bot it is for (`/status@mybot`), the rest.
/// None when the message is no command at all.
#[must_use]
pub fn split_command(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let text = text.trim_start().strip_prefix('/')?;
    let (word, rest) = first_word(text);
    let (name, bot) = match word.split_once('@') {
        Some((name, bot)) => (name, Some(bot)),
        None => (word, None),
    };
    (!name.is_empty()).then_some((name, bot, rest.trim()))
}

/// Understands a command written as text: its word and what follows.
///
/// # Errors
/// [`ParseError`], to be shown to the person.
pub fn from_text(name: &str, rest: &str) -> Result<Command, ParseError> {
    let command = known(name)?;
    match command {
        CommandName::Submit => submit_from_text(rest),
        CommandName::List => match rest.to_ascii_lowercase().as_str() {
            "" => Ok(Command::List { all: false, before: None }),
            "all" => Ok(Command::List { all: true, before: None }),
            _ => Err(ParseError::Unexpected { command, text: shorten(rest) }),
        },
        CommandName::Notify => notify::from_text(rest).map(Command::Notify),
        CommandName::Help => Ok(Command::Help),
        _ => with_task(command, rest),
    }
}

/// Understands a command given as native options, by name.
///
/// # Errors
/// [`ParseError`], to be shown to the person.
pub fn from_options(name: &str, options: &BTreeMap<String, String>) -> Result<Command, ParseError> {
    let command = known(name)?;
    let get = |option: &str| options.get(option).map_or("", |value| value.trim());
    match command {
        CommandName::Submit => {
            let on = |option: &str| get(option).eq_ignore_ascii_case("true");
            let mut submit = Flags { private: on("private"), quiet: on("quiet"), ..Flags::default() };
            for option in ["to", "timeout", "model"] {
                if !get(option).is_empty() {
                    submit.set(option, get(option))?;
                }
            }
            submit.with_prompt(get("prompt"))
        }
        CommandName::List => Ok(Command::List { all: get("all").eq_ignore_ascii_case("true"), before: None }),
        CommandName::Notify => notify::from_options(options).map(Command::Notify),
        CommandName::Help => Ok(Command::Help),
        _ => with_task(command, get("task")),
    }
}

fn known(name: &str) -> Result<CommandName, ParseError> {
    CommandName::from_text(name)
        .ok_or_else(|| ParseError::UnknownCommand { name: shorten(name), did_you_mean: nearest(&name.to_ascii_lowercase()) })
}

/// A command that takes a task. Status and cancel can do without one; result and retry can when they reply to a
/// message of the task, which the dispatcher knows.
fn with_task(command: CommandName, text: &str) -> Result<Command, ParseError> {
    let task = match text {
        "" => None,
        text => Some(text.parse::<TaskRef>().map_err(|_| ParseError::Task { command, text: shorten(text) })?),
    };
    Ok(match command {
        CommandName::Cancel => Command::Cancel(task),
        CommandName::Result => Command::Result(task),
        CommandName::Retry => Command::Retry(task),
        _ => Command::Status(task),
    })
}

#[derive(Default)]
struct Flags {
    to: Vec<Target>,
    private: bool,
    quiet: bool,
    timeout: Option<Duration>,
    model: Option<String>,
}

impl Flags {
    fn set(&mut self, name: &str, value: &str) -> Result<(), ParseError> {
        match name {
            "to" => {
                let wrong = |_| ParseError::Value { option: "to", value: shorten(value) };
                self.to.push(value.parse().map_err(wrong)?);
            }
            "timeout" => {
                let wrong = || ParseError::Value { option: "timeout", value: shorten(value) };
                let time = humantime::parse_duration(value).map_err(|_| wrong())?;
                if time < Duration::from_secs(1) || time > MAX_TIMEOUT {
                    return Err(wrong());
                }
                self.timeout = Some(time);
            }
            _ => {
                if value.is_empty() || value.len() > 100 || value.contains(char::is_whitespace) {
                    return Err(ParseError::Value { option: "model", value: shorten(value) });
                }
                self.model = Some(value.to_owned());
            }
        }
        Ok(())
    }

    fn with_prompt(self, prompt: &str) -> Result<Command, ParseError> {
        let prompt = Prompt::parse(prompt).map_err(ParseError::Prompt)?;
        let Self { to, private, quiet, timeout, model } = self;
        Ok(Command::Submit(SubmitCommand { prompt, to, private, quiet, timeout, model }))
    }
}

fn submit_from_text(rest: &str) -> Result<Command, ParseError> {
    let mut flags = Flags::default();
    let mut rest = rest.trim_start();
    loop {
        let (word, after) = first_word(rest);
        if word == "--" || word == "\u{2014}" {
            rest = after;
            break;
        }
        let Some(written) = flag(word) else { break };
        let (name, joined) = written.split_once('=').map_or((written, None), |(name, value)| (name, Some(value)));
        let known = name.to_lowercase();
        // A dash and a capital letter may also begin a sentence.
        let is_sure = known == name || word.starts_with('-');
        match (known.as_str(), joined) {
            (name @ ("private" | "quiet"), None) if is_sure => {
                flags.private |= name == "private";
                flags.quiet |= name == "quiet";
                rest = after.trim_start();
            }
            (name @ ("to" | "timeout" | "model"), joined) if is_sure => {
                let (value, after) = joined.map_or_else(|| first_word(after.trim_start()), |value| (value, after));
                flags.set(name, value)?;
                rest = after.trim_start();
            }
            (name, _) => match nearest_flag(name) {
                Some(meant) => return Err(ParseError::Flag { text: shorten(word), meant }),
                None => break,
            },
        }
    }
    flags.with_prompt(rest)
}

fn first_word(text: &str) -> (&str, &str) {
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// What stands behind the hyphens of a flag. Phones turn two hyphens into a dash, of whatever length.
fn flag(word: &str) -> Option<&str> {
    let name = word.trim_start_matches(['-', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}']);
    let hyphens = word.strip_suffix(name).unwrap_or_default();
    (hyphens.len() > 1 && !name.is_empty()).then_some(name)
}

/// The flag that was probably meant: the same word with at most two letters wrong, or with a value that it does not take.
fn nearest_flag(written: &str) -> Option<&'static str> {
    let all = ["private", "quiet", "timeout", "model"];
    all.into_iter().find(|flag| edit_distance(written, flag) <= if flag.len() > 5 { 2 } else { 1 })
}

/// The command nearest to what was written, if it is near at all: at most two letters wrong.
fn nearest(written: &str) -> Option<CommandName> {
    let candidates = CATALOGUE.iter().map(|spec| (edit_distance(written, spec.name.as_str()), spec.name));
    candidates.filter(|(distance, _)| *distance <= 2).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// Levenshtein distance of two short words.
pub(crate) fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().take(32).enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&b) {
            // `cell` still holds the row above; `diagonal` the cell above and to the left.
            let best = (*cell + 1).min(left + 1).min(diagonal + usize::from(letter != *other));
            diagonal = std::mem::replace(cell, best);
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

/// What was written, short enough to be repeated in an answer.
fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::TaskNumber;

    fn parsed(text: &str) -> Result<Command, ParseError> {
        let (name, _, rest) = split_command(text).expect("begins with a slash");
        from_text(name, rest)
    }

    #[test]
    fn a_prompt_keeps_its_lines() {
        let Ok(Command::Submit(submit)) = parsed("/submit@mybot one\n  two  three ") else { panic!() };
        assert_eq!(submit.prompt.as_str(), "one\n  two  three");
    }

    #[test]
    fn flags_come_before_the_prompt() {
        let Ok(Command::Submit(submit)) = parsed("/submit --timeout 90s --to discord:5 --model m do --to it") else { panic!() };
        assert_eq!(submit.timeout, Some(Duration::from_secs(90)));
        assert_eq!(submit.to.len(), 1);
        assert_eq!(submit.prompt.as_str(), "do --to it");
    }

    #[test]
    fn some_flags_have_no_value() {
        let Ok(Command::Submit(submit)) = parsed("/submit --private --to me \u{2014}quiet do --private it") else { panic!() };
        assert!(submit.private && submit.quiet);
        assert_eq!((submit.to, submit.prompt.as_str()), (vec![Target::Me], "do --private it"));
    }

    #[test]
    fn flags_are_known_however_a_phone_writes_them() {
        for flag in ["--private", "\u{2013}private", "\u{2014}private", "--PRIVATE", "\u{2013}\u{2013}private", "---private"] {
            let Ok(Command::Submit(submit)) = parsed(&format!("/submit {flag} do it")) else { panic!("{flag}") };
            assert!(submit.private && submit.prompt.as_str() == "do it", "{flag}");
        }
        let Ok(Command::Submit(submit)) = parsed("/submit --timeout=10m --Model=m do it") else { panic!() };
        assert_eq!((submit.timeout, submit.model.as_deref()), (Some(Duration::from_mins(10)), Some("m")));
        assert_eq!(submit.prompt.as_str(), "do it");
    }

    #[test]
    fn what_is_nearly_a_flag_is_asked_about() {
        for (written, meant) in [
            ("--privat", "private"),
            ("--pirvate", "private"),
            ("--private=yes", "private"),
            ("--time-out", "timeout"),
            ("\u{2013}Private", "private"),
        ] {
            let expected = Err(ParseError::Flag { text: written.to_owned(), meant });
            assert_eq!(parsed(&format!("/submit {written} do it")), expected);
        }
        let nothing = Err(ParseError::Value { option: "model", value: String::new() });
        assert_eq!((parsed("/submit --model"), parsed("/submit --model= do it")), (nothing.clone(), nothing));
        for prompt in ["---\ntitle: x", "\u{2013} first\n\u{2013} second", "\u{2014}To whom it may concern"] {
            let Ok(Command::Submit(submit)) = parsed(&format!("/submit {prompt}")) else { panic!("{prompt}") };
            assert_eq!(submit.prompt.as_str(), prompt);
        }
        for prompt in ["-private life", "--verbose means what?", "\u{2014} a dash", "private", "--modelling clay"] {
            let Ok(Command::Submit(submit)) = parsed(&format!("/submit {prompt}")) else { panic!("{prompt}") };
            assert!(!submit.private && submit.prompt.as_str().len() > 3, "{prompt}");
        }
    }

    #[test]
    fn a_double_hyphen_ends_the_flags() {
        let Ok(Command::Submit(submit)) = parsed("/submit -- --to is a flag") else { panic!() };
        assert_eq!(submit.prompt.as_str(), "--to is a flag");
    }

    #[test]
    fn tasks_are_named_by_number_or_id() {
        let number = Some(TaskRef::Number(TaskNumber(42)));
        assert_eq!(parsed("/status 42"), Ok(Command::Status(number.clone())));
        assert_eq!(parsed("/CANCEL #42"), Ok(Command::Cancel(number)));
        assert_eq!(parsed("/status"), Ok(Command::Status(None)));
        assert!(matches!(parsed("/result #x"), Err(ParseError::Task { .. })));
        assert!(matches!(parsed("/result a b"), Err(ParseError::Task { .. })));
    }

    #[test]
    fn near_misses_are_recognised() {
        let meant = |text| match parsed(text) {
            Err(ParseError::UnknownCommand { did_you_mean, .. }) => did_you_mean,
            other => panic!("{other:?}"),
        };
        assert_eq!(meant("/sumbit x"), Some(CommandName::Submit));
        assert_eq!(meant("/cancle"), Some(CommandName::Cancel));
        assert_eq!(meant("/weather"), None);
    }

    #[test]
    fn bad_values_say_what_would_be_right() {
        assert!(matches!(parsed("/submit --timeout soon x"), Err(ParseError::Value { option: "timeout", .. })));
        assert!(matches!(parsed("/submit --to nowhere x"), Err(ParseError::Value { option: "to", .. })));
        assert!(matches!(parsed("/submit"), Err(ParseError::Prompt(InvalidPrompt::Empty))));
        assert!(matches!(parsed("/list mine"), Err(ParseError::Unexpected { .. })));
    }
}
