//! What the model is doing, as the page shows it.

use serde::Serialize;

use crate::simulator::model::{Call, CallEnd, ModelServer};

/// Calls that the page shows at most.
const SHOWN: usize = 30;

/// The model server as the page shows it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ModelView {
    /// Calls that have not ended.
    running: usize,
    /// Calls in all.
    total: usize,
    /// Whether answers are kept back.
    held: bool,
    /// The newest calls, newest first.
    calls: Vec<CallView>,
}

#[derive(Debug, Clone, Serialize)]
struct CallView {
    number: usize,
    model: String,
    prompt: String,
    status: Option<u16>,
    /// `running`, `completed`, `failed`, `client_gone` or `cut`.
    state: &'static str,
    /// Characters of the answer so far.
    sent: usize,
    /// How long ago it came, and how long it took.
    age_millis: u64,
    took_millis: Option<u64>,
}

/// How the model looks now.
pub(super) fn view(server: &ModelServer) -> ModelView {
    let calls = server.calls();
    let newest = calls.iter().enumerate().rev().take(SHOWN);
    ModelView {
        running: server.running(),
        total: calls.len(),
        held: server.is_held(),
        calls: newest.map(|(index, call)| call_view(index + 1, call)).collect(),
    }
}

fn call_view(number: usize, call: &Call) -> CallView {
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    CallView {
        number,
        model: call.model.clone(),
        prompt: call.prompt.chars().take(200).collect(),
        status: call.status,
        state: match call.ended {
            None => "running",
            Some(CallEnd::Completed) if call.status.is_some_and(|status| status >= 400) => "failed",
            Some(CallEnd::Completed) => "completed",
            Some(CallEnd::ClientGone) => "client_gone",
            Some(CallEnd::Cut) => "cut",
        },
        sent: call.sent,
        age_millis: millis(call.at.elapsed()),
        took_millis: call.took.map(millis),
    }
}
