//! The example configuration: every key with its default, embedded in the program.

/// `config.example.toml`, as `legwork config --example` prints it.
pub const EXAMPLE: &str = include_str!("../../config.example.toml");
