//! Where tasks are kept: in memory, or in a `SQLite` file.
//!
//! What a ledger does is written once, in `steps`, over the few rows it needs; a store only says how a row is read and
//! written, and what makes a step durable. So the stores cannot drift apart.

mod delivery;
mod live;
pub mod memory;
mod owed;
pub mod sqlite;
mod steps;
mod totals;
