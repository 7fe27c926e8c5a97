//! Messages, channels and commands over REST: what is done, and what is refused.

use reqwest012::Method;
use reqwest012::multipart::{Form, Part};
use serde_json::{Value, json};
use serenity::all::{ChannelId, CreateMessage, GuildChannel, Message, PrivateChannel};

use super::{ADA, Bench, Bot, CHANNEL};

/// The fault at a field of a refused form.
fn fault<'a>(answer: &'a Value, path: &[&str]) -> &'a str {
    let place = path.iter().fold(&answer["errors"], |place, step| &place[*step]);
    place["_errors"][0]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_nonce_makes_one_message() {
    let bench = Bench::start().await;
    let message = || json!({ "content": "once", "nonce": "n-1", "enforce_nonce": true, "allowed_mentions": { "parse": [] } });
    let (_, first) = bench.says(message()).await;
    let (status, second) = bench.says(message()).await;
    assert_eq!((status, &first["id"]), (200, &second["id"]));
    assert_eq!(bench.server.messages(CHANNEL).len(), 1);
    assert_eq!(bench.server.calls("POST /channels/{id}/messages"), 2);
    let last = bench.server.last_request("POST /channels/{id}/messages").expect("a request");
    assert_eq!(last["content"], "once");
    let (_, third) = bench.says(json!({ "content": "again", "nonce": "n-1" })).await;
    assert_ne!(first["id"], third["id"]);
    bench.end().await;
}

#[tokio::test]
async fn malformed_messages_are_refused() {
    let bench = Bench::start().await;
    let button = |id: &str, label: &str| json!({ "type": 2, "style": 1, "custom_id": id, "label": label });
    let row = |buttons: Vec<Value>| json!([{ "type": 1, "components": buttons }]);
    let six = (0..6).map(|nth| button(&nth.to_string(), "x")).collect();
    for (body, path, code) in [
        (json!({ "content": "x".repeat(2001) }), vec!["content"], "BASE_TYPE_MAX_LENGTH"),
        (json!({ "content": "x", "nonce": "n".repeat(26) }), vec!["nonce"], "BASE_TYPE_MAX_LENGTH"),
        (json!({ "content": "x", "components": row(six) }), vec!["components", "0", "components"], "BASE_TYPE_BAD_LENGTH"),
        (
            json!({ "content": "x", "components": row(vec![button("a", &"l".repeat(81))]) }),
            vec!["components", "0", "components", "0", "label"],
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            json!({ "content": "x", "components": row(vec![button(&"i".repeat(101), "l")]) }),
            vec!["components", "0", "components", "0", "custom_id"],
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            json!({ "content": "x", "components": row(vec![button("a", "l"), button("a", "m")]) }),
            vec!["components", "0", "components", "1", "custom_id"],
            "COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
    ] {
        let (status, answer) = bench.says(body).await;
        assert_eq!((status, &answer["code"]), (400, &json!(50035)), "{answer}");
        assert_eq!(fault(&answer, &path), code, "{answer}");
    }
    let (status, answer) = bench.says(json!({ "content": " \n" })).await;
    assert_eq!((status, &answer["code"]), (400, &json!(50006)));
    assert_eq!(bench.server.violations().len(), 7);
    assert!(bench.server.messages(CHANNEL).is_empty());
    let (status, _) = bench.says(json!({ "content": "🦀".repeat(2000) })).await;
    assert_eq!(status, 200);
    bench.end().await;
}

#[tokio::test]
async fn requests_without_token_route_or_json_are_refused() {
    let bench = Bench::start().await;
    let messages = format!("{}/api/v10/channels/{CHANNEL}/messages", bench.server.url());
    let stranger = bench.http.post(&messages).header("authorization", "Bot other").json(&json!({ "content": "x" }));
    let answer = stranger.send().await.expect("an answer");
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.expect("JSON"), json!({ "message": "401: Unauthorized", "code": 0 }));

    let broken = bench.http.post(&messages).header("content-type", "application/json").body("{").send().await.expect("an answer");
    assert_eq!(broken.status(), 400);
    assert_eq!(broken.json::<Value>().await.expect("JSON")["code"], 50109);

    let (status, answer) = bench.call(Method::GET, "/channels/1/bananas", None).await;
    assert_eq!((status, answer), (404, json!({ "message": "404: Not Found", "code": 0 })));
    assert_eq!(bench.server.violations().len(), 3);
    bench.end().await;
}

