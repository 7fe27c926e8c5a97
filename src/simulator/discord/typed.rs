//! What a person types, fitted to the options of a command as Discord's client does it.

use serde_json::{Value, json};

use super::people::CannotDo;
use super::world::list;

/// One option with its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filled {
    name: String,
    kind: u64,
    value: Value,
}

impl Filled {
    pub(super) fn json(&self) -> Value {
        json!({ "name": self.name, "type": self.kind, "value": self.value })
    }

    /// What the value is the id of: the name of its map in `resolved`, and the id.
    pub(super) fn refers_to(&self) -> Option<(&'static str, u64)> {
        let id = self.value.as_str()?.parse().ok()?;
        match self.kind {
            6 | 9 => Some(("users", id)),
            7 => Some(("channels", id)),
            _ => None,
        }
    }
}

/// The option of this name.
pub(super) fn option<'a>(command: &'a Value, name: &str) -> Result<&'a Value, CannotDo> {
    let found = list(&command["options"]).iter().find(|option| option["name"].as_str() == Some(name));
    found.ok_or_else(|| CannotDo(format!("`/{}` has no option `{name}`", name_of(command))))
}

/// Gives every option its value, in the order of the command.
pub(super) fn fill(command: &Value, given: &[(&str, &str)]) -> Result<Vec<Filled>, CannotDo> {
    for (name, _) in given {
        option(command, name)?;
    }
    let mut filled = Vec::new();
    for spec in list(&command["options"]) {
        let name = name_of(spec);
        match given.iter().find(|(given, _)| *given == name) {
            Some((_, value)) => filled.push(fit(spec, name, value)?),
            None if spec["required"].as_bool() == Some(true) => {
                return Err(CannotDo(format!("`/{}` needs the option `{name}`", name_of(command))));
            }
            None => {}
        }
    }
    Ok(filled)
}

/// Splits what follows the name of a command: `a: one b: two` by the options, anything else goes to the first required
/// text option, or the first text option at all.
pub(super) fn split(command: &Value, rest: &str) -> Result<Vec<(String, String)>, CannotDo> {
    let marks = marks(command, rest);
    if marks.first().is_some_and(|(start, _, _)| *start == 0) {
        let ends = marks.iter().skip(1).map(|(start, _, _)| *start).chain([rest.len()]);
        let parts = marks.iter().zip(ends);
        return Ok(parts
            .map(|((_, after, name), end)| (name.clone(), rest.get(*after..end).unwrap_or_default().trim().to_owned()))
            .collect());
    }
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let options = list(&command["options"]);
    let required = options.iter().find(|option| option["required"].as_bool() == Some(true) && is_text(option));
    let first = required.or_else(|| options.iter().find(|option| is_text(option))).or_else(|| options.first());
    let first = first.ok_or_else(|| CannotDo(format!("`/{}` takes nothing", name_of(command))))?;
    // A flag is also set by writing its name.
    let value = if rest == name_of(first) && first["type"].as_u64() == Some(5) { "true" } else { rest };
    Ok(vec![(name_of(first).to_owned(), value.to_owned())])
}

/// Where `name:` of an option stands at the beginning of a word: start, end, name.
fn marks(command: &Value, rest: &str) -> Vec<(usize, usize, String)> {
    let mut marks = Vec::new();
    for option in list(&command["options"]) {
        let mark = format!("{}:", name_of(option));
        let starts_word =
            |at: &usize| rest.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with(char::is_whitespace));
        let first = rest.match_indices(&mark).map(|(at, _)| at).find(starts_word);
        marks.extend(first.map(|at| (at, at + mark.len(), name_of(option).to_owned())));
    }
    marks.sort();
    marks
}

fn is_text(option: &Value) -> bool {
    option["type"].as_u64() == Some(3)
}

fn name_of(spec: &Value) -> &str {
    spec["name"].as_str().unwrap_or_default()
}

/// A value of the option's type, as the client checks it.
fn fit(spec: &Value, name: &str, text: &str) -> Result<Filled, CannotDo> {
    let kind = spec["type"].as_u64().unwrap_or_default();
    let wrong = |wanted: &str| CannotDo(format!("the option `{name}` takes {wanted}"));
    let value = match kind {
        3 => json!(text),
        4 => json!(text.parse::<i64>().map_err(|_| wrong("a whole number"))?),
        5 => json!(text.parse::<bool>().map_err(|_| wrong("true or false"))?),
        6..=9 => json!(text.parse::<u64>().map_err(|_| wrong("an id"))?.to_string()),
        10 => json!(text.parse::<f64>().map_err(|_| wrong("a number"))?),
        _ => return Err(wrong("what is not simulated")),
    };
    let length = text.chars().count() as u64;
    let fits_length = spec["min_length"].as_u64().is_none_or(|least| length >= least)
        && length <= spec["max_length"].as_u64().unwrap_or(6000)
        && length > 0;
    if kind == 3 && !fits_length {
        return Err(wrong("a text of another length"));
    }
    let number = value.as_f64();
    let fits_range = spec["min_value"].as_f64().is_none_or(|least| number >= Some(least))
        && spec["max_value"].as_f64().is_none_or(|most| number <= Some(most));
    if matches!(kind, 4 | 10) && !fits_range {
        return Err(wrong("a number in another range"));
    }
    let choices = list(&spec["choices"]);
    if !choices.is_empty() && !choices.iter().any(|choice| choice["value"] == value) {
        return Err(wrong("one of its choices"));
    }
    Ok(Filled { name: name.to_owned(), kind, value })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{fill, split};

    fn command() -> Value {
        json!({ "name": "submit", "options": [
            { "type": 3, "name": "prompt", "required": true },
            { "type": 3, "name": "to" },
            { "type": 4, "name": "budget", "max_value": 10 },
        ] })
    }

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = split(&command(), text).expect("options");
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_plain_line_is_the_required_text() {
        check("write to: everybody", &[("prompt", "write to: everybody")]);
        check("", &[]);
    }

    #[test]
    fn named_options_are_told_apart() {
        check("prompt: write a poem to: discord:5 budget:3", &[("prompt", "write a poem"), ("to", "discord:5"), ("budget", "3")]);
    }

    #[test]
    fn values_must_fit() {
        let error = |given: &[(&str, &str)]| fill(&command(), given).expect_err("does not fit").to_string();
        assert_eq!(error(&[]), "`/submit` needs the option `prompt`");
        assert_eq!(error(&[("prompt", "x"), ("colour", "red")]), "`/submit` has no option `colour`");
        assert_eq!(error(&[("prompt", "x"), ("budget", "11")]), "the option `budget` takes a number in another range");
        assert_eq!(error(&[("prompt", &"x".repeat(6001))]), "the option `prompt` takes a text of another length");
        assert_eq!(fill(&command(), &[("prompt", "x"), ("budget", "7")]).expect("fits").len(), 2);
    }
}
