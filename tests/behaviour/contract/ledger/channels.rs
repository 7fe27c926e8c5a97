//! What channels get: held notices, several notices in one message, what was set in channels, threads.

use std::sync::Arc;
use std::time::Duration;

use legwork::background::ports::{IsQuiet, Thread, nobody_is_quiet};
use legwork::domain::id::NoticeId;
use legwork::domain::notice::{Events, Notice, NoticeKind, NoticeState};
use legwork::domain::preferences::{Manner, Preferences};
use legwork::domain::time::later;

use super::contract;
use super::desk::{Desk, answer, channel, message_id, part, retry};

contract! {
    a_quiet_channel_gets_its_acceptances_only,
    what_is_held_does_not_hold_up_acceptances,
    what_has_begun_to_arrive_is_due_in_quiet_hours_too,
    what_a_channel_is_owed_is_found,
    notices_are_delivered_together_or_not_at_all,
    a_message_about_several_tasks_names_none_of_them,
    how_notices_go_out_is_kept,
    what_is_set_in_channels_is_kept_until_it_is_forgotten,
    channels_that_are_a_part_of_others_are_known,
    a_task_has_one_thread_by_which_it_is_found,
    a_private_task_owes_its_text_to_one_channel_only,
}

fn quiet(place: &str) -> IsQuiet {
    let quiet = channel(place);
    Arc::new(move |channel| *channel == quiet)
}

fn kinds(notices: &[Notice]) -> Vec<NoticeKind> {
    notices.iter().map(|notice| notice.kind).collect()
}

fn ids(notices: &[Notice]) -> Vec<NoticeId> {
    notices.iter().map(|notice| notice.id).collect()
}

async fn a_quiet_channel_gets_its_acceptances_only(desk: Desk) {
    desk.done(desk.task_in("telegram:1")).await;
    desk.done(desk.task_in("telegram:2")).await;
    desk.accept(desk.task_in("telegram:1")).await;
    let due = |is_quiet: IsQuiet| {
        let (ledger, now) = (&desk.ledger, desk.now());
        async move { ledger.due_notices(&[], &is_quiet, 100, now).await.unwrap() }
    };
    let all = due(nobody_is_quiet()).await;
    let some = due(quiet("telegram:1")).await;
    let wanted = |notice: &&Notice| notice.channel == channel("telegram:2") || notice.kind == NoticeKind::Accepted;
    assert_eq!(some, all.iter().filter(wanted).cloned().collect::<Vec<_>>());
    assert_eq!(some.iter().filter(|notice| notice.channel == channel("telegram:1")).count(), 2);
    assert_eq!(due(quiet("telegram:3")).await, all);
}

async fn what_is_held_does_not_hold_up_acceptances(desk: Desk) {
    desk.done(desk.task_in("telegram:1")).await;
    let all = desk.due().await;
    let started = all.iter().find(|notice| notice.kind == NoticeKind::Started).unwrap();
    desk.begin(&all[0]).await.unwrap();
    desk.record(&all[0], part("m", true)).await;
    desk.begin(started).await.unwrap();
    desk.record(started, retry(later(desk.now(), Duration::from_hours(1)), false)).await;
    desk.accept(desk.task_in("telegram:1")).await;
    assert_eq!(desk.due().await, [], "a notice that is not due leaves its channel out");
    let due = desk.ledger.due_notices(&[], &quiet("telegram:1"), 100, desk.now()).await.unwrap();
    assert_eq!(kinds(&due), [NoticeKind::Accepted]);
}

async fn what_has_begun_to_arrive_is_due_in_quiet_hours_too(desk: Desk) {
    desk.done(desk.task_in("telegram:1")).await;
    let owed = desk.ledger.owed_in(&channel("telegram:1")).await.unwrap();
    let result = owed.iter().find(|notice| notice.kind == NoticeKind::Result).unwrap();
    desk.begin(result).await.unwrap();
    desk.record(result, part("m", false)).await;
    let due = desk.ledger.due_notices(&[], &quiet("telegram:1"), 100, desk.now()).await.unwrap();
    assert_eq!(kinds(&due), [NoticeKind::Accepted, NoticeKind::Result]);
}

