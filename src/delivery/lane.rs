//! The ordered path of all sends to one chat.
//!
//! A lane lives while it has something to send, and sends one thing at a time. It looks for the most urgent thing that may
//! go, waits for a turn in the budgets that such a thing takes, and looks again whenever that may be another one
//! meanwhile. What goes is picked when the turn has come, so a turn is not spent on what nobody wants any more. When the
//! platform asks to wait, what that concerns waits, and nothing else.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::background::notification::Notified;
use crate::background::ports::{OutgoingMessage, SendError};
use crate::background::setback::pause_after;
use crate::delivery::budget::Turn;
use crate::delivery::live::{Shown, Waiting};
use crate::delivery::outbox::Shared;
use crate::delivery::priority::Priority;
use crate::delivery::queue::{Answer, Candidate, Item, Queue};
use crate::domain::channel::ChannelId;
use crate::domain::id::{MessageId, TaskNumber};
use crate::domain::notice::Notice;
use crate::domain::pace::{Pace, SendKind};

/// A lane whose code broke does not go on sooner than this.
const BROKEN: Duration = Duration::from_secs(5);
/// Tries of an answer of which the last may have arrived: then its person can simply ask again.
const TRIES_IN_DOUBT: u32 = 5;

/// What a lane and those who give it work share.
#[derive(Default)]
pub(crate) struct Inlet {
    queue: Mutex<Queue>,
    /// Something was put into the queue.
    changed: Notify,
}

impl Inlet {
    /// The queue. Not to be held across a wait.
    pub(crate) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the lane that there is something new.
    pub(crate) fn notify(&self) {
        self.changed.notify_one();
    }
}

/// One chat's lane.
pub(crate) struct Lane {
    pub(crate) chat: String,
    pub(crate) inlet: Arc<Inlet>,
    pub(crate) shared: Arc<Shared>,
}

/// What a lane does next.
enum Next {
    /// The most urgent thing is of this priority and takes a turn of this pace.
    Send(Priority, Pace),
    /// Nothing may go before this time.
    Rest(Option<Instant>),
    /// Nothing waits any more, and the lane is gone.
    End,
}

impl Lane {
    /// Sends until the queue is empty, or until the hard stop.
    pub(crate) async fn run(self) {
        let hard = self.shared.hard.clone();
        while let Err(_panic) = self.serve_until(&hard).await {
            tracing::error!(chat = self.chat, "delivering to a chat broke our code; the answers that waited are given up");
            self.inlet.queue().give_up();
            let _stopped = hard.run_until_cancelled(tokio::time::sleep(BROKEN)).await;
        }
        // Notices of this chat that came up meanwhile were left out while the lane served it.
        self.shared.notification.ledger().hints().notices.notify_one();
    }

    /// Serves to the end of the queue or to the hard stop; fails when our code breaks.
    async fn serve_until(&self, hard: &CancellationToken) -> std::thread::Result<()> {
        let served = AssertUnwindSafe(hard.run_until_cancelled(self.serve())).catch_unwind().await?;
        if served.is_none() {
            self.shared.lanes.remove(&self.chat);
        }
        Ok(())
    }

    async fn serve(&self) {
        loop {
            match self.next() {
                Next::Send(priority, pace) => {
                    if let Some(turn) = self.turn(&pace, priority).await
                        && let Some(item) = self.pick(&pace, priority)
                    {
                        self.send(item, turn).await;
                    }
                }
                Next::Rest(until) => self.news(until).await,
                Next::End => return,
            }
        }
    }

    /// The most urgent thing that may go; ends the lane, atomically, when there is nothing at all.
    fn next(&self) -> Next {
        let now = Instant::now();
        let stale = self.inlet.queue().drop_stale(now);
        if stale > 0 {
            tracing::warn!(chat = self.chat, answers = stale, "answers are given up: the platform did not take them in time");
        }
        if self.shared.lanes.remove_if(&self.chat, |_, inlet| inlet.queue().is_empty()).is_some() {
            return Next::End;
        }
        let queue = self.inlet.queue();
        match self.choose(&queue, now) {
            (Some((chosen, pace)), _) => Next::Send(chosen.priority(), pace),
            (None, until) => Next::Rest(until),
        }
    }

