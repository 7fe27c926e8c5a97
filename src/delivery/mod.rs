//! From owed notices to delivered messages: one ordered lane per chat, one budget per chat and per bot.
//!
//! The outbox takes what the ledger owes to the lane of its chat; the lane sends one thing at a time, the most urgent
//! first, when the budgets have room. Answers to commands and live messages take the same lanes, and typing the same
//! budgets, so nothing that the bot sends is ever too much for its platform.

pub mod budget;
mod cadence;
pub mod card;
mod draft;
mod lane;
pub mod live;
mod meter;
pub mod outbox;
pub mod priority;
mod queue;
pub mod typing;
