//! What signals do to the real binary: it takes nothing new, finishes what it can, hands back the rest, and exits 0.

use std::time::Duration;

use tokio::time::Instant;

use crate::support::chat::Chat;
use crate::support::process::Process;
use crate::support::world::{ANN, BOB, World};

/// Beyond the drain, this is what delivering, saying goodbye and closing may take.
const MARGIN: Duration = Duration::from_secs(5);

impl Process {
    /// Waits for its end after a signal: it must come in time and be a success. How long it took.
    async fn ends_well(&mut self, signalled: Instant, drain: Duration) -> Duration {
        let status = self.ends().await;
        let took = signalled.elapsed();
        assert_eq!(status.code(), Some(0), "{}", self.log());
        assert!(took < drain + MARGIN, "it took {took:?}\n{}", self.log());
        took
    }
}

/// Asserts that this chat heard of the whole life of the task, each step of it once.
fn heard_once(chat: &Chat<'_>, task: u64, steps: &[&str]) {
    for step in steps {
        let words = step.replace('#', &format!("#{task}"));
        assert_eq!(chat.count(&words), 1, "`{words}` in {}: {:#?}", chat.channel(), chat.sees());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nothing_to_do_it_ends_at_once() {
    for signal in ["TERM", "INT"] {
        let world = World::stopped().await;
        let mut process = world.launches(&[("LEGWORK__TASKS__DRAIN", "60s")]);
        process.is_ready().await;
        let signalled = Instant::now();
        process.signal(signal);
        process.ends_well(signalled, Duration::ZERO).await;
        world.closes().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_finish_is_taken_up_by_the_next_start() {
    let world = World::stopped().await;
    let settings = [("LEGWORK__TASKS__DRAIN", "1s"), ("LEGWORK__TASKS__MAX_RUNNING", "2")];
    let (telegram, discord) = (world.telegram(ANN), world.discord_channel(500, BOB));
    let mut process = world.launches(&settings);
    process.is_ready().await;
    world.model.hold();
    telegram.says("/submit first");
    telegram.hears("#1 running").await;
    discord.says("/submit second");
    discord.hears("#2 running").await;
    telegram.says("/submit third");
    telegram.hears("#3 queued").await;
    let signalled = Instant::now();
    process.signal("TERM");
    let took = process.ends_well(signalled, Duration::from_secs(1)).await;
    assert!(took >= Duration::from_secs(1), "the drain was not waited for: {took:?}");
    world.until("the calls to the model are gone", |world| world.model.running() == 0).await;

    let mut process = world.launches(&settings);
    process.is_ready().await;
    world.until("both are taken up again", |world| world.model.running() == 2).await;
    world.until("the wait shows again", |_| telegram.typing() && discord.typing()).await;
    world.model.release();
    telegram.hears("#1 done").await;
    discord.hears("#2 done").await;
    telegram.hears("#3 done").await;
    for (chat, task) in [(&telegram, 1), (&discord, 2)] {
        heard_once(chat, task, &["# queued", "# running", "Result of #", "# done"]);
    }
    heard_once(&telegram, 3, &["# queued", "# running", "Result of #", "# done"]);
    let signalled = Instant::now();
    process.signal("TERM");
    process.ends_well(signalled, Duration::from_secs(1)).await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_finishes_within_the_drain_is_delivered_before_the_exit() {
    let world = World::stopped().await;
    let (telegram, discord) = (world.telegram(ANN), world.discord_channel(500, BOB));
    let mut process = world.launches(&[("LEGWORK__TASKS__DRAIN", "60s")]);
    process.is_ready().await;
    world.model.hold();
    telegram.says("/submit first");
    telegram.hears("#1 running").await;
    discord.says("/submit words 2000");
    discord.hears("#2 running").await;
    process.signal("TERM");
    process.drains().await;
    let finished = Instant::now();
    world.model.release();
    process.ends_well(finished, Duration::ZERO).await;
    for (chat, task) in [(&telegram, 1), (&discord, 2)] {
        heard_once(chat, task, &["# queued", "# running", "Result of #", "# done"]);
    }
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_new_is_taken_while_draining_and_nothing_is_lost() {
    let world = World::stopped().await;
    let settings = [("LEGWORK__TASKS__DRAIN", "60s"), ("LEGWORK__TASKS__MAX_RUNNING", "1")];
    let telegram = world.telegram(ANN);
    let mut process = world.launches(&settings);
    process.is_ready().await;
    world.model.hold();
    telegram.says("/submit first");
    telegram.hears("#1 running").await;
    telegram.says("/submit waits");
    telegram.hears("#2 queued").await;
    process.signal("TERM");
    process.drains().await;
    assert_eq!(process.gets("/healthz").await.unwrap().0, 200, "it still lives");
    let (status, problem) = process.posts("/api/v1/tasks", r#"{"prompt": "too late"}"#).await.unwrap();
    assert_eq!(status, 503, "{problem}");
    assert!(problem.contains("stopping"), "{problem}");
    world.model.release();
    process.ends_well(Instant::now(), Duration::ZERO).await;
    heard_once(&telegram, 1, &["# running", "Result of #", "# done"]);
    assert_eq!(world.model.calls().len(), 1, "the task that waited was taken up");
    telegram.says("/submit while it is away");

    let mut process = world.launches(&settings);
    process.is_ready().await;
    telegram.hears("#3 done").await;
    heard_once(&telegram, 2, &["# queued", "# running", "# done"]);
    heard_once(&telegram, 3, &["# queued", "# running", "# done"]);
    process.signal("TERM");
    process.ends_well(Instant::now(), Duration::ZERO).await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_heard_while_it_drains() {
    let world = World::stopped().await;
    let settings = [("LEGWORK__TASKS__DRAIN", "60s")];
    let (telegram, discord) = (world.telegram(ANN), world.discord_channel(500, BOB));
    let mut process = world.launches(&settings);
    process.is_ready().await;
    world.model.hold();
    telegram.says("/submit first");
    telegram.hears("#1 running").await;
    discord.says("/submit second");
    discord.hears("#2 running").await;
    process.signal("TERM");
    process.drains().await;
    telegram.says("/submit while it drains");
    telegram.hears("#3 queued").await;
    telegram.hears("this starts when it is back").await;
    discord.says("/submit that too");
    discord.hears("#4 queued").await;
    discord.says("/status 2");
    discord.hears("Asked: ").await;
    telegram.says("/cancel 1");
    telegram.hears("#1 cancelled").await;
    discord.presses(&discord.card(2).unwrap(), "Cancel").await;
    process.ends_well(Instant::now(), Duration::ZERO).await;
    heard_once(&telegram, 1, &["# queued", "# running"]);
    heard_once(&discord, 2, &["# queued"]);
    assert_eq!(world.model.calls().len(), 2, "a task that waited was taken up");

    world.model.release();
    let mut process = world.launches(&settings);
    process.is_ready().await;
    telegram.hears("#3 done").await;
    discord.hears("#4 done").await;
    heard_once(&telegram, 3, &["# queued", "# running", "Result of #", "# done"]);
    heard_once(&discord, 4, &["# queued", "# running", "Result of #", "# done"]);
    process.signal("TERM");
    process.ends_well(Instant::now(), Duration::ZERO).await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_it_at_once_and_loses_nothing() {
    let world = World::stopped().await;
    let telegram = world.telegram(ANN);
    let settings = [("LEGWORK__TASKS__DRAIN", "60s")];
    let mut process = world.launches(&settings);
    process.is_ready().await;
    world.model.hold();
    telegram.says("/submit first");
    telegram.hears("#1 running").await;
    process.signal("TERM");
    process.drains().await;
    let signalled = Instant::now();
    process.signal("INT");
    process.ends_well(signalled, Duration::ZERO).await;
    world.model.release();

    let mut process = world.launches(&settings);
    process.is_ready().await;
    telegram.hears("#1 done").await;
    heard_once(&telegram, 1, &["# queued", "# running", "Result of #", "# done"]);
    process.signal("TERM");
    process.ends_well(Instant::now(), Duration::ZERO).await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_does_not_answer_keeps_no_process() {
    let world = World::stopped().await;
    let telegram = world.telegram(ANN);
    for (task, drain, signals) in [(1, 1, 1), (2, 60, 2)] {
        let mut process = world.launches(&[("LEGWORK__TASKS__DRAIN", &format!("{drain}s"))]);
        process.is_ready().await;
        world.model.hold();
        telegram.says("/submit first");
        telegram.hears(&format!("#{task} running")).await;
        let shell = rusqlite::Connection::open(&world.config.store.path).unwrap();
        shell.execute_batch("BEGIN IMMEDIATE").unwrap();
        let signalled = Instant::now();
        for _ in 0..signals {
            process.signal("TERM");
        }
        let took = process.ends_well(signalled, Duration::from_secs(if signals == 1 { drain } else { 0 })).await;
        drop(shell);
        world.model.release();

        let mut process = world.launches(&[]);
        process.is_ready().await;
        telegram.hears(&format!("#{task} done")).await;
        process.signal("TERM");
        process.ends_well(Instant::now(), Duration::ZERO).await;
        assert!(took > Duration::from_millis(100), "the ledger answered: {took:?}");
    }
    world.closes().await;
}
