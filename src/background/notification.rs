//! Who is told what, and how one notice gets from the ledger to a channel.
//!
//! The ledger writes that a notice is owed; here it becomes words and is handed over part by part. Before a part goes
//! out the ledger knows that it will, and after it the ledger knows the platform's id of it, so a crash at any point
//! leaves either a certain state or one that is known to be uncertain.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::background::cards::{Cards, first_words};
use crate::background::channels::{Channels, NoticePolicy};
use crate::background::digest::Quietness;
use crate::background::place::NoPlace;
use crate::background::ports::{
    ChannelNotifier, Clock, Delivery, Ledger, LedgerError, MessageEdit, OutgoingMessage, Purpose, SendError, Sent, Threads,
    TypingIndicator,
};
use crate::background::setback::contained;
use crate::background::typing::{Typing, TypingGuard};
use crate::domain::channel::ChannelId;
use crate::domain::frame::Frame;
use crate::domain::id::{TaskId, TaskRef};
use crate::domain::language::Language;
use crate::domain::notice::{Notice, NoticeKind, NoticeState};
use crate::domain::status::Status;
use crate::domain::task::Task;
use crate::domain::text::{Format, one_line};
use crate::domain::time::{Timestamp, elapsed};
use crate::domain::wording;
use crate::metrics::Metrics;

/// Tries of a message that breaks the notifier; then it must not hold up the others of its channel any more.
const TRIES_OF_BREAKING: u32 = 3;
/// Most characters of what stands above a result that was meant for another channel.
const PREFACE: usize = 300;

/// What became of one try to deliver a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notified {
    /// Every part of it is confirmed by the platform.
    Delivered,
    /// One part of it is, and there are more.
    Part,
    /// It is not owed any more, or not now: its channel is quiet.
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
    pub(super) const fn nothing(outcome: Notified) -> Self {
        Self { outcome, length: 0 }
    }
}

