//! Keeps the cards up to date: one loop for all of them.
//!
//! The loop looks at what lives and what runs here, decides which cards are due, and hands those to the lanes of their
//! chats. What a card says is made when its turn has come, from what is true then. The end of a task is owed to its
//! card like a notice: until it is shown the card stays on the board, and the ledger knows which are still late.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::background::cards::{Card, Cards, Shown};
use crate::background::manager::Manager;
use crate::background::notification::Notification;
use crate::background::ports::{DraftPreview, LedgerError, SendError};
use crate::delivery::cadence::Track;
use crate::delivery::draft::Drafts;
use crate::delivery::live::{Live, LiveMessage};
use crate::delivery::outbox::Outbox;
use crate::delivery::priority::Priority;
use crate::domain::card::{CardView, Face};
use crate::domain::id::{MessageId, TaskNumber, TaskRef};
use crate::domain::notice::{Notice, NoticeKind, NoticeState};
use crate::domain::pace::SendKind;
use crate::domain::queue::{LiveTask, fair_order};
use crate::domain::task::Task;
use crate::domain::time::{earlier, elapsed};

/// How often to look at the progress of what runs.
const TICK: Duration = Duration::from_millis(500);
/// Between two looks, however many hints come.
const GAP: Duration = Duration::from_millis(100);
/// After a start, what a crash left behind is taken back and taken up; the cards wait for that.
const FIRST_LOOK: Duration = Duration::from_secs(1);
/// How often to look at the ledger without a hint.
const FULL_LOOK: Duration = Duration::from_secs(5);
/// Between two notes of how far the cards are settled, and how long after the last end there is something to note.
const NOTE: Duration = Duration::from_secs(15);
/// An end may be written and its card sent, but not yet be known here, for so long.
const MARGIN: Duration = Duration::from_mins(1);
/// An end is shown when the result is there, but not later than this; and how soon to look again.
const RESULT_LIMIT: Duration = Duration::from_secs(30);
const WAIT_FOR_RESULT: Duration = Duration::from_secs(1);
/// At a stop there is no later look: what is due within this time is due now.
const HURRY: Duration = Duration::from_secs(2);
/// Tries to show an end, over about a day, before it is given up.
const TRIES: u32 = 140;

/// Keeps the cards of a board up to date. Cheap to clone; all clones are one keeper.
#[derive(Clone)]
pub struct CardKeeper {
    keeper: Arc<Keeper>,
}

struct Keeper {
    manager: Manager,
    notification: Notification,
    cards: Cards,
    outbox: Outbox,
    drafts: Drafts,
    tracks: Mutex<HashMap<TaskNumber, Track>>,
    /// Held by the one who looks.
    looking: tokio::sync::Mutex<Looking>,
}

/// What one look leaves for the next.
#[derive(Default)]
struct Looking {
    /// What lived at the last full look, for which cards it was read, and when.
    picture: Option<Picture>,
    last_end: Option<Instant>,
    noted: Option<Instant>,
}

struct Picture {
    live: Vec<LiveTask>,
    cards: BTreeSet<TaskNumber>,
    at: Instant,
}

impl CardKeeper {
    /// A keeper of the board that `notification` was given; edits take the lanes of `outbox`, drafts go to `preview`.
    #[must_use]
    pub fn new(
        cards: Cards,
        manager: Manager,
        notification: Notification,
        outbox: Outbox,
        preview: Arc<dyn DraftPreview>,
    ) -> Self {
        let drafts = Drafts::new(preview, manager.clone(), outbox.clone());
        let (tracks, looking) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { keeper: Arc::new(Keeper { manager, notification, cards, outbox, drafts, tracks, looking }) }
    }

    /// Keeps the cards until `stop` is cancelled.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: which cards are open is in the ledger.
    pub async fn run(&self, stop: CancellationToken) {
        let _stopped = stop.run_until_cancelled(self.keep()).await;
    }

    async fn keep(&self) {
        let keeper = &self.keeper;
        let hint = keeper.notification.ledger().hints().cards;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        sleep(FIRST_LOOK).await;
        loop {
            let moved = tokio::select! {
                () = hint.notified() => true,
                () = keeper.cards.changed() => true,
                _ = tick.tick() => false,
            };
            keeper.look(moved, Duration::ZERO).await;
            sleep(GAP).await;
        }
    }

    /// Looks once more at a graceful stop, when nothing runs any more: every card that should change is handed over.
    ///
    /// # Cancel safety
    /// As [`CardKeeper::run`].
    pub async fn last_look(&self) {
        self.keeper.look(true, HURRY).await;
    }

