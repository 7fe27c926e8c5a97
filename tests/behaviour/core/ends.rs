//! However an attempt ends, the end is durable, announced, and its place is free.

use std::time::Duration;

use legwork::domain::failure::FailureCode;
use legwork::domain::limits::Limits;
use legwork::domain::status::Status;

use crate::support::desk::Desk;

const CHAT: &str = "chat:1";
const ANN: &str = "chat:ann";

fn short() -> Limits {
    Limits { timeout: Duration::from_mins(1), max_running: 1, ..Limits::default() }
}

#[tokio::test(start_paused = true)]
async fn a_result_is_delivered_before_the_done_notice() {
    let desk = Desk::open();
    let task = desk.submits(CHAT, ANN, "say forty-two").await;
    desk.hears(CHAT, "#1 done after ... 123 tokens").await;
    let heard = desk.recorder.heard(CHAT);
    assert_eq!(heard[..3], ["#1 queued: it is next.\n“say forty-two”", "#1 running.", "Result of #1:\n\nforty-two"]);
    assert_eq!(heard.len(), 4);
    assert_eq!(desk.task(task).await.text(), Some("forty-two"));
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn tokens_are_counted() {
    let desk = Desk::open();
    let number = desk.submits(CHAT, ANN, "say x").await;
    let task = desk.until_status(number, Status::Done).await;
    assert_eq!(task.usage.total(), 123);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_a_failure_that_is_announced_and_frees_its_place() {
    let desk = Desk::limited(short());
    for _ in 0..3 {
        desk.submits(CHAT, ANN, "hang so far").await;
    }
    let last = desk.submits(CHAT, ANN, "say after all").await;
    desk.until_status(last, Status::Done).await;
    desk.hears(CHAT, "#1 failed: timed_out: it used up its time of 1 min 0 s").await;
    desk.hears(CHAT, "What #1 had written by then: ... so far").await;
    assert_eq!(desk.task(legwork::domain::id::TaskNumber(3)).await.failure().unwrap().code, FailureCode::TimedOut);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_runner_that_ignores_its_token_is_dropped() {
    let desk = Desk::limited(short());
    let number = desk.submits(CHAT, ANN, "stubborn").await;
    let task = desk.until_status(number, Status::Failed).await;
    let ran = task.completed_at().unwrap() - task.started_at.unwrap();
    assert!(ran < chrono::Duration::seconds(61), "{ran}");
    desk.hears(CHAT, "#1 failed: timed_out").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_person_may_ask_for_a_shorter_time() {
    let desk = Desk::open();
    let mut submission = Desk::submission(CHAT, ANN, "hang");
    submission.settings.timeout = Some(Duration::from_secs(5));
    let _submitted = desk.manager.submit(submission).await.unwrap();
    desk.hears(CHAT, "#1 failed: timed_out: it used up its time of 5.0 s").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_one_tasks_failure() {
    let desk = Desk::limited(short());
    desk.submits(CHAT, ANN, "panic").await;
    let next = desk.submits(CHAT, ANN, "say still here").await;
    desk.hears(CHAT, "#1 failed: internal").await;
    desk.until_status(next, Status::Done).await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_says_why_and_offers_to_retry() {
    let desk = Desk::open();
    desk.submits(CHAT, ANN, "fail half of it").await;
    desk.hears(CHAT, "What #1 had written by then: ... half of it").await;
    desk.hears(CHAT, "#1 failed: provider_down: the provider does not answer ... /retry 1").await;
    assert!(desk.recorder.buttons().contains(&"Retry".to_owned()));
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn an_empty_answer_is_no_result() {
    let desk = Desk::open();
    let number = desk.submits(CHAT, ANN, "empty").await;
    assert_eq!(desk.until_status(number, Status::Failed).await.failure().unwrap().code, FailureCode::Empty);
    desk.closes().await;
}
