//! What beginning and ending a delivery do to a notice, the same in every ledger.

use crate::background::ports::Delivery;
use crate::domain::id::{MessageId, NoticeId};
use crate::domain::notice::{Notice, NoticeDraft, NoticeState};
use crate::domain::task::Task;
use crate::domain::time::Timestamp;

/// A notice as a ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// The notice.
    pub(super) notice: Notice,
    /// Whether an earlier try of the next part has an unknown outcome. A later try that certainly failed does not
    /// settle that, so it must not take `in_flight_since` away: the part may still be a duplicate.
    pub(super) doubted: bool,
}

impl Kept {
    /// A notice that a transition of `task` just made.
    pub(super) fn owed(id: NoticeId, task: &Task, draft: NoticeDraft, now: Timestamp) -> Self {
        let NoticeDraft { kind, attempt, channel, reply, instead_of } = draft;
        let notice = Notice {
            id,
            task: task.new.id.clone(),
            number: task.number,
            kind,
            attempt,
            channel,
            reply,
            instead_of,
            created_at: now,
            state: NoticeState::Owed { due_at: now },
            receipts: Vec::new(),
            in_flight_since: None,
            tries: 0,
            last_error: None,
        };
        Self { notice, doubted: false }
    }

    /// Whether it is still to be delivered.
    pub(super) const fn is_owed(&self) -> bool {
        matches!(self.notice.state, NoticeState::Owed { .. })
    }

    /// Notes that the next part is about to be handed over; gives the notice as it was before, or none when it is no
    /// longer owed.
    pub(super) fn begin(&mut self, now: Timestamp) -> Option<Notice> {
        if !self.is_owed() {
            return None;
        }
        let before = self.notice.clone();
        // The oldest time is kept: a platform remembers its idempotency keys from the first try on.
        self.doubted = before.in_flight_since.is_some();
        self.notice.in_flight_since.get_or_insert(now);
        Some(before)
    }

    /// Notes how a try ended. Does nothing to a notice that is no longer owed.
    pub(super) fn record(&mut self, delivery: Delivery, now: Timestamp) {
        if !self.is_owed() {
            return;
        }
        match delivery {
            Delivery::Part { message, last } => self.confirm(message, last, now),
            Delivery::Held { due_at, reason } => {
                if !self.doubted {
                    self.notice.in_flight_since = None;
                }
                self.notice.last_error = Some(reason);
                self.notice.state = NoticeState::Owed { due_at };
            }
            Delivery::Retry { due_at, reason, unknown } => {
                if !unknown && !self.doubted {
                    self.notice.in_flight_since = None;
                }
                self.fail(reason);
                self.notice.state = NoticeState::Owed { due_at };
            }
            Delivery::Undeliverable { reason, .. } => {
                self.notice.in_flight_since = None;
                self.fail(reason.clone());
                self.notice.state = NoticeState::Undeliverable { at: now, reason };
            }
        }
    }

    fn confirm(&mut self, message: MessageId, last: bool, now: Timestamp) {
        self.notice.receipts.push(message);
        self.doubted = false;
        self.notice.in_flight_since = None;
        if last {
            self.notice.state = NoticeState::Delivered { at: now };
        }
    }

    fn fail(&mut self, reason: String) {
        self.notice.tries = self.notice.tries.saturating_add(1);
        self.notice.last_error = Some(reason);
    }
}
