//! Pauses between tries: doubling, bounded, and never quite the same, so that many clients do not come back at once.

use std::time::Duration;

/// Growing pauses.
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// Pauses from `first` to `longest`.
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// The pause before the next try: between three quarters and all of the current step.
    pub(super) fn pause(&mut self) -> Duration {
        let step = self.next;
        self.next = (step * 2).min(self.longest);
        step.mul_f64(0.75 + 0.25 * fastrand::f64())
    }

    /// Things are well again.
    pub(super) fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew() {
        let second = Duration::from_secs(1);
        let mut backoff = Backoff::new(second, second * 5);
        for step in [1, 2, 4, 5, 5] {
            let pause = backoff.pause();
            assert!(pause <= second * step && pause >= (second * step).mul_f64(0.74), "{pause:?} in step {step}");
        }
        backoff.reset();
        assert!(backoff.pause() <= second);
    }
}
