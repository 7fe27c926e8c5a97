//! The cards that may still change: which message is whose, and what it shows.
//!
//! A card is put on the board when the acceptance that it is has been delivered, and is taken off when it shows the end of its
//! task or cannot be changed any more. What a card shows is known here so that the same text is never sent twice.
//! The board is only a picture: the ledger tells which cards are open after a crash.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::background::notification::Notification;
use crate::background::ports::{CardMessage, LedgerError, MessageEdit, OutgoingMessage, SendError, Sent};
use crate::domain::card::{CardView, Face, Stage};
use crate::domain::command::Button;
use crate::domain::id::{TaskNumber, TaskRef};
use crate::domain::notice::{Notice, NoticeKind};
use crate::domain::pace::SendKind;
use crate::domain::task::Task;
use crate::domain::time::{Timestamp, elapsed};
use crate::domain::wording;

/// A step of a task that is told so long after its end is not told any more.
const LONG_OVER: Duration = Duration::from_secs(5);

/// What a card shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What of it is worth showing anew; none when only its words are known.
    pub face: Option<Face>,
    /// Its text.
    pub text: String,
    /// Its buttons.
    pub buttons: Vec<Button>,
    /// Since when it has been showing this.
    pub at: Instant,
}

impl Shown {
    /// What the card of this view shows from now on.
    #[must_use]
    pub fn of(view: &CardView<'_>) -> Self {
        Self { face: Some(view.face()), text: view.text(), buttons: view.buttons(), at: Instant::now() }
    }

    /// What a card shows that only says that the task has started.
    fn started(task: &Task) -> Self {
        let language = task.new.origin.language;
        let started = wording::started(language, task.number, task.attempt);
        let text = format!("{started}\n{}", wording::card_quote(language, task));
        let buttons = vec![wording::cancel_button(language, task.number)];
        Self { face: Some(Face::running(None)), text, buttons, at: Instant::now() }
    }

    /// Whether a person would see no difference.
    #[must_use]
    pub fn looks_like(&self, other: &Self) -> bool {
        self.text == other.text && self.buttons == other.buttons
    }
}

/// A card that may still change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The message that it is.
    pub message: CardMessage,
    /// What it shows; none when that is not known, after a restart.
    pub shown: Option<Shown>,
}

impl Card {
    /// The edit that makes it show this.
    #[must_use]
    pub fn edit(&self, shown: &Shown) -> MessageEdit {
        let CardMessage { channel, message, reply, .. } = self.message.clone();
        MessageEdit { channel, message, reply, text: shown.text.clone(), buttons: shown.buttons.clone() }
    }
}

/// The board of all cards that may still change. Clones are one board.
#[derive(Debug, Clone, Default)]
pub struct Cards {
    board: Arc<Mutex<Board>>,
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Board {
    cards: BTreeMap<TaskNumber, Card>,
    /// Whether it has been given every card of the ledger that is open.
    filled: bool,
}

impl Cards {
    /// Puts a card on the board, unless it is there.
    pub fn put(&self, message: CardMessage, shown: Option<Shown>) {
        if let Entry::Vacant(place) = self.board().cards.entry(message.number) {
            place.insert(Card { message, shown });
            self.changed.notify_one();
        }
    }

    /// Puts the open cards of the ledger on the board.
    pub fn fill(&self, open: Vec<CardMessage>) {
        for message in open {
            self.put(message, None);
        }
        self.board().filled = true;
    }

    /// Whether the board has been given every card of the ledger that is open.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        self.board().filled
    }

    /// Whether the card of a task may still change: it is on the board, or the board is not filled yet.
    fn may_change(&self, number: TaskNumber) -> bool {
        let board = self.board();
        !board.filled || board.cards.contains_key(&number)
    }

    /// Notes what a card shows; one that shows the end of its task leaves the board.
    pub fn show(&self, number: TaskNumber, shown: Shown) {
        if shown.face == Some(Face::Ended) {
            self.remove(number);
        } else if let Some(card) = self.board().cards.get_mut(&number) {
            card.shown = Some(shown);
        }
    }

    /// Takes a card off the board.
    pub fn remove(&self, number: TaskNumber) {
        self.board().cards.remove(&number);
        self.changed.notify_one();
    }

    /// The card of a task.
    #[must_use]
    pub fn get(&self, number: TaskNumber) -> Option<Card> {
        self.board().cards.get(&number).cloned()
    }

    /// All cards, those of the oldest tasks first.
    #[must_use]
    pub fn all(&self) -> Vec<Card> {
        self.board().cards.values().cloned().collect()
    }

