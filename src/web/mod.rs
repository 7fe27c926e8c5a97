//! The HTTP server for operations and the API.
