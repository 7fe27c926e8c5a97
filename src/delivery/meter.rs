//! One rate and how far it is used up.
//!
//! A platform counts a send at some time between its start and its answer, and nobody knows when. So here it counts in
//! full until it is answered, and is forgotten from its answer on: what the platform has counted is never more
//! than what is counted here, however unevenly requests travel.
//!
//! Steady rates are decided by `governor` (GCRA) on tokio's clock. Their level is kept here and not in governor's own
//! cell, for two reasons: a send is counted only when all its budgets have room, so each is asked first without being
//! counted; and who matters less must find more room than it uses, so that there is some left for who matters more.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use crate::delivery::priority::Priority;
use crate::domain::pace::Rate;

/// tokio's clock as governor reads it, so that it stands still in a test with paused time.
#[derive(Debug, Clone, Copy)]
struct TokioClock {
    since: Instant,
}

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.since.elapsed()
    }
}

/// When the bucket will be full again, in nanoseconds of the clock: all that GCRA has to know.
#[derive(Debug, Default)]
struct Level {
    full_at: AtomicU64,
}

/// The level in the hands of governor's limiter.
#[derive(Debug)]
struct Kept(Arc<Level>);

impl StateStore for Kept {
    type Key = NotKeyed;

    /// Asking counts nothing: a send may be allowed by this rate and not by another one that binds it, too.
    fn measure_and_replace<T, F, E>(&self, _key: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        decide(Some(self.0.full_at.load(Ordering::Relaxed).into())).map(|(answer, _counted)| answer)
    }
}

/// One rate, in use.
#[derive(Debug)]
pub(super) enum Meter {
    Steady(Steady),
    Window(Window),
}

/// So much at once, and then one after the other.
#[derive(Debug)]
pub(super) struct Steady {
    limiter: RateLimiter<NotKeyed, Kept, TokioClock, NoOpMiddleware<Duration>>,
    /// Of those that were answered.
    level: Arc<Level>,
    on_the_way: u32,
    clock: TokioClock,
    every: Duration,
    burst: NonZeroU32,
}

/// So much within any span of time.
#[derive(Debug)]
pub(super) struct Window {
    /// When those that were answered were, within the last two spans: a chat that was busy in the one before has not rested.
    answered: VecDeque<Instant>,
    on_the_way: usize,
    /// When the newest one was taken that was no answer.
    newest: Option<Instant>,
    count: NonZeroU32,
    span: Duration,
    burst: NonZeroU32,
}

impl Meter {
    /// A rate that nothing has been taken from yet.
    pub(super) fn new(rate: Rate) -> Self {
        match rate {
            Rate::Steady { every, burst } => Self::Steady(Steady::new(every, burst)),
            Rate::Window { count, span, burst } => {
                Self::Window(Window { answered: VecDeque::new(), on_the_way: 0, newest: None, count, span, burst })
            }
        }
    }

    /// How long a send of this priority has to wait for room; none when there is room now. Counts nothing.
    pub(super) fn wait(&mut self, priority: Priority, now: Instant) -> Option<Duration> {
        match self {
            Self::Steady(steady) => steady.wait(priority),
            Self::Window(window) => window.wait(priority, now),
        }
    }

    /// Counts one send of this priority, until [`Meter::answered`].
    pub(super) fn take(&mut self, priority: Priority, now: Instant) {
        match self {
            Self::Steady(steady) => steady.on_the_way += 1,
            Self::Window(window) => {
                window.on_the_way += 1;
                if priority > Priority::Answer {
                    window.newest = Some(now);
                }
            }
        }
    }

    /// A send weighed more than had been thought; windows only count. Whoever comes next waits for it.
    pub(super) fn add(&mut self, more: u32) {
        if let Self::Steady(steady) = self {
            steady.add(more);
        }
    }

    /// A send was answered, or nobody waits for its answer any more.
    pub(super) fn answered(&mut self, now: Instant) {
        match self {
            Self::Steady(steady) => {
                steady.on_the_way = steady.on_the_way.saturating_sub(1);
                steady.add(1);
            }
            Self::Window(window) => {
                window.on_the_way = window.on_the_way.saturating_sub(1);
                window.answered.push_back(now);
            }
        }
    }

    /// Whether it is as if nothing had ever been taken.
    pub(super) fn is_rested(&self, now: Instant) -> bool {
        match self {
            Self::Steady(steady) => steady.on_the_way == 0 && steady.level.full_at.load(Ordering::Relaxed) <= steady.nanos(),
            Self::Window(window) => {
                window.on_the_way == 0 && window.answered.back().is_none_or(|at| *at + window.span * 2 <= now)
            }
        }
    }
}

