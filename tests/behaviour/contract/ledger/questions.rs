//! What a ledger answers about its tasks, and what it forgets.

use std::time::Duration;

use legwork::background::ports::TaskFilter;
use legwork::domain::headline::Headline;
use legwork::domain::id::{TaskNumber, TaskRef};
use legwork::domain::prompt::Prompt;
use legwork::domain::status::Status;
use legwork::domain::summary::MonitorSummary;

use super::contract;
use super::desk::{Desk, answer, channel, failure, message_id, person, refused, task_id};

contract! {
    a_task_is_found_by_number_and_by_id,
    only_waiting_tasks_have_a_place_in_the_queue,
    tasks_are_listed_newest_first_and_by_pages,
    a_list_shows_only_what_is_asked_for,
    headlines_are_the_tasks_of_the_list_in_short,
    the_summary_counts_everything,
    pruning_forgets_what_ended_before_and_owes_nothing,
    what_is_forgotten_leaves_no_trace_and_its_number_is_not_used_again,
}

async fn a_task_is_found_by_number_and_by_id(desk: Desk) {
    let task = desk.accept(desk.new_task()).await;
    for name in [TaskRef::Number(task.number), TaskRef::Id(task.new.id.clone())] {
        assert_eq!(desk.ledger.find(&name).await.unwrap(), Some((task.clone(), Some(0))));
    }
    for name in [TaskRef::Number(TaskNumber(2)), TaskRef::Number(TaskNumber(u64::MAX)), TaskRef::Id(task_id("nowhere"))] {
        assert_eq!(desk.ledger.find(&name).await.unwrap(), None);
    }
    assert_eq!(desk.ledger.notices_of(&task_id("nowhere")).await.unwrap(), []);
}

async fn only_waiting_tasks_have_a_place_in_the_queue(desk: Desk) {
    let first = desk.running(desk.new_task()).await;
    let second = desk.accept(desk.new_task()).await;
    let third = desk.accept(desk.new_task()).await;
    assert_eq!(desk.ahead(&first).await, None);
    assert_eq!((desk.ahead(&second).await, desk.ahead(&third).await), (Some(0), Some(1)));
    desk.cancel(&second).await;
    assert_eq!((desk.ahead(&second).await, desk.ahead(&third).await), (None, Some(0)));
}

/// The numbers of the listed tasks.
async fn listed(desk: &Desk, filter: TaskFilter) -> Vec<u64> {
    desk.ledger.list(&filter).await.unwrap().iter().map(|task| task.number.0).collect()
}

async fn tasks_are_listed_newest_first_and_by_pages(desk: Desk) {
    for _ in 0..5 {
        desk.accept(desk.new_task()).await;
    }
    let page = |before: Option<u64>, limit| TaskFilter { before: before.map(TaskNumber), limit, ..TaskFilter::default() };
    assert_eq!(listed(&desk, page(None, 9)).await, [5, 4, 3, 2, 1]);
    assert_eq!(listed(&desk, page(None, 2)).await, [5, 4]);
    assert_eq!(listed(&desk, page(Some(4), 2)).await, [3, 2]);
    assert_eq!(listed(&desk, page(Some(2), 2)).await, [1]);
    assert_eq!(listed(&desk, page(Some(1), 2)).await, [0; 0]);
    assert_eq!(listed(&desk, page(None, 0)).await, [0; 0]);
    let newest = desk.ledger.list(&page(None, 1)).await.unwrap();
    assert_eq!(newest, [desk.reread(&newest[0]).await]);
}

async fn a_list_shows_only_what_is_asked_for(desk: Desk) {
    let first = desk.running(desk.task_of("telegram:1")).await;
    desk.finish(&first, answer("12")).await;
    let second = desk.running(desk.task_of("telegram:2")).await;
    desk.finish(&second, failure("")).await;
    let mut elsewhere = desk.task_of("telegram:1");
    elsewhere.origin.channel = Some(channel("discord:4"));
    desk.running(elsewhere).await;
    desk.accept(desk.task_of("telegram:1")).await;
    desk.accept(desk.silent_task()).await;
    let one = Some(person("telegram:1"));
    let all = TaskFilter { limit: 9, ..TaskFilter::default() };
    let of = |statuses: &[Status]| TaskFilter { statuses: statuses.to_vec(), ..all.clone() };
    assert_eq!(listed(&desk, TaskFilter { person: one.clone(), ..all.clone() }).await, [4, 3, 1]);
    assert_eq!(listed(&desk, TaskFilter { channel: Some(channel("telegram:1")), ..all.clone() }).await, [4, 2, 1]);
    assert_eq!(listed(&desk, of(&[Status::Failed])).await, [2]);
    assert_eq!(listed(&desk, of(&[Status::Pending, Status::Done])).await, [5, 4, 1]);
    assert_eq!(listed(&desk, TaskFilter { limit: 2, ..of(&[Status::Pending, Status::Done]) }).await, [5, 4]);
    assert_eq!(listed(&desk, of(&[Status::Cancelled])).await, [0; 0]);
    let both = TaskFilter { person: one, channel: Some(channel("telegram:1")), ..of(&[Status::Done, Status::Running]) };
    assert_eq!(listed(&desk, both).await, [1]);
    assert_eq!(listed(&desk, TaskFilter { person: Some(person("telegram:9")), ..all }).await, [0; 0]);
}

