//! Reads a whole ledger, compares it with the model, and checks what must hold whatever the model says.

use std::collections::BTreeSet;

use legwork::background::ports::{TaskFilter, nobody_is_quiet};
use legwork::domain::channel::ChannelId;
use legwork::domain::id::NoticeId;
use legwork::domain::notice::{Notice, NoticeKind, NoticeState};
use legwork::domain::status::Status;
use legwork::domain::task::{CancelledBy, State, Task};
use legwork::domain::time::to_millis;

use super::expected::{self, Settled};
use super::play::{Play, channel_id};

impl Play {
    /// Reads everything and compares it.
    pub(super) async fn compare(&mut self) {
        let mut tasks = self.ledger.list(&TaskFilter { limit: 1000, ..TaskFilter::default() }).await.unwrap();
        tasks.reverse();
        assert_eq!(tasks.iter().map(task_of).collect::<Vec<_>>(), self.expected.tasks);
        self.check_ends(&tasks);
        let mut notices = Vec::new();
        for task in &tasks {
            let of_task = self.ledger.notices_of(&task.new.id).await.unwrap();
            check_announced_once(task, &of_task);
            notices.extend(of_task);
        }
        notices.sort_by_key(|notice| notice.id);
        assert_eq!(notices.len(), self.expected.notices.len());
        for (notice, expected) in notices.iter().zip(&self.expected.notices) {
            // Whether a part is in doubt is known to the ledger only; it shows in what a later failure leaves.
            let in_doubt = expected.in_doubt;
            assert_eq!(expected::Notice { in_doubt, ..notice_of(notice) }, *expected);
        }
        let due = self.ledger.due_notices(&[], &nobody_is_quiet(), 100, self.at()).await.unwrap();
        let places = self.expected.due(self.now);
        assert_eq!(ids(&due), places.iter().map(|place| notices[*place].id).collect::<Vec<_>>());
        let skipped = self.ledger.due_notices(&[channel_id(1)], &nobody_is_quiet(), 2, self.at()).await.unwrap();
        let others = places.iter().map(|place| &notices[*place]).filter(|notice| notice.channel != channel_id(1));
        assert_eq!(ids(&skipped), others.take(2).map(|notice| notice.id).collect::<Vec<_>>());
        self.compare_summary().await;
    }

    async fn compare_summary(&self) {
        let summary = self.ledger.summary().await.unwrap();
        for status in Status::values() {
            let count = self.expected.count(status, |_| true);
            assert_eq!(summary.of(status), u64::try_from(count).unwrap(), "{status}");
        }
        assert_eq!(summary.total, u64::try_from(self.expected.tasks.len()).unwrap());
        let settled = |settled| {
            let count = self.expected.notices.iter().filter(|notice| notice.settled == settled).count();
            u64::try_from(count).unwrap()
        };
        assert_eq!(summary.notices_owed, settled(None));
        assert_eq!(summary.notices_undeliverable, settled(Some(Settled::Undeliverable)));
        let pending = self.expected.tasks.iter().filter(|task| task.status == Status::Pending);
        assert_eq!(summary.oldest_pending_at.map(to_millis), pending.map(|task| task.submitted).min());
    }

    /// What must hold whatever the model says.
    fn check_ends(&mut self, tasks: &[Task]) {
        let held: BTreeSet<u64> = tasks.iter().map(|task| task.number.0).collect();
        for task in tasks.iter().filter(|task| task.status().is_terminal()) {
            let end = *self.ends.entry(task.number.0).or_insert(task.status());
            assert_eq!(end, task.status(), "an end that changed");
        }
        let lost: Vec<_> = self.leases.iter().filter(|(number, _)| !held.contains(number)).collect();
        assert!(lost.iter().all(|(number, _)| self.forgotten.contains(number)), "tasks were lost: {lost:?}");
        for running in tasks.iter().filter(|task| task.status() == Status::Running) {
            let origin = &running.new.origin;
            let alike =
                |same: &dyn Fn(&Task) -> bool| tasks.iter().filter(|task| task.status() == Status::Running && same(task)).count();
            let of_person = alike(&|task| origin.person.is_some() && task.new.origin.person == origin.person);
            let of_channel = alike(&|task| origin.channel.is_some() && task.new.origin.channel == origin.channel);
            assert!(of_person <= expected::MAX_RUNNING_PER_PERSON);
            assert!(of_channel <= expected::MAX_RUNNING_PER_CHANNEL);
        }
    }
}

fn ids(notices: &[Notice]) -> Vec<NoticeId> {
    notices.iter().map(|notice| notice.id).collect()
}

/// An end is announced once in each channel, and nothing is announced twice.
fn check_announced_once(task: &Task, notices: &[Notice]) {
    let is_end = |kind| matches!(kind, NoticeKind::Done | NoticeKind::Failed | NoticeKind::Cancelled);
    for channel in task.channels() {
        let ends = notices.iter().filter(|notice| notice.channel == channel && is_end(notice.kind)).count();
        assert_eq!(ends, usize::from(task.status().is_terminal()), "ends of {} in {channel}", task.number);
    }
    let once: BTreeSet<_> = notices.iter().map(|notice| (notice.kind, notice.attempt, &notice.channel)).collect();
    assert_eq!(once.len(), notices.len());
}

/// A ledger's task in the words of the model.
fn task_of(task: &Task) -> expected::Task {
    let (lease_until, cancelled_by) = match &task.state {
        State::Running { lease_until, cancel_by, .. } => (Some(*lease_until), cancel_by.as_ref()),
        State::Cancelled { by, .. } => (None, Some(by)),
        _ => (None, None),
    };
    expected::Task {
        number: task.number.0,
        inbound: last_number(task.new.inbound.as_ref().unwrap().as_str()),
        person: task.new.origin.person.as_ref().map(|person| last_number(person.address())),
        channels: task.channels().iter().map(channel_number).collect(),
        turn: task.turn,
        asked_in_first: task.new.origin.channel.is_some(),
        status: task.status(),
        attempt: task.attempt,
        epoch: task.epoch.0,
        lease_until: lease_until.map(to_millis),
        cancel_by_operator: cancelled_by.map(|by| *by == CancelledBy::Operator),
        submitted: to_millis(task.submitted_at),
        ended: task.completed_at().map(to_millis),
        text: task.text().map(|text| if text == "whole" { "whole" } else { "part" }),
        tokens: task.usage.total(),
    }
}

/// A ledger's notice in the words of the model.
fn notice_of(notice: &Notice) -> expected::Notice {
    let (due, settled) = match &notice.state {
        NoticeState::Owed { due_at } => (to_millis(*due_at), None),
        NoticeState::Delivered { .. } => (0, Some(Settled::Delivered)),
        NoticeState::Undeliverable { .. } => (0, Some(Settled::Undeliverable)),
    };
    expected::Notice {
        task: notice.number.0,
        kind: notice.kind,
        attempt: notice.attempt,
        channel: channel_number(&notice.channel),
        due,
        settled,
        parts: notice.receipts.len(),
        in_flight: notice.in_flight_since.map(to_millis),
        in_doubt: false,
        tries: notice.tries,
    }
}

fn channel_number(channel: &ChannelId) -> u8 {
    last_number(channel.address())
}

/// The number at the end of a name.
fn last_number<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.rsplit('-').next().unwrap().parse().unwrap()
}
