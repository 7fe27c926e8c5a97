//! Recovery: attempts that nobody works on any more are taken back, and what they still write is refused.

use std::time::Duration;

use legwork::background::ports::Finish;
use legwork::domain::failure::FailureCode;
use legwork::domain::limits::Limits;
use legwork::domain::notice::NoticeKind;
use legwork::domain::status::Status;
use legwork::domain::task::State;

use super::contract;
use super::desk::{Desk, LEASE, answer, lease_of};

contract! {
    a_lease_that_holds_is_left_alone,
    a_lease_that_ran_out_gives_the_task_back,
    a_stale_worker_cannot_write_after_a_takeover,
    a_renewed_lease_is_not_taken_back,
    the_last_attempt_ends_as_interrupted,
    a_task_that_was_to_be_cancelled_is_cancelled_by_recovery,
    recovery_leaves_waiting_and_finished_tasks_alone,
}

const A_MOMENT: Duration = Duration::from_millis(1);
const ALMOST_A_LEASE: Duration = Duration::from_secs(29);

async fn a_lease_that_holds_is_left_alone(desk: Desk) {
    let running = desk.running(desk.new_task()).await;
    assert_eq!(desk.recover().await, []);
    desk.pass(LEASE);
    assert_eq!(desk.recover().await, []);
    assert_eq!(desk.reread(&running).await, running);
}

async fn a_lease_that_ran_out_gives_the_task_back(desk: Desk) {
    let first = desk.running(desk.new_task()).await;
    let other = desk.running(desk.new_task()).await;
    desk.pass(LEASE + A_MOMENT);
    let recovered = desk.recover().await;
    assert_eq!(recovered.iter().map(|task| task.number).collect::<Vec<_>>(), [first.number, other.number]);
    let waiting = desk.reread(&first).await;
    assert_eq!((waiting.state.clone(), waiting.attempt, waiting.epoch), (State::Pending, 1, first.epoch));
    assert_eq!(recovered[0], waiting);
    assert_eq!(desk.recover().await, []);
    let second = desk.claim(1).await.remove(0);
    assert_eq!((second.number, second.attempt), (first.number, 2));
    assert!(second.epoch > first.epoch);
    // The second start is news.
    let kinds: Vec<_> = desk.kinds(&second).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [NoticeKind::Accepted, NoticeKind::Started, NoticeKind::Started]);
}

async fn a_stale_worker_cannot_write_after_a_takeover(desk: Desk) {
    let first = desk.running(desk.new_task()).await;
    desk.pass(LEASE + A_MOMENT);
    desk.recover().await;
    assert_eq!(desk.end(&lease_of(&first), answer("late")).await, Finish::Stale);
    let second = desk.claim(1).await.remove(0);
    assert_eq!(desk.end(&lease_of(&first), answer("late")).await, Finish::Stale);
    assert_eq!(desk.renew(&first).await.lost, std::slice::from_ref(&first.new.id));
    assert_eq!(desk.finish(&second, answer("12 boats")).await.text(), Some("12 boats"));
}

async fn a_renewed_lease_is_not_taken_back(desk: Desk) {
    let running = desk.running(desk.new_task()).await;
    desk.pass(ALMOST_A_LEASE);
    desk.renew(&running).await;
    desk.pass(ALMOST_A_LEASE);
    assert_eq!(desk.recover().await, []);
    assert_eq!(desk.reread(&running).await.status(), Status::Running);
}

async fn the_last_attempt_ends_as_interrupted(mut desk: Desk) {
    desk.limits = Limits { max_attempts: 2, ..desk.limits };
    desk.running(desk.new_task()).await;
    desk.pass(LEASE + A_MOMENT);
    desk.recover().await;
    let second = desk.claim(1).await.remove(0);
    desk.pass(LEASE + A_MOMENT);
    let failed = desk.recover().await.remove(0);
    assert_eq!(failed.status(), Status::Failed);
    assert_eq!(failed.failure().unwrap().code, FailureCode::Interrupted);
    assert_eq!(desk.reread(&second).await, failed);
    assert_eq!(desk.kinds(&second).await.last().unwrap().0, NoticeKind::Failed);
    assert_eq!(desk.claim(1).await, []);
}

async fn a_task_that_was_to_be_cancelled_is_cancelled_by_recovery(desk: Desk) {
    let running = desk.running(desk.new_task()).await;
    desk.cancel(&running).await;
    desk.pass(LEASE + A_MOMENT);
    let recovered = desk.recover().await;
    assert_eq!(recovered.iter().map(legwork::domain::task::Task::status).collect::<Vec<_>>(), [Status::Cancelled]);
    assert_eq!(desk.kinds(&running).await.last().unwrap().0, NoticeKind::Cancelled);
}

async fn recovery_leaves_waiting_and_finished_tasks_alone(desk: Desk) {
    let done = desk.done(desk.new_task()).await;
    let waiting = desk.accept(desk.new_task()).await;
    desk.pass(LEASE + A_MOMENT);
    assert_eq!(desk.recover().await, []);
    assert_eq!((desk.reread(&done).await, desk.reread(&waiting).await), (done.clone(), waiting.clone()));
}
