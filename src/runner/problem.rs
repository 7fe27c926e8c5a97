//! Why one request brought no answer, whether another may, and what people are told.
//!
//! Sentences name the host, the model and the setting that helps. They never hold a provider's own words, which may
//! repeat prompts or keys; those are for the log, where [`crate::runner::quote`] takes out what may not show.

use std::time::Duration;

use crate::background::ports::ProviderFault;
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::text::one_line;
use crate::domain::time::{Timestamp, later};
use crate::runner::rejection::{Meaning, Rejection};

/// A parameter that not every server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// `stream_options`
    StreamOptions,
    /// `max_tokens` or `max_completion_tokens`
    OutputLimit,
}

/// Which silence was too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stall {
    /// Before the first piece of the answer.
    First,
    /// No byte came.
    Bytes,
    /// Bytes came, but nothing of the answer.
    Events,
}

/// Why one request brought no whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// No connection. What the HTTP client says about it, for the log.
    Unreachable(String),
    /// The connection broke. What the HTTP client says about it, for the log.
    ConnectionLost(String),
    /// Silence.
    Stalled(Stall),
    /// The call took longer than any call may.
    TooSlow,
    /// The stream ended before the answer did.
    Incomplete,
    /// The stream was not what the protocol says.
    Garbage,
    /// The model repeats itself.
    Degenerate,
    /// A part of the answer is too large; which.
    TooLarge(&'static str),
    /// The provider reports an error.
    Rejected(Rejection),
    /// What answers there is not such an API; how that shows.
    NotAnApi(&'static str),
}

/// What a sentence about a problem may name.
pub(crate) struct Circumstances<'a> {
    /// The server.
    pub(crate) host: &'a str,
    /// The model that was asked.
    pub(crate) model: &'a str,
    /// Requests made.
    pub(crate) attempts: u32,
    /// When the provider may be asked again, if it said so.
    pub(crate) again_at: Option<Timestamp>,
}

