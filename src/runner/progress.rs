//! What a run reports while it goes on, and what is left of it when it is cancelled in the middle.
//!
//! News go out at most a few times a second. The text of the request under way is kept here and not only in its decoder,
//! because cancelling drops the decoder with everything else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::background::ports::{Progress, ProgressSink};
use crate::domain::draft::Draft;
use crate::domain::usage::Usage;
use crate::runner::estimate;

/// Between two reports of growing text.
const PAUSE: Duration = Duration::from_millis(400);
/// Silence of the model that is worth a word.
const QUIET: Duration = Duration::from_mins(2);

/// Reports one run. Shared between the call under way and the loop around it.
pub(crate) struct Reporter {
    sink: Arc<dyn ProgressSink>,
    live: Mutex<Live>,
    /// The run's: then nothing is waited for any more that may follow a whole answer.
    cancel: CancellationToken,
}

struct Live {
    phase: String,
    step: u32,
    /// What ended requests used.
    spent: Usage,
    /// What the request under way sends, in bytes; zero when none is.
    sent: usize,
    /// Its reasoning and tool calls, in bytes.
    work: usize,
    /// Its text.
    text: String,
    /// Whether its answer has ended by its own word.
    whole: bool,
    /// The longest text of a request of this call that broke.
    lost: String,
    last_news: Instant,
    last_report: Option<Instant>,
}

impl Live {
    fn usage(&self) -> Usage {
        let mut usage = self.spent;
        if self.sent > 0 {
            usage.add(&Usage {
                input: estimate::quick(self.sent),
                output: estimate::quick(self.text.len() + self.work),
                reasoning: estimate::quick(self.work),
                estimated: true,
                ..Usage::default()
            });
        }
        usage
    }

    fn progress(&mut self, phase: Option<String>) -> Progress {
        self.last_report = Some(Instant::now());
        Progress {
            phase: phase.unwrap_or_else(|| self.phase.clone()),
            step: self.step,
            usage: self.usage(),
            text: Draft::newest(&self.text),
        }
    }
}

impl Reporter {
    /// Reports to this sink, for a run that this token cancels.
    pub(crate) fn new(sink: Arc<dyn ProgressSink>, cancel: CancellationToken) -> Self {
        let live = Live {
            phase: String::new(),
            step: 0,
            spent: Usage::default(),
            sent: 0,
            work: 0,
            text: String::new(),
            whole: false,
            lost: String::new(),
            last_news: Instant::now(),
            last_report: None,
        };
        Self { sink, live: Mutex::new(live), cancel }
    }

    /// Call number `step` begins.
    pub(crate) fn begin_call(&self, step: u32) {
        self.with(|live| {
            live.step = step;
            live.lost.clear();
            live.text.clear();
            None
        });
    }

    /// A request of `bytes` bytes of messages goes out. `phase` says so.
    pub(crate) fn begin_request(&self, bytes: usize, phase: String) {
        self.with(|live| {
            live.sent = bytes.max(1);
            live.whole = false;
            live.last_news = Instant::now();
            live.phase = phase;
            Some(live.progress(None))
        });
    }

    /// The answer of the request under way has ended by its own word.
    pub(crate) fn whole(&self) {
        self.live().whole = true;
    }

    /// Whether the newest request has brought a whole answer.
    pub(crate) fn is_whole(&self) -> bool {
        self.live().whole
    }

    /// Completes when the run is cancelled.
    pub(crate) async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    /// The request ended and used so much. Its text is replaced by what the next one brings.
    pub(crate) fn end_request(&self, usage: &Usage) {
        self.with(|live| {
            live.spent.add(usage);
            (live.sent, live.work) = (0, 0);
            let text = std::mem::take(&mut live.text);
            if text.len() > live.lost.len() {
                live.lost = text;
            }
            None
        });
    }

    /// Nothing is under way; `phase` says why.
    pub(crate) fn waiting(&self, phase: String) {
        self.with(|live| {
            live.last_news = Instant::now();
            live.phase = phase;
            Some(live.progress(None))
        });
    }

    /// More text came.
    pub(crate) fn text(&self, piece: &str) {
        self.with(|live| {
            live.text.push_str(piece);
            Self::news(live, "writing")
        });
    }

    /// There are so many bytes of reasoning and tool calls now.
    pub(crate) fn work(&self, bytes: usize) {
        self.with(|live| {
            live.work = bytes;
            Self::news(live, if live.text.is_empty() { "thinking" } else { "writing" })
        });
    }

    /// Called now and then: says so when the model has been silent for minutes.
    pub(crate) fn tick(&self, now: Instant) {
        self.with(|live| {
            let quiet = now.saturating_duration_since(live.last_news);
            let minutes = quiet.as_secs() / 60;
            let phase = format!("no news from the model for {minutes} min");
            (live.sent > 0 && quiet >= QUIET).then(|| live.progress(Some(phase)))
        });
    }

    /// What there is of the answer to the call under way, and what the run has used so far.
    pub(crate) fn so_far(&self) -> (String, Usage) {
        let live = self.live();
        let longest = if live.text.len() >= live.lost.len() { &live.text } else { &live.lost };
        (longest.clone(), live.usage())
    }

    fn news(live: &mut Live, phase: &str) -> Option<Progress> {
        live.last_news = Instant::now();
        let changed = live.phase != phase;
        phase.clone_into(&mut live.phase);
        let due = live.last_report.is_none_or(|at| at.elapsed() >= PAUSE);
        (changed || due).then(|| live.progress(None))
    }

    /// Changes the state and reports outside the lock, because a sink is somebody else's code.
    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with(&self, change: impl FnOnce(&mut Live) -> Option<Progress>) {
        let progress = change(&mut self.live());
        if let Some(progress) = progress {
            self.sink.report(progress);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::mock::Diary;

    #[test]
    fn a_model_that_is_silent_for_minutes_is_reported_until_it_speaks_again() {
        let diary = Arc::new(Diary::default());
        let reporter = Reporter::new(Arc::<Diary>::clone(&diary), CancellationToken::new());
        let later = |seconds| Instant::now() + Duration::from_secs(seconds);
        reporter.tick(later(500));
        reporter.begin_request(40, "waiting for the model".to_owned());
        reporter.tick(later(119));
        reporter.tick(later(121));
        reporter.tick(later(185));
        reporter.text("Hello");
        reporter.end_request(&Usage::default());
        reporter.tick(later(500));
        let expected =
            ["waiting for the model", "no news from the model for 2 min", "no news from the model for 3 min", "writing"];
        assert_eq!(diary.phases(), expected);
    }

    #[test]
    fn the_longest_text_of_a_broken_request_is_kept_for_a_run_that_is_cancelled() {
        let reporter = Reporter::new(Arc::<Diary>::default(), CancellationToken::new());
        reporter.begin_call(1);
        reporter.begin_request(40, String::new());
        reporter.text("a long text");
        reporter.end_request(&Usage { input: 7, ..Usage::default() });
        reporter.begin_request(40, String::new());
        reporter.text("short");
        let (text, usage) = reporter.so_far();
        assert_eq!((text.as_str(), usage.input, usage.output, usage.estimated), ("a long text", 17, 2, true));
        reporter.begin_call(2);
        assert_eq!(reporter.so_far().0, "");
    }
}
