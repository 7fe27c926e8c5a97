//! From an inbound message to exactly one reply, on any platform.

pub mod access;
pub mod completion;
pub mod dispatch;
pub mod inbound;
mod meant;
mod names;
mod notify;
pub mod router;
mod targets;
