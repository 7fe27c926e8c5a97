//! Holds all runs back while the provider is in trouble, so that its recovery is not met by a hundred retries.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// So many failures open it.
const FAILURES: usize = 5;
/// If they fall within this time.
const WINDOW: Duration = Duration::from_mins(1);
/// For so long.
const OPEN: Duration = Duration::from_secs(30);

/// A circuit breaker for one provider, shared by all runs.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: VecDeque<Instant>,
    open_until: Option<Instant>,
}

impl Breaker {
    /// How long a new call has to wait; none when it may go ahead.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let left = state.open_until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// A request failed in a way that is the provider's fault.
    pub(crate) fn failed(&self, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures.push_back(now);
        while state.failures.front().is_some_and(|at| now - *at > WINDOW) {
            state.failures.pop_front();
        }
        if state.failures.len() >= FAILURES {
            state.failures.clear();
            state.open_until = Some(now + OPEN);
        }
    }

    /// A request was answered.
    pub(crate) fn succeeded(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_within_a_minute_open_it_for_half_a_minute() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..4 {
            breaker.failed(now);
        }
        assert_eq!(breaker.wait(now), None);
        breaker.failed(now);
        assert_eq!(breaker.wait(now), Some(OPEN));
        assert_eq!(breaker.wait(now + OPEN), None);
    }

    #[test]
    fn failures_far_apart_or_followed_by_an_answer_do_not_add_up() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for n in 0..20 {
            breaker.failed(now + n * Duration::from_secs(16));
            assert_eq!(breaker.wait(now + n * Duration::from_secs(16)), None);
        }
        for _ in 0..20 {
            breaker.failed(now);
            breaker.succeeded();
        }
        assert_eq!(breaker.wait(now), None);
    }
}
