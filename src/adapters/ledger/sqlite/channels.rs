//! What was set in channels, and the threads of tasks, as rows.
//!
//! Written seldom and never on the path of a task from acceptance to delivery, so these are no steps: nothing that is
//! kept in memory depends on them.

use rusqlite::{Connection, params};

use crate::background::ports::{LedgerError, Thread};
use crate::domain::channel::ChannelId;
use crate::domain::id::TaskId;
use crate::domain::preferences::Preferences;
use crate::domain::task::Task;

use super::columns::{Columns, failed};
use super::statements::Statements;
use super::tasks::{self, select_task};

/// What was set in each channel.
pub(super) fn settings(connection: &Connection) -> Result<Vec<(ChannelId, Preferences)>, LedgerError> {
    let sql = "SELECT channel, preferences FROM channels ORDER BY channel";
    by_channel(connection, sql, "channels", ("preferences", |text| serde_json::from_str(text).ok()))
}

/// The channels that are a part of another one, each with that other one.
pub(super) fn parents(connection: &Connection) -> Result<Vec<(ChannelId, ChannelId)>, LedgerError> {
    let sql = "SELECT channel, parent FROM channel_parents ORDER BY channel";
    by_channel(connection, sql, "channel_parents", ("parent", |text| text.parse().ok()))
}

/// All rows of a table that holds one thing about each channel.
fn by_channel<T>(
    connection: &Connection,
    sql: &str,
    table: &'static str,
    (column, parse): (&'static str, fn(&str) -> Option<T>),
) -> Result<Vec<(ChannelId, T)>, LedgerError> {
    let mut statement = connection.prepare_cached(sql).map_err(failed("read the channels"))?;
    let mut rows = statement.query([]).map_err(failed("read the channels"))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(failed("read the channels"))? {
        let mut columns = Columns::new(row, table);
        let channel = columns.parsed("channel", |text| text.parse().ok());
        match channel.and_then(|channel| Ok((channel, columns.parsed(column, parse)?))) {
            Ok(read) => all.push(read),
            // One channel that nobody can read falls back to the configuration; the others keep what was set.
            Err(LedgerError::BadData { table, column, row }) => {
                tracing::error!(table, column, row, "what is known of a channel is left out, its row cannot be read");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// Replaces what was set in a channel.
pub(super) fn set(statements: &Statements<'_>, channel: &ChannelId, preferences: &Preferences) -> Result<(), LedgerError> {
    if preferences.is_empty() {
        let sql = "DELETE FROM channels WHERE channel = ?1";
        return statements.execute("forget what was set in a channel", sql, [channel.as_str()]).map(drop);
    }
    let text = serde_json::to_string(preferences).unwrap_or_default();
    let sql = "INSERT INTO channels (channel, preferences) VALUES (?1, ?2) \
               ON CONFLICT (channel) DO UPDATE SET preferences = excluded.preferences";
    statements.execute("set up a channel", sql, params![channel.as_str(), text]).map(drop)
}

/// Notes that a channel is a part of another one.
pub(super) fn set_parent(statements: &Statements<'_>, channel: &ChannelId, parent: &ChannelId) -> Result<(), LedgerError> {
    let sql = "INSERT INTO channel_parents (channel, parent) VALUES (?1, ?2) \
               ON CONFLICT (channel) DO UPDATE SET parent = excluded.parent";
    statements.execute("note the parent of a channel", sql, params![channel.as_str(), parent.as_str()]).map(drop)
}

/// The thread of a task, if that is settled.
pub(super) fn thread_of(connection: &Connection, task: &TaskId) -> Result<Option<Thread>, LedgerError> {
    let sql = "SELECT task, channel FROM threads WHERE task = (SELECT number FROM tasks WHERE id = ?1)";
    let mut statement = connection.prepare_cached(sql).map_err(failed("read a thread"))?;
    let mut rows = statement.query([task.as_str()]).map_err(failed("read a thread"))?;
    let Some(row) = rows.next().map_err(failed("read a thread"))? else { return Ok(None) };
    let mut columns = Columns::new(row, "threads");
    columns.value::<i64>("task")?;
    let channel = columns.optional("channel", |text| text.parse().ok())?;
    Ok(Some(channel.map_or(Thread::Impossible, Thread::Open)))
}

/// Settles the thread of a task.
pub(super) fn settle_thread(statements: &Statements<'_>, task: &TaskId, thread: &Thread) -> Result<(), LedgerError> {
    let channel = match thread {
        Thread::Open(channel) => Some(channel.as_str()),
        Thread::Impossible => None,
    };
    let sql = "INSERT INTO threads (task, channel) SELECT number, ?2 FROM tasks WHERE id = ?1 \
               ON CONFLICT (task) DO UPDATE SET channel = excluded.channel";
    statements.execute("settle a thread", sql, params![task.as_str(), channel]).map(drop)
}

/// The task whose thread this is.
pub(super) fn by_thread(connection: &Connection, channel: &ChannelId) -> Result<Option<Task>, LedgerError> {
    let sql = select_task!("WHERE number = (SELECT task FROM threads WHERE channel = ?1)");
    tasks::one(connection, sql, [channel.as_str()])
}
