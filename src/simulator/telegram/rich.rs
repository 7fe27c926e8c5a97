//! Rich messages: from the HTML of a call to the blocks that people see, judged by the limits of Bot API 10.1.
//!
//! Only HTML is understood, which is what a careful bot sends; of its tags those that load media or maps are refused here.

mod blocks;
mod html;

use serde_json::{Value, json};

use crate::simulator::telegram::TelegramServer;
use crate::simulator::telegram::message::Formatted;
use crate::simulator::telegram::params::Params;
use crate::simulator::telegram::refusal::Refusal;
use crate::simulator::telegram::sending::check_keys;
use crate::simulator::telegram::state::State;

/// Characters of the text.
const TEXT_LIMIT: usize = 32_768;
/// Blocks, with items and rows.
const MOST_BLOCKS: usize = 500;
/// Blocks and formatting inside each other.
const DEEPEST: usize = 16;
/// Columns of a table.
const MOST_COLUMNS: usize = 20;

/// What a rich message is made of.
#[derive(Debug, Default)]
struct Measured {
    characters: usize,
    blocks: usize,
    depth: usize,
    columns: usize,
}

impl State {
    pub(super) fn send_rich_message(&mut self, params: &Params) -> Result<Value, Refusal> {
        if !self.knows_rich_messages {
            return Err(Refusal::not_found());
        }
        let mut message = self.draft(params)?;
        let rich = params.json("rich_message")?.ok_or_else(|| Refusal::malformed("rich message must be non-empty"))?;
        let blocks = read(&rich)?;
        message.body = Formatted { text: blocks::readable(&blocks), entities: Vec::new() };
        message.rich = Some(Value::Array(blocks));
        self.send(params, message)
    }
}

impl TelegramServer {
    /// Whether the server knows `sendRichMessage`, as those of Bot API 10.1 do. An older one does not.
    pub fn know_rich_messages(&self, knows: bool) {
        self.change(|state| state.knows_rich_messages = knows);
    }
}

/// The blocks of an `InputRichMessage`.
fn read(rich: &Value) -> Result<Vec<Value>, Refusal> {
    check_keys(rich, "InputRichMessage", &["html", "markdown", "is_rtl", "skip_entity_detection"])?;
    let html = match (rich.get("html").and_then(Value::as_str), rich.get("markdown")) {
        (Some(html), None) => html,
        (None, Some(_)) => return Err(Refusal::malformed("the simulator understands rich messages in HTML only")),
        _ => return Err(Refusal::malformed("exactly one of the fields html and markdown must be specified")),
    };
    let nodes = html::parse(html).map_err(|reason| Refusal::malformed(format!("can't parse rich message: {reason}")))?;
    let mut measured = Measured::default();
    let blocks =
        blocks::of(&nodes, &mut measured).map_err(|reason| Refusal::malformed(format!("can't parse rich message: {reason}")))?;
    let limits = [
        (measured.characters > TEXT_LIMIT, "RICH_MESSAGE_TEXT_TOO_LONG"),
        (measured.blocks > MOST_BLOCKS, "RICH_MESSAGE_BLOCKS_TOO_MANY"),
        (measured.depth > DEEPEST, "RICH_MESSAGE_DEPTH_INVALID"),
        (measured.columns > MOST_COLUMNS, "RICH_MESSAGE_TABLE_COLS_TOO_MANY"),
        (blocks.is_empty() || measured.characters == 0, "RICH_MESSAGE_EMPTY"),
    ];
    match limits.into_iter().find(|(broken, _)| *broken) {
        Some((_, refusal)) => Err(Refusal::malformed(refusal)),
        None => Ok(blocks),
    }
}

/// A part of a text with one meaning.
fn styled(kind: &str, text: &Value) -> Value {
    json!({ "type": kind, "text": text })
}
