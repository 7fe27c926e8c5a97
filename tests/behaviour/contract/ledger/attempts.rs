//! Attempts: claimed fairly and once, ended by whoever holds the lease and nobody else.

use std::collections::BTreeSet;
use std::time::Duration;

use legwork::background::ports::{CancelRequest, Finish, Lease, Renewal};
use legwork::domain::id::{Epoch, TaskNumber, WorkerId};
use legwork::domain::limits::Limits;
use legwork::domain::notice::{Events, NoticeKind};
use legwork::domain::status::Status;
use legwork::domain::task::{CancelledBy, State, Task};
use legwork::domain::time::later;

use super::contract;
use super::desk::{Desk, LEASE, answer, channel, failure, lease_of, person, stopped, task_id, tokens};

contract! {
    a_claim_starts_the_first_attempt_and_owes_the_start,
    a_claim_takes_no_more_than_asked_for,
    a_claim_goes_round_the_persons,
    a_claim_keeps_the_limit_of_each_person,
    a_claim_keeps_the_limit_of_each_channel,
    claims_at_the_same_time_never_share_a_task,
    the_end_of_an_attempt_is_recorded_and_owes_the_result_first,
    a_failed_attempt_owes_what_there_is_of_a_result,
    only_the_events_asked_for_are_owed,
    a_stale_attempt_changes_nothing,
    an_attempt_ends_once,
    a_released_task_waits_again_and_its_start_is_announced_once,
    a_released_task_that_was_to_be_cancelled_is_cancelled,
    a_waiting_task_is_cancelled_at_once,
    a_running_task_learns_of_its_cancel_when_it_renews,
    a_finished_task_is_not_cancelled,
    an_attempt_that_finishes_in_spite_of_a_cancel_is_done,
    what_is_not_there_cannot_be_cancelled,
    renewing_prolongs_and_tells_what_is_lost,
}

fn numbers(tasks: &[Task]) -> Vec<u64> {
    tasks.iter().map(|task| task.number.0).collect()
}

async fn a_claim_starts_the_first_attempt_and_owes_the_start(desk: Desk) {
    let accepted = desk.accept(desk.new_task()).await;
    desk.pass(Duration::from_millis(1501));
    let claimed = desk.claim(5).await;
    assert_eq!(numbers(&claimed), [accepted.number.0]);
    let task = &claimed[0];
    assert_eq!((task.attempt, task.started_at, task.submitted_at), (1, Some(desk.now()), accepted.submitted_at));
    let worker = WorkerId::parse("w").unwrap();
    let state = State::Running { worker, lease_until: later(desk.now(), LEASE), cancel_by: None };
    assert_eq!(task.state, state);
    assert_eq!(&desk.reread(task).await, task);
    let owed = [(NoticeKind::Accepted, "telegram:1".to_owned()), (NoticeKind::Started, "telegram:1".to_owned())];
    assert_eq!(desk.kinds(task).await, owed);
    assert_eq!(desk.claim(5).await, []);
}

async fn a_claim_takes_no_more_than_asked_for(desk: Desk) {
    for _ in 0..5 {
        desk.accept(desk.new_task()).await;
    }
    assert_eq!(desk.claim(0).await, []);
    assert_eq!(numbers(&desk.claim(2).await), [1, 2]);
    assert_eq!(numbers(&desk.claim(9).await), [3, 4, 5]);
}

async fn a_claim_goes_round_the_persons(desk: Desk) {
    for who in ["telegram:1", "telegram:1", "telegram:1", "telegram:2", "discord:1", "telegram:2"] {
        desk.accept(desk.task_of(who)).await;
    }
    assert_eq!(numbers(&desk.claim(4).await), [1, 4, 5, 2]);
    assert_eq!(numbers(&desk.claim(4).await), [6, 3]);
}

async fn a_claim_keeps_the_limit_of_each_person(mut desk: Desk) {
    desk.limits = Limits { max_running_per_person: 2, ..desk.limits };
    for _ in 0..3 {
        desk.accept(desk.task_of("telegram:1")).await;
    }
    desk.accept(desk.task_of("telegram:2")).await;
    let claimed = desk.claim(9).await;
    assert_eq!(numbers(&claimed), [1, 4, 2]);
    assert_eq!(desk.claim(9).await, []);
    desk.finish(&claimed[0], answer("done")).await;
    assert_eq!(numbers(&desk.claim(9).await), [3]);
}

async fn a_claim_keeps_the_limit_of_each_channel(mut desk: Desk) {
    desk.limits = Limits { max_running_per_channel: 1, ..desk.limits };
    for place in ["telegram:1", "telegram:1", "telegram:1/4"] {
        desk.accept(desk.task_in(place)).await;
    }
    desk.accept(desk.silent_task()).await;
    desk.accept(desk.silent_task()).await;
    let claimed = desk.claim(9).await;
    assert_eq!(numbers(&claimed), [1, 3, 4, 5]);
    desk.finish(&claimed[0], failure("")).await;
    assert_eq!(numbers(&desk.claim(9).await), [2]);
}

