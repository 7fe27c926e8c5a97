//! Does what is written fit the names and kinds of the keys?
//!
//! The defaults are the schema: a key exists when it has a default, and takes what its default is. What a text means
//! (a time, an address) is checked later, on the values that won.

use std::path::PathBuf;

use toml::{Table, Value};

use crate::config::problem::{Problem, shown};
use crate::config::raw::{channel_schema, dotted_keys};
use crate::domain::parse::edit_distance;

/// Keys of features that are not in this version.
const LATER: [&str; 5] =
    ["server.public_url", "telegram.webhook_secret", "discord.public_key", "channels.mention", "channels.silent"];

/// Where a layer was written down.
#[derive(Debug, Clone)]
pub enum Place {
    /// The program itself.
    Defaults,
    /// A file.
    File(PathBuf),
    /// Environment variables.
    Environment,
    /// Flags.
    CommandLine,
}

impl Place {
    /// How environment variables of ours begin; `__` also separates the parts of a key.
    pub const ENV_PREFIX: &str = "LEGWORK__";

    /// The place of one key, as a person finds it.
    #[must_use]
    pub fn name(&self, key: &str) -> String {
        match self {
            Self::Defaults => "default".to_owned(),
            Self::File(path) => format!("in {}", path.display()),
            Self::Environment => format!("from {}{}", Self::ENV_PREFIX, key.to_uppercase().replace('.', "__")),
            Self::CommandLine => "from the command line".to_owned(),
        }
    }
}

/// Takes out of a table what does not fit the schema, and reports it.
pub fn prune(values: &mut Table, schema: &Table, prefix: &str, place: &Place, problems: &mut Vec<Problem>) {
    let names: Vec<String> = values.keys().cloned().collect();
    for name in names {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let Some(value) = values.get_mut(&name) else { continue };
        let fits = match (schema.get(&name), value) {
            (None, _) => {
                problems.push(unknown(&key, schema, prefix, place));
                false
            }
            (Some(Value::Table(schema)), Value::Table(values)) => {
                prune(values, schema, &key, place, problems);
                true
            }
            (Some(Value::Array(_)), Value::Array(tables)) if key == "channels" => {
                prune_channels(tables, place, problems);
                true
            }
            (Some(schema), value) => {
                let fits = fits(schema, value);
                if !fits {
                    problems.push(wrong_kind(&key, schema, &value.to_string(), place));
                }
                fits
            }
        };
        if !fits {
            values.remove(&name);
        }
    }
}

fn prune_channels(tables: &mut [Value], place: &Place, problems: &mut Vec<Problem>) {
    let Ok(schema) = channel_schema() else { return };
    for (index, value) in tables.iter_mut().enumerate() {
        let key = format!("channels[{index}]");
        if let Value::Table(table) = value {
            prune(table, &schema, &key, place, problems);
        } else {
            let expected = "expected a table".to_owned();
            let fix = "write [[channels]] and its keys below it".to_owned();
            problems.push(Problem { key: key.clone(), value: None, source: Some(place.name("channels")), expected, fix });
            *value = Value::Table(Table::new());
        }
    }
}

/// Whether a value is of the kind of the default. Whole numbers in lists are taken as text, because ids look like
/// numbers.
fn fits(schema: &Value, value: &mut Value) -> bool {
    match (schema, value) {
        (Value::String(_), Value::String(_)) | (Value::Boolean(_), Value::Boolean(_)) => true,
        (Value::Integer(_), Value::Integer(number)) => u32::try_from(*number).is_ok(),
        (Value::Array(_), Value::Array(items)) => {
            for item in items.iter_mut() {
                if let Value::Integer(number) = item {
                    *item = Value::String(number.to_string());
                }
            }
            items.iter().all(Value::is_str)
        }
        _ => false,
    }
}

/// What a text is for a key of this kind; none when it cannot be that. Lists are separated by commas.
#[must_use]
pub fn parse_as(kind: &Value, text: &str) -> Option<Value> {
    let trimmed = text.trim();
    match kind {
        Value::Integer(_) => trimmed.parse::<u32>().ok().map(|number| Value::Integer(number.into())),
        Value::Boolean(_) => trimmed.parse().ok().map(Value::Boolean),
        Value::Array(_) => {
            let items = trimmed.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
        _ => Some(Value::String(text.to_owned())),
    }
}

/// A value of another kind than its key takes.
#[must_use]
pub fn wrong_kind(key: &str, kind: &Value, value: &str, place: &Place) -> Problem {
    let (expected, example) = match kind {
        Value::Integer(_) => ("a whole number from 0 to 4294967295", "10".to_owned()),
        Value::Boolean(_) => ("true or false", "true".to_owned()),
        Value::Array(_) => ("a list of texts", "[\"one\", \"two\"]".to_owned()),
        Value::Table(_) => ("a table", "[section]".to_owned()),
        _ => ("text in quotes", format!("\"{}\"", kind.as_str().unwrap_or_default())),
    };
    Problem {
        key: key.to_owned(),
        value: shown(key, value),
        source: Some(place.name(key)),
        expected: format!("expected {expected}"),
        fix: format!("write it like {example}"),
    }
}

/// A key that does not exist. Its value is not shown: a misspelled `token` is a token.
#[must_use]
pub fn unknown(key: &str, schema: &Table, prefix: &str, place: &Place) -> Problem {
    let plain = key.split('[').next().unwrap_or_default();
    let listed = if plain == key { key.to_owned() } else { format!("{plain}{}", key.rsplit(']').next().unwrap_or_default()) };
    let (expected, fix) = if LATER.contains(&listed.as_str()) {
        ("this key is of a feature that is not in this version".to_owned(), "remove it".to_owned())
    } else {
        let fix = nearest(key, schema, prefix).map_or_else(see_example, |near| format!("did you mean {near}?"));
        ("there is no such key".to_owned(), fix)
    };
    Problem { key: key.to_owned(), value: None, source: Some(place.name(key)), expected, fix }
}

/// The key nearest to one that does not exist, if one is near: at most three letters wrong, and less than half of them.
/// `schema` is the table that the key is in, `prefix` the key of that table.
fn nearest(key: &str, schema: &Table, prefix: &str) -> Option<String> {
    let sections = schema.iter().filter(|(_, value)| value.is_table()).map(|(name, _)| name.clone());
    let names = dotted_keys(schema).into_iter().chain(sections);
    let candidates = names.map(|name| if prefix.is_empty() { name } else { format!("{prefix}.{name}") });
    let measured = candidates.map(|candidate| (edit_distance(key, &candidate), candidate));
    measured.filter(|(distance, _)| *distance <= 3 && distance * 2 < key.len()).min().map(|(_, candidate)| candidate)
}

/// Where all keys are listed.
#[must_use]
pub fn see_example() -> String {
    "see `legwork config --example` for all keys".to_owned()
}
