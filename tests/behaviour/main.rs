//! What Legwork does, told as conversations; one file per behaviour, one binary for all.

#![expect(unreachable_pub, reason = "a test binary exports nothing")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails with the place and the error")]

mod api;
mod contract;
mod conversations;
mod core;
mod crashes;
mod delivery;
mod discord;
mod health;
mod outcomes;
mod program;
mod rendering;
mod secrets;
mod shutdown;
mod support;
mod telegram;
