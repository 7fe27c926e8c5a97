//! Markdown as models write it, as a small tree of our own, and how such a tree is cut into parts.
//!
//! [`parse`] is total: whatever a model writes becomes a [`Block`] tree in which no letter of it is missing. HTML stays
//! literal text, addresses become links, and nothing is deeper than a reader could follow. [`split`] cuts a tree into
//! parts by a [`Measure`] of the platform's: between blocks if it can, else between items, rows and lines, else between
//! words, and never inside what a reader sees as one character. Both are plain functions of their arguments, so the same
//! text is the same parts after a restart.

mod address;
mod cut;
mod imitation;
mod parse;
mod plain;
mod split;
mod table;
mod tree;

pub use address::{is_web_address, looks_like_address};
pub use imitation::QUOTED;
pub use parse::parse;
pub use plain::{flat, plain};
pub use split::{Measure, Size, split};
pub use table::{grid, records};
pub use tree::{Align, Block, Cell, Inline, Item, List, Table};

#[cfg(test)]
mod tests;
