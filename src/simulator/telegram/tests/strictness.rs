//! What the platform does not take, in its own words.

use serde_json::{Value, json};

use crate::simulator::telegram::tests::{ADA, GROUP, World, raw};

async fn refusal(world: &World, method: &str, body: Value) -> String {
    let (status, answer) = raw(world, method, body).await;
    assert_eq!(answer["error_code"], status);
    answer["description"].as_str().unwrap_or("accepted").to_owned()
}

#[tokio::test]
async fn wrong_texts_are_refused_and_noted() {
    let world = World::start().await;
    world.telegram.says(ADA, ADA, "/start");
    let cases = [
        (json!({ "text": "" }), "message text is empty"),
        (json!({ "text": " \n" }), "text must be non-empty"),
        (json!({ "text": "😀".repeat(2049) }), "message is too long"),
        (
            json!({ "text": "😀", "entities": [{ "type": "bold", "offset": 0, "length": 1 }] }),
            "entity beginning at UTF-16 offset 0 ends in the middle of a UTF-16 symbol at UTF-16 offset 1",
        ),
        (
            json!({ "text": "ab", "entities": [{ "type": "bold", "offset": 1, "length": 2 }] }),
            "entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 3",
        ),
        (
            json!({ "text": "<b>x", "parse_mode": "HTML" }),
            "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
        (
            json!({ "text": "1.", "parse_mode": "MarkdownV2" }),
            "can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'",
        ),
        (json!({ "text": "x", "parse_mode": "RTF" }), "unsupported parse_mode"),
        (button("x", &"d".repeat(65)), "BUTTON_DATA_INVALID"),
        (button("x", ""), "BUTTON_DATA_INVALID"),
    ];
    for (index, (mut body, expected)) in cases.into_iter().enumerate() {
        body["chat_id"] = json!(ADA);
        assert_eq!(refusal(&world, "sendMessage", body).await, format!("Bad Request: {expected}"));
        assert_eq!(world.telegram.violations().len(), index + 1);
    }
    let (status, _) = raw(&world, "sendMessage", json!({ "chat_id": ADA, "text": "😀".repeat(2048) })).await;
    assert_eq!((status, world.telegram.said(ADA).len()), (200, 1));
}

fn button(label: &str, data: &str) -> Value {
    json!({ "text": "x", "reply_markup": { "inline_keyboard": [[{ "text": label, "callback_data": data }]] } })
}

#[tokio::test]
async fn what_a_correct_bot_can_meet_is_refused_but_not_noted() {
    let world = World::start().await;
    let asked = world.telegram.says(GROUP, ADA, "/start");
    let cases = [
        ("sendMessage", json!({ "chat_id": 99, "text": "x" }), "chat not found"),
        (
            "sendMessage",
            json!({ "chat_id": GROUP, "text": "x", "reply_parameters": { "message_id": 99 } }),
            "message to be replied not found",
        ),
        ("sendMessage", json!({ "chat_id": GROUP, "text": "x", "message_thread_id": 99 }), "message thread not found"),
        ("editMessageText", json!({ "chat_id": GROUP, "text": "x", "message_id": 99 }), "message to edit not found"),
        ("editMessageText", json!({ "chat_id": GROUP, "text": "x", "message_id": asked }), "message can't be edited"),
        ("deleteMessage", json!({ "chat_id": GROUP, "message_id": 99 }), "message to delete not found"),
        (
            "answerCallbackQuery",
            json!({ "callback_query_id": "99" }),
            "query is too old and response timeout expired or query ID is invalid",
        ),
    ];
    for (method, body, expected) in cases {
        assert_eq!(refusal(&world, method, body).await, format!("Bad Request: {expected}"));
    }
    let lenient = json!({ "message_id": 99, "allow_sending_without_reply": true });
    let (status, _) = raw(&world, "sendMessage", json!({ "chat_id": GROUP, "text": "x", "reply_parameters": lenient })).await;
    assert_eq!(status, 200);
    assert_eq!(world.telegram.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn unknown_parameters_are_noted_though_the_platform_ignores_them() {
    let world = World::start().await;
    world.telegram.says(ADA, ADA, "/start");
    let body = json!({ "chat_id": ADA, "text": "x", "reply_to_message_id": 101 });
    assert_eq!(raw(&world, "sendMessage", body).await.0, 200);
    assert_eq!(world.telegram.violations(), ["sendMessage: unknown parameters reply_to_message_id"]);
}

#[tokio::test]
async fn rate_limits_hold_when_asked_for() {
    let world = World::start().await;
    world.telegram.says(GROUP, ADA, "/start");
    let send = async || raw(&world, "sendMessage", json!({ "chat_id": GROUP, "text": "x" })).await;
    for _ in 0..21 {
        assert_eq!(send().await.0, 200);
    }
    world.telegram.enforce_limits(true);
    for _ in 0..20 {
        assert_eq!(send().await.0, 200);
    }
    let (status, body) = send().await;
    assert_eq!((status, body["parameters"]["retry_after"].as_i64()), (429, Some(60)));
    assert_eq!(body["description"], "Too Many Requests: retry after 60");
    assert_eq!(world.telegram.violations().len(), 1);
}

#[tokio::test]
async fn forms_work_like_json() {
    let world = World::start().await;
    world.telegram.says(ADA, ADA, "/start");
    let url =
        format!("{}/bot{}/sendmessage?chat_id={ADA}&text=42", world.telegram.url(), crate::simulator::telegram::tests::TOKEN);
    let client = reqwest012::Client::builder().no_proxy().build().unwrap();
    let form = [("reply_markup", r#"{"inline_keyboard":[[{"text":"Go","url":"https://example.org"}]]}"#)];
    assert_eq!(client.post(url).form(&form).send().await.unwrap().status().as_u16(), 200);
    let said = world.telegram.said(ADA).pop().unwrap();
    assert_eq!((said.text.as_str(), said.buttons), ("42", vec!["Go".to_owned()]));
}
