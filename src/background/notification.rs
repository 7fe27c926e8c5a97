//! Who is told what, and how one notice gets from the ledger to a channel.
//!
//! The ledger writes that a notice is owed; here it becomes words and is handed over part by part. Before a part goes
//! out the ledger knows that it will, and after it the ledger knows the platform's id of it, so a crash at any point
//! leaves either a certain state or one that is known to be uncertain.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use crate::background::cards::{Cards, first_words};
use crate::background::ports::{
    ChannelNotifier, Clock, Delivery, Ledger, LedgerError, MessageEdit, OutgoingMessage, Purpose, SendError, Sent,
    TypingIndicator,
};
use crate::background::typing::{Typing, TypingGuard};
use crate::domain::channel::ChannelId;
use crate::domain::frame::Frame;
use crate::domain::id::{TaskId, TaskRef};
use crate::domain::language::Language;
use crate::domain::notice::{Events, Notice, NoticeKind, NoticeState};
use crate::domain::task::Task;
use crate::domain::text::{Format, one_line};
use crate::domain::time::{Timestamp, elapsed};
use crate::domain::wording;
use crate::metrics::Metrics;

/// Tries of a message that breaks the notifier; then it must not hold up the others of its channel any more.
const TRIES_OF_BREAKING: u32 = 3;
/// Most characters of what stands above a result that was meant for another channel.
const PREFACE: usize = 300;

/// Which notices a channel hears and where else they go, as configured.
#[derive(Debug, Clone, Default)]
pub struct NoticePolicy {
    /// What a channel hears unless it says otherwise.
    pub events: Events,
    /// Where notices go when a task has no channel of its own.
    pub default_deliver_to: Vec<ChannelId>,
    /// Channels that differ.
    pub channels: HashMap<ChannelId, ChannelPolicy>,
    /// The language that everybody hears; none when each hears their own.
    pub language: Option<Language>,
}

/// What differs for one channel.
#[derive(Debug, Clone, Default)]
pub struct ChannelPolicy {
    /// What it hears.
    pub events: Option<Events>,
    /// Channels that hear of its tasks too.
    pub deliver_to: Vec<ChannelId>,
}

impl NoticePolicy {
    /// What the channels of a task from `origin` hear, and which channels besides `origin` and `asked_for` those are.
    #[must_use]
    pub fn resolve(&self, origin: Option<&ChannelId>, asked_for: Vec<ChannelId>) -> (Events, Vec<ChannelId>) {
        let channel = origin.and_then(|origin| self.channels.get(origin));
        let events = channel.and_then(|channel| channel.events).unwrap_or(self.events);
        let mut deliver_to = asked_for;
        for wanted in channel.into_iter().flat_map(|channel| &channel.deliver_to) {
            // A repeat asks for what the policy had added to the first one.
            if !deliver_to.contains(wanted) {
                deliver_to.push(wanted.clone());
            }
        }
        if origin.is_none() && deliver_to.is_empty() {
            deliver_to.clone_from(&self.default_deliver_to);
        }
        (events, deliver_to)
    }
}

/// What became of one try to deliver a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notified {
    /// Every part of it is confirmed by the platform.
    Delivered,
    /// One part of it is, and there are more.
    Part,
    /// It was not owed any more.
    NotOwed,
    /// Not yet: it failed, and what its channel is owed should rest for this time.
    Later(Duration),
    /// Not yet: the platform asks to wait so long.
    Held(Duration),
    /// Not yet: its channel has moved, and so has the notice.
    Moved,
    /// Never.
    Undeliverable,
}

/// What became of one part of a notice, and how long its whole text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What became of it.
    pub outcome: Notified,
    /// Characters of the text; 0 when nothing was handed to the platform.
    pub length: usize,
}

impl Told {
    const fn nothing(outcome: Notified) -> Self {
        Self { outcome, length: 0 }
    }
}

/// Turns owed notices into messages, and work into typing.
#[derive(Clone)]
pub struct Notification {
    ledger: Arc<dyn Ledger>,
    notifier: Arc<dyn ChannelNotifier>,
    typing: Typing,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    cards: Option<Cards>,
}

