//! What Discord has told us about its limits.
//!
//! A bot that goes on asking is punished: a spent bucket answers 429, 429s and refused tokens count as invalid requests,
//! and 10,000 of those in ten minutes shut out the whole address. So the answers are remembered here, and a request
//! that is known to fail is not made at all: its caller is told to wait, exactly as Discord would tell it.
//!
//! Discord counts by bucket and major parameter, and only its answers tell which routes share a bucket. Until then a
//! route is its own. What is left of a bucket is given out request by request: those on their way have their share
//! already, so requests at the same time cannot spend it twice. Answers to interactions are outside of the bot's own
//! limits at Discord, so what stops the bot does not stop them.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// What Discord takes in any second, answers to interactions not counted. Every request of the process is counted here,
/// also the one that the gateway's library makes, so nothing is left unused out of caution.
const GLOBAL_LIMIT: usize = 50;
const GLOBAL_WINDOW: Duration = Duration::from_secs(1);

/// Windows that are remembered before those that are over are looked for and forgotten.
const REMEMBERED: usize = 1024;

/// A route and what it is about: what Discord limits on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Bucket {
    /// The route's template.
    pub(super) route: &'static str,
    /// The channel, guild or application, or what stands for an interaction's token.
    pub(super) major: u64,
    /// Whether an interaction's token opens it, so that it does not count against the bot.
    pub(super) open: bool,
}

/// What an answer says about limits.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Limits {
    /// Seconds to wait, of a 429.
    pub(super) retry_after: Option<f64>,
    /// The whole bot is to wait.
    pub(super) global: bool,
    /// The limit is of the channel, shared with others; not our fault.
    pub(super) shared: bool,
    /// Discord's name of the bucket.
    pub(super) bucket: Option<String>,
    /// Requests that a whole bucket holds.
    pub(super) limit: Option<u64>,
    /// Requests left in the bucket.
    pub(super) remaining: Option<u64>,
    /// Seconds until the bucket is full again.
    pub(super) reset_after: Option<f64>,
}

/// Remembers what Discord has told us. The time is passed in.
#[derive(Debug)]
pub(super) struct Restraint {
    state: Arc<Mutex<State>>,
    global_window: Duration,
}

/// A request that may be made, until it is answered or lost. Discord counts it at some time in between.
#[must_use = "it is on its way until this is dropped"]
pub(super) struct OnTheWay {
    state: Arc<Mutex<State>>,
    counted: bool,
}

impl Drop for OnTheWay {
    fn drop(&mut self) {
        if self.counted {
            let mut state = locked(&self.state);
            state.on_the_way = state.on_the_way.saturating_sub(1);
            state.answered.push_back(Instant::now());
        }
    }
}

#[derive(Debug, Default)]
struct State {
    token_refused_until: Option<Instant>,
    all_until: Option<Instant>,
    /// Discord's names of the buckets of routes, as far as they were told.
    names: HashMap<&'static str, String>,
    windows: HashMap<(String, u64), Window>,
    invalid: VecDeque<Instant>,
    /// Requests of the bot that were answered within the last second, and those that are not answered yet.
    answered: VecDeque<Instant>,
    on_the_way: usize,
}

/// What is left of a bucket, and until when.
#[derive(Debug, Clone, Copy)]
struct Window {
    limit: u64,
    left: u64,
    until: Instant,
    /// How long a window lasts, as far as it was seen: the next one is as long.
    length: Duration,
}

