//! Counts that go along with every write, so that asking for them costs the same at any number of tasks.

use crate::domain::notice::NoticeState;
use crate::domain::status::Status;
use crate::domain::summary::MonitorSummary;

/// The counts of a ledger. The oldest waiting task is not part of them: a store looks it up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals(pub(super) MonitorSummary);

impl Totals {
    /// A task came in.
    pub(super) fn task_added(&mut self, status: Status) {
        self.0.total = self.0.total.saturating_add(1);
        self.raise(status);
    }

    /// A task moved.
    pub(super) fn task_moved(&mut self, from: Status, to: Status) {
        self.lower(from);
        self.raise(to);
    }

    /// A task was forgotten.
    pub(super) fn task_forgotten(&mut self, status: Status) {
        self.0.total = self.0.total.saturating_sub(1);
        self.lower(status);
    }

    /// A notice is owed.
    pub(super) fn notice_owed(&mut self) {
        self.0.notices_owed = self.0.notices_owed.saturating_add(1);
    }

    /// A notice that was owed is now as `state` says.
    pub(super) fn notice_moved(&mut self, state: &NoticeState) {
        match state {
            NoticeState::Owed { .. } => return,
            NoticeState::Delivered { .. } => {}
            NoticeState::Undeliverable { .. } => return self.notice_undeliverable(),
        }
        self.0.notices_owed = self.0.notices_owed.saturating_sub(1);
    }

    /// A notice that was owed will never be delivered.
    pub(super) fn notice_undeliverable(&mut self) {
        self.0.notices_undeliverable = self.0.notices_undeliverable.saturating_add(1);
        self.0.notices_owed = self.0.notices_owed.saturating_sub(1);
    }

    /// A notice that was no longer owed was forgotten with its task.
    pub(super) fn notice_forgotten(&mut self, undeliverable: bool) {
        self.0.notices_undeliverable = self.0.notices_undeliverable.saturating_sub(u64::from(undeliverable));
    }

    fn raise(&mut self, status: Status) {
        let count = self.of_mut(status);
        *count = count.saturating_add(1);
    }

    fn lower(&mut self, status: Status) {
        let count = self.of_mut(status);
        *count = count.saturating_sub(1);
    }

    const fn of_mut(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Pending => &mut self.0.pending,
            Status::Running => &mut self.0.running,
            Status::Done => &mut self.0.done,
            Status::Failed => &mut self.0.failed,
            Status::Cancelled => &mut self.0.cancelled,
        }
    }
}