impl Notification {
    /// Notices of `ledger` go out through `notifier`; typing loops are spawned on `tracker`.
    #[must_use]
    pub fn new(
        ledger: Arc<dyn Ledger>,
        notifier: Arc<dyn ChannelNotifier>,
        typing: Arc<dyn TypingIndicator>,
        clock: Arc<dyn Clock>,
        tracker: tokio_util::task::TaskTracker,
    ) -> Self {
        Self { ledger, notifier, typing: Typing::new(typing, tracker), clock, metrics: Metrics::default(), cards: None }
    }

    /// Keeps the cards on this board: acceptances are put on it, and starts are shown by them. Without a board, a start
    /// is a message of its own.
    #[must_use]
    pub fn with_cards(mut self, cards: Cards) -> Self {
        self.cards = Some(cards);
        self
    }

    /// The board of cards, if there is one.
    #[must_use]
    pub fn cards(&self) -> Option<&Cards> {
        self.cards.as_ref()
    }

    /// Counts into these metrics instead of its own.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// The ledger whose notices go out.
    #[must_use]
    pub fn ledger(&self) -> &Arc<dyn Ledger> {
        &self.ledger
    }

    /// The notifier they go out through.
    #[must_use]
    pub fn notifier(&self) -> &Arc<dyn ChannelNotifier> {
        &self.notifier
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Shows that the bot is busy in `channel` until the guard is dropped.
    pub fn start_typing(&self, channel: &ChannelId) -> TypingGuard {
        self.typing.start(channel)
    }

    /// The typing loops.
    #[must_use]
    pub fn typing(&self) -> &Typing {
        &self.typing
    }

    /// Delivers the start notices that a task owes now, without waiting for their lanes. For library users who run no
    /// outbox; with one, it does this by itself.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn notify_start(&self, task: &TaskId) -> Result<(), LedgerError> {
        for notice in self.ledger.notices_of(task).await? {
            if notice.kind == NoticeKind::Started && matches!(notice.state, NoticeState::Owed { .. }) {
                self.notify(&notice).await?;
            }
        }
        Ok(())
    }

    /// Delivers one owed notice, part by part, from where an earlier try left off.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails; the notice is still owed then.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the part that was on its way marked as such in the ledger.
    pub async fn notify(&self, notice: &Notice) -> Result<Notified, LedgerError> {
        loop {
            match self.notify_part(notice).await?.outcome {
                Notified::Part => {}
                outcome => return Ok(outcome),
            }
        }
    }

    /// Delivers the next part of an owed notice, as [`Notification::notify`]; for who must do something between parts.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails; the notice is still owed then.
    pub async fn notify_part(&self, notice: &Notice) -> Result<Told, LedgerError> {
        let Some(notice) = self.ledger.begin_delivery(notice.id, self.clock.now()).await? else {
            return Ok(Told::nothing(Notified::NotOwed));
        };
        let message = match self.message(&notice).await {
            Ok(Some(message)) => message,
            Ok(None) => return self.give_up(&notice, "the task is gone").await.map(Told::nothing),
            // It will not get better, and the channel waits behind it.
            Err(error @ LedgerError::BadData { .. }) => {
                tracing::error!(task.number = notice.number.0, %error, "a notice is given up, its task cannot be read");
                return self.give_up(&notice, "the task cannot be read").await.map(Told::nothing);
            }
            Err(error) => return Err(error),
        };
        let length = message.text.chars().count();
        let sent = match self.start_on_card(&notice).await? {
            Some(shown) => shown,
            None => self.send(&message, notice.receipts.len(), notice.tries).await,
        };
        let outcome = match sent {
            Ok(sent) if sent.more => {
                self.record_sent(&notice, Delivery::Part { message: sent.message, last: false }).await?;
                Notified::Part
            }
            Ok(sent) => {
                self.typing.show_again(&notice.channel);
                self.note_card(&notice, &sent, &message);
                self.record_sent(&notice, Delivery::Part { message: sent.message, last: true }).await?;
                self.metrics.delivered(elapsed(notice.created_at, self.clock.now()));
                Notified::Delivered
            }
            Err(error) => self.failed(&notice, error).await?,
        };
        Ok(Told { outcome, length })
    }

