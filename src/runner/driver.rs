//! Runs the machine's effects: asks the model, reports progress, and stops at once when told to.
//!
//! One run is one loop in the future of its caller; nothing is spawned, so dropping that future leaves nothing behind.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, timeout};
use tracing::{Instrument, info_span};

use crate::background::ports::{AgentRunner, Clock, RunControl, RunOutcome, RunReport, RunRequest};
use crate::config::LlmConfig;
use crate::domain::channel::ChannelId;
use crate::domain::task::Outcome;
use crate::domain::usage::Usage;
use crate::runner::call::{Allowance, Backoff, Called, Caller};
use crate::runner::endpoint::{Endpoint, RunnerError};
use crate::runner::machine::{Effect, Ending, Event, State, step, wrap_up};
use crate::runner::patience::Patience;
use crate::runner::progress::Reporter;
use crate::runner::request::{Ask, Message};
use crate::runner::transport::Transport;

/// How often a silent model is looked at.
const TICK: Duration = Duration::from_secs(10);

/// How long a whole answer may take to be handed over after a cancel.
const LAST_WORD: Duration = Duration::from_millis(400);

/// With so much time left no further part of an answer is asked for, only a last word; in short runs with a
/// quarter of their time.
const WRAP_UP: Duration = Duration::from_mins(1);

/// Longer time limits mean none. Instants far beyond that cannot be computed.
const FOREVER: Duration = Duration::from_hours(24 * 365);

/// How the model is asked for the tasks of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persona {
    /// The channel.
    pub channel: ChannelId,
    /// The model instead of the configured one.
    pub model: Option<String>,
    /// What the model is told before the prompt, instead of the configured text.
    pub system_prompt: Option<String>,
}

/// Answers prompts with a language model behind an OpenAI-compatible API.
///
/// One value serves all runs: they share its connections, its circuit breaker and what it has learned about the server.
pub struct LlmRunner {
    caller: Caller,
    model: String,
    system_prompt: String,
    max_output_tokens: Option<u32>,
    personas: Vec<Persona>,
}

impl LlmRunner {
    /// A runner for the configured model. Nothing is sent yet.
    ///
    /// # Errors
    /// [`RunnerError`] when address or key cannot be used, or the HTTP client cannot be built.
    pub fn new(config: LlmConfig, clock: Arc<dyn Clock>) -> Result<Self, RunnerError> {
        Self::with_backoff(config, clock, Backoff::USUAL)
    }

    /// The same runner with channels that differ.
    #[must_use]
    pub fn with_personas(self, personas: Vec<Persona>) -> Self {
        Self { personas, ..self }
    }

    pub(crate) fn with_backoff(config: LlmConfig, clock: Arc<dyn Clock>, backoff: Backoff) -> Result<Self, RunnerError> {
        let transport = Transport::new(Endpoint::new(&config.base_url, &config.api_key)?)?;
        let patience = Patience {
            first_token: config.first_token.map(|time| time.min(FOREVER)),
            byte_idle: config.byte_idle.min(FOREVER),
            event_idle: config.event_idle.min(FOREVER),
            call: config.call_timeout.min(FOREVER),
        };
        Ok(Self {
            caller: Caller::new(transport, patience, config.retries, backoff, clock),
            model: config.model,
            system_prompt: config.system_prompt,
            max_output_tokens: config.max_output_tokens,
            personas: Vec::new(),
        })
    }

    /// What this request asks of which model: the person's choice before the channel's before the configured one.
    fn plan(&self, request: &RunRequest) -> Ask {
        // What a topic or a thread leaves open is as in the whole of it.
        let of = |channel: Option<&ChannelId>| self.personas.iter().find(|persona| Some(&persona.channel) == channel);
        let personas = || [of(request.origin.channel.as_ref()), of(request.whole.as_ref())].into_iter().flatten();
        let chosen = request.settings.model.as_ref().or_else(|| personas().find_map(|persona| persona.model.as_ref()));
        let system = personas().find_map(|persona| persona.system_prompt.as_ref()).unwrap_or(&self.system_prompt);
        let mut messages = Vec::new();
        if !system.trim().is_empty() {
            messages.push(Message::system(system.trim()));
        }
        messages.push(Message::user(request.prompt.as_str()));
        let model = chosen.unwrap_or(&self.model).clone();
        Ask { number: 0, model, messages, max_output_tokens: self.max_output_tokens }
    }

