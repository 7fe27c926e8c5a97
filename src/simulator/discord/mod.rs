//! The simulated discord server.
