//! Drafts: who may send them where, and how they end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::simulator::telegram::tests::{ADA, GROUP, World, raw};
use crate::simulator::telegram::{Fault, FaultKind};

async fn draft(world: &World, body: Value) -> String {
    let (_, answer) = raw(world, "sendMessageDraft", body).await;
    answer["description"].as_str().unwrap_or("shown").to_owned()
}

#[tokio::test]
async fn a_draft_follows_the_one_before_and_ends_with_a_message() {
    let world = World::start().await;
    world.telegram.says(ADA, ADA, "/start");
    for text in ["It", "It was", "It was a"] {
        assert_eq!(draft(&world, json!({ "chat_id": ADA, "draft_id": 5, "text": text })).await, "shown");
    }
    let texts = |world: &World| world.telegram.drafts(ADA).into_iter().map(|draft| draft.text).collect::<Vec<_>>();
    assert_eq!(texts(&world), ["It was a"]);
    assert_eq!(draft(&world, json!({ "chat_id": ADA, "draft_id": 6 })).await, "shown");
    assert_eq!(texts(&world), ["It was a", ""]);
    assert!(world.telegram.said(ADA).is_empty(), "a draft is no message");
    raw(&world, "sendMessage", json!({ "chat_id": ADA, "text": "It was a dark night." })).await;
    assert_eq!(texts(&world), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_draft_fades_after_half_a_minute() {
    let world = World::start().await;
    world.telegram.says(ADA, ADA, "/start");
    draft(&world, json!({ "chat_id": ADA, "draft_id": 5, "text": "It" })).await;
    tokio::time::advance(Duration::from_secs(29)).await;
    assert_eq!(world.telegram.drafts(ADA).len(), 1);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(world.telegram.drafts(ADA).is_empty());
}

#[tokio::test]
async fn drafts_are_for_private_chats_and_count_like_messages() {
    let world = World::start().await;
    world.telegram.says(ADA, ADA, "/start");
    world.telegram.says(GROUP, ADA, "/start");
    let refused = [
        (json!({ "chat_id": GROUP, "draft_id": 5, "text": "It" }), "TEXTDRAFT_PEER_INVALID"),
        (json!({ "chat_id": ADA, "draft_id": 0, "text": "It" }), "RANDOM_ID_EMPTY"),
        (json!({ "chat_id": ADA, "draft_id": 5, "text": "x".repeat(4097) }), "message is too long"),
    ];
    for (body, reason) in refused {
        assert_eq!(draft(&world, body).await, format!("Bad Request: {reason}"));
    }
    world.telegram.enforce_limits(true);
    for _ in 0..5 {
        assert_eq!(draft(&world, json!({ "chat_id": ADA, "draft_id": 5, "text": "It" })).await, "shown");
    }
    assert!(draft(&world, json!({ "chat_id": ADA, "draft_id": 5, "text": "It" })).await.starts_with("Too Many Requests"));
}

#[tokio::test]
async fn an_older_server_does_not_know_the_method() {
    let world = World::start().await;
    world.telegram.says(ADA, ADA, "/start");
    world.telegram.fail(Fault::once("sendMessageDraft", FaultKind::Status(404, "Not Found".to_owned())).times(usize::MAX));
    assert_eq!(draft(&world, json!({ "chat_id": ADA, "draft_id": 5, "text": "It" })).await, "Not Found");
}
