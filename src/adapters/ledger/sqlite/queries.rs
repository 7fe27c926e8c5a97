//! What is asked about tasks, all of it read only.

use rusqlite::Connection;

use crate::background::ports::{LedgerError, TaskFilter};
use crate::domain::channel::ChannelId;
use crate::domain::id::{InboundId, MessageId, TaskNumber, TaskRef};
use crate::domain::queue::{LiveTask, ahead_of};
use crate::domain::status::Status;
use crate::domain::summary::MonitorSummary;
use crate::domain::task::Task;

use super::filters;
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
pub(super) fn by_message(connection: &Connection, channel: &ChannelId, message: &MessageId) -> Result<Option<Task>, LedgerError> {
    let sql = select_task!(
        "WHERE number = (SELECT task FROM messages WHERE channel = ?1 AND message = ?2 \
         UNION ALL SELECT task FROM answers WHERE channel = ?1 AND message = ?2 LIMIT 1)"
    );
    tasks::one(connection, sql, [channel.as_str(), message.as_str()])
}

/// The counts.
pub(super) fn summary(connection: &Connection) -> Result<MonitorSummary, LedgerError> {
    let totals = Counters::read(connection)?.totals;
    Ok(MonitorSummary { oldest_pending_at: tasks::oldest_pending(connection)?, ..totals.0 })
}

/// Tasks, newest first.
pub(super) fn list(connection: &Connection, filter: &TaskFilter) -> Result<Vec<Task>, LedgerError> {
    let numbers = filters::numbers(connection, filter)?.into_iter();
    numbers.filter_map(|number| tasks::by_row(connection, number).transpose()).collect()
}
