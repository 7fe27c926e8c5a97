//! How `/notify` is written: any number of settings one after the other.
//!
//! Grammar: `[event ... | all | none] [silent|mention|thread on|off] [quiet off|SPAN [ZONE]] [to off|CHANNEL ...]`, or `reset`
//! alone. Nothing at all asks what the channel gets. Commas between words are as good as spaces.

use std::collections::BTreeMap;

use crate::domain::command::{CommandName, NotifyCommand};
use crate::domain::notice::Events;
use crate::domain::parse::{ParseError, shorten};
use crate::domain::preferences::{Preferences, Quiet, Target};
use crate::domain::quiet;

/// What can stand somewhere, by the names of its sentences.
const EVENTS: &str = "events";
const SWITCH: &str = "switch";
const QUIET: &str = "quiet";
const TARGET: &str = "targets";
const WORD: &str = "setting";

/// Most channels that one can pass its notices on to.
const MOST_TARGETS: usize = 10;

/// Understands what follows the command's word.
pub(super) fn from_text(rest: &str) -> Result<NotifyCommand, ParseError> {
    let rest = [" - ", " \u{2013} ", " \u{2014} "].iter().fold(rest.to_owned(), |rest, dash| rest.replace(dash, "-"));
    let words: Vec<&str> = rest.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [] => Ok(NotifyCommand::Show),
        [word] if word.eq_ignore_ascii_case("reset") => Ok(NotifyCommand::Reset),
        [first, second, ..] if first.eq_ignore_ascii_case("reset") => {
            Err(ParseError::Unexpected { command: CommandName::Notify, text: shorten(second) })
        }
        words => Settings::default().read(words),
    }
}

/// Understands native options, by name.
pub(super) fn from_options(options: &BTreeMap<String, String>) -> Result<NotifyCommand, ParseError> {
    let get = |name: &str| options.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    if get("reset").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Ok(NotifyCommand::Reset);
    }
    let mut line = get("events").unwrap_or_default().to_owned();
    for name in ["silent", "mention", "thread", "quiet", "to"] {
        if let Some(value) = get(name) {
            let value = match value {
                "true" => "on",
                "false" => "off",
                other => other,
            };
            line.extend([" ", name, " ", value]);
        }
    }
    from_text(&line)
}

#[derive(Default)]
struct Settings {
    preferences: Preferences,
    to: Option<Vec<Target>>,
}

impl Settings {
    fn read(mut self, words: &[&str]) -> Result<NotifyCommand, ParseError> {
        let mut rest = words;
        while let [word, after @ ..] = rest {
            let preferences = &mut self.preferences;
            rest = match word.to_ascii_lowercase().as_str() {
                "silent" => switch(&mut preferences.silent, after)?,
                "mention" => switch(&mut preferences.mention, after)?,
                "thread" => switch(&mut preferences.thread, after)?,
                "quiet" => quiet_hours(preferences, after)?,
                "to" => targets(&mut self.to, after)?,
                event => {
                    add_event(&mut preferences.events, event, word)?;
                    after
                }
            };
        }
        Ok(NotifyCommand::Set { preferences: self.preferences, to: self.to })
    }
}

fn wrong(text: &str, wanted: &'static str) -> ParseError {
    ParseError::Preference { text: shorten(text), wanted }
}

fn add_event(events: &mut Option<Events>, word: &str, written: &str) -> Result<(), ParseError> {
    let before = events.unwrap_or(Events::none());
    *events = Some(match word {
        "all" => Events::default(),
        "none" => Events::none(),
        _ if Events::WORDS.contains(&word) => {
            Events::from_words(before.words().into_iter().chain([word])).map_err(|_| wrong(written, EVENTS))?
        }
        _ => return Err(wrong(written, WORD)),
    });
    Ok(())
}

fn switch<'a, 'w>(setting: &mut Option<bool>, rest: &'a [&'w str]) -> Result<&'a [&'w str], ParseError> {
    let (word, after) = rest.split_first().ok_or_else(|| wrong("", SWITCH))?;
    *setting = Some(match word.to_ascii_lowercase().as_str() {
        "on" | "yes" | "true" => true,
        "off" | "no" | "false" => false,
        _ => return Err(wrong(word, SWITCH)),
    });
    Ok(after)
}

