//! How each ledger keeps what it is given. The one in a file: what shares a commit, what stands in one table for many tasks,
//! and rows that make no sense. The one in memory: what it forgets early.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use legwork::adapters::ledger::sqlite::SqliteLedger;
use legwork::background::ports::{Acceptance, Ledger, LedgerError, TaskFilter};
use legwork::domain::channel::ChannelId;
use legwork::domain::headline::Headline;
use legwork::domain::id::{TaskNumber, TaskRef};
use legwork::domain::limits::Limits;
use legwork::domain::status::Status;
use legwork::domain::usage::Usage;

use super::desk::{Desk, answer, channel, lease_of, person, scratch, task_id};
use super::file::{desk_at, tamper, texts_in};

#[tokio::test]
async fn steps_that_wait_together_share_a_commit() {
    let (_folder, path) = scratch();
    let mut desk = desk_at(&path);
    desk.limits = Limits { max_queued: 1000, max_queued_per_person: 1000, ..desk.limits };
    let tasks = join_all((0..200).map(|_| desk.accept(desk.silent_task()))).await;
    assert_eq!(tasks.len(), 200);
    let commits = commits_in(&path);
    assert!((1..=20).contains(&commits), "200 steps that wait at once took {commits} commits");
}

/// How many transactions the log of this file holds: frames that say how long the file is then.
fn commits_in(path: &Path) -> usize {
    let log = std::fs::read(path.with_extension("db-wal")).unwrap();
    let (header, frames) = log.split_at(32);
    let frames = frames.chunks_exact(24 + 4096).filter(|frame| frame[8..16] == header[16..24]);
    frames.filter(|frame| frame[4..8] != [0; 4]).count()
}

#[tokio::test]
async fn a_message_that_comes_again_leaves_no_second_prompt() {
    let (_folder, path) = scratch();
    let desk = desk_at(&path);
    let new = desk.new_task();
    let task = desk.accept(new.clone()).await;
    let again = desk.ledger.accept(new, &desk.limits, desk.now()).await.unwrap();
    assert_eq!(again, Acceptance::Duplicate(task));
    assert_eq!(texts_in(&path), 1);
}

#[tokio::test]
async fn steps_that_share_a_commit_do_not_disturb_each_other() {
    let (_folder, path) = scratch();
    let mut desk = desk_at(&path);
    desk.limits = Limits { max_queued: 1000, max_queued_per_person: 1000, ..desk.limits };
    let first = desk.accept(desk.new_task()).await;
    let offers = (0..300).map(|each| {
        let mut new = desk.new_task();
        if each % 10 == 0 {
            new.id = first.new.id.clone();
        }
        desk.ledger.accept(new, &desk.limits, desk.now())
    });
    let answers = join_all(offers.collect::<Vec<_>>()).await;
    for (each, answer) in answers.iter().enumerate() {
        match answer {
            Ok(Acceptance::Accepted { .. }) => assert_ne!(each % 10, 0),
            Err(LedgerError::Store { .. }) => assert_eq!(each % 10, 0),
            other => panic!("{other:?}"),
        }
    }
    drop(desk);
    let desk = desk_at(&path);
    let summary = desk.ledger.summary().await.unwrap();
    assert_eq!((summary.total, summary.pending, summary.notices_owed), (271, 271, 271));
}

#[tokio::test]
async fn a_step_that_fails_halfway_leaves_nothing_and_does_not_disturb_others() {
    // The second kind ends the whole transaction by itself, as a full disk does.
    for failure in ["ABORT", "ROLLBACK"] {
        let (_folder, path) = scratch();
        drop(desk_at(&path));
        tamper(
            &path,
            &format!(
                "CREATE TRIGGER fault BEFORE INSERT ON notices WHEN NEW.channel = 'telegram:13'
                 BEGIN SELECT RAISE({failure}, 'a fault'); END"
            ),
        );
        let mut desk = desk_at(&path);
        desk.limits = Limits { max_queued: 1000, max_queued_per_person: 1000, ..desk.limits };
        let places = (0..40).map(|each| if each % 10 == 5 { "telegram:13" } else { "telegram:1" });
        let offers: Vec<_> = places.map(|place| (place, desk.task_in(place))).collect();
        let answers = offers.into_iter().map(async |(place, new)| {
            let answer = desk.ledger.accept(new, &desk.limits, desk.now()).await;
            assert_eq!(answer.is_err(), place == "telegram:13", "{answer:?}");
        });
        join_all(answers).await;
        let summary = desk.ledger.summary().await.unwrap();
        assert_eq!((summary.total, summary.pending, summary.notices_owed), (36, 36, 36));
        assert_eq!(desk.accept(desk.new_task()).await.number, TaskNumber(37));
        assert_eq!(desk.claim(100).await.len(), 10);
    }
}

