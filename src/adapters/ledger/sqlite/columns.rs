//! Between rows and values of the domain: columns read one after the other, and what can be wrong with them.

use rusqlite::Row;
use rusqlite::types::FromSql;
use serde::Serialize;

use crate::background::ports::LedgerError;
use crate::domain::time::{Timestamp, from_millis};

/// Reads the columns of a row in the order in which the query names them. The first one is the row's key.
pub(super) struct Columns<'row, 'statement> {
    row: &'row Row<'statement>,
    table: &'static str,
    next: usize,
}

impl<'row, 'statement> Columns<'row, 'statement> {
    /// The columns of a row of this table.
    pub(super) const fn new(row: &'row Row<'statement>, table: &'static str) -> Self {
        Self { row, table, next: 0 }
    }

    /// The next column as it is.
    pub(super) fn value<T: FromSql>(&mut self, column: &'static str) -> Result<T, LedgerError> {
        let index = self.step();
        self.row.get(index).map_err(|_| self.bad(column))
    }

    /// The next column as a number that is not negative and fits.
    pub(super) fn number<T: TryFrom<i64>>(&mut self, column: &'static str) -> Result<T, LedgerError> {
        let number = self.value::<i64>(column)?;
        T::try_from(number).map_err(|_| self.bad(column))
    }

    /// The next column as a number that is not negative, if it has one.
    pub(super) fn optional_number(&mut self, column: &'static str) -> Result<Option<u64>, LedgerError> {
        let Some(number) = self.value::<Option<i64>>(column)? else { return Ok(None) };
        u64::try_from(number).map(Some).map_err(|_| self.bad(column))
    }

    /// The next column as an instant.
    pub(super) fn instant(&mut self, column: &'static str) -> Result<Timestamp, LedgerError> {
        let millis = self.value(column)?;
        from_millis(millis).ok_or_else(|| self.bad(column))
    }

    /// The next column as an instant, if it has one.
    pub(super) fn optional_instant(&mut self, column: &'static str) -> Result<Option<Timestamp>, LedgerError> {
        let Some(millis) = self.value::<Option<i64>>(column)? else { return Ok(None) };
        from_millis(millis).map(Some).ok_or_else(|| self.bad(column))
    }

    /// The next column's text, understood by `parse`.
    pub(super) fn parsed<T>(&mut self, column: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, LedgerError> {
        self.optional(column, parse)?.ok_or_else(|| self.bad(column))
    }

    /// The next column's text, understood by `parse`, if it has one.
    pub(super) fn optional<T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, LedgerError> {
        let index = self.step();
        let text = self.row.get_ref(index).ok().and_then(|value| value.as_str_or_null().ok());
        match text {
            None => Err(self.bad(column)),
            Some(None) => Ok(None),
            Some(Some(text)) => parse(text).map(Some).ok_or_else(|| self.bad(column)),
        }
    }

    /// The error that names a column of this row.
    pub(super) fn bad(&self, column: &'static str) -> LedgerError {
        let key = self.row.get::<_, i64>(0).map_or_else(|_| "?".to_owned(), |key| key.to_string());
        LedgerError::BadData { table: self.table, column, row: key }
    }

    const fn step(&mut self) -> usize {
        let index = self.next;
        self.next += 1;
        index
    }
}

/// A failure of the store while it did this.
pub(super) fn failed(operation: &'static str) -> impl FnOnce(rusqlite::Error) -> LedgerError {
    move |source| LedgerError::Store { operation, source: Box::new(source) }
}

/// Things as a JSON array; none when there are none.
pub(super) fn array_text<T: Serialize>(things: &[T]) -> Option<String> {
    Some(things).filter(|things| !things.is_empty()).and_then(|things| serde_json::to_string(things).ok())
}

/// A number as the store keeps it. Beyond its range, which no count here reaches, it stays at the end of it.
pub(super) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
