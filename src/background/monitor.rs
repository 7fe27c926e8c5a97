//! Counts of tasks, for people who watch.

use std::sync::Arc;

use crate::background::ports::{Ledger, LedgerError};
use crate::domain::summary::MonitorSummary;

/// Answers how much is going on.
#[derive(Clone)]
pub struct Monitor {
    ledger: Arc<dyn Ledger>,
}

impl Monitor {
    /// A monitor of this ledger.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self { ledger }
    }

    /// How many tasks are pending or running.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn active_count(&self) -> Result<u64, LedgerError> {
        Ok(self.summary().await?.active())
    }

    /// How many tasks stand where, and how many notices are owed.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn summary(&self) -> Result<MonitorSummary, LedgerError> {
        self.ledger.summary().await
    }
}
