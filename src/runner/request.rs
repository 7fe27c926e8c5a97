//! What is sent to the model: messages, and the body in the dialect the server understands.
//!
//! The body is plain JSON instead of the crate's request types, because fields a server sent with its own messages go
//! back to it unread, and because servers disagree about the names of two parameters. What a server refused once, and answered
//! without, is remembered for all later calls.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::runner::problem::{Parameter, Problem};

/// Who wrote a message.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// The operator.
    System,
    /// The person, or this program in the person's place.
    User,
    /// The model.
    Assistant,
}

/// One message of a conversation. It has no `Debug`, so that prompts cannot get into a log.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Message {
    /// Who wrote it.
    pub(crate) role: Role,
    /// What it says.
    pub(crate) content: String,
    /// Fields the server sent with a message of the model's that it wants to see again.
    #[serde(flatten)]
    pub(crate) echo: Map<String, Value>,
}

impl Message {
    /// What the operator tells the model.
    pub(crate) fn system(content: impl Into<String>) -> Self {
        Self { role: Role::System, content: content.into(), echo: Map::new() }
    }

    /// What is asked.
    pub(crate) fn user(content: impl Into<String>) -> Self {
        Self { role: Role::User, content: content.into(), echo: Map::new() }
    }

    /// What the model said.
    pub(crate) fn assistant(content: impl Into<String>, echo: Map<String, Value>) -> Self {
        Self { role: Role::Assistant, content: content.into(), echo }
    }
}

/// One question to one model.
pub(crate) struct Ask {
    /// Which call of its run this is, for the log.
    pub(crate) number: u32,
    /// The model.
    pub(crate) model: String,
    /// The conversation so far.
    pub(crate) messages: Vec<Message>,
    /// Bound of the answer in tokens.
    pub(crate) max_output_tokens: Option<u32>,
}

/// Which parameters the server takes, shared by all runs.
#[derive(Debug)]
pub(crate) struct Dialect(Mutex<Words>);

impl Dialect {
    /// What to assume. Only `OpenAI` itself wants the newer name of the output limit; others may not know it.
    pub(crate) fn new(official: bool) -> Self {
        Self(Mutex::new(Words { usage_on_request: true, completion_limit: official }))
    }

    /// What is known of it.
    pub(crate) fn words(&self) -> Words {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server has answered to these. Not before: a refusal may name a parameter for another reason.
    pub(crate) fn adopt(&self, words: Words) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = words;
    }
}

/// In which words one call asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Words {
    usage_on_request: bool,
    completion_limit: bool,
}

impl Words {
    /// The body of a request.
    pub(crate) fn body(self, ask: &Ask) -> Value {
        let mut body = json!({ "model": ask.model, "messages": ask.messages, "stream": true });
        if self.usage_on_request
            && let Some(body) = body.as_object_mut()
        {
            body.insert("stream_options".to_owned(), json!({ "include_usage": true }));
        }
        if let (Some(limit), Some(body)) = (ask.max_output_tokens, body.as_object_mut()) {
            let name = if self.completion_limit { "max_completion_tokens" } else { "max_tokens" };
            body.insert(name.to_owned(), json!(limit));
        }
        body
    }

    /// Takes other words after a refusal, and says whether the same question may be asked again in them. Each parameter is
    /// given up once in a call at most, so two names that are both refused cannot alternate.
    pub(crate) fn learn(&mut self, problem: &Problem, body: &Value, given_up: &mut Vec<Parameter>) -> bool {
        let Some(parameter) = problem.unsupported() else { return false };
        let sent = match parameter {
            Parameter::StreamOptions => body.get("stream_options").is_some(),
            Parameter::OutputLimit => body.get("max_tokens").or_else(|| body.get("max_completion_tokens")).is_some(),
        };
        if !sent || given_up.contains(&parameter) {
            return false;
        }
        given_up.push(parameter);
        match parameter {
            Parameter::StreamOptions => self.usage_on_request = false,
            Parameter::OutputLimit => self.completion_limit = !self.completion_limit,
        }
        true
    }
}
