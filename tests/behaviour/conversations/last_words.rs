//! What was asked just before a stop is answered all the same.

use std::time::Duration;

use legwork::simulator::discord::{Fault, FaultKind};

use crate::support::world::{ANN, World};

const CALLBACK: &str = "POST /interactions/{id}/{token}/callback";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_during_the_stop_is_given() {
    let mut world = World::starts().await;
    world.discord.fail(Fault { route: Some(CALLBACK.to_owned()), times: 1, kind: FaultKind::RetryAfter(1.0, false) });
    world.discord_channel(500, ANN).says("/status");
    world.until("the command has arrived", |world| world.discord.calls(CALLBACK) == 1).await;
    let took = world.stops().await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    let seen = world.discord_channel(500, ANN).sees();
    assert!(seen.iter().any(|heard| heard.text.starts_with("You have no active task")), "{seen:?}");
    world.closes().await;
}
