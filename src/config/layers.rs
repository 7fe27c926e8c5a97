//! Where values come from: defaults, then the file, then the environment, then flags; a later one wins.
//!
//! Each layer is checked against the names and kinds of all keys before the layers are laid over each other. So every
//! unknown key and every value of the wrong kind is found at once, with the place where it was written, and what
//! remains always fits [`RawConfig`].

use std::path::Path;

use config::{Map, Source};
use toml::{Table, Value};

use crate::config::problem::Problem;
use crate::config::raw::{RawConfig, RawSecret, schema};
use crate::config::shape::{Place, parse_as, prune, see_example, unknown, wrong_kind};

/// The file that is read when none is named; it may be absent.
pub const DEFAULT_FILE: &str = "legwork.toml";

/// Which file is read.
#[derive(Debug, Clone, Copy)]
pub enum File<'a> {
    /// This one; it must exist.
    Named(&'a Path),
    /// [`DEFAULT_FILE`], if there is one.
    Usual,
    /// None at all.
    Ignored,
}

impl<'a> From<Option<&'a Path>> for File<'a> {
    fn from(file: Option<&'a Path>) -> Self {
        file.map_or(Self::Usual, Self::Named)
    }
}

/// The layers, and what they come to.
#[derive(Debug)]
pub struct Layers {
    /// All layers laid over each other.
    pub raw: RawConfig,
    layers: Vec<Layer>,
}

impl Layers {
    /// Where a key was set last; none when it has its default.
    #[must_use]
    pub fn source_of(&self, key: &str) -> Option<String> {
        let key = key.split('[').next().unwrap_or(key);
        self.layers.iter().rev().find(|layer| lookup(&layer.values, key).is_some()).map(|layer| layer.place.name(key))
    }
}

/// Reads all layers; what is wrong with them is added to `problems` and left out.
pub fn read(
    file: File<'_>,
    env: impl Iterator<Item = (String, String)>,
    overrides: &[(String, String)],
    problems: &mut Vec<Problem>,
) -> Layers {
    let Ok(schema) = schema() else { return Layers { raw: RawConfig::default(), layers: Vec::new() } };
    let mut openai_key = None;
    let mut variables = Vec::new();
    for (name, value) in env {
        if let Some(key) = name.strip_prefix(Place::ENV_PREFIX) {
            variables.push((key.to_lowercase().replace("__", "."), value));
        } else if name == "OPENAI_API_KEY" {
            openai_key = Some(value);
        }
    }
    let mut layers = Vec::new();
    layers.extend(from_file(file, &schema, problems));
    layers.push(from_texts(Place::Environment, &variables, &schema, problems));
    layers.push(from_texts(Place::CommandLine, overrides, &schema, problems));
    let mut raw = merge(schema, &layers).unwrap_or_else(|| {
        let expected = "the values do not fit together".to_owned();
        problems.push(Problem { key: "configuration".to_owned(), value: None, source: None, expected, fix: see_example() });
        RawConfig::default()
    });
    if let Some(key) = openai_key
        && raw.llm.api_key.expose().is_empty()
        && raw.llm.api_key_file.is_empty()
    {
        raw.llm.api_key = RawSecret::new(key);
    }
    Layers { raw, layers }
}

/// Lays the layers over the defaults.
fn merge(defaults: Table, layers: &[Layer]) -> Option<RawConfig> {
    let defaults = Layer { place: Place::Defaults, values: defaults };
    let builder = config::Config::builder().add_source(defaults);
    let builder = layers.iter().fold(builder, |builder, layer| builder.add_source(layer.clone()));
    builder.build().ok()?.try_deserialize().ok()
}

/// One source of values, with nothing in it that does not fit.
#[derive(Clone)]
struct Layer {
    place: Place,
    values: Table,
}

/// Shows where it was written and not what: the values hold secrets.
impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layer").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, config::Value>, config::ConfigError> {
        Ok(self.values.iter().map(|(name, value)| (name.clone(), layered(value))).collect())
    }
}

/// A value as the layering crate takes it.
fn layered(value: &Value) -> config::Value {
    match value {
        Value::String(text) => text.clone().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(flag) => (*flag).into(),
        Value::Datetime(instant) => instant.to_string().into(),
        Value::Array(items) => items.iter().map(layered).collect::<Vec<_>>().into(),
        Value::Table(table) => table.iter().map(|(name, value)| (name.clone(), layered(value))).collect::<Map<_, _>>().into(),
    }
}

fn from_file(file: File<'_>, schema: &Table, problems: &mut Vec<Problem>) -> Option<Layer> {
    let path = match file {
        File::Named(path) => path,
        File::Usual => Path::new(DEFAULT_FILE),
        File::Ignored => return None,
    };
    let mut unusable = |place: String, expected: String, fix: String| {
        problems.push(Problem { key: place, value: None, source: None, expected, fix });
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && matches!(file, File::Usual) => return None,
        Err(error) => {
            let fix = "name a file that can be read with --config".to_owned();
            unusable(path.display().to_string(), format!("cannot be read ({})", error.kind()), fix);
            return None;
        }
    };
    let mut values: Table = match toml::from_str(&text) {
        Ok(values) => values,
        Err(error) => {
            // The error's own Display quotes the line, which may hold a token.
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let place = format!("{}:{line}:{column}", path.display());
            unusable(place, "is not TOML here".to_owned(), format!("correct this line, or {}", see_example()));
            return None;
        }
    };
    let place = Place::File(path.to_owned());
    prune(&mut values, schema, "", &place, problems);
    Some(Layer { place, values })
}

/// A layer of keys and texts. Texts become what the key takes; lists are separated by commas.
fn from_texts(place: Place, texts: &[(String, String)], schema: &Table, problems: &mut Vec<Problem>) -> Layer {
    let mut values = Table::new();
    for (key, text) in texts {
        let value = match lookup(schema, key) {
            None | Some(Value::Table(_)) => {
                problems.push(unknown(key, schema, "", &place));
                continue;
            }
            Some(Value::Array(_)) if key == "channels" => {
                let expected = "tables cannot be written in one line".to_owned();
                let fix = "write [[channels]] in the file".to_owned();
                problems.push(Problem { key: key.clone(), value: None, source: Some(place.name(key)), expected, fix });
                continue;
            }
            Some(kind) => {
                let Some(value) = parse_as(kind, text) else {
                    problems.push(wrong_kind(key, kind, text, &place));
                    continue;
                };
                value
            }
        };
        insert(&mut values, key, value);
    }
    Layer { place, values }
}

fn lookup<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((section, rest)) => lookup(table.get(section)?.as_table()?, rest),
    }
}

fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((section, rest)) => {
            if let Value::Table(inner) = table.entry(section).or_insert_with(|| Value::Table(Table::new())) {
                insert(inner, rest, value);
            }
        }
    }
}
