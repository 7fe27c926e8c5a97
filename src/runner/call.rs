//! One call to the model: as many requests as it takes, and no more than are allowed. The only place that retries.
//!
//! A call is retried when the problem may pass: connections, silence, cuts, overload. The pause is random within a growing
//! bound, and never shorter than what the provider asks for; a provider that asks for more than two minutes ends the call
//! with the time at which to try again. Every request's tokens are counted, also of those that failed.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_openai::config::Config;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::background::ports::{Clock, ProviderFault};
use crate::domain::failure::Failure;
use crate::domain::time::later;
use crate::domain::usage::Usage;
use crate::runner::attempt::{Attempt, Broke, attempt};
use crate::runner::breaker::Breaker;
use crate::runner::decode::{Finish, Turn};
use crate::runner::estimate;
use crate::runner::patience::Patience;
use crate::runner::problem::{Circumstances, Problem, Stall};
use crate::runner::progress::Reporter;
use crate::runner::request::{Ask, Dialect};
use crate::runner::transport::Transport;

/// A provider that asks for a longer pause is not waited for.
const LONGEST_WAIT: Duration = Duration::from_mins(2);
/// A first piece that does not come is waited for again so often, each time twice as long.
const FIRST_STALLS: u32 = 2;

/// Bounds of the random pause before a retry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    /// Never shorter.
    pub(crate) least: Duration,
    /// The upper bound at first; it doubles each time.
    pub(crate) first: Duration,
    /// Never longer.
    pub(crate) most: Duration,
}

impl Backoff {
    /// The usual bounds.
    pub(crate) const USUAL: Self =
        Self { least: Duration::from_millis(100), first: Duration::from_millis(500), most: Duration::from_secs(30) };

    /// A pause before retry number `retry`, counted from 0.
    fn draw(&self, retry: u32) -> Duration {
        let top = self.first.saturating_mul(2_u32.saturating_pow(retry)).min(self.most).max(self.least);
        self.least + top.saturating_sub(self.least).mul_f64(fastrand::f64())
    }
}

/// What is left to one run for all its calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    retries: u32,
    sleep: Duration,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { retries: 12, sleep: Duration::from_mins(5) }
    }
}

/// What a call brought.
pub(crate) struct Called {
    /// The whole answer, or why there is none.
    pub(crate) result: Result<Turn, CallFailure>,
    /// What all its requests used.
    pub(crate) usage: Usage,
}

/// A call without an answer.
pub(crate) struct CallFailure {
    /// Why.
    pub(crate) failure: Failure,
    /// The most that came of an answer.
    pub(crate) partial: String,
    /// The same for who operates it.
    pub(crate) fault: ProviderFault,
}

/// Calls one provider; shared by all runs.
pub(crate) struct Caller {
    transport: Transport,
    patience: Patience,
    retries: u32,
    backoff: Backoff,
    dialect: Dialect,
    breaker: Breaker,
    clock: Arc<dyn Clock>,
}

/// How far a call has come.
#[derive(Default)]
struct Tally {
    attempts: u32,
    first_stalls: u32,
    usage: Usage,
    partial: String,
    /// Of the last request.
    status: Option<u16>,
    request_id: Option<String>,
}

impl Caller {
    /// A caller with this patience.
    pub(crate) fn new(transport: Transport, patience: Patience, retries: u32, backoff: Backoff, clock: Arc<dyn Clock>) -> Self {
        let dialect = Dialect::new(transport.endpoint().is_official());
        Self { transport, patience, retries, backoff, dialect, breaker: Breaker::default(), clock }
    }

    /// Asks until there is an answer or nothing more may be tried.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection at once; `reporter` keeps what had come and what was used.
    pub(crate) async fn call(&self, ask: &Ask, allowance: &mut Allowance, reporter: &Reporter) -> Called {
        let mut tally = Tally::default();
        let (mut words, mut given_up) = (self.dialect.words(), Vec::new());
        let mut phase = "waiting for the model".to_owned();
        self.wait_for_breaker(allowance, reporter).await;
        let result = loop {
            let body = words.body(ask);
            reporter.begin_request(estimate::size(&ask.messages), phase.clone());
            let limits = self.patience.limits(&ask.model, self.transport.endpoint().is_loopback(), tally.first_stalls);
            let attempt = attempt(&self.transport, &body, limits, self.clock.now(), reporter).await;
            tally.attempts += 1;
            let usage = used(&attempt, ask).await;
            tally.usage.add(&usage);
            reporter.end_request(&usage);
            self.log(&attempt, ask, &usage, tally.attempts);
            (tally.status, tally.request_id) = (attempt.status, attempt.request_id);
            let broke = match attempt.result {
                Ok(turn) => {
                    self.breaker.succeeded();
                    if !given_up.is_empty() {
                        self.dialect.adopt(words);
                    }
                    break Ok(turn);
                }
                Err(broke) => broke,
            };
            if words.learn(&broke.problem, &body, &mut given_up) {
                tally.attempts -= 1;
                continue;
            }
            let problem = tally.take(broke);
            if problem.is_outage() {
                self.breaker.failed(Instant::now());
            }
            match self.pause(&problem, &tally, allowance) {
                Some(pause) => {
                    phase = self.retry_phase(&problem, &tally);
                    tally.first_stalls += u32::from(problem == Problem::Stalled(Stall::First));
                    allowance.retries -= 1;
                    self.sleep(pause, allowance, reporter, &phase).await;
                }
                None => break Err(self.give_up(&problem, ask, &mut tally)),
            }
        };
        Called { result, usage: tally.usage }
    }

