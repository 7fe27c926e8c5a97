//! Results on bad days: lost answers, limits, people who block the bot, channels that are gone.

use std::time::Duration;

use legwork::simulator::discord::{Fault as DiscordFault, FaultKind as DiscordFaultKind};
use legwork::simulator::model::Reply;
use legwork::simulator::telegram::{Fault, FaultKind};
use serde_json::Value;
use tokio::time::Instant;

use crate::support::chat::{Chat, Place};
use crate::support::world::{ANN, BOB, World, id};

const MESSAGES: &str = "POST /channels/{id}/messages";
const ORIGINAL: &str = "PATCH /webhooks/{app}/{token}/messages/@original";

/// The next request of this route meets this.
fn next(route: &str, kind: DiscordFaultKind) -> DiscordFault {
    DiscordFault { route: Some(route.to_owned()), times: 1, kind }
}

/// Bob is an admin, so he may ask how Ann's tasks are.
fn administered(config: &mut legwork::config::Config) {
    config.access.admins = vec![format!("telegram:{BOB}").parse().unwrap()];
}

/// Hands over a task that runs until the model is released.
async fn running(chat: &Chat<'_>) {
    chat.world.model.hold();
    chat.says("/submit Tell me");
    chat.hears("#1 running").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_whose_answer_is_lost_on_telegram_is_there_and_a_duplicate_says_so() {
    for lost in [FaultKind::CutAfter, FaultKind::NotJsonAfter(502), FaultKind::NotJsonAfter(500)] {
        let world = World::starts().await;
        let chat = world.telegram(ANN);
        running(&chat).await;
        world.telegram.fail(Fault::once("sendMessage", lost.clone()));
        world.model.release();
        chat.hears("#1 done").await;
        assert_eq!(world.telegram.faults_left(), 0);
        let results: Vec<_> = chat.sees().into_iter().filter(|heard| heard.text.starts_with("Result of #1")).collect();
        let labelled = results.iter().filter(|heard| heard.text.ends_with("(may be a duplicate)")).count();
        assert_eq!((results.len(), labelled), (2, 1), "{lost:?}: {results:#?}");
        assert_eq!((chat.count("#1 done"), chat.count("#1 done ... duplicate")), (1, 0), "the next one is certain again");
        world.closes().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_whose_answer_is_lost_on_discord_is_there_once() {
    for lost in [DiscordFaultKind::CutAfter, DiscordFaultKind::NotJsonAfter(502)] {
        let world = World::starts().await;
        let chat = world.discord_channel(500, ANN);
        running(&chat).await;
        world.discord.fail(next(MESSAGES, lost.clone()));
        world.model.release();
        chat.hears("#1 done").await;
        let heard = (chat.count("Result of #1"), chat.count("#1 done"), chat.count("duplicate"));
        assert_eq!(heard, (1, 1, 0), "{lost:?}: {:#?}", chat.sees());
        world.closes().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acceptance_whose_answer_is_lost_on_discord_is_there_once() {
    let world = World::starts().await;
    let chat = world.discord_channel(500, ANN);
    world.discord.fail(next(ORIGINAL, DiscordFaultKind::CutAfter));
    chat.says("/submit Tell me");
    chat.hears("#1 done").await;
    assert_eq!((chat.count("#1 queued"), chat.count("duplicate")), (1, 0), "{:#?}", chat.sees());
    world.closes().await;
}

/// When the bot sent something to this chat, of any kind, oldest first.
fn requests_to(world: &World, chat: i64) -> Vec<Instant> {
    let here = |params: &Value| params["chat_id"].to_string().trim_matches('"') == chat.to_string();
    let methods = ["sendMessage", "sendChatAction", "editMessageText"];
    let all = methods.into_iter().flat_map(|method| world.telegram.requests(method));
    let mut times: Vec<_> = all.filter(|(_, params)| here(params)).map(|(at, _)| at).collect();
    times.sort_unstable();
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_that_is_to_wait_gets_no_request_before_its_time_and_others_go_on() {
    const WAIT: u64 = 6;
    let world = World::starts().await;
    let (ann, bob) = (world.telegram(ANN), world.telegram(BOB));
    // One task runs on, so that typing is to be shown all the while.
    world.model.reply_to("keep on", Reply::text("It went on.").behind("keep on"));
    world.model.reply_to("be quick", Reply::text("It was quick.").behind("be quick"));
    ann.says("/submit keep on");
    ann.hears("#1 running").await;
    ann.says("/submit be quick");
    ann.hears("#2 running").await;
    assert_eq!(world.telegram.calls("sendMessage"), 2, "both starts are shown by cards");
    world.telegram.fail(Fault::once("sendMessage", FaultKind::RetryAfter(WAIT)));
    world.model.open_gate("be quick");
    world.until("the chat is told to wait", |world| world.telegram.calls("sendMessage") == 3).await;
    let told = world.telegram.requests("sendMessage").last().unwrap().0;
    bob.says("/submit Tell me");
    bob.hears("#3 done").await;
    assert!(told.elapsed() < Duration::from_secs(WAIT), "the other chat waited too: {:?}", told.elapsed());
    ann.hears("#2 done").await;
    let next = requests_to(&world, id(ANN)).into_iter().find(|at| *at > told).unwrap();
    assert!(next - told >= Duration::from_secs(WAIT), "a request after {:?}", next - told);
    world.model.open_gate("keep on");
    ann.hears("#1 done").await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discord_channel_that_is_to_wait_gets_no_message_before_its_time_and_others_go_on() {
    let world = World::starts().await;
    let (ann, bob) = (world.discord_channel(500, ANN), world.discord_channel(501, BOB));
    running(&ann).await;
    world.discord.fail(next(MESSAGES, DiscordFaultKind::RetryAfter(4.0, false)));
    let before = world.discord.calls(MESSAGES);
    world.model.release();
    world.until("the channel is told to wait", |world| world.discord.calls(MESSAGES) > before).await;
    let told = Instant::now();
    bob.says("/submit Tell me");
    bob.hears("#2 done").await;
    assert!(told.elapsed() < Duration::from_secs(4), "the other channel waited too: {:?}", told.elapsed());
    assert_eq!(ann.count("Result of #1"), 0);
    ann.hears("#1 done").await;
    // It was told so at some time before that was seen here.
    assert!(told.elapsed() > Duration::from_secs(3), "{:?}", told.elapsed());
    assert_eq!(ann.count("Result of #1"), 1);
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_blocked_the_bot_makes_the_result_undeliverable_with_its_reason() {
    let world = World::with(administered).await;
    let (ann, bob) = (world.telegram(ANN), world.telegram(BOB));
    running(&ann).await;
    world.telegram.block(id(ANN));
    world.model.release();
    world.settles().await;
    bob.says("/status 1");
    bob.hears("#1 done ... Notice “result” to telegram:1001: undeliverable: the bot was blocked by this person").await;
    bob.hears("Notice “done” to telegram:1001: undeliverable: the bot was blocked by this person").await;
    assert_eq!(world.summary().await.notices_undeliverable, 2);
    let (_, metrics) = world.gets("/metrics").await;
    assert!(metrics.contains("legwork_notices{state=\"undeliverable\"} 2\n"), "{metrics}");
    world.telegram.unblock(id(ANN));
    // What is lost on its way is not lost: it can be asked for.
    ann.says("/result 1");
    ann.hears("Result of #1").await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_was_deleted_makes_the_result_undeliverable_with_its_reason() {
    let world = World::with(administered).await;
    let (ann, bob) = (world.discord_channel(500, ANN), world.telegram(BOB));
    running(&ann).await;
    world.discord.delete_channel(500);
    world.model.release();
    world.settles().await;
    bob.says("/status 1");
    bob.hears("#1 done ... Notice “done” to discord:500: undeliverable: the channel does not exist any more").await;
    assert_eq!(world.summary().await.notices_undeliverable, 2);
    // What matters comes to her alone.
    let alone = Chat { world: &world, place: Place::Discord { channel: world.discord.dm(ANN) }, person: ANN };
    let why = "Meant for discord:500, which does not take it: the channel does not exist any more.";
    for told in ["Result of #1", "#1 done"] {
        alone.hears(&format!("{why} ... {told}")).await;
        assert_eq!(alone.count(told), 1, "{:#?}", alone.sees());
    }
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_throws_the_bot_out_gets_nothing_and_who_asked_gets_it_alone() {
    let world = World::with(administered).await;
    let (group, ann, bob) = (world.telegram_group(-77, ANN), world.telegram(ANN), world.telegram(BOB));
    ann.says("/help");
    running(&group).await;
    world.telegram.kick(-77);
    world.model.release();
    world.settles().await;
    let task: Value = serde_json::from_str(&world.gets("/api/v1/tasks/1").await.1).unwrap();
    let results: Vec<_> = task["notices"].as_array().unwrap().iter().filter(|notice| notice["kind"] == "result").collect();
    assert_eq!(
        (results[0]["state"].as_str(), results[1]["state"].as_str()),
        (Some("undeliverable"), Some("delivered")),
        "{task}"
    );
    assert_eq!(results[0]["reason"], "the bot was removed from the chat");
    assert_eq!((&results[1]["channel"], &results[1]["instead_of"]), (&"telegram:1001".into(), &"telegram:-77".into()));
    assert_eq!(results[1]["messages"].as_array().map(Vec::len), Some(1));
    let why = "Meant for telegram:-77, which does not take it: the bot was removed from the chat.";
    for told in ["Result of #1", "#1 done"] {
        ann.hears(&format!("{why} ... {told}")).await;
        assert_eq!(ann.count(told), 1, "{:#?}", ann.sees());
    }
    bob.says("/status 1");
    bob.hears("Notice “result” to telegram:-77: undeliverable: the bot was removed ... Notice “result” to telegram:1001 instead of telegram:-77: delivered").await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_started_the_bot_cannot_be_reached_and_that_is_the_end() {
    let world = World::with(administered).await;
    let (group, bob) = (world.telegram_group(-77, ANN), world.telegram(BOB));
    running(&group).await;
    world.telegram.kick(-77);
    world.model.release();
    world.settles().await;
    bob.says("/status 1");
    bob.hears("Notice “result” to telegram:1001 instead of telegram:-77: undeliverable: the chat does not exist").await;
    assert_eq!(world.summary().await.notices_undeliverable, 4);
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_becomes_a_supergroup_takes_its_tasks_along() {
    let world = World::starts().await;
    let group = world.telegram_group(-77, ANN);
    running(&group).await;
    group.says("/submit Tell me more");
    group.hears("#2 queued").await;
    let moved = world.telegram_group(world.telegram.migrate(-77), ANN);
    world.model.release();
    world.settles().await;
    for told in ["Result of #1", "#1 done", "Result of #2"] {
        assert_eq!(moved.count(told), 1, "{:#?}", moved.sees());
    }
    moved.says("/list");
    moved.hears("#2 done ... #1 done").await;
    assert_eq!(world.summary().await.notices_undeliverable, 0);
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_interaction_is_over_the_channel_gets_the_acceptance() {
    let world = World::starts().await;
    let chat = world.discord_channel(500, ANN);
    world.discord.fail(next(ORIGINAL, DiscordFaultKind::RetryAfter(1.0, false)));
    world.model.hold();
    chat.says("/submit Tell me");
    world.until("the first try was refused", |world| world.discord.calls(ORIGINAL) == 1).await;
    let interaction = world.discord.interactions(500).last().unwrap().id;
    world.discord.expire_token(interaction);
    chat.hears("#1 queued").await;
    chat.hears("#1 running").await;
    world.model.release();
    chat.hears("#1 done").await;
    let messages = world.discord.messages(500).into_iter().filter(|message| !message.loading);
    assert!(messages.clone().all(|message| message.interaction.is_none()), "they are messages of the channel");
    for words in ["#1 queued", "#1 running", "Result of #1", "#1 done"] {
        assert_eq!(chat.count(words), 1, "{words}");
    }
    world.closes().await;
}
