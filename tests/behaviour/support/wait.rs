//! A condition that is waited for: looked at again and again, and told when that was in vain.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

/// How long a condition may take to come true, on a busy machine too.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long by a clock that is paused, and goes on whenever nothing else does.
pub const PAUSED_PATIENCE: Duration = Duration::from_mins(10);

/// The same by the clock on the wall, which alone goes on where a file is waited for.
const WALL_PATIENCE: Duration = Duration::from_mins(1);

/// One wait.
pub struct Wait {
    began: Instant,
    patience: Duration,
    really_began: std::time::Instant,
    real_patience: Duration,
    ticks: Interval,
}

impl Wait {
    /// A wait of the usual length.
    pub fn begin() -> Self {
        Self::at_most(PATIENCE)
    }

    /// A wait of this length.
    pub fn at_most(patience: Duration) -> Self {
        Self::with(patience, patience)
    }

    /// A wait in a test whose clock is paused.
    pub fn paused() -> Self {
        Self::with(PAUSED_PATIENCE, WALL_PATIENCE)
    }

    fn with(patience: Duration, real_patience: Duration) -> Self {
        Self { began: Instant::now(), patience, really_began: std::time::Instant::now(), real_patience, ticks: ticks() }
    }

    /// Waits a little, until the next look; fails with what is the matter when that was often enough.
    pub async fn goes_on(&mut self, matter: impl FnOnce() -> String) {
        let in_time = self.began.elapsed() < self.patience && self.really_began.elapsed() < self.real_patience;
        assert!(in_time, "{}", matter());
        self.ticks.tick().await;
    }
}

fn ticks() -> Interval {
    let mut ticks = interval(Duration::from_millis(10));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