#[tokio::test]
async fn channels_the_bot_cannot_use_say_why() {
    let bench = Bench::start().await;
    let dm = bench.server.dm(ADA);
    bench.server.forbid(dm);
    for (channel, prepare, expected) in [
        (9, None, (404, 10003)),
        (10, Some(super::DiscordServer::hide as fn(&_, u64)), (403, 50001)),
        (11, Some(super::DiscordServer::forbid), (403, 50013)),
        (12, Some(super::DiscordServer::delete_channel), (404, 10003)),
        (dm, None, (403, 50007)),
    ] {
        if let Some(prepare) = prepare {
            prepare(&bench.server, channel);
        }
        let path = format!("/channels/{channel}/messages");
        let (status, answer) = bench.call(Method::POST, &path, Some(json!({ "content": "x" }))).await;
        assert_eq!((status, answer["code"].as_u64()), (expected.0, Some(expected.1)), "{answer}");
    }
    bench.server.allow(11);
    assert_eq!(bench.call(Method::POST, "/channels/11/typing", None).await.0, 204);
    assert!(bench.server.is_typing(11));
    assert_eq!(bench.server.violations(), Vec::<String>::new());
    bench.end().await;
}

#[tokio::test]
async fn typing_shows_until_the_bot_writes() {
    let bench = Bench::start().await;
    for _ in 0..2 {
        assert_eq!(bench.call(Method::POST, &format!("/channels/{CHANNEL}/typing"), None).await.0, 204);
    }
    assert!(bench.server.is_typing(CHANNEL));
    assert_eq!(bench.server.typing_pulses(CHANNEL), 2);
    bench.says(json!({ "content": "done" })).await;
    assert!(!bench.server.is_typing(CHANNEL));
    bench.end().await;
}

#[tokio::test]
async fn mentions_that_call_somebody_are_noted() {
    let bench = Bench::start().await;
    bench.says(json!({ "content": "@everyone look", "allowed_mentions": { "parse": [] } })).await;
    assert!(bench.server.pings().is_empty());
    let (_, sent) = bench.says(json!({ "content": "@everyone look, <@77>" })).await;
    assert_eq!((&sent["mention_everyone"], &sent["mentions"][0]["id"]), (&json!(true), &json!("77")));
    assert_eq!(bench.server.pings().len(), 2);
    bench.end().await;
}

#[tokio::test]
async fn files_come_with_a_message_and_can_be_fetched() {
    let bench = Bench::start().await;
    let payload =
        json!({ "content": "the whole", "attachments": [{ "id": 0, "filename": "task 42.md", "description": "result" }] });
    let form = Form::new()
        .text("payload_json", payload.to_string())
        .part("files[0]", Part::bytes(b"# Poem".to_vec()).file_name("x").mime_str("text/markdown").expect("a type"));
    let url = format!("{}/api/v10/channels/{CHANNEL}/messages", bench.server.url());
    let answer = bench.http.post(url).multipart(form).send().await.expect("an answer");
    let sent: Message = answer.json().await.expect("a message");
    assert_eq!((sent.attachments[0].filename.as_str(), sent.attachments[0].size), ("task_42.md", 6));
    let [message] = &bench.server.messages(CHANNEL)[..] else { panic!("one message") };
    assert_eq!((message.text.as_str(), &message.files[0].bytes[..]), ("the whole", &b"# Poem"[..]));
    let file = bench.http.get(&sent.attachments[0].url).send().await.expect("an answer");
    assert_eq!(file.text().await.expect("a body"), "# Poem");
    bench.end().await;
}

#[tokio::test]
async fn messages_are_edited_read_back_and_deleted() {
    let bench = Bench::start().await;
    let people = bench.server.says(CHANNEL, ADA, "hello");
    let reply = json!({ "content": "one", "message_reference": { "message_id": people.to_string() } });
    let (_, sent) = bench.says(reply).await;
    let own = format!("/channels/{CHANNEL}/messages/{}", sent["id"].as_str().expect("an id"));
    let (status, edited) = bench.call(Method::PATCH, &own, Some(json!({ "content": "two" }))).await;
    assert_eq!((status, &edited["content"]), (200, &json!("two")));
    let message = bench.server.messages(CHANNEL)[1].clone();
    assert_eq!((message.edited, message.earlier.as_slice(), message.reply_to), (true, &["one".to_owned()][..], Some(people)));

    let (_, page) = bench.call(Method::GET, &format!("/channels/{CHANNEL}/messages?limit=1"), None).await;
    let page: Vec<Message> = serde_json::from_value(page).expect("messages");
    assert_eq!(page.iter().map(|message| message.content.as_str()).collect::<Vec<_>>(), ["two"]);

    let theirs = format!("/channels/{CHANNEL}/messages/{people}");
    let (status, answer) = bench.call(Method::PATCH, &theirs, Some(json!({ "content": "mine" }))).await;
    assert_eq!((status, &answer["code"]), (403, &json!(50005)));
    assert_eq!(bench.call(Method::DELETE, &own, None).await.0, 204);
    let (status, answer) = bench.call(Method::PATCH, &own, Some(json!({ "content": "three" }))).await;
    assert_eq!((status, &answer["code"]), (404, &json!(10008)));
    bench.end().await;
}

