//! Notices: found when they are due and in order, delivered part by part, and never without a trace of doubt.

use std::time::Duration;

use futures_util::FutureExt as _;
use legwork::background::ports::nobody_is_quiet;
use legwork::domain::id::{NoticeId, TaskNumber};
use legwork::domain::notice::{Notice, NoticeKind, NoticeState};
use legwork::domain::time::later;

use super::contract;
use super::desk::{Desk, answer, channel, message_id, part, refused, retry};

contract! {
    due_notices_come_oldest_first_and_no_more_than_asked_for,
    a_channel_is_left_out_from_its_first_notice_that_is_not_yet_due,
    channels_that_are_served_already_are_left_out,
    acceptances_of_channels_that_are_served_are_found,
    a_long_notice_is_delivered_part_by_part,
    a_part_in_flight_stays_in_flight_until_its_outcome_is_recorded,
    a_try_that_certainly_failed_leaves_nothing_in_flight,
    a_try_with_unknown_outcome_leaves_its_part_in_doubt,
    a_later_failure_does_not_settle_an_earlier_doubt,
    an_undeliverable_notice_is_settled_and_counted,
    a_settled_notice_does_not_change,
    what_is_not_there_cannot_be_delivered,
    a_task_is_found_by_every_message_about_it,
    changes_wake_those_who_wait_for_them,
}

fn ids(notices: &[Notice]) -> Vec<NoticeId> {
    notices.iter().map(|notice| notice.id).collect()
}

async fn due_notices_come_oldest_first_and_no_more_than_asked_for(desk: Desk) {
    for place in ["telegram:2", "discord:1", "telegram:2", "telegram:1"] {
        desk.accept(desk.task_in(place)).await;
    }
    let due = desk.due().await;
    let places: Vec<_> = due.iter().map(|notice| notice.channel.to_string()).collect();
    assert_eq!(places, ["telegram:2", "discord:1", "telegram:2", "telegram:1"]);
    assert!(due.is_sorted_by_key(|notice| notice.id));
    let first = desk.ledger.due_notices(&[], &nobody_is_quiet(), 3, desk.now()).await.unwrap();
    assert_eq!(first, due[..3]);
    assert_eq!(desk.ledger.due_notices(&[], &nobody_is_quiet(), 0, desk.now()).await.unwrap(), []);
    let before = desk.now() - Duration::from_millis(1);
    assert_eq!(desk.ledger.due_notices(&[], &nobody_is_quiet(), 9, before).await.unwrap(), []);
}

async fn a_channel_is_left_out_from_its_first_notice_that_is_not_yet_due(desk: Desk) {
    for place in ["telegram:1", "telegram:2", "telegram:1", "telegram:1"] {
        desk.accept(desk.task_in(place)).await;
    }
    let all = desk.due().await;
    let then = later(desk.now(), Duration::from_secs(5));
    desk.begin(&all[2]).await.unwrap();
    desk.record(&all[2], retry(then, false)).await;
    assert_eq!(ids(&desk.due().await), ids(&all[..2]));
    desk.begin(&all[0]).await.unwrap();
    desk.record(&all[0], retry(then, false)).await;
    assert_eq!(ids(&desk.due().await), [all[1].id]);
    desk.pass(Duration::from_secs(5));
    assert_eq!(ids(&desk.due().await), ids(&all));
    desk.begin(&all[0]).await.unwrap();
    desk.record(&all[0], part("m", true)).await;
    assert_eq!(ids(&desk.due().await), ids(&all[1..]));
}

async fn channels_that_are_served_already_are_left_out(desk: Desk) {
    for place in ["telegram:1", "telegram:2", "telegram:1"] {
        desk.accept(desk.task_in(place)).await;
    }
    let all = desk.due().await;
    let without = |places: &'static [&'static str]| {
        let skip: Vec<_> = places.iter().map(|place| channel(place)).collect();
        let (ledger, now) = (&desk.ledger, desk.now());
        async move { ids(&ledger.due_notices(&skip, &nobody_is_quiet(), 1, now).await.unwrap()) }
    };
    assert_eq!(without(&["telegram:1"]).await, [all[1].id]);
    assert_eq!(without(&["telegram:2", "discord:4"]).await, [all[0].id]);
    assert_eq!(without(&["telegram:2", "telegram:1"]).await, []);
}

