//! Names of things: tasks, notices, workers, inbound messages.
//!
//! Each is a type of its own with private contents, so that a signature says which name it wants and nothing
//! unchecked gets in. Names are copied from row to row and from thread to thread, so copies share their text.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Longest canonical id a projection may hand out, in bytes.
const MAX_ID_BYTES: usize = 128;

/// A name that is empty, too long, or has characters that do not belong in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {what}")]
pub struct InvalidId {
    what: &'static str,
    text: String,
}

/// Defines a checked string name: 1 to 128 bytes, no white space and no control characters.
macro_rules! string_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the text and takes it as a name.
            ///
            /// # Errors
            /// [`InvalidId`] when it is empty, longer than 128 bytes, or has white space or control characters.
            pub fn parse(text: impl Into<Arc<str>>) -> Result<Self, InvalidId> {
                let text = text.into();
                let odd = |c: char| c.is_whitespace() || c.is_control();
                if text.is_empty() || text.len() > MAX_ID_BYTES || text.contains(odd) {
                    return Err(InvalidId { what: $what, text: text.chars().take(40).collect() });
                }
                Ok(Self(text))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }
    };
}

string_id! {
    /// The canonical id of a task: a `UUIDv7`, or what the [`Projection`](crate::background::ports::Projection) returned.
    TaskId, "task id"
}

string_id! {
    /// The platform's identity of an inbound message (an update id, an interaction id). Unique in the ledger, so
    /// a message delivered twice never makes two tasks.
    InboundId, "inbound id"
}

string_id! {
    /// One process start. Fresh and random each time, never a host name: two starts never share leases.
    WorkerId, "worker id"
}

string_id! {
    /// A message as the platform names it. Holding one is the only proof that something was delivered.
    MessageId, "message id"
}

/// The short number people type: `#42`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskNumber(pub u64);

impl fmt::Display for TaskNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A task as a person names it: `42`, `#42`, or the canonical id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskRef {
    /// By its short number.
    Number(TaskNumber),
    /// By its canonical id.
    Id(TaskId),
}

impl FromStr for TaskRef {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        // As the end of a sentence, or in a list.
        let text = text.trim().trim_end_matches(['.', ',', ';', ':', '!', '?']);
        let digits = text.strip_prefix('#').unwrap_or(text);
        match digits.parse::<u64>() {
            Ok(number) if number > 0 && digits.len() <= 18 => Ok(Self::Number(TaskNumber(number))),
            _ if text.starts_with('#') => Err(InvalidId { what: "task number", text: text.chars().take(40).collect() }),
            _ => TaskId::parse(text).map(Self::Id),
        }
    }
}

impl fmt::Display for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// The row of one owed notice; grows with time, so the order of ids is the order of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoticeId(pub i64);

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The fence of one attempt: every claim raises it, and a write that carries an older one changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

/// What an adapter needs to answer one particular message (a message to reply to, an interaction token).
///
/// Opaque to everybody but the adapter that made it. It may hold a short-lived credential, so `Debug` does not
/// show it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReplyHandle(pub String);

impl fmt::Debug for ReplyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyHandle([redacted])")
    }
}