impl Problem {
    /// Whether the same request may succeed at another time.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::ConnectionLost(_) | Self::Stalled(_) | Self::Incomplete | Self::Garbage => true,
            Self::Rejected(rejection) => rejection.is_passing(),
            Self::TooSlow | Self::Degenerate | Self::TooLarge(_) | Self::NotAnApi(_) => false,
        }
    }

    /// Whether it says that the provider as a whole is in trouble, so that other runs should hold back too.
    pub(crate) fn is_outage(&self) -> bool {
        let limited = matches!(self, Self::Rejected(rejection) if rejection.meaning == Meaning::RateLimited);
        self.is_passing() && !limited
    }

    /// Whether the provider worked on the request, so that its tokens are probably on the bill: it began an answer or
    /// kept silent, instead of refusing.
    pub(crate) fn is_billed(&self, began: bool) -> bool {
        began || matches!(self, Self::Stalled(_) | Self::TooSlow)
    }

    /// The parameter that the server does not know.
    pub(crate) fn unsupported(&self) -> Option<Parameter> {
        match self {
            Self::Rejected(Rejection { meaning: Meaning::Unsupported(parameter), .. }) => Some(*parameter),
            _ => None,
        }
    }

    /// For how long the provider asks to wait.
    pub(crate) fn wait(&self) -> Option<Duration> {
        match self {
            Self::Rejected(rejection) => rejection.wait,
            _ => None,
        }
    }

    /// A word for logs.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::ConnectionLost(_) => "connection_lost",
            Self::Stalled(Stall::First) => "stalled_first",
            Self::Stalled(Stall::Bytes) => "stalled_bytes",
            Self::Stalled(Stall::Events) => "stalled_events",
            Self::TooSlow => "call_timeout",
            Self::Incomplete => "incomplete_stream",
            Self::Garbage => "garbage",
            Self::Degenerate => "degenerate",
            Self::TooLarge(_) => "output_cap",
            Self::Rejected(_) => "rejected",
            Self::NotAnApi(_) => "not_an_api",
        }
    }

    /// A few words for the running display.
    pub(crate) fn phrase(&self) -> String {
        match self {
            Self::Unreachable(_) => "the model's server cannot be reached".to_owned(),
            Self::ConnectionLost(_) | Self::Incomplete | Self::Garbage => "connection lost".to_owned(),
            Self::Stalled(_) => "no answer from the model".to_owned(),
            Self::Rejected(Rejection { meaning: Meaning::RateLimited, .. }) => "the provider asks to slow down".to_owned(),
            Self::Rejected(rejection) => format!("the provider failed ({})", rejection.how),
            Self::TooSlow | Self::Degenerate | Self::TooLarge(_) | Self::NotAnApi(_) => "the answer failed".to_owned(),
        }
    }

    /// What is reported about it when nothing more is tried; the request is the last one's.
    pub(crate) fn fault(&self, status: Option<u16>, request_id: Option<String>) -> ProviderFault {
        let of_provider = match self {
            Self::Rejected(rejection) => Some(rejection),
            _ => None,
        };
        let code = of_provider.map(|rejection| rejection.label.clone()).filter(|label| !label.is_empty());
        ProviderFault {
            status: of_provider.map(|rejection| rejection.status).or(status),
            code: code.unwrap_or_else(|| self.as_str().to_owned()),
            request_id,
            retryable: self.is_passing(),
        }
    }

    /// The code programs branch on.
    pub(crate) fn code(&self, again_at: Option<Timestamp>) -> FailureCode {
        match self {
            _ if again_at.is_some() => FailureCode::RateLimited,
            Self::Rejected(rejection) => rejection_code(rejection),
            Self::Unreachable(_) | Self::ConnectionLost(_) | Self::Stalled(_) | Self::Incomplete | Self::Garbage => {
                FailureCode::ProviderDown
            }
            Self::TooSlow => FailureCode::TimedOut,
            Self::Degenerate => FailureCode::Degenerate,
            Self::TooLarge(_) => FailureCode::OutputCap,
            Self::NotAnApi(_) => FailureCode::BadRequest,
        }
    }

    /// What people are told when nothing more is tried.
    pub(crate) fn failure(&self, about: &Circumstances<'_>) -> Failure {
        Failure::new(self.code(about.again_at), self.sentence(about))
    }

    fn sentence(&self, about: &Circumstances<'_>) -> String {
        let Circumstances { host, attempts, .. } = about;
        let host = one_line(host, 60);
        let model = model_name(about.model);
        let tries = if *attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
        if let Some(at) = about.again_at {
            // Shown in minutes, so rounded up: at the time named it is over.
            let at = later(at, Duration::from_secs(59)).format("%Y-%m-%d %H:%M UTC");
            return format!("the model's provider {host} does not take more requests for now; try again after {at}");
        }
        match self {
            Self::Unreachable(_) => format!("the model's server {host} could not be reached in {tries}"),
            Self::ConnectionLost(_) | Self::Incomplete => {
                format!("the connection to the model's server {host} broke off before the answer was whole, in {tries}")
            }
            Self::Stalled(Stall::First) => format!("{model} at {host} did not begin to answer in time, in {tries}"),
            Self::Stalled(_) => format!("{model} at {host} fell silent in the middle of its answer, in {tries}"),
            Self::TooSlow => format!("{model} took longer for one answer than llm.call_timeout allows"),
            Self::Garbage => format!("the model's server {host} sent a stream that cannot be understood, in {tries}"),
            Self::Degenerate => format!("{model} repeated the same words without end"),
            Self::TooLarge(what) => format!("the answer grew beyond all bounds ({what}) and was stopped"),
            Self::NotAnApi(how) => format!("{host} {how}; check llm.base_url"),
            Self::Rejected(rejection) => refusal(rejection, &host, &model, &tries),
        }
    }
}

fn model_name(model: &str) -> String {
    format!("the model “{}”", one_line(model, 80))
}

fn rejection_code(rejection: &Rejection) -> FailureCode {
    match rejection.meaning {
        Meaning::RateLimited => FailureCode::RateLimited,
        Meaning::Quota => FailureCode::Quota,
        Meaning::Auth => FailureCode::Auth,
        Meaning::Filtered => FailureCode::Filtered,
        Meaning::Overflow => FailureCode::ContextExhausted,
        Meaning::NotFound | Meaning::Unsupported(_) | Meaning::BadRequest => FailureCode::BadRequest,
        Meaning::Server => FailureCode::ProviderDown,
    }
}

fn refusal(rejection: &Rejection, host: &str, model: &str, tries: &str) -> String {
    let how = &rejection.how;
    let word = if rejection.label.is_empty() { String::new() } else { format!(", “{}”", rejection.label) };
    match rejection.meaning {
        Meaning::RateLimited => {
            format!("the model's provider {host} does not take more requests for now ({how}), in {tries}; try again later")
        }
        Meaning::Quota => format!("the account at the model's provider {host} has no credit left ({how}{word})"),
        Meaning::Auth => format!("the model's provider {host} does not accept the key ({how}); check llm.api_key"),
        Meaning::Filtered => format!("the content filter of {host} refused the request"),
        Meaning::Overflow => format!("the conversation is longer than {model} can read; send a shorter prompt"),
        Meaning::NotFound => format!("{host} does not know {model} ({how}); check the model's name and llm.base_url"),
        Meaning::Unsupported(_) | Meaning::BadRequest => {
            format!("the model's provider {host} did not accept the request for {model} ({how}{word})")
        }
        Meaning::Server => format!("the model's provider {host} failed with {how}, in {tries}"),
    }
}
