//! Everything about a task goes where it was asked for: topic, thread, direct messages, and as a reply.

use crate::support::chat::{Chat, Place};
use crate::support::world::{ANN, BOB, World, id};

const GROUP: i64 = -100_200;

/// A whole task, held long enough to see the bot busy; only `chat` hears of it.
async fn is_served_here(chat: &Chat<'_>, number: u64) {
    let world = chat.world;
    world.model.hold();
    chat.says("/submit Tell me");
    chat.hears(&format!("#{number} queued")).await;
    chat.hears(&format!("#{number} running")).await;
    world.until("typing shows", |_| chat.typing()).await;
    world.model.release();
    chat.hears(&format!("Result of #{number}")).await;
    chat.hears(&format!("#{number} done")).await;
    world.until("typing has ended", |_| !chat.typing()).await;
    world.settles().await;
    chat.says(&format!("/status {number}"));
    chat.hears(&format!("#{number} done ... Notice “done” to {}: delivered", chat.channel())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_of_a_topic_stays_in_its_topic() {
    let world = World::starts().await;
    world.telegram.says(GROUP, id(BOB), "the group is not new");
    let (plans, other) = (world.telegram.create_topic(GROUP, "Plans"), world.telegram.create_topic(GROUP, "Other"));
    let chat = world.telegram_topic(GROUP, plans, ANN);
    world.model.hold();
    chat.says("/submit Tell me");
    chat.hears("#1 running").await;
    world.until("typing shows", |_| chat.typing()).await;
    let elsewhere = [world.telegram_group(GROUP, ANN), world.telegram_topic(GROUP, other, ANN)];
    assert!(elsewhere.iter().all(|place| !place.typing()), "typing shows elsewhere");
    world.model.release();
    chat.hears("Result of #1").await;
    chat.hears("#1 done").await;
    world.until("typing has ended", |_| !chat.typing()).await;
    world.settles().await;
    chat.says("/status 1");
    chat.hears(&format!("Notice “done” to telegram:{GROUP}/{plans}: delivered")).await;
    chat.says("/list all");
    chat.hears("Only admins see everybody's tasks").await;
    assert!(world.telegram.said(GROUP).iter().all(|message| message.topic == Some(plans)), "something was said elsewhere");
    is_served_here(&elsewhere[1], 2).await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notices_on_telegram_reply_to_the_message_that_asked() {
    let world = World::starts().await;
    world.telegram.says(GROUP, id(BOB), "talk");
    let asked = world.telegram.says(GROUP, id(ANN), "/submit Tell me");
    world.telegram.says(GROUP, id(BOB), "more talk");
    let chat = world.telegram_group(GROUP, ANN);
    chat.hears("#1 done").await;
    for heard in chat.sees() {
        assert_eq!(heard.reply_to.map(|reply| i64::try_from(reply).unwrap()), Some(asked), "{heard:?}");
    }
    assert_eq!(chat.sees().len(), 3, "the card, the result, the end: {:#?}", chat.sees());
    // And a reply to any of them says which task is meant.
    let result = chat.hears("Result of #1").await;
    world.telegram.replies(GROUP, id(ANN), id(result.id), "/status");
    chat.hears("#1 done after ... Asked: Tell me").await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_of_a_thread_stays_in_its_thread() {
    let world = World::starts().await;
    let thread = world.discord.thread(500);
    let chat = Chat { world: &world, place: Place::Discord { channel: thread }, person: ANN };
    is_served_here(&chat, 1).await;
    assert_eq!(world.discord.messages(500), Vec::new(), "something was said in the channel above");
    assert_eq!(world.discord.typing_pulses(500), 0);
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn direct_messages_are_served_on_both_platforms() {
    let world = World::starts().await;
    let direct = world.discord.dm(ANN);
    let chat = Chat { world: &world, place: Place::Discord { channel: direct }, person: ANN };
    is_served_here(&chat, 1).await;
    is_served_here(&world.telegram(ANN), 2).await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_sends_a_result_to_another_channel_too() {
    let world = World::with(|config| config.access.admins = vec![format!("discord:{ANN}").parse().unwrap()]).await;
    let (here, there) = (world.discord_channel(500, ANN), world.telegram_group(GROUP, BOB));
    world.telegram.add_chat(GROUP, "Readers");
    here.says(&format!("/submit prompt: Tell me to: {}", there.channel()));
    for chat in [here, there] {
        chat.hears("Result of #1").await;
        chat.hears("#1 done").await;
    }
    assert_eq!(there.count("#1 queued"), 0, "only who asked hears of the acceptance");
    here.of(BOB).says(&format!("/submit prompt: Tell me to: {}", there.channel()));
    here.of(BOB).hears("You may send a task's news to your own direct chat (me)").await;
    assert_eq!(world.summary().await.total, 1);
    world.closes().await;
}
