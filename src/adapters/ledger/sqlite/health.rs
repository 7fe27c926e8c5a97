//! Whether what is asked of the ledger gets written: a full disk is the operator's business before anybody complains.

use std::sync::{Arc, Mutex, PoisonError};

use crate::background::ports::LedgerError;
use crate::lifecycle::Component;

/// What the writer says about itself, and to whom. Clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Health(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    listener: Option<Component>,
    trouble: Option<String>,
}

impl Health {
    /// Tells this component from now on.
    pub(super) fn report_to(&self, listener: Component) {
        self.change(|state| state.listener = Some(listener));
    }

    /// The last write failed.
    pub(super) fn failed(&self, error: &LedgerError) {
        let trouble = format!("it cannot be written: {}", error.chain());
        self.change(|state| state.trouble = Some(trouble));
    }

    /// The last write succeeded.
    pub(super) fn recovered(&self) {
        tracing::info!("the ledger is written again");
        self.change(|state| state.trouble = None);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let Some(listener) = &state.listener else { return };
        match &state.trouble {
            Some(trouble) => listener.not_ready(trouble),
            None => listener.ready(),
        }
    }
}
