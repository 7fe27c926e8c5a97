//! Topics, captions, anonymous administrators, inline bots, and coming into groups.

use serde_json::{Value, json};

use super::{ADA, GROUP, World, raw};

/// Every update that waits, of these kinds.
async fn updates(world: &World) -> Vec<Value> {
    let kinds = json!({"allowed_updates": ["message", "edited_message", "my_chat_member", "callback_query"]});
    raw(world, "getUpdates", kinds).await.1["result"].as_array().cloned().unwrap_or_default()
}

async fn types(world: &World, topic: Option<i64>) -> (u16, String) {
    let (status, body) =
        raw(world, "sendChatAction", json!({"chat_id": GROUP, "action": "typing", "message_thread_id": topic})).await;
    (status, body["description"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn the_general_topic_is_named_for_typing_and_never_for_messages() {
    let world = World::start().await;
    let telegram = &world.telegram;
    telegram.says(GROUP, ADA, "hello");
    assert_eq!(types(&world, Some(1)).await.1, "Bad Request: message thread not found", "a group without topics");
    assert_eq!(types(&world, None).await.0, 200);
    assert!(telegram.is_typing(GROUP, None));
    let topic = telegram.create_topic(GROUP, "plans");
    raw(&world, "sendMessage", json!({"chat_id": GROUP, "text": "ends the typing"})).await;
    assert_eq!(types(&world, None).await.0, 200);
    assert!(!telegram.is_typing(GROUP, None), "taken, and seen by nobody");
    assert_eq!(types(&world, Some(1)).await.0, 200);
    assert!(telegram.is_typing(GROUP, None) && !telegram.is_typing(GROUP, Some(topic)));
    let (status, body) = raw(&world, "sendMessage", json!({"chat_id": GROUP, "text": "x", "message_thread_id": 1})).await;
    assert_eq!((status, body["description"].as_str()), (400, Some("Bad Request: message thread not found")));
}

#[tokio::test]
async fn a_topic_never_has_the_number_of_the_general_one() {
    let world = World::start().await;
    assert_eq!(world.telegram.create_topic(GROUP, "first thing ever"), 2);
}

#[tokio::test]
async fn captions_and_edits_are_commands_to_privacy_mode_too() {
    let world = World::start().await;
    let telegram = &world.telegram;
    telegram.sends_file(GROUP, ADA, "a.pdf", "just a file");
    telegram.sends_file(GROUP, ADA, "b.pdf", "/submit read it");
    let plain = telegram.says(GROUP, ADA, "submit it");
    telegram.edits(GROUP, plain, "/submit it");
    let seen = updates(&world).await;
    assert_eq!(seen.len(), 2, "{seen:?}");
    let message = &seen[0]["message"];
    assert_eq!((&message["caption"], &message["document"]["file_name"]), (&json!("/submit read it"), &json!("b.pdf")));
    assert_eq!(seen[1]["edited_message"]["text"], "/submit it");
    assert!(seen[1]["edited_message"]["edit_date"].is_i64());
}

#[tokio::test]
async fn who_stays_anonymous_writes_as_the_group_and_inline_bots_are_named() {
    let world = World::start().await;
    let telegram = &world.telegram;
    telegram.says_as_group(GROUP, "/status");
    telegram.says_via_bot(GROUP, ADA, "/status");
    let seen = updates(&world).await;
    assert_eq!(seen[0]["message"]["sender_chat"]["id"], GROUP);
    assert_eq!(seen[0]["message"]["from"]["is_bot"], true);
    assert_eq!(seen[1]["message"]["via_bot"]["is_bot"], true);
}

#[tokio::test]
async fn whoever_lets_the_bot_in_is_named_once() {
    let world = World::start().await;
    let telegram = &world.telegram;
    updates(&world).await;
    telegram.lets_in(GROUP, ADA);
    let seen = updates(&world).await;
    let change = &seen[0]["my_chat_member"];
    assert_eq!((&change["old_chat_member"]["status"], &change["new_chat_member"]["status"]), (&json!("left"), &json!("member")));
    assert_eq!(change["from"]["id"], ADA);
    assert_eq!(seen[1]["message"]["new_chat_members"][0]["is_bot"], true);
    assert_eq!(seen.len(), 2);
    assert_eq!(raw(&world, "sendMessage", json!({"chat_id": GROUP, "text": "hello"})).await.0, 200);
}
