//! When a card is shown anew: a pure decision from what it shows, what it should show, and the time.

use std::time::Duration;

use tokio::time::Instant;

use crate::background::cards::Shown;
use crate::domain::card::{Face, Stage};

/// Changes within a stage are shown at most so often.
const BY_CHANGE: Duration = Duration::from_secs(10);
/// A running task without any change is shown so often, with the time that has passed.
const HEARTBEAT: Duration = Duration::from_mins(1);
/// The start of a task is owed, and shown by the delivery of what is owed; only after this time it is shown in passing.
const START_IS_OWED: Duration = Duration::from_millis(1500);

/// The result of a task is owed as soon as it has ended, and should be there before its card says that it is over.
const AFTER_THE_RESULT: Duration = Duration::from_millis(300);

/// What is known of one card between two looks at it.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    /// What it should show.
    pub(crate) face: Face,
    /// Since when that has been its stage, and its face.
    stage_since: Instant,
    face_since: Instant,
    /// Tries to show it since it last changed, and when the next one may be.
    tries: u32,
    not_before: Option<Instant>,
}

impl Track {
    /// A card that should show this from now on.
    pub(crate) fn new(face: Face, now: Instant) -> Self {
        Self { face, stage_since: now, face_since: now, tries: 0, not_before: None }
    }

    /// Takes over what the card should show now.
    pub(crate) fn follow(&mut self, face: Face, now: Instant) {
        if self.face == face {
            return;
        }
        if self.face.stage() != face.stage() {
            (self.stage_since, self.tries, self.not_before) = (now, 0, None);
        }
        (self.face, self.face_since) = (face, now);
    }

    /// For how long it should have been showing just this.
    pub(crate) fn unchanged(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.face_since)
    }

    /// When it is to be shown anew; none while there is nothing new.
    pub(crate) fn due(&self, shown: Option<&Shown>) -> Option<Instant> {
        let due = self.changed_at(shown)?;
        Some(self.not_before.map_or(due, |not_before| not_before.max(due)))
    }

    /// As [`Track::due`], whatever came of earlier tries.
    pub(crate) fn changed_at(&self, shown: Option<&Shown>) -> Option<Instant> {
        let Some(shown) = shown else { return Some(self.stage_since) };
        let stage = shown.face.as_ref().map_or(Stage::Queued, Face::stage);
        match (stage, &self.face) {
            (Stage::Ended, Face::Ended) => None,
            (_, Face::Ended) => Some(self.stage_since + AFTER_THE_RESULT),
            (Stage::Queued, Face::Running { .. }) => Some(self.stage_since + START_IS_OWED),
            (Stage::Queued, Face::Queued { .. }) | (Stage::Running, Face::Running { .. }) => {
                if shown.face.as_ref() != Some(&self.face) {
                    return Some(shown.at + BY_CHANGE);
                }
                (stage == Stage::Running).then(|| shown.at + HEARTBEAT)
            }
            (Stage::Running, Face::Queued { .. }) | (Stage::Ended, _) => Some(self.stage_since),
        }
    }

    /// How often it was handed over since it last changed or was shown.
    pub(crate) const fn tries(&self) -> u32 {
        self.tries
    }

    /// It was handed over to be shown. If it is still due after a pause, it is handed over again; the pauses grow.
    pub(crate) fn tried(&mut self, now: Instant) {
        let pause = BY_CHANGE * 2_u32.saturating_pow(self.tries.min(6));
        self.tries = self.tries.saturating_add(1);
        self.not_before = Some(now + pause);
    }

    /// It could not be shown yet, which is nobody's fault.
    pub(crate) fn put_off(&mut self, until: Instant) {
        (self.tries, self.not_before) = (0, Some(until));
    }

    /// It was shown.
    pub(crate) fn succeeded(&mut self) {
        (self.tries, self.not_before) = (0, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued(ahead: usize) -> Face {
        Face::Queued { ahead }
    }

    fn running(tokens: u64) -> Face {
        Face::Running { phase: "writing".to_owned(), step: 1, tokens }
    }

    fn shown(face: Option<Face>, at: Instant) -> Shown {
        Shown { face, text: String::new(), buttons: Vec::new(), at }
    }

    /// After how many milliseconds a card that shows `before` is due to show `after`.
    fn check(before: Option<&Face>, after: &Face, expected: Option<u64>) {
        let now = Instant::now();
        let due = Track::new(after.clone(), now).due(Some(&shown(before.cloned(), now)));
        let due = due.map(|due| u64::try_from((due - now).as_millis()).unwrap());
        assert_eq!(due, expected, "{before:?} -> {after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn each_change_has_its_time() {
        check(Some(&queued(2)), &queued(2), None);
        check(Some(&queued(2)), &queued(1), Some(10_000));
        check(None, &queued(0), Some(10_000));
        check(Some(&queued(0)), &running(0), Some(1_500));
        check(Some(&running(5)), &running(9), Some(10_000));
        check(Some(&running(5)), &running(5), Some(60_000));
        check(Some(&running(5)), &queued(0), Some(0));
        check(Some(&running(5)), &Face::Ended, Some(300));
        check(Some(&queued(0)), &Face::Ended, Some(300));
        check(Some(&Face::Ended), &Face::Ended, None);
        let now = Instant::now();
        assert_eq!(Track::new(running(0), now).due(None), Some(now), "nobody knows what it shows");
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_shown_is_tried_again_after_growing_pauses() {
        let (start, shown) = (Instant::now(), shown(Some(running(0)), Instant::now()));
        let mut track = Track::new(running(0), start);
        track.follow(Face::Ended, start);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            let now = track.due(Some(&shown)).unwrap();
            track.tried(now);
            pauses.push((track.due(Some(&shown)).unwrap() - now).as_secs());
        }
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 640, 640]);
        track.put_off(start + Duration::from_secs(1));
        assert_eq!(track.due(Some(&shown)), Some(start + Duration::from_secs(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_stage_does_not_wait_for_what_failed_in_the_one_before() {
        let start = Instant::now();
        let mut track = Track::new(running(0), start);
        track.tried(start);
        track.follow(Face::Ended, start + Duration::from_secs(2));
        assert_eq!(track.due(Some(&shown(Some(running(0)), start))), Some(start + Duration::from_millis(2_300)));
        assert_eq!(track.tries(), 0);
    }
}
