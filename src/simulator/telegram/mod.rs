//! The simulated telegram server.