#[tokio::test]
async fn lists_and_moves_go_on_from_block_to_block() {
    let (_folder, path) = scratch();
    let (here, there) = (channel("telegram:1"), channel("telegram:-100"));
    let numbers: [u64; 6] = [5121, 5120, 1025, 1024, 1023, 1];
    for number in numbers.iter().rev() {
        drop(desk_at(&path));
        tamper(&path, &format!("UPDATE totals SET last_number = {}", number - 1));
        let desk = desk_at(&path);
        let mut new = desk.task_of("telegram:1");
        new.id = task_id(&format!("t{number}"));
        new.inbound = None;
        assert_eq!(desk.done(new).await.number, TaskNumber(*number));
    }
    let desk = desk_at(&path);
    let listed = async |filter: TaskFilter| {
        let tasks = desk.ledger.list(&filter).await.unwrap();
        tasks.iter().map(|task| task.number.0).collect::<Vec<_>>()
    };
    let page = |before: Option<u64>, limit| TaskFilter { before: before.map(TaskNumber), limit, ..TaskFilter::default() };
    let of_person = |page| TaskFilter { person: Some(person("telegram:1")), ..page };
    let in_channel = |channel: &ChannelId, page| TaskFilter { channel: Some(channel.clone()), ..page };
    for filter in [of_person(page(None, 9)), in_channel(&here, page(None, 9))] {
        assert_eq!(listed(filter.clone()).await, numbers);
        assert_eq!(listed(TaskFilter { limit: 3, ..filter.clone() }).await, numbers[..3]);
        assert_eq!(listed(TaskFilter { before: Some(TaskNumber(1025)), limit: 2, ..filter.clone() }).await, [1024, 1023]);
        assert_eq!(listed(TaskFilter { before: Some(TaskNumber(1024)), ..filter }).await, [1023, 1]);
    }
    desk.ledger.move_channel(&here, &there, desk.now()).await.unwrap();
    assert_eq!(listed(in_channel(&here, page(None, 9))).await, [0; 0]);
    assert_eq!(listed(in_channel(&there, page(None, 9))).await, numbers);
}

#[tokio::test]
async fn headlines_are_read_without_any_result() {
    let (_folder, path) = scratch();
    let ledger = Arc::new(SqliteLedger::open(&path).unwrap());
    let desk = Desk::over(Arc::clone(&ledger) as Arc<_>, None);
    let task = desk.done(desk.new_task()).await;
    ledger.close().await;
    tamper(&path, "UPDATE texts SET text = CAST(x'ff' AS TEXT) WHERE serial IN (SELECT result FROM tasks)");
    let ledger: Arc<dyn Ledger> = Arc::new(SqliteLedger::open(&path).unwrap());
    let filter = TaskFilter { person: task.new.origin.person.clone(), limit: 9, ..TaskFilter::default() };
    assert_eq!(ledger.headlines(&filter).await.unwrap(), [Headline::of(&task)]);
    assert!(ledger.list(&filter).await.is_err(), "a list reads them");
}

#[tokio::test]
async fn a_row_that_makes_no_sense_is_named_and_does_not_stop_the_others() {
    for (column, value) in [("events", "'sometimes'"), ("timeout", "-1"), ("deliver_to", "'[1]'")] {
        let (_folder, path) = scratch();
        let desk = desk_at(&path);
        let bad = desk.accept(desk.new_task()).await;
        let good = desk.accept(desk.new_task()).await;
        drop(desk);
        tamper(&path, &format!("UPDATE tasks SET {column} = {value} WHERE number = 1"));

        let desk = desk_at(&path);
        let found = desk.ledger.find(&TaskRef::Number(bad.number)).await;
        let Err(LedgerError::BadData { table, column: named, row }) = found else { panic!("{found:?}") };
        assert_eq!((table, named, row.as_str()), ("tasks", column, "1"));
        let claimed = desk.claim(1).await;
        assert_eq!(claimed.iter().map(|task| task.number).collect::<Vec<_>>(), [good.number]);
    }
}

#[tokio::test]
async fn a_notice_that_makes_no_sense_does_not_silence_the_others() {
    let (_folder, path) = scratch();
    let desk = desk_at(&path);
    let bad = desk.accept(desk.new_task()).await;
    desk.accept(desk.new_task()).await;
    drop(desk);
    tamper(&path, "UPDATE notices SET kind = 'rumour' WHERE id = 1");

    let desk = desk_at(&path);
    assert_eq!(desk.due().await.iter().map(|notice| notice.id.0).collect::<Vec<_>>(), [2]);
    let found = desk.ledger.notices_of(&bad.new.id).await;
    assert!(matches!(found, Err(LedgerError::BadData { table: "notices", column: "kind", .. })), "{found:?}");
}

#[tokio::test]
async fn many_old_tasks_are_forgotten() {
    let (_folder, path) = scratch();
    let mut desk = desk_at(&path);
    desk.limits = Limits { max_queued: 1000, max_queued_per_person: 1000, ..desk.limits };
    let tasks = join_all((0..450).map(|_| desk.accept(desk.silent_task())).collect::<Vec<_>>()).await;
    join_all(tasks.iter().skip(1).map(|task| desk.cancel(task)).collect::<Vec<_>>()).await;
    desk.pass(Duration::from_secs(1));
    assert_eq!(desk.ledger.prune(desk.now()).await.unwrap(), 449);
    assert_eq!(desk.ledger.summary().await.unwrap().total, 1);
}

#[tokio::test]
async fn memory_keeps_the_last_500_finished_tasks_and_all_that_owe() {
    let desk = Desk::memory();
    let owing = desk.done(desk.new_task()).await;
    let first = desk.done(desk.silent_task()).await;
    for _ in 0..499 {
        desk.done(desk.silent_task()).await;
    }
    assert_eq!(desk.reread(&first).await, first);
    let waiting = desk.accept(desk.silent_task()).await;
    let running = desk.claim(1).await.remove(0);
    assert_eq!(desk.ledger.summary().await.unwrap().total, 502);
    desk.ledger.finish(&lease_of(&running), answer("12"), Usage::default(), desk.now()).await.unwrap();
    assert_eq!(desk.ledger.find(&TaskRef::Number(first.number)).await.unwrap(), None);
    assert_eq!((desk.reread(&owing).await, desk.reread(&waiting).await.status()), (owing.clone(), Status::Done));
    desk.deliver_all().await;
    assert_eq!(desk.ledger.find(&TaskRef::Number(owing.number)).await.unwrap(), None);
}
