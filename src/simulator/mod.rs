//! Telegram, Discord and a model on loopback ports, speaking the real protocols; used by `legwork demo` and the tests.
//! The page shows both chats and the model side by side, and lets a person type into them.
//!
//! It shares no code with the adapters: it must not inherit their misunderstandings.

pub mod discord;
pub mod model;
pub mod page;
pub mod platforms;
pub mod telegram;

mod connection;
mod wall_clock;
mod watched;
