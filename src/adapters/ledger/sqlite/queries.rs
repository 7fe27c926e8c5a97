//! What is asked about tasks, all of it read only.

use std::cmp::Reverse;

use rusqlite::{Connection, ToSql, params};

use crate::background::ports::{LedgerError, TaskFilter};
use crate::domain::id::{InboundId, MessageId, TaskNumber, TaskRef};
use crate::domain::queue::{LiveTask, ahead_of};
use crate::domain::status::Status;
use crate::domain::summary::MonitorSummary;
use crate::domain::task::Task;

use super::columns::stored;
use super::rows::Counters;
use super::tasks::{self, select_task};

/// One task, and how many are before it when it waits.
pub(super) fn find(connection: &Connection, task: &TaskRef) -> Result<Option<(Task, Option<usize>)>, LedgerError> {
    let found = match task {
        TaskRef::Number(number) => tasks::by_number(connection, *number)?,
        TaskRef::Id(id) => tasks::by_id(connection, id)?,
    };
    let Some(task) = found else { return Ok(None) };
    let ahead = match task.status() {
        Status::Pending => ahead(connection, task.number)?,
        _ => None,
    };
    Ok(Some((task, ahead)))
}

fn ahead(connection: &Connection, number: TaskNumber) -> Result<Option<usize>, LedgerError> {
    let live: Vec<LiveTask> = tasks::live(connection)?.into_iter().map(|(task, _)| task).collect();
    Ok(ahead_of(&live, number))
}

/// The task that an inbound message made.
pub(super) fn by_inbound(connection: &Connection, inbound: &InboundId) -> Result<Option<Task>, LedgerError> {
    tasks::by_inbound(connection, inbound)
}

/// The task that a delivered message or an answer is about.
pub(super) fn by_message(connection: &Connection, channel: &str, message: &MessageId) -> Result<Option<Task>, LedgerError> {
    let sql = select_task!(
        "WHERE number = (SELECT task FROM messages WHERE channel = ?1 AND message = ?2 \
         UNION ALL SELECT task FROM answers WHERE channel = ?1 AND message = ?2 LIMIT 1)"
    );
    tasks::one(connection, sql, [channel, message.as_str()])
}

/// The counts.
pub(super) fn summary(connection: &Connection) -> Result<MonitorSummary, LedgerError> {
    let totals = Counters::read(connection)?.totals;
    Ok(MonitorSummary { oldest_pending_at: tasks::oldest_pending(connection)?, ..totals.0 })
}

/// Tasks, newest first.
pub(super) fn list(connection: &Connection, filter: &TaskFilter) -> Result<Vec<Task>, LedgerError> {
    if filter.person.is_some() || filter.channel.is_some() || filter.statuses.is_empty() {
        return list_by_number(connection, filter);
    }
    // Each status has a way of its own, so the newest of all are among the newest of each.
    let (before, limit) = bounds(filter);
    let mut listed = Vec::new();
    for status in Status::values().into_iter().filter(|status| filter.statuses.contains(status)) {
        let sql = match status {
            Status::Pending | Status::Running => select_task!(
                "INDEXED BY tasks_live",
                "WHERE status = ?1 AND completed_at IS NULL AND number < ?2 ORDER BY number DESC LIMIT ?3"
            ),
            Status::Done => select_task!("NOT INDEXED", "WHERE status = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3"),
            Status::Failed | Status::Cancelled => select_task!(
                "INDEXED BY tasks_ended",
                "WHERE status = ?1 AND status > 3 AND number < ?2 ORDER BY number DESC LIMIT ?3"
            ),
        };
        listed.extend(tasks::many(connection, sql, params![status.code(), before, limit])?);
    }
    listed.sort_unstable_by_key(|task| Reverse(task.number));
    listed.truncate(filter.limit);
    Ok(listed)
}

/// The tasks of a person, of a channel, or all, along that index.
fn list_by_number(connection: &Connection, filter: &TaskFilter) -> Result<Vec<Task>, LedgerError> {
    let (conditions, values) = conditions(filter);
    let sql = format!("{}{conditions}", select_task!("WHERE "));
    let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
    tasks::many(connection, &sql, values.as_slice())
}

/// A filter as what follows `WHERE`, and its values.
pub(super) fn conditions(filter: &TaskFilter) -> (String, Vec<Box<dyn ToSql>>) {
    let (before, limit) = bounds(filter);
    let mut conditions = vec!["number < ?1".to_owned()];
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(before), Box::new(limit)];
    let mut equal = |column: &str, value: String| {
        values.push(Box::new(value));
        conditions.push(format!("{column} = ?{}", values.len()));
    };
    if let Some(person) = &filter.person {
        equal("person", person.to_string());
    }
    if let Some(channel) = &filter.channel {
        equal("channel", channel.to_string());
    }
    if !filter.statuses.is_empty() {
        let codes: Vec<String> = filter.statuses.iter().map(|status| status.code().to_string()).collect();
        conditions.push(format!("status IN ({})", codes.join(", ")));
    }
    (format!("{} ORDER BY number DESC LIMIT ?2", conditions.join(" AND ")), values)
}

/// The number before which to begin, and how many to give.
fn bounds(filter: &TaskFilter) -> (i64, i64) {
    let before = filter.before.map_or(i64::MAX, |number| stored(number.0));
    (before, stored(u64::try_from(filter.limit).unwrap_or(u64::MAX)))
}
