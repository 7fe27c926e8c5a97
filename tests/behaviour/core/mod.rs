//! The core on ports with a memory and paused time. The defects of the Go package this is a port of each have a test here.

mod attempts;
mod cancel;
mod cards;
mod delivery;
mod ends;
mod fallback;
mod lanes;
mod live;
mod pace;
mod projection;
mod queue;
mod quiet;
mod requests;
mod restart;
mod tools;
mod typing;