fn quiet_hours<'a, 'w>(preferences: &mut Preferences, rest: &'a [&'w str]) -> Result<&'a [&'w str], ParseError> {
    let (word, after) = rest.split_first().ok_or_else(|| wrong("", QUIET))?;
    let quiet: Quiet = word.parse().map_err(|_| wrong(word, QUIET))?;
    preferences.quiet = Some(quiet);
    match after.split_first() {
        // What looks like a zone is meant as one, so that a misspelled one is not taken for an event.
        Some((zone, after)) if quiet != Quiet::Off && (zone.contains('/') || quiet::zone(zone).is_some()) => {
            preferences.time_zone = Some(quiet::zone(zone).ok_or_else(|| wrong(zone, QUIET))?);
            Ok(after)
        }
        _ => Ok(after),
    }
}

fn targets<'a, 'w>(to: &mut Option<Vec<Target>>, rest: &'a [&'w str]) -> Result<&'a [&'w str], ParseError> {
    let (word, after) = rest.split_first().ok_or_else(|| wrong("", TARGET))?;
    if word.eq_ignore_ascii_case("off") {
        *to = Some(Vec::new());
        return Ok(after);
    }
    let named: Vec<Target> = rest.iter().map_while(|word| word.parse().ok()).take(MOST_TARGETS).collect();
    if named.is_empty() {
        return Err(wrong(word, TARGET));
    }
    let after = rest.get(named.len()..).unwrap_or_default();
    *to = Some(named);
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> (Preferences, Option<Vec<Target>>) {
        match from_text(text) {
            Ok(NotifyCommand::Set { preferences, to }) => (preferences, to),
            other => panic!("{text}: {other:?}"),
        }
    }

    fn check(text: &str, json: &str) {
        assert_eq!(serde_json::to_string(&set(text).0).unwrap(), json, "{text}");
    }

    #[test]
    fn settings_are_written_one_after_the_other() {
        check("done failed", r#"{"events":["done","failed"]}"#);
        check("Done, Failed", r#"{"events":["done","failed"]}"#);
        check("all", r#"{"events":["started","done","failed","cancelled"]}"#);
        check("none silent on mention off", r#"{"events":[],"silent":true,"mention":false}"#);
        check("quiet 22:00-07:00 Europe/Berlin", r#"{"quiet":"22:00-07:00","time_zone":"Europe/Berlin"}"#);
        check("quiet 22:00 - 7 europe/berlin done", r#"{"events":["done"],"quiet":"22:00-07:00","time_zone":"Europe/Berlin"}"#);
        check("quiet off thread on", r#"{"thread":true,"quiet":"off"}"#);
        check("quiet 22-7 done", r#"{"events":["done"],"quiet":"22:00-07:00"}"#);
    }

    #[test]
    fn targets_are_channels_me_or_none() {
        let channel = |text: &str| Target::Channel(text.parse().unwrap());
        assert_eq!(set("to chat:1, chat:2 silent on").1, Some(vec![channel("chat:1"), channel("chat:2")]));
        assert_eq!(set("to me").1, Some(vec![Target::Me]));
        assert_eq!(set("to off").1, Some(Vec::new()));
        assert_eq!(set("done").1, None);
    }

    #[test]
    fn nothing_shows_and_reset_resets() {
        assert_eq!(from_text(" "), Ok(NotifyCommand::Show));
        assert_eq!(from_text("Reset"), Ok(NotifyCommand::Reset));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_would_be_right() {
        for (text, word, wanted) in [
            ("finished", "finished", WORD),
            ("silent", "", SWITCH),
            ("silent maybe", "maybe", SWITCH),
            ("quiet", "", QUIET),
            ("quiet nights", "nights", QUIET),
            ("quiet 22:00-07:00 Europe/Atlantis", "Europe/Atlantis", QUIET),
            ("to", "", TARGET),
            ("to nowhere", "nowhere", TARGET),
            ("done reset", "reset", WORD),
        ] {
            assert_eq!(from_text(text), Err(ParseError::Preference { text: word.to_owned(), wanted }), "{text}");
        }
        let unexpected = ParseError::Unexpected { command: CommandName::Notify, text: "now".to_owned() };
        assert_eq!(from_text("reset now"), Err(unexpected));
    }

    #[test]
    fn native_options_end_in_the_same_settings() {
        let options = |pairs: &[(&str, &str)]| {
            from_options(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let given = [("events", "done, failed"), ("silent", "true"), ("quiet", "22:00-07:00 Europe/Berlin"), ("to", "chat:1")];
        assert_eq!(options(&given), from_text("done failed silent on quiet 22:00-07:00 Europe/Berlin to chat:1"));
        assert_eq!(options(&[]), Ok(NotifyCommand::Show));
        assert_eq!(options(&[("reset", "true")]), Ok(NotifyCommand::Reset));
        assert_eq!(options(&[("thread", "false")]), from_text("thread off"));
    }
}
