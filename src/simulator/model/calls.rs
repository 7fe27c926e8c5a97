//! The log of calls, and how each ended: the guard that notices when a client leaves.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::simulator::model::ModelServer;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallEnd {
    /// The reply was given to its end, an error status included.
    Completed,
    /// The client closed the connection before that.
    ClientGone,
    /// The script broke the connection.
    Cut,
}

/// One call of the chat completions.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Call {
    /// When it came.
    pub at: Instant,
    /// The model it asked for.
    pub model: String,
    /// The text of its last user message.
    pub prompt: String,
    /// Everything it sent.
    pub request: Value,
    /// The status of the reply, once that was sent.
    pub status: Option<u16>,
    /// Characters of the answer sent so far.
    pub sent: usize,
    /// How it ended; none while it runs.
    pub ended: Option<CallEnd>,
    /// How long it took, once it ended.
    pub took: Option<Duration>,
}

/// A running call. When it is dropped before its end was noted, its client has gone.
#[derive(Debug)]
pub(super) struct RunningCall {
    server: ModelServer,
    index: usize,
}

impl RunningCall {
    pub(super) fn begin(server: &ModelServer, model: String, prompt: String, request: Value) -> Self {
        let at = Instant::now();
        let call = Call { at, model, prompt, request, status: None, sent: 0, ended: None, took: None };
        let index = server.change(|state| {
            state.calls.push(call);
            state.calls.len() - 1
        });
        Self { server: server.clone(), index }
    }

    /// A number for ids, from 1.
    pub(super) fn number(&self) -> usize {
        self.index + 1
    }

    pub(super) fn answered(&self, status: u16) {
        self.note(|call| call.status = Some(status));
    }

    pub(super) fn sent(&self, characters: usize) {
        self.note(|call| call.sent += characters);
    }

    /// Notes the end; only the first one counts.
    pub(super) fn end(&self, end: CallEnd) {
        if self.server.read(|state| state.calls[self.index].ended.is_some()) {
            return;
        }
        self.note(|call| {
            call.ended = Some(end);
            call.took = Some(call.at.elapsed());
        });
    }

    fn note(&self, note: impl FnOnce(&mut Call)) {
        self.server.change(|state| note(&mut state.calls[self.index]));
    }
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        self.end(CallEnd::ClientGone);
    }
}
