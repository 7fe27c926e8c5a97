//! A channel goes on under another id: what came from it, reports to it or is owed to it is moved along.
//!
//! This happens once in the life of a chat, so nothing here is made for speed: what the writer keeps in memory is read
//! again afterwards.

use rusqlite::params;

use crate::adapters::ledger::steps::Step;
use crate::background::ports::LedgerError;
use crate::domain::channel::ChannelId;
use crate::domain::time::{Timestamp, to_millis};
use crate::domain::wording::deliveries::{Refusal, refusal};

use super::columns::failed;
use super::filters::{self, BLOCK};
use super::rows::SqliteRows;
use super::tasks;

/// Moves everything; says how many notices moved.
pub(super) fn move_channel(
    rows: &mut SqliteRows<'_>,
    from: &ChannelId,
    to: &ChannelId,
    now: Timestamp,
) -> Result<Step<u64>, LedgerError> {
    move_tasks(rows, from, to)?;
    move_settings(rows, from, to)?;
    let moved = move_notices(rows, from, to, now)?;
    let there_already = settle_doubles(rows, from, now)?;
    rows.read_anew()?;
    rows.settled_undeliverable(there_already);
    Ok(Step { value: moved, work: false, notices: true })
}

/// What lives is read and written as a whole, because it names channels in several places; of what has ended, only where
/// it came from matters still.
fn move_tasks(rows: &SqliteRows<'_>, from: &ChannelId, to: &ChannelId) -> Result<(), LedgerError> {
    let connection = rows.connection();
    for number in tasks::live(connection)?.into_iter().map(|(task, _)| task.number) {
        match tasks::by_number(connection, number) {
            Ok(Some(mut task)) => {
                if task.new.move_channel(from, to) {
                    tasks::rewrite_channels(rows.statements(), &task)?;
                }
            }
            Ok(None) => {}
            Err(LedgerError::BadData { table, column, row }) => {
                tracing::error!(table, column, row, "a task does not move with its channel, its row cannot be read");
            }
            Err(error) => return Err(error),
        }
    }
    // The channel itself and its parts apart, so that both are found along the index.
    let moves = ["channel = ?1", "channel > ?1 || '/' AND channel < ?1 || '0'"].map(|which| {
        format!(
            "UPDATE tasks INDEXED BY tasks_channel SET channel = ?2 || substr(channel, length(?1) + 1), reply = NULL \
             WHERE number / {BLOCK} = ?3 AND completed_at IS NOT NULL AND {which}"
        )
    });
    for block in filters::blocks(connection, i64::MAX)? {
        for sql in &moves {
            let values = params![from.as_str(), to.as_str(), block];
            connection.execute(sql, values).map_err(failed("move tasks"))?;
        }
    }
    Ok(())
}

/// What was set under the new id already stays.
fn move_settings(rows: &SqliteRows<'_>, from: &ChannelId, to: &ChannelId) -> Result<(), LedgerError> {
    let sql = "UPDATE OR IGNORE channels SET channel = ?2 || substr(channel, length(?1) + 1) \
               WHERE channel = ?1 OR (channel > ?1 || '/' AND channel < ?1 || '0')";
    rows.statements().execute("move what was set in a channel", sql, [from.as_str(), to.as_str()]).map(drop)
}

fn move_notices(rows: &SqliteRows<'_>, from: &ChannelId, to: &ChannelId, now: Timestamp) -> Result<u64, LedgerError> {
    let sql = "UPDATE OR IGNORE notices SET channel = ?2 || substr(channel, length(?1) + 1), reply = NULL, state_at = ?3 \
               WHERE state = 0 AND (channel = ?1 OR (channel > ?1 || '/' AND channel < ?1 || '0'))";
    let values = params![from.as_str(), to.as_str(), to_millis(now)];
    let moved = rows.statements().execute("move notices", sql, values)?;
    Ok(u64::try_from(moved).unwrap_or(u64::MAX))
}

/// What is still owed under the old id is owed under the new one, too, and goes there once.
fn settle_doubles(rows: &SqliteRows<'_>, from: &ChannelId, now: Timestamp) -> Result<usize, LedgerError> {
    let sql = "UPDATE notices SET state = 2, state_at = ?2, last_error = ?3, in_flight_since = NULL \
               WHERE state = 0 AND (channel = ?1 OR (channel > ?1 || '/' AND channel < ?1 || '0'))";
    let values = params![from.as_str(), to_millis(now), refusal(&Refusal::AlreadyMoved)];
    rows.statements().execute("settle notices", sql, values)
}
