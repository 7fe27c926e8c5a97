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

use crate::background::ports::{
    ChannelNotifier, Clock, Delivery, Ledger, LedgerError, OutgoingMessage, Purpose, SendError, Sent, TypingIndicator,
};
use crate::background::typing::{Typing, TypingGuard};
use crate::domain::channel::ChannelId;
use crate::domain::frame::Frame;
use crate::domain::id::{TaskId, TaskRef};
use crate::domain::language::Language;
use crate::domain::notice::{Events, Notice, NoticeKind, NoticeState};
use crate::domain::task::Task;
use crate::domain::text::{Format, one_line};
use crate::domain::time::{Timestamp, elapsed, later};
use crate::domain::wording;
use crate::metrics::Metrics;

/// After this time an undelivered notice is given up.
const GIVE_UP_AFTER: Duration = Duration::from_hours(24);
/// But not before it was tried so often: what was owed while this server was away for long has not been tried at all.
const LEAST_TRIES: u32 = 10;
/// Tries of a message that breaks the notifier; then it must not hold up the others of its channel any more.
const TRIES_OF_BREAKING: u32 = 3;
/// Tries to find the way to the person whose channel refused a notice.
const TRIES_OF_FALLBACK: u32 = 5;
/// The pause after the first failed try; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Most characters of what stands above a result that was meant for another channel.
const PREFACE: usize = 300;
/// The longest pause between tries.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

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
        Self { ledger, notifier, typing: Typing::new(typing, tracker), clock, metrics: Metrics::default() }
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
        let outcome = match self.send(&message, notice.receipts.len(), notice.tries).await {
            Ok(sent) if sent.more => {
                self.record_sent(&notice, Delivery::Part { message: sent.message, last: false }).await?;
                Notified::Part
            }
            Ok(sent) => {
                self.typing.show_again(&notice.channel);
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
        Ok(Some(OutgoingMessage {
            channel: notice.channel.clone(),
            purpose,
            reply: notice.reply.clone(),
            text,
            format,
            frame,
            language,
            buttons: wording::notice_buttons(language, notice, &task),
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
            None => (wording::deliveries::redirected(&text, meant_for, reason), None),
            Some(frame) => {
                let preface = one_line(&wording::deliveries::redirected("", meant_for, reason), PREFACE);
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

    async fn give_up(&self, notice: &Notice, reason: &str) -> Result<Notified, LedgerError> {
        let delivery = Delivery::Undeliverable { reason: reason.to_owned(), fallback: None };
        self.record(notice, delivery, Notified::Undeliverable).await
    }

    /// A channel goes on under another id: moves what is stored of it.
    pub(crate) async fn moved(&self, from: &ChannelId, to: &ChannelId) -> Result<(), LedgerError> {
        let notices = self.ledger.move_channel(from, to, self.clock.now()).await?;
        tracing::warn!(
            channel.old = %from, channel.new = %to, notices,
            "a channel has moved, and what is stored of it with it; change the configuration where it names the old one"
        );
        Ok(())
    }

    /// A channel will never take a notice: what matters goes to the person who asked, alone.
    async fn refused(&self, notice: &Notice, reason: String) -> Result<Notified, LedgerError> {
        match self.direct_channel(notice).await? {
            Ok(fallback) => {
                let delivery = Delivery::Undeliverable { reason, fallback };
                self.record(notice, delivery, Notified::Undeliverable).await
            }
            // It is asked for again after the channel has refused once more.
            Err(error) if notice.tries < TRIES_OF_FALLBACK => {
                tracing::debug!(task.number = notice.number.0, %error, "the way to the person is not known yet");
                let pause = if let SendError::RetryAfter(wait) = error { wait } else { pause_after(notice.tries) };
                let due_at = later(self.clock.now(), pause);
                self.record(notice, Delivery::Retry { due_at, reason, unknown: false }, Notified::Later(pause)).await
            }
            Err(error) => {
                tracing::warn!(task.number = notice.number.0, %error, "a notice reaches nobody: no way to its person");
                self.give_up(notice, &reason).await
            }
        }
    }

    /// The channel of the person alone who is to get a notice instead of its channel; none when nobody is.
    async fn direct_channel(&self, notice: &Notice) -> Result<Result<Option<ChannelId>, SendError>, LedgerError> {
        if !notice.matters_to_its_person() {
            return Ok(Ok(None));
        }
        let task = self.ledger.find(&TaskRef::Id(notice.task.clone())).await?.map(|(task, _)| task);
        let Some(person) = task.and_then(|task| task.new.origin.person) else { return Ok(Ok(None)) };
        Ok(match self.notifier.direct_channel(&person).await {
            Err(SendError::Undeliverable(_)) => Ok(None),
            asked => asked,
        })
    }

    async fn record(&self, notice: &Notice, delivery: Delivery, outcome: Notified) -> Result<Notified, LedgerError> {
        self.ledger.record_delivery(notice.id, delivery, self.clock.now()).await?;
        Ok(outcome)
    }

    async fn failed(&self, notice: &Notice, error: SendError) -> Result<Notified, LedgerError> {
        let now = self.clock.now();
        let number = notice.number.0;
        let reason = error.to_string();
        let (pause, unknown) = match error {
            SendError::Undeliverable(reason) => {
                tracing::warn!(task.number = number, channel = %notice.channel, %reason, "a notice is undeliverable");
                return self.refused(notice, reason).await;
            }
            SendError::RetryAfter(wait) => {
                let delivery = Delivery::Held { due_at: later(now, wait), reason };
                return self.record(notice, delivery, Notified::Held(wait)).await;
            }
            SendError::Moved { from, to } => {
                self.moved(&from, &to).await?;
                return Ok(Notified::Moved);
            }
            SendError::Unavailable(_) => (pause_after(notice.tries), false),
            SendError::Unknown(_) => (pause_after(notice.tries), true),
        };
        if elapsed(notice.created_at, now) > GIVE_UP_AFTER && notice.tries >= LEAST_TRIES {
            tracing::error!(task.number = number, channel = %notice.channel, %reason, "a notice is given up after 24 hours");
            return self.give_up(notice, &wording::deliveries::given_up(&reason)).await;
        }
        tracing::debug!(task.number = number, channel = %notice.channel, %reason, "a notice is tried again later");
        let delivery = Delivery::Retry { due_at: later(now, pause), reason, unknown };
        self.record(notice, delivery, Notified::Later(pause)).await
    }
}

/// The pause after so many failed tries: 1 s, 2 s, 4 s, at most ten minutes.
pub(crate) fn pause_after(tries: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(tries.min(16))).min(LONGEST_PAUSE)
}

/// The same for every try of the same notice, and for no other, also after the store was started afresh: row ids start
/// again then, task ids do not.
fn key(notice: &Notice) -> String {
    let mut hasher = DefaultHasher::new();
    (notice.task.as_str(), notice.kind.as_str(), notice.attempt, notice.channel.to_string()).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
