//! What is registered, and what counts as a difference.

use serde_json::json;

use super::*;

/// Everybody is spoken to in their own language.
fn own(spoken: Language) -> Language {
    spoken
}

fn wanted() -> Value {
    serde_json::to_value(commands(Scope::Global, &own)).expect("JSON")
}

/// What Discord answers to a GET after it was given these commands.
fn as_discord_tells(commands: &Value) -> Value {
    let mut told = commands.clone();
    for (id, command) in told.as_array_mut().expect("an array").iter_mut().enumerate() {
        let fields = command.as_object_mut().expect("an object");
        fields.insert("id".to_owned(), json!((id + 100).to_string()));
        fields.insert("application_id".to_owned(), json!("7"));
        fields.insert("version".to_owned(), json!("1"));
        fields.insert("dm_permission".to_owned(), json!(true));
        fields.insert("default_member_permissions".to_owned(), json!(null));
        fields.insert("name_localizations".to_owned(), json!(null));
        fields.insert("contexts".to_owned(), json!([2, 0, 1]));
        for option in fields["options"].as_array_mut().expect("an array") {
            option.as_object_mut().expect("an object").retain(|_, value| *value != json!(false));
        }
    }
    told.as_array_mut().expect("an array").reverse();
    told
}

#[test]
fn every_command_of_the_catalogue_is_registered() {
    let wanted = wanted();
    let names: Vec<_> = wanted.as_array().expect("an array").iter().map(|command| &command["name"]).collect();
    assert_eq!(names, ["submit", "status", "cancel", "list", "result", "retry", "notify", "help"]);
    let submit = &wanted[0];
    assert_eq!(
        (&submit["type"], &submit["contexts"], &submit["integration_types"]),
        (&json!(1), &json!([0, 1, 2]), &json!([0, 1]))
    );
    assert_eq!(submit["options"][0]["max_length"], 6000);
    assert_eq!(submit["options"][0]["required"], true);
    assert_eq!((&wanted[2]["options"][0]["type"], &wanted[2]["options"][0]["autocomplete"]), (&json!(3), &json!(true)));
    assert_eq!(wanted[3]["options"][0]["type"], 5);
}

#[test]
fn commands_of_a_server_have_no_contexts() {
    let commands = serde_json::to_value(commands(Scope::Guild(9.into()), &own)).expect("JSON");
    assert!(commands[0].get("contexts").is_none() && commands[0].get("integration_types").is_none());
}

#[test]
fn what_discord_tells_of_our_commands_is_no_difference() {
    assert_eq!(essence(&as_discord_tells(&wanted())), essence(&wanted()));
}

#[test]
fn every_change_is_a_difference() {
    let told = as_discord_tells(&wanted());
    let changed = |change: fn(&mut Value)| {
        let mut told = told.clone();
        change(&mut told);
        essence(&told) != essence(&wanted())
    };
    assert!(changed(|told| told[0]["description"] = json!("other")));
    assert!(changed(|told| told[7]["options"][0]["max_length"] = json!(100)));
    assert!(changed(|told| told[0]["contexts"] = json!([0])));
    assert!(changed(|told| told[0]["default_member_permissions"] = json!("0")));
    assert!(changed(|told| told[0]["name_localizations"] = json!({"de": "hilfe"})));
    assert!(changed(|told| drop(told.as_array_mut().map(Vec::pop))));
    assert!(changed(|told| told[7]["options"].as_array_mut().expect("options").swap(0, 1)));
}

#[test]
fn what_discord_tells_of_a_servers_own_commands_is_no_difference() {
    let wanted = serde_json::to_value(commands(Scope::Guild(9.into()), &own)).expect("JSON");
    let mut told = as_discord_tells(&wanted);
    for command in told.as_array_mut().expect("an array") {
        command["guild_id"] = json!("9");
        command["integration_types"] = json!([0]);
    }
    assert_eq!(essence(&told), essence(&wanted));
}
