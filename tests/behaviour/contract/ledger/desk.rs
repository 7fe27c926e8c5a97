//! A ledger with a clock and shorthands for what most checks do.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use legwork::adapters::ledger::memory::MemoryLedger;
use legwork::adapters::ledger::sqlite::SqliteLedger;
use legwork::background::ports::{Acceptance, CancelRequest, Delivery, Finish, Lease, Ledger, Renewal, nobody_is_quiet};
use legwork::domain::channel::{ChannelId, PersonId};
use legwork::domain::failure::{Failure, FailureCode};
use legwork::domain::id::{InboundId, MessageId, ReplyHandle, TaskId, TaskRef, WorkerId};
use legwork::domain::language::Language;
use legwork::domain::limits::Limits;
use legwork::domain::notice::{Events, Notice, NoticeKind};
use legwork::domain::origin::Origin;
use legwork::domain::prompt::Prompt;
use legwork::domain::task::{CancelledBy, NewTask, Outcome, RunSettings, Task};
use legwork::domain::time::{Timestamp, from_millis, later};
use legwork::domain::usage::Usage;
use tempfile::TempDir;

/// How long claims of a desk hold.
pub(super) const LEASE: Duration = Duration::from_secs(30);

/// A ledger to be checked.
pub(super) struct Desk {
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) limits: Limits,
    millis: AtomicI64,
    next: AtomicU64,
    _folder: Option<TempDir>,
}

impl Desk {
    pub(super) fn memory() -> Self {
        Self::over(Arc::new(MemoryLedger::new()), None)
    }

    pub(super) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(folder.path().join("legwork.db")).unwrap();
        Self::over(Arc::new(ledger), Some(folder))
    }

    pub(super) fn over(ledger: Arc<dyn Ledger>, folder: Option<TempDir>) -> Self {
        // Odd on purpose: whatever keeps whole seconds only would be found out.
        let millis = AtomicI64::new(1_800_000_000_123);
        let limits = Limits { max_running_per_person: 10, max_running_per_channel: 10, ..Limits::default() };
        Self { ledger, limits, millis, next: AtomicU64::new(0), _folder: folder }
    }

    pub(super) fn now(&self) -> Timestamp {
        from_millis(self.millis.load(Ordering::Relaxed)).unwrap()
    }

    pub(super) fn pass(&self, time: Duration) {
        self.millis.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// A task of one person in one channel, with an identity that no other has.
    pub(super) fn new_task(&self) -> NewTask {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        NewTask {
            id: task_id(&format!("task-{next}")),
            inbound: Some(inbound(&format!("update-{next}"))),
            prompt: Prompt::parse("count the boats").unwrap(),
            origin: Origin {
                channel: Some(channel("telegram:1")),
                session: "telegram:1".to_owned(),
                person: Some(person("telegram:7")),
                reply: Some(ReplyHandle("message 5".to_owned())),
                language: Language::De,
            },
            deliver_to: Vec::new(),
            events: Events::default(),
            manner: legwork::domain::preferences::Manner::default(),
            settings: RunSettings::default(),
            retry_of: None,
        }
    }

    /// A task of this person.
    pub(super) fn task_of(&self, who: &str) -> NewTask {
        let mut new = self.new_task();
        new.origin.person = Some(person(who));
        new
    }

    /// A task of this channel.
    pub(super) fn task_in(&self, place: &str) -> NewTask {
        let mut new = self.new_task();
        new.origin.channel = Some(channel(place));
        new
    }

    /// A task that nobody hears of.
    pub(super) fn silent_task(&self) -> NewTask {
        let mut new = self.new_task();
        new.origin.channel = None;
        new
    }

    pub(super) async fn offer(&self, new: NewTask) -> Acceptance {
        self.ledger.accept(new, &self.limits, self.now()).await.unwrap()
    }

    pub(super) async fn accept(&self, new: NewTask) -> Task {
        match self.offer(new).await {
            Acceptance::Accepted { task, .. } => task,
            other => panic!("not accepted: {other:?}"),
        }
    }

    /// Claims up to `free` tasks for worker `w`.
    pub(super) async fn claim(&self, free: usize) -> Vec<Task> {
        let (worker, now) = (WorkerId::parse("w").unwrap(), self.now());
        self.ledger.claim(&worker, &self.limits, free, later(now, LEASE), now).await.unwrap()
    }

    /// Accepts a task and claims it.
    pub(super) async fn running(&self, new: NewTask) -> Task {
        let accepted = self.accept(new).await;
        let claimed = self.claim(1).await;
        assert_eq!(claimed.iter().map(|task| task.number).collect::<Vec<_>>(), [accepted.number]);
        claimed.into_iter().next().unwrap()
    }

    /// Accepts a task, claims it and finishes it.
    pub(super) async fn done(&self, new: NewTask) -> Task {
        let task = self.running(new).await;
        self.finish(&task, answer("12 boats")).await
    }

    pub(super) async fn end(&self, lease: &Lease, outcome: Outcome) -> Finish {
        self.ledger.finish(lease, outcome, tokens(), self.now()).await.unwrap()
    }

    pub(super) async fn finish(&self, task: &Task, outcome: Outcome) -> Task {
        match self.end(&lease_of(task), outcome).await {
            Finish::Recorded(task) => task,
            Finish::Stale => panic!("stale: {task:?}"),
        }
    }

    pub(super) async fn cancel(&self, task: &Task) -> CancelRequest {
        let by = CancelledBy::Person(person("telegram:7"));
        self.ledger.request_cancel(&task.new.id, by, self.now()).await.unwrap()
    }

    pub(super) async fn renew(&self, task: &Task) -> Renewal {
        let until = later(self.now(), LEASE);
        self.ledger.renew(&[lease_of(task)], until, self.now()).await.unwrap()
    }

    pub(super) async fn recover(&self) -> Vec<Task> {
        self.ledger.recover(&self.limits, self.now()).await.unwrap()
    }

    /// The task as the ledger has it now.
    pub(super) async fn reread(&self, task: &Task) -> Task {
        self.ledger.find(&TaskRef::Id(task.new.id.clone())).await.unwrap().unwrap().0
    }

    pub(super) async fn ahead(&self, task: &Task) -> Option<usize> {
        self.ledger.find(&TaskRef::Number(task.number)).await.unwrap().unwrap().1
    }

    pub(super) async fn notices(&self, task: &Task) -> Vec<Notice> {
        self.ledger.notices_of(&task.new.id).await.unwrap()
    }

    /// The kinds of all notices of a task, with their channels.
    pub(super) async fn kinds(&self, task: &Task) -> Vec<(NoticeKind, String)> {
        self.notices(task).await.into_iter().map(|notice| (notice.kind, notice.channel.to_string())).collect()
    }

    pub(super) async fn due(&self) -> Vec<Notice> {
        self.ledger.due_notices(&[], &nobody_is_quiet(), 100, self.now()).await.unwrap()
    }

    pub(super) async fn begin(&self, notice: &Notice) -> Option<Notice> {
        self.ledger.begin_delivery(notice.id, &notice.channel, self.now()).await.unwrap()
    }

    pub(super) async fn record(&self, notice: &Notice, delivery: Delivery) {
        self.ledger.record_delivery(notice.id, delivery, self.now()).await.unwrap();
    }

    /// Delivers everything that is due, each notice as one message named after its row.
    pub(super) async fn deliver_all(&self) {
        for notice in self.due().await {
            self.begin(&notice).await.unwrap();
            self.record(&notice, part(&format!("m{}", notice.id), true)).await;
        }
    }
}

