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
    /// When those that were answered were.
    answered: VecDeque<Instant>,
    on_the_way: usize,
    /// When the newest one was taken.
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

    /// Counts one send, until [`Meter::answered`].
    pub(super) fn take(&mut self, now: Instant) {
        match self {
            Self::Steady(steady) => steady.on_the_way += 1,
            Self::Window(window) => {
                window.on_the_way += 1;
                window.newest = Some(now);
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
            Self::Window(window) => window.on_the_way == 0 && window.answered.back().is_none_or(|at| *at + window.span <= now),
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
        while self.answered.front().is_some_and(|at| *at + self.span <= now) {
            self.answered.pop_front();
        }
        let room = priority.share_of(self.count) as usize;
        let used = self.answered.len() + self.on_the_way;
        // The one whose leaving makes room; those after it stay. One that is on its way stays for a span at least.
        match used.checked_sub(room) {
            Some(leaves) => Some(self.leaves_in(leaves, now)),
            None => self.spreads(priority, room - used, now).filter(|wait| !wait.is_zero()),
        }
    }

    fn leaves_in(&self, index: usize, now: Instant) -> Duration {
        self.answered.get(index).map_or(self.span, |at| *at + self.span - now)
    }

    /// How long to wait so that what is free is spread evenly until more becomes free. Not for answers: the room is theirs.
    fn spreads(&self, priority: Priority, free: usize, now: Instant) -> Option<Duration> {
        let used = self.answered.len() + self.on_the_way;
        let newest = self.newest.filter(|_| priority > Priority::Answer && used >= self.burst.get() as usize)?;
        let until_more = self.leaves_in(0, now) + (now - newest);
        let parts = u32::try_from(free).unwrap_or(u32::MAX).saturating_add(1);
        Some((newest + until_more / parts).saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    /// How many sends of this priority there is room for at once.
    fn room(meter: &mut Meter, priority: Priority) -> usize {
        let mut count = 0;
        while meter.wait(priority, Instant::now()).is_none() {
            meter.take(Instant::now());
            meter.answered(Instant::now());
            count += 1;
        }
        count
    }

    #[tokio::test(start_paused = true)]
    async fn a_steady_rate_gives_a_burst_and_then_its_pace() {
        let second = Duration::from_secs(1);
        let mut meter = Meter::new(Rate::Steady { every: second, burst: of(4) });
        assert_eq!(room(&mut meter, Priority::Answer), 4);
        assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second));
        assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second), "asking counts nothing");
        tokio::time::advance(second).await;
        assert_eq!(room(&mut meter, Priority::Answer), 1);
        tokio::time::advance(second * 4).await;
        assert!(meter.is_rested(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn some_room_is_kept_for_answers_however_long_results_go_on() {
        let second = Duration::from_secs(1);
        let mut meter = Meter::new(Rate::Steady { every: second, burst: of(4) });
        assert_eq!(room(&mut meter, Priority::Result), 3);
        for _ in 0..10 {
            tokio::time::advance(second).await;
            assert_eq!(room(&mut meter, Priority::Result), 1);
        }
        assert_eq!(room(&mut meter, Priority::Typing), 0);
        assert_eq!(room(&mut meter, Priority::Answer), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_send_is_forgotten_from_its_answer_on_and_not_before() {
        let second = Duration::from_secs(1);
        let mut meter = Meter::new(Rate::Steady { every: second, burst: of(4) });
        for _ in 0..4 {
            assert_eq!(meter.wait(Priority::Answer, Instant::now()), None);
            meter.take(Instant::now());
        }
        tokio::time::advance(second * 60).await;
        assert!(meter.wait(Priority::Answer, Instant::now()).is_some(), "all four may be counted only now");
        assert!(!meter.is_rested(Instant::now()));
        meter.answered(Instant::now());
        assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second));
        tokio::time::advance(second).await;
        assert_eq!(meter.wait(Priority::Answer, Instant::now()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_heavier_send_makes_the_next_one_wait_longer() {
        let second = Duration::from_secs(1);
        let mut meter = Meter::new(Rate::Steady { every: second, burst: of(1) });
        meter.take(Instant::now());
        meter.answered(Instant::now());
        meter.add(1);
        assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second * 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_never_holds_more_than_its_count() {
        let second = Duration::from_secs(1);
        let mut meter = Meter::new(Rate::Window { count: of(20), span: second * 60, burst: of(20) });
        assert_eq!(room(&mut meter, Priority::Result), 19);
        assert_eq!(room(&mut meter, Priority::Answer), 1);
        assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second * 60));
        tokio::time::advance(second * 20).await;
        assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second * 40));
        tokio::time::advance(second * 40).await;
        assert!(meter.is_rested(Instant::now()));
        assert_eq!(room(&mut meter, Priority::Answer), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_its_burst_a_window_is_spread_and_answers_find_room_in_between() {
        let second = Duration::from_secs(1);
        let mut meter = Meter::new(Rate::Window { count: of(20), span: second * 60, burst: of(10) });
        let started = Instant::now();
        assert_eq!(room(&mut meter, Priority::Result), 10);
        let mut sent = Vec::new();
        while sent.len() < 100 {
            tokio::time::advance(meter.wait(Priority::Result, Instant::now()).unwrap_or_default()).await;
            if meter.wait(Priority::Result, Instant::now()).is_none() {
                meter.take(Instant::now());
                meter.answered(Instant::now());
                sent.push(started.elapsed());
            }
            assert_eq!(meter.wait(Priority::Answer, Instant::now()), None, "after {:?}", started.elapsed());
        }
        assert!(sent[..9].windows(2).all(|pair| pair[1].saturating_sub(pair[0]) > second * 5), "{sent:?}");
        let gap = sent.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max();
        assert!(gap < Some(second * 8), "{gap:?}");
        assert!(sent[99] < second * (110 / 19 * 60 + 60), "nothing is lost by it: {:?}", sent[99]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_send_keeps_its_place_in_a_window_for_a_span_after_its_answer() {
        let second = Duration::from_secs(1);
        let mut meter = Meter::new(Rate::Window { count: of(2), span: second * 60, burst: of(2) });
        meter.take(Instant::now());
        meter.take(Instant::now());
        assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second * 60), "at least");
        tokio::time::advance(second * 20).await;
        meter.answered(Instant::now());
        tokio::time::advance(second * 59).await;
        assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second));
        tokio::time::advance(second).await;
        assert_eq!(meter.wait(Priority::Answer, Instant::now()), None);
        tokio::time::advance(second * 600).await;
        assert!(!meter.is_rested(Instant::now()), "one is still on its way");
        meter.take(Instant::now());
        assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second * 60));
    }
}
