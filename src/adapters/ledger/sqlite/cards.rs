//! Which messages are cards that may still change, and how far the others are known to show their end.

use rusqlite::{Connection, Params, Row, params};

use crate::adapters::ledger::steps::Step;
use crate::background::ports::{CardMessage, LedgerError};
use crate::domain::id::{MessageId, ReplyHandle, TaskId, TaskNumber};
use crate::domain::time::{Timestamp, to_millis};

use super::columns::{Columns, failed, stored};
use super::rows::SqliteRows;

/// A card, in the order in which [`card_of`] reads its columns.
macro_rules! select_card {
    ($tasks:literal) => {
        concat!(
            "SELECT t.number, t.id, n.channel, n.receipts, n.reply FROM ",
            $tasks,
            " CROSS JOIN notices n ON n.task = t.number AND n.kind = 'accepted' AND n.attempt = 0 AND n.channel = t.channel ",
            "AND n.state = 1"
        )
    };
}

/// The cards of tasks that live, that ended lately, or whose cards are known to be late.
pub(super) fn open(connection: &Connection) -> Result<Vec<CardMessage>, LedgerError> {
    let (settled_until, late) = settled(connection)?;
    let live = select_card!("(SELECT number, id, channel FROM tasks INDEXED BY tasks_live WHERE completed_at IS NULL) t");
    let ended = select_card!("(SELECT number, id, channel FROM tasks WHERE completed_at >= ?1) t");
    let one = select_card!("(SELECT number, id, channel FROM tasks WHERE number = ?1 AND completed_at < ?2) t");
    let mut open = cards(connection, live, [])?;
    open.extend(cards(connection, ended, [settled_until])?);
    for number in late {
        open.extend(cards(connection, one, [number, settled_until])?);
    }
    open.sort_unstable_by_key(|card| card.number);
    Ok(open)
}

/// Notes how far the cards are settled.
pub(super) fn settle(rows: &SqliteRows<'_>, until: Timestamp, late: &[TaskNumber]) -> Result<Step<()>, LedgerError> {
    let late: serde_json::Value = late.iter().map(|number| stored(number.0)).collect();
    let sql = "UPDATE cards SET settled_until = ?1, late = ?2 WHERE only = 1";
    rows.statements().execute("note the cards", sql, params![to_millis(until), late.to_string()])?;
    Ok(Step::quiet(()))
}

fn settled(connection: &Connection) -> Result<(i64, Vec<i64>), LedgerError> {
    let mut statement =
        connection.prepare_cached("SELECT only, settled_until, late FROM cards").map_err(failed("read the cards"))?;
    let mut rows = statement.query([]).map_err(failed("read the cards"))?;
    let missing = || LedgerError::BadData { table: "cards", column: "only", row: "1".to_owned() };
    let row = rows.next().map_err(failed("read the cards"))?.ok_or_else(missing)?;
    let mut columns = Columns::new(row, "cards");
    columns.value::<i64>("only")?;
    Ok((columns.value("settled_until")?, columns.parsed("late", |text| serde_json::from_str(text).ok())?))
}

fn cards(connection: &Connection, sql: &str, values: impl Params) -> Result<Vec<CardMessage>, LedgerError> {
    let mut statement = connection.prepare_cached(sql).map_err(failed("read the cards"))?;
    let mut rows = statement.query(values).map_err(failed("read the cards"))?;
    let mut cards = Vec::new();
    while let Some(row) = rows.next().map_err(failed("read the cards"))? {
        cards.extend(card_of(row)?);
    }
    Ok(cards)
}

/// The card in a row; none when its message is not known, which an older program may have left so.
fn card_of(row: &Row<'_>) -> Result<Option<CardMessage>, LedgerError> {
    let mut columns = Columns::new(row, "notices");
    let number = TaskNumber(columns.number("task")?);
    let task = columns.parsed("task", |text| TaskId::parse(text).ok())?;
    let channel = columns.parsed("channel", |text| text.parse().ok())?;
    let receipts: Vec<MessageId> = columns.optional("receipts", |text| serde_json::from_str(text).ok())?.unwrap_or_default();
    let reply = columns.value::<Option<String>>("reply")?.map(ReplyHandle);
    Ok(receipts.into_iter().next_back().map(|message| CardMessage { task, number, channel, message, reply }))
}
