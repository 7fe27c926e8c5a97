//! The model: what a ledger should hold, as plainly as it can be said. Instants are milliseconds, names are numbers.

use legwork::domain::notice::NoticeKind;
use legwork::domain::status::Status;

use super::step::{End, Try};

pub(super) const MAX_QUEUED: usize = 6;
pub(super) const MAX_QUEUED_PER_PERSON: usize = 3;
pub(super) const MAX_RUNNING_PER_PERSON: usize = 2;
pub(super) const MAX_RUNNING_PER_CHANNEL: usize = 2;
pub(super) const MAX_ATTEMPTS: u32 = 2;
pub(super) const LEASE: i64 = 30_000;

/// A task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) number: u64,
    pub(super) inbound: u64,
    pub(super) person: Option<u8>,
    pub(super) channels: Vec<u8>,
    /// Whether the first of the channels is the one that asked.
    pub(super) asked_in_first: bool,
    pub(super) turn: u64,
    pub(super) status: Status,
    pub(super) attempt: u32,
    pub(super) epoch: u64,
    pub(super) lease_until: Option<i64>,
    pub(super) cancel_by_operator: Option<bool>,
    pub(super) submitted: i64,
    pub(super) ended: Option<i64>,
    pub(super) text: Option<&'static str>,
    pub(super) tokens: u64,
}

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) task: u64,
    pub(super) kind: NoticeKind,
    pub(super) attempt: u32,
    pub(super) channel: u8,
    /// When to try; zero when it is settled.
    pub(super) due: i64,
    pub(super) settled: Option<Settled>,
    pub(super) parts: usize,
    pub(super) in_flight: Option<i64>,
    pub(super) in_doubt: bool,
    pub(super) tries: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    Delivered,
    Undeliverable,
}

/// What came of an offer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Offer {
    Accepted { number: u64, ahead: usize },
    Duplicate(u64),
    FullForAll(usize),
    FullForPerson(usize),
}

/// What a ledger should hold.
#[derive(Debug, Default)]
pub(super) struct Expected {
    pub(super) tasks: Vec<Task>,
    pub(super) notices: Vec<Notice>,
    /// Leases of before the last opening, as number and fence.
    abandoned: Vec<(u64, u64)>,
    numbers: u64,
}

impl Expected {
    pub(super) fn accept(&mut self, inbound: u64, person: Option<u8>, channel: Option<u8>, also: Option<u8>, now: i64) -> Offer {
        if let Some(task) = self.tasks.iter().find(|task| task.inbound == inbound) {
            return Offer::Duplicate(task.number);
        }
        let waiting = self.count(Status::Pending, |_| true);
        let theirs = self.count(Status::Pending, |task| task.person == person);
        if waiting >= MAX_QUEUED {
            return Offer::FullForAll(waiting);
        }
        if person.is_some() && theirs >= MAX_QUEUED_PER_PERSON {
            return Offer::FullForPerson(theirs);
        }
        self.numbers += 1;
        let number = self.numbers;
        let turn = self.turn(person);
        let also = also.filter(|also| channel != Some(*also));
        self.tasks.push(Task {
            number,
            inbound,
            person,
            channels: channel.into_iter().chain(also).collect(),
            asked_in_first: channel.is_some(),
            turn,
            status: Status::Pending,
            attempt: 0,
            epoch: 0,
            lease_until: None,
            cancel_by_operator: None,
            submitted: now,
            ended: None,
            text: None,
            tokens: 0,
        });
        if let Some(channel) = channel {
            self.owe(number, NoticeKind::Accepted, channel, now);
        }
        let ahead = self.queue().iter().position(|waiting| *waiting == number).unwrap();
        Offer::Accepted { number, ahead }
    }

    /// The waiting tasks, next first.
    pub(super) fn queue(&self) -> Vec<u64> {
        let mut queue: Vec<&Task> = self.tasks.iter().filter(|task| task.status == Status::Pending).collect();
        queue.sort_by_key(|task| (task.turn, task.number));
        queue.iter().map(|task| task.number).collect()
    }

