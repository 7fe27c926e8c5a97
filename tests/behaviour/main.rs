//! Behaviour, told as conversations.
