//! Chunks of a streamed answer into one turn of the model.
//!
//! Chunks are looked at as loose JSON: the servers that imitate `OpenAI`'s API leave fields out, rename them and add their
//! own, and an answer must not be lost over a missing `created`. What matters is strict instead: an answer is whole only
//! when it said so itself ([`Decoder::is_whole`]), and every part of it has a largest size.

pub(crate) mod tool_calls;
pub(crate) mod usage;

#[cfg(test)]
mod corpus;

use serde_json::{Map, Value};

use crate::domain::usage::Usage;
use crate::runner::decode::tool_calls::{ToolCall, ToolCalls};
use crate::runner::rejection::ProviderError;

/// Largest text of one answer, in bytes.
const MAX_TEXT_BYTES: usize = 400_000;
/// Most reasoning of one answer, in bytes.
const MAX_REASONING_BYTES: usize = 1_000_000;
/// So many times the same piece in a row is a model that has lost itself.
const MAX_REPEATS: u32 = 100;
/// Fields of an assistant message that its own server may want back.
const ECHOED: [&str; 4] = ["reasoning_content", "reasoning", "reasoning_details", "extra_content"];

/// One answer of a model. It has no `Debug`, so that it cannot get into a log.
#[derive(Clone, PartialEq)]
pub(crate) struct Turn {
    /// The answer.
    pub(crate) text: String,
    /// What the model thought; never shown to people.
    pub(crate) reasoning: String,
    /// Why it will not answer.
    pub(crate) refusal: String,
    /// Tools it wants to use.
    pub(crate) calls: Vec<ToolCall>,
    /// Why it stopped.
    pub(crate) finish: Finish,
    /// What the server says it used.
    pub(crate) usage: Option<Usage>,
    /// Which model answered.
    pub(crate) model: Option<String>,
    /// What goes back to the same server with this message.
    pub(crate) echo: Map<String, Value>,
}

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finish {
    /// It had nothing more to say.
    Stop,
    /// It reached a limit of output.
    Length,
    /// It wants tools to be run.
    ToolCalls,
    /// The provider cut it off.
    ContentFilter,
    /// For a reason of the server's own.
    Other(String),
    /// It did not say; the stream ended properly or this turn is only a part.
    Unsaid,
}

impl Finish {
    fn parse(text: &str) -> Self {
        match text {
            "stop" | "end_turn" | "eos" | "stop_sequence" => Self::Stop,
            "length" | "max_tokens" => Self::Length,
            "tool_calls" | "tool_use" | "function_call" => Self::ToolCalls,
            "content_filter" | "safety" => Self::ContentFilter,
            other => Self::Other(other.chars().filter(char::is_ascii_graphic).take(40).collect()),
        }
    }
}

/// What a chunk brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nothing of the answer.
    Nothing,
    /// More of its text.
    Text,
    /// More reasoning, or a part of a tool call.
    Work,
}

/// Why a stream must not be read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The provider reports an error.
    Provider(ProviderError),
    /// A part of the answer is too large; which.
    TooLarge(&'static str),
    /// The same piece came over and over.
    Degenerate,
}

/// Collects chunks until they are a turn.
#[derive(Default)]
pub(crate) struct Decoder {
    text: String,
    reasoning: String,
    refusal: String,
    calls: ToolCalls,
    finish: Option<Finish>,
    usage: Option<Usage>,
    model: Option<String>,
    echo: Map<String, Value>,
    echo_bytes: usize,
    last_piece: String,
    repeats: u32,
}

impl Decoder {
    /// Takes the next chunk, or a whole answer.
    pub(crate) fn push(&mut self, chunk: &Value) -> Result<Seen, Stop> {
        if let Some(error) = ProviderError::of_chunk(chunk) {
            return Err(Stop::Provider(error));
        }
        if let Some(model) = chunk.get("model").and_then(Value::as_str).filter(|model| !model.is_empty()) {
            self.model.get_or_insert_with(|| model.chars().take(100).collect());
        }
        let choice = chunk.get("choices").and_then(|choices| choices.get(0)).unwrap_or(&Value::Null);
        // Some servers send running totals, so the last report counts; some put it into the choice.
        for place in [choice, chunk] {
            if let Some(usage) = place.get("usage").and_then(usage::parse) {
                self.usage = Some(usage);
            }
        }
        let seen = self.take_message(choice)?;
        match choice.get("finish_reason").and_then(Value::as_str) {
            None | Some("") => {}
            Some("error") => return Err(Stop::Provider(ProviderError::unexplained())),
            Some(reason) => self.finish = Some(Finish::parse(reason)),
        }
        Ok(seen)
    }

