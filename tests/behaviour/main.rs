//! Behaviour, told as conversations.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails with the place and the error")]

mod contract;
