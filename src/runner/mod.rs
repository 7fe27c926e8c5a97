//! The LLM agent: prompts answered by a language model behind any OpenAI-compatible API.
//!
//! Layers, each of which can be tested alone: `transport` sends one request and hands over its open answer; `events`,
//! `decode` and `reading` turn bytes into a turn of the model; `attempt` adds the time limits; `call` retries; `machine`
//! decides, as a pure function, what follows from an answer; `driver` runs its decisions and is the [`LlmRunner`].
//!
//! What never happens here: a cut stream is never a success; no wait is hidden or longer than two minutes; a key, a
//! prompt or an answer is never in a log line, an error or a `Debug`; text that came is never thrown away by a failure.
//!
//! async-openai, which makes the requests, would log bodies at WARN and ERROR under the targets `async_openai::*`. None of
//! those paths is used here, and the log filter should silence these targets all the same.

mod attempt;
mod breaker;
mod call;
mod decode;
mod driver;
mod endpoint;
mod estimate;
mod events;
mod machine;
#[cfg(test)]
mod mock;
mod patience;
mod problem;
mod progress;
mod quote;
mod reading;
mod rejection;
mod request;
mod retry_after;
mod transport;

pub use crate::runner::driver::{LlmRunner, Persona};
pub use crate::runner::endpoint::RunnerError;
