//! What is wrong with a configuration: all of it at once, each with its key, its value, what was expected and what to do.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The dotted key, or the file when it cannot be read at all.
    pub key: String,
    /// What it was set to; none when it is missing or when it may be a secret.
    pub value: Option<String>,
    /// Where it was set: the file, an environment variable, a flag. None for a default.
    pub source: Option<String>,
    /// What is wrong or was expected, as a clause.
    pub expected: String,
    /// What to do about it, as a clause.
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        if let Some(source) = &self.source {
            write!(f, " ({source})")?;
        }
        write!(f, ": {}; {}", self.expected, self.fix)
    }
}

/// Everything that is wrong with a configuration. Never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The problems, in the order in which they were found.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => f.write_str("the configuration has a problem:")?,
            count => write!(f, "the configuration has {count} problems:")?,
        }
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ConfigError {}

/// Keys whose values are never shown, whatever is wrong with them.
const SECRETS: [&str; 5] = ["token", "admin_token", "api_key", "webhook_secret", "public_key"];

/// The value of a key as a problem may show it: shortened, and none when it is or may hold a secret.
#[must_use]
pub fn shown(key: &str, value: impl fmt::Display) -> Option<String> {
    let name = key.rsplit('.').next().unwrap_or(key);
    let value = value.to_string();
    let url_with_credentials = name.ends_with("url") && (value.contains('@') || value.contains('?'));
    if SECRETS.contains(&name) || url_with_credentials {
        return None;
    }
    let mut short: String = value.chars().take(80).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    Some(short)
}
