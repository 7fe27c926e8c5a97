//! Taking tasks in: durable once per message, within the queue's bounds.

use std::time::Duration;

use legwork::background::ports::{Acceptance, LedgerError, TaskFilter};
use legwork::domain::id::{ReplyHandle, TaskNumber};
use legwork::domain::limits::Limits;
use legwork::domain::notice::{Events, NoticeKind, NoticeState};
use legwork::domain::origin::Origin;
use legwork::domain::queue::QueueFull;
use legwork::domain::status::Status;
use legwork::domain::task::{RunSettings, State};

use super::contract;
use super::desk::{Desk, channel, inbound, person, task_id};

contract! {
    an_accepted_task_waits_and_its_acceptance_is_owed,
    every_field_of_a_task_is_kept,
    numbers_count_up_from_one,
    the_same_message_makes_one_task,
    the_same_message_is_known_after_its_task_ended_and_while_the_queue_is_full,
    tasks_without_a_message_are_all_new,
    an_id_that_is_taken_is_an_error_and_nothing_changes,
    a_full_queue_takes_nothing,
    a_person_with_a_full_share_waits_and_others_do_not,
    running_tasks_leave_room_in_the_queue,
    the_answer_says_how_many_are_ahead,
    a_task_without_a_channel_owes_no_acceptance,
}

async fn an_accepted_task_waits_and_its_acceptance_is_owed(desk: Desk) {
    let new = desk.new_task();
    let accepted = desk.offer(new.clone()).await;
    let Acceptance::Accepted { task, ahead } = accepted else { panic!("{accepted:?}") };
    assert_eq!((task.state.clone(), task.attempt, ahead), (State::Pending, 0, 0));
    assert_eq!((task.submitted_at, task.started_at), (desk.now(), None));
    assert_eq!(task.new, new);
    assert_eq!(desk.reread(&task).await, task);
    let notices = desk.notices(&task).await;
    assert_eq!(notices.len(), 1);
    let notice = &notices[0];
    assert_eq!((notice.kind, notice.attempt, notice.number), (NoticeKind::Accepted, 0, task.number));
    assert_eq!((&notice.task, &notice.channel), (&task.new.id, &channel("telegram:1")));
    assert_eq!(notice.reply, new.origin.reply);
    assert_eq!(notice.state, NoticeState::Owed { due_at: desk.now() });
    assert_eq!((notice.created_at, notice.tries, notice.in_flight_since), (desk.now(), 0, None));
}

async fn every_field_of_a_task_is_kept(desk: Desk) {
    let mut new = desk.new_task();
    new.origin.session = String::from("a session\nwith 'quotes'");
    new.origin.reply = Some(ReplyHandle("{\"token\":\"ü\"}".to_owned()));
    new.deliver_to = vec![channel("discord:9"), channel("telegram:-100/3")];
    new.events = Events { started: true, cancelled: true, ..Events::none() };
    new.settings = RunSettings { model: Some("a model".to_owned()), timeout: Some(Duration::from_millis(90_001)) };
    new.retry_of = Some(TaskNumber(41));
    let task = desk.accept(new.clone()).await;
    assert_eq!(desk.reread(&task).await.new, new);
    let mut bare = desk.silent_task();
    bare.inbound = None;
    bare.origin = Origin::default();
    bare.events = Events::none();
    let task = desk.accept(bare.clone()).await;
    assert_eq!(desk.reread(&task).await.new, bare);
}

async fn numbers_count_up_from_one(desk: Desk) {
    for number in 1..=3 {
        assert_eq!(desk.accept(desk.new_task()).await.number, TaskNumber(number));
    }
}

async fn the_same_message_makes_one_task(desk: Desk) {
    let first = desk.accept(desk.new_task()).await;
    let mut again = desk.new_task();
    again.inbound.clone_from(&first.new.inbound);
    assert_eq!(desk.offer(again.clone()).await, Acceptance::Duplicate(first.clone()));
    assert_eq!(desk.ledger.summary().await.unwrap().total, 1);
    assert_eq!(desk.due().await.len(), 1);
    let found = desk.ledger.find_inbound(&again.inbound.unwrap()).await.unwrap();
    assert_eq!(found, Some(first));
    assert_eq!(desk.ledger.find_inbound(&inbound("another")).await.unwrap(), None);
}

