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
    let mut statement = connection.prepare_cached(sql).map_err(failed("read the channels"))?;
    let mut rows = statement.query([]).map_err(failed("read the channels"))?;
    let mut settings = Vec::new();
    while let Some(row) = rows.next().map_err(failed("read the channels"))? {
        let mut columns = Columns::new(row, "channels");
        let read = columns
            .parsed("channel", |text| text.parse().ok())
            .and_then(|channel| Ok((channel, columns.parsed("preferences", |text| serde_json::from_str(text).ok())?)));
        match read {
            Ok(read) => settings.push(read),
            // One channel that nobody can read falls back to the configuration; the others keep what was set.
            Err(LedgerError::BadData { table, column, row }) => {
                tracing::error!(table, column, row, "what was set in a channel is left out, its row cannot be read");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(settings)
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
