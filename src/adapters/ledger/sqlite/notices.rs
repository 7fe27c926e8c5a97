//! Notices as rows.

use rusqlite::{Connection, Row, ToSql, params};

use crate::adapters::ledger::delivery::Kept;
use crate::adapters::ledger::owed::{Change, Owed};
use crate::background::ports::LedgerError;
use crate::domain::channel::ChannelId;
use crate::domain::id::{MessageId, NoticeId, ReplyHandle, TaskId, TaskNumber};
use crate::domain::notice::{Notice, NoticeKind, NoticeState};
use crate::domain::time::to_millis;

use super::columns::{Columns, array_text, failed, stored};
use super::statements::Statements;

/// The columns of a notice, in the order in which [`kept_of`] reads them.
macro_rules! select_notice {
    ($rest:literal) => {
        concat!(
            "SELECT n.id, t.id, n.task, n.kind, n.attempt, n.channel, n.reply, n.created_at, n.state, n.state_at, n.receipts, ",
            "n.in_flight_since, n.tries, n.last_error, n.doubted, n.instead_of FROM notices n JOIN tasks t ON t.number = n.task ",
            $rest
        )
    };
}

const OWED: u8 = 0;
const DELIVERED: u8 = 1;
const UNDELIVERABLE: u8 = 2;

/// As long as an instant and a receipt.
const ROOM: &str = "                        ";

/// One notice.
pub(super) fn by_id(connection: &Connection, id: NoticeId) -> Result<Option<Kept>, LedgerError> {
    let sql = select_notice!("WHERE n.id = ?1");
    let mut statement = connection.prepare_cached(sql).map_err(failed("read a notice"))?;
    let mut rows = statement.query([id.0]).map_err(failed("read a notice"))?;
    rows.next().map_err(failed("read a notice"))?.map(kept_of).transpose()
}

/// Every notice of a task, oldest first.
pub(super) fn of_task(connection: &Connection, task: &TaskId) -> Result<Vec<Notice>, LedgerError> {
    let sql = select_notice!("WHERE t.id = ?1 ORDER BY n.id");
    let mut statement = connection.prepare_cached(sql).map_err(failed("read notices"))?;
    let mut rows = statement.query([task.as_str()]).map_err(failed("read notices"))?;
    let mut notices = Vec::new();
    while let Some(row) = rows.next().map_err(failed("read notices"))? {
        notices.push(kept_of(row)?.notice);
    }
    Ok(notices)
}

/// Adds a notice, unless its task has the same one; tells whether it was added.
pub(super) fn insert(statements: &Statements<'_>, notice: &Notice) -> Result<bool, LedgerError> {
    let sql = "INSERT INTO notices (id, task, kind, attempt, channel, state, state_at, created_at, doubted, tries, reply, \
               instead_of, room) \
               VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?6, 0, 0, ?7, ?8, ?9) ON CONFLICT (task, kind, attempt, channel) DO NOTHING";
    let values = params![
        notice.id.0,
        stored(notice.number.0),
        notice.kind.as_str(),
        notice.attempt,
        notice.channel.as_str(),
        to_millis(notice.created_at),
        notice.reply.as_ref().map(|reply| reply.0.as_str()),
        notice.instead_of.as_ref().map(ChannelId::as_str),
        ROOM,
    ];
    statements.execute("add a notice", sql, values).map(|added| added > 0)
}

/// Writes what may have changed in a notice that was owed until now, and the message of its newest receipt.
pub(super) fn update(statements: &Statements<'_>, kept: &Kept, receipt: bool) -> Result<(), LedgerError> {
    let notice = &kept.notice;
    let (state, state_at) = match &notice.state {
        NoticeState::Owed { due_at } => (OWED, due_at),
        NoticeState::Delivered { at } => (DELIVERED, at),
        NoticeState::Undeliverable { at, .. } => (UNDELIVERABLE, at),
    };
    let progress: [&dyn ToSql; 7] = [
        &notice.id.0,
        &to_millis(*state_at),
        &notice.in_flight_since.map(to_millis),
        &kept.doubted,
        &notice.tries,
        &notice.last_error,
        &array_text(&notice.receipts),
    ];
    if state == OWED {
        let sql = "UPDATE notices SET state_at = ?2, in_flight_since = ?3, doubted = ?4, tries = ?5, last_error = ?6, \
                   receipts = ?7, room = NULL WHERE id = ?1";
        statements.execute("update a notice", sql, &progress[..])?;
    } else {
        let sql = "UPDATE notices SET state_at = ?2, in_flight_since = ?3, doubted = ?4, tries = ?5, last_error = ?6, \
                   receipts = ?7, room = NULL, state = ?8 WHERE id = ?1";
        let values: Vec<&dyn ToSql> = progress.into_iter().chain([&state as &dyn ToSql]).collect();
        statements.execute("update a notice", sql, values.as_slice())?;
    }
    match notice.receipts.last() {
        Some(message) if receipt => {
            let sql = "INSERT INTO messages (message, channel, task) VALUES (?2, ?1, ?3) \
                       ON CONFLICT (message, channel) DO UPDATE SET task = excluded.task";
            let task = stored(notice.number.0);
            statements.execute("note a message", sql, params![notice.channel.as_str(), message.as_str(), task]).map(drop)
        }
        _ => Ok(()),
    }
}

