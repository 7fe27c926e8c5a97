//! What a channel gets: shown to everybody, changed by its admins, kept.

use legwork::adapters::clock::SystemClock;
use legwork::background::ports::Clock;
use legwork::config::ChannelConfig;
use legwork::simulator::discord::{Fault, FaultKind};

use crate::conversations::conversation;
use crate::support::chat::{Chat, Place};
use crate::support::world::{ANN, BOB, World};

conversation!(everybody_sees_what_a_channel_gets_and_its_admins_change_it, |world, chat| {
    chat.says("/notify");
    let shown = chat.hears("This channel gets: ... Events: started, done, failed, cancelled (default) ... Only admins").await;
    assert_eq!(shown.private, matches!(chat.place, Place::Discord { .. }));
    chat.says("/notify done failed");
    chat.hears("Only admins of this channel and admins of this bot can change what it gets. Nothing has changed").await;
    let admin = chat.of(BOB).administers();
    admin.says("/notify done failed");
    let changed = admin.hears("Changed. ... Events: done, failed (set here) ... Quiet: never (default)").await;
    assert!(!changed.private, "everybody in the channel sees that it has changed");
    chat.says("/submit Tell me");
    chat.hears("#1 done").await;
    assert_eq!(chat.count("#1 running"), 0);
    assert_eq!(chat.count("#1 queued"), 1, "the acceptance is always answered");
    admin.says("/notify none");
    admin.hears("Events: none (set here)").await;
    chat.says("/submit Tell me more");
    chat.hears("Result of #2").await;
    world.settles().await;
    assert_eq!(chat.count("#2 done"), 0);
    admin.says_as("/notify reset", "/notify reset: true");
    admin.hears("Changed. ... Events: started, done, failed, cancelled (default)").await;
});

conversation!(what_is_wrong_with_a_setting_is_said, |_world, chat| {
    let chat = chat.administers();
    chat.says("/notify finished");
    chat.hears("“finished” does not belong there: it wants events, or one of").await;
    chat.says_as("/notify quiet nights", "/notify quiet: nights");
    chat.hears("“nights” does not belong there: it wants a span like 22:00-07:00").await;
    chat.says_as("/notify quiet 22:00-07:00 Europe/Atlantis", "/notify quiet: 22:00-07:00 Europe/Atlantis");
    chat.hears("“Europe/Atlantis” does not belong there").await;
    chat.says("/notify");
    chat.hears("This channel gets: ... Quiet: never (default)").await;
});

conversation!(a_channel_that_wants_no_sound_gets_none, |_world, chat| {
    let chat = chat.administers();
    chat.says("/submit Tell me");
    chat.hears("#1 done").await;
    assert!(!chat.hears("Result of #1").await.silent);
    chat.says_as("/notify silent on", "/notify silent: true");
    chat.hears("Silent: yes (set here)").await;
    chat.says("/submit Tell me");
    chat.hears("#2 done").await;
    for words in ["Result of #2", "#2 done"] {
        assert!(chat.hears(words).await.silent, "{words}");
    }
});

conversation!(a_task_may_be_quiet_by_itself, |_world, chat| {
    chat.says_as("/submit --quiet Tell me", "/submit prompt: Tell me quiet: true");
    chat.hears("#1 done").await;
    for words in ["Result of #1", "#1 done"] {
        assert!(chat.hears(words).await.silent, "{words}");
    }
});

conversation!(who_asked_is_called_and_nobody_else_whatever_the_model_writes, |world, chat| {
    let chat = chat.administers();
    world.telegram.name_person(i64::try_from(ANN).unwrap(), "Ann", None);
    chat.says_as("/notify mention on", "/notify mention: true");
    chat.hears("Mentions who asked: yes (set here)").await;
    world.model.next_reply("@everyone, <@1002>, <@&5> and tg://user?id=1002: done");
    chat.says("/submit first");
    chat.hears("Result of #1").await;
    chat.hears("#1 done").await;
    match chat.place {
        Place::Telegram { chat: group, .. } => {
            assert_eq!(world.telegram.pings(group), [i64::try_from(ANN).unwrap()]);
            assert!(chat.hears("Result of #1").await.text.starts_with("Ann Result of #1"));
        }
        Place::Discord { .. } => {
            let pings = world.discord.take_pings();
            assert!(pings.len() == 1 && pings[0].starts_with(&format!("<@{ANN}> in message")), "{pings:?}");
            let text = chat.hears("Result of #1").await.text;
            assert!(text.starts_with(&format!("<@{ANN}>\n-# Result of #1")), "the small print begins a line: {text}");
        }
    }
});

/// A span of the day that holds now and the next hours.
fn around_now() -> String {
    let now = SystemClock.now();
    let hour = |hours: i64| (now + chrono::Duration::hours(hours)).format("%H:%M");
    format!("{}-{} UTC", hour(-2), hour(4))
}

