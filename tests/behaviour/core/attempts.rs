//! An attempt gives its place up whatever happens, and keeps its lease whatever the clock does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use legwork::adapters::ledger::memory::MemoryLedger;
use legwork::background::manager::Manager;
use legwork::background::ports::{AgentRunner, Clock, RunControl, RunOutcome, RunRequest};
use legwork::domain::id::TaskId;
use legwork::domain::limits::Limits;
use legwork::domain::status::Status;
use legwork::domain::task::Outcome;
use legwork::domain::time::Timestamp;
use legwork::domain::usage::Usage;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::support::clock::TestClock;
use crate::support::desk::Desk;

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_costs_no_attempt() {
    let desk = Desk::limited(Limits { max_running: 20, ..Limits::default() });
    let mut numbers = Vec::new();
    for at in 0..12 {
        numbers.push(desk.submits(&format!("chat:{at}"), &format!("chat:p{at}"), "hold x").await);
    }
    desk.until("all run", |desk| desk.runner.prompts().len() == 12).await;
    // Between the jumps the worker gets two renewals and more.
    let mut tick = tokio::time::interval(Duration::from_secs(3));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tick.tick().await;
    for _ in 0..10 {
        tokio::time::advance(Duration::from_mins(2)).await;
        tick.tick().await;
        tick.tick().await;
    }
    for number in numbers {
        assert_eq!(desk.task(number).await.attempt, 1);
        desk.runner.release();
    }
    desk.until("all have ended", |desk| desk.manager.running_here() == 0).await;
    assert_eq!(desk.runner.prompts().len(), 12, "no prompt ran twice");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_without_end_is_none() {
    let desk = Desk::limited(Limits { timeout: Duration::MAX, ..Limits::default() });
    desk.submits("chat:1", "chat:ann", "say x").await;
    desk.hears("chat:1", "#1 done").await;
    desk.closes().await;
}

/// A clock that breaks once when it is told to.
pub struct Fragile {
    clock: TestClock,
    pub breaks: AtomicBool,
}

impl Fragile {
    pub fn new() -> Self {
        Self { clock: TestClock::new(), breaks: AtomicBool::new(false) }
    }
}

impl Clock for Fragile {
    fn now(&self) -> Timestamp {
        assert!(!self.breaks.swap(false, Ordering::SeqCst), "the clock breaks");
        self.clock.now()
    }

    fn new_id(&self) -> TaskId {
        self.clock.new_id()
    }
}

/// Ends its first run in a way that breaks what records it.
struct Breaking(Arc<Fragile>);

#[async_trait]
impl AgentRunner for Breaking {
    async fn run(&self, request: RunRequest, _control: RunControl) -> RunOutcome {
        self.0.breaks.store(request.attempt == 1, Ordering::SeqCst);
        RunOutcome::new(Outcome::Done { result: "x".to_owned() }, Usage::default())
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_breaks_while_it_is_recorded_is_made_again() {
    let clock = Arc::new(Fragile::new());
    let (tracker, soft) = (TaskTracker::new(), CancellationToken::new());
    let ledger = Arc::new(MemoryLedger::new());
    let manager = Manager::builder(ledger, Arc::new(Breaking(clock.clone())), clock, tracker.clone()).build();
    let worker = tracker.spawn({
        let (manager, soft) = (manager.clone(), soft.clone());
        async move { manager.run(soft, CancellationToken::new(), Duration::ZERO).await }
    });
    let submitted = manager.submit(Desk::submission("chat:1", "chat:ann", "x")).await.unwrap();
    let legwork::background::manager::Submitted::Accepted { task, .. } = submitted else { panic!("{submitted:?}") };
    let task = legwork::domain::id::TaskRef::Number(task.number);
    let ended = async {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        while manager.status(&task).await.unwrap().unwrap().status != Status::Done {
            tick.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(5), ended).await.expect("another attempt");
    assert_eq!(manager.status(&task).await.unwrap().unwrap().attempt, 2);
    soft.cancel();
    assert_eq!(worker.await.unwrap().handed_back, 0);
}