    /// The most urgent thing that is not held, with its pace; and when there may be another one without any news.
    fn choose<'a>(&self, queue: &'a Queue, now: Instant) -> (Option<(Candidate<'a>, Pace)>, Option<Instant>) {
        let mut until = queue.changes_at(now);
        for candidate in queue.candidates(now) {
            let pace = self.pace(&candidate);
            match self.shared.budgets.held_until(&pace) {
                None => return (Some((candidate, pace)), until),
                Some(held) => until = Some(until.map_or(held, |until| until.min(held))),
            }
        }
        (None, until)
    }

    fn pace(&self, candidate: &Candidate<'_>) -> Pace {
        let notification = &self.shared.notification;
        let (channel, kind) = candidate.destination(|notice| notification.kind_of(notice));
        notification.notifier().pace(channel, kind)
    }

    /// What goes in such a turn: the most urgent thing that it is enough for.
    fn pick(&self, pace: &Pace, priority: Priority) -> Option<Item> {
        let queue = self.inlet.queue();
        let candidates = queue.candidates(Instant::now());
        let picked = candidates.iter().find(|candidate| candidate.priority() <= priority && self.pace(candidate) == *pace);
        picked.map(Candidate::item)
    }

    /// Waits for a turn; none when what may go first now takes another one. That is something more urgent, be it new or no
    /// longer held, or something less urgent, when what the turn was for is gone.
    async fn turn(&self, pace: &Pace, priority: Priority) -> Option<Turn> {
        let mut turn = std::pin::pin!(self.shared.budgets.turn(pace, priority));
        loop {
            let (best, until) = {
                let queue = self.inlet.queue();
                let (best, until) = self.choose(&queue, Instant::now());
                (best.map(|(best, its_pace)| (best.priority(), its_pace)), until)
            };
            if best.is_none_or(|(its_priority, its_pace)| its_priority != priority || its_pace != *pace) {
                return None;
            }
            tokio::select! {
                biased;
                turn = &mut turn => return Some(turn),
                () = self.news(until) => {}
            }
        }
    }

    /// Waits until something has changed, or until this time.
    async fn news(&self, until: Option<Instant>) {
        let changed = self.inlet.changed.notified();
        match until {
            Some(until) => drop(tokio::time::timeout_at(until, changed).await),
            None => changed.await,
        }
    }

    async fn send(&self, item: Item, turn: Turn) {
        match item {
            Item::Answer(answer) => self.answer(&answer, turn).await,
            Item::Owed(notice) => self.notify(&notice, turn).await,
            Item::Live(channel, key) => {
                let taken = self.inlet.queue().take_live(&channel, &key);
                if let Some(waiting) = taken {
                    self.show(waiting, turn).await;
                }
            }
        }
    }

    /// Delivers the next part of a notice.
    async fn notify(&self, notice: &Notice, turn: Turn) {
        let channel = &notice.channel;
        let told = self.shared.notification.notify_part(notice).await;
        turn.weigh(told.as_ref().map_or(0, |told| told.length));
        let mut queue = self.inlet.queue();
        let outcome = told.map(|told| told.outcome);
        let goes_on = matches!(outcome, Ok(Notified::Part | Notified::Held(_) | Notified::Later(_)) | Err(_));
        queue.finish_urgent(notice, goes_on);
        match outcome {
            Ok(Notified::Part) => queue.yield_turn(channel),
            Ok(Notified::Delivered | Notified::NotOwed | Notified::Undeliverable) => queue.finish_owed(channel, notice.id),
            Ok(Notified::Moved) => queue.forget_owed(channel),
            Ok(Notified::Held(wait)) => turn.hold(wait),
            Ok(Notified::Later(pause)) => queue.rest(channel, Instant::now() + pause),
            Err(error) => {
                tracing::warn!(error = %error, notice = notice.id.0, "a notice cannot be read or recorded; trying again");
                queue.fail(channel);
            }
        }
    }

    /// Sends the next part of an answer.
    async fn answer(&self, answer: &Answer, turn: Turn) {
        let (message, number, notification) = (&answer.message, answer.number, &self.shared.notification);
        let sent = notification.send(message, answer.part, answer.failures).await;
        turn.weigh(message.text.chars().count());
        if let Err(SendError::Moved { from, to }) = &sent {
            self.follow(from, to).await;
            if let Some(channel) = message.channel.moved(from, to) {
                // What it answers has another id there.
                self.shared.say(OutgoingMessage { channel, reply: None, ..message.clone() });
            }
        }
        if let (Ok(sent), Some(task)) = (&sent, message.about) {
            self.note_answer(message, &sent.message, task).await;
        }
        let mut queue = self.inlet.queue();
        match sent {
            Ok(sent) if sent.more => queue.advance_answer(number),
            Ok(_last) => queue.finish_answer(number),
            Err(SendError::RetryAfter(wait)) => turn.hold(wait),
            Err(SendError::Unavailable(_)) => queue.retry_answer(number, Instant::now() + pause_after(answer.failures)),
            Err(SendError::Moved { .. }) => queue.finish_answer(number),
            Err(SendError::Unknown(_)) if answer.failures + 1 < TRIES_IN_DOUBT => {
                queue.doubt_answer(number, notification.now());
                queue.retry_answer(number, Instant::now() + pause_after(answer.failures));
            }
            Err(error @ (SendError::Unknown(_) | SendError::Undeliverable(_))) => {
                tracing::warn!(channel = %message.channel, error = %error, "an answer is given up");
                queue.finish_answer(number);
            }
        }
    }

    /// A reply to the answer names the task from now on. When that cannot be noted, its person has to name the task.
    async fn note_answer(&self, message: &OutgoingMessage, sent: &MessageId, task: TaskNumber) {
        if let Err(error) = self.shared.notification.ledger().note_answer(&message.channel, sent, task).await {
            tracing::warn!(error = %error, task.number = task.0, "a reply to an answer will not name its task");
        }
    }

    /// The chat goes on under another id, and with it what is stored of it.
    async fn follow(&self, from: &ChannelId, to: &ChannelId) {
        if let Err(error) = self.shared.notification.moved(from, to).await {
            tracing::warn!(error = %error, "what is stored of a channel has not moved with it yet");
        }
    }

    /// Shows the newest state of something. If its owner's code panics, that is this message's failure.
    async fn show(&self, waiting: Waiting, turn: Turn) {
        let live = Arc::clone(&waiting.message.live);
        let sent = AssertUnwindSafe(live.send()).catch_unwind().await;
        let channel = &waiting.message.channel;
        match sent {
            Ok(Ok(message)) => {
                if waiting.message.kind == SendKind::Message {
                    self.shared.notification.typing().show_again(channel);
                }
                waiting.tell(Shown::Sent(message));
            }
            Ok(Err(SendError::RetryAfter(wait))) => {
                turn.hold(wait);
                self.inlet.queue().put_back(waiting);
            }
            Ok(Err(error)) => {
                if let SendError::Moved { from, to } = &error {
                    self.follow(from, to).await;
                }
                tracing::debug!(channel = %channel, error = %error, "a live message is not shown");
                waiting.tell(Shown::Failed(error));
            }
            Err(_panic) => {
                tracing::error!(channel = %channel, "the code that shows a live message panicked");
                waiting.tell(Shown::Dropped);
            }
        }
    }
}