async fn acceptances_of_channels_that_are_served_are_found(desk: Desk) {
    desk.done(desk.task_in("telegram:1")).await;
    for place in ["telegram:2", "telegram:1", "telegram:3"] {
        desk.accept(desk.task_in(place)).await;
    }
    let all = desk.due().await;
    let accepted: Vec<_> = all.iter().filter(|notice| notice.kind == NoticeKind::Accepted).map(|notice| notice.id).collect();
    let found = |known: Vec<NoticeId>| {
        let (ledger, now) = (&desk.ledger, desk.now());
        async move {
            ids(&ledger
                .due_acceptances(&[channel("telegram:2"), channel("telegram:1"), channel("telegram:2")], &known, now)
                .await
                .unwrap())
        }
    };
    assert_eq!(found(vec![]).await, accepted[..3]);
    assert_eq!(found(vec![accepted[1]]).await, [accepted[0], accepted[2]]);
    desk.begin(&all[0]).await.unwrap();
    desk.record(&all[0], part("m", true)).await;
    let failed = all.iter().find(|notice| notice.id == accepted[2]).unwrap();
    desk.begin(failed).await.unwrap();
    desk.record(failed, retry(later(desk.now(), Duration::from_secs(5)), false)).await;
    assert_eq!(found(vec![]).await, [accepted[1]]);
}

async fn a_long_notice_is_delivered_part_by_part(desk: Desk) {
    let task = desk.accept(desk.new_task()).await;
    let notice = desk.due().await.remove(0);
    assert_eq!(desk.begin(&notice).await, Some(notice.clone()));
    desk.record(&notice, part("a", false)).await;
    desk.pass(Duration::from_secs(1));
    desk.record(&notice, part("b", false)).await;
    let now = desk.notices(&task).await.remove(0);
    assert_eq!(now.receipts, [message_id("a"), message_id("b")]);
    assert_eq!((now.in_flight_since, now.tries), (None, 0), "the next part begins anew");
    assert!(matches!(now.state, NoticeState::Owed { .. }));
    assert_eq!(ids(&desk.due().await), [notice.id]);
    desk.record(&notice, part("c", true)).await;
    let now = desk.notices(&task).await.remove(0);
    assert_eq!(now.receipts, [message_id("a"), message_id("b"), message_id("c")]);
    assert_eq!((now.state, now.in_flight_since), (NoticeState::Delivered { at: desk.now() }, None));
    assert_eq!(desk.due().await, []);
    let summary = desk.ledger.summary().await.unwrap();
    assert_eq!((summary.notices_owed, summary.notices_undeliverable), (0, 0));
}

async fn a_part_in_flight_stays_in_flight_until_its_outcome_is_recorded(desk: Desk) {
    desk.accept(desk.new_task()).await;
    let notice = desk.due().await.remove(0);
    let began = desk.now();
    assert_eq!(desk.begin(&notice).await.unwrap().in_flight_since, None);
    assert_eq!(desk.due().await[0].in_flight_since, Some(began));
    // As after a crash: nobody recorded what became of it. The oldest try counts.
    for _ in 0..2 {
        desk.pass(Duration::from_mins(1));
        assert_eq!(desk.begin(&notice).await.unwrap().in_flight_since, Some(began));
    }
    desk.record(&notice, part("m", true)).await;
    assert_eq!(desk.due().await, []);
}

async fn a_try_that_certainly_failed_leaves_nothing_in_flight(desk: Desk) {
    desk.accept(desk.new_task()).await;
    let notice = desk.due().await.remove(0);
    for tries in 1..=3 {
        assert_eq!(desk.begin(&notice).await.unwrap().in_flight_since, None);
        desk.record(&notice, retry(desk.now(), false)).await;
        let now = desk.due().await.remove(0);
        assert_eq!((now.tries, now.last_error.as_deref(), now.in_flight_since), (tries, Some("no answer"), None));
        assert_eq!(now.state, NoticeState::Owed { due_at: desk.now() });
    }
}

async fn a_try_with_unknown_outcome_leaves_its_part_in_doubt(desk: Desk) {
    desk.accept(desk.new_task()).await;
    let notice = desk.due().await.remove(0);
    let began = desk.now();
    desk.begin(&notice).await.unwrap();
    desk.pass(Duration::from_secs(30));
    desk.record(&notice, retry(desk.now(), true)).await;
    let before = desk.begin(&notice).await.unwrap();
    assert_eq!((before.in_flight_since, before.tries), (Some(began), 1));
    // The doubt was about this part; the next one begins anew.
    desk.record(&notice, part("a", false)).await;
    assert_eq!(desk.begin(&notice).await.unwrap().in_flight_since, None);
    desk.record(&notice, retry(desk.now(), false)).await;
    assert_eq!(desk.due().await[0].in_flight_since, None);
}

async fn a_later_failure_does_not_settle_an_earlier_doubt(desk: Desk) {
    desk.accept(desk.new_task()).await;
    let notice = desk.due().await.remove(0);
    let began = desk.now();
    desk.begin(&notice).await.unwrap();
    desk.record(&notice, retry(desk.now(), true)).await;
    for _ in 0..2 {
        desk.pass(Duration::from_secs(1));
        assert_eq!(desk.begin(&notice).await.unwrap().in_flight_since, Some(began));
        desk.record(&notice, retry(desk.now(), false)).await;
    }
    assert_eq!(desk.due().await[0].in_flight_since, Some(began));
}

