//! What Discord has told us not to do for a while.
//!
//! A bot that goes on asking is punished: a spent bucket answers 429, 429s and refused tokens count as invalid requests,
//! and 10,000 of those in ten minutes shut out the whole address. So the answers are remembered here, and a request
//! that is known to fail is not made at all: its caller is told to wait, exactly as Discord would tell it.
//! Answers to interactions are outside of the bot's limits at Discord, so they only leave their marks here.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::adapters::discord::error::ApiError;

/// How long no request is made after the token was refused. One request each five minutes finds out whether it still is.
const REFUSED_TOKEN: Duration = Duration::from_mins(5);

/// The time in which invalid requests are counted, as Discord does it.
const INVALID_WINDOW: Duration = Duration::from_mins(10);

/// So many invalid requests within the window stop everything: far below Discord's 10,000.
const INVALID_LIMIT: usize = 500;

/// Longest wait that is believed.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// The wait of a 429 that does not say how long.
const UNSAID_WAIT: Duration = Duration::from_secs(5);

/// A route and the channel or guild it is about: what Discord limits on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Bucket {
    /// The route's template.
    pub(super) route: &'static str,
    /// The channel, guild or application.
    pub(super) major: u64,
}

/// What an answer says about limits.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Limits {
    /// Seconds to wait, of a 429.
    pub(super) retry_after: Option<f64>,
    /// The whole bot is to wait.
    pub(super) global: bool,
    /// The limit is of the channel, shared with others; not our fault.
    pub(super) shared: bool,
    /// Requests left in the bucket.
    pub(super) remaining: Option<u64>,
    /// Seconds until the bucket is full again.
    pub(super) reset_after: Option<f64>,
}

/// Remembers what Discord has told us. The time is passed in.
#[derive(Debug, Default)]
pub(super) struct Restraint {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    token_refused_until: Option<Instant>,
    all_until: Option<Instant>,
    buckets: HashMap<Bucket, Instant>,
    invalid: VecDeque<Instant>,
}

impl Restraint {
    /// Whether a request of this bucket may be made now.
    pub(super) fn check(&self, bucket: Bucket, now: Instant) -> Result<(), ApiError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.token_refused_until.is_some_and(|until| now < until) {
            return Err(ApiError::Unauthorized);
        }
        let own = state.buckets.get(&bucket).copied();
        let until = [state.all_until, own, state.too_many_invalid(now)].into_iter().flatten().max();
        match until {
            Some(until) if now < until => Err(ApiError::RetryAfter(until - now)),
            _ => Ok(()),
        }
    }

    /// Learns from the answer to a request of the bot. Gives the wait that a 429 asks for.
    pub(super) fn learn(&self, bucket: Bucket, status: u16, limits: Limits, now: Instant) -> Option<Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.count_invalid(status, limits, now);
        match status {
            401 => state.token_refused_until = Some(now + REFUSED_TOKEN),
            _ => state.token_refused_until = None,
        }
        if status == 429 {
            let wait = limits.wait();
            if limits.global {
                state.all_until = Some(now + wait);
            } else {
                state.hold(bucket, now, wait);
            }
            return Some(wait);
        }
        if let (Some(0), Some(reset_after)) = (limits.remaining, limits.reset_after) {
            state.hold(bucket, now, seconds(reset_after));
        }
        None
    }

    /// Learns from the answer to a request that an interaction's token allowed: it counts when it was invalid.
    pub(super) fn note(&self, status: u16, limits: Limits, now: Instant) -> Option<Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.count_invalid(status, limits, now);
        (status == 429).then(|| limits.wait())
    }
}

impl State {
    fn count_invalid(&mut self, status: u16, limits: Limits, now: Instant) {
        if matches!(status, 401 | 403) || (status == 429 && !limits.shared) {
            self.invalid.push_back(now);
        }
        while self.invalid.len() > INVALID_LIMIT {
            self.invalid.pop_front();
        }
    }

