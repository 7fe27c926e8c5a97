//! Tool calls out of their pieces.
//!
//! Pieces of one call share an `index`. Some servers leave it out, give every call the same one, or repeat the id in each
//! piece; the rules here put all of those together rightly. Nothing is run before the whole answer has ended well.

use serde_json::{Map, Value};

/// Most calls in one answer.
const MAX_CALLS: usize = 64;
/// Largest arguments of one call, in bytes.
const MAX_ARGUMENT_BYTES: usize = 256 * 1024;

/// A tool the model wants to use.
#[derive(Clone, PartialEq)]
pub(crate) struct ToolCall {
    /// The server's id of the call; may be empty.
    pub(crate) id: String,
    /// The tool.
    pub(crate) name: String,
    /// Its arguments as JSON text; empty when there are none.
    pub(crate) arguments: String,
    /// Fields of the server's own that it wants to see again.
    pub(crate) echo: Map<String, Value>,
}

struct Slot {
    index: Option<u64>,
    call: ToolCall,
}

/// Collects pieces until they are calls.
#[derive(Default)]
pub(crate) struct ToolCalls {
    slots: Vec<Slot>,
}

impl ToolCalls {
    /// Takes a piece, or says which part of it is too large.
    pub(crate) fn push(&mut self, piece: &Value) -> Result<(), &'static str> {
        let id = piece.get("id").and_then(Value::as_str).unwrap_or_default();
        let function = piece.get("function").unwrap_or(&Value::Null);
        let name = function.get("name").and_then(Value::as_str).unwrap_or_default();
        let position = self.position(piece.get("index").and_then(Value::as_u64), id, name)?;
        let Some(Slot { call, .. }) = self.slots.get_mut(position) else { return Ok(()) };
        if call.id.is_empty() {
            id.clone_into(&mut call.id);
        }
        if call.name.is_empty() {
            name.clone_into(&mut call.name);
        }
        match function.get("arguments") {
            Some(Value::String(text)) => call.arguments.push_str(text),
            Some(whole @ Value::Object(_)) => call.arguments = whole.to_string(),
            _ => {}
        }
        for (field, value) in piece.as_object().into_iter().flatten() {
            if !matches!(field.as_str(), "index" | "id" | "type" | "function") {
                call.echo.insert(field.clone(), value.clone());
            }
        }
        if call.arguments.len() > MAX_ARGUMENT_BYTES { Err("the arguments of a tool") } else { Ok(()) }
    }

    /// How much there is, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.slots.iter().map(|slot| slot.call.name.len() + slot.call.arguments.len()).sum()
    }

    /// The calls in the order they began.
    pub(crate) fn into_calls(self) -> Vec<ToolCall> {
        self.slots.into_iter().map(|slot| slot.call).collect()
    }

    /// Where a piece belongs: by index, else by id, else to the last call. Another id under the same index begins a new
    /// call, and so does a name after a call whose arguments are already whole.
    fn position(&mut self, index: Option<u64>, id: &str, name: &str) -> Result<usize, &'static str> {
        let found = if index.is_some() {
            let other_id = |call: &ToolCall| !id.is_empty() && !call.id.is_empty() && call.id != id;
            self.slots.iter().rposition(|slot| slot.index == index).filter(|at| !self.holds(*at, other_id))
        } else if id.is_empty() {
            let whole = |call: &ToolCall| !name.is_empty() && serde_json::from_str::<Value>(&call.arguments).is_ok();
            self.slots.len().checked_sub(1).filter(|at| !self.holds(*at, whole))
        } else {
            self.slots.iter().rposition(|slot| slot.call.id == id)
        };
        if let Some(position) = found {
            return Ok(position);
        }
        if self.slots.len() >= MAX_CALLS {
            return Err("the list of tool calls");
        }
        let call = ToolCall { id: String::new(), name: String::new(), arguments: String::new(), echo: Map::new() };
        self.slots.push(Slot { index, call });
        Ok(self.slots.len() - 1)
    }

    fn holds(&self, position: usize, condition: impl Fn(&ToolCall) -> bool) -> bool {
        self.slots.get(position).is_some_and(|slot| condition(&slot.call))
    }
}