async fn the_same_message_is_known_after_its_task_ended_and_while_the_queue_is_full(mut desk: Desk) {
    let done = desk.done(desk.new_task()).await;
    desk.limits = Limits { max_queued: 0, ..desk.limits };
    let mut again = desk.new_task();
    again.inbound.clone_from(&done.new.inbound);
    assert_eq!(desk.offer(again).await, Acceptance::Duplicate(done));
}

async fn tasks_without_a_message_are_all_new(desk: Desk) {
    for _ in 0..2 {
        let mut new = desk.new_task();
        new.inbound = None;
        desk.accept(new).await;
    }
    assert_eq!(desk.ledger.summary().await.unwrap().pending, 2);
}

async fn an_id_that_is_taken_is_an_error_and_nothing_changes(desk: Desk) {
    let first = desk.accept(desk.new_task()).await;
    let mut other = desk.new_task();
    other.id = first.new.id.clone();
    let refused = desk.ledger.accept(other.clone(), &desk.limits, desk.now()).await;
    assert!(matches!(refused, Err(LedgerError::Store { .. })), "{refused:?}");
    assert_eq!(desk.ledger.summary().await.unwrap().total, 1);
    assert_eq!(desk.ledger.find_inbound(&other.inbound.clone().unwrap()).await.unwrap(), None);
    // The number was not used up, and the message may still make a task.
    other.id = task_id("another");
    assert_eq!(desk.accept(other).await.number, TaskNumber(2));
}

async fn a_full_queue_takes_nothing(mut desk: Desk) {
    desk.limits = Limits { max_queued: 2, ..desk.limits };
    desk.accept(desk.task_of("telegram:1")).await;
    desk.accept(desk.task_of("telegram:2")).await;
    let refused = desk.task_of("telegram:3");
    assert_eq!(desk.offer(refused.clone()).await, Acceptance::Full(QueueFull::Everybody { waiting: 2 }));
    assert_eq!(desk.ledger.find_inbound(&refused.inbound.unwrap()).await.unwrap(), None);
    assert_eq!(desk.ledger.summary().await.unwrap().total, 2);
    assert_eq!(desk.due().await.len(), 2);
}

async fn a_person_with_a_full_share_waits_and_others_do_not(mut desk: Desk) {
    desk.limits = Limits { max_queued_per_person: 1, ..desk.limits };
    desk.accept(desk.task_of("telegram:1")).await;
    assert_eq!(desk.offer(desk.task_of("telegram:1")).await, Acceptance::Full(QueueFull::Person { waiting: 1 }));
    desk.accept(desk.task_of("discord:1")).await;
    let mut nobody = desk.new_task();
    nobody.origin.person = None;
    desk.accept(nobody).await;
}

async fn running_tasks_leave_room_in_the_queue(mut desk: Desk) {
    desk.limits = Limits { max_queued: 1, max_queued_per_person: 1, ..desk.limits };
    let running = desk.running(desk.new_task()).await;
    desk.accept(desk.new_task()).await;
    assert!(matches!(desk.offer(desk.new_task()).await, Acceptance::Full(_)));
    assert_eq!(desk.reread(&running).await.status(), Status::Running);
}

async fn the_answer_says_how_many_are_ahead(desk: Desk) {
    for ahead in 0..3 {
        let answer = desk.offer(desk.task_of("telegram:1")).await;
        assert!(matches!(answer, Acceptance::Accepted { ahead: said, .. } if said == ahead), "{answer:?}");
    }
    // One who has nothing in the queue comes after the first task of each other person.
    let answer = desk.offer(desk.task_of("telegram:2")).await;
    assert!(matches!(&answer, Acceptance::Accepted { ahead: 1, .. }), "{answer:?}");
    let of_first = TaskFilter { person: Some(person("telegram:1")), limit: 1, ..TaskFilter::default() };
    let third = desk.ledger.list(&of_first).await.unwrap().remove(0);
    assert_eq!(desk.ahead(&third).await, Some(3));
}

async fn a_task_without_a_channel_owes_no_acceptance(desk: Desk) {
    let mut new = desk.silent_task();
    new.deliver_to = vec![channel("discord:9")];
    let task = desk.accept(new).await;
    assert_eq!(desk.notices(&task).await, []);
}
