//! Forums, servers that people bring the bot along to, and what is told of commands and servers.

use reqwest012::Method;
use serde_json::{Value, json};
use serenity::all::{GatewayIntents, Interaction};

use super::{ADA, Bench, Bot};

const ELSEWHERE: u64 = 900;

/// Registers one command with a German description; `kinds` says who may install it.
async fn register(bench: &Bench, kinds: &Value) {
    let command = json!([{
        "name": "help", "description": "What there is", "description_localizations": {"de": "Was es gibt"},
        "contexts": [0, 1, 2], "integration_types": kinds,
    }]);
    let path = format!("/applications/{}/commands", bench.server.application_id());
    assert_eq!(bench.call(Method::PUT, &path, Some(command)).await.0, 200);
}

#[tokio::test]
async fn a_bot_that_was_brought_along_answers_the_command_and_no_more() {
    let bench = Bench::start().await;
    bench.server.foreign_channel(ELSEWHERE);
    register(&bench, &json!([0])).await;
    bench.server.runs(ELSEWHERE, ADA, "help", &[]).expect_err("a command for servers only");
    register(&bench, &json!([0, 1])).await;
    let mut bot = Bot::connect(&bench, GatewayIntents::empty()).await;
    bench.server.runs(ELSEWHERE, ADA, "help", &[]).expect("a command");
    let Interaction::Command(command) = bot.hears_interaction().await else { panic!("a command") };
    assert_ne!(command.guild_id.map(serenity::all::GuildId::get), Some(bench.server.guild_id()));
    command.defer(&bot.http).await.expect("deferred");
    let webhook = format!("/webhooks/{}/{}", bench.server.application_id(), command.token);
    let edit = bench.call(Method::PATCH, &format!("{webhook}/messages/@original"), Some(json!({"content": "one"}))).await;
    assert_eq!(edit.0, 200);
    for n in 0..5 {
        assert_eq!(bench.call(Method::POST, &webhook, Some(json!({"content": format!("more {n}")}))).await.0, 200);
    }
    let (status, body) = bench.call(Method::POST, &webhook, Some(json!({"content": "too much"}))).await;
    assert_eq!((status, &body["code"]), (400, &json!(40094)));
    let channel = format!("/channels/{ELSEWHERE}");
    for path in ["messages", "typing"] {
        let (status, body) = bench.call(Method::POST, &format!("{channel}/{path}"), Some(json!({"content": "x"}))).await;
        assert_eq!((status, &body["code"]), (403, &json!(50001)), "{path}");
    }
    assert_eq!(bench.server.violations().len(), 1, "the sixth follow-up: {:?}", bench.server.violations());
    bot.leave().await;
    bench.end().await;
}

#[tokio::test]
async fn a_forum_holds_posts_and_no_messages() {
    let bench = Bench::start().await;
    register(&bench, &json!([0])).await;
    let post = bench.server.forum_post(700);
    let (_, channel) = bench.call(Method::GET, &format!("/channels/{post}"), None).await;
    assert_eq!((&channel["type"], &channel["parent_id"]), (&json!(11), &json!("700")));
    bench.server.runs(post, ADA, "help", &[]).expect("a command");
    bench.server.runs(700, ADA, "help", &[]).expect_err("nobody writes there");
    let (status, body) = bench.call(Method::POST, "/channels/700/messages", Some(json!({"content": "x"}))).await;
    assert_eq!((status, &body["code"]), (400, &json!(40058)));
    bench.end().await;
}

#[tokio::test]
async fn other_languages_are_told_to_those_who_ask_for_them() {
    let bench = Bench::start().await;
    register(&bench, &json!([0])).await;
    let path = format!("/applications/{}/commands", bench.server.application_id());
    let (_, told) = bench.call(Method::GET, &path, None).await;
    assert!(told[0].get("description_localizations").is_none(), "{told}");
    let (_, told) = bench.call(Method::GET, &format!("{path}?with_localizations=true"), None).await;
    assert_eq!(told[0]["description_localizations"]["de"], "Was es gibt");
    let (_, guilds) = bench.call(Method::GET, "/users/@me/guilds", None).await;
    assert_eq!(guilds[0]["id"], bench.server.guild_id().to_string());
    bench.end().await;
}
