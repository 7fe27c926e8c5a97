//! What interactions of every kind mean.

use serde_json::json;

use super::*;
use crate::domain::command::Action;
use crate::domain::id::{TaskNumber, TaskRef};

fn interaction(kind: u8, data: &Value) -> Value {
    json!({
        "id": "1234567890123456789", "application_id": "7", "type": kind, "token": "aW50.tok", "version": 1,
        "guild_id": "9", "channel_id": "42", "context": 0,
        "member": {"user": {"id": "5", "username": "ada"}, "permissions": "2147483648"},
        "data": data,
    })
}

fn ask(value: Value) -> (Inbound, Handle) {
    let Ok(Interaction::Ask { inbound, handle }) = Interaction::parse(value) else { panic!("something is asked") };
    (*inbound, handle)
}

#[test]
fn a_command_is_understood() {
    let options =
        json!([{"name": "prompt", "type": 3, "value": "count the ships"}, {"name": "timeout", "type": 3, "value": "90s"}]);
    let (inbound, handle) = ask(interaction(2, &json!({"id": "1", "name": "submit", "options": options})));
    assert_eq!(inbound.id.as_str(), "discord:interaction:1234567890123456789");
    assert_eq!(inbound.channel.to_string(), "discord:42");
    assert_eq!(inbound.session, "discord:42");
    assert_eq!(inbound.person.to_string(), "discord:5");
    assert!(!inbound.channel_admin);
    let Request::Command(Ok(Command::Submit(submit))) = inbound.request else { panic!("it is a submit") };
    assert_eq!(submit.prompt.as_str(), "count the ships");
    assert!(Handle::from_reply(&inbound.reply).is_some_and(|read| read == handle));
    assert!(!handle.ephemeral, "everybody sees what becomes of a task");
}

#[test]
fn what_one_looks_up_is_for_one_person() {
    for (name, ephemeral) in [("status", true), ("list", true), ("help", true), ("cancel", false), ("nonsense", true)] {
        let (_, handle) = ask(interaction(2, &json!({"name": name})));
        assert_eq!(handle.ephemeral, ephemeral, "{name}");
    }
}

#[test]
fn yes_and_no_and_numbers_are_values_too() {
    let (inbound, _) = ask(interaction(2, &json!({"name": "list", "options": [{"name": "all", "type": 5, "value": true}]})));
    assert!(matches!(inbound.request, Request::Command(Ok(Command::List { all: true, .. }))));
    let (inbound, _) = ask(interaction(2, &json!({"name": "status", "options": [{"name": "task", "type": 4, "value": 42}]})));
    let Request::Command(Ok(Command::Status(Some(task)))) = inbound.request else { panic!("it is a status") };
    assert_eq!(task, TaskRef::Number(TaskNumber(42)));
}

#[test]
fn a_press_is_an_action() {
    let (inbound, handle) = ask(interaction(3, &json!({"custom_id": "cancel:42", "component_type": 2})));
    assert!(matches!(inbound.request, Request::Press(Ok(Action::Cancel(TaskNumber(42))))));
    assert!(handle.ephemeral);
    let (inbound, _) = ask(interaction(3, &json!({"custom_id": "somebody_elses", "component_type": 2})));
    assert!(matches!(inbound.request, Request::Press(Err(_))));
}

#[test]
fn permissions_make_an_admin() {
    for (bits, admin) in [("0", false), ("8", true), ("16", true), ("32", true), ("2048", false), ("x", false)] {
        let mut value = interaction(2, &json!({"name": "help"}));
        value["member"]["permissions"] = json!(bits);
        assert_eq!(ask(value).0.channel_admin, admin, "{bits}");
    }
}

#[test]
fn a_direct_message_has_a_user_and_no_member() {
    let mut value = interaction(2, &json!({"name": "help"}));
    let fields = value.as_object_mut().expect("an object");
    fields.remove("member");
    fields.remove("guild_id");
    fields.insert("user".to_owned(), json!({"id": "6"}));
    fields.insert("context".to_owned(), json!(1));
    let (inbound, _) = ask(value);
    assert_eq!(inbound.person.to_string(), "discord:6");
    assert!(inbound.channel_admin);
}

#[test]
fn typing_a_task_is_completed() {
    let typing = |command: &str, option: &str| {
        let options = json!([{"name": option, "type": 3, "value": "4", "focused": true}]);
        match Interaction::parse(interaction(4, &json!({"name": command, "options": options}))) {
            Ok(Interaction::Complete { typed, .. }) => typed,
            _ => panic!("something is completed"),
        }
    };
    assert_eq!(typing("cancel", "task"), Some((CommandName::Cancel, "4".to_owned())));
    assert_eq!(typing("submit", "model"), None);
}

#[test]
fn what_cannot_be_answered_is_told_apart() {
    let parse = |value| Interaction::parse(value).err();
    assert_eq!(parse(json!({"id": "1", "type": 2})), Some(Unanswerable::Malformed));
    assert_eq!(parse(interaction(5, &json!({}))), Some(Unanswerable::Kind(5)));
    let mut hostile = interaction(2, &json!({"name": "help"}));
    hostile["token"] = json!("../../channels/1/messages?x=");
    assert_eq!(parse(hostile), Some(Unanswerable::Malformed));
}

#[test]
fn a_thread_says_which_channel_it_is_part_of() {
    let mut value = interaction(2, &json!({"name": "help"}));
    for (kind, parent) in [(0, None), (10, Some("discord:41")), (11, Some("discord:41")), (12, Some("discord:41")), (15, None)] {
        value["channel"] = json!({"id": "42", "type": kind, "parent_id": "41"});
        let found = ask(value.clone()).0.parent.map(|parent| parent.to_string());
        assert_eq!(found.as_deref(), parent, "type {kind}");
    }
}

#[test]
fn a_bot_that_was_brought_along_has_only_the_interaction() {
    let mut value = interaction(2, &json!({"name": "submit", "options": [{"name": "prompt", "type": 3, "value": "x"}]}));
    assert!(!ask(value.clone()).1.outside, "a server that says nothing about it");
    value["authorizing_integration_owners"] = json!({"0": "9", "1": "5"});
    assert!(!ask(value.clone()).1.outside);
    value["authorizing_integration_owners"] = json!({"1": "5"});
    let (inbound, handle) = ask(value.clone());
    assert!(handle.outside && Handle::from_reply(&inbound.reply).is_some_and(|read| read.outside));
    value["context"] = json!(2);
    assert!(ask(value.clone()).1.outside, "a conversation of others");
    value["context"] = json!(1);
    assert!(!ask(value).1.outside, "the person's own conversation with the bot");
}

#[test]
fn people_are_called_what_they_are_called_there() {
    let mut value = interaction(2, &json!({"name": "help"}));
    assert_eq!(ask(value.clone()).0.name.as_deref(), Some("ada"));
    value["member"]["user"]["global_name"] = json!("Ada L.");
    assert_eq!(ask(value.clone()).0.name.as_deref(), Some("Ada L."));
    value["member"]["nick"] = json!("Countess");
    assert_eq!(ask(value).0.name.as_deref(), Some("Countess"));
}

#[test]
fn a_person_is_understood_in_the_language_of_their_app() {
    let mut value = interaction(2, &json!({"name": "help"}));
    assert_eq!(ask(value.clone()).0.language, Language::En);
    for (locale, language) in [(json!("de"), Language::De), (json!("fr"), Language::En), (json!(7), Language::En)] {
        value["locale"] = locale;
        assert_eq!(ask(value.clone()).0.language, language);
    }
}
