//! Behaviour, told as conversations.

mod telegram;