async fn an_undeliverable_notice_is_settled_and_counted(desk: Desk) {
    let task = desk.accept(desk.new_task()).await;
    desk.accept(desk.new_task()).await;
    let all = desk.due().await;
    desk.begin(&all[0]).await.unwrap();
    let reason = "the bot was blocked".to_owned();
    desk.record(&all[0], refused(&reason, None)).await;
    let notice = desk.notices(&task).await.remove(0);
    assert_eq!(notice.state, NoticeState::Undeliverable { at: desk.now(), reason });
    assert_eq!((notice.tries, notice.in_flight_since), (1, None));
    assert_eq!(ids(&desk.due().await), [all[1].id]);
    let summary = desk.ledger.summary().await.unwrap();
    assert_eq!((summary.notices_owed, summary.notices_undeliverable), (1, 1));
}

async fn a_settled_notice_does_not_change(desk: Desk) {
    let task = desk.accept(desk.new_task()).await;
    let notice = desk.due().await.remove(0);
    desk.deliver_all().await;
    let settled = desk.notices(&task).await;
    assert_eq!(desk.begin(&notice).await, None);
    for late in [part("late", true), retry(desk.now(), true), refused("late", None)] {
        desk.record(&notice, late).await;
    }
    assert_eq!(desk.notices(&task).await, settled);
    assert_eq!(desk.ledger.summary().await.unwrap().notices_undeliverable, 0);
}

async fn what_is_not_there_cannot_be_delivered(desk: Desk) {
    let nowhere = NoticeId(77);
    assert_eq!(desk.ledger.begin_delivery(nowhere, &channel("telegram:1"), desk.now()).await.unwrap(), None);
    desk.ledger.record_delivery(nowhere, part("m", true), desk.now()).await.unwrap();
    assert_eq!(desk.ledger.summary().await.unwrap().notices_owed, 0);
}

async fn a_task_is_found_by_every_message_about_it(desk: Desk) {
    let mut elsewhere = desk.task_in("discord:1");
    elsewhere.deliver_to = vec![channel("telegram:1")];
    let second = desk.done(elsewhere).await;
    let first = desk.accept(desk.new_task()).await;
    let (here, there) = (channel("telegram:1"), channel("discord:1"));
    let accepted = [&first, &second].map(|task| desk.notices(task));
    let accepted = futures_util::future::join_all(accepted).await;
    desk.record(&accepted[0][0], part("1", false)).await;
    desk.record(&accepted[0][0], part("2", true)).await;
    // The same id in another channel is another message.
    desk.record(&accepted[1][0], part("1", true)).await;
    let result = desk.notices(&second).await.into_iter().rfind(|notice| notice.channel == here).unwrap();
    desk.record(&result, part("3", true)).await;
    let found = async |place, message| {
        let found = desk.ledger.find_by_message(place, &message_id(message)).await.unwrap();
        found.map(|task| task.number)
    };
    assert_eq!(found(&here, "1").await, Some(first.number));
    assert_eq!(found(&here, "2").await, Some(first.number));
    assert_eq!(found(&there, "1").await, Some(second.number));
    assert_eq!(found(&here, "3").await, Some(second.number));
    assert_eq!(found(&there, "2").await, None);
    // An edited message may be the receipt of several notices, and then speaks of the newest.
    let third = desk.accept(desk.new_task()).await;
    desk.record(&desk.notices(&third).await[0], part("3", true)).await;
    assert_eq!(found(&here, "3").await, Some(third.number));
    // Answers speak of their tasks, too; of those that exist.
    let note = async |place, message, task| desk.ledger.note_answer(place, &message_id(message), task).await.unwrap();
    note(&here, "4", first.number).await;
    note(&there, "4", second.number).await;
    note(&there, "5", TaskNumber(99)).await;
    assert_eq!(found(&here, "4").await, Some(first.number));
    assert_eq!(found(&there, "4").await, Some(second.number));
    assert_eq!(found(&there, "5").await, None);
}

async fn changes_wake_those_who_wait_for_them(desk: Desk) {
    let hints = desk.ledger.hints();
    let woken = || (hints.work.notified().now_or_never().is_some(), hints.notices.notified().now_or_never().is_some());
    assert_eq!(woken(), (false, false));
    desk.accept(desk.new_task()).await;
    assert_eq!(woken(), (true, true), "accepted");
    let running = desk.claim(1).await.remove(0);
    assert!(woken().1, "claimed");
    desk.renew(&running).await;
    assert_eq!(woken(), (false, false), "renewed");
    desk.cancel(&running).await;
    assert_eq!(woken(), (true, true), "to be cancelled");
    desk.finish(&running, answer("12 boats")).await;
    assert_eq!(woken(), (true, true), "finished");
    let notice = desk.due().await.remove(0);
    desk.begin(&notice).await.unwrap();
    desk.record(&notice, part("m", false)).await;
    assert_eq!(woken(), (false, false), "one part delivered");
    desk.record(&notice, part("n", true)).await;
    assert!(woken().1, "delivered");
    desk.claim(1).await;
    desk.recover().await;
    assert_eq!(woken(), (false, false), "nothing happened");
}