    /// Hands a part to the notifier. If its code panics, that is this message's failure and not its channel's; nobody knows
    /// then whether the part was sent.
    pub(crate) async fn send(&self, message: &OutgoingMessage, part: usize, tries: u32) -> Result<Sent, SendError> {
        let sending = AssertUnwindSafe(async { self.notifier.send(message, part).await });
        sending.catch_unwind().await.unwrap_or_else(|_panic| {
            tracing::error!(channel = %message.channel, part, "the notifier panicked");
            let reason = "the code that sends messages broke over this one".to_owned();
            Err(if tries + 1 < TRIES_OF_BREAKING { SendError::Unknown(reason) } else { SendError::Undeliverable(reason) })
        })
    }

    /// Changes a message that was sent before. If the notifier's code panics, that is this message's failure.
    pub(crate) async fn edit(&self, edit: &MessageEdit) -> Result<(), SendError> {
        let editing = AssertUnwindSafe(async { self.notifier.edit(edit).await });
        editing.catch_unwind().await.unwrap_or_else(|_panic| {
            tracing::error!(channel = %edit.channel, "the notifier panicked");
            Err(SendError::Undeliverable("the code that changes messages broke over this one".to_owned()))
        })
    }

    /// The message of a notice; none when its task has been pruned.
    async fn message(&self, notice: &Notice) -> Result<Option<OutgoingMessage>, LedgerError> {
        let Some((task, ahead)) = self.ledger.find(&TaskRef::Id(notice.task.clone())).await? else { return Ok(None) };
        let (purpose, format) = match notice.kind {
            NoticeKind::Accepted => (Purpose::Answer { private: false }, Format::Plain),
            NoticeKind::Result => (Purpose::Result, Format::Markdown),
            _ => (Purpose::Notice, Format::Plain),
        };
        let language = task.new.origin.language;
        let (text, frame) = self.words(language, notice, &task, ahead).await?;
        let (text, buttons) = match notice.kind {
            NoticeKind::Accepted if self.cards.is_some() && notice.instead_of.is_none() => first_words(&task, ahead, self.now()),
            _ => (text, wording::notice_buttons(language, notice, &task)),
        };
        Ok(Some(OutgoingMessage {
            channel: notice.channel.clone(),
            purpose,
            reply: notice.reply.clone(),
            text,
            format,
            frame,
            language,
            buttons,
            key: key(notice),
            in_flight_since: notice.in_flight_since,
        }))
    }

    /// The words of a notice, and those around what a model wrote. A notice that comes to its person alone begins with
    /// where it was meant to go and why it did not.
    async fn words(
        &self,
        language: Language,
        notice: &Notice,
        task: &Task,
        ahead: Option<usize>,
    ) -> Result<(String, Option<Frame>), LedgerError> {
        let text = wording::notice(language, notice, task, ahead);
        let frame = (notice.kind == NoticeKind::Result).then(|| wording::result_frame(language, task));
        let Some(meant_for) = &notice.instead_of else { return Ok((text, frame)) };
        let notices = self.ledger.notices_of(&notice.task).await?;
        let refused = |other: &&Notice| other.kind == notice.kind && other.channel == *meant_for;
        let reason = notices.iter().rev().find(refused).and_then(|refused| refused.last_error.as_deref());
        Ok(match frame {
            None => (wording::deliveries::redirected(language, &text, meant_for, reason), None),
            Some(frame) => {
                let preface = one_line(&wording::deliveries::redirected(language, "", meant_for, reason), PREFACE);
                (text, Some(Frame { preface, ..frame }))
            }
        })
    }

    /// Records a confirmed part. The store is asked again and again rather than the part sent again: a message that
    /// arrived must not be repeated because a disk was busy.
    async fn record_sent(&self, notice: &Notice, delivery: Delivery) -> Result<(), LedgerError> {
        let mut pause = Duration::from_millis(50);
        for _try in 0..6 {
            match self.ledger.record_delivery(notice.id, delivery.clone(), self.clock.now()).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    tracing::warn!(error = %error, notice = notice.id.0, "a delivery is not recorded yet; trying again");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
            }
        }
        self.ledger.record_delivery(notice.id, delivery, self.clock.now()).await
    }
}

/// The same for every try of the same notice, and for no other, also after the store was started afresh: row ids start
/// again then, task ids do not.
fn key(notice: &Notice) -> String {
    let mut hasher = DefaultHasher::new();
    (notice.task.as_str(), notice.kind.as_str(), notice.attempt, notice.channel.to_string()).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
