//! The use cases, ported from the Go package `background`; the outside world only through [`ports`].

pub mod cards;
pub mod channels;
mod digest;
pub(crate) mod execution;
pub(crate) mod leases;
pub mod manager;
pub mod monitor;
pub mod notification;
pub mod outcome;
mod place;
pub mod ports;
pub(crate) mod projection;
pub mod retention;
pub(crate) mod setback;
pub mod tools;
pub mod typing;
pub mod worker;
