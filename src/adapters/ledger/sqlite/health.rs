//! Whether what is asked of the ledger gets written: a full disk is the operator's business before anybody complains.

use std::sync::{Arc, OnceLock};

use crate::background::ports::LedgerError;
use crate::lifecycle::Component;

/// Who is told how the writer is, once there is somebody. Clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Health(Arc<OnceLock<Component>>);

impl Health {
    /// Tells this component from now on.
    pub(super) fn report_to(&self, listener: Component) {
        self.0.get_or_init(|| listener).ready();
    }

    /// The last write failed.
    pub(super) fn failed(&self, error: &LedgerError) {
        if let Some(listener) = self.0.get() {
            listener.not_ready(format!("it cannot be written: {}", error.chain()));
        }
    }

    /// The last write succeeded, after one that failed.
    pub(super) fn recovered(&self) {
        tracing::info!("the ledger is written again");
        if let Some(listener) = self.0.get() {
            listener.ready();
        }
    }
}
