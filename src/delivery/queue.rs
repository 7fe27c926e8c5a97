//! What waits in one lane, and which of it goes next.
//!
//! Answers go first, then what the ledger owes, then what is live. What a channel is owed keeps its order whatever it
//! is: a channel is as urgent as the most urgent thing it is owed. Only acceptances that come up while a channel is being
//! told other things go before those, because they are answers. Nothing leaves the queue before it is
//! through, so what the queue holds is exactly what is not certain yet.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::background::ports::OutgoingMessage;
use crate::background::setback::pause_after;
use crate::delivery::live::{LiveMessage, Shown, Waiting};
use crate::delivery::priority::Priority;
use crate::domain::channel::ChannelId;
use crate::domain::id::NoticeId;
use crate::domain::notice::{Notice, NoticeKind};
use crate::domain::pace::SendKind;
use crate::domain::time::Timestamp;

/// An answer to a command that could not be sent for so long is stale: nobody waits for it any more.
const ANSWER_LIFETIME: Duration = Duration::from_mins(5);

/// Answers that may wait in one lane. Somebody who asks on and on while the platform is away gets no more of them.
const ANSWERS: usize = 50;

/// Live messages that may wait in one lane; beyond that the least urgent is dropped.
const LIVE: usize = 100;

/// An answer to a command: not durable.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) number: u64,
    pub(crate) message: OutgoingMessage,
    pub(crate) part: usize,
    pub(crate) failures: u32,
    /// When nobody waits for it any more.
    until: Instant,
    not_before: Option<Instant>,
}

/// What one channel of the chat is owed.
struct Owed {
    channel: ChannelId,
    notices: VecDeque<Notice>,
    not_before: Option<Instant>,
    /// Failures in a row of our own store.
    failures: u32,
}

impl Owed {
    fn priority(&self) -> Priority {
        self.notices.iter().map(|notice| Priority::of(notice.kind)).min().unwrap_or(Priority::Notice)
    }
}

/// Everything that waits in one lane.
#[derive(Default)]
pub(crate) struct Queue {
    answers: VecDeque<Answer>,
    /// Acceptances that go before what else their channels are owed.
    urgent: VecDeque<Notice>,
    /// In the order in which the channels take turns.
    owed: VecDeque<Owed>,
    live: Vec<Waiting>,
    next_answer: u64,
}

/// What is to be sent next.
pub(crate) enum Item {
    Answer(Box<Answer>),
    Owed(Box<Notice>),
    /// Of the live messages, the one with this key in this channel.
    Live(ChannelId, String),
}

