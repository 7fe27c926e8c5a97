//! What is owed is delivered: in order, part by part, again after a failure, and never as if nothing had happened.

use std::time::Duration;

use legwork::background::channels::NoticePolicy;
use legwork::background::ports::SendError;
use legwork::domain::id::{TaskNumber, TaskRef};
use legwork::domain::notice::{Events, NoticeState};
use legwork::domain::preferences::Preferences;
use legwork::domain::status::Status;

use crate::support::desk::{Desk, Setup};

const CHAT: &str = "chat:1";
const ANN: &str = "chat:ann";

#[tokio::test(start_paused = true)]
async fn a_long_result_arrives_whole_and_in_order() {
    let desk = Desk::open();
    let words: Vec<String> = (0..800).map(|n| format!("w{n}")).collect();
    desk.submits(CHAT, ANN, &format!("say {}", words.join(" "))).await;
    desk.hears(CHAT, "#1 done").await;
    let heard = desk.recorder.heard(CHAT);
    let result = heard[2..heard.len() - 1].join(" ");
    assert!(heard.len() > 5, "it was split");
    assert_eq!(result, format!("Result of #1:\n\n{}", words.join(" ")));
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn the_platform_is_waited_for_and_the_order_is_kept() {
    let desk = Desk::open();
    desk.recorder.fail_next(SendError::RetryAfter(Duration::from_secs(30)));
    desk.recorder.fail_next(SendError::Unavailable("down".to_owned()));
    desk.submits(CHAT, ANN, "say x").await;
    desk.hears(CHAT, "#1 done").await;
    let heard = desk.recorder.heard(CHAT);
    assert_eq!(heard.len(), 4, "{heard:?}");
    assert!(heard[0].starts_with("#1 queued") && heard[3].starts_with("#1 done"), "{heard:?}");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn only_the_uncertain_part_is_marked() {
    let desk = Desk::open();
    desk.recorder.fail_next(SendError::Unknown("cut".to_owned()));
    desk.submits(CHAT, ANN, "say x").await;
    desk.hears(CHAT, "#1 done").await;
    let marked: Vec<bool> = desk.recorder.heard(CHAT).iter().map(|text| text.contains("may be a duplicate")).collect();
    assert_eq!(marked, [true, false, false, false]);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn undeliverable_is_a_state_with_a_reason() {
    let desk = Desk::open();
    for _ in 0..4 {
        desk.recorder.fail_next(SendError::Undeliverable("the bot was blocked".to_owned()));
    }
    let number = desk.submits(CHAT, ANN, "say x").await;
    let task = desk.until_status(number, Status::Done).await;
    let details = || async { desk.manager.details(&TaskRef::Id(task.new.id.clone())).await.unwrap().unwrap().notices };
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    while details().await.iter().any(|notice| matches!(notice.state, NoticeState::Owed { .. })) {
        tick.tick().await;
    }
    for notice in details().await {
        assert!(matches!(notice.state, NoticeState::Undeliverable { ref reason, .. } if reason == "the bot was blocked"));
    }
    assert_eq!(desk.manager.ledger().summary().await.unwrap().notices_undeliverable, 4);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_held_channel_holds_no_other() {
    let desk = Desk::open();
    desk.recorder.fail_next(SendError::RetryAfter(Duration::from_hours(1)));
    desk.submits("chat:held", ANN, "say x").await;
    desk.until("the held channel was tried", |desk| desk.outbox.active_lanes() > 0).await;
    let started = tokio::time::Instant::now();
    desk.submits("chat:free", "chat:bob", "say y").await;
    desk.hears("chat:free", "#2 done").await;
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(desk.recorder.heard("chat:held").is_empty());
    tokio::time::advance(Duration::from_hours(1)).await;
    desk.hears("chat:held", "#1 done").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_channel_hears_what_it_asked_for() {
    let quiet = Preferences {
        events: Some(Events { started: false, ..Events::default() }),
        deliver_to: Some(vec!["chat:copy".parse().unwrap()]),
        ..Preferences::default()
    };
    let policy = NoticePolicy { channels: [("chat:1".parse().unwrap(), quiet)].into(), ..NoticePolicy::default() };
    let desk = Desk::with(Setup { policy, ..Setup::default() });
    desk.submits(CHAT, ANN, "say x").await;
    desk.hears(CHAT, "#1 done").await;
    desk.hears("chat:copy", "#1 done").await;
    assert_eq!(desk.recorder.heard(CHAT).len(), 3, "no start notice");
    assert_eq!(desk.recorder.heard("chat:copy").len(), 2, "result and end only");
    let origin = Desk::submission(CHAT, ANN, "x").origin;
    let _retried = desk.manager.retry(&TaskRef::Number(TaskNumber(1)), origin, None).await.unwrap();
    desk.hears("chat:copy", "#2 done").await;
    assert_eq!(desk.task(TaskNumber(2)).await.new.deliver_to.len(), 1, "a repeat names each channel once");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_without_a_channel_reports_to_the_default_one() {
    let policy = NoticePolicy { default_deliver_to: vec!["chat:ops".parse().unwrap()], ..NoticePolicy::default() };
    let desk = Desk::with(Setup { policy, ..Setup::default() });
    let mut submission = Desk::submission(CHAT, ANN, "say x");
    submission.origin.channel = None;
    let _submitted = desk.manager.submit(submission).await.unwrap();
    desk.hears("chat:ops", "#1 done").await;
    desk.closes().await;
}
