//! What the tests stand on: clocks, ports with a memory, and worlds.

pub mod clock;
pub mod desk;
pub mod ports;
