//! Replies as lists of steps: what is sent, in which pieces, and what is waited for in between.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

/// One step of a reply.
///
/// Waiting before the first step that sends something delays the status line itself; [`Step::Open`] sends it.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A whole answer with this status, these headers and this body; the last step.
    Status(u16, Vec<(String, String)>, String),
    /// Status 200 and the headers of an event stream. Implied by the first step that sends something.
    Open,
    /// A piece of the answer's text, in a chunk as OpenAI sends it.
    Text(String),
    /// A piece of reasoning, as `reasoning_content`.
    Reasoning(String),
    /// The end of the answer with this `finish_reason`, and the usage if the call asked for it.
    Finish(String),
    /// One event with this JSON.
    Chunk(Value),
    /// Bytes as they are.
    Raw(Bytes),
    /// `data: [DONE]`; the last step.
    Done,
    /// Nothing for so long.
    Wait(Duration),
    /// Nothing until [`ModelServer::open_gate`](crate::simulator::model::ModelServer::open_gate).
    Gate(String),
    /// Nothing while the server is held ([`ModelServer::hold`](crate::simulator::model::ModelServer::hold)).
    Hold,
    /// Nothing for ever.
    Stall,
    /// The connection breaks.
    Cut,
}

/// A reply to one call. A client that asked for no stream gets the same answer in one piece.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reply {
    pub(super) steps: Vec<Step>,
}

impl Reply {
    /// These steps. A stream that ends without [`Step::Done`] ends cleanly, but without `[DONE]`.
    #[must_use]
    pub fn of(steps: Vec<Step>) -> Self {
        Self { steps }
    }

    /// A whole answer of this text, at once.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::of(vec![Step::Text(text.to_owned()), Step::Finish("stop".to_owned()), Step::Done])
    }

    /// An error status with OpenAI's body.
    #[must_use]
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::of(vec![Step::Status(status, Vec::new(), crate::simulator::model::wire::error(code, message).to_string())])
    }

    /// The same with a header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        for step in &mut self.steps {
            if let Step::Status(_, headers, _) = step {
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
        self
    }

    /// The same, behind a gate that the test opens.
    #[must_use]
    pub fn behind(mut self, gate: &str) -> Self {
        self.steps.insert(0, Step::Gate(gate.to_owned()));
        self
    }
}

impl From<Vec<Step>> for Reply {
    fn from(steps: Vec<Step>) -> Self {
        Self { steps }
    }
}

impl From<&str> for Reply {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}