    /// Completes when the board may have changed since the last time.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notification {
    /// Puts the card on the board that a just delivered acceptance is.
    pub(crate) fn note_card(&self, accepted: &Notice, sent: &Sent, message: &OutgoingMessage) {
        // One that came to the person instead of the channel that asked is no card.
        let is_card = accepted.kind == NoticeKind::Accepted && accepted.instead_of.is_none();
        let Some(cards) = self.cards().filter(|_| is_card) else { return };
        let shown = Shown { face: None, text: message.text.clone(), buttons: message.buttons.clone(), at: Instant::now() };
        cards.put(CardMessage::of(accepted, sent.message.clone()), Some(shown));
    }

    /// What kind of request it takes to deliver a notice: a start is an edit of its task's card, as far as the board knows one
    /// in that channel.
    pub(crate) fn kind_of(&self, notice: &Notice) -> SendKind {
        let here = |card: &Card| card.message.channel == notice.channel;
        let on_card = |cards: &Cards| cards.board().cards.get(&notice.number).is_some_and(here);
        let is_edit = notice.kind == NoticeKind::Started && self.cards().is_some_and(on_card);
        if is_edit { SendKind::Edit } else { SendKind::Message }
    }

    /// Delivers a start by letting the task's card show it. None when there is no card in that channel that can be changed;
    /// then the start is a message of its own.
    pub(crate) async fn start_on_card(&self, notice: &Notice) -> Result<Option<Result<Sent, SendError>>, LedgerError> {
        let Some(cards) = self.cards().filter(|_| notice.kind == NoticeKind::Started) else { return Ok(None) };
        let Some(card) = self.card_of(notice).await? else { return Ok(None) };
        let Some((task, ahead)) = self.ledger().find(&TaskRef::Id(notice.task.clone())).await? else { return Ok(None) };
        let shown = match task.completed_at().map(|ended| elapsed(ended, self.now())) {
            None => Shown::of(&CardView::of(&task, ahead, self.now())),
            // It started and ended in a moment. The end is owed, too, and the card shows it when the result is there.
            Some(over) if over <= LONG_OVER && cards.may_change(notice.number) => Shown::started(&task),
            // The chat was busy for so long that nobody needs to hear of the start any more, or the card shows the end already.
            Some(_) => return Ok(Some(Ok(Sent { message: card.message.message, more: false }))),
        };
        let same = card.shown.as_ref().is_some_and(|before| before.looks_like(&shown));
        Ok(match if same { Ok(()) } else { self.edit(&card.edit(&shown)).await } {
            Ok(()) => {
                // After a restart it may not be there yet, and what shows a start must be looked at again.
                cards.put(card.message.clone(), None);
                cards.show(notice.number, shown);
                Some(Ok(Sent { message: card.message.message, more: false }))
            }
            Err(SendError::Undeliverable(reason)) => {
                tracing::debug!(task.number = notice.number.0, %reason, "a card cannot be changed; its task's start is a message");
                cards.remove(notice.number);
                None
            }
            Err(error) => Some(Err(error)),
        })
    }

    /// The card of a notice's task, if it is in the notice's channel.
    async fn card_of(&self, notice: &Notice) -> Result<Option<Card>, LedgerError> {
        let here = |card: &Card| card.message.channel == notice.channel;
        if let Some(card) = self.cards().and_then(|cards| cards.get(notice.number)) {
            return Ok(Some(card).filter(here));
        }
        // After a restart the board may not be filled yet.
        let notices = self.ledger().notices_of(&notice.task).await?;
        let accepted = notices.iter().find(|notice| notice.kind == NoticeKind::Accepted);
        let message = accepted.and_then(CardMessage::delivered);
        Ok(message.map(|message| Card { message, shown: None }).filter(here))
    }
}

impl Card {
    /// The stage it shows, if that is known.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        self.shown.as_ref()?.face.as_ref().map(Face::stage)
    }
}

/// What a card says when it is sent. That is `queued`, whatever has happened in the moment since; but what ended long ago, while
/// the platform was away, is not announced as waiting.
pub(crate) fn first_words(queued: String, task: &Task, ahead: Option<usize>, now: Timestamp) -> (String, Vec<Button>) {
    let view = CardView::of(task, ahead, now);
    if task.completed_at().is_some_and(|ended| elapsed(ended, now) > LONG_OVER) {
        return (view.text(), view.buttons());
    }
    (queued, if Stage::of(task) == Stage::Ended { Vec::new() } else { view.buttons() })
}