/// Notes the task that an answer was about, if there is such a task.
pub(super) fn note_answer(
    statements: &Statements<'_>,
    channel: &ChannelId,
    message: &MessageId,
    task: TaskNumber,
) -> Result<(), LedgerError> {
    let sql = "INSERT OR REPLACE INTO answers (message, channel, task) SELECT ?1, ?2, number FROM tasks WHERE number = ?3";
    statements.execute("note an answer", sql, params![message.as_str(), channel.as_str(), stored(task.0)]).map(drop)
}

/// What is owed. A row that nobody can read in this respect is left out, and the log names it.
pub(super) fn owed(connection: &Connection) -> Result<Owed, LedgerError> {
    let sql = "SELECT id, channel, kind, state_at, receipts IS NOT NULL FROM notices INDEXED BY notices_owed WHERE state = 0";
    let mut statement = connection.prepare_cached(sql).map_err(failed("read what is owed"))?;
    let mut rows = statement.query([]).map_err(failed("read what is owed"))?;
    let mut owed = Owed::default();
    while let Some(row) = rows.next().map_err(failed("read what is owed"))? {
        if let Some(change) = readable(waiting(row))? {
            owed.follow(change);
        }
    }
    Ok(owed)
}

fn waiting(row: &Row<'_>) -> Result<Change, LedgerError> {
    let mut columns = Columns::new(row, "notices");
    let id = NoticeId(columns.value("id")?);
    let channel = columns.parsed("channel", |text| text.parse().ok())?;
    let kind = columns.parsed("kind", NoticeKind::from_text)?;
    let due_at = columns.instant("state_at")?;
    Ok(Change::owed(channel, id, kind, due_at, columns.value("receipts")?))
}

/// Those of these notices that are still owed, in this order, and the ids of those that nobody can read.
pub(super) fn still_owed(connection: &Connection, ids: Vec<NoticeId>) -> Result<(Vec<Notice>, Vec<NoticeId>), LedgerError> {
    let (mut owed, mut unreadable) = (Vec::with_capacity(ids.len()), Vec::new());
    for id in ids {
        match readable(by_id(connection, id))? {
            Some(kept) => owed.extend(kept.filter(Kept::is_owed).map(|kept| kept.notice)),
            None => unreadable.push(id),
        }
    }
    Ok((owed, unreadable))
}

/// One row that nobody can read must not silence everybody: it is none, and the log names it.
fn readable<T>(read: Result<T, LedgerError>) -> Result<Option<T>, LedgerError> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(LedgerError::BadData { table, column, row }) => {
            tracing::error!(table, column, row, "a notice is left out, its row cannot be read");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The notice in a row whose columns `select_notice` named.
fn kept_of(row: &Row<'_>) -> Result<Kept, LedgerError> {
    let mut columns = Columns::new(row, "notices");
    let id = NoticeId(columns.value("id")?);
    let task = columns.parsed("task", |text| TaskId::parse(text).ok())?;
    let number = TaskNumber(columns.number("task")?);
    let kind = columns.parsed("kind", NoticeKind::from_text)?;
    let attempt = columns.number("attempt")?;
    let channel = columns.parsed("channel", |text| text.parse().ok())?;
    let reply = columns.value::<Option<String>>("reply")?.map(ReplyHandle);
    let created_at = columns.instant("created_at")?;
    let state = columns.number::<u8>("state")?;
    let state_at = columns.instant("state_at")?;
    let receipts = columns.optional("receipts", |text| serde_json::from_str(text).ok())?.unwrap_or_default();
    let in_flight_since = columns.optional_instant("in_flight_since")?;
    let tries = columns.number("tries")?;
    let last_error = columns.value::<Option<String>>("last_error")?;
    let doubted = columns.value("doubted")?;
    let instead_of = columns.optional("instead_of", |text| text.parse().ok())?;
    let state = match state {
        OWED => NoticeState::Owed { due_at: state_at },
        DELIVERED => NoticeState::Delivered { at: state_at },
        UNDELIVERABLE => {
            NoticeState::Undeliverable { at: state_at, reason: last_error.clone().ok_or_else(|| columns.bad("last_error"))? }
        }
        _ => return Err(columns.bad("state")),
    };
    let notice = Notice {
        id,
        task,
        number,
        kind,
        attempt,
        channel,
        reply,
        instead_of,
        created_at,
        state,
        receipts,
        in_flight_since,
        tries,
        last_error,
    };
    Ok(Kept { notice, doubted })
}
