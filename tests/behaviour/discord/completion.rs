//! While the name of a task is typed: one's own tasks, with their states and prompts, in time.

use std::time::Duration;

use crate::support::wait::Wait;
use crate::support::world::{ANN, BOB, World};

const HERE: u64 = 500;

/// What is offered to a person who has typed this.
async fn offered(world: &World, person: u64, command: &str, typed: &str) -> Vec<(String, String)> {
    let id = world.discord.autocompletes(HERE, person, command, "task", typed).unwrap();
    let mut wait = Wait::begin();
    loop {
        if let Some(choices) = world.discord.choices(id) {
            return choices;
        }
        wait.goes_on(|| format!("`{typed}` is not completed")).await;
    }
}

fn labels(offered: &[(String, String)]) -> Vec<&str> {
    offered.iter().map(|(label, _)| label.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ones_own_tasks_are_offered_with_state_and_prompt() {
    let world = World::starts().await;
    let chat = world.discord_channel(HERE, ANN);
    chat.says("/submit Compare the three offers");
    chat.hears("#1 done").await;
    chat.of(BOB).says("/submit Something of Bob's");
    chat.hears("#2 done").await;
    world.model.hold();
    chat.says(&format!("/submit Compare {}", "very long ".repeat(30)));
    chat.hears("#3 running").await;
    let all = offered(&world, ANN, "status", "").await;
    let long = format!("#3 running: Compare {}", "very long ".repeat(30));
    let long: String = long.chars().take(99).collect();
    assert_eq!(labels(&all), [format!("{}…", long.trim_end()).as_str(), "#1 done: Compare the three offers"]);
    assert!(all.iter().all(|(label, _)| label.chars().count() <= 100));
    assert_eq!(all[1].1, "1");
    for typed in ["1", "#1", "offers", "compare OFF", "done"] {
        assert_eq!(labels(&offered(&world, ANN, "status", typed).await), ["#1 done: Compare the three offers"], "{typed}");
    }
    assert!(offered(&world, ANN, "status", "nothing like it").await.is_empty());
    assert!(offered(&world, ANN, "status", "2").await.is_empty(), "somebody else's");
    // Only what the command can do something with.
    assert_eq!(offered(&world, ANN, "cancel", "").await[0].1, "3");
    assert_eq!(offered(&world, ANN, "cancel", "").await.len(), 1);
    assert_eq!(labels(&offered(&world, ANN, "retry", "").await), ["#1 done: Compare the three offers"]);
    world.model.release();
    chat.hears("#3 done").await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completions_are_in_time_while_there_is_much_to_do() {
    let world = World::with(|config| {
        config.tasks.limits.max_queued = 500;
        config.tasks.limits.max_queued_per_person = 500;
    })
    .await;
    let chat = world.discord_channel(HERE, ANN);
    world.model.hold();
    for n in 0..60 {
        chat.says(&format!("/submit job number {n}"));
    }
    let mut typed = Vec::new();
    for _ in 0..20 {
        chat.says("/list");
        typed.push(world.discord.autocompletes(HERE, ANN, "cancel", "task", "job").unwrap());
    }
    world.until("every completion is there", |world| typed.iter().all(|id| world.discord.choices(*id).is_some())).await;
    for id in typed {
        let seen = world.discord.interaction(id).unwrap();
        assert!(!seen.failed && seen.acked.is_some_and(|after| after < Duration::from_secs(3)), "{:?}", seen.acked);
    }
    world.until("all are queued", |_| chat.count("queued") >= 60).await;
    let offered = offered(&world, ANN, "cancel", "job number").await;
    assert_eq!(offered.len(), 25, "Discord takes no more");
    // One that is typed in full is found whatever else there is.
    assert_eq!(self::offered(&world, ANN, "cancel", "2").await[0].1, "2");
    world.model.release();
    world.closes().await;
}