    /// Notes in the ledger which cards show the end of their task: the last step of a graceful stop.
    ///
    /// # Cancel safety
    /// The note is written or not; without it, some cards are shown again after the next start.
    pub async fn settle(&self) {
        if self.keeper.cards.is_filled() {
            self.keeper.note(Duration::ZERO).await;
        }
    }
}

impl Keeper {
    /// Looks at all cards; what would be due within `hurry` is due now.
    async fn look(self: &Arc<Self>, moved: bool, hurry: Duration) {
        let mut looking = self.looking.lock().await;
        if !self.cards.is_filled() && !self.fill().await {
            return;
        }
        let (cards, now) = (self.cards.all(), Instant::now());
        if !cards.is_empty() {
            if let Err(error) = self.read(&mut looking, &cards, moved, now).await {
                tracing::warn!(error = %error.chain(), "what lives cannot be read; the cards wait");
                return;
            }
            self.decide(&looking, &cards, now, now + hurry);
        }
        self.forget(&mut looking, &cards, now);
        let recent = looking.last_end.is_some_and(|at| now < at + MARGIN + NOTE * 2);
        if recent && looking.noted.is_none_or(|at| at + NOTE <= now) {
            looking.noted = Some(now);
            self.note(MARGIN).await;
        }
    }

    /// Puts the open cards of the ledger on the board, once.
    async fn fill(&self) -> bool {
        match self.notification.ledger().open_cards().await {
            Ok(open) => self.cards.fill(open),
            Err(error) => tracing::warn!(error = %error.chain(), "open cards cannot be read; trying again"),
        }
        self.cards.is_filled()
    }

    /// Reads what lives, when it may have changed. The cards were looked at before, so one whose task does not live has
    /// ended.
    async fn read(&self, looking: &mut Looking, cards: &[Card], moved: bool, now: Instant) -> Result<(), LedgerError> {
        let numbers = || cards.iter().map(|card| card.message.number);
        let usable =
            |picture: &Picture| !moved && now < picture.at + FULL_LOOK && numbers().all(|number| picture.cards.contains(&number));
        if !looking.picture.as_ref().is_some_and(usable) {
            let live = self.notification.ledger().live_tasks().await?;
            looking.picture = Some(Picture { live, cards: numbers().collect(), at: now });
        }
        Ok(())
    }

    /// Hands over the cards that are due.
    fn decide(self: &Arc<Self>, looking: &Looking, cards: &[Card], now: Instant, until: Instant) {
        let live = looking.picture.as_ref().map_or(&[][..], |picture| &picture.live);
        let waiting: HashMap<TaskNumber, usize> =
            fair_order(live).iter().enumerate().map(|(ahead, task)| (task.number, ahead)).collect();
        let running: BTreeSet<TaskNumber> = live.iter().filter(|task| task.running).map(|task| task.number).collect();
        for card in cards {
            let number = card.message.number;
            let face = if running.contains(&number) {
                self.drafts.look(&card.message, now);
                Face::running(self.manager.progress(&card.message.task).as_ref())
            } else {
                waiting.get(&number).map_or(Face::Ended, |ahead| Face::Queued { ahead: *ahead })
            };
            let mut tracks = self.tracks();
            let track = tracks.entry(number).or_insert_with(|| Track::new(face.clone(), now));
            track.follow(face, now);
            if track.due(card.shown.as_ref()).is_none_or(|due| until < due) {
                continue;
            }
            if track.face == Face::Ended && track.tries() >= TRIES {
                tracing::error!(task.number = number.0, "a card is given up; it does not show the end of its task");
                self.cards.remove(number);
                continue;
            }
            track.tried(now);
            drop(tracks);
            let _showing = self.outbox.show(self.message(card));
        }
    }

    fn message(self: &Arc<Self>, card: &Card) -> LiveMessage {
        LiveMessage {
            key: format!("card:{}", card.message.number.0),
            channel: card.message.channel.clone(),
            priority: Priority::Card,
            kind: SendKind::Edit,
            lifetime: None,
            live: Arc::new(CardFace { keeper: Arc::clone(self), number: card.message.number }),
        }
    }

    /// Drops what is known of cards that have left the board.
    fn forget(&self, looking: &mut Looking, cards: &[Card], now: Instant) {
        let left: BTreeSet<TaskNumber> = cards.iter().map(|card| card.message.number).collect();
        self.drafts.retain(&left);
        let mut tracks = self.tracks();
        let before = tracks.len();
        tracks.retain(|number, _| left.contains(number));
        if tracks.len() < before {
            looking.last_end = Some(now);
        }
    }

