//! The form of a command, and what Discord refuses in it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::refusal::FormFaults;
use super::world::list;

const CHAT_INPUT: u64 = 1;
const STRING_OPTION: u64 = 3;
/// Subcommand to attachment.
const OPTION_TYPES: std::ops::RangeInclusive<u64> = 1..=11;
/// Strings, integers and numbers can be completed and chosen.
const CHOOSABLE: [u64; 3] = [3, 4, 10];
const LONGEST_NAME: usize = 32;
const LONGEST_DESCRIPTION: usize = 100;
const MOST_OPTIONS: usize = 25;
const MOST_CHOICES: usize = 25;
const LONGEST_COMMAND: usize = 8000;
const LONGEST_STRING: u64 = 6000;

/// Checks one command; `path` is empty or the path of it.
pub(super) fn check(form: &Value, path: &str, faults: &mut FormFaults) {
    let at = |field: &str| if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
    check_name(&form["name"], &at("name"), faults);
    if form["type"].as_u64().unwrap_or(CHAT_INPUT) == CHAT_INPUT {
        check_description(&form["description"], &at("description"), faults);
        check_options(list(&form["options"]), &at("options"), faults);
    }
    if size(form) > LONGEST_COMMAND {
        faults.add(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)");
    }
}

fn check_options(options: &[Value], path: &str, faults: &mut FormFaults) {
    if options.len() > MOST_OPTIONS {
        faults.add(path, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.");
    }
    let mut names = BTreeSet::new();
    let mut optional_before = false;
    for (index, option) in options.iter().enumerate() {
        let at = |field: &str| format!("{path}.{index}.{field}");
        check_name(&option["name"], &at("name"), faults);
        check_description(&option["description"], &at("description"), faults);
        if !names.insert(option["name"].as_str()) {
            let code = "APPLICATION_COMMAND_OPTIONS_NAME_NOT_UNIQUE";
            faults.add(&at("name"), code, "Option name must be unique");
        }
        let required = option["required"].as_bool().unwrap_or(false);
        if required && optional_before {
            let code = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID";
            faults.add(&format!("{path}.{index}"), code, "Required options must be placed before non-required options");
        }
        optional_before |= !required;
        check_values(option, &at, faults);
    }
}

fn check_values(option: &Value, at: &dyn Fn(&str) -> String, faults: &mut FormFaults) {
    let kind = option["type"].as_u64().unwrap_or_default();
    if !OPTION_TYPES.contains(&kind) {
        faults.add(&at("type"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, ..., 11}.");
    }
    let choices = list(&option["choices"]);
    let completes = option["autocomplete"].as_bool().unwrap_or(false);
    if choices.len() > MOST_CHOICES {
        faults.add(&at("choices"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.");
    }
    if (completes || !choices.is_empty()) && !CHOOSABLE.contains(&kind) {
        faults.add(
            &at("type"),
            "APPLICATION_COMMAND_AUTOCOMPLETE_INVALID_TYPE",
            "This option type cannot be completed or chosen",
        );
    }
    if completes && !choices.is_empty() {
        let code = "APPLICATION_COMMAND_AUTOCOMPLETE_NOT_WITH_CHOICES";
        faults.add(&at("choices"), code, "Autocomplete cannot be combined with choices");
    }
    for (index, choice) in choices.iter().enumerate() {
        faults.length(&at(&format!("choices.{index}.name")), choice["name"].as_str().unwrap_or_default(), 1, 100);
    }
    let lengths = [&option["min_length"], &option["max_length"]];
    if lengths.iter().any(|length| !length.is_null() && (kind != STRING_OPTION || length.as_u64() > Some(LONGEST_STRING))) {
        faults.add(&at("max_length"), "NUMBER_TYPE_MAX", "Only strings have a length, of at most 6000.");
    }
}

fn check_name(name: &Value, path: &str, faults: &mut FormFaults) {
    let name = name.as_str().unwrap_or_default();
    faults.length(path, name, 1, LONGEST_NAME);
    let allowed = |letter: char| letter == '-' || letter == '_' || letter.is_ascii_lowercase() || letter.is_ascii_digit();
    if !name.chars().all(allowed) {
        faults.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
    }
}

fn check_description(description: &Value, path: &str, faults: &mut FormFaults) {
    faults.length(path, description.as_str().unwrap_or_default(), 1, LONGEST_DESCRIPTION);
}

/// The letters of all names, descriptions and values.
fn size(form: &Value) -> usize {
    let own: usize =
        ["name", "description", "value"].iter().filter_map(|field| form[*field].as_str()).map(|text| text.chars().count()).sum();
    let inner = list(&form["options"]).iter().chain(list(&form["choices"]));
    own + inner.map(size).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::simulator::discord::refusal::FormFaults;

    fn fault(form: &Value) -> Option<String> {
        let mut faults = FormFaults::default();
        check(form, "", &mut faults);
        faults.finish().err().map(|refusal| refusal.describe())
    }

    #[test]
    fn a_sound_command_passes() {
        let options = json!([
            { "type": 3, "name": "prompt", "description": "What to do", "required": true, "max_length": 6000 },
            { "type": 3, "name": "task", "description": "Which", "autocomplete": true },
        ]);
        assert_eq!(fault(&json!({ "name": "submit", "description": "Hand over", "options": options })), None);
    }

    #[test]
    fn what_discord_refuses_is_refused() {
        let late = json!([
            { "type": 3, "name": "a", "description": "a" },
            { "type": 3, "name": "b", "description": "b", "required": true },
        ]);
        for (form, code) in [
            (json!({ "name": "Submit", "description": "x" }), "APPLICATION_COMMAND_INVALID_NAME"),
            (json!({ "name": "x".repeat(33), "description": "x" }), "BASE_TYPE_BAD_LENGTH"),
            (json!({ "name": "x", "description": "" }), "BASE_TYPE_BAD_LENGTH"),
            (json!({ "name": "x", "description": "x".repeat(101) }), "BASE_TYPE_BAD_LENGTH"),
            (json!({ "name": "x", "description": "x", "options": late }), "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"),
        ] {
            let fault = fault(&form).unwrap_or_default();
            assert!(fault.contains(code), "{form}: {fault}");
        }
    }
}
