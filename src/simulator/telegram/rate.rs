//! The platform's rate limits, as far as they are known: about one message a second in a private chat with short
//! bursts, twenty a minute in a group, thirty a second in all. Edits, drafts and typing count like sends, and a long
//! text in a private chat counts twice. All topics of a chat are one chat.
//!
//! Off unless asked for. Who comes too early is refused with the time to wait, and everything to that chat is refused
//! until that time is over. For tests that cannot wait, all of it can run faster: the same counts in less time.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::simulator::telegram::refusal::Refusal;

/// A burst in a private chat, and in all; either refills over time.
const PRIVATE_BURST: u32 = 5;
const OVERALL_BURST: u32 = 30;
const PRIVATE_INTERVAL: Duration = Duration::from_secs(1);
const OVERALL_INTERVAL: Duration = Duration::from_millis(33);
const GROUP_COUNT: usize = 20;
const GROUP_WINDOW: Duration = Duration::from_mins(1);
/// Longer texts count twice, in UTF-16 units.
const LONG: usize = 500;

/// One message per interval, with a burst: the time at which the bucket will be full again says all.
#[derive(Debug, Default)]
struct Bucket {
    full_at: Option<Instant>,
}

impl Bucket {
    fn wait(&self, interval: Duration, burst: u32, now: Instant) -> Duration {
        let until_full = self.full_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        (until_full + interval).saturating_sub(interval * burst)
    }

    fn take(&mut self, interval: Duration, now: Instant) {
        self.full_at = Some(self.full_at.map_or(now, |at| at.max(now)) + interval);
    }
}

/// What one chat was sent lately.
#[derive(Debug, Default)]
struct ChatLimits {
    private: Bucket,
    group: VecDeque<Instant>,
    held_until: Option<Instant>,
}

impl ChatLimits {
    fn wait(&mut self, is_private: bool, speed: u32, now: Instant) -> Duration {
        let (interval, window) = (PRIVATE_INTERVAL / speed, GROUP_WINDOW / speed);
        let held = self.held_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        if is_private {
            return held.max(self.private.wait(interval, PRIVATE_BURST, now));
        }
        while self.group.front().is_some_and(|at| *at + window <= now) {
            self.group.pop_front();
        }
        match self.group.front() {
            Some(first) if self.group.len() >= GROUP_COUNT => held.max(*first + window - now),
            _ => held,
        }
    }
}

/// The limits and what they count.
#[derive(Debug, Default)]
pub(super) struct RateLimits {
    /// How many times faster than the platform's the limits run; none when they are not enforced.
    pub(super) speed: Option<u32>,
    overall: Bucket,
    chats: BTreeMap<i64, ChatLimits>,
}

impl RateLimits {
    /// Counts one send to a chat, or says why it comes too early.
    pub(super) fn take(&mut self, chat: i64) -> Result<(), Refusal> {
        self.take_text(chat, 0)
    }

    /// As [`RateLimits::take`], for a new message with a text of so many UTF-16 units.
    pub(super) fn take_text(&mut self, chat: i64, length: usize) -> Result<(), Refusal> {
        let Some(speed) = self.speed else { return Ok(()) };
        let (private, overall) = (PRIVATE_INTERVAL / speed, OVERALL_INTERVAL / speed);
        let now = Instant::now();
        let limits = self.chats.entry(chat).or_default();
        let wait = limits.wait(chat > 0, speed, now);
        if !wait.is_zero() {
            let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
            limits.held_until = Some(now + Duration::from_secs(seconds));
            return Err(Refusal { malformed: true, ..Refusal::retry_after(seconds) });
        }
        if !self.overall.wait(overall, OVERALL_BURST, now).is_zero() {
            return Err(Refusal { malformed: true, ..Refusal::retry_after(1) });
        }
        for _ in 0..if length > LONG { 2 } else { 1 } {
            limits.private.take(private, now);
        }
        limits.group.push_back(now);
        self.overall.take(overall, now);
        Ok(())
    }
}