async fn what_a_channel_is_owed_is_found(desk: Desk) {
    desk.done(desk.task_in("telegram:1")).await;
    desk.done(desk.task_in("telegram:2")).await;
    let owed = desk.ledger.owed_in(&channel("telegram:1")).await.unwrap();
    assert_eq!(kinds(&owed), [NoticeKind::Accepted, NoticeKind::Started, NoticeKind::Result, NoticeKind::Done]);
    desk.begin(&owed[1]).await.unwrap();
    desk.record(&owed[1], part("m", true)).await;
    let rest = desk.ledger.owed_in(&channel("telegram:1")).await.unwrap();
    assert_eq!(ids(&rest), [owed[0].id, owed[2].id, owed[3].id]);
    assert_eq!(desk.ledger.owed_in(&channel("telegram:3")).await.unwrap(), []);
}

async fn notices_are_delivered_together_or_not_at_all(desk: Desk) {
    let task = desk.done(desk.new_task()).await;
    let owed = desk.ledger.owed_in(&channel("telegram:1")).await.unwrap();
    let together = ids(&owed[1..]);
    let begun = desk.ledger.begin_together(&together, &channel("telegram:1"), desk.now()).await.unwrap();
    assert_eq!(ids(&begun), together);
    assert!(begun.iter().all(|notice| notice.in_flight_since.is_none()), "they are as they were before");
    let flying = desk.ledger.begin_together(&together, &channel("telegram:1"), desk.now()).await.unwrap();
    assert!(flying.iter().all(|notice| notice.in_flight_since == Some(desk.now())));
    desk.pass(Duration::from_secs(1));
    desk.ledger.record_together(&together, part("77", true), desk.now()).await.unwrap();
    let notices = desk.ledger.notices_of(&task.new.id).await.unwrap();
    for notice in notices.iter().filter(|notice| together.contains(&notice.id)) {
        assert_eq!(notice.state, NoticeState::Delivered { at: desk.now() });
        assert_eq!(notice.receipts, [message_id("77")]);
    }
    assert!(matches!(notices[0].state, NoticeState::Owed { .. }));
    let found = desk.ledger.find_by_message(&channel("telegram:1"), &message_id("77")).await.unwrap();
    assert_eq!(found.map(|task| task.number), Some(task.number), "the message is about one task only");
    assert_eq!(desk.ledger.begin_together(&together, &channel("telegram:1"), desk.now()).await.unwrap(), []);
    assert_eq!(desk.ledger.summary().await.unwrap().notices_owed, 1);
}

async fn a_message_about_several_tasks_names_none_of_them(desk: Desk) {
    desk.done(desk.new_task()).await;
    desk.done(desk.new_task()).await;
    let owed = ids(&desk.ledger.owed_in(&channel("telegram:1")).await.unwrap());
    desk.ledger.begin_together(&owed, &channel("telegram:1"), desk.now()).await.unwrap();
    desk.ledger.record_together(&owed, part("78", true), desk.now()).await.unwrap();
    assert_eq!(desk.ledger.find_by_message(&channel("telegram:1"), &message_id("78")).await.unwrap(), None);
    assert_eq!(desk.ledger.summary().await.unwrap().notices_owed, 0);
}

async fn how_notices_go_out_is_kept(desk: Desk) {
    let mut new = desk.new_task();
    new.deliver_to = vec![channel("discord:5")];
    new.manner = Manner {
        silent: true,
        mention: true,
        thread: true,
        private: None,
        elsewhere: vec![(channel("discord:5"), Events { started: false, done: false, ..Events::default() })],
    };
    let manner = new.manner.clone();
    let task = desk.done(new).await;
    assert_eq!(task.new.manner, manner);
    let found = desk.ledger.find(&legwork::domain::id::TaskRef::Number(task.number)).await.unwrap().unwrap().0;
    assert_eq!(found.new.manner, manner);
    let there = desk.ledger.owed_in(&channel("discord:5")).await.unwrap();
    assert_eq!(kinds(&there), [NoticeKind::Result], "the other channel hears what it said itself");
}

