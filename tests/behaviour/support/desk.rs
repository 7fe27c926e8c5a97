//! The core alone, on ports with a memory and paused time: a desk to which people hand tasks.

use std::sync::Arc;
use std::time::Duration;

use legwork::adapters::ledger::memory::MemoryLedger;
use legwork::background::cards::Cards;
use legwork::background::channels::NoticePolicy;
use legwork::background::manager::{Cancelled, Manager, Submission, Submitted};
use legwork::background::notification::Notification;
use legwork::background::ports::{Ledger, Projection};
use legwork::background::worker::Drained;
use legwork::delivery::card::CardKeeper;
use legwork::delivery::outbox::Outbox;
use legwork::domain::channel::PersonId;
use legwork::domain::id::{TaskNumber, TaskRef};
use legwork::domain::language::Language;
use legwork::domain::limits::Limits;
use legwork::domain::origin::Origin;
use legwork::domain::prompt::Prompt;
use legwork::domain::status::Status;
use legwork::domain::task::{CancelledBy, Task};
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::support::clock::TestClock;
use crate::support::ports::{PromptRunner, Recorder};
use crate::support::wait::{PAUSED_PATIENCE, Wait};

pub struct Desk {
    pub manager: Manager,
    pub outbox: Outbox,
    pub ledger: Arc<dyn Ledger>,
    pub runner: Arc<PromptRunner>,
    pub recorder: Arc<Recorder>,
    pub clock: Arc<TestClock>,
    pub notification: Notification,
    pub soft: CancellationToken,
    pub hard: CancellationToken,
    tracker: TaskTracker,
    keeper: Option<CardKeeper>,
    cards_end: CancellationToken,
    worker: JoinHandle<Drained>,
    delivery: JoinHandle<()>,
}

/// What may differ from desk to desk.
#[derive(Default)]
pub struct Setup {
    pub limits: Limits,
    pub policy: NoticePolicy,
    pub projection: Option<Arc<dyn Projection>>,
    pub ledger: Option<Arc<dyn Ledger>>,
    pub drain: Duration,
    /// Keep cards, with drafts in every channel.
    pub cards: bool,
    pub clock: Option<Arc<TestClock>>,
}

impl Desk {
    pub fn open() -> Self {
        Self::with(Setup::default())
    }

    pub fn limited(limits: Limits) -> Self {
        Self::with(Setup { limits, ..Setup::default() })
    }

    pub fn with(setup: Setup) -> Self {
        let tracker = TaskTracker::new();
        let ledger = setup.ledger.unwrap_or_else(|| Arc::new(MemoryLedger::new()));
        let (runner, recorder) = (Arc::new(PromptRunner::new()), Arc::new(Recorder::default()));
        let clock = setup.clock.unwrap_or_else(|| Arc::new(TestClock::new()));
        let mut notification =
            Notification::new(ledger.clone(), recorder.clone(), recorder.clone(), clock.clone(), tracker.clone())
                .with_policy(setup.policy);
        let cards = Cards::default();
        if setup.cards {
            notification = notification.with_cards(cards.clone());
        }
        let mut builder = Manager::builder(ledger.clone(), runner.clone(), clock.clone(), tracker.clone())
            .with_limits(setup.limits)
            .with_notification(notification.clone());
        if let Some(projection) = setup.projection {
            builder = builder.with_projection(projection);
        }
        let manager = builder.build();
        let (soft, hard) = (CancellationToken::new(), CancellationToken::new());
        let outbox = Outbox::new(notification.clone(), tracker.clone(), hard.clone());
        let cards_end = CancellationToken::new();
        let keeper =
            setup.cards.then(|| CardKeeper::new(cards, manager.clone(), notification.clone(), outbox.clone(), recorder.clone()));
        if let Some(keeper) = keeper.clone() {
            let stop = cards_end.clone();
            tracker.spawn(async move { keeper.run(stop).await });
        }
        let worker = tracker.spawn({
            let (manager, soft, hard) = (manager.clone(), soft.clone(), hard.clone());
            async move { manager.run(soft, hard, setup.drain).await }
        });
        let delivery = tracker.spawn({
            let (outbox, hard) = (outbox.clone(), hard.clone());
            async move { outbox.run(hard).await }
        });
        Self {
            manager,
            outbox,
            ledger,
            runner,
            recorder,
            clock,
            notification,
            soft,
            hard,
            tracker,
            keeper,
            cards_end,
            worker,
            delivery,
        }
    }

    /// A submission of `person` in `channel`.
    pub fn submission(channel: &str, person: &str, prompt: &str) -> Submission {
        let origin = Origin {
            channel: Some(channel.parse().unwrap()),
            session: channel.to_owned(),
            person: Some(person.parse().unwrap()),
            reply: None,
            language: Language::En,
        };
        Submission::new(Prompt::parse(prompt).unwrap(), origin)
    }