    /// Until when nothing may be asked because too much was refused.
    fn too_many_invalid(&mut self, now: Instant) -> Option<Instant> {
        while self.invalid.front().is_some_and(|first| now.duration_since(*first) >= INVALID_WINDOW) {
            self.invalid.pop_front();
        }
        let first = self.invalid.front().filter(|_| self.invalid.len() >= INVALID_LIMIT);
        first.map(|first| *first + INVALID_WINDOW)
    }

    fn hold(&mut self, bucket: Bucket, now: Instant, wait: Duration) {
        self.buckets.retain(|_, until| now < *until);
        self.buckets.insert(bucket, now + wait);
    }
}

impl Limits {
    /// How long a 429 asks to wait; a few seconds when it does not say.
    fn wait(&self) -> Duration {
        self.retry_after.or(self.reset_after).map_or(UNSAID_WAIT, seconds)
    }
}

fn seconds(seconds: f64) -> Duration {
    let bounded = seconds.clamp(0.0, LONGEST_WAIT.as_secs_f64());
    Duration::try_from_secs_f64(bounded).unwrap_or(UNSAID_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Bucket = Bucket { route: "POST /channels/{channel}/messages", major: 1 };
    const THERE: Bucket = Bucket { route: "POST /channels/{channel}/messages", major: 2 };

    fn limited(retry_after: f64, global: bool) -> Limits {
        Limits { retry_after: Some(retry_after), global, ..Limits::default() }
    }

    #[test]
    fn a_spent_bucket_holds_its_channel_only() {
        let (restraint, now) = (Restraint::default(), Instant::now());
        let spent = Limits { remaining: Some(0), reset_after: Some(1.5), ..Limits::default() };
        assert_eq!(restraint.learn(HERE, 200, spent, now), None);
        assert_eq!(restraint.check(HERE, now), Err(ApiError::RetryAfter(Duration::from_millis(1500))));
        assert_eq!(restraint.check(THERE, now), Ok(()));
        assert_eq!(restraint.check(HERE, now + Duration::from_millis(1500)), Ok(()));
    }

    #[test]
    fn a_global_limit_holds_everything() {
        let (restraint, now) = (Restraint::default(), Instant::now());
        assert_eq!(restraint.learn(HERE, 429, limited(3.0, true), now), Some(Duration::from_secs(3)));
        assert_eq!(restraint.check(THERE, now), Err(ApiError::RetryAfter(Duration::from_secs(3))));
    }

    #[test]
    fn a_refused_token_is_asked_again_after_a_while_only() {
        let (restraint, now) = (Restraint::default(), Instant::now());
        restraint.learn(HERE, 401, Limits::default(), now);
        assert_eq!(restraint.check(THERE, now), Err(ApiError::Unauthorized));
        assert_eq!(restraint.check(THERE, now + REFUSED_TOKEN), Ok(()));
    }

    #[test]
    fn too_many_invalid_requests_stop_the_bot() {
        let (restraint, now) = (Restraint::default(), Instant::now());
        for _ in 0..INVALID_LIMIT {
            assert_eq!(restraint.check(THERE, now), Ok(()));
            restraint.learn(HERE, 403, Limits::default(), now);
        }
        assert_eq!(restraint.check(THERE, now), Err(ApiError::RetryAfter(INVALID_WINDOW)));
        assert_eq!(restraint.check(THERE, now + INVALID_WINDOW), Ok(()));
    }

    #[test]
    fn limits_that_others_share_are_not_invalid_requests() {
        let (restraint, now) = (Restraint::default(), Instant::now());
        for _ in 0..=INVALID_LIMIT {
            restraint.learn(HERE, 429, Limits { shared: true, ..limited(0.0, false) }, now);
        }
        assert_eq!(restraint.check(THERE, now), Ok(()));
    }

    #[test]
    fn odd_waits_do_not_hurt() {
        let wait = |limits| Restraint::default().learn(HERE, 429, limits, Instant::now());
        assert_eq!(wait(limited(f64::NAN, false)), Some(UNSAID_WAIT));
        assert_eq!(wait(limited(-1.0, false)), Some(Duration::ZERO));
        assert_eq!(wait(limited(1e30, false)), Some(LONGEST_WAIT));
        assert_eq!(wait(Limits::default()), Some(UNSAID_WAIT));
    }
}