impl Restraint {
    /// Of a server whose limits run so many times faster than Discord's.
    pub(super) fn new(faster: NonZeroU32) -> Self {
        Self { state: Arc::default(), global_window: GLOBAL_WINDOW / faster.get() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Whether a request of this bucket may be made now; it has its share of the bucket then.
    pub(super) fn check(&self, bucket: Bucket, now: Instant) -> Result<OnTheWay, ApiError> {
        let mut state = self.state();
        if !bucket.open {
            if state.token_refused_until.is_some_and(|until| now < until) {
                return Err(ApiError::Unauthorized);
            }
            let until = state.all_until.max(state.too_many_invalid(now)).max(state.spent_until(self.global_window, now));
            if let Some(until) = until.filter(|until| now < *until) {
                return Err(ApiError::RetryAfter(until - now));
            }
        }
        if let Some(window) = state.window(bucket) {
            if window.until <= now {
                // A new window begins with whoever asks first; the answer says how much it really holds.
                (window.left, window.until) = (window.limit, now + window.length);
            }
            if window.left == 0 {
                return Err(ApiError::RetryAfter(window.until - now));
            }
            window.left -= 1;
        }
        let counted = !bucket.open;
        state.on_the_way += usize::from(counted);
        Ok(OnTheWay { state: Arc::clone(&self.state), counted })
    }

    /// Learns from the answer to a request. Gives the wait that a 429 asks for.
    pub(super) fn learn(&self, bucket: Bucket, status: u16, limits: &Limits, now: Instant) -> Option<Duration> {
        let mut state = self.state();
        state.count_invalid(status, limits, now);
        if !bucket.open {
            state.token_refused_until = (status == 401).then(|| now + REFUSED_TOKEN);
        }
        if let Some(name) = &limits.bucket {
            state.rename(bucket, name);
        }
        if status == 429 {
            let wait = limits.wait();
            if limits.global && !bucket.open {
                state.all_until = Some(now + wait);
            } else {
                state.put(
                    bucket,
                    Window { limit: limits.limit.unwrap_or(1).max(1), left: 0, until: now + wait, length: wait },
                    now,
                );
            }
            return Some(wait);
        }
        if let (Some(remaining), Some(reset_after)) = (limits.remaining, limits.reset_after) {
            state.note(bucket, limits.limit, remaining, seconds(reset_after), now);
        }
        None
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn count_invalid(&mut self, status: u16, limits: &Limits, now: Instant) {
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

    /// When the bot may make its next request, if it has made as many as it may.
    fn spent_until(&mut self, window: Duration, now: Instant) -> Option<Instant> {
        while self.answered.front().is_some_and(|at| *at + window <= now) {
            self.answered.pop_front();
        }
        let spent = (self.answered.len() + self.on_the_way).checked_sub(GLOBAL_LIMIT)?;
        Some(self.answered.get(spent).map_or(now, |at| *at) + window)
    }

    fn key(&self, bucket: Bucket) -> (String, u64) {
        (self.names.get(bucket.route).cloned().unwrap_or_else(|| bucket.route.to_owned()), bucket.major)
    }

    fn window(&mut self, bucket: Bucket) -> Option<&mut Window> {
        let key = self.key(bucket);
        self.windows.get_mut(&key)
    }

    fn put(&mut self, bucket: Bucket, window: Window, now: Instant) {
        if self.windows.len() >= REMEMBERED {
            self.windows.retain(|_, window| now < window.until);
        }
        let key = self.key(bucket);
        self.windows.insert(key, window);
    }

    /// A route's bucket has a name now; what was known of the route is what is known of the bucket.
    fn rename(&mut self, bucket: Bucket, name: &str) {
        if self.names.get(bucket.route).is_some_and(|known| known == name) {
            return;
        }
        let known = self.windows.remove(&self.key(bucket));
        self.names.insert(bucket.route, name.to_owned());
        if let Some(known) = known {
            let key = self.key(bucket);
            self.windows.entry(key).or_insert(known);
        }
    }

    /// An answer says how much is left. Within a window nothing comes back, so the smaller of what it says and what we
    /// have given out is true.
    fn note(&mut self, bucket: Bucket, limit: Option<u64>, remaining: u64, reset: Duration, now: Instant) {
        let known = self.window(bucket).copied().filter(|window| now < window.until);
        let window = match known {
            Some(known) => Window {
                limit: limit.unwrap_or(known.limit),
                left: remaining.min(known.left),
                until: now + reset,
                length: known.length.max(reset),
            },
            None => Window { limit: limit.unwrap_or(remaining + 1), left: remaining, until: now + reset, length: reset },
        };
        self.put(bucket, window, now);
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
mod tests;