conversation!(while_it_is_quiet_only_answers_come, |world, chat| {
    let chat = chat.administers();
    let hours = around_now();
    chat.says_as(&format!("/notify quiet {hours}"), &format!("/notify quiet: {hours}"));
    chat.hears(&format!("Quiet: {hours}, now for ... more (set here)")).await;
    chat.says("/submit Tell me");
    chat.hears("#1 queued").await;
    world.until_summary("it is done", |summary| summary.done == 1).await;
    chat.says("/status 1");
    chat.hears("#1 done after ... Notice “started” ... held for ... it is quiet there ... Notice “result” ... held for").await;
    assert_eq!(chat.count("Result of #1") + chat.count("#1 running"), 0);
    chat.says("/result 1");
    chat.hears("Result of #1").await;
    chat.says("/submit Tell me more");
    chat.hears("#2 queued").await;
    chat.says_as("/notify quiet off", "/notify quiet: off");
    chat.hears("Quiet: never (set here)").await;
    chat.hears("#2 done").await;
    assert_eq!(chat.count("Result of #1"), 2);
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_set_survives_a_restart_and_a_private_chat_is_its_persons_own() {
    let mut world = World::starts().await;
    let chat = world.telegram(ANN);
    chat.says("/notify done");
    chat.hears("Events: done (set here)").await;
    world.stops().await;
    world.serves().await;
    let chat = world.telegram(ANN);
    chat.says("/notify");
    chat.hears("This channel gets: ... Events: done (set here) ... Change it like this").await;
    chat.says("/notify thread on");
    chat.hears("There are no threads here that the bot could open. Nothing has changed").await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_becomes_a_supergroup_keeps_what_was_set_there() {
    let world = World::starts().await;
    let group = world.telegram_group(-77, ANN).administers();
    let hours = around_now();
    group.says(&format!("/notify quiet {hours}"));
    group.hears(&format!("Quiet: {hours}, now for ... more (set here)")).await;
    let moved = world.telegram_group(world.telegram.migrate(-77), ANN);
    moved.says("/notify");
    moved.hears(&format!("This channel gets: ... Quiet: {hours}, now for ... more (set here)")).await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_is_as_its_channel_in_what_it_leaves_open() {
    let world = World::with(|config| {
        let preferences = serde_json::from_str(r#"{"silent": true}"#).unwrap();
        let (model, system_prompt) = (Some("dear".to_owned()), None);
        config.notify.channels.push(ChannelConfig { id: "discord:500".parse().unwrap(), preferences, model, system_prompt });
    })
    .await;
    let channel = with_threads(&world).await;
    let thread = Chat { place: Place::Discord { channel: world.discord.thread(500) }, ..channel }.administers();
    thread.says("/submit Tell me");
    thread.hears("#1 done").await;
    assert_eq!(world.model.calls()[0].model, "dear");
    assert!(thread.hears("Result of #1").await.silent);
    assert_eq!(world.discord.channel_name(thread.card(1).unwrap().id), None, "a thread has no threads");
    thread.says("/notify");
    let shown = thread.hears("This channel gets: ... Silent: yes (configured for the whole chat)").await;
    assert!(!shown.first().contains("thread for each task"), "{shown:?}");
    thread.says("/notify thread: true");
    thread.hears("There are no threads here that the bot could open. Nothing has changed").await;
    thread.says("/notify silent: false");
    thread.hears("Silent: no (set here)").await;
    thread.says("/submit Tell me again");
    thread.hears("#2 done").await;
    assert!(!thread.hears("Result of #2").await.silent);
    world.closes().await;
}

/// A channel on Discord whose tasks get threads, as its admin sees it.
async fn with_threads(world: &World) -> Chat<'_> {
    let chat = world.discord_channel(500, ANN).administers();
    chat.says("/notify thread: true");
    chat.hears("A thread for each task: yes (set here)").await;
    chat
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_gets_a_thread_of_its_own_and_commands_in_it_mean_the_task() {
    let world = World::starts().await;
    let chat = with_threads(&world).await;
    world.model.hold();
    chat.says("/submit Compare three offers");
    let accepted = chat.hears("#1 running").await;
    let thread = Chat { place: Place::Discord { channel: accepted.id }, ..chat };
    let name = || world.discord.channel_name(accepted.id);
    world.until("there is a thread below the card", |_| name().as_deref() == Some("#1 Compare three offers")).await;
    thread.says("/status");
    thread.hears("#1 running for ... Asked: Compare three offers").await;
    thread.of(BOB).says("/cancel");
    thread.of(BOB).hears("#1 is not your task").await;
    world.model.release();
    thread.hears("Result of #1").await;
    thread.hears("#1 done").await;
    thread.says("/result");
    world.until("the result is there again", |_| thread.count("Result of #1") == 2).await;
    assert_eq!(chat.count("Result of #1"), 0);
    assert_eq!(chat.sees().iter().filter(|heard| heard.text.contains("#1 ")).count(), 1, "the channel has the card only");
    assert_eq!(world.discord.calls("POST /channels/{channel}/messages/{message}/threads"), 1);
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_whose_thread_cannot_be_is_told_of_in_its_channel() {
    let world = World::starts().await;
    let chat = with_threads(&world).await;
    let kind = FaultKind::Status(403, 50_013, "Missing Permissions".to_owned());
    world.discord.fail(Fault { route: Some("/threads".to_owned()), times: 1, kind });
    chat.says("/submit Compare three offers");
    for words in ["Result of #1", "#1 done"] {
        chat.hears(words).await;
    }
    // A thread that is gone half-way leaves the rest to the channel, too.
    world.model.hold();
    chat.says("/submit Compare more");
    let accepted = chat.hears("#2 running").await;
    world.until("there is a thread", |world| world.discord.channel_name(accepted.id).is_some()).await;
    world.discord.delete_channel(accepted.id);
    world.model.release();
    chat.hears("Result of #2").await;
    chat.hears("#2 done").await;
    world.closes().await;
}