async fn headlines_are_the_tasks_of_the_list_in_short(desk: Desk) {
    let done = desk.running(desk.task_of("telegram:1")).await;
    desk.finish(&done, answer(&"word ".repeat(1000))).await;
    let mut long = desk.task_of("telegram:2");
    // The hundredth character of this prompt is made of two code points, and must not be cut in two.
    long.prompt = Prompt::parse(&format!("{}e\u{301}{}", "ü".repeat(99), "x".repeat(9999))).unwrap();
    desk.running(long).await;
    let mut piled = desk.task_of("telegram:1");
    piled.prompt = Prompt::parse(&format!("a{}", "\u{301}".repeat(300))).unwrap();
    desk.accept(piled).await;
    desk.accept(desk.silent_task()).await;
    let all = TaskFilter { limit: 9, ..TaskFilter::default() };
    let of_one = TaskFilter { person: Some(person("telegram:1")), ..all.clone() };
    let alive = TaskFilter { statuses: vec![Status::Pending, Status::Running], ..all.clone() };
    let page = TaskFilter { before: Some(TaskNumber(3)), limit: 1, ..all.clone() };
    for filter in [all, of_one, alive, page] {
        let tasks = desk.ledger.list(&filter).await.unwrap();
        let expected: Vec<Headline> = tasks.iter().map(Headline::of).collect();
        assert_eq!(desk.ledger.headlines(&filter).await.unwrap(), expected, "{filter:?}");
        assert!(expected.iter().all(|headline| headline.prompt.chars().count() <= 100));
    }
    let of_another = TaskFilter { person: Some(person("telegram:2")), limit: 1, ..TaskFilter::default() };
    assert_eq!(desk.ledger.headlines(&of_another).await.unwrap()[0].prompt, "ü".repeat(99));
}

async fn the_summary_counts_everything(desk: Desk) {
    assert_eq!(desk.ledger.summary().await.unwrap(), MonitorSummary::default());
    desk.done(desk.new_task()).await;
    let failed = desk.running(desk.new_task()).await;
    desk.finish(&failed, failure("")).await;
    let oldest = desk.now();
    let cancelled = desk.accept(desk.new_task()).await;
    desk.cancel(&cancelled).await;
    desk.running(desk.new_task()).await;
    desk.accept(desk.new_task()).await;
    desk.pass(Duration::from_secs(9));
    desk.accept(desk.new_task()).await;
    let summary = desk.ledger.summary().await.unwrap();
    let expected = MonitorSummary {
        total: 6,
        pending: 2,
        running: 1,
        done: 1,
        failed: 1,
        cancelled: 1,
        oldest_pending_at: Some(oldest),
        notices_owed: 6 + 3 + 1 + 1 + 1 + 1,
        notices_undeliverable: 0,
    };
    assert_eq!(summary, expected);
    desk.deliver_all().await;
    assert_eq!(desk.ledger.summary().await.unwrap().notices_owed, 0);
}

async fn pruning_forgets_what_ended_before_and_owes_nothing(desk: Desk) {
    let old = desk.done(desk.new_task()).await;
    desk.deliver_all().await;
    let owing = desk.done(desk.new_task()).await;
    desk.pass(Duration::from_mins(1));
    let cut = desk.now();
    // What ended at that very moment did not end before it.
    let young = desk.done(desk.silent_task()).await;
    let running = desk.running(desk.new_task()).await;
    let waiting = desk.accept(desk.new_task()).await;
    assert_eq!(desk.ledger.prune(cut).await.unwrap(), 1);
    assert_eq!(desk.ledger.find(&TaskRef::Id(old.new.id.clone())).await.unwrap(), None);
    for kept in [&owing, &young, &running, &waiting] {
        assert_eq!(&desk.reread(kept).await, kept);
    }
    desk.deliver_all().await;
    assert_eq!(desk.ledger.prune(cut).await.unwrap(), 1);
    assert_eq!(desk.ledger.prune(cut).await.unwrap(), 0);
    assert_eq!(desk.ledger.summary().await.unwrap().total, 3);
}

async fn what_is_forgotten_leaves_no_trace_and_its_number_is_not_used_again(desk: Desk) {
    let task = desk.done(desk.new_task()).await;
    let due = desk.due().await;
    desk.record(&due[0], refused("blocked", None)).await;
    desk.deliver_all().await;
    desk.pass(Duration::from_secs(1));
    let answer = message_id("answer");
    desk.ledger.note_answer(&channel("telegram:1"), &answer, task.number).await.unwrap();
    assert_eq!(desk.ledger.prune(desk.now()).await.unwrap(), 1);
    assert_eq!(desk.ledger.summary().await.unwrap(), MonitorSummary::default());
    assert_eq!(desk.ledger.find(&TaskRef::Id(task.new.id.clone())).await.unwrap(), None);
    assert_eq!(desk.notices(&task).await, []);
    let message = message_id(&format!("m{}", due[1].id));
    for message in [message, answer] {
        assert_eq!(desk.ledger.find_by_message(&channel("telegram:1"), &message).await.unwrap(), None);
    }
    let mut again = desk.new_task();
    again.inbound.clone_from(&task.new.inbound);
    let again = desk.accept(again).await;
    assert_eq!(again.number, TaskNumber(2));
    assert!(desk.due().await[0].id > due[due.len() - 1].id);
}
