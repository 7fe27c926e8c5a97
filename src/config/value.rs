//! What the texts of a configuration mean: times, addresses, limits, lists of events.
//!
//! A value that means nothing is reported and replaced by one that does, so that the values after it are looked at too.

use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::config::layers::Layers;
use crate::config::problem::{Problem, shown};
use crate::config::raw::RawSecret;
use crate::config::secret::{SecretProblem, resolve};
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::language::Language;
use crate::domain::notice::Events;
use crate::domain::preferences::Quiet;
use crate::domain::quiet::{self, Tz};

/// A year in seconds.
const YEAR: u64 = 365 * 24 * 60 * 60;

/// Reads values and collects what is wrong with them.
pub struct Values<'a> {
    layers: &'a Layers,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Values<'a> {
    /// Reads the values of these layers.
    pub fn new(layers: &'a Layers, problems: &'a mut Vec<Problem>) -> Self {
        Self { layers, problems }
    }

    /// Reports a value.
    pub fn wrong(&mut self, key: &str, value: impl Debug, expected: impl Into<String>, fix: impl Into<String>) {
        let source = self.layers.source_of(key);
        let value = shown(key, format!("{value:?}"));
        self.problems.push(Problem { key: key.to_owned(), value, source, expected: expected.into(), fix: fix.into() });
    }

    /// A time like `90s` between two others.
    pub fn time(&mut self, key: &str, text: &str, least: Duration, most: Duration) -> Duration {
        match humantime::parse_duration(text.trim()) {
            Ok(time) if (least..=most).contains(&time) => time,
            _ => {
                let most = match most.as_secs() / YEAR {
                    0..10 => humantime::format_duration(most).to_string(),
                    years => format!("{years} years"),
                };
                let expected = format!("expected a time from {} to {most}", humantime::format_duration(least));
                self.wrong(key, text, expected, "write it with its unit, like \"90s\" or \"10m\"");
                Duration::from_secs(1)
            }
        }
    }

    /// A time, or none for `auto`.
    pub fn time_or_auto(&mut self, key: &str, text: &str, least: Duration, most: Duration) -> Option<Duration> {
        if text.trim() == "auto" { None } else { Some(self.time(key, text, least, most)) }
    }

    /// A language that the bot speaks; none for everybody's own.
    pub fn language(&mut self, key: &str, text: &str) -> Option<Language> {
        let text = text.trim();
        let language = Language::from_text(text);
        if language.is_none() && text != "auto" {
            let spoken: Vec<String> = Language::ALL.iter().map(|language| format!("\"{language}\"")).collect();
            let expected = format!("expected \"auto\" or a language the bot speaks: {}", spoken.join(", "));
            self.wrong(key, text, expected, "write \"auto\", which gives everybody their own");
        }
        language
    }

    /// A limit of at least one.
    pub fn limit(&mut self, key: &str, count: u32) -> usize {
        usize::try_from(self.at_least_one(key, count).get()).unwrap_or(usize::MAX)
    }

    /// A count of at least one.
    pub fn at_least_one(&mut self, key: &str, count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap_or_else(|| {
            self.wrong(key, count, "expected at least 1", "raise it, or leave the key out");
            NonZeroU32::MIN
        })
    }

    /// A secret, inline or in a file.
    pub fn secret(&mut self, key: &str, inline: &RawSecret, file: &str) -> Option<SecretString> {
        let file_key = format!("{key}_file");
        match resolve(inline, file) {
            Ok(secret) => return secret,
            Err(SecretProblem::Twice) => {
                self.wrong(&file_key, file, format!("{key} is set as well"), "set only one of the two");
            }
            Err(SecretProblem::Unreadable(why)) => {
                self.wrong(&file_key, file, format!("the file cannot be read ({why})"), "name a file this user may read");
            }
            Err(SecretProblem::EmptyFile) => {
                self.wrong(&file_key, file, "the file is empty", "write the secret into it, or leave the key out");
            }
            Err(SecretProblem::OddCharacters) => {
                let key = if file.trim().is_empty() { key } else { &file_key };
                let expected = "expected printable ASCII characters without spaces";
                self.wrong(key, file, expected, "copy the secret again, without quotes or line breaks in it");
            }
        }
        None
    }

    /// A word that has one value yet.
    pub fn only(&mut self, key: &str, text: &str, known: &str, later: &str) {
        if text == later {
            self.wrong(key, text, "this mode is not in this version", format!("set it to \"{known}\""));
        } else if text != known {
            self.wrong(key, text, format!("expected \"{known}\""), format!("set it to \"{known}\", or leave the key out"));
        }
    }

    /// The root of an HTTP API, without the slash at its end.
    pub fn root_url(&mut self, key: &str, text: &str) -> String {
        let url = text.trim().trim_end_matches('/');
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let odd = |c: char| c.is_whitespace() || c.is_control() || "?#@\\".contains(c);
        if host.is_empty() || host.starts_with(':') || url.contains(odd) {
            let expected = "expected an http or https address without credentials, query and fragment";
            self.wrong(key, text, expected, "write it like \"https://host/path\"; secrets have keys of their own");
        }
        url.to_owned()
    }

    /// An address and a port to listen on.
    pub fn socket(&mut self, key: &str, text: &str) -> SocketAddr {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let local = text.trim().strip_prefix("localhost:").and_then(|port| port.parse().ok());
        let address = local.map(|port| SocketAddr::new(here, port)).or_else(|| text.trim().parse().ok());
        address.unwrap_or_else(|| {
            let fix = "write it like \"127.0.0.1:8787\", or \"[::]:8787\" for all addresses";
            self.wrong(key, text, "expected an IP address and a port", fix);
            SocketAddr::new(here, 0)
        })
    }

    /// The file of the ledger.
    pub fn sqlite_path(&mut self, key: &str, text: &str) -> PathBuf {
        let url = text.trim();
        let path = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
        let fix = "write it like \"sqlite:legwork.db\"";
        match path {
            Some(path) if !path.is_empty() && !path.starts_with(':') && !path.contains(['?', '\0']) => {
                return PathBuf::from(path);
            }
            None if url.starts_with("postgres:") || url.starts_with("postgresql:") => {
                // What follows the scheme usually holds a password.
                self.wrong(key, "postgres:...", "PostgreSQL is not in this version", fix);
            }
            Some(_) => self.wrong(key, text, "expected the path of a file after `sqlite:`, without parameters", fix),
            None => self.wrong(key, "...", "expected `sqlite:` and the path of a file", fix),
        }
        PathBuf::new()
    }

    /// The name of a model.
    pub fn model(&mut self, key: &str, text: &str) -> String {
        let model = text.trim();
        if model.is_empty() || model.len() > 100 || model.contains(char::is_whitespace) {
            let expected = "expected a model's name of at most 100 characters without spaces";
            self.wrong(key, text, expected, "write it as the provider lists it, like \"gpt-5-mini\"");
        }
        model.to_owned()
    }

    /// Events that a channel hears.
    pub fn events(&mut self, key: &str, words: &[String]) -> Events {
        Events::from_words(words.iter().map(|word| word.trim())).unwrap_or_else(|word| {
            let known = Events::WORDS.join(", ");
            self.wrong(key, word, format!("there is no such event; there are {known}"), "remove or correct it");
            Events::none()
        })
    }

    /// Quiet hours; none when the key is empty.
    pub fn quiet(&mut self, key: &str, text: &str) -> Option<Quiet> {
        let text = Some(text.trim()).filter(|text| !text.is_empty())?;
        let quiet = text.parse().ok();
        if quiet.is_none() {
            let fix = "write it like \"22:00-07:00\"; the time zone has a key of its own";
            self.wrong(key, text, "expected a span of the day, or off", fix);
        }
        quiet
    }

    /// A time zone; none when the key is empty.
    pub fn time_zone(&mut self, key: &str, text: &str) -> Option<Tz> {
        let text = Some(text.trim()).filter(|text| !text.is_empty())?;
        let zone = quiet::zone(text);
        if zone.is_none() {
            let fix = "write it like \"Europe/Berlin\" or \"UTC\"";
            self.wrong(key, text, "expected a time zone of the IANA database", fix);
        }
        zone
    }

    /// Channels, each `telegram:<chat>`, `telegram:<chat>/<topic>` or `discord:<channel>`.
    pub fn channels(&mut self, key: &str, texts: &[String]) -> Vec<ChannelId> {
        texts.iter().enumerate().filter_map(|(at, text)| self.channel(&format!("{key}[{at}]"), text)).collect()
    }

    /// One such channel.
    pub fn channel(&mut self, key: &str, text: &str) -> Option<ChannelId> {
        let channel = text.parse::<ChannelId>().ok().filter(is_numbered);
        if channel.is_none() {
            let fix = "write it like \"telegram:-100123\", \"telegram:-100123/7\" (a topic) or \"discord:456\"";
            self.wrong(key, text, "expected a channel by its number", fix);
        }
        channel
    }

    /// Persons, each `telegram:<user>` or `discord:<user>`.
    pub fn people(&mut self, key: &str, texts: &[String]) -> Vec<PersonId> {
        let mut people = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let known = |person: &PersonId| {
                ["telegram", "discord"].contains(&person.platform()) && person.address().parse::<u64>().is_ok_and(|id| id > 0)
            };
            if let Some(person) = text.parse::<PersonId>().ok().filter(known) {
                people.push(person);
            } else {
                let expected = "expected a person by their number, not by their name";
                self.wrong(&format!("{key}[{at}]"), text, expected, "write it like \"telegram:123\" or \"discord:456\"");
            }
        }
        people
    }
}

/// Whether this names a chat, a topic or a channel by its number, as its platform would.
#[must_use]
pub fn is_numbered(channel: &ChannelId) -> bool {
    match channel.platform() {
        "telegram" => {
            let (chat, topic) = channel.address().split_once('/').unwrap_or((channel.address(), "0"));
            chat.parse::<i64>().is_ok_and(|chat| chat != 0) && topic.parse::<u32>().is_ok()
        }
        "discord" => channel.address().parse::<u64>().is_ok_and(|channel| channel != 0),
        _ => false,
    }
}
