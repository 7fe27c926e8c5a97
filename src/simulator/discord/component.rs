//! Rows of buttons below a message, and what Discord refuses in them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::refusal::FormFaults;
use super::world::list;

const ROW: u64 = 1;
const BUTTON: u64 = 2;
const LINK_STYLE: u64 = 5;
const MOST_ROWS: usize = 5;
const MOST_BUTTONS: usize = 5;
const LONGEST_CUSTOM_ID: usize = 100;
const LONGEST_LABEL: usize = 80;

/// Checks the rows and gives them back as they will be shown.
pub(super) fn read(rows: &Value, faults: &mut FormFaults) -> Vec<Value> {
    let rows = list(rows);
    if rows.len() > MOST_ROWS {
        faults.add("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
    }
    let mut seen = BTreeSet::new();
    for (index, row) in rows.iter().enumerate() {
        let path = format!("components.{index}");
        if row["type"].as_u64() != Some(ROW) {
            faults.add(&format!("{path}.type"), "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (1,).");
            continue;
        }
        let buttons = list(&row["components"]);
        if buttons.is_empty() || buttons.len() > MOST_BUTTONS {
            faults.add(&format!("{path}.components"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
        }
        for (index, button) in buttons.iter().enumerate() {
            check_button(button, &format!("{path}.components.{index}"), &mut seen, faults);
        }
    }
    rows.to_vec()
}

/// The buttons of a message, in the order they are shown.
pub(super) fn buttons(rows: &[Value]) -> impl Iterator<Item = &Value> {
    rows.iter().flat_map(|row| list(&row["components"])).filter(|component| component["type"].as_u64() == Some(BUTTON))
}

/// What a person reads on a button.
pub(super) fn label(button: &Value) -> &str {
    button["label"].as_str().or_else(|| button["emoji"]["name"].as_str()).unwrap_or_default()
}

fn check_button(button: &Value, path: &str, seen: &mut BTreeSet<String>, faults: &mut FormFaults) {
    if button["type"].as_u64() != Some(BUTTON) {
        faults.add(&format!("{path}.type"), "NOT_SIMULATED", "Only buttons are part of this simulation.");
        return;
    }
    if button["label"].as_str().is_none_or(str::is_empty) && !button["emoji"].is_object() {
        faults.add(path, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A button must have a label or an emoji");
    }
    faults.length(&format!("{path}.label"), button["label"].as_str().unwrap_or_default(), 0, LONGEST_LABEL);
    match (button["style"].as_u64(), button["custom_id"].as_str(), button["url"].as_str()) {
        (Some(1..=4), Some(id), None) => {
            faults.length(&format!("{path}.custom_id"), id, 1, LONGEST_CUSTOM_ID);
            if !seen.insert(id.to_owned()) {
                let code = "COMPONENT_CUSTOM_ID_DUPLICATED";
                faults.add(&format!("{path}.custom_id"), code, "Component custom id cannot be duplicated");
            }
        }
        (Some(1..=4), None, None) => faults.required(&format!("{path}.custom_id")),
        (Some(LINK_STYLE), None, Some(url)) => {
            if !["http://", "https://", "discord://"].iter().any(|scheme| url.starts_with(scheme)) {
                let code = "URL_TYPE_INVALID_SCHEME";
                faults.add(&format!("{path}.url"), code, "Scheme must be one of ('http', 'https', 'discord').");
            }
        }
        (Some(1..=LINK_STYLE), ..) => {
            let code = "BUTTON_COMPONENT_CUSTOM_ID_URL_EXCLUSIVE";
            faults.add(path, code, "A link has a url, every other button a custom id, and none both");
        }
        _ => faults.add(&format!("{path}.style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5}."),
    }
}
