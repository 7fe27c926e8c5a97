//! From an inbound message to exactly one reply, on any platform.

pub mod access;
pub mod dispatch;
pub mod inbound;
pub mod router;
