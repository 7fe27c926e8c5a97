//! What only a ledger in a file can do: end and begin again, keep others out, and bring an older file up to date.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use legwork::adapters::ledger::sqlite::{OpenError, SqliteLedger};
use legwork::background::ports::{Acceptance, IsQuiet, Ledger, LedgerError, TaskFilter};
use legwork::domain::id::{TaskNumber, TaskRef};
use legwork::domain::language::Language;
use legwork::domain::notice::NoticeKind;
use legwork::domain::preferences::Preferences;
use legwork::domain::status::Status;
use rusqlite::Connection;

use super::desk::{Desk, channel, message_id, part, scratch};
use crate::support::log::Log;

/// A desk over this file.
pub(super) fn desk_at(path: &Path) -> Desk {
    Desk::over(Arc::new(SqliteLedger::open(path).unwrap()), None)
}

/// Changes rows behind a closed ledger's back.
pub(super) fn tamper(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn everything_is_still_there_after_opening_again() {
    let (_folder, path) = scratch();
    let desk = desk_at(&path);
    let done = desk.done(desk.new_task()).await;
    let running = desk.running(desk.new_task()).await;
    desk.cancel(&running).await;
    let waiting = desk.accept(desk.new_task()).await;
    let due = desk.due().await;
    desk.begin(&due[0]).await.unwrap();
    desk.record(&due[0], part("m", false)).await;
    let tasks = desk.ledger.list(&TaskFilter { limit: 9, ..TaskFilter::default() }).await.unwrap();
    let (notices, summary) = (desk.due().await, desk.ledger.summary().await.unwrap());
    drop(desk);

    let desk = desk_at(&path);
    assert_eq!(desk.ledger.list(&TaskFilter { limit: 9, ..TaskFilter::default() }).await.unwrap(), tasks);
    assert_eq!((desk.due().await, desk.ledger.summary().await.unwrap()), (notices, summary));
    assert_eq!(desk.ahead(&waiting).await, Some(0));
    let found = desk.ledger.find_by_message(&due[0].channel, &message_id("m")).await.unwrap();
    assert_eq!(found, Some(done.clone()));
    let mut again = desk.new_task();
    again.inbound.clone_from(&done.new.inbound);
    assert_eq!(desk.offer(again.clone()).await, Acceptance::Duplicate(done));
    again.id = super::desk::task_id("fresh");
    again.inbound = None;
    assert_eq!(desk.accept(again).await.number, TaskNumber(4));
}

#[tokio::test]
async fn leases_of_the_process_before_are_taken_back_at_once() {
    let (_folder, path) = scratch();
    let desk = desk_at(&path);
    let first = desk.running(desk.new_task()).await;
    let second = desk.running(desk.new_task()).await;
    desk.cancel(&second).await;
    drop(desk);

    let desk = desk_at(&path);
    let recovered = desk.recover().await;
    let moved: Vec<_> = recovered.iter().map(|task| (task.number, task.status())).collect();
    assert_eq!(moved, [(first.number, Status::Pending), (second.number, Status::Cancelled)]);
    let again = desk.claim(1).await.remove(0);
    assert_eq!((again.number, again.attempt), (first.number, 2));
    // The lease of this process holds.
    assert_eq!(desk.recover().await, []);
    assert_eq!(desk.reread(&again).await, again);
}

#[tokio::test]
async fn a_part_in_flight_at_a_crash_is_in_doubt_afterwards() {
    let (_folder, path) = scratch();
    let desk = desk_at(&path);
    desk.accept(desk.new_task()).await;
    let notice = desk.due().await.remove(0);
    let began = desk.now();
    desk.begin(&notice).await.unwrap();
    drop(desk);

    let desk = desk_at(&path);
    desk.pass(Duration::from_secs(5));
    let notice = desk.due().await.remove(0);
    assert_eq!(desk.begin(&notice).await.unwrap().in_flight_since, Some(began));
}

#[tokio::test]
async fn what_has_begun_to_arrive_is_known_after_opening_again() {
    let (_folder, path) = scratch();
    let desk = desk_at(&path);
    desk.done(desk.task_in("telegram:1")).await;
    let result = desk.due().await.into_iter().find(|notice| notice.kind == NoticeKind::Result).unwrap();
    desk.begin(&result).await.unwrap();
    desk.record(&result, part("m", false)).await;
    drop(desk);

    let desk = desk_at(&path);
    let everywhere: IsQuiet = Arc::new(|_channel| true);
    let due = desk.ledger.due_notices(&[], &everywhere, 100, desk.now()).await.unwrap();
    assert_eq!(due.iter().map(|notice| notice.kind).collect::<Vec<_>>(), [NoticeKind::Accepted, NoticeKind::Result]);
}

#[tokio::test]
async fn a_second_opener_is_refused_until_the_first_has_closed() {
    let (_folder, path) = scratch();
    let first = SqliteLedger::open(&path).unwrap();
    let refused = SqliteLedger::open(&path).unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused:?}");
    assert!(refused.to_string().contains("legwork.db"), "{refused}");
    first.close().await;
    let second = SqliteLedger::open(&path).unwrap();
    drop(second);
    SqliteLedger::open(&path).unwrap();
}

