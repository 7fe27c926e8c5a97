//! What a provider says when it does not answer: its error, and what that error means.
//!
//! Errors come as objects, lists, strings, plain text and web pages, with codes as numbers or words. The provider's own
//! message is used to understand the error, and is kept for the log only: it may repeat the prompt or part of the key.

use std::time::Duration;

use reqwest013::header::HeaderMap;
use serde_json::Value;

use crate::domain::time::Timestamp;
use crate::runner::problem::Parameter;
use crate::runner::quote::without_words_of;
use crate::runner::retry_after;

/// An error as a provider sent it. It has no `Display`; `Debug` leaves its message out.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct ProviderError {
    status: Option<u16>,
    kind: String,
    code: String,
    parameter: String,
    message: String,
}

impl std::fmt::Debug for ProviderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderError").field("status", &self.status).field("label", &self.label()).finish_non_exhaustive()
    }
}

impl ProviderError {
    /// The error in a chunk, if it is one: `{"error": ...}`, also as the first of a list.
    pub(crate) fn of_chunk(chunk: &Value) -> Option<Self> {
        let chunk = chunk.as_array().map_or(Some(chunk), |list| list.first())?;
        chunk.get("error").filter(|error| !error.is_null()).map(Self::parse)
    }

    /// An error without any word about it.
    pub(crate) fn unexplained() -> Self {
        Self::default()
    }

    /// The error in the body of an answer, whatever its shape.
    pub(crate) fn of_body(body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Self::of_chunk(&value).unwrap_or_else(|| Self::parse(&value)),
            Err(_) => Self { message: String::from_utf8_lossy(body).into_owned(), ..Self::default() },
        }
    }

    /// The error in a value: an object, a list of such, or a string.
    pub(crate) fn parse(error: &Value) -> Self {
        let error = error.as_array().and_then(|list| list.first()).unwrap_or(error);
        let text = |name: &str| match error.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let message = error.as_str().map_or_else(|| text("message"), str::to_owned);
        // FastAPI's `detail`, and the content filter's report that Azure nests.
        let inner = error.pointer("/innererror/code").and_then(Value::as_str).unwrap_or_default();
        let detail = error.get("detail").map(Value::to_string).unwrap_or_default();
        let code = text("code");
        let status = [code.as_str(), &text("status"), &text("status_code")].into_iter().find_map(http_status);
        let code = if code.parse::<i64>().is_ok() { text("status") } else { code };
        Self { status, kind: text("type"), code, parameter: text("param"), message: format!("{message} {detail} {inner}") }
    }

    /// Its type or code, as far as that is a plain word, for people and logs.
    fn label(&self) -> String {
        [&self.code, &self.kind].into_iter().find(|text| is_plain(text, "_-.")).cloned().unwrap_or_default()
    }

    /// The parameter it blames, as far as that is a plain name, for logs.
    fn blamed(&self) -> String {
        Some(&self.parameter).filter(|text| is_plain(text, "_-.[]")).cloned().unwrap_or_default()
    }
}

fn is_plain(text: &str, marks: &str) -> bool {
    !text.is_empty() && text.len() <= 60 && text.chars().all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
}

fn http_status(text: &str) -> Option<u16> {
    text.parse().ok().filter(|status| (400..600).contains(status))
}

/// What a provider's error means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Too many requests for now.
    RateLimited,
    /// No credit left.
    Quota,
    /// The key is not accepted.
    Auth,
    /// The content is not acceptable.
    Filtered,
    /// The conversation is too long.
    Overflow,
    /// There is no such model or address.
    NotFound,
    /// A parameter is not known.
    Unsupported(Parameter),
    /// The request is wrong in another way.
    BadRequest,
    /// The provider has a problem of its own.
    Server,
}

/// The provider's own words. They may hold anything, so `Debug` does not show them.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Said(String);

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

impl Said {
    /// The words that are in none of these texts.
    pub(crate) fn without_words_of(&self, private: &[&str]) -> String {
        without_words_of(&self.0, private)
    }
}

