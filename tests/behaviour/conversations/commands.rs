//! The other commands: every input gets exactly one answer.

use crate::conversations::conversation;
use crate::support::world::{ANN, World};

conversation!(a_result_can_be_read_again, |world, chat| {
    chat.says("/submit Tell me more");
    chat.hears("#1 done").await;
    let before = chat.count("Result of #1");
    chat.says("/result 1");
    world.until("it is there again", |_| chat.count("Result of #1") == before + 1).await;
});

conversation!(an_unfinished_task_has_no_result_yet, |world, chat| {
    world.model.hold();
    chat.says("/submit Tell me more");
    chat.hears("#1 running").await;
    chat.says("/result 1");
    chat.hears("#1 is running, it has no result yet").await;
    chat.says("/retry 1");
    chat.hears("#1 is still running").await;
    world.model.release();
    chat.hears("#1 done").await;
});

conversation!(a_retry_says_what_it_repeats, |_world, chat| {
    chat.says("/submit Tell me more");
    chat.hears("#1 done").await;
    chat.says("/retry 1");
    chat.hears("#2 queued, a repeat of #1").await;
    chat.hears("#2 done").await;
});

conversation!(tasks_are_listed_newest_first_in_pages, |world, chat| {
    for n in 1..=12 {
        chat.says(&format!("/submit job number {n}"));
        chat.hears(&format!("#{n} done")).await;
    }
    chat.says("/list");
    let list = chat.hears("Your tasks, newest first: ... #12 done ... #3 done").await;
    assert_eq!(list.buttons, ["Older"]);
    chat.says("/status");
    chat.hears("You have no active task").await;
    chat.says("/help");
    chat.hears("Try it: ... /submit ... /help").await;
    assert_eq!(world.summary().await.done, 12);
});

conversation!(what_is_not_understood_is_answered, |world, chat| {
    chat.says("/status 77");
    chat.hears("There is no task #77. Use /list").await;
    chat.says("/status seven");
    chat.hears("There is no task seven").await;
    chat.says("/cancel");
    chat.hears("Which task? Write it like /cancel 42").await;
    assert_eq!(world.summary().await.total, 0);
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_a_task_more_time_than_the_operator_does() {
    let world = World::starts().await;
    let chat = world.telegram(ANN);
    chat.says("/submit --timeout 2h Take your time");
    chat.hears("A task may run for 30 min 0 s here, not longer. Nothing was queued").await;
    chat.says("/submit --timeout soon Take your time");
    chat.hears("soon ... 1s to 24h").await;
    assert_eq!(world.summary().await.total, 0);
    chat.says("/submit --timeout 1s hang");
    chat.hears("#1 failed: timed_out").await;
    world.closes().await;
}
