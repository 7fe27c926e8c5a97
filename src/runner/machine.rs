//! What follows from what the model answered: a pure function over a value that can be stored.
//!
//! [`step`] takes where a run stands and what happened, and gives where it stands then and the one thing to do next.
//! It does no I/O and knows no time, so a run can be written down between any two steps and go on from there. Tools, when
//! they come, are further events and effects here.
//!
//! When the time is nearly up ([`wrap_up`]), the next call asks for a last word instead of more of the answer: a task that ends
//! at its limit then ends with a text that says where it stands.
//!
//! A run without tools makes at most five calls: the first, two that continue an answer cut at the output limit, one
//! nudge after an answer with nothing in it, and one repeat after an answer that ran in circles.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::domain::failure::{Failure, FailureCode};
use crate::domain::usage::Usage;
use crate::runner::decode::{Finish, Turn};
use crate::runner::request::Message;

/// So often the model is asked to go on after its output limit cut it off.
const MAX_CONTINUATIONS: u8 = 2;
/// What it is told then.
const CONTINUE: &str =
    "Your answer was cut off at the output limit. Continue exactly where it stopped, without repeating any of it.";
/// What it is told after an empty answer.
const ANSWER_NOW: &str = "Your last answer was empty. Give the answer now, as text.";
/// What it is told after it called tools that nobody offered.
const NO_TOOLS: &str = "There are no tools here. Give the answer now, as text only.";
/// What it is told when the time is nearly up and the answer is not whole.
const WRAP_UP: &str = "The time for this task is nearly up. Do not go on with the answer. Write a few sentences now: what of it is \
                       done, and what is left to do.";
/// What the person is told then.
const WRAPPED_UP: &str = "its time was nearly up and the answer not whole, so the model was asked for a last word";
/// What the person sees below an answer that stayed cut.
const TRUNCATED: &str = "\n\n[The answer reached the model's output limit and ends here.]";

/// Where a run stands. No `Debug`: it holds prompt and answer.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The conversation as it was asked.
    question: Vec<Message>,
    /// What was said since: cut parts of the answer and requests to go on.
    since: Vec<Message>,
    /// The parts of the answer so far.
    text: String,
    /// Text that stood beside unusable tool calls: the answer only if nothing better follows.
    aside: String,
    /// Calls made.
    calls: u32,
    continuations: u8,
    nudged: bool,
    repeated: bool,
    /// Whether the call under way asks for the last word.
    wrapping_up: bool,
    /// What all calls used.
    usage: Usage,
}

/// What happened.
pub(crate) enum Event {
    /// The run begins, or goes on after it was stored.
    Started,
    /// The model answered.
    Answered {
        /// The answer.
        turn: Turn,
        /// What the call used.
        usage: Usage,
    },
    /// The call brought no answer.
    CallFailed {
        /// Why.
        failure: Failure,
        /// The most that came of one.
        partial: String,
        /// What the call used.
        usage: Usage,
    },
}

/// What to do next.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Effect {
    /// Ask the model; the messages are [`State::messages`].
    CallModel,
    /// The run is over.
    Finish(Ending),
}

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ending {
    /// With the whole answer.
    Done(String),
    /// Without one.
    Failed {
        /// Why.
        failure: Failure,
        /// What there is of an answer.
        partial: String,
    },
}

impl State {
    /// A run that asks this.
    pub(crate) fn new(question: Vec<Message>) -> Self {
        Self {
            question,
            since: Vec::new(),
            text: String::new(),
            aside: String::new(),
            calls: 0,
            continuations: 0,
            nudged: false,
            repeated: false,
            wrapping_up: false,
            usage: Usage::default(),
        }
    }

    /// What the next call sends.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.question.iter().chain(&self.since).cloned().collect()
    }

    /// The number of the call under way, and so of all calls made.
    pub(crate) fn calls(&self) -> u32 {
        self.calls
    }

    /// What ended calls used.
    pub(crate) fn usage(&self) -> Usage {
        self.usage
    }

    /// The answer so far with a further piece, for a run that ends in the middle.
    pub(crate) fn text_with(&self, piece: &str) -> String {
        let text = format!("{}{piece}", self.text);
        if text.is_empty() { self.aside.clone() } else { text }
    }

    fn call(mut self) -> (Self, Effect) {
        self.calls += 1;
        (self, Effect::CallModel)
    }

    fn finish(self, ending: Ending) -> (Self, Effect) {
        (self, Effect::Finish(ending))
    }

    fn done(mut self) -> (Self, Effect) {
        let text = std::mem::take(&mut self.text);
        self.finish(Ending::Done(text))
    }

    fn fail(self, code: FailureCode, message: &str, partial: &str) -> (Self, Effect) {
        let partial = self.text_with(partial);
        self.finish(Ending::Failed { failure: Failure::new(code, message), partial })
    }
}