    /// The turn of a new task: that of the newest turn that runs, or the first that waits, but after the person's own.
    fn turn(&self, person: Option<u8>) -> u64 {
        let turns = |which: &dyn Fn(&Task) -> bool| {
            let live = self.tasks.iter().filter(|task| task.ended.is_none() && which(task));
            live.map(|task| task.turn).collect::<Vec<_>>()
        };
        let running = turns(&|task| task.status == Status::Running).into_iter().max();
        let current = running.or(turns(&|_| true).into_iter().min()).unwrap_or(0);
        let own = turns(&|task| task.person == person).into_iter().max();
        own.map_or(current, |own| current.max(own + 1))
    }

    pub(super) fn claim(&mut self, free: usize, now: i64) -> Vec<u64> {
        let mut claimed = Vec::new();
        for number in self.queue() {
            let task = self.task(number).clone();
            let asked_in = task.channels.first().filter(|_| task.asked_in_first);
            let persons = self.count(Status::Running, |other| other.person == task.person);
            let channels = self.count(Status::Running, |other| other.asked_in_first && other.channels.first() == asked_in);
            let free_for_person = task.person.is_none() || persons < MAX_RUNNING_PER_PERSON;
            let free_in_channel = asked_in.is_none() || channels < MAX_RUNNING_PER_CHANNEL;
            if claimed.len() < free && free_for_person && free_in_channel {
                let task = self.task_mut(number);
                task.status = Status::Running;
                task.attempt += 1;
                task.epoch += 1;
                task.lease_until = Some(now + LEASE);
                self.owe_all(number, &[NoticeKind::Started], now);
                claimed.push(number);
            }
        }
        claimed
    }

    /// Whether this attempt holds its task.
    pub(super) fn holds(&self, number: u64, epoch: u64) -> bool {
        self.find(number).is_some_and(|task| task.status == Status::Running && task.epoch == epoch)
    }

    pub(super) fn finish(&mut self, number: u64, how: End, tokens: u64, now: i64) {
        let task = self.task_mut(number);
        task.tokens += tokens;
        let (status, text) = match how {
            End::Done => (Status::Done, Some("whole")),
            End::Failed { partial } => (Status::Failed, partial.then_some("part")),
            End::Stopped { partial } => (Status::Cancelled, partial.then_some("part")),
        };
        if status == Status::Cancelled {
            // An attempt that stops without having been asked to was stopped by the operator.
            task.cancel_by_operator.get_or_insert(true);
        }
        self.end(number, status, text, now);
    }

    pub(super) fn release(&mut self, number: u64, tokens: u64, now: i64) {
        let task = self.task_mut(number);
        task.tokens += tokens;
        if task.cancel_by_operator.is_some() {
            self.end(number, Status::Cancelled, None, now);
        } else {
            task.attempt -= 1;
            task.status = Status::Pending;
            task.lease_until = None;
        }
    }

    pub(super) fn cancel(&mut self, number: u64, operator: bool, now: i64) {
        let task = self.task_mut(number);
        match task.status {
            Status::Pending => {
                task.cancel_by_operator = Some(operator);
                self.end(number, Status::Cancelled, None, now);
            }
            Status::Running => {
                task.cancel_by_operator.get_or_insert(operator);
            }
            _ => {}
        }
    }

    pub(super) fn recover(&mut self, now: i64) -> Vec<u64> {
        let abandoned = std::mem::take(&mut self.abandoned);
        let lost =
            |task: &&Task| task.lease_until.is_some_and(|until| until < now || abandoned.contains(&(task.number, task.epoch)));
        let lost: Vec<u64> = self.tasks.iter().filter(lost).map(|task| task.number).collect();
        for number in &lost {
            let task = self.task_mut(*number);
            if task.cancel_by_operator.is_some() {
                self.end(*number, Status::Cancelled, None, now);
            } else if task.attempt >= MAX_ATTEMPTS {
                self.end(*number, Status::Failed, None, now);
            } else {
                task.status = Status::Pending;
                task.lease_until = None;
            }
        }
        lost
    }

    pub(super) fn reopened(&mut self) {
        let running = self.tasks.iter().filter(|task| task.status == Status::Running);
        self.abandoned = running.map(|task| (task.number, task.epoch)).collect();
    }

