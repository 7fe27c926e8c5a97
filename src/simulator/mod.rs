//! Telegram, Discord and a model on loopback ports, speaking the real protocols; used by `legwork demo` and the tests.
//!
//! It shares no code with the adapters: it must not inherit their misunderstandings.

pub mod discord;
pub mod model;
pub mod telegram;

mod connection;
mod wall_clock;
