//! Why a task failed: a stable code for programs and a sentence for people.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Stable codes of failure. New ones may be added; none changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The attempt used up its time.
    TimedOut,
    /// The server stopped while the task ran, and it gets no further attempt.
    Interrupted,
    /// The model's provider refuses more requests for now.
    RateLimited,
    /// The provider's account has no credit left.
    Quota,
    /// The provider does not accept the key.
    Auth,
    /// The provider filtered the request or the answer.
    Filtered,
    /// The model refused.
    Refused,
    /// The model answered nothing, twice.
    Empty,
    /// The conversation does not fit the model's window.
    ContextExhausted,
    /// The provider cannot be reached or keeps failing.
    ProviderDown,
    /// The provider does not understand the request (an unknown model, a bad parameter).
    BadRequest,
    /// The answer grew beyond all bounds.
    OutputCap,
    /// The model repeated itself without end.
    Degenerate,
    /// Something in Legwork or in a runner broke.
    Internal,
}

impl FailureCode {
    /// All codes, for stores and documentation.
    #[must_use]
    pub const fn values() -> [Self; 14] {
        [
            Self::TimedOut,
            Self::Interrupted,
            Self::RateLimited,
            Self::Quota,
            Self::Auth,
            Self::Filtered,
            Self::Refused,
            Self::Empty,
            Self::ContextExhausted,
            Self::ProviderDown,
            Self::BadRequest,
            Self::OutputCap,
            Self::Degenerate,
            Self::Internal,
        ]
    }

    /// The code as text: `timed_out`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::Interrupted => "interrupted",
            Self::RateLimited => "rate_limited",
            Self::Quota => "quota",
            Self::Auth => "auth",
            Self::Filtered => "filtered",
            Self::Refused => "refused",
            Self::Empty => "empty",
            Self::ContextExhausted => "context_exhausted",
            Self::ProviderDown => "provider_down",
            Self::BadRequest => "bad_request",
            Self::OutputCap => "output_cap",
            Self::Degenerate => "degenerate",
            Self::Internal => "internal",
        }
    }

    /// The code of this text, if it is one.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::values().into_iter().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a task failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What programs branch on.
    pub code: FailureCode,
    /// What people read: a sentence without keys, addresses with credentials or bodies, at most 300 characters.
    pub message: String,
}

impl Failure {
    /// A failure with a sentence for people; longer sentences are cut at 300 characters.
    #[must_use]
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if let Some((end, _)) = message.char_indices().nth(300) {
            message.truncate(end);
        }
        Self { code, message }
    }
}
