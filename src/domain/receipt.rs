//! A notice as JSON: where it went, how far it is, and the platform's proof.

use serde::{Deserialize, Serialize};

use crate::domain::channel::ChannelId;
use crate::domain::id::MessageId;
use crate::domain::notice::{Notice, NoticeKind, NoticeState};
use crate::domain::time::Timestamp;

/// How far a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    /// Still to be delivered.
    Owed,
    /// Every part is confirmed.
    Delivered,
    /// It will never be delivered there.
    Undeliverable,
}

/// What became of one notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// What it reports.
    pub kind: NoticeKind,
    /// Where it goes.
    pub channel: ChannelId,
    /// The channel it was meant for, when it comes to the person alone; null otherwise.
    pub instead_of: Option<ChannelId>,
    /// How far it is.
    pub state: ReceiptState,
    /// When it was settled, or when it is tried next.
    pub at: Timestamp,
    /// The platform's ids of the parts that arrived.
    pub messages: Vec<MessageId>,
    /// Failed tries so far.
    pub tries: u32,
    /// Why it is undeliverable, or why the last try failed; null when nothing failed.
    pub reason: Option<String>,
}

impl From<&Notice> for Receipt {
    fn from(notice: &Notice) -> Self {
        let (state, at) = match &notice.state {
            NoticeState::Owed { due_at } => (ReceiptState::Owed, due_at),
            NoticeState::Delivered { at } => (ReceiptState::Delivered, at),
            NoticeState::Undeliverable { at, .. } => (ReceiptState::Undeliverable, at),
        };
        // A failure that a later try has made good is nobody's business any more.
        let reason = notice.last_error.clone().filter(|_| state != ReceiptState::Delivered);
        Self {
            kind: notice.kind,
            channel: notice.channel.clone(),
            instead_of: notice.instead_of.clone(),
            state,
            at: *at,
            messages: notice.receipts.clone(),
            tries: notice.tries,
            reason,
        }
    }
}
