//! The same checks for every implementation of a port.

mod ledger;
