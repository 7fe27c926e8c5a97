//! Is the gateway's connection alive? A judgement over what can be seen of it, and how long to wait after it was not.
//!
//! serenity mends most breaks by itself within milliseconds, and then nothing happens here. What it cannot mend it
//! does not report either: a shard that spins, one that never gets a session, one that waits for ever for a
//! connection. So it is looked at four times a second, and silence counts.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::adapters::discord::gateway::Vitals;

/// Between two looks.
pub(super) const LOOK: Duration = Duration::from_millis(250);

/// So many looks without a beat of the pulse, and the thread spins. Counted in looks and not in time, so that a machine
/// that slept or a process that was stopped does not count.
const STARVED_LOOKS: u32 = 8;

/// Without a session for so long, and a new connection is made.
const NO_SESSION: Duration = Duration::from_secs(30);

/// Without any sign of life for so long, and a new connection is made. Discord's heartbeat is due every 41 s, and
/// serenity misses it after two of them.
const DEAF: Duration = Duration::from_secs(110);

/// Without a session for so long, and the bot says that it is not ready. Short breaks are nobody's business.
const SHORT_BREAK: Duration = Duration::from_secs(3);

/// So many new sessions within the window are a fault, not life: Discord resets the token of a bot that begins 1000 in a day.
const SESSIONS: usize = 5;
const SESSIONS_WINDOW: Duration = Duration::from_mins(10);

/// What a look says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It works.
    Up,
    /// It does not, but that may be mended by itself.
    Mending,
    /// It does not, and people notice.
    Down,
    /// The thread spins; whatever waits in it waits for ever.
    Spinning,
    /// It will not come back by itself, for this reason.
    Lost(&'static str),
}

/// The judge of one connection.
#[derive(Debug)]
pub(super) struct Watch {
    opened: Instant,
    connected_since: Option<Instant>,
    steady: bool,
    last_connected: Instant,
    last_sign: Instant,
    starved: u32,
    seen: Vitals,
    sessions: VecDeque<Instant>,
}

impl Watch {
    /// Of a connection that is opened now.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            opened: now,
            connected_since: None,
            steady: false,
            last_connected: now,
            last_sign: now,
            starved: 0,
            seen: Vitals::default(),
            sessions: VecDeque::new(),
        }
    }

    /// Something came from Discord.
    pub(super) fn heard(&mut self, now: Instant) {
        self.last_sign = now;
    }

    /// A new session began.
    pub(super) fn session_began(&mut self, now: Instant) {
        self.heard(now);
        self.sessions.push_back(now);
        while self.sessions.len() > SESSIONS {
            self.sessions.pop_front();
        }
    }

    /// Judges what is seen now.
    pub(super) fn look(&mut self, vitals: Option<Vitals>, now: Instant) -> Verdict {
        let vitals = vitals.unwrap_or_else(|| self.seen.clone());
        self.starved = if vitals.beats == self.seen.beats { self.starved + 1 } else { 0 };
        if vitals.latencies != self.seen.latencies {
            self.last_sign = now;
        }
        if vitals.connected {
            let since = *self.connected_since.get_or_insert(now);
            self.steady |= now - since >= Backoff::STEADY;
            self.last_connected = now;
        } else {
            self.connected_since = None;
        }
        let connected = vitals.connected;
        self.seen = vitals;
        if self.starved >= STARVED_LOOKS {
            return Verdict::Spinning;
        }
        if self.flaps(now) {
            return Verdict::Lost("its sessions do not last");
        }
        if now - self.last_sign >= DEAF {
            return Verdict::Lost("nothing is heard from it any more");
        }
        match now - self.last_connected {
            _ if connected => Verdict::Up,
            gone if gone >= NO_SESSION => Verdict::Lost("it gives no session"),
            gone if gone >= SHORT_BREAK => Verdict::Down,
            _ => Verdict::Mending,
        }
    }

    /// When the connection was opened.
    pub(super) fn opened(&self) -> Instant {
        self.opened
    }

    /// Whether the connection was good for long enough that its trouble is a new one.
    pub(super) fn was_steady(&self) -> bool {
        self.steady
    }

    fn flaps(&self, now: Instant) -> bool {
        let first = self.sessions.front().filter(|_| self.sessions.len() >= SESSIONS);
        first.is_some_and(|first| now - *first < SESSIONS_WINDOW)
    }
}

