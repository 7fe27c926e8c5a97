//! The writer's connection with its statements that write, each compiled once.
//!
//! The library's own cache of statements looks for one by its text, which is long, and sorts it to the front each time. The
//! writer runs the same dozen a hundred thousand times a second, so here they are found by where their text lies.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use rusqlite::{Connection, Params, PrepFlags, Statement};

use crate::background::ports::LedgerError;

use super::columns::failed;

/// Where a text lies. Two places may hold the same text; then it is compiled twice.
type Place = (*const u8, usize);

/// A connection and what was compiled for it. Stays with one thread.
pub(super) struct Statements<'file> {
    connection: &'file Connection,
    compiled: RefCell<HashMap<Place, Statement<'file>>>,
}

impl fmt::Debug for Statements<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statements").finish_non_exhaustive()
    }
}

impl<'file> Statements<'file> {
    /// Nothing is compiled yet.
    pub(super) fn new(connection: &'file Connection) -> Self {
        Self { connection, compiled: RefCell::default() }
    }

    /// The connection, for what reads.
    pub(super) const fn connection(&self) -> &'file Connection {
        self.connection
    }

    /// Runs a statement that writes; says how many rows it changed.
    pub(super) fn execute(&self, operation: &'static str, sql: &'static str, values: impl Params) -> Result<usize, LedgerError> {
        let mut compiled = self.compiled.borrow_mut();
        let statement = match compiled.entry((sql.as_ptr(), sql.len())) {
            Entry::Occupied(compiled) => compiled.into_mut(),
            Entry::Vacant(place) => {
                let statement = self.connection.prepare_with_flags(sql, PrepFlags::SQLITE_PREPARE_PERSISTENT);
                place.insert(statement.map_err(failed(operation))?)
            }
        };
        statement.execute(values).map_err(failed(operation))
    }
}