async fn claims_at_the_same_time_never_share_a_task(desk: Desk) {
    for who in 0..10 {
        desk.accept(desk.task_of(&format!("telegram:{who}"))).await;
    }
    let (a, b, c, d) = tokio::join!(desk.claim(4), desk.claim(4), desk.claim(4), desk.claim(4));
    let claimed: Vec<u64> = [a, b, c, d].iter().flat_map(|tasks| numbers(tasks)).collect();
    assert_eq!(claimed.len(), 10);
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>().len(), 10);
}

async fn the_end_of_an_attempt_is_recorded_and_owes_the_result_first(desk: Desk) {
    let mut new = desk.new_task();
    new.deliver_to = vec![channel("discord:9"), channel("telegram:1")];
    let running = desk.running(new).await;
    desk.pass(Duration::from_secs(3));
    let done = desk.finish(&running, answer("12 boats")).await;
    assert_eq!(done.state, State::Done { result: "12 boats".to_owned(), completed_at: desk.now() });
    assert_eq!((done.usage, done.attempt, done.epoch), (tokens(), 1, running.epoch));
    assert_eq!(desk.reread(&running).await, done);
    let ends: Vec<_> = desk.notices(&done).await.into_iter().skip(3).collect();
    let owed: Vec<_> = ends.iter().map(|notice| (notice.kind, notice.channel.to_string(), notice.attempt)).collect();
    let owed_to = |kind, place: &str| (kind, place.to_owned(), 1);
    let expected = [
        owed_to(NoticeKind::Result, "telegram:1"),
        owed_to(NoticeKind::Done, "telegram:1"),
        owed_to(NoticeKind::Result, "discord:9"),
        owed_to(NoticeKind::Done, "discord:9"),
    ];
    assert_eq!(owed, expected);
    // Only the channel that asked can be answered as a reply.
    assert_eq!(ends.iter().map(|notice| notice.reply.is_some()).collect::<Vec<_>>(), [true, true, false, false]);
}

async fn a_failed_attempt_owes_what_there_is_of_a_result(desk: Desk) {
    let silent = desk.running(desk.new_task()).await;
    let failed = desk.finish(&silent, failure("")).await;
    assert_eq!((failed.status(), failed.text()), (Status::Failed, None));
    assert_eq!(desk.reread(&failed).await, failed);
    let kinds = |owed: Vec<(NoticeKind, String)>| owed.into_iter().skip(2).map(|(kind, _)| kind).collect::<Vec<_>>();
    assert_eq!(kinds(desk.kinds(&failed).await), [NoticeKind::Failed]);
    let partial = desk.running(desk.new_task()).await;
    let failed = desk.finish(&partial, failure("some boa")).await;
    assert_eq!(desk.reread(&failed).await.text(), Some("some boa"));
    assert_eq!(kinds(desk.kinds(&failed).await), [NoticeKind::Result, NoticeKind::Failed]);
}

async fn only_the_events_asked_for_are_owed(desk: Desk) {
    let mut new = desk.new_task();
    new.events = Events::none();
    let done = desk.done(new).await;
    let kinds: Vec<_> = desk.kinds(&done).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [NoticeKind::Accepted, NoticeKind::Result]);
}

async fn a_stale_attempt_changes_nothing(desk: Desk) {
    let running = desk.running(desk.new_task()).await;
    let before = desk.notices(&running).await;
    for lease in [
        Lease { task: running.new.id.clone(), epoch: Epoch(0) },
        Lease { task: running.new.id.clone(), epoch: Epoch(2) },
        Lease { task: task_id("nowhere"), epoch: running.epoch },
    ] {
        assert_eq!(desk.end(&lease, answer("late")).await, Finish::Stale);
        assert_eq!(desk.ledger.release(&lease, tokens(), desk.now()).await.unwrap(), Finish::Stale);
    }
    assert_eq!(desk.reread(&running).await, running);
    assert_eq!(desk.notices(&running).await, before);
    let waiting = desk.accept(desk.new_task()).await;
    assert_eq!(desk.end(&lease_of(&waiting), answer("early")).await, Finish::Stale);
}

async fn an_attempt_ends_once(desk: Desk) {
    let done = desk.done(desk.new_task()).await;
    let before = desk.notices(&done).await;
    assert_eq!(desk.end(&lease_of(&done), failure("other")).await, Finish::Stale);
    assert_eq!(desk.ledger.release(&lease_of(&done), tokens(), desk.now()).await.unwrap(), Finish::Stale);
    assert_eq!((desk.reread(&done).await, desk.notices(&done).await), (done.clone(), before));
}