    pub(super) fn prune(&mut self, before: i64) -> usize {
        let owing: Vec<u64> = self.notices.iter().filter(|notice| notice.settled.is_none()).map(|n| n.task).collect();
        let all = self.tasks.len();
        self.tasks.retain(|task| task.ended.is_none_or(|ended| ended >= before) || owing.contains(&task.number));
        let left: Vec<u64> = self.tasks.iter().map(|task| task.number).collect();
        self.notices.retain(|notice| left.contains(&notice.task));
        all - self.tasks.len()
    }

    /// Places of the notices that are due, oldest first.
    pub(super) fn due(&self, now: i64) -> Vec<usize> {
        let owed = |notice: &&Notice| notice.settled.is_none();
        let early = |channel: u8, before: usize| {
            self.notices[..before].iter().filter(owed).any(|notice| notice.channel == channel && notice.due > now)
        };
        let due =
            |(place, notice): &(usize, &Notice)| notice.settled.is_none() && notice.due <= now && !early(notice.channel, *place);
        self.notices.iter().enumerate().filter(due).map(|(place, _)| place).collect()
    }

    pub(super) fn begin(&mut self, place: usize, now: i64) {
        let notice = &mut self.notices[place];
        notice.in_doubt = notice.in_flight.is_some();
        notice.in_flight = notice.in_flight.or(Some(now));
    }

    pub(super) fn record(&mut self, place: usize, how: Try, now: i64) {
        let notice = &mut self.notices[place];
        match how {
            Try::Part { last } => {
                notice.parts += 1;
                notice.in_doubt = false;
                notice.in_flight = None;
                notice.settled = last.then_some(Settled::Delivered);
                if last {
                    notice.due = 0;
                }
            }
            Try::Retry { after, unknown } => {
                notice.tries += 1;
                notice.due = now + after;
                if !unknown && !notice.in_doubt {
                    notice.in_flight = None;
                }
            }
            Try::Undeliverable => {
                notice.tries += 1;
                notice.in_flight = None;
                notice.settled = Some(Settled::Undeliverable);
                notice.due = 0;
            }
        }
    }

    pub(super) fn find(&self, number: u64) -> Option<&Task> {
        self.tasks.iter().find(|task| task.number == number)
    }

    pub(super) fn task_mut(&mut self, number: u64) -> &mut Task {
        self.tasks.iter_mut().find(|task| task.number == number).unwrap()
    }

    pub(super) fn count(&self, status: Status, which: impl Fn(&Task) -> bool) -> usize {
        self.tasks.iter().filter(|task| task.status == status && which(task)).count()
    }

    fn task(&self, number: u64) -> &Task {
        self.find(number).unwrap()
    }

    fn end(&mut self, number: u64, status: Status, text: Option<&'static str>, now: i64) {
        let task = self.task_mut(number);
        task.status = status;
        task.text = text;
        task.ended = Some(now);
        task.lease_until = None;
        if status != Status::Cancelled {
            task.cancel_by_operator = None;
        }
        let kind = match status {
            Status::Done => NoticeKind::Done,
            Status::Failed => NoticeKind::Failed,
            _ => NoticeKind::Cancelled,
        };
        let kinds: &[NoticeKind] = if text.is_some() { &[NoticeKind::Result, kind] } else { &[kind] };
        self.owe_all(number, kinds, now);
    }

    fn owe_all(&mut self, number: u64, kinds: &[NoticeKind], now: i64) {
        for channel in self.task(number).channels.clone() {
            for kind in kinds {
                self.owe(number, *kind, channel, now);
            }
        }
    }

    fn owe(&mut self, task: u64, kind: NoticeKind, channel: u8, now: i64) {
        let attempt = self.task(task).attempt;
        let same = |notice: &Notice| (notice.task, notice.kind, notice.attempt, notice.channel) == (task, kind, attempt, channel);
        if !self.notices.iter().any(same) {
            let (settled, in_flight) = (None, None);
            let (parts, in_doubt, tries, due) = (0, false, 0, now);
            self.notices.push(Notice { task, kind, attempt, channel, due, settled, parts, in_flight, in_doubt, tries });
        }
    }
}
