//! The five states of a task; why one failed is its error, not a sixth state.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a task stands. As a number in JSON (1 to 5), as in the Go package this is a port of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Status {
    /// Accepted and durable, waiting for a place. Entered by acceptance and by the return of an interrupted
    /// attempt; left by a claim or a cancel. A crash leaves it as it is.
    Pending = 1,
    /// An attempt holds its lease. Left by the end of the attempt. A crash lets the lease run out, and the task
    /// gets another attempt or ends as failed.
    Running = 2,
    /// Ended with a result. Final.
    Done = 3,
    /// Ended without one; the error says why. Final.
    Failed = 4,
    /// Ended because somebody asked for that. Final.
    Cancelled = 5,
}

impl Status {
    /// All of them, in the order of a task's life.
    #[must_use]
    pub const fn values() -> [Self; 5] {
        [Self::Pending, Self::Running, Self::Done, Self::Failed, Self::Cancelled]
    }

    /// Whether a number is the code of a status.
    #[must_use]
    pub fn is_valid(code: u8) -> bool {
        Self::from_code(code).is_some()
    }

    /// The status with this code, 1 to 5.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::values().into_iter().find(|status| status.code() == code)
    }

    /// The code, 1 to 5.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The word people read and metrics carry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing can change any more.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.code())
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = u8::deserialize(deserializer)?;
        Self::from_code(code).ok_or_else(|| serde::de::Error::custom(format!("{code} is not a status code (1 to 5)")))
    }
}