/// How long to wait before the next connection. Grows until at most some hundred sessions a day can begin.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// A connection that was good for so long had no lasting trouble.
    const STEADY: Duration = Duration::from_mins(5);

    /// Longest pause.
    const LONGEST: Duration = Duration::from_mins(10);

    /// Discord takes one identification in five seconds.
    const BETWEEN_SESSIONS: Duration = Duration::from_secs(5);

    /// The pause after a connection that was opened `ago`. The first trouble after a good time has none.
    pub(super) fn pause(&mut self, was_steady: bool, ago: Duration) -> Duration {
        if was_steady {
            self.failures = 0;
        }
        let growing = match self.failures {
            0 => Duration::ZERO,
            failures => Duration::from_secs(1 << failures.min(10)).min(Self::LONGEST),
        };
        self.failures = self.failures.saturating_add(1);
        let jittered = growing.mul_f64(1.0 - fastrand::f64() * 0.2);
        jittered.max(Self::BETWEEN_SESSIONS.saturating_sub(ago))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection that is looked at as the supervisor does, on paper.
    struct Paper {
        watch: Watch,
        now: Instant,
        vitals: Vitals,
    }

    impl Paper {
        fn new() -> Self {
            let now = Instant::now();
            Self { watch: Watch::new(now), now, vitals: Vitals::default() }
        }

        /// Looks until so much time has passed; gives the last verdict.
        fn after(&mut self, time: Duration) -> Verdict {
            let mut verdict = Verdict::Mending;
            let end = self.now + time;
            while self.now < end {
                self.now += LOOK;
                self.vitals.beats += 2;
                verdict = self.watch.look(Some(self.vitals.clone()), self.now);
            }
            verdict
        }
    }

    #[test]
    fn a_connection_is_up_as_long_as_heartbeats_are_answered() {
        let mut paper = Paper::new();
        paper.vitals.connected = true;
        for beat in 0..10 {
            paper.vitals.latencies = vec![Some(Duration::from_micros(30_000 + beat))];
            assert_eq!(paper.after(Duration::from_secs(41)), Verdict::Up);
        }
        assert_eq!(paper.after(DEAF), Verdict::Lost("nothing is heard from it any more"));
    }

    #[test]
    fn a_short_break_is_nobodys_business() {
        let mut paper = Paper::new();
        paper.vitals.connected = true;
        assert_eq!(paper.after(Duration::from_secs(1)), Verdict::Up);
        paper.vitals.connected = false;
        assert_eq!(paper.after(Duration::from_millis(2500)), Verdict::Mending);
        assert_eq!(paper.after(Duration::from_millis(500)), Verdict::Down);
        assert_eq!(paper.after(NO_SESSION), Verdict::Lost("it gives no session"));
    }

    #[test]
    fn a_pulse_that_stops_is_a_thread_that_spins() {
        let mut paper = Paper::new();
        paper.vitals.connected = true;
        assert_eq!(paper.after(LOOK), Verdict::Up);
        let looks: Vec<_> = (0..STARVED_LOOKS).map(|_| paper.watch.look(Some(paper.vitals.clone()), paper.now)).collect();
        let (last, before) = looks.split_last().expect("looks");
        assert_eq!(*last, Verdict::Spinning);
        assert!(before.iter().all(|verdict| *verdict == Verdict::Up));
    }

    #[test]
    fn sessions_that_do_not_last_end_the_connection() {
        let mut paper = Paper::new();
        paper.vitals.connected = true;
        for _ in 1..SESSIONS {
            paper.watch.session_began(paper.now);
            assert_eq!(paper.after(Duration::from_secs(10)), Verdict::Up);
        }
        paper.watch.session_began(paper.now);
        assert_eq!(paper.after(LOOK), Verdict::Lost("its sessions do not last"));
    }

    #[test]
    fn a_day_of_trouble_stays_within_the_budget_of_sessions() {
        let mut backoff = Backoff::default();
        let (mut time, mut connections) = (Duration::ZERO, 0);
        while time < Duration::from_hours(24) {
            connections += 1;
            time += NO_SESSION + backoff.pause(false, NO_SESSION);
        }
        // In the worst case each connection asks for a session every five seconds.
        assert!(connections * 6 < 1000, "{connections}");
    }

    #[test]
    fn the_first_trouble_after_a_good_time_is_mended_at_once() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.pause(false, Duration::from_mins(1)), Duration::ZERO);
        assert!(backoff.pause(false, Duration::from_mins(1)) > Duration::from_secs(1));
        assert_eq!(backoff.pause(true, Duration::from_mins(1)), Duration::ZERO);
        assert_eq!(backoff.pause(true, Duration::from_secs(1)), Duration::from_secs(4));
    }
}