    /// The pause before the next request; none when there is to be no next one.
    fn pause(&self, problem: &Problem, tally: &Tally, allowance: &Allowance) -> Option<Duration> {
        let first_stall = *problem == Problem::Stalled(Stall::First) && tally.first_stalls >= FIRST_STALLS;
        if !problem.is_passing() || first_stall || tally.attempts > self.retries || allowance.retries == 0 {
            return None;
        }
        let asked = problem.wait().unwrap_or_default();
        let pause = self.backoff.draw(tally.attempts - 1).max(asked);
        (asked <= LONGEST_WAIT && pause <= allowance.sleep).then_some(pause)
    }

    /// "connection lost, attempt 2 of 5"
    fn retry_phase(&self, problem: &Problem, tally: &Tally) -> String {
        let mut most = self.retries.saturating_add(1);
        if *problem == Problem::Stalled(Stall::First) {
            most = most.min(tally.attempts + FIRST_STALLS - tally.first_stalls);
        }
        format!("{}, attempt {} of {most}", problem.phrase(), tally.attempts + 1)
    }

    fn give_up(&self, problem: &Problem, ask: &Ask, tally: &mut Tally) -> CallFailure {
        // A short wait after a failure of the server is no news; a limit of requests or a long wait is.
        let telling = |wait: &Duration| problem.is_passing() && (!problem.is_outage() || *wait > LONGEST_WAIT);
        let wait = problem.wait().filter(telling);
        let about = Circumstances {
            host: self.transport.endpoint().host(),
            model: &ask.model,
            attempts: tally.attempts,
            again_at: wait.map(|wait| later(self.clock.now(), wait)),
        };
        CallFailure {
            failure: problem.failure(&about),
            partial: std::mem::take(&mut tally.partial),
            fault: problem.fault(tally.status, tally.request_id.take()),
        }
    }

    async fn sleep(&self, pause: Duration, allowance: &mut Allowance, reporter: &Reporter, phase: &str) {
        allowance.sleep = allowance.sleep.saturating_sub(pause);
        if pause >= Duration::from_secs(2) {
            reporter.waiting(format!("{phase} in {} s", pause.as_secs()));
        } else {
            reporter.waiting(phase.to_owned());
        }
        tokio::time::sleep(pause).await;
    }

    async fn wait_for_breaker(&self, allowance: &mut Allowance, reporter: &Reporter) {
        while let Some(wait) = self.breaker.wait(Instant::now()) {
            // Not all runs come back in the same moment.
            let wait = wait + self.backoff.draw(0);
            if wait > allowance.sleep {
                return;
            }
            self.sleep(wait, allowance, reporter, "the provider keeps failing, trying again").await;
        }
    }

    /// The one line about each request. The identity of the run is in the span around it.
    fn log(&self, attempt: &Attempt, ask: &Ask, usage: &Usage, request: u32) {
        let host = self.transport.endpoint().host();
        let request_id = attempt.request_id.as_deref().unwrap_or_default();
        let first_token_ms = attempt.first_token.map(|time| time.as_millis());
        let elapsed_ms = attempt.total.as_millis();
        let (input, output) = (usage.input, usage.output);
        let Attempt { result, status, .. } = attempt;
        match result {
            Ok(turn) => {
                let answered_by = turn.model.as_deref().unwrap_or_default();
                debug!(
                    host, model = %ask.model, answered_by, call = ask.number, request, status, request_id, first_token_ms,
                    elapsed_ms, input, output, outcome = "answered", finish = ?turn.finish,
                    "a request to the model was answered"
                );
                if let Finish::Other(reason) = &turn.finish {
                    warn!(host, model = %ask.model, reason, "the model stopped for a reason that is not known");
                }
            }
            Err(Broke { problem, part }) => {
                let says = self.quote(problem, ask, part.as_ref());
                warn!(
                    host, model = %ask.model, call = ask.number, request, status, request_id, first_token_ms,
                    elapsed_ms, input, output, outcome = problem.as_str(), error = ?problem, says,
                    "a request to the model failed"
                );
            }
        }
    }

    /// What the provider says, without any word of the conversation and of the key.
    fn quote(&self, problem: &Problem, ask: &Ask, part: Option<&Turn>) -> Option<String> {
        let Problem::Rejected(rejection) = problem else { return None };
        let echo: Vec<String> = ask.messages.iter().flat_map(|message| message.echo.values().map(Value::to_string)).collect();
        let asked = ask.messages.iter().map(|message| message.content.as_str()).chain(echo.iter().map(String::as_str));
        let answered = part.into_iter().flat_map(|turn| [turn.text.as_str(), turn.reasoning.as_str()]);
        let key = self.transport.endpoint().api_key().expose_secret();
        let private: Vec<&str> = asked.chain(answered).chain([key]).collect();
        Some(rejection.said.without_words_of(&private)).filter(|says| !says.is_empty())
    }
}

impl Tally {
    /// Keeps the longest text that came, and leaves the problem.
    fn take(&mut self, broke: Broke) -> Problem {
        if let Some(part) = broke.part
            && part.text.len() > self.partial.len()
        {
            self.partial = part.text;
        }
        broke.problem
    }
}

/// What a request used: the server's own figures, else ours.
async fn used(attempt: &Attempt, ask: &Ask) -> Usage {
    let (turn, patience) = match &attempt.result {
        Ok(turn) => (Some(turn), estimate::PATIENCE),
        Err(Broke { problem, part }) if !problem.is_billed(part.is_some()) => return Usage::default(),
        Err(Broke { part, .. }) => (part.as_ref(), estimate::HURRY),
    };
    let (text, reasoning) = turn.map_or(("", ""), |turn| (turn.text.as_str(), turn.reasoning.as_str()));
    match turn.and_then(|turn| turn.usage) {
        Some(usage) => usage,
        None => estimate::usage(&ask.messages, text, reasoning, patience).await,
    }
}