/// One that may go now, unless its chat is held; copied out of the queue only when it is chosen.
pub(crate) enum Candidate<'a> {
    Answer(&'a Answer),
    Owed(Priority, &'a Notice),
    Live(&'a LiveMessage),
}

impl Candidate<'_> {
    pub(crate) fn priority(&self) -> Priority {
        match self {
            Self::Answer(_) => Priority::Answer,
            Self::Owed(priority, _) => *priority,
            Self::Live(message) => message.priority,
        }
    }

    /// Where it goes, and what kind of request that takes; of a notice that is what `owed` says.
    pub(crate) fn destination(&self, owed: impl Fn(&Notice) -> SendKind) -> (&ChannelId, SendKind) {
        match self {
            Self::Answer(answer) => (&answer.message.channel, SendKind::Answer),
            Self::Owed(_, notice) => (&notice.channel, owed(notice)),
            Self::Live(message) => (&message.channel, message.kind),
        }
    }

    pub(crate) fn item(&self) -> Item {
        match *self {
            Self::Answer(answer) => Item::Answer(Box::new(answer.clone())),
            Self::Owed(_, notice) => Item::Owed(Box::new(notice.clone())),
            Self::Live(message) => Item::Live(message.channel.clone(), message.key.clone()),
        }
    }
}

impl Queue {
    pub(crate) fn is_empty(&self) -> bool {
        self.answers.is_empty() && self.urgent.is_empty() && self.owed.is_empty() && self.live.is_empty()
    }

    /// Takes an answer in, unless too many wait; false when it is given up.
    pub(crate) fn add_answer(&mut self, message: OutgoingMessage) -> bool {
        if self.answers.len() >= ANSWERS {
            return false;
        }
        let (number, until) = (self.next_answer, Instant::now() + ANSWER_LIFETIME);
        self.next_answer += 1;
        self.answers.push_back(Answer { number, message, part: 0, failures: 0, until, not_before: None });
        true
    }

    /// Takes an owed notice in, after those of its channel. An acceptance that is the first of its channel goes first at once:
    /// other channels of the chat may be told many things.
    pub(crate) fn add_owed(&mut self, notice: Notice) {
        let is_first = !self.owing().any(|channel| *channel == notice.channel);
        if notice.kind == NoticeKind::Accepted && is_first {
            self.urgent.push_back(notice);
        } else {
            self.queue(notice);
        }
    }

    fn queue(&mut self, notice: Notice) {
        if let Some(owed) = self.owed.iter_mut().find(|owed| owed.channel == notice.channel) {
            owed.notices.push_back(notice);
            return;
        }
        let channel = notice.channel.clone();
        self.owed.push_back(Owed { channel, notices: VecDeque::from([notice]), not_before: None, failures: 0 });
    }

    /// Takes an acceptance in that goes before what else its channel is owed.
    pub(crate) fn add_urgent(&mut self, acceptance: Notice) {
        self.owed.iter_mut().for_each(|owed| owed.notices.retain(|notice| notice.id != acceptance.id));
        self.owed.retain(|owed| !owed.notices.is_empty());
        if !self.urgent.iter().any(|urgent| urgent.id == acceptance.id) {
            self.urgent.push_back(acceptance);
        }
    }

    /// What goes first anyway: acceptances, and the first of what each channel is owed.
    pub(crate) fn next_owed(&self) -> impl Iterator<Item = NoticeId> {
        let first = self.owed.iter().filter_map(|owed| owed.notices.front());
        self.urgent.iter().chain(first).map(|notice| notice.id)
    }

    /// A notice was tried. If it is an acceptance that went first and `goes_on`, it is the first of what its channel is owed
    /// from now on: nothing that came up after it may pass it, but other acceptances.
    pub(crate) fn finish_urgent(&mut self, notice: &Notice, goes_on: bool) {
        let before = self.urgent.len();
        self.urgent.retain(|urgent| urgent.id != notice.id);
        if self.urgent.len() == before || !goes_on {
            return;
        }
        if let Some(owed) = self.owed.iter_mut().find(|owed| owed.channel == notice.channel) {
            owed.notices.push_front(notice.clone());
        } else {
            self.queue(notice.clone());
        }
    }

    /// Takes a live message in, in the place of an older version.
    pub(crate) fn add_live(&mut self, waiting: Waiting) {
        let LiveMessage { channel, key, .. } = &waiting.message;
        if let Some(older) = self.live.iter_mut().find(|other| other.is(channel, key)) {
            std::mem::replace(older, waiting).tell(Shown::Replaced);
            return;
        }
        self.live.push(waiting);
        if self.live.len() > LIVE {
            let last = self.live.iter().enumerate().max_by_key(|(place, waiting)| (waiting.message.priority, *place));
            if let Some((place, _)) = last {
                self.live.remove(place).tell(Shown::Dropped);
            }
        }
    }

    /// Channels with owed notices: nothing more is fetched for them until they are through.
    pub(crate) fn owing(&self) -> impl Iterator<Item = &ChannelId> {
        self.owed.iter().map(|owed| &owed.channel).chain(self.urgent.iter().map(|notice| &notice.channel))
    }

    /// What may go now and is not stale, most urgent first.
    pub(crate) fn candidates(&self, now: Instant) -> Vec<Candidate<'_>> {
        let ready = |not_before: Option<Instant>| not_before.is_none_or(|at| at <= now);
        let answers = self.answers.iter().filter(|answer| ready(answer.not_before) && now < answer.until).map(Candidate::Answer);
        let urgent = self.urgent.front().map(|notice| Candidate::Owed(Priority::of(notice.kind), notice));
        let owed = self.owed.iter().filter(|owed| ready(owed.not_before));
        let owed = owed.filter_map(|owed| Some(Candidate::Owed(owed.priority(), owed.notices.front()?)));
        let live = self.live.iter().filter(|waiting| !waiting.is_stale(now)).map(|waiting| Candidate::Live(&waiting.message));
        let mut candidates: Vec<Candidate<'_>> = answers.take(1).chain(urgent).chain(owed).chain(live).collect();
        // Stable: the equally urgent keep their order.
        candidates.sort_by_key(Candidate::priority);
        candidates
    }

    /// When something that waits now will be ready, or stale.
    pub(crate) fn changes_at(&self, now: Instant) -> Option<Instant> {
        let answers = self.answers.iter().flat_map(|answer| [answer.not_before, Some(answer.until)]);
        let owed = self.owed.iter().map(|owed| owed.not_before);
        let live = self.live.iter().map(|waiting| waiting.until);
        answers.chain(owed).chain(live).flatten().filter(|at| now < *at).min()
    }

    /// Lets go of what nobody waits for any more; says how many answers that were.
    pub(crate) fn drop_stale(&mut self, now: Instant) -> usize {
        let before = self.answers.len();
        self.answers.retain(|answer| now < answer.until);
        let (stale, live) = std::mem::take(&mut self.live).into_iter().partition(|waiting| waiting.is_stale(now));
        self.live = live;
        let stale: Vec<Waiting> = stale;
        for waiting in stale {
            waiting.tell(Shown::Dropped);
        }
        before - self.answers.len()
    }

    /// An answer's next part is the next to be sent.
    pub(crate) fn advance_answer(&mut self, number: u64) {
        self.change_answer(number, |answer| {
            (answer.part, answer.failures, answer.not_before) = (answer.part + 1, 0, None);
            answer.message.in_flight_since = None;
        });
    }

    /// A try to answer may have succeeded, and nobody knows: the next one says that it may be a duplicate.
    pub(crate) fn doubt_answer(&mut self, number: u64, now: Timestamp) {
        self.change_answer(number, |answer| {
            answer.message.in_flight_since.get_or_insert(now);
        });
    }

    /// A try to answer failed: the next one comes then.
    pub(crate) fn retry_answer(&mut self, number: u64, not_before: Instant) {
        self.change_answer(number, |answer| {
            answer.failures += 1;
            answer.not_before = Some(not_before);
        });
    }

    pub(crate) fn finish_answer(&mut self, number: u64) {
        self.answers.retain(|answer| answer.number != number);
    }

    fn change_answer(&mut self, number: u64, change: impl FnOnce(&mut Answer)) {
        if let Some(answer) = self.answers.iter_mut().find(|answer| answer.number == number) {
            change(answer);
        }
    }

    /// A part of a channel's first notice is through: the others of the chat have their turn now.
    pub(crate) fn yield_turn(&mut self, channel: &ChannelId) {
        if let Some(place) = self.owed.iter().position(|owed| owed.channel == *channel)
            && let Some(owed) = self.owed.remove(place)
        {
            self.owed.push_back(owed);
        }
    }

    /// A notice is through, or no longer ours.
    pub(crate) fn finish_owed(&mut self, channel: &ChannelId, notice: NoticeId) {
        self.yield_turn(channel);
        if let Some(owed) = self.owed.iter_mut().find(|owed| owed.channel == *channel) {
            owed.notices.retain(|owed| owed.id != notice);
            (owed.not_before, owed.failures) = (None, 0);
        }
        self.owed.retain(|owed| !owed.notices.is_empty());
    }

    /// A channel is left alone until then; what it is owed keeps its order.
    pub(crate) fn rest(&mut self, channel: &ChannelId, not_before: Instant) {
        if let Some(owed) = self.owed.iter_mut().find(|owed| owed.channel == *channel) {
            owed.not_before = Some(not_before);
        }
    }

    /// Our store failed over a channel's first notice; the pauses grow.
    pub(crate) fn fail(&mut self, channel: &ChannelId) {
        if let Some(owed) = self.owed.iter_mut().find(|owed| owed.channel == *channel) {
            owed.not_before = Some(Instant::now() + pause_after(owed.failures));
            owed.failures += 1;
        }
    }

    /// What a channel is owed is fetched again from the ledger.
    pub(crate) fn forget_owed(&mut self, channel: &ChannelId) {
        self.owed.retain(|owed| owed.channel != *channel);
        self.urgent.retain(|urgent| urgent.channel != *channel);
    }

    /// Lets go of everything: what is owed comes up again from the ledger.
    pub(crate) fn give_up(&mut self) {
        let Self { live, .. } = std::mem::take(self);
        for waiting in live {
            waiting.tell(Shown::Dropped);
        }
    }

    /// Withdraws a live message that is not worth showing any more.
    pub(crate) fn withdraw(&mut self, channel: &ChannelId, key: &str) {
        if let Some(waiting) = self.take_live(channel, key) {
            waiting.tell(Shown::Replaced);
        }
    }

    /// Takes a live message out to be sent, if it is still wanted.
    pub(crate) fn take_live(&mut self, channel: &ChannelId, key: &str) -> Option<Waiting> {
        let place = self.live.iter().position(|waiting| waiting.is(channel, key))?;
        Some(self.live.remove(place))
    }

    /// Puts a live message back that could not be sent yet, unless a newer version has come.
    pub(crate) fn put_back(&mut self, waiting: Waiting) {
        let LiveMessage { channel, key, .. } = &waiting.message;
        if self.live.iter().any(|other| other.is(channel, key)) {
            waiting.tell(Shown::Replaced);
        } else {
            self.live.insert(0, waiting);
        }
    }
}
