//! From an inbound message to exactly one reply, on any platform.

pub mod inbound;
