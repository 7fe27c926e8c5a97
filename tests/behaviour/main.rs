//! Behaviour, told as conversations.

mod contract;
