//! Behaviour, told as conversations.

mod discord;
