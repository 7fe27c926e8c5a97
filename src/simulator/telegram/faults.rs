//! Trouble on request: what the network and the platform do to calls now and then.

use std::time::Duration;

use crate::simulator::telegram::TelegramServer;

/// What happens to a call instead of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// It is refused with this status and description, without effect.
    Status(u16, String),
    /// 429 with these seconds to wait, without effect.
    RetryAfter(u64),
    /// An HTML page of a proxy with this status, without effect.
    NotJson(u16),
    /// The connection is closed before the call is read: no effect, no answer.
    CutBefore,
    /// The connection is closed after the call took effect: nobody tells the client.
    CutAfter,
    /// An HTML page of a proxy with this status, after the call took effect.
    NotJsonAfter(u16),
    /// Neither effect nor answer, until the client gives up.
    Hang,
    /// It takes effect so much later, and is lost when the client has gone by then.
    ActLate(Duration),
    /// It takes effect at once, and the answer comes so much later.
    AnswerLate(Duration),
    /// 409, as if another instance polled.
    Conflict409,
}

/// Trouble for some calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Only calls of this method, whatever its case; all when absent.
    pub method: Option<String>,
    /// So many calls; [`usize::MAX`] lasts until [`TelegramServer::heal`].
    pub times: usize,
    /// What happens to them.
    pub kind: FaultKind,
}

impl Fault {
    /// The next call of `method` goes wrong.
    #[must_use]
    pub fn once(method: &str, kind: FaultKind) -> Self {
        Self { method: Some(method.to_owned()), times: 1, kind }
    }

    /// The next call of any method goes wrong.
    #[must_use]
    pub fn any(kind: FaultKind) -> Self {
        Self { method: None, times: 1, kind }
    }

    /// So many calls go wrong.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }
}

/// The faults still to come; the oldest that fits a call applies to it.
#[derive(Debug, Default)]
pub(super) struct Faults {
    waiting: Vec<Fault>,
}

impl Faults {
    /// The fault of a call of this method, if there is one; it is used up by this.
    pub(super) fn take(&mut self, method: &str) -> Option<FaultKind> {
        let fits = |fault: &Fault| fault.method.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(method));
        let index = self.waiting.iter().position(|fault| fault.times > 0 && fits(fault))?;
        let fault = &mut self.waiting[index];
        let kind = fault.kind.clone();
        if fault.times != usize::MAX {
            fault.times -= 1;
        }
        if fault.times == 0 {
            self.waiting.remove(index);
        }
        Some(kind)
    }
}

impl TelegramServer {
    /// Makes calls to come go wrong.
    pub fn fail(&self, fault: Fault) {
        self.change(|state| state.faults.waiting.push(fault));
    }

    /// Ends all faults.
    pub fn heal(&self) {
        self.change(|state| state.faults.waiting.clear());
    }

    /// How many calls are still to go wrong by [`TelegramServer::fail`].
    pub fn faults_left(&self) -> usize {
        self.read(|state| state.faults.waiting.iter().fold(0, |sum: usize, fault| sum.saturating_add(fault.times)))
    }
}
