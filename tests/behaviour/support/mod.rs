//! What the tests stand on: clocks, ports with a memory, and worlds.

pub mod chat;
pub mod clock;
pub mod desk;
pub mod log;
pub mod owed;
pub mod ports;
pub mod process;
pub mod wait;
pub mod world;
