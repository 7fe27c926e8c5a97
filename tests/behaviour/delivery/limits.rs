//! Many results at once, on platforms that enforce their limits: all of them arrive, nobody is refused for haste, and
//! who asks meanwhile is answered.
//!
//! The platforms' clock goes faster here, and so does the bot's: the same counts in less time.

use std::num::NonZeroU32;
use std::time::Duration;

use legwork::domain::notice::Events;
use tokio::time::Instant;

use crate::support::chat::{Chat, Place};
use crate::support::owed::owes_results;
use crate::support::world::{ANN, World, id};

/// Somebody with nothing owed.
const CLEO: u64 = 5000;
const FASTER: u32 = 4;

fn some(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

/// Lets the ledger of a world that has not started owe one result to each of these channels, in this order.
async fn owes_one_each(world: &World, channels: &[String]) {
    let answer = |(at, channel): (usize, &String)| (channel.clone(), format!("the answer to seed-{at}"));
    owes_results(world, &channels.iter().enumerate().map(answer).collect::<Vec<_>>(), Events::none()).await;
}

/// Asks for the status and waits for the answer, which must come soon.
async fn is_answered_soon(chat: &Chat<'_>) {
    let before = chat.count("You have no active task");
    let asked = Instant::now();
    chat.says("/status");
    chat.world.until("the answer is there", |_| chat.count("You have no active task") > before).await;
    assert!(asked.elapsed() < Duration::from_secs(5), "answered after {:?}", asked.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_results_to_a_hundred_chats_and_three_groups_arrive_without_a_refusal() {
    let mut world = World::stopped().await;
    world.config.telegram.as_mut().unwrap().pace = some(FASTER);
    let people = (0..100).map(|at| 2000 + at);
    let chats: Vec<i64> = people.chain([-1_001, -1_002, -1_003]).collect();
    for chat in &chats {
        world.telegram.add_chat(*chat, "A chat");
    }
    let channels: Vec<String> = (0..1000).map(|at| format!("telegram:{}", chats[at % chats.len()])).collect();
    owes_one_each(&world, &channels).await;
    world.telegram.enforce_limits_faster(FASTER);
    let started = Instant::now();
    world.serves().await;

    let told = |world: &World| chats.iter().map(|chat| world.telegram.said(*chat).len()).sum::<usize>();
    world.until("a part is told", |world| told(world) > 200).await;
    is_answered_soon(&world.telegram(CLEO)).await;
    is_answered_soon(&world.telegram(2001)).await;
    is_answered_soon(&world.telegram_group(-1_001, 2002)).await;
    assert!(told(&world) < 900, "the results were still on their way: {}", told(&world));

    world.settles().await;
    let took = started.elapsed();
    for (at, chat) in chats.iter().enumerate() {
        let results: Vec<String> = world
            .telegram
            .said(*chat)
            .into_iter()
            .map(|message| message.text)
            .filter(|text| text.starts_with("Result"))
            .collect();
        let expected = (at..1000).step_by(chats.len()).map(|at| format!("Result of #{}:\n\nthe answer to seed-{at}", at + 1));
        assert_eq!(results, expected.collect::<Vec<_>>(), "in {chat}, in their order and once");
    }
    let allowed = Duration::from_millis(33) * 970 / FASTER;
    assert!(took > allowed, "faster than allowed: {took:?}");
    assert!(took < allowed * 2, "{took:?}, and {allowed:?} is allowed");
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_to_many_discord_channels_keep_to_limits_that_only_answers_tell() {
    let mut world = World::stopped().await;
    world.config.discord.as_mut().unwrap().pace = NonZeroU32::MIN;
    let places: Vec<u64> = (0..12).map(|at| world.discord.dm(3000 + at)).collect();
    let channels: Vec<String> = (0..96).map(|at| format!("discord:{}", places[at % places.len()])).collect();
    owes_one_each(&world, &channels).await;
    world.discord.enforce_limits(true);
    world.serves().await;
    let chat = Chat { world: &world, place: Place::Discord { channel: places[0] }, person: 3000 };
    chat.hears("Result of #1:").await;
    is_answered_soon(&chat).await;
    world.settles().await;
    for place in &places {
        let results = world.discord.messages(*place).into_iter().filter(|message| message.text.starts_with("-# Result")).count();
        assert_eq!(results, 8);
    }
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_with_more_results_than_discord_takes_in_a_second_uses_each_second_and_overdraws_none() {
    let mut world = World::stopped().await;
    world.config.discord.as_mut().unwrap().pace = NonZeroU32::MIN;
    let places: Vec<u64> = (0..200).map(|at| world.discord.dm(3000 + at)).collect();
    owes_one_each(&world, &places.iter().map(|place| format!("discord:{place}")).collect::<Vec<_>>()).await;
    world.discord.enforce_limits(true);
    let started = Instant::now();
    // The gateway connects and the commands are registered meanwhile; that counts, too.
    world.serves().await;
    world.settles().await;
    let took = started.elapsed();
    assert!(took > Duration::from_secs(4), "faster than allowed: {took:?}");
    assert!(took < Duration::from_secs(8), "{took:?}, and four seconds are allowed");
    for place in &places {
        assert_eq!(world.discord.messages(*place).len(), 1);
    }
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_group_with_topics_is_never_told_too_much() {
    let mut world = World::stopped().await;
    world.config.telegram.as_mut().unwrap().pace = some(60);
    let group = -1_001;
    let topics: Vec<i64> = (0..3).map(|at| world.telegram.create_topic(group, &format!("topic {at}"))).collect();
    let channels: Vec<String> = (0..60).map(|at| format!("telegram:{group}/{}", topics[at % 3])).collect();
    owes_one_each(&world, &channels).await;
    world.telegram.enforce_limits_faster(60);
    world.serves().await;
    world.settles().await;
    let results = world.telegram.said(group).into_iter().filter(|message| message.text.starts_with("Result")).count();
    assert_eq!(results, 60);
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_task_keeps_to_the_limits_with_its_typing_too() {
    let mut world = World::stopped().await;
    world.config.telegram.as_mut().unwrap().pace = NonZeroU32::MIN;
    world.telegram.enforce_limits(true);
    world.serves().await;
    let chat = world.telegram(ANN);
    for number in 1..=2 {
        chat.says("/submit Tell me");
        chat.hears(&format!("#{number} done")).await;
    }
    assert!(world.telegram.typing_pulses(id(ANN)) <= 8);
    world.closes().await;
}