impl Steady {
    fn new(every: Duration, burst: NonZeroU32) -> Self {
        let (level, clock) = (Arc::new(Level::default()), TokioClock { since: Instant::now() });
        // A quota of no time at all is none; a nanosecond is as good as no limit.
        let every = every.max(Duration::from_nanos(1));
        let quota = Quota::with_period(every).unwrap_or_else(|| Quota::per_second(NonZeroU32::MAX)).allow_burst(burst);
        let limiter = RateLimiter::new(quota, Kept(Arc::clone(&level)), clock);
        Self { limiter, level, on_the_way: 0, clock, every, burst }
    }

    fn wait(&self, priority: Priority) -> Option<Duration> {
        // Room for one, and beyond that for those on their way and for what is kept for those that matter more.
        let kept = self.burst.get() - priority.share_of(self.burst);
        match self.limiter.check_n(NonZeroU32::MIN.saturating_add(kept).saturating_add(self.on_the_way)) {
            Ok(Ok(())) => None,
            Ok(Err(not_yet)) => Some(not_yet.wait_time_from(self.clock.now()).max(Duration::from_nanos(1))),
            // So much is on its way that there is no room until some of it is answered, and one is forgotten after that.
            Err(_) => Some(self.every),
        }
    }

    /// Counted without asking: whoever takes has asked before, and what is added afterwards was sent.
    fn add(&self, sends: u32) {
        let full_at = self.level.full_at.load(Ordering::Relaxed).max(self.nanos());
        let weight = Nanos::from(self.every.saturating_mul(sends)).as_u64();
        self.level.full_at.store(full_at.saturating_add(weight), Ordering::Relaxed);
    }

    fn nanos(&self) -> u64 {
        Nanos::from(self.clock.now()).as_u64()
    }
}

impl Window {
    fn wait(&mut self, priority: Priority, now: Instant) -> Option<Duration> {
        while self.answered.front().is_some_and(|at| *at + self.span * 2 <= now) {
            self.answered.pop_front();
        }
        let gone = self.answered.partition_point(|at| *at + self.span <= now);
        // When the room of each is free again; of one that is on its way, not before a span is over.
        let leaves = |index: usize| self.answered.get(gone + index).map_or(self.span, |at| *at + self.span - now);
        let (used, room) = (self.answered.len() - gone + self.on_the_way, priority.share_of(self.count) as usize);
        if let Some(index) = used.checked_sub(room) {
            return Some(leaves(index));
        }
        if priority == Priority::Answer {
            return None;
        }
        let left = self.count.get() as usize - used - 1;
        self.leaves_enough(left, leaves).max(self.spreads(gone, used, now)).filter(|wait| !wait.is_zero())
    }

    /// How many are kept for answers while no room comes back.
    fn kept(&self) -> usize {
        self.count.get().saturating_sub(self.burst.get()) as usize
    }

    /// How far from each other the sends of a busy chat are. Room comes back as evenly then, so an answer finds some soon.
    fn between(&self) -> Duration {
        self.span / Priority::Result.share_of(self.count)
    }

    /// How long to wait until answers would find enough room if this was sent and so much was left: one every few seconds,
    /// until all that is kept for them is used up.
    fn leaves_enough(&self, left: usize, leaves: impl Fn(usize) -> Duration) -> Option<Duration> {
        // Until the room of the one with this index is back there are as many answers as are left, and one for each of
        // those before it, whose room is back already.
        let answers = left..self.kept();
        let wait = |(index, answers): (usize, usize)| {
            let lasts = self.between().saturating_mul(u32::try_from(answers).unwrap_or(u32::MAX));
            leaves(index).saturating_sub(lasts)
        };
        (0..).zip(answers).map(wait).max()
    }

    /// How long to wait so that a chat that was busy lately is not so busy again that all its room comes back at once: one that
    /// used up its burst within the last span, or within the one before. The two together tell nothing, because what is no
    /// burst in either, like typing all the time, makes one of both.
    fn spreads(&self, gone: usize, used: usize, now: Instant) -> Option<Duration> {
        let busy = self.kept() > 0 && gone.max(used) >= self.burst.get() as usize;
        let newest = self.newest.filter(|_| busy)?;
        Some((newest + self.between()).saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests;
