//! Long polls: confirmation, redelivery, two at once, the webhook; and trouble on the way.

use std::time::Duration;

use serde_json::json;
use teloxide::ApiError;
use teloxide::RequestError;
use teloxide::payloads::GetUpdatesSetters;
use teloxide::requests::Requester;
use teloxide::types::{AllowedUpdate, ChatId, Seconds, Update};

use crate::simulator::telegram::tests::{ADA, TOKEN, World, raw};
use crate::simulator::telegram::{Fault, FaultKind};

fn ids(updates: &[Update]) -> Vec<i64> {
    updates.iter().map(|update| i64::from(update.id.0)).collect()
}

#[tokio::test]
async fn what_is_not_confirmed_is_delivered_again() {
    let world = World::start().await;
    let (telegram, bot) = (&world.telegram, &world.bot);
    telegram.says(ADA, ADA, "one");
    let second = telegram.says(ADA, ADA, "two");
    let first_poll = bot.get_updates().await.unwrap();
    assert_eq!(ids(&bot.get_updates().await.unwrap()), ids(&first_poll));
    assert_eq!(telegram.pending_updates(), 2);

    let newest = telegram.update_of(ADA, second).unwrap();
    assert_eq!(Some(newest), telegram.newest_update());
    let next = i32::try_from(newest + 1).unwrap();
    assert!(bot.get_updates().offset(next).await.unwrap().is_empty());
    assert_eq!(telegram.pending_updates(), 0);

    assert!(telegram.redeliver(newest));
    assert_eq!(ids(&bot.get_updates().offset(next).await.unwrap()), [newest]);
    assert!(bot.get_updates().offset(next).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_long_poll_waits_for_an_update_and_a_second_one_ends_it() {
    let world = World::start().await;
    let (telegram, bot) = (&world.telegram, &world.bot);
    let poll = |bot: teloxide::Bot| async move { bot.get_updates().timeout(10).await };
    let older = poll(bot.clone());
    let newer = async {
        telegram.until(|telegram| (telegram.open_polls() == 1).then_some(())).await;
        let newer = poll(bot.clone());
        let says = async {
            telegram.until(|telegram| (telegram.polls() == 2).then_some(())).await;
            telegram.says(ADA, ADA, "hello");
        };
        tokio::join!(newer, says).0
    };
    let (older, newer) = tokio::time::timeout(Duration::from_secs(5), async { tokio::join!(older, newer) }).await.unwrap();
    assert!(matches!(older, Err(RequestError::Api(ApiError::TerminatedByOtherGetUpdates))), "{older:?}");
    assert_eq!(newer.unwrap().len(), 1);
    telegram.until(|telegram| (telegram.open_polls() == 0).then_some(())).await;
}

#[tokio::test]
async fn a_poll_whose_client_left_is_closed() {
    let world = World::start().await;
    let poll = world.bot.get_updates().timeout(50);
    let left = tokio::select! {
        updates = poll => panic!("{updates:?}"),
        () = world.telegram.until(|telegram| (telegram.open_polls() == 1).then_some(())) => true,
    };
    let closed = world.telegram.until(|telegram| (telegram.open_polls() == 0).then_some(()));
    tokio::time::timeout(Duration::from_secs(1), closed).await.unwrap();
    assert!(left);
}

#[tokio::test]
async fn only_allowed_kinds_arrive() {
    let world = World::start().await;
    world.bot.get_updates().allowed_updates([AllowedUpdate::Message]).await.unwrap();
    let message = world.telegram.says(ADA, ADA, "hello");
    world.telegram.edits(ADA, message, "hello again");
    assert_eq!(world.telegram.pending_updates(), 1);
    world.bot.get_updates().allowed_updates([AllowedUpdate::EditedMessage]).await.unwrap();
    world.telegram.edits(ADA, message, "hello once more");
    assert_eq!(world.telegram.pending_updates(), 2);
}

#[tokio::test]
async fn a_webhook_forbids_polling() {
    let world = World::start().await;
    world.bot.set_webhook("https://example.org/hook".parse().unwrap()).await.unwrap();
    let (status, body) = raw(&world, "getUpdates", json!({})).await;
    assert_eq!((status, body["error_code"].as_i64()), (409, Some(409)));
    assert_eq!(world.bot.get_webhook_info().await.unwrap().url.unwrap().as_str(), "https://example.org/hook");
    world.bot.delete_webhook().await.unwrap();
    assert!(world.bot.get_updates().await.unwrap().is_empty());
}

#[tokio::test]
async fn tokens_are_checked() {
    let world = World::start().await;
    let client = reqwest012::Client::builder().no_proxy().build().unwrap();
    let status = |token: &str| {
        let request = client.get(format!("{}/bot{token}/getMe", world.telegram.url())).send();
        async move { request.await.unwrap().status().as_u16() }
    };
    assert_eq!(status("123456:other").await, 401);
    assert_eq!(status("nonsense").await, 404);
    assert_eq!(status(TOKEN).await, 200);
    let (status, _) = raw(&world, "getMeBack", json!({})).await;
    assert_eq!(status, 404);
    assert_eq!(world.telegram.violations(), ["getMeBack: unknown method"]);
}

#[tokio::test]
async fn faults_apply_to_the_calls_they_name() {
    let world = World::start().await;
    let (telegram, bot) = (&world.telegram, &world.bot);
    telegram.says(ADA, ADA, "/start");
    let send = || bot.send_message(ChatId(ADA), "hello");

    telegram.fail(Fault::once("sendMessage", FaultKind::RetryAfter(7)));
    bot.get_me().await.unwrap();
    let waited = send().await;
    assert!(matches!(&waited, Err(RequestError::RetryAfter(wait)) if *wait == Seconds::from_seconds(7)), "{waited:?}");

    telegram.fail(Fault::once("sendMessage", FaultKind::CutBefore));
    assert!(matches!(send().await, Err(RequestError::Network(_))));
    assert_eq!(telegram.said(ADA).len(), 0);

    telegram.fail(Fault::once("sendMessage", FaultKind::CutAfter));
    assert!(matches!(send().await, Err(RequestError::Network(_))));
    assert_eq!(telegram.said(ADA).len(), 1);

    telegram.fail(Fault::once("getUpdates", FaultKind::Conflict409).times(2));
    for _ in 0..2 {
        let poll = bot.get_updates().await;
        assert!(matches!(poll, Err(RequestError::Api(ApiError::TerminatedByOtherGetUpdates))), "{poll:?}");
    }
    telegram.fail(Fault::once("sendMessage", FaultKind::NotJson(404)));
    assert!(matches!(send().await, Err(RequestError::InvalidJson { .. })));

    telegram.fail(Fault::any(FaultKind::Hang));
    assert!(tokio::time::timeout(Duration::from_millis(50), send()).await.is_err());
    assert_eq!(telegram.faults_left(), 0);
    send().await.unwrap();
    assert_eq!((telegram.said(ADA).len(), telegram.calls("SendMessage")), (2, 5));
    assert_eq!(telegram.last_request("sendMessage").unwrap()["text"], "hello");
}
