//! Plays steps on a ledger and on the model; every answer must be the model's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use legwork::adapters::ledger::memory::MemoryLedger;
use legwork::adapters::ledger::sqlite::SqliteLedger;
use legwork::background::ports::{Acceptance, CancelRequest, Delivery, Finish, Lease, Ledger, nobody_is_quiet};
use legwork::domain::channel::{ChannelId, PersonId};
use legwork::domain::failure::{Failure, FailureCode};
use legwork::domain::id::{Epoch, InboundId, MessageId, NoticeId, TaskId, WorkerId};
use legwork::domain::limits::Limits;
use legwork::domain::notice::Events;
use legwork::domain::origin::Origin;
use legwork::domain::prompt::Prompt;
use legwork::domain::queue::QueueFull;
use legwork::domain::status::Status;
use legwork::domain::task::{CancelledBy, NewTask, Outcome, RunSettings};
use legwork::domain::time::{Timestamp, from_millis, to_millis};
use legwork::domain::usage::Usage;
use tempfile::TempDir;

use super::expected::{self, Expected, Offer};
use super::step::{End, Step, Try};

/// Tokens of each attempt.
const TOKENS: u64 = 10;

/// A ledger and the model beside it.
pub(super) struct Play {
    pub(super) ledger: Arc<dyn Ledger>,
    folder: Option<TempDir>,
    pub(super) expected: Expected,
    pub(super) now: i64,
    offers: u64,
    /// Every lease there ever was, as number and fence.
    pub(super) leases: Vec<(u64, u64)>,
    ids: BTreeMap<u64, TaskId>,
    pub(super) ends: BTreeMap<u64, Status>,
    pub(super) forgotten: BTreeSet<u64>,
}

impl Play {
    pub(super) fn memory() -> Self {
        Self::over(Arc::new(MemoryLedger::new()), None)
    }

