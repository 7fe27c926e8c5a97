//! The JSON of chat completions: chunks, whole answers, usage, errors.

use serde_json::{Value, json};

use crate::simulator::wall_clock;

/// What the chunks of one answer have in common.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) id: String,
    pub(super) model: String,
    /// Characters that were asked.
    pub(super) asked: usize,
    /// Characters that were answered.
    pub(super) answered: usize,
}

impl Answer {
    /// One event of the stream.
    pub(super) fn chunk(&self, delta: &Value, finish_reason: Option<&str>) -> Value {
        self.envelope(&json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason }]))
    }

    /// The event after the last one, which tells only the usage.
    pub(super) fn usage_chunk(&self) -> Value {
        let mut chunk = self.envelope(&json!([]));
        chunk["usage"] = self.usage();
        chunk
    }

    /// The whole answer in one piece.
    pub(super) fn whole(&self, text: &str, finish_reason: &str) -> Value {
        let message = json!({ "role": "assistant", "content": text, "refusal": null });
        let choices = json!([{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason }]);
        let mut whole = self.envelope(&choices);
        whole["object"] = json!("chat.completion");
        whole["usage"] = self.usage();
        whole
    }

    fn envelope(&self, choices: &Value) -> Value {
        json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": wall_clock::unix_seconds(),
            "model": self.model,
            "choices": choices,
        })
    }

    fn usage(&self) -> Value {
        let (prompt, completion) = (self.asked.div_ceil(4), self.answered.div_ceil(4));
        json!({
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": { "cached_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 0 },
        })
    }
}

/// OpenAI's error body.
pub(super) fn error(code: &str, message: &str) -> Value {
    json!({ "error": { "message": message, "type": code, "param": null, "code": code } })
}

/// The list of models.
pub(super) fn models(names: &[String]) -> Value {
    let model = |name: &String| json!({ "id": name, "object": "model", "created": 1_700_000_000, "owned_by": "legwork" });
    json!({ "object": "list", "data": names.iter().map(model).collect::<Vec<_>>() })
}

/// One server-sent event.
pub(super) fn event(json: &Value) -> String {
    format!("data: {json}\n\n")
}

/// The text of the last user message, whether it is plain or in parts.
pub(super) fn last_prompt(messages: &Value) -> String {
    let mut users = messages.as_array().into_iter().flatten().filter(|message| message["role"] == "user");
    match users.next_back().map(|message| &message["content"]) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

/// Characters of everything the call sent as messages.
pub(super) fn asked(messages: &Value) -> usize {
    let all = messages.as_array().into_iter().flatten();
    all.map(|message| message["content"].as_str().map_or_else(|| message["content"].to_string().len(), str::len)).sum()
}
