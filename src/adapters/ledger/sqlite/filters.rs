//! Which tasks a question is about: their numbers, found without looking at all tasks whatever the question asks for.
//!
//! The indexes by person and by channel are made of blocks: what one holds is sorted within a run of numbers only. So the
//! entries of new tasks lie together, whoever asked for them, and a transaction writes a few pages of such an index instead
//! of one for each person. A question goes from block to block, back from the newest.

use rusqlite::{Connection, Params, ToSql};

use crate::background::ports::{LedgerError, TaskFilter};
use crate::domain::status::Status;

use super::columns::{failed, stored};

/// Numbers in a block; the schema has it, too.
pub(super) const BLOCK: i64 = 1024;

/// The numbers of the tasks that a filter asks for, newest first.
pub(super) fn numbers(connection: &Connection, filter: &TaskFilter) -> Result<Vec<i64>, LedgerError> {
    let asked = Asked::of(filter);
    let is_alive = |status: &Status| !status.is_terminal();
    if !filter.statuses.is_empty() && filter.statuses.iter().all(is_alive) {
        return asked.find(connection, "INDEXED BY tasks_live", Some("completed_at IS NULL"));
    }
    match (&filter.person, &filter.channel) {
        (Some(_), _) => asked.find_in_blocks(connection, "INDEXED BY tasks_person"),
        (None, Some(_)) => asked.find_in_blocks(connection, "INDEXED BY tasks_channel"),
        (None, None) if filter.statuses.is_empty() => asked.find(connection, "NOT INDEXED", None),
        (None, None) => by_status(connection, filter),
    }
}

/// Each status has a way of its own, and the newest of all are among the newest of each.
fn by_status(connection: &Connection, filter: &TaskFilter) -> Result<Vec<i64>, LedgerError> {
    let mut found = Vec::new();
    for status in Status::values().into_iter().filter(|status| filter.statuses.contains(status)) {
        let (index, besides) = match status {
            Status::Pending | Status::Running => ("INDEXED BY tasks_live", Some("completed_at IS NULL")),
            Status::Done => ("NOT INDEXED", None),
            Status::Failed | Status::Cancelled => ("INDEXED BY tasks_ended", Some("status > 3")),
        };
        let asked = Asked::of(&TaskFilter { statuses: vec![status], ..filter.clone() });
        found.extend(asked.find(connection, index, besides)?);
    }
    found.sort_unstable_by(|one, other| other.cmp(one));
    found.truncate(filter.limit);
    Ok(found)
}

/// The blocks that may hold tasks whose numbers are below this, newest first.
pub(super) fn blocks(connection: &Connection, before: i64) -> Result<impl Iterator<Item = i64> + use<>, LedgerError> {
    let newest: Option<i64> = one(connection, "SELECT max(number) FROM tasks WHERE number < ?1", [before])?;
    let oldest: Option<i64> = one(connection, "SELECT min(number) FROM tasks", [])?;
    let range = oldest.zip(newest).map(|(oldest, newest)| oldest / BLOCK..=newest / BLOCK);
    Ok(range.into_iter().flatten().rev())
}

fn one(connection: &Connection, sql: &str, values: impl Params) -> Result<Option<i64>, LedgerError> {
    let mut statement = connection.prepare_cached(sql).map_err(failed("look for tasks"))?;
    statement.query_row(values, |row| row.get(0)).map_err(failed("look for tasks"))
}

/// A filter as conditions and their values.
struct Asked {
    before: i64,
    limit: usize,
    conditions: Vec<String>,
    values: Vec<String>,
}

impl Asked {
    fn of(filter: &TaskFilter) -> Self {
        let before = filter.before.map_or(i64::MAX, |number| stored(number.0));
        let mut asked = Self { before, limit: filter.limit, conditions: vec!["number < ?1".to_owned()], values: Vec::new() };
        if let Some(person) = &filter.person {
            asked.equal("person", person.as_str());
        }
        if let Some(channel) = &filter.channel {
            asked.equal("channel", channel.as_str());
        }
        if !filter.statuses.is_empty() {
            let codes: Vec<String> = filter.statuses.iter().map(|status| status.code().to_string()).collect();
            asked.conditions.push(format!("status IN ({})", codes.join(", ")));
        }
        asked
    }

    fn equal(&mut self, column: &str, value: &str) {
        self.values.push(value.to_owned());
        // After the first two values, which every question has.
        self.conditions.push(format!("{column} = ?{}", self.values.len() + 2));
    }

    fn find(&self, connection: &Connection, index: &str, besides: Option<&str>) -> Result<Vec<i64>, LedgerError> {
        self.query(connection, &self.sql(index, besides), self.limit, None)
    }

    fn find_in_blocks(&self, connection: &Connection, index: &str) -> Result<Vec<i64>, LedgerError> {
        let in_block = format!("number / {BLOCK} = ?{}", self.values.len() + 3);
        let sql = self.sql(index, Some(&in_block));
        let mut found = Vec::new();
        for block in blocks(connection, self.before)? {
            if found.len() >= self.limit {
                break;
            }
            found.extend(self.query(connection, &sql, self.limit - found.len(), Some(block))?);
        }
        Ok(found)
    }

    fn sql(&self, index: &str, besides: Option<&str>) -> String {
        let conditions: Vec<&str> = besides.into_iter().chain(self.conditions.iter().map(String::as_str)).collect();
        format!("SELECT number FROM tasks {index} WHERE {} ORDER BY number DESC LIMIT ?2", conditions.join(" AND "))
    }

    fn query(&self, connection: &Connection, sql: &str, limit: usize, block: Option<i64>) -> Result<Vec<i64>, LedgerError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut values: Vec<&dyn ToSql> = vec![&self.before, &limit];
        values.extend(self.values.iter().map(|value| value as &dyn ToSql));
        values.extend(block.iter().map(|block| block as &dyn ToSql));
        let mut statement = connection.prepare_cached(sql).map_err(failed("look for tasks"))?;
        let rows = statement.query_map(values.as_slice(), |row| row.get(0)).map_err(failed("look for tasks"))?;
        rows.collect::<rusqlite::Result<Vec<i64>>>().map_err(failed("look for tasks"))
    }
}