#[tokio::test]
async fn the_log_is_copied_into_the_file_while_the_ledger_is_open_and_gone_when_it_has_closed() {
    let (_folder, path) = scratch();
    let ledger = SqliteLedger::open(&path).unwrap();
    let size = || std::fs::metadata(&path).unwrap().len();
    let (before, nothing) = (size(), Preferences::default());
    let mut commits = 0;
    while size() == before {
        assert!(commits < 10_000, "so many commits, and nothing was copied");
        ledger.set_channel(&channel("telegram:1"), &nothing).await.unwrap();
        commits += 1;
    }
    ledger.close().await;
    assert!(!path.with_extension("db-wal").exists(), "whoever copies the file has all of it");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_the_file_is_the_same_ledger() {
    let (folder, path) = scratch();
    let _first = SqliteLedger::open(&path).unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(SqliteLedger::open(&link), Err(OpenError::InUse { .. })));
}

#[tokio::test]
async fn a_closed_ledger_says_so() {
    let (_folder, path) = scratch();
    let ledger = Arc::new(SqliteLedger::open(&path).unwrap());
    let desk = Desk::over(Arc::clone(&ledger) as Arc<_>, None);
    let task = desk.accept(desk.new_task()).await;
    ledger.close().await;
    ledger.close().await;
    let accepted = desk.ledger.accept(desk.new_task(), &desk.limits, desk.now()).await;
    assert!(matches!(accepted, Err(LedgerError::Closed)), "{accepted:?}");
    let found = desk.ledger.find(&TaskRef::Number(task.number)).await;
    assert!(matches!(found, Err(LedgerError::Closed)), "{found:?}");
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_refused_and_not_touched() {
    let (_folder, path) = scratch();
    drop(SqliteLedger::open(&path).unwrap());
    tamper(&path, "PRAGMA user_version = 999");
    let refused = SqliteLedger::open(&path).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 999, .. }), "{refused:?}");
    let version: i64 = Connection::open(&path).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 999);
}

#[tokio::test]
async fn tasks_from_before_languages_speak_english() {
    let (_folder, path) = scratch();
    first_schema(
        &path,
        "INSERT INTO tasks (number, id, turn, status, attempt, epoch, submitted_at, tokens_input, tokens_cached_input, \
         tokens_output, tokens_reasoning, tokens_estimated, session, events) \
         VALUES (7, 'old', 0, 1, 0, 0, 5, 0, 0, 0, 0, 0, '', 'done');
         INSERT INTO prompts VALUES (7, 'count the boats')",
    );
    let ledger: Arc<dyn Ledger> = Arc::new(SqliteLedger::open(&path).unwrap());
    let language = async || ledger.find(&TaskRef::Number(TaskNumber(7))).await.unwrap().unwrap().0.new.origin.language;
    assert_eq!(language().await, Language::En);
    tamper(&path, "UPDATE tasks SET language = 'de'");
    assert_eq!(language().await, Language::De);
    tamper(&path, "UPDATE tasks SET language = 'tlh'");
    assert_eq!(language().await, Language::En, "a language that is not spoken makes no task unreadable");
}

