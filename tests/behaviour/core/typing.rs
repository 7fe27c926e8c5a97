//! Typing shows while a task of the channel runs: one loop per channel, ended by every outcome.

use std::time::Duration;

use legwork::domain::limits::Limits;
use legwork::domain::status::Status;

use crate::support::desk::Desk;

#[tokio::test(start_paused = true)]
async fn many_tasks_of_a_channel_share_one_loop() {
    let desk = Desk::open();
    for person in ["chat:ann", "chat:bob", "chat:cid"] {
        desk.submits("chat:1", person, "hold x").await;
    }
    let other = desk.submits("chat:2", "chat:dan", "hold x").await;
    desk.until_status(other, Status::Running).await;
    desk.until("three runs and one more have begun", |desk| desk.runner.prompts().len() == 4).await;
    assert_eq!(desk.notification.typing().active(), 2);
    desk.hears("chat:1", "#3 running").await;
    // A pulse every four seconds, not three of them.
    let before = desk.recorder.typed("chat:1");
    tokio::time::advance(Duration::from_secs(4)).await;
    desk.until("it is shown again", |desk| desk.recorder.typed("chat:1") > before).await;
    assert_eq!(desk.recorder.typed("chat:1"), before + 1);
    for _ in 0..4 {
        desk.runner.release();
    }
    desk.until("typing has ended", |desk| desk.notification.typing().active() == 0).await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn every_outcome_ends_it() {
    let desk = Desk::limited(Limits { timeout: Duration::from_secs(30), ..Limits::default() });
    for (at, prompt) in ["say x", "fail", "panic", "empty", "hang", "stubborn"].into_iter().enumerate() {
        let channel = format!("chat:{at}");
        desk.submits(&channel, &channel, prompt).await;
    }
    desk.until("typing has begun", |desk| desk.recorder.typed("chat:4") > 0 && desk.recorder.typed("chat:5") > 0).await;
    desk.until("typing has ended everywhere", |desk| desk.notification.typing().active() == 0).await;
    desk.hears("chat:5", "#6 failed: timed_out").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_in_the_queue_shows_nothing() {
    let desk = Desk::limited(Limits { max_running: 1, ..Limits::default() });
    let first = desk.submits("chat:1", "chat:ann", "hold x").await;
    desk.until_status(first, Status::Running).await;
    desk.submits("chat:2", "chat:bob", "hold y").await;
    desk.hears("chat:2", "#2 queued").await;
    assert_eq!(desk.recorder.typed("chat:2"), 0);
    desk.runner.release();
    desk.runner.release();
    desk.hears("chat:2", "#2 done").await;
    desk.closes().await;
}
