//! The use cases, ported from the Go package `background`; the outside world only through ports.

pub mod ports;
