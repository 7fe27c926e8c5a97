//! From owed notices to delivered messages: one ordered lane per channel.
//!
//! The outbox takes what the ledger owes to the lane of its channel; the lane sends one thing at a time, in order, and
//! waits when the platform says so. Answers to commands take the same lane, so they keep their place among the notices.

mod lane;
pub mod outbox;