async fn what_is_set_in_channels_is_kept_until_it_is_forgotten(desk: Desk) {
    let preferences = |json: &str| serde_json::from_str::<Preferences>(json).unwrap();
    let settings = || async { desk.ledger.channel_settings().await.unwrap() };
    assert_eq!(settings().await, []);
    let quiet = preferences(r#"{"quiet":"22:00-07:00","time_zone":"Europe/Berlin","events":["done"]}"#);
    desk.ledger.set_channel(&channel("telegram:1/7"), &quiet).await.unwrap();
    let silent = preferences(r#"{"silent":true,"deliver_to":["discord:5"]}"#);
    desk.ledger.set_channel(&channel("discord:4"), &silent).await.unwrap();
    assert_eq!(settings().await, [(channel("discord:4"), silent.clone()), (channel("telegram:1/7"), quiet)]);
    let loud = preferences(r#"{"silent":false}"#);
    desk.ledger.set_channel(&channel("telegram:1/7"), &loud).await.unwrap();
    assert_eq!(settings().await, [(channel("discord:4"), silent), (channel("telegram:1/7"), loud.clone())]);
    desk.ledger.set_channel(&channel("discord:4"), &Preferences::default()).await.unwrap();
    assert_eq!(settings().await, [(channel("telegram:1/7"), loud)]);
}

async fn channels_that_are_a_part_of_others_are_known(desk: Desk) {
    let parents = || async { desk.ledger.channel_parents().await.unwrap() };
    assert_eq!(parents().await, []);
    for (thread, parent) in [("discord:9", "discord:4"), ("discord:8", "discord:4"), ("discord:9", "discord:5")] {
        desk.ledger.set_channel_parent(&channel(thread), &channel(parent)).await.unwrap();
    }
    let known = [("discord:8", "discord:4"), ("discord:9", "discord:5")];
    assert_eq!(parents().await, known.map(|(thread, parent)| (channel(thread), channel(parent))));
}

async fn a_task_has_one_thread_by_which_it_is_found(desk: Desk) {
    let task = desk.accept(desk.new_task()).await;
    let other = desk.accept(desk.new_task()).await;
    let thread = channel("discord:99");
    assert_eq!(desk.ledger.thread_of(&task.new.id).await.unwrap(), None);
    assert_eq!(desk.ledger.find_by_thread(&thread).await.unwrap(), None);
    desk.ledger.settle_thread(&task.new.id, &Thread::Open(thread.clone())).await.unwrap();
    desk.ledger.settle_thread(&other.new.id, &Thread::Impossible).await.unwrap();
    assert_eq!(desk.ledger.thread_of(&task.new.id).await.unwrap(), Some(Thread::Open(thread.clone())));
    assert_eq!(desk.ledger.thread_of(&other.new.id).await.unwrap(), Some(Thread::Impossible));
    let found = desk.ledger.find_by_thread(&thread).await.unwrap();
    assert_eq!(found.map(|task| task.number), Some(task.number));
    desk.ledger.settle_thread(&task.new.id, &Thread::Impossible).await.unwrap();
    assert_eq!(desk.ledger.find_by_thread(&thread).await.unwrap(), None);
    desk.ledger.settle_thread(&legwork::domain::id::TaskId::parse("nobody").unwrap(), &Thread::Impossible).await.unwrap();
}

async fn a_private_task_owes_its_text_to_one_channel_only(desk: Desk) {
    let mut new = desk.task_in("telegram:-5");
    new.manner.private = Some(channel("telegram:7"));
    new.deliver_to = vec![channel("discord:5")];
    let running = desk.running(new).await;
    desk.finish(&running, answer("12 boats")).await;
    let owed = |place: &'static str| {
        let ledger = &desk.ledger;
        async move { kinds(&ledger.owed_in(&channel(place)).await.unwrap()) }
    };
    assert_eq!(owed("telegram:-5").await, [NoticeKind::Accepted, NoticeKind::Started, NoticeKind::Done]);
    assert_eq!(owed("telegram:7").await, [NoticeKind::Result, NoticeKind::Done]);
    assert_eq!(owed("discord:5").await, [], "what is private goes nowhere else");
}
