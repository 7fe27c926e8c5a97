//! Throughput of the ledgers.

fn main() {}
