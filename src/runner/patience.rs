//! How long a model may be silent before the first piece of its answer, where nobody has said it.
//!
//! Models that think before they write give no sign of it on most servers, and one on the operator's own machine reads a
//! long prompt slowly. A limit that is too short for them costs twice: the request is aborted, billed, and made again.

use std::time::Duration;

use crate::runner::attempt::Limits;

/// Of a model that answers at once.
const USUAL: Duration = Duration::from_mins(2);
/// Of one that thinks first.
const THINKING: Duration = Duration::from_mins(5);
/// Of a server on this machine.
const LOCAL: Duration = Duration::from_mins(10);

/// Families of models that think first, by how their names begin.
const THINKERS: [&str; 7] = ["gpt-5", "o1", "o3", "o4", "deepseek-r", "qwq", "magistral"];
/// What names of others say of themselves.
const THOUGHTFUL: [&str; 3] = ["reason", "think", "-r1"];

/// The time limits of requests, as far as the operator has set them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// To the first piece of the answer; none is as the model needs it.
    pub(crate) first_token: Option<Duration>,
    /// Without any byte after that.
    pub(crate) byte_idle: Duration,
    /// Without any piece of the answer though bytes flow.
    pub(crate) event_idle: Duration,
    /// In all.
    pub(crate) call: Duration,
}

impl Patience {
    /// The limits of a request to this model, on a server on this machine or elsewhere. One that needed longer than the first
    /// of them gets twice the time at each further try.
    pub(crate) fn limits(self, model: &str, local: bool, stalls: u32) -> Limits {
        let Self { first_token, byte_idle, event_idle, call } = self;
        let first = first_token.unwrap_or_else(|| usual_first_token(model, local));
        let doubled = first.saturating_mul(2_u32.saturating_pow(stalls));
        Limits { first_token: doubled.min(call), byte_idle, event_idle, call }
    }
}

/// The limit for this model, on a server on this machine or elsewhere.
fn usual_first_token(model: &str, local: bool) -> Duration {
    // Relays put the maker's name before the model's.
    let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
    let thinks = THINKERS.iter().any(|family| name.starts_with(family)) || THOUGHTFUL.iter().any(|word| name.contains(word));
    match (local, thinks) {
        (true, _) => LOCAL,
        (false, true) => THINKING,
        (false, false) => USUAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_thinks_first_and_who_reads_slowly_gets_more_time() {
        for thinker in ["gpt-5-mini", "o3", "openai/o4-mini", "deepseek-reasoner", "Kimi-K2-Thinking", "deepseek-r1:8b"] {
            assert_eq!(usual_first_token(thinker, false), THINKING, "{thinker}");
        }
        for other in ["gpt-4o", "claude-haiku", "llama3.2", "demo"] {
            assert_eq!(usual_first_token(other, false), USUAL, "{other}");
        }
        assert_eq!(usual_first_token("llama3.2", true), LOCAL);
    }
}
