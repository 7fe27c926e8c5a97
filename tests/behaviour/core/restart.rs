//! What a stop leaves behind is taken up again; what finishes in time is delivered.

use std::sync::Arc;
use std::time::Duration;

use legwork::adapters::ledger::memory::MemoryLedger;
use legwork::background::ports::Ledger;
use legwork::domain::id::{TaskNumber, WorkerId};
use legwork::domain::limits::Limits;
use legwork::domain::status::Status;
use legwork::domain::time::{from_millis, later};

use crate::support::desk::{Desk, Setup};

const CHAT: &str = "chat:1";
const ANN: &str = "chat:ann";

#[tokio::test(start_paused = true)]
async fn a_graceful_stop_hands_back_what_does_not_finish() {
    let desk = Desk::with(Setup { drain: Duration::from_secs(20), ..Setup::default() });
    let number = desk.submits(CHAT, ANN, "hang").await;
    desk.until_status(number, Status::Running).await;
    let (drained, ledger) = desk.stops().await;
    assert_eq!(drained.handed_back, 1);

    let desk = Desk::with(Setup { ledger: Some(ledger), ..Setup::default() });
    let task = desk.until_status(number, Status::Running).await;
    assert_eq!(task.attempt, 1, "a graceful stop costs no attempt");
    let _cancelled = desk.cancels(ANN, number).await;
    desk.hears(CHAT, "#1 cancelled").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn what_finishes_within_the_drain_is_delivered() {
    let desk = Desk::with(Setup { drain: Duration::from_secs(20), ..Setup::default() });
    let number = desk.submits(CHAT, ANN, "hold x").await;
    desk.until_status(number, Status::Running).await;
    desk.soft.cancel();
    desk.runner.release();
    let recorder = Arc::clone(&desk.recorder);
    desk.closes().await;
    assert!(recorder.heard(CHAT).iter().any(|text| text.starts_with("#1 done")));
}

/// A ledger in which a worker that is gone holds a task.
async fn interrupted(attempts: u32) -> Arc<dyn Ledger> {
    let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new());
    let desk = Desk::with(Setup { ledger: Some(ledger.clone()), ..Setup::default() });
    desk.soft.cancel();
    let (_, ledger) = desk.stops().await;
    let clock = from_millis(1_780_000_000_000).unwrap();
    let new = legwork::domain::task::NewTask {
        id: legwork::domain::id::TaskId::parse("interrupted").unwrap(),
        inbound: None,
        prompt: legwork::domain::prompt::Prompt::parse("say again").unwrap(),
        origin: Desk::submission(CHAT, ANN, "x").origin,
        deliver_to: Vec::new(),
        events: legwork::domain::notice::Events::default(),
        manner: legwork::domain::preferences::Manner::default(),
        settings: legwork::domain::task::RunSettings::default(),
        retry_of: None,
    };
    ledger.accept(new, &Limits::default(), clock).await.unwrap();
    let dead = WorkerId::parse("dead").unwrap();
    for attempt in 0..attempts {
        ledger.claim(&dead, &Limits::default(), 1, later(clock, Duration::from_secs(1)), clock).await.unwrap();
        if attempt + 1 < attempts {
            ledger.recover(&Limits::default(), later(clock, Duration::from_secs(2))).await.unwrap();
        }
    }
    ledger
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_task_gets_another_attempt_and_its_channel_is_told() {
    let desk = Desk::with(Setup { ledger: Some(interrupted(1).await), ..Setup::default() });
    desk.hears(CHAT, "#1 running again (attempt 2), because the server stopped").await;
    desk.hears(CHAT, "#1 done").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn after_the_last_attempt_it_fails_as_interrupted() {
    let desk = Desk::with(Setup { ledger: Some(interrupted(3).await), ..Setup::default() });
    desk.hears(CHAT, "#1 failed: interrupted: the server stopped while it ran, 3 times in all").await;
    assert_eq!(desk.task(TaskNumber(1)).await.status(), Status::Failed);
    assert!(desk.runner.prompts().is_empty());
    desk.closes().await;
}