#[tokio::test]
async fn serenity_reads_channels_threads_and_direct_messages() {
    let bench = Bench::start().await;
    let bot = Bot::start(&bench, super::TOKEN, serenity::all::GatewayIntents::empty()).await;
    let sent = ChannelId::new(CHANNEL).send_message(&bot.http, CreateMessage::new().content("hi")).await.expect("sent");
    assert_eq!(sent.content, "hi");
    let (_, direct) = bench.call(Method::POST, "/users/@me/channels", Some(json!({ "recipient_id": ADA.to_string() }))).await;
    let direct: PrivateChannel = serde_json::from_value(direct).expect("direct messages");
    assert_eq!((direct.recipient.id.get(), direct.id.get()), (ADA, bench.server.dm(ADA)));
    let below = format!("/channels/{CHANNEL}/messages/{}/threads", sent.id);
    let (status, thread) = bench.call(Method::POST, &below, Some(json!({ "name": "task 42" }))).await;
    let thread: GuildChannel = serde_json::from_value(thread).expect("a thread");
    assert_eq!((status, thread.id.get(), thread.parent_id.map(ChannelId::get)), (201, sent.id.get(), Some(CHANNEL)));
    let channel = ChannelId::new(bench.server.thread(CHANNEL)).to_channel(&bot.http).await.expect("a channel");
    assert!(channel.guild().is_some_and(|channel| channel.thread_metadata.is_some()));
    bot.http.get_current_application_info().await.expect("an application");
    bot.http.get_current_user().await.expect("a user");
    bot.leave().await;
    bench.end().await;
}

#[tokio::test]
async fn commands_are_registered_by_difference() {
    let bench = Bench::start().await;
    bench.register().await;
    let path = format!("/applications/{}/commands", bench.server.application_id());
    let known = bench.server.commands(None);
    bench.register().await;
    assert_eq!(bench.server.commands(None)[0]["id"], known[0]["id"], "a name keeps its id");
    assert_eq!(bench.server.calls("PUT /applications/{app}/commands"), 2);

    let status = json!({ "name": "status", "description": "How things stand" });
    assert_eq!(bench.call(Method::POST, &path, Some(status)).await.0, 200);
    let list = json!({ "name": "list", "description": "Your tasks", "default_member_permissions": "8" });
    let (code, made) = bench.call(Method::POST, &path, Some(list)).await;
    assert_eq!((code, bench.server.commands(None).len()), (201, 3));
    assert!(bench.server.runs(CHANNEL, ADA, "list", &[]).is_err(), "only for administrators");
    bench.server.set_permissions(CHANNEL, ADA, 8);
    assert!(bench.server.runs(CHANNEL, ADA, "list", &[]).is_ok());

    let one = format!("{path}/{}", made["id"].as_str().expect("an id"));
    let (code, edited) = bench.call(Method::PATCH, &one, Some(json!({ "description": "All" }))).await;
    assert_eq!((code, &edited["name"], &edited["description"]), (200, &json!("list"), &json!("All")));
    assert_eq!(bench.call(Method::DELETE, &one, None).await.0, 204);
    assert_eq!(bench.call(Method::GET, &one, None).await.1["code"], 10063);

    let guild = format!("/applications/{}/guilds/{}/commands", bench.server.application_id(), bench.server.guild_id());
    let (code, answer) = bench.call(Method::PUT, &guild, Some(json!([{ "name": "Submit", "description": "x" }]))).await;
    assert_eq!((code, fault(&answer, &["0", "name"])), (400, "APPLICATION_COMMAND_INVALID_NAME"));
    let commands = json!([{ "name": "submit", "description": "Only here" }]);
    assert_eq!(bench.call(Method::PUT, &guild, Some(commands)).await.0, 200);
    assert_eq!(bench.server.commands(Some(bench.server.guild_id())).len(), 1);
    bench.end().await;
}