    pub(super) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::over(open(&folder), Some(folder))
    }

    fn over(ledger: Arc<dyn Ledger>, folder: Option<TempDir>) -> Self {
        Self {
            ledger,
            folder,
            expected: Expected::default(),
            now: 1_800_000_000_000,
            offers: 0,
            leases: Vec::new(),
            ids: BTreeMap::new(),
            ends: BTreeMap::new(),
            forgotten: BTreeSet::new(),
        }
    }

    /// Plays all steps and compares after each of them.
    pub(super) async fn play(mut self, steps: &[Step]) {
        for step in steps {
            self.step(step).await;
            self.compare().await;
        }
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Accept { person, channel, also, again } => self.accept(*person, *channel, *also, *again).await,
            Step::Claim { worker, free } => self.claim(*worker, *free).await,
            Step::Renew { leases } => self.renew(leases).await,
            Step::Finish { lease, how } => self.finish(*lease, *how).await,
            Step::Release { lease } => self.release(*lease).await,
            Step::Cancel { task, operator } => self.cancel(*task, *operator).await,
            Step::Recover => self.recover().await,
            Step::Deliver { notice, begin, how } => self.deliver(*notice, *begin, *how).await,
            Step::Pass { millis } => self.now += millis,
            Step::Prune { age } => self.prune(self.now - age).await,
            Step::Reopen => self.reopen(),
        }
    }

    async fn accept(&mut self, person: Option<u8>, channel: Option<u8>, also: Option<u8>, again: Option<u8>) {
        self.offers += 1;
        let inbound = again.map_or(self.offers, |again| u64::from(again) % self.offers);
        let new = NewTask {
            id: TaskId::parse(format!("offer-{}", self.offers)).unwrap(),
            inbound: Some(InboundId::parse(format!("update-{inbound}")).unwrap()),
            prompt: Prompt::parse("count the boats").unwrap(),
            origin: Origin { channel: channel.map(channel_id), person: person.map(person_id), ..Origin::default() },
            deliver_to: also.map(channel_id).into_iter().collect(),
            events: Events::default(),
            manner: legwork::domain::preferences::Manner::default(),
            settings: RunSettings::default(),
            retry_of: None,
        };
        let got = match self.ledger.accept(new, &limits(), self.at()).await.unwrap() {
            Acceptance::Accepted { task, ahead } => {
                self.ids.insert(task.number.0, task.new.id);
                Offer::Accepted { number: task.number.0, ahead }
            }
            Acceptance::Duplicate(task) => Offer::Duplicate(task.number.0),
            Acceptance::Full(QueueFull::Everybody { waiting }) => Offer::FullForAll(waiting),
            Acceptance::Full(QueueFull::Person { waiting }) => Offer::FullForPerson(waiting),
        };
        assert_eq!(got, self.expected.accept(inbound, person, channel, also, self.now));
    }

    async fn claim(&mut self, worker: u8, free: usize) {
        let worker = WorkerId::parse(format!("worker-{worker}")).unwrap();
        let until = from_millis(self.now + expected::LEASE).unwrap();
        let claimed = self.ledger.claim(&worker, &limits(), free, until, self.at()).await.unwrap();
        let numbers: Vec<u64> = claimed.iter().map(|task| task.number.0).collect();
        assert_eq!(numbers, self.expected.claim(free, self.now));
        for task in claimed {
            let (number, epoch) = (task.number.0, task.epoch.0);
            let newest = self.leases.iter().filter(|lease| lease.0 == number).map(|lease| lease.1).max();
            assert!(newest.is_none_or(|newest| newest < epoch), "two attempts of one task with one fence");
            self.leases.push((number, epoch));
        }
    }

    async fn renew(&mut self, chosen: &[u8]) {
        let chosen: Vec<(u64, u64)> = chosen.iter().filter_map(|choice| self.lease(*choice)).collect();
        let leases: Vec<Lease> = chosen.iter().map(|lease| self.lease_of(*lease)).collect();
        let until = self.now + expected::LEASE;
        let renewal = self.ledger.renew(&leases, from_millis(until).unwrap(), self.at()).await.unwrap();
        let (mut lost, mut cancelled) = (Vec::new(), Vec::new());
        for ((number, epoch), lease) in chosen.into_iter().zip(leases) {
            if !self.expected.holds(number, epoch) {
                lost.push(lease.task);
                continue;
            }
            let task = self.expected.task_mut(number);
            task.lease_until = Some(until);
            if task.cancel_by_operator.is_some() {
                cancelled.push(lease.task);
            }
        }
        assert_eq!((renewal.lost, renewal.cancelled), (lost, cancelled));
    }

    async fn finish(&mut self, choice: u8, how: End) {
        let Some((number, epoch)) = self.lease(choice) else { return };
        let text = |partial: bool| if partial { "part".to_owned() } else { String::new() };
        let outcome = match how {
            End::Done => Outcome::Done { result: "whole".to_owned() },
            End::Failed { partial } => {
                let failure = Failure::new(FailureCode::Empty, "nothing came");
                Outcome::Failed { failure, partial: text(partial) }
            }
            End::Stopped { partial } => Outcome::Cancelled { partial: text(partial) },
        };
        let lease = self.lease_of((number, epoch));
        let finish = self.ledger.finish(&lease, outcome, usage(), self.at()).await.unwrap();
        let held = self.expected.holds(number, epoch);
        assert_eq!(matches!(finish, Finish::Recorded(_)), held, "{finish:?}");
        if held {
            self.expected.finish(number, how, TOKENS, self.now);
        }
    }

    async fn release(&mut self, choice: u8) {
        let Some((number, epoch)) = self.lease(choice) else { return };
        let lease = self.lease_of((number, epoch));
        let released = self.ledger.release(&lease, usage(), self.at()).await.unwrap();
        let held = self.expected.holds(number, epoch);
        assert_eq!(matches!(released, Finish::Recorded(_)), held, "{released:?}");
        if held {
            self.expected.release(number, TOKENS, self.now);
        }
    }

    async fn cancel(&mut self, choice: u8, operator: bool) {
        let count = self.expected.tasks.len();
        if count == 0 {
            return;
        }
        let number = self.expected.tasks[usize::from(choice) % count].number;
        let by = if operator { CancelledBy::Operator } else { CancelledBy::Person(person_id(9)) };
        let answer = self.ledger.request_cancel(&self.ids[&number], by, self.at()).await.unwrap();
        match self.expected.find(number).unwrap().status {
            Status::Pending => assert!(matches!(answer, CancelRequest::Cancelled(_)), "{answer:?}"),
            Status::Running => assert!(matches!(answer, CancelRequest::Noted(_)), "{answer:?}"),
            _ => assert!(matches!(answer, CancelRequest::AlreadyFinished(_)), "{answer:?}"),
        }
        self.expected.cancel(number, operator, self.now);
    }

    async fn recover(&mut self) {
        let recovered = self.ledger.recover(&limits(), self.at()).await.unwrap();
        let numbers: Vec<u64> = recovered.iter().map(|task| task.number.0).collect();
        assert_eq!(numbers, self.expected.recover(self.now));
    }

    async fn deliver(&mut self, choice: u8, begin: bool, how: Option<Try>) {
        let due = self.ledger.due_notices(&[], &nobody_is_quiet(), 100, self.at()).await.unwrap();
        let places = self.expected.due(self.now);
        assert_eq!(due.len(), places.len());
        if due.is_empty() {
            return;
        }
        let index = usize::from(choice) % due.len();
        let (notice, place) = (due[index].id, places[index]);
        let channel = &due[index].channel;
        if begin {
            let before = self.ledger.begin_delivery(notice, channel, self.at()).await.unwrap().unwrap();
            assert_eq!(before.in_flight_since.map(to_millis), self.expected.notices[place].in_flight);
            self.expected.begin(place, self.now);
        }
        if let Some(how) = how {
            self.record(notice, how).await;
            self.expected.record(place, how, self.now);
        }
    }

    async fn record(&self, notice: NoticeId, how: Try) {
        let delivery = match how {
            Try::Part { last } => {
                let message = MessageId::parse(format!("{notice}-{}", self.now)).unwrap();
                Delivery::Part { message, last }
            }
            Try::Retry { after, unknown } => {
                let due_at = from_millis(self.now + after).unwrap();
                Delivery::Retry { due_at, reason: "busy".to_owned(), unknown }
            }
            Try::Undeliverable => Delivery::Undeliverable { reason: "blocked".to_owned(), fallback: None },
        };
        self.ledger.record_delivery(notice, delivery, self.at()).await.unwrap();
    }

    async fn prune(&mut self, before: i64) {
        let held: Vec<u64> = self.expected.tasks.iter().map(|task| task.number).collect();
        let forgotten = self.ledger.prune(from_millis(before).unwrap()).await.unwrap();
        assert_eq!(usize::try_from(forgotten).unwrap(), self.expected.prune(before));
        self.forgotten.extend(held.into_iter().filter(|number| self.expected.find(*number).is_none()));
    }

    fn reopen(&mut self) {
        if let Some(folder) = &self.folder {
            // The old one has to let go of the file first.
            self.ledger = Arc::new(MemoryLedger::new());
            self.ledger = open(folder);
            self.expected.reopened();
        }
    }

    fn lease(&self, choice: u8) -> Option<(u64, u64)> {
        let count = self.leases.len();
        (count > 0).then(|| self.leases[usize::from(choice) % count])
    }

    fn lease_of(&self, (number, epoch): (u64, u64)) -> Lease {
        Lease { task: self.ids[&number].clone(), epoch: Epoch(epoch) }
    }

    pub(super) fn at(&self) -> Timestamp {
        from_millis(self.now).unwrap()
    }
}

fn open(folder: &TempDir) -> Arc<dyn Ledger> {
    Arc::new(SqliteLedger::open(folder.path().join("legwork.db")).unwrap())
}

fn limits() -> Limits {
    Limits {
        max_queued: expected::MAX_QUEUED,
        max_queued_per_person: expected::MAX_QUEUED_PER_PERSON,
        max_running_per_person: expected::MAX_RUNNING_PER_PERSON,
        max_running_per_channel: expected::MAX_RUNNING_PER_CHANNEL,
        max_attempts: expected::MAX_ATTEMPTS,
        ..Limits::default()
    }
}

fn usage() -> Usage {
    Usage { input: TOKENS, ..Usage::default() }
}

pub(super) fn channel_id(channel: u8) -> ChannelId {
    format!("telegram:{channel}").parse().unwrap()
}

pub(super) fn person_id(person: u8) -> PersonId {
    format!("discord:{person}").parse().unwrap()
}
