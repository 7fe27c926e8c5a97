//! Cancel answers within a second with the truth, and a finished task stays as it is.

use legwork::background::manager::Cancelled;
use legwork::domain::limits::Limits;
use legwork::domain::status::Status;
use tokio::time::{Duration, Instant};

use crate::support::desk::Desk;

const CHAT: &str = "chat:1";
const ANN: &str = "chat:ann";

#[tokio::test(start_paused = true)]
async fn a_running_task_is_cancelled_at_once_and_its_channel_is_told() {
    let desk = Desk::open();
    let number = desk.submits(CHAT, ANN, "hang half").await;
    desk.until_status(number, Status::Running).await;
    desk.until("the runner has begun", |desk| !desk.runner.prompts().is_empty()).await;
    let asked = Instant::now();
    assert!(matches!(desk.cancels(ANN, number).await, Cancelled::Cancelled(_)));
    assert!(asked.elapsed() < Duration::from_secs(1));
    desk.hears(CHAT, "What #1 had written by then: ... half").await;
    desk.hears(CHAT, "#1 cancelled after ... 123 tokens").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn even_a_runner_that_ignores_its_token_is_cancelled_within_a_second() {
    let desk = Desk::open();
    let number = desk.submits(CHAT, ANN, "stubborn").await;
    desk.until_status(number, Status::Running).await;
    let asked = Instant::now();
    assert!(matches!(desk.cancels(ANN, number).await, Cancelled::Cancelled(_)));
    assert!(asked.elapsed() < Duration::from_secs(1));
    desk.hears(CHAT, "#1 cancelled").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_pending_task_is_cancelled_without_ever_running() {
    let desk = Desk::limited(Limits { max_running: 1, ..Limits::default() });
    let first = desk.submits(CHAT, ANN, "hold one").await;
    desk.until_status(first, Status::Running).await;
    let second = desk.submits(CHAT, ANN, "say two").await;
    assert!(matches!(desk.cancels(ANN, second).await, Cancelled::Cancelled(_)));
    desk.hears(CHAT, "#2 cancelled before it started").await;
    desk.runner.release();
    desk.until_status(first, Status::Done).await;
    assert_eq!(desk.runner.prompts(), ["hold one"]);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn done_never_becomes_cancelled() {
    let desk = Desk::open();
    let number = desk.submits(CHAT, ANN, "say x").await;
    desk.until_status(number, Status::Done).await;
    assert!(matches!(desk.cancels(ANN, number).await, Cancelled::AlreadyFinished(_)));
    assert_eq!(desk.task(number).await.status(), Status::Done);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_second_cancel_changes_nothing() {
    let desk = Desk::open();
    let number = desk.submits(CHAT, ANN, "hang").await;
    desk.until_status(number, Status::Running).await;
    assert!(matches!(desk.cancels(ANN, number).await, Cancelled::Cancelled(_)));
    assert!(matches!(desk.cancels(ANN, number).await, Cancelled::AlreadyFinished(_)));
    desk.hears(CHAT, "#1 cancelled").await;
    let told = desk.recorder.heard(CHAT).iter().filter(|text| text.contains("cancelled")).count();
    assert_eq!(told, 1);
    desk.closes().await;
}
