//! One request from its start to a whole turn or to the reason why there is none, within its time limits.
//!
//! Silence is judged by what it means: before the first piece of an answer a model may think for long, afterwards the
//! connection is watched by its bytes (comments count, they are sent for that) and the model by its words.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::domain::time::Timestamp;
use crate::runner::decode::{Seen, Stop, Turn};
use crate::runner::problem::{Problem, Stall};
use crate::runner::progress::Reporter;
use crate::runner::reading::{Broken, Reading};
use crate::runner::rejection::Rejection;
use crate::runner::transport::{Answer, Transport};

/// After its last word an answer may be followed by a report of usage; nobody waits longer for that.
const LINGER: Duration = Duration::from_secs(5);

/// Time limits of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// To the first piece of the answer.
    pub(crate) first_token: Duration,
    /// Without any byte after that.
    pub(crate) byte_idle: Duration,
    /// Without any piece of the answer though bytes flow.
    pub(crate) event_idle: Duration,
    /// In all.
    pub(crate) call: Duration,
}

/// What one request brought.
pub(crate) struct Attempt {
    /// The whole answer, or why there is none.
    pub(crate) result: Result<Turn, Broke>,
    /// The HTTP status, if there was one.
    pub(crate) status: Option<u16>,
    /// The provider's name for the request.
    pub(crate) request_id: Option<String>,
    /// Time to the first piece of the answer.
    pub(crate) first_token: Option<Duration>,
    /// Time in all.
    pub(crate) total: Duration,
}

/// A request without a whole answer.
pub(crate) struct Broke {
    /// Why.
    pub(crate) problem: Problem,
    /// What had come by then; none when no answer began.
    pub(crate) part: Option<Turn>,
}

/// Makes one request.
///
/// # Cancel safety
/// Dropping the future closes the connection at once; `reporter` keeps what had come.
pub(crate) async fn attempt(transport: &Transport, body: &Value, limits: Limits, now: Timestamp, reporter: &Reporter) -> Attempt {
    let mut pace = Pace::new(limits);
    let (deadline, silence) = pace.deadline(false);
    let sent = timeout_at(deadline, transport.send(body, now)).await;
    let (result, status, request_id) = match sent {
        Err(_) => (Err(Broke { problem: silence, part: None }), None, None),
        Ok(Err(unanswered)) => {
            let broke = Broke { problem: unanswered.problem, part: None };
            (Err(broke), unanswered.status, unanswered.request_id)
        }
        Ok(Ok(mut answer)) => {
            let (status, id) = (answer.status, answer.request_id.take());
            (read(answer, &mut pace, reporter).await, Some(status), id)
        }
    };
    let first_token = pace.first_news.map(|at| at - pace.started);
    Attempt { result, status, request_id, first_token, total: pace.started.elapsed() }
}

async fn read(mut answer: Answer, pace: &mut Pace, reporter: &Reporter) -> Result<Turn, Broke> {
    let mut reading = Reading::new(answer.shape);
    let problem = loop {
        let (deadline, silence) = pace.deadline(reading.is_whole());
        let next = tokio::select! {
            next = timeout_at(deadline, answer.chunk()) => next,
            () = reporter.cancelled(), if reading.is_whole() => break None,
        };
        let chunk = match next {
            // What has ended by its own word is whole, however the connection ends.
            Err(_) | Ok(Err(_)) if reading.is_whole() => break None,
            Err(_) => break Some(silence),
            Ok(Err(problem)) => break Some(problem),
            Ok(Ok(None)) => break reading.end().err().map(problem_of),
            Ok(Ok(Some(chunk))) => chunk,
        };
        let before = reading.text().len();
        let seen = reading.feed(&chunk);
        pace.bytes();
        if reading.text().len() > before {
            reporter.text(reading.text().get(before..).unwrap_or_default());
        }
        match seen {
            Err(broken) => break Some(problem_of(broken)),
            Ok(Seen::Nothing) => {}
            Ok(Seen::Text) => pace.news(),
            Ok(Seen::Work) => {
                pace.news();
                reporter.work(reading.size() - reading.text().len());
            }
        }
        if reading.is_whole() {
            reporter.whole();
        }
        if reading.is_done() {
            break None;
        }
    };
    let turn = reading.into_turn();
    match problem {
        None => Ok(turn),
        Some(problem) => Err(Broke { problem, part: Some(turn) }),
    }
}

fn problem_of(broken: Broken) -> Problem {
    match broken {
        Broken::Garbage => Problem::Garbage,
        Broken::Incomplete => Problem::Incomplete,
        Broken::Stopped(Stop::Provider(error)) => Problem::Rejected(Rejection::in_stream(error)),
        Broken::Stopped(Stop::TooLarge(what)) => Problem::TooLarge(what),
        Broken::Stopped(Stop::Degenerate) => Problem::Degenerate,
    }
}

/// Knows how long the next silence may last.
struct Pace {
    limits: Limits,
    started: Instant,
    last_bytes: Instant,
    first_news: Option<Instant>,
    last_news: Instant,
}

impl Pace {
    fn new(limits: Limits) -> Self {
        let started = Instant::now();
        Self { limits, started, last_bytes: started, first_news: None, last_news: started }
    }

    fn bytes(&mut self) {
        self.last_bytes = Instant::now();
    }

    fn news(&mut self) {
        self.last_news = Instant::now();
        self.first_news.get_or_insert(self.last_news);
    }

    /// Until when the next bytes must be there, and what it means when they are not.
    fn deadline(&self, whole: bool) -> (Instant, Problem) {
        let Limits { first_token, byte_idle, event_idle, call } = self.limits;
        let next = if whole {
            (self.last_bytes + byte_idle.min(LINGER), Problem::Stalled(Stall::Bytes))
        } else if self.first_news.is_none() {
            // Comments prove that the link is alive and extend the limit, but only to its double.
            let at = (self.last_bytes + first_token).min(self.started + 2 * first_token);
            (at, Problem::Stalled(Stall::First))
        } else {
            let bytes = (self.last_bytes + byte_idle, Problem::Stalled(Stall::Bytes));
            let events = (self.last_news + event_idle, Problem::Stalled(Stall::Events));
            if bytes.0 <= events.0 { bytes } else { events }
        };
        let call = (self.started + call, Problem::TooSlow);
        if next.0 <= call.0 { next } else { call }
    }
}
