//! Why the platform refuses a call: its status, its exact words, and whether the client could have known better.

use serde_json::{Value, json};

/// An answer with `"ok": false`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) description: String,
    pub(super) parameters: Option<Value>,
    /// The request itself was wrong, whatever the state of the chat: kept in the list of violations.
    pub(super) malformed: bool,
}

impl Refusal {
    /// A refusal that a correct client can meet: the world is not as it thought.
    pub(super) fn new(status: u16, description: impl Into<String>) -> Self {
        Self { status, description: description.into(), parameters: None, malformed: false }
    }

    /// 400 because of the state of the chat.
    pub(super) fn bad_request(clause: &str) -> Self {
        Self::new(400, format!("Bad Request: {clause}"))
    }

    /// 400 because of the request.
    pub(super) fn malformed(clause: impl AsRef<str>) -> Self {
        Self { malformed: true, ..Self::bad_request(clause.as_ref()) }
    }

    /// 429.
    pub(super) fn retry_after(seconds: u64) -> Self {
        Self {
            parameters: Some(json!({ "retry_after": seconds })),
            ..Self::new(429, format!("Too Many Requests: retry after {seconds}"))
        }
    }

    /// 409 for the older of two polls.
    pub(super) fn other_poll() -> Self {
        Self::new(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
    }

    /// 404 for a path that is none.
    pub(super) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// The body of the answer.
    pub(super) fn to_json(&self) -> Value {
        let mut body = json!({ "ok": false, "error_code": self.status, "description": self.description });
        if let Some(parameters) = &self.parameters {
            body["parameters"] = parameters.clone();
        }
        body
    }
}
