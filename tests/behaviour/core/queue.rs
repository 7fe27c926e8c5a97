//! Running and waiting are two limits; persons take turns; a full queue says so.

use std::time::Duration;

use legwork::background::manager::Submitted;
use legwork::background::ports::{Acceptance, Ledger};
use legwork::domain::id::{InboundId, TaskNumber};
use legwork::domain::limits::Limits;
use legwork::domain::queue::QueueFull;
use legwork::domain::status::Status;
use tokio_util::sync::CancellationToken;

use crate::support::desk::{Desk, Setup};

const CHAT: &str = "chat:1";

#[tokio::test(start_paused = true)]
async fn beyond_max_running_tasks_wait_and_hear_their_place() {
    let desk = Desk::limited(Limits { max_running: 1, ..Limits::default() });
    let first = desk.submits(CHAT, "chat:ann", "hold 1").await;
    desk.until_status(first, Status::Running).await;
    desk.submits(CHAT, "chat:ann", "hold 2").await;
    let third = desk.submits(CHAT, "chat:ann", "hold 3").await;
    desk.hears(CHAT, "#3 queued: 1 task is ahead of it").await;
    assert_eq!(desk.task(third).await.status(), Status::Pending);
    for _ in 0..3 {
        desk.runner.release();
    }
    desk.hears(CHAT, "#3 done").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn persons_take_turns() {
    let desk = Desk::limited(Limits { max_running: 1, ..Limits::default() });
    let first = desk.submits("chat:1", "chat:ann", "hold a1").await;
    desk.until_status(first, Status::Running).await;
    for prompt in ["hold a2", "hold a3"] {
        desk.submits("chat:1", "chat:ann", prompt).await;
    }
    let last = desk.submits("chat:2", "chat:bob", "hold b1").await;
    for _ in 0..4 {
        desk.runner.release();
    }
    desk.until_status(last, Status::Done).await;
    desk.hears("chat:1", "#3 done").await;
    assert_eq!(desk.runner.prompts(), ["hold a1", "hold b1", "hold a2", "hold a3"]);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn one_person_runs_no_more_than_their_share() {
    let desk = Desk::open();
    for prompt in ["hold 1", "hold 2", "hold 3"] {
        desk.submits(CHAT, "chat:ann", prompt).await;
    }
    desk.until_status(TaskNumber(2), Status::Running).await;
    let other = desk.submits(CHAT, "chat:bob", "say free").await;
    desk.until_status(other, Status::Done).await;
    assert_eq!(desk.task(TaskNumber(3)).await.status(), Status::Pending);
    for _ in 0..3 {
        desk.runner.release();
    }
    desk.hears(CHAT, "#3 done").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_and_changes_nothing() {
    let desk = Desk::limited(Limits { max_running: 1, max_queued: 2, max_queued_per_person: 1, ..Limits::default() });
    let first = desk.submits(CHAT, "chat:ann", "hold 1").await;
    desk.until_status(first, Status::Running).await;
    desk.submits(CHAT, "chat:ann", "hold 2").await;
    let again = desk.manager.submit(Desk::submission(CHAT, "chat:ann", "hold 3")).await.unwrap();
    assert_eq!(again, Submitted::Full(QueueFull::Person { waiting: 1 }));
    desk.submits(CHAT, "chat:bob", "hold 4").await;
    let full = desk.manager.submit(Desk::submission(CHAT, "chat:cid", "hold 5")).await.unwrap();
    assert_eq!(full, Submitted::Full(QueueFull::Everybody { waiting: 2 }));
    for _ in 0..3 {
        desk.runner.release();
    }
    desk.until_status(TaskNumber(3), Status::Done).await;
    desk.hears(CHAT, "#3 done").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn the_same_message_twice_makes_one_task() {
    let desk = Desk::open();
    let mut submission = Desk::submission(CHAT, "chat:ann", "say once");
    submission.inbound = Some(InboundId::parse("update:1").unwrap());
    let first = desk.manager.submit(submission.clone()).await.unwrap();
    assert!(matches!(first, Submitted::Accepted { .. }));
    assert!(matches!(desk.manager.submit(submission).await.unwrap(), Submitted::Duplicate(task) if task.number == TaskNumber(1)));
    desk.hears(CHAT, "#1 done").await;
    assert_eq!(desk.runner.prompts(), ["say once"]);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_accepted_while_stopping() {
    let desk = Desk::open();
    desk.manager.shutdown();
    let refused = desk.manager.submit(Desk::submission(CHAT, "chat:ann", "say x")).await.unwrap();
    assert_eq!(refused, Submitted::Stopping);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_manager_that_is_shut_down_drains_and_ends() {
    let (soft, hard) = (CancellationToken::new(), CancellationToken::new());
    let desk = Desk::with(Setup { drain: Duration::from_mins(1), ..Setup::default() });
    let number = desk.submits(CHAT, "chat:ann", "hold x").await;
    desk.until_status(number, Status::Running).await;
    let run = desk.manager.run(soft, hard, Duration::from_mins(1));
    desk.manager.shutdown();
    desk.runner.release();
    assert_eq!(run.await.handed_back, 0);
    desk.hears(CHAT, "#1 done").await;
    desk.closes().await;
}

/// The trait is usable as an object and its values compare: what a library user's own ledger must offer.
#[test]
fn a_ledger_is_an_object() {
    fn takes(_ledger: Option<&dyn Ledger>, acceptance: &Acceptance) -> bool {
        *acceptance == Acceptance::Full(QueueFull::Everybody { waiting: 0 })
    }
    assert!(takes(None, &Acceptance::Full(QueueFull::Everybody { waiting: 0 })));
}