    /// The text so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// How much of the answer there is, in bytes, reasoning and tool calls included.
    pub(crate) fn size(&self) -> usize {
        self.text.len() + self.reasoning.len() + self.refusal.len() + self.calls.size()
    }

    /// Whether the answer has ended by its own word.
    pub(crate) fn is_whole(&self) -> bool {
        self.finish.is_some()
    }

    /// What was collected, whole or not.
    pub(crate) fn into_turn(self) -> Turn {
        Turn {
            text: self.text,
            reasoning: self.reasoning,
            refusal: self.refusal,
            calls: self.calls.into_calls(),
            finish: self.finish.unwrap_or(Finish::Unsaid),
            usage: self.usage,
            model: self.model,
            echo: self.echo,
        }
    }

    fn take_message(&mut self, choice: &Value) -> Result<Seen, Stop> {
        let delta = choice.get("delta").filter(|delta| delta.as_object().is_some_and(|fields| !fields.is_empty()));
        let message = match (delta, choice.get("message")) {
            (Some(delta), _) => delta,
            // A whole message after its pieces repeats them.
            (None, Some(message)) if self.size() == 0 => message,
            _ => return Ok(Seen::Nothing),
        };
        let before = self.size();
        let text = text_of(message.get("content"));
        self.check_repeats(&text)?;
        append(&mut self.text, &text, MAX_TEXT_BYTES, "the text")?;
        append(&mut self.refusal, &text_of(message.get("refusal")), MAX_TEXT_BYTES, "the refusal")?;
        self.take_reasoning(message)?;
        if let Some(calls) = message.get("tool_calls").and_then(Value::as_array) {
            for call in calls {
                self.calls.push(call).map_err(Stop::TooLarge)?;
            }
        }
        Ok(match (text.is_empty(), self.size() > before) {
            (false, _) => Seen::Text,
            (true, true) => Seen::Work,
            (true, false) => Seen::Nothing,
        })
    }

    fn take_reasoning(&mut self, message: &Value) -> Result<(), Stop> {
        // Some servers send the same thought under both names.
        let names = ["reasoning_content", "reasoning"];
        let thought = names.into_iter().map(|name| text_of(message.get(name))).find(|text| !text.is_empty());
        if let Some(thought) = thought {
            self.check_repeats(&thought)?;
            append(&mut self.reasoning, &thought, MAX_REASONING_BYTES, "the reasoning")?;
        }
        for name in ECHOED {
            let Some(value) = message.get(name).filter(|value| !is_empty(value)) else { continue };
            self.echo_bytes += value.as_str().map_or_else(|| value.to_string().len(), str::len);
            if self.echo_bytes > 2 * MAX_REASONING_BYTES {
                return Err(Stop::TooLarge("the reasoning"));
            }
            join(self.echo.entry(name).or_insert(Value::Null), value);
        }
        Ok(())
    }

    fn check_repeats(&mut self, piece: &str) -> Result<(), Stop> {
        if piece.is_empty() {
            return Ok(());
        }
        if piece != self.last_piece || piece.trim().is_empty() {
            piece.clone_into(&mut self.last_piece);
            self.repeats = 0;
        }
        self.repeats += 1;
        if self.repeats >= MAX_REPEATS { Err(Stop::Degenerate) } else { Ok(()) }
    }
}

/// Text as a string or as a list of parts.
fn text_of(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect(),
        _ => String::new(),
    }
}

/// Appends as much as fits, so that what came is kept, and reports when that was not all.
fn append(to: &mut String, piece: &str, most: usize, what: &'static str) -> Result<(), Stop> {
    let room = most.saturating_sub(to.len());
    if piece.len() <= room {
        to.push_str(piece);
        return Ok(());
    }
    to.push_str(piece.get(..piece.floor_char_boundary(room)).unwrap_or_default());
    Err(Stop::TooLarge(what))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Puts pieces of one field together: text to text, list to list; of anything else the newest stays.
fn join(whole: &mut Value, piece: &Value) {
    match (whole, piece) {
        (Value::String(whole), Value::String(piece)) => whole.push_str(piece),
        (Value::Array(whole), Value::Array(piece)) => whole.extend(piece.iter().cloned()),
        (whole, piece) => *whole = piece.clone(),
    }
}
