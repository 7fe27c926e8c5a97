//! Updates are confirmed when they have been dealt with, and no trouble of the platform ends the loop.

use legwork::simulator::telegram::{Fault, FaultKind, TelegramServer};
use serde_json::json;

use super::support::{ADA, BOB, GROUP, TOKEN, World, soon};

#[tokio::test]
async fn it_is_ready_once_a_poll_was_answered() {
    let world = World::new().await;
    let hang = FaultKind::Status(502, "Bad Gateway".into());
    world.server.fail(Fault::once("getMe", hang));
    let bot = world.starts_bot();
    assert_eq!(bot.unready(), "starting");
    bot.is_ready().await;
    world.until("a second poll", |server| (server.polls() > 1).then_some(())).await;
    let polls = world.server.requests("getUpdates");
    assert_eq!(polls[0].1["timeout"], json!(0), "the first poll does not wait");
    assert_eq!(polls[1].1["timeout"], json!(50));
    assert_eq!(polls[0].1["allowed_updates"], json!(["message", "edited_message", "callback_query", "my_chat_member"]));
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn the_offset_moves_only_after_the_inbox_has_answered() {
    let (world, bot) = World::started().await;
    world.inbox.hold("telegram:7");
    world.server.says(ADA, ADA, "/submit one");
    world.inbox.hears(1).await;
    let polls = world.server.polls();
    assert_eq!((world.server.pending_updates(), world.server.open_polls()), (1, 0));
    world.inbox.let_go();
    world.hears(ADA, "noted").await;
    world.until("the confirmation", |server| (server.pending_updates() == 0).then_some(())).await;
    assert_eq!(world.server.polls(), polls + 1);
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn what_was_not_dealt_with_comes_again_after_a_crash() {
    let (world, bot) = World::started().await;
    world.inbox.hold("telegram:7");
    world.server.says(ADA, ADA, "/submit one");
    world.inbox.hears(1).await;
    bot.gets_killed().await;
    world.inbox.let_go();
    let bot = world.starts_bot();
    let heard = world.inbox.hears(2).await;
    assert_eq!(heard[0].id, heard[1].id, "the ledger must be able to tell that it is the same");
    world.hears(ADA, "noted").await;
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_stop_deals_with_what_was_fetched_and_confirms_it() {
    let (world, bot) = World::started().await;
    world.inbox.hold("telegram:7");
    world.server.says(ADA, ADA, "/submit one");
    world.inbox.hears(1).await;
    bot.asks_to_stop();
    world.inbox.let_go();
    bot.ended().await.unwrap();
    assert_eq!(world.server.pending_updates(), 0);
    assert_eq!(world.inbox.heard().len(), 1);
    world.ends().await;
}

#[tokio::test]
async fn chats_do_not_wait_for_each_other_but_each_keeps_its_order() {
    let world = World::new().await;
    world.inbox.hold("telegram:7");
    let one = world.server.says(ADA, ADA, "/submit one");
    let two = world.server.says(ADA, ADA, "/submit two");
    world.server.says(BOB, BOB, "/submit three");
    let bot = world.starts_bot();
    world.hears(BOB, "noted").await;
    assert_eq!(world.inbox.heard().len(), 2, "the second message of the held chat waits for the first");
    world.inbox.let_go();
    let heard = world.inbox.hears(3).await;
    let of_ada: Vec<_> = heard.iter().filter(|one| one.person.address() == "7").map(|one| one.reply.0.clone()).collect();
    assert_eq!(of_ada, [format!("m{one}"), format!("m{two}")]);
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn odd_updates_are_passed_over_and_confirmed() {
    let (world, bot) = World::started().await;
    world.server.sends_raw_update(json!({"managed_bot": {"x": 1}}));
    world.server.sends_raw_update(json!({"message": {"text": 5}}));
    world.server.sends_raw_update(json!({"callback_query": []}));
    world.server.says(ADA, ADA, "/help");
    world.hears(ADA, "noted").await;
    world.until("the confirmation", |server| (server.pending_updates() == 0).then_some(())).await;
    assert_eq!(world.inbox.heard().len(), 1);
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn another_instance_is_told_and_not_fought() {
    let (world, bot) = World::started().await;
    let polls = world.server.calls("getUpdates");
    world.somebody_else_calls("getUpdates", json!({})).await;
    bot.is_unready("another instance polls with this token").await;
    bot.is_ready().await;
    let times = world.server.requests("getUpdates");
    let pause = times[polls + 1].0 - times[polls].0;
    assert!(pause.as_secs_f64() > 3.0, "it came back after {pause:?}");
    world.server.says(ADA, ADA, "/help");
    world.hears(ADA, "noted").await;
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_failing_server_is_waited_out() {
    let (world, bot) = World::started().await;
    world.server.fail(Fault::once("getUpdates", FaultKind::NotJson(502)));
    world.server.fail(Fault::once("getUpdates", FaultKind::Status(500, "Internal Server Error".into())));
    world.server.fail(Fault::once("getUpdates", FaultKind::CutBefore));
    world.server.says(ADA, ADA, "/help");
    bot.is_unready("500").await;
    world.server.says(ADA, ADA, "/list");
    world.inbox.hears(2).await;
    bot.is_ready().await;
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_server_that_comes_late_is_waited_for() {
    let world = World::new().await;
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let bot = world.starts_bot_at(TOKEN, format!("http://{address}"));
    bot.is_unready("cannot connect to Telegram").await;
    let (tracker, stop) = (tokio_util::task::TaskTracker::new(), tokio_util::sync::CancellationToken::new());
    TelegramServer::start_at(address, TOKEN, &tracker, stop.clone()).await.unwrap();
    bot.is_ready().await;
    bot.stops().await;
    stop.cancel();
    tracker.close();
    soon("the late server's end", tracker.wait()).await;
    world.ends().await;
}

#[tokio::test]
async fn a_webhook_is_removed_without_losing_what_waits() {
    let world = World::new().await;
    world.somebody_else_calls("setWebhook", json!({"url": "https://example.org/x"})).await;
    world.server.says(ADA, ADA, "/help");
    let bot = world.starts_bot();
    world.hears(ADA, "noted").await;
    assert_eq!(world.server.calls("deleteWebhook"), 1);
    bot.stops().await;
    let bot = world.starts_bot();
    bot.is_ready().await;
    assert_eq!(world.server.calls("deleteWebhook"), 1, "there was none to be removed");
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_wrong_token_ends_the_run_with_a_clear_word() {
    let world = World::new().await;
    let wrong = "777000:BBB-some_other_secret_half";
    let error = world.starts_bot_at(wrong, world.server.url()).ended().await.unwrap_err();
    assert_eq!(error.to_string(), "Telegram does not accept the token; check telegram.token");
    assert!(!format!("{:?}", World::bot(wrong, world.server.url()).0).contains("BBB"));
    let error = world.starts_bot_at("no-token-at-all", world.server.url()).ended().await.unwrap_err();
    assert!(error.to_string().contains("telegram.token"));
    assert!(!format!("{error} {error:?}").contains("no-token"));
    world.ends().await;
}

#[tokio::test]
async fn a_handler_that_panics_does_not_stop_the_bot() {
    let (world, bot) = World::started().await;
    world.inbox.answers(|inbound| match inbound.channel.address() {
        "7" => panic!("a bug"),
        _ => super::support::say("noted"),
    });
    world.server.says(ADA, ADA, "/help");
    let told = |server: &TelegramServer| server.said(ADA).into_iter().find(|message| message.text.starts_with("Something went"));
    world.until("a word to the person", told).await;
    world.server.says(GROUP, ADA, "/help");
    world.hears(GROUP, "noted").await;
    assert_eq!(world.inbox.heard().len(), 2);
    bot.stops().await;
    world.ends().await;
}