#[tokio::test]
async fn texts_from_before_they_shared_a_table_are_kept_and_forgotten_with_their_tasks() {
    let (_folder, path) = scratch();
    first_schema(
        &path,
        "INSERT INTO tasks (number, id, turn, status, attempt, epoch, submitted_at, completed_at, tokens_input, \
         tokens_cached_input, tokens_output, tokens_reasoning, tokens_estimated, session, events) \
         VALUES (7, 'old', 0, 3, 1, 1, 5, 6, 0, 0, 0, 0, 0, '', 'done'), (9, 'mute', 0, 3, 1, 1, 5, 6, 0, 0, 0, 0, 0, '', 'done');
         INSERT INTO prompts VALUES (7, 'count the boats'), (9, 'count the stars');
         INSERT INTO results VALUES (7, 'twelve boats');
         UPDATE totals SET last_number = 9, done = 2",
    );
    let desk = desk_at(&path);
    let texts = async |number| {
        let found = desk.ledger.find(&TaskRef::Number(TaskNumber(number))).await.unwrap();
        found.map(|(task, _)| (task.new.prompt.as_str().to_owned(), task.text().map(str::to_owned)))
    };
    let new = desk.done(desk.silent_task()).await;
    assert_eq!(texts(7).await, Some(("count the boats".to_owned(), Some("twelve boats".to_owned()))));
    assert_eq!(texts(9).await, Some(("count the stars".to_owned(), None)));
    assert_eq!(desk.ledger.prune(new.completed_at().unwrap()).await.unwrap(), 2);
    assert_eq!((texts(7).await, texts(9).await), (None, None));
    assert_eq!(texts(new.number.0).await, Some((new.new.prompt.as_str().to_owned(), new.text().map(str::to_owned))));
    assert_eq!(texts_in(&path), 2, "a forgotten task leaves no text behind");
}

#[tokio::test]
async fn the_log_says_when_an_old_file_is_brought_up_to_date() {
    let (_folder, path) = scratch();
    let log = Log::begins();
    drop(SqliteLedger::open(&path).unwrap());
    assert!(log.with("up to date").is_empty(), "a new file has nothing to be brought up to date");
    let (_folder, path) = scratch();
    first_schema(&path, "");
    drop(SqliteLedger::open(&path).unwrap());
    drop(SqliteLedger::open(&path).unwrap());
    assert_eq!((log.with("brought up to date").len(), log.with("are up to date").len()), (1, 1));
}

/// Makes a file as the first program did, which holds these rows.
fn first_schema(path: &Path, rows: &str) {
    tamper(path, include_str!("../../../../src/adapters/ledger/sqlite/migrations/0001_tasks_and_notices.sql"));
    tamper(path, rows);
    tamper(path, "PRAGMA application_id = 0x4C67776B; PRAGMA user_version = 1");
}

/// How many prompts and results the file holds.
pub(super) fn texts_in(path: &Path) -> i64 {
    Connection::open(path).unwrap().query_row("SELECT count(*) FROM texts", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_database_of_something_else_is_refused() {
    let (_folder, path) = scratch();
    tamper(&path, "CREATE TABLE recipes (name TEXT)");
    let refused = SqliteLedger::open(&path).unwrap_err();
    assert!(matches!(refused, OpenError::Foreign { .. }), "{refused:?}");
    std::fs::write(&path, "not a database at all, but long enough to be looked at as one").unwrap();
    let refused = SqliteLedger::open(&path).unwrap_err();
    assert!(matches!(refused, OpenError::Store { .. }), "{refused:?}");
}

#[tokio::test]
async fn nobody_else_reads_a_new_file() {
    use std::os::unix::fs::PermissionsExt;

    let (_folder, path) = scratch();
    let desk = desk_at(&path);
    desk.accept(desk.new_task()).await;
    for name in ["db", "db-wal", "db-shm", "db.lock"] {
        let rights = std::fs::metadata(path.with_extension(name)).unwrap().permissions().mode();
        assert_eq!(rights & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_place_that_is_not_there_is_an_error_that_names_it() {
    let (folder, _) = scratch();
    let refused = SqliteLedger::open(folder.path().join("no/such/folder/legwork.db")).unwrap_err();
    assert!(refused.to_string().contains("no/such/folder/legwork.db"), "{refused}");
}