pub(super) fn lease_of(task: &Task) -> Lease {
    Lease { task: task.new.id.clone(), epoch: task.epoch }
}

pub(super) fn answer(text: &str) -> Outcome {
    Outcome::Done { result: text.to_owned() }
}

pub(super) fn failure(partial: &str) -> Outcome {
    let failure = Failure::new(FailureCode::TimedOut, "the time is up");
    Outcome::Failed { failure, partial: partial.to_owned() }
}

pub(super) fn stopped(partial: &str) -> Outcome {
    Outcome::Cancelled { partial: partial.to_owned() }
}

/// Tokens of a run, every figure another one.
pub(super) fn tokens() -> Usage {
    Usage { input: 100, cached_input: 40, output: 20, reasoning: 5, estimated: false }
}

pub(super) fn part(message: &str, last: bool) -> Delivery {
    Delivery::Part { message: message_id(message), last }
}

pub(super) fn retry(due_at: Timestamp, unknown: bool) -> Delivery {
    Delivery::Retry { due_at, reason: "no answer".to_owned(), unknown }
}

pub(super) fn refused(reason: &str, fallback: Option<&str>) -> Delivery {
    Delivery::Undeliverable { reason: reason.to_owned(), fallback: fallback.map(channel) }
}

pub(super) fn channel(text: &str) -> ChannelId {
    text.parse().unwrap()
}

pub(super) fn person(text: &str) -> PersonId {
    text.parse().unwrap()
}

pub(super) fn task_id(text: &str) -> TaskId {
    TaskId::parse(text).unwrap()
}

pub(super) fn inbound(text: &str) -> InboundId {
    InboundId::parse(text).unwrap()
}

pub(super) fn message_id(text: &str) -> MessageId {
    MessageId::parse(text).unwrap()
}

/// A place for a file, gone with the folder.
pub(super) fn scratch() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("legwork.db");
    (folder, path)
}
