//! What comes twice is done once, and Discord is answered in time however busy the server is.

use std::time::Duration;

use crate::support::world::{ANN, BOB, World, id};

const CALLBACK: &str = "POST /interactions/{id}/{token}/callback";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_that_telegram_delivers_again_makes_no_second_task() {
    let world = World::starts().await;
    let chat = world.telegram(ANN);
    let asked = world.telegram.says(id(ANN), id(ANN), "/submit Tell me");
    chat.hears("#1 done").await;
    let update = world.telegram.update_of(id(ANN), asked).unwrap();
    for _ in 0..3 {
        assert!(world.telegram.redeliver(update));
        world.until("it is confirmed again", |world| world.telegram.pending_updates() == 0).await;
    }
    chat.says("/submit Tell me more");
    chat.hears("#2 done").await;
    assert_eq!(world.summary().await.total, 2);
    assert_eq!((chat.count("#1 queued"), chat.count("#1 done")), (1, 1), "{:#?}", chat.sees());
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_that_comes_again_after_a_restart_makes_no_second_task() {
    let mut world = World::starts().await;
    let asked = world.telegram.says(id(ANN), id(ANN), "/submit Tell me");
    world.telegram(ANN).hears("#1 done").await;
    world.settles().await;
    world.stops().await;
    let update = world.telegram.update_of(id(ANN), asked).unwrap();
    assert!(world.telegram.redeliver(update));
    world.serves().await;
    world.until("it is confirmed again", |world| world.telegram.pending_updates() == 0).await;
    assert_eq!(world.summary().await.total, 1);
    assert_eq!(world.telegram(ANN).count("#1 queued"), 1);
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interaction_that_discord_delivers_again_makes_no_second_task() {
    let world = World::starts().await;
    let chat = world.discord_channel(500, ANN);
    let asked = world.discord.types(500, ANN, "/submit Tell me").unwrap();
    chat.hears("#1 done").await;
    for _ in 0..3 {
        let answered = world.discord.calls(CALLBACK);
        world.discord.redeliver(asked);
        world.until("it is acknowledged again", |world| world.discord.calls(CALLBACK) > answered).await;
    }
    chat.says("/submit Tell me more");
    chat.hears("#2 done").await;
    assert_eq!(world.summary().await.total, 2);
    assert_eq!((chat.count("#1 queued"), chat.count("#1 done")), (1, 1), "{:#?}", chat.sees());
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_that_is_pressed_twice_in_one_press_repeats_once() {
    let world = World::starts().await;
    let chat = world.discord_channel(500, ANN);
    chat.says("/submit status 401");
    let failed = chat.hears("#1 failed").await;
    let press = world.discord.presses(500, ANN, failed.id, "Retry").unwrap();
    let answered = world.discord.calls(CALLBACK);
    world.discord.redeliver(press);
    world.until("both are acknowledged", |world| world.discord.calls(CALLBACK) > answered + 1).await;
    chat.hears("#2 failed").await;
    world.settles().await;
    assert_eq!(world.summary().await.total, 2);
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discord_is_acknowledged_in_time_while_model_and_ledger_are_busy() {
    let world = World::with(|config| config.tasks.limits.max_queued_per_person = 100).await;
    let chat = world.discord_channel(500, ANN);
    world.model.hold();
    for _ in 0..40 {
        world.telegram(BOB).says("/submit something long");
    }
    // Somebody with a shell of SQLite holds the ledger, so nothing can be accepted meanwhile.
    let shell = rusqlite::Connection::open(&world.config.store.path).unwrap();
    shell.busy_timeout(Duration::from_secs(5)).unwrap();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    let asked = world.discord.types(500, ANN, "/submit Tell me").unwrap();
    world.until("it is acknowledged", |world| world.discord.interaction(asked).unwrap().acked.is_some()).await;
    let accepted = |chat: &crate::support::chat::Chat<'_>| chat.count("queued");
    assert_eq!(accepted(&chat), 0, "what is not durable was said to be accepted");
    shell.execute_batch("COMMIT").unwrap();
    chat.hears("queued").await;
    let view = world.discord.interaction(asked).unwrap();
    assert!(view.acked.unwrap() < Duration::from_secs(3) && !view.failed, "{view:?}");
    world.model.release();
    world.until("all are done", |world| world.telegram(BOB).count("done after") == 40).await;
    chat.hears("done after").await;
    world.closes().await;
}
