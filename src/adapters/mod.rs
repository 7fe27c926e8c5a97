//! The outside world: one folder per platform and per store. Siblings do not know each other.

pub mod clock;
pub mod discord;
pub mod ledger;
pub mod telegram;