async fn a_released_task_waits_again_and_its_start_is_announced_once(desk: Desk) {
    let first = desk.running(desk.new_task()).await;
    let released = desk.ledger.release(&lease_of(&first), tokens(), desk.now()).await.unwrap();
    let Finish::Recorded(waiting) = released else { panic!("{released:?}") };
    assert_eq!((waiting.state.clone(), waiting.attempt, waiting.usage), (State::Pending, 0, tokens()));
    assert_eq!(desk.reread(&first).await, waiting);
    let second = desk.claim(1).await.remove(0);
    assert_eq!((second.number, second.attempt, second.epoch), (first.number, 1, Epoch(first.epoch.0 + 1)));
    assert_eq!(desk.kinds(&second).await.len(), 2, "accepted and started, each once");
    assert_eq!(desk.end(&lease_of(&first), answer("late")).await, Finish::Stale);
    let done = desk.finish(&second, answer("12 boats")).await;
    assert_eq!(done.usage.input, 2 * tokens().input);
}

async fn a_released_task_that_was_to_be_cancelled_is_cancelled(desk: Desk) {
    let running = desk.running(desk.new_task()).await;
    desk.cancel(&running).await;
    let released = desk.ledger.release(&lease_of(&running), tokens(), desk.now()).await.unwrap();
    let Finish::Recorded(cancelled) = released else { panic!("{released:?}") };
    assert_eq!(cancelled.status(), Status::Cancelled);
    assert_eq!(desk.kinds(&cancelled).await[2].0, NoticeKind::Cancelled);
}

async fn a_waiting_task_is_cancelled_at_once(desk: Desk) {
    let task = desk.accept(desk.new_task()).await;
    let CancelRequest::Cancelled(cancelled) = desk.cancel(&task).await else { panic!("not cancelled") };
    let by = CancelledBy::Person(person("telegram:7"));
    assert_eq!(cancelled.state, State::Cancelled { by, partial: String::new(), completed_at: desk.now() });
    assert_eq!(desk.reread(&task).await, cancelled);
    assert_eq!(desk.kinds(&task).await[1].0, NoticeKind::Cancelled);
    assert_eq!(desk.claim(1).await, []);
    assert_eq!(desk.cancel(&task).await, CancelRequest::AlreadyFinished(cancelled));
}

async fn a_running_task_learns_of_its_cancel_when_it_renews(desk: Desk) {
    let task = desk.running(desk.new_task()).await;
    assert!(matches!(desk.cancel(&task).await, CancelRequest::Noted(noted) if noted.status() == Status::Running));
    let operator = desk.ledger.request_cancel(&task.new.id, CancelledBy::Operator, desk.now()).await.unwrap();
    assert!(matches!(operator, CancelRequest::Noted(_)));
    assert_eq!(desk.renew(&task).await, Renewal { cancelled: vec![task.new.id.clone()], lost: vec![] });
    let cancelled = desk.finish(&task, stopped("11 boa")).await;
    // The first who asked is the one that is named.
    let by = CancelledBy::Person(person("telegram:7"));
    assert_eq!(cancelled.state, State::Cancelled { by, partial: "11 boa".to_owned(), completed_at: desk.now() });
    assert_eq!(desk.reread(&task).await, cancelled);
    let kinds: Vec<_> = desk.kinds(&task).await.into_iter().skip(2).map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [NoticeKind::Result, NoticeKind::Cancelled]);
}

async fn a_finished_task_is_not_cancelled(desk: Desk) {
    let done = desk.done(desk.new_task()).await;
    let before = desk.notices(&done).await;
    assert_eq!(desk.cancel(&done).await, CancelRequest::AlreadyFinished(done.clone()));
    assert_eq!((desk.reread(&done).await, desk.notices(&done).await), (done.clone(), before));
}

async fn an_attempt_that_finishes_in_spite_of_a_cancel_is_done(desk: Desk) {
    let task = desk.running(desk.new_task()).await;
    desk.cancel(&task).await;
    let done = desk.finish(&task, answer("12 boats")).await;
    assert_eq!((done.status(), desk.reread(&task).await), (Status::Done, done));
}

async fn what_is_not_there_cannot_be_cancelled(desk: Desk) {
    let nowhere = task_id("nowhere");
    let answer = desk.ledger.request_cancel(&nowhere, CancelledBy::Operator, desk.now()).await.unwrap();
    assert_eq!(answer, CancelRequest::NotFound);
}

async fn renewing_prolongs_and_tells_what_is_lost(desk: Desk) {
    let kept = desk.running(desk.new_task()).await;
    let done = desk.done(desk.new_task()).await;
    desk.pass(Duration::from_secs(20));
    let until = later(desk.now(), LEASE);
    let older = Lease { task: kept.new.id.clone(), epoch: Epoch(0) };
    let unknown = Lease { task: task_id("nowhere"), epoch: Epoch(1) };
    let leases = [lease_of(&kept), lease_of(&done), unknown.clone(), older];
    let renewal = desk.ledger.renew(&leases, until, desk.now()).await.unwrap();
    assert_eq!(renewal.cancelled, []);
    assert_eq!(renewal.lost, [done.new.id.clone(), unknown.task, kept.new.id.clone()]);
    let State::Running { lease_until, .. } = desk.reread(&kept).await.state else { panic!("it does not run") };
    assert_eq!(lease_until, until);
    assert_eq!(desk.reread(&done).await, done);
    assert_eq!(done.number, TaskNumber(2));
}