    async fn drive(&self, mut ask: Ask, control: &RunControl) -> RunOutcome {
        let reporter = Reporter::new(Arc::clone(&control.progress), control.cancel.clone());
        let (mut allowance, mut fault) = (Allowance::default(), None);
        let (started, mut model) = (Instant::now(), ask.model.clone());
        let time = control.deadline.saturating_duration_since(started);
        let nearly_up = control.deadline - WRAP_UP.min(time / 4);
        let (mut state, mut effect) = step(State::new(std::mem::take(&mut ask.messages)), Event::Started);
        let (outcome, usage) = loop {
            let event = match effect {
                Effect::Finish(ending) => break ended(ending, &state),
                Effect::CallModel => {
                    // What the call before brought is in the state by now.
                    reporter.begin_call(state.calls());
                    if control.cancel.is_cancelled() {
                        break cancelled(&state, &reporter);
                    }
                    if Instant::now() >= nearly_up {
                        state = wrap_up(state);
                    }
                    ask.number = state.calls();
                    ask.messages = state.messages();
                    match self.call(&ask, &mut allowance, &reporter, control).await {
                        Some(called) => {
                            match &called.result {
                                Ok(turn) => (model, fault) = (turn.model.clone().unwrap_or(model), None),
                                Err(failed) => fault = Some(failed.fault.clone()),
                            }
                            event(called)
                        }
                        None => break cancelled(&state, &reporter),
                    }
                }
            };
            (state, effect) = step(state, event);
        };
        let report = RunReport { model: Some(model), calls: state.calls(), duration: started.elapsed(), fault };
        RunOutcome { outcome, usage, report }
    }

    /// One call, unless the run is cancelled first.
    async fn call(&self, ask: &Ask, allowance: &mut Allowance, reporter: &Reporter, control: &RunControl) -> Option<Called> {
        let mut call = std::pin::pin!(self.caller.call(ask, allowance, reporter));
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                // An answer that is whole when the cancel arrives wins, also while a report of usage may follow it.
                biased;
                called = &mut call => return Some(called),
                () = control.cancel.cancelled() => {
                    return if reporter.is_whole() { timeout(LAST_WORD, call).await.ok() } else { None };
                }
                _ = tick.tick() => reporter.tick(Instant::now()),
            }
        }
    }
}

#[async_trait]
impl AgentRunner for LlmRunner {
    async fn run(&self, request: RunRequest, control: RunControl) -> RunOutcome {
        let ask = self.plan(&request);
        let span = info_span!("llm.complete", task.id = %request.task, attempt = request.attempt, model = %ask.model);
        self.drive(ask, &control).instrument(span).await
    }
}

fn event(called: Called) -> Event {
    let usage = called.usage;
    match called.result {
        Ok(turn) => Event::Answered { turn, usage },
        Err(failed) => Event::CallFailed { failure: failed.failure, partial: failed.partial, usage },
    }
}

fn ended(ending: Ending, state: &State) -> (Outcome, Usage) {
    let outcome = match ending {
        Ending::Done(result) => Outcome::Done { result },
        Ending::Failed { failure, partial } => Outcome::Failed { failure, partial },
    };
    (outcome, state.usage())
}

/// The end of a run in the middle. The reporter knows the usage of all requests, ended or not.
fn cancelled(state: &State, reporter: &Reporter) -> (Outcome, Usage) {
    let (piece, usage) = reporter.so_far();
    (Outcome::Cancelled { partial: state.text_with(&piece) }, usage)
}
