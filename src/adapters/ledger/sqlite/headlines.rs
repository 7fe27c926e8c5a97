//! Tasks in one line each, read without their results.

use rusqlite::{Connection, Row};

use crate::background::ports::{LedgerError, TaskFilter};
use crate::domain::headline::{HEADLINE_PROMPT, Headline};
use crate::domain::id::TaskNumber;
use crate::domain::preferences::Manner;
use crate::domain::status::Status;
use crate::domain::text::{Unit, prefix};

use super::columns::{Columns, failed};
use super::filters;

/// The headlines that a filter asks for, newest first.
pub(super) fn read(connection: &Connection, filter: &TaskFilter) -> Result<Vec<Headline>, LedgerError> {
    // One more than is shown, so that a character of several code points at the end is seen to be cut.
    let sql = format!(
        "SELECT number, status, person, manner, started_at, completed_at, \
         (SELECT substr(text, 1, {}) FROM texts WHERE serial = prompt) FROM tasks WHERE number = ?1",
        HEADLINE_PROMPT + 1
    );
    let mut statement = connection.prepare_cached(&sql).map_err(failed("read headlines"))?;
    let mut headlines = Vec::new();
    for number in filters::numbers(connection, filter)? {
        let mut rows = statement.query([number]).map_err(failed("read headlines"))?;
        if let Some(row) = rows.next().map_err(failed("read headlines"))? {
            headlines.push(headline(row)?);
        }
    }
    Ok(headlines)
}

fn headline(row: &Row<'_>) -> Result<Headline, LedgerError> {
    let mut columns = Columns::new(row, "tasks");
    let number = TaskNumber(columns.number("number")?);
    let status = Status::from_code(columns.number("status")?).ok_or_else(|| columns.bad("status"))?;
    let person = columns.optional("person", |text| text.parse().ok())?;
    let manner: Manner = columns.optional("manner", |text| serde_json::from_str(text).ok())?.unwrap_or_default();
    let (started_at, completed_at) = (columns.optional_instant("started_at")?, columns.optional_instant("completed_at")?);
    let prompt = columns.parsed("prompt", |text| Some(prefix(text, HEADLINE_PROMPT, Unit::CodePoint).to_owned()))?;
    Ok(Headline { number, status, person, private: manner.private, prompt, started_at, completed_at })
}