    /// `person` hands a prompt over in `channel`, and it is accepted.
    pub async fn submits(&self, channel: &str, person: &str, prompt: &str) -> TaskNumber {
        match self.manager.submit(Self::submission(channel, person, prompt)).await.unwrap() {
            Submitted::Accepted { task, .. } => task.number,
            other => panic!("not accepted: {other:?}"),
        }
    }

    pub async fn cancels(&self, person: &str, task: TaskNumber) -> Cancelled {
        let person: PersonId = person.parse().unwrap();
        self.manager.cancel(&TaskRef::Number(task), CancelledBy::Person(person)).await.unwrap()
    }

    pub async fn task(&self, number: TaskNumber) -> Task {
        self.ledger.find(&TaskRef::Number(number)).await.unwrap().unwrap().0
    }

    /// Waits until the task has this status.
    pub async fn until_status(&self, number: TaskNumber, status: Status) -> Task {
        let mut wait = Wait::paused();
        loop {
            let task = self.task(number).await;
            if task.status() == status {
                return task;
            }
            wait.goes_on(|| format!("{number} is {}, not {status}", task.status())).await;
        }
    }

    /// Waits until the channel has heard a message with all these words, in their order, and returns it.
    pub async fn hears(&self, channel: &str, words: &str) -> String {
        let mut wait = Wait::paused();
        loop {
            let heard = self.recorder.heard(channel);
            if let Some(message) = heard.iter().find(|message| has_words(message, words)) {
                return message.clone();
            }
            wait.goes_on(|| format!("{channel} has not heard `{words}`, but {heard:#?}")).await;
        }
    }

    /// Waits until `ready` holds.
    pub async fn until(&self, what: &str, ready: impl Fn(&Self) -> bool) {
        let mut wait = Wait::paused();
        while !ready(self) {
            wait.goes_on(|| format!("it did not come to pass that {what}")).await;
        }
    }

    /// Lets this time pass, with everything that happens in it.
    pub async fn passes(&self, span: Duration) {
        let mut tick = interval(span);
        for _ in 0..2 {
            tick.tick().await;
        }
    }

    /// Waits until nothing runs and nothing is owed.
    pub async fn settles(&self) {
        let mut wait = Wait::paused();
        loop {
            let summary = self.ledger.summary().await.unwrap();
            if (summary.active(), summary.notices_owed) == (0, 0) {
                return;
            }
            wait.goes_on(|| format!("something is left over: {summary:?}")).await;
        }
    }

    /// Stops gracefully and returns what was handed back.
    pub async fn stops(self) -> (Drained, Arc<dyn Ledger>) {
        self.soft.cancel();
        let drained = self.worker.await.unwrap();
        self.cards_end.cancel();
        if let Some(keeper) = &self.keeper {
            keeper.last_look().await;
        }
        self.outbox.flush().await;
        if let Some(keeper) = self.keeper {
            keeper.settle().await;
        }
        self.hard.cancel();
        self.delivery.await.unwrap();
        assert_eq!(self.notification.typing().active(), 0, "typing goes on");
        assert_eq!(self.manager.running_here(), 0, "attempts are left");
        assert_eq!(self.outbox.active_lanes(), 0, "lanes are left");
        let ledger = self.ledger;
        drop((self.manager, self.outbox, self.notification));
        self.tracker.close();
        // What never ends would let the paused clock run for ever.
        assert!(timeout(PAUSED_PATIENCE, self.tracker.wait()).await.is_ok(), "{} futures are left", self.tracker.len());
        (drained, ledger)
    }

    /// Stops at once and waits until nothing runs any more; what is owed stays in the ledger.
    pub async fn breaks_off(self) {
        self.soft.cancel();
        self.cards_end.cancel();
        self.hard.cancel();
        let _drained = self.worker.await.unwrap();
        self.delivery.await.unwrap();
        self.tracker.close();
        drop((self.manager, self.outbox, self.notification, self.keeper));
        self.tracker.wait().await;
    }

    /// Stops, and asserts that nothing is left over: no live task, no owed notice, no typing, no future.
    pub async fn closes(self) {
        let (drained, ledger) = self.stops().await;
        assert_eq!(drained.handed_back, 0, "attempts were handed back");
        let summary = ledger.summary().await.unwrap();
        assert_eq!((summary.active(), summary.notices_owed), (0, 0), "{summary:?}");
    }
}

/// Whether `text` has all `words` in their order; `...` stands for anything.
pub fn has_words(text: &str, words: &str) -> bool {
    let mut rest = text;
    words.split("...").map(str::trim).all(|word| match rest.find(word) {
        Some(at) => {
            rest = &rest[at + word.len()..];
            true
        }
        None => false,
    })
}