/// Makes the next call the last one, if there is a part of an answer to wrap up. Without one, the question itself is the best
/// use of the time that is left.
pub(crate) fn wrap_up(mut state: State) -> State {
    if !state.text.is_empty() && !state.wrapping_up {
        state.wrapping_up = true;
        // It stands in the place of the request to go on.
        state.since.pop();
        state.since.push(Message::user(WRAP_UP));
    }
    state
}

/// Lets an event happen to a run.
pub(crate) fn step(mut state: State, event: Event) -> (State, Effect) {
    match event {
        Event::Started => state.call(),
        Event::Answered { turn, usage } => {
            state.usage.add(&usage);
            if state.wrapping_up { last_word(state, &turn.text) } else { answered(state, turn) }
        }
        Event::CallFailed { failure, partial, usage } => {
            state.usage.add(&usage);
            if state.wrapping_up {
                return last_word(state, &partial);
            }
            // Running in circles is an accident of chance, so the same question gets one more.
            if failure.code == FailureCode::Degenerate && !state.repeated {
                state.repeated = true;
                return state.call();
            }
            let partial = state.text_with(&partial);
            state.finish(Ending::Failed { failure, partial })
        }
    }
}

/// The end of a run whose time was nearly up, with all there is.
fn last_word(state: State, word: &str) -> (State, Effect) {
    let word = if word.trim().is_empty() { String::new() } else { format!("\n\n{word}") };
    state.fail(FailureCode::TimedOut, WRAPPED_UP, &word)
}

fn answered(mut state: State, turn: Turn) -> (State, Effect) {
    if turn.finish == Finish::ContentFilter {
        return state.fail(FailureCode::Filtered, "the provider's content filter stopped the answer", &turn.text);
    }
    if !turn.refusal.trim().is_empty() {
        let said = join_paragraphs(&turn.text, &turn.refusal);
        return state.fail(
            FailureCode::Refused,
            "the model refused to answer; its own words are kept as the partial result",
            &said,
        );
    }
    if !turn.calls.is_empty() && !state.nudged {
        return nudge(state, turn, NO_TOOLS);
    }
    if turn.text.trim().is_empty() {
        return empty(state, turn);
    }
    state.text.push_str(&turn.text);
    if turn.finish != Finish::Length {
        return state.done();
    }
    if state.continuations >= MAX_CONTINUATIONS {
        state.text.push_str(TRUNCATED);
        return state.done();
    }
    state.continuations += 1;
    state.since.push(Message::assistant(turn.text, turn.echo));
    state.since.push(Message::user(CONTINUE));
    state.call()
}

/// An answer without a word. If there are earlier parts, they are all there is; else the model gets one more chance.
fn empty(mut state: State, turn: Turn) -> (State, Effect) {
    let cut = turn.finish == Finish::Length;
    if !state.text.is_empty() {
        if cut {
            state.text.push_str(TRUNCATED);
        }
        return state.done();
    }
    if !state.nudged {
        return nudge(state, turn, ANSWER_NOW);
    }
    if !state.aside.is_empty() {
        state.text = std::mem::take(&mut state.aside);
        return state.done();
    }
    let message = if cut {
        "the model used up its output limit without writing an answer; raise llm.max_output_tokens or ask for less"
    } else {
        "the model answered nothing, twice"
    };
    state.fail(FailureCode::Empty, message, "")
}

/// Asks again with a hint.
fn nudge(mut state: State, turn: Turn, hint: &str) -> (State, Effect) {
    state.nudged = true;
    if !turn.text.trim().is_empty() {
        state.aside.clone_from(&turn.text);
        state.since.push(Message::assistant(turn.text, turn.echo));
    }
    state.since.push(Message::user(hint));
    state.call()
}

fn join_paragraphs(first: &str, second: &str) -> String {
    if first.trim().is_empty() { second.to_owned() } else { format!("{first}\n\n{second}") }
}