/// Turns owed notices into messages, and work into typing.
#[derive(Clone)]
pub struct Notification {
    ledger: Arc<dyn Ledger>,
    notifier: Arc<dyn ChannelNotifier>,
    typing: Typing,
    channels: Channels,
    threads: Option<Arc<dyn Threads>>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    cards: Option<Cards>,
    /// Whether nothing is taken up any more before the next start.
    restarting: Arc<AtomicBool>,
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
        let channels = Channels::new(Arc::clone(&ledger), NoticePolicy::default());
        let typing = Typing::new(typing, tracker);
        let (metrics, restarting) = (Metrics::default(), Arc::default());
        Self { ledger, notifier, typing, channels, threads: None, clock, metrics, cards: None, restarting }
    }

    /// What channels get as configured, instead of the default for all.
    #[must_use]
    pub fn with_policy(mut self, policy: NoticePolicy) -> Self {
        self.channels = Channels::new(Arc::clone(&self.ledger), policy);
        self
    }

    /// Opens threads for the tasks of channels that want them.
    #[must_use]
    pub fn with_threads(mut self, threads: Arc<dyn Threads>) -> Self {
        self.threads = Some(threads);
        self
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

    /// Says whether tasks that wait now wait for the next start.
    pub(crate) fn set_restarting(&self, restarting: bool) {
        self.restarting.store(restarting, Ordering::Relaxed);
    }

    /// Whether tasks that wait now wait for the next start.
    pub(crate) fn is_restarting(&self) -> bool {
        self.restarting.load(Ordering::Relaxed)
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

    /// What each channel gets.
    #[must_use]
    pub fn channels(&self) -> &Channels {
        &self.channels
    }

    pub(super) fn threads(&self) -> Option<&Arc<dyn Threads>> {
        self.threads.as_ref()
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

    /// Delivers the next part of an owed notice, as [`Notification::notify`]; for who must do something between parts. What
    /// was held while its channel was quiet is told before, which is a part too.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails; the notice is still owed then.
    pub async fn notify_part(&self, notice: &Notice) -> Result<Told, LedgerError> {
        let quiet = self.quiet_about(notice).await?;
        if quiet == Quietness::Now {
            // It stays owed, and comes up again when the quiet is over; at once, if it has begun since it was read.
            return Ok(Told::nothing(Notified::NotOwed));
        }
        let held = quiet == Quietness::WasHeld;
        if held && let Some(told) = self.tell_held(&notice.channel).await? {
            return Ok(told);
        }
        let Some(notice) = self.ledger.begin_delivery(notice.id, &notice.channel, self.clock.now()).await? else {
            return Ok(Told::nothing(Notified::NotOwed));
        };
        let message = match self.message(&notice, held).await {
            Ok(Some(message)) => message,
            Ok(None) => return self.give_up(&notice, "the task is gone").await.map(Told::nothing),
            Err(NoPlace::Platform(error)) => return self.failed(&[notice], error).await.map(Told::nothing),
            // It will not get better, and the channel waits behind it.
            Err(NoPlace::Store(error @ LedgerError::BadData { .. })) => {
                tracing::error!(task.number = notice.number.0, %error, "a notice is given up, its task cannot be read");
                return self.give_up(&notice, "the task cannot be read").await.map(Told::nothing);
            }
            Err(NoPlace::Store(error)) => return Err(self.unsent(&notice, error).await),
        };
        let length = message.text.chars().count();
        let sent = match self.start_on_card(&notice).await {
            Err(error) => return Err(self.unsent(&notice, error).await),
            Ok(Some(shown)) => shown,
            Ok(None) => self.send(&message, notice.receipts.len(), notice.tries).await,
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
            // A thread that is gone or closed must not keep the news from its channel.
            Err(SendError::Undeliverable(reason)) if message.channel != notice.channel => {
                tracing::info!(channel = %message.channel, %reason, "a thread takes nothing, its channel gets the news");
                self.leave_thread(&notice).await?;
                let delivery = Delivery::Held { due_at: self.clock.now(), reason };
                self.record(&notice, delivery, Notified::Part).await?
            }
            Err(error) => self.failed(std::slice::from_ref(&notice), error).await?,
        };
        Ok(Told { outcome, length })
    }

    /// Hands a part to the notifier. If its code panics, that is this message's failure and not its channel's; nobody knows
    /// then whether the part was sent.
    pub(crate) async fn send(&self, message: &OutgoingMessage, part: usize, tries: u32) -> Result<Sent, SendError> {
        contained(async { self.notifier.send(message, part).await }, || {
            tracing::error!(channel = %message.channel, part, "the notifier panicked");
            let reason = "the code that sends messages broke over this one".to_owned();
            if tries + 1 < TRIES_OF_BREAKING { SendError::Unknown(reason) } else { SendError::Undeliverable(reason) }
        })
        .await
    }

    /// Changes a message that was sent before. If the notifier's code panics, that is this message's failure.
    pub(crate) async fn edit(&self, edit: &MessageEdit) -> Result<(), SendError> {
        contained(async { self.notifier.edit(edit).await }, || {
            tracing::error!(channel = %edit.channel, "the notifier panicked");
            SendError::Undeliverable("the code that changes messages broke over this one".to_owned())
        })
        .await
    }

    /// The message of a notice; none when its task has been pruned. What was held comes without a sound: the digest
    /// before it had one.
    async fn message(&self, notice: &Notice, held: bool) -> Result<Option<OutgoingMessage>, NoPlace> {
        let Some((task, ahead)) = self.ledger.find(&TaskRef::Id(notice.task.clone())).await? else { return Ok(None) };
        let (purpose, format) = match notice.kind {
            NoticeKind::Accepted => (Purpose::Answer { private: false }, Format::Plain),
            NoticeKind::Result => (Purpose::Result, Format::Markdown),
            _ => (Purpose::Notice, Format::Plain),
        };
        let language = task.new.origin.language;
        let silent = held || task.new.manner.silent || self.channels.plan(&notice.channel).await?.silent.value;
        let calls = !held && task.new.manner.mention && notice.tells_end_first(&task);
        let own = task.new.origin.channel.as_ref() == Some(&notice.channel);
        let (text, frame) = self.words(language, notice, &task, ahead).await?;
        let (text, buttons) = match notice.kind {
            NoticeKind::Accepted if self.cards.is_some() && notice.instead_of.is_none() => {
                first_words(text, &task, ahead, self.now())
            }
            _ => (text, wording::notice_buttons(language, notice, &task)),
        };
        Ok(Some(OutgoingMessage {
            channel: self.place(notice, &task).await?,
            purpose,
            reply: notice.reply.clone(),
            text,
            format,
            frame,
            language,
            buttons,
            // One end, one sound: what follows the result has none.
            silent: silent || (notice.tells_end() && !notice.tells_end_first(&task)),
            about: None,
            mention: task.new.origin.person.clone().filter(|_| calls && own),
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
        let mut text = wording::notice(language, notice, task, ahead);
        if notice.kind == NoticeKind::Accepted && task.status() == Status::Pending && self.is_restarting() {
            text.push_str(&wording::waits_for_restart(language));
        }
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

    async fn record_sent(&self, notice: &Notice, delivery: Delivery) -> Result<(), LedgerError> {
        self.persist(|| self.ledger.record_delivery(notice.id, delivery.clone(), self.clock.now())).await
    }

    /// Records a confirmed part. The store is asked again and again rather than the part sent again: a message that
    /// arrived must not be repeated because a disk was busy.
    pub(super) async fn persist<F>(&self, record: impl Fn() -> F) -> Result<(), LedgerError>
    where
        F: Future<Output = Result<(), LedgerError>>,
    {
        let mut pause = Duration::from_millis(50);
        for _try in 0..6 {
            match record().await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    tracing::warn!(error = %error, "a delivery is not recorded yet; trying again");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
            }
        }
        record().await
    }
}

/// The same for every try of the same notice, and for no other, also after the store was started afresh: row ids start
/// again then, task ids do not.
fn key(notice: &Notice) -> String {
    OutgoingMessage::key_of(&(notice.task.as_str(), notice.kind.as_str(), notice.attempt, notice.channel.to_string()))
}
