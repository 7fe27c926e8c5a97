//! Forgetting: tasks that ended long ago and owe nothing, with their notices and messages.

use rusqlite::params;

use crate::adapters::ledger::steps::Step;
use crate::background::ports::LedgerError;
use crate::domain::status::Status;
use crate::domain::time::{Timestamp, to_millis};

use super::columns::{Columns, failed};
use super::rows::SqliteRows;

/// How many tasks one transaction looks at, so that nobody waits long behind it.
const CHUNK: i64 = 200;

/// Where the next transaction goes on: the end and the number of the last task looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    completed_at: i64,
    number: i64,
}

/// A finished task, as far as forgetting is concerned.
struct Finished {
    place: Place,
    /// None when it cannot be read; such a task is kept.
    status: Option<Status>,
    owes: bool,
}

/// Forgets what may be forgotten of the next finished tasks; says how many that were, and where to go on.
pub(super) fn prune(
    rows: &mut SqliteRows<'_>,
    from: Place,
    ended_before: Timestamp,
) -> Result<Step<(u64, Option<Place>)>, LedgerError> {
    let finished = finished(rows, from, ended_before)?;
    let mut forgotten = 0;
    for Finished { place, status, .. } in finished.iter().filter(|task| !task.owes) {
        let Some(status) = *status else { continue };
        forget(rows, place.number, status)?;
        forgotten += 1;
    }
    Ok(Step::quiet((forgotten, finished.last().map(|task| task.place))))
}

fn finished(rows: &SqliteRows<'_>, from: Place, ended_before: Timestamp) -> Result<Vec<Finished>, LedgerError> {
    let sql = "SELECT number, completed_at, status, \
               EXISTS (SELECT 1 FROM notices WHERE task = number AND notices.state = 0) \
               FROM tasks WHERE (completed_at, number) > (?1, ?2) AND completed_at < ?3 \
               ORDER BY completed_at, number LIMIT ?4";
    let mut statement = rows.connection().prepare_cached(sql).map_err(failed("look for old tasks"))?;
    let values = params![from.completed_at, from.number, to_millis(ended_before), CHUNK];
    let mut found = statement.query(values).map_err(failed("look for old tasks"))?;
    let mut finished = Vec::new();
    while let Some(row) = found.next().map_err(failed("look for old tasks"))? {
        let mut columns = Columns::new(row, "tasks");
        let number = columns.value("number")?;
        let completed_at = columns.value("completed_at")?;
        let status = columns.number("status").ok().and_then(Status::from_code);
        let owes = columns.value("number")?;
        finished.push(Finished { place: Place { completed_at, number }, status, owes });
    }
    Ok(finished)
}

fn forget(rows: &mut SqliteRows<'_>, number: i64, status: Status) -> Result<(), LedgerError> {
    let mut undeliverable = 0;
    for delivered in delivered(rows, number)? {
        undeliverable += u64::from(delivered.undeliverable);
        for message in delivered.receipts {
            let sql = "DELETE FROM messages WHERE channel = ?1 AND message = ?2 AND task = ?3";
            rows.statements().execute("forget a message", sql, params![delivered.channel, message, number])?;
        }
    }
    // The notices go with their task.
    rows.statements().execute("forget a task", "DELETE FROM tasks WHERE number = ?1", [number])?;
    rows.forgotten(status, undeliverable);
    Ok(())
}

/// What is left of a notice that is no longer owed. Nothing here needs to be understood to be forgotten.
struct Delivered {
    channel: String,
    receipts: Vec<String>,
    undeliverable: bool,
}

fn delivered(rows: &SqliteRows<'_>, number: i64) -> Result<Vec<Delivered>, LedgerError> {
    let sql = "SELECT id, channel, state = 2, receipts FROM notices WHERE task = ?1";
    let mut statement = rows.connection().prepare_cached(sql).map_err(failed("read old notices"))?;
    let mut found = statement.query([number]).map_err(failed("read old notices"))?;
    let mut delivered = Vec::new();
    while let Some(row) = found.next().map_err(failed("read old notices"))? {
        let mut columns = Columns::new(row, "notices");
        columns.value::<i64>("id")?;
        let channel = columns.value("channel")?;
        let undeliverable = columns.value("state")?;
        let receipts = columns.optional("receipts", |text| serde_json::from_str(text).ok()).ok().flatten().unwrap_or_default();
        delivered.push(Delivered { channel, receipts, undeliverable });
    }
    Ok(delivered)
}
