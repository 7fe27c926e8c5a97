//! Values and rules: what a task, a channel, a command and a notice are.
//!
//! Nothing here waits, reads a clock, opens a socket or knows the name of a chat platform. That keeps every
//! rule testable as a plain function, and lets each ledger (memory, `SQLite`, later `PostgreSQL`) apply the very
//! same transitions.

pub mod card;
pub mod channel;
pub mod command;
pub mod draft;
pub mod failure;
pub mod frame;
pub mod headline;
pub mod id;
pub mod language;
pub mod limits;
pub mod markdown;
pub mod notice;
pub mod origin;
pub mod pace;
pub mod parse;
pub mod preferences;
pub mod prompt;
pub mod queue;
pub mod quiet;
pub mod receipt;
pub mod snapshot;
pub mod status;
pub mod summary;
pub mod task;
pub mod text;
pub mod time;
pub mod usage;
pub mod wording;