/// A provider's error, understood. Its `Debug` shows nothing that may not be logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// The HTTP status, or what comes nearest to it when the error came within a stream.
    pub(crate) status: u16,
    /// How it came, for people: `HTTP 500`, or `an error in its answer` when no HTTP status says so.
    pub(crate) how: String,
    /// What it means.
    pub(crate) meaning: Meaning,
    /// The provider's word for it; may be empty.
    pub(crate) label: String,
    /// The parameter that the provider blames, for the log; may be empty.
    pub(crate) blamed: String,
    /// For how long the provider asks to wait.
    pub(crate) wait: Option<Duration>,
    /// What the provider said.
    pub(crate) said: Said,
}

impl Rejection {
    /// Of an answer with an error status.
    pub(crate) fn of_answer(status: u16, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Self {
        let error = ProviderError::of_body(body);
        let in_body = (status == 429).then(|| retry_after::in_message(&error.message)).flatten();
        let wait = retry_after::in_headers(headers, now).into_iter().chain(in_body).max();
        Self::understood(status, format!("HTTP {status}"), error, wait)
    }

    /// Of an error within a stream. Without a code it is the server's fault.
    pub(crate) fn in_stream(error: ProviderError) -> Self {
        let word = |text: &str| error.kind.contains(text) || error.code.contains(text);
        let status = error.status.unwrap_or(if word("rate_limit") { 429 } else { 500 });
        let wait = retry_after::in_message(&error.message);
        let how = error.status.map_or("an error in its answer".to_owned(), |status| format!("error {status} in its answer"));
        Self::understood(status, how, error, wait)
    }

    fn understood(status: u16, how: String, error: ProviderError, wait: Option<Duration>) -> Self {
        let (meaning, label, blamed) = (meaning(status, &error), error.label(), error.blamed());
        Self { status, how, meaning, label, blamed, wait, said: Said(error.message) }
    }

    /// Whether the same request may succeed later.
    pub(crate) fn is_passing(&self) -> bool {
        let of_status = matches!(self.status, 408 | 409 | 425 | 429 | 500 | 502 | 503 | 504 | 529);
        of_status && matches!(self.meaning, Meaning::RateLimited | Meaning::Server)
    }
}

fn meaning(status: u16, error: &ProviderError) -> Meaning {
    let words = format!("{} {}", error.kind, error.code).to_lowercase();
    let message = error.message.to_lowercase();
    let has = |text: &str, list: &[&str]| list.iter().any(|item| text.contains(item));
    if status == 402 || has(&words, &["insufficient_quota", "billing", "credit"]) {
        Meaning::Quota
    } else if has(&words, &["content_filter", "content_policy"]) || message.contains("responsibleaipolicyviolation") {
        Meaning::Filtered
    } else if matches!(status, 400 | 413 | 422 | 500) && (words.contains("context_length") || has(&message, OVERFLOW)) {
        Meaning::Overflow
    } else {
        match status {
            401 | 403 => Meaning::Auth,
            404 => Meaning::NotFound,
            429 => Meaning::RateLimited,
            400 | 422 => unsupported(error).map_or(Meaning::BadRequest, Meaning::Unsupported),
            408 | 409 | 425 | 500.. => Meaning::Server,
            _ => Meaning::BadRequest,
        }
    }
}

/// How servers say that a conversation is too long.
const OVERFLOW: &[&str] = &[
    "context_length_exceeded",
    "exceeds context",
    "exceed context",
    "exceeds the available context",
    "exceeds the context",
    "maximum context length",
    "context window",
    "prompt is too long",
    "input is too long",
];

/// The parameter that a refusal names, if it is one of those that can be sent in another way.
fn unsupported(error: &ProviderError) -> Option<Parameter> {
    // Where the server does not say which parameter it means, its words may; but those may also quote what was asked.
    let blamed = if error.parameter.is_empty() { &error.message } else { &error.parameter };
    let names = |name: &str| blamed.contains(name);
    if names("stream_options") || names("include_usage") {
        Some(Parameter::StreamOptions)
    } else if names("max_tokens") || names("max_completion_tokens") {
        Some(Parameter::OutputLimit)
    } else {
        None
    }
}