    /// Notes how far the cards are settled: all whose task ended before this margin, except those that are late.
    async fn note(&self, margin: Duration) {
        let ended = |(number, track): (&TaskNumber, &Track)| (track.face == Face::Ended).then_some(*number);
        let mut late: Vec<TaskNumber> = self.tracks().iter().filter_map(ended).collect();
        late.retain(|number| self.cards.get(*number).is_some());
        late.sort_unstable();
        let until = earlier(self.notification.now(), margin);
        if let Err(error) = self.notification.ledger().settle_cards(until, &late).await {
            tracing::warn!(error = %error.chain(), "it is not noted which cards show the end of their task");
        }
    }

    /// Whether a task has just ended and its result is still on the way: a card that says "done" before would be wrong in
    /// the eyes of who looks for the result.
    async fn result_is_owed(&self, card: &Card, task: &Task) -> Result<bool, LedgerError> {
        let Some(ended) = task.completed_at() else { return Ok(false) };
        if elapsed(ended, self.notification.now()) > RESULT_LIMIT {
            return Ok(false);
        }
        let notices = self.notification.ledger().notices_of(&card.message.task).await?;
        let owed = |notice: &Notice| notice.kind == NoticeKind::Result && matches!(notice.state, NoticeState::Owed { .. });
        Ok(notices.iter().any(|notice| notice.channel == card.message.channel && owed(notice)))
    }

    fn tracks(&self) -> MutexGuard<'_, HashMap<TaskNumber, Track>> {
        self.tracks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the card of a task should show now; none when it shows that already, or need not yet.
    fn wanted(&self, card: &Card, task: &Task, ahead: Option<usize>) -> Option<Shown> {
        let (number, now) = (card.message.number, Instant::now());
        let progress = self.manager.progress(&task.new.id);
        let restarting = self.notification.is_restarting();
        let view = CardView::of(task, ahead, self.notification.now());
        let mut view = CardView { progress: progress.as_ref(), restarting, ..view };
        let mut tracks = self.tracks();
        let track = tracks.entry(number).or_insert_with(|| Track::new(view.face(), now));
        track.follow(view.face(), now);
        view.unchanged = track.unchanged(now);
        // An end is handed over when it is due; its turn may have come early at a stop.
        let due = track.changed_at(card.shown.as_ref()).is_some_and(|due| due <= now || track.face == Face::Ended);
        due.then(|| Shown::of(&view))
    }
}

/// The card of a task, made when its turn has come.
struct CardFace {
    keeper: Arc<Keeper>,
    number: TaskNumber,
}

#[async_trait]
impl Live for CardFace {
    async fn send(&self) -> Result<Option<MessageId>, SendError> {
        let (keeper, number) = (&self.keeper, self.number);
        let Some(card) = keeper.cards.get(number) else { return Ok(None) };
        let found = keeper.notification.ledger().find(&TaskRef::Id(card.message.task.clone())).await;
        let (task, ahead) = match found {
            Ok(Some(found)) => found,
            // Pruned, or not to be read any more: nothing is known that it could show.
            Ok(None) | Err(LedgerError::BadData { .. }) => {
                keeper.cards.remove(number);
                return Ok(None);
            }
            Err(error) => return Err(SendError::Unavailable(error.to_string())),
        };
        match keeper.result_is_owed(&card, &task).await {
            Ok(false) => {}
            Ok(true) => {
                if let Some(track) = keeper.tracks().get_mut(&number) {
                    track.put_off(Instant::now() + WAIT_FOR_RESULT);
                }
                return Ok(None);
            }
            Err(error) => return Err(SendError::Unavailable(error.to_string())),
        }
        let Some(shown) = keeper.wanted(&card, &task, ahead) else { return Ok(None) };
        let same = card.shown.as_ref().is_some_and(|before| before.looks_like(&shown));
        match if same { Ok(()) } else { keeper.notification.edit(&card.edit(&shown)).await } {
            Ok(()) => {
                keeper.cards.show(number, shown);
                if let Some(track) = keeper.tracks().get_mut(&number) {
                    track.succeeded();
                }
                Ok(None)
            }
            Err(error @ (SendError::Undeliverable(_) | SendError::Moved { .. })) => {
                tracing::debug!(task.number = number.0, %error, "a card cannot be changed any more");
                keeper.cards.remove(number);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
