//! What Legwork does, told as conversations; one file per behaviour, one binary for all.

#![expect(unreachable_pub, reason = "a test binary exports nothing")]

mod core;
mod support;
mod telegram;
