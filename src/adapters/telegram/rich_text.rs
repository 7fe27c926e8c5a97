//! The words of a rich message, without its layout: what a person means who replies to one. Results of ours come so.

use serde_json::Value;

/// What a rich message says, a line for each of its paragraphs, list items and rows.
pub(super) fn plain(rich_message: &Value) -> String {
    read_blocks(&rich_message["blocks"]).join("\n")
}

fn read_blocks(blocks: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for block in list(blocks) {
        lines.extend([&block["summary"], &block["text"], &block["expression"]].map(words));
        for row in list(&block["cells"]) {
            lines.push(list(row).iter().map(|cell| words(&cell["text"])).collect::<Vec<_>>().join(" | "));
        }
        for item in list(&block["items"]) {
            let label = item["label"].as_str().unwrap_or("-");
            lines.push(format!("{label} {}", read_blocks(&item["blocks"]).join("\n")));
        }
        lines.extend(read_blocks(&block["blocks"]));
    }
    lines.retain(|line| !line.trim().is_empty());
    lines
}

/// A piece of rich text: a string, a list of pieces, or a mark around a piece.
fn words(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(pieces) => pieces.iter().map(words).collect(),
        Value::Object(mark) => ["text", "expression", "alternative_text"]
            .into_iter()
            .find_map(|field| mark.get(field))
            .map(words)
            .unwrap_or_default(),
        _ => String::new(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rich_message_has_words() {
        let message = json!({"blocks": [
            {"type": "heading", "size": 1, "text": "Ships"},
            {"type": "paragraph", "text": ["Two ", {"type": "bold", "text": ["big", " ones"]}, "."]},
            {"type": "divider"},
            {"type": "list", "items": [{"label": "1.", "blocks": [{"type": "paragraph", "text": "one"}, {"type": "paragraph", "text": "more"}]}, {"blocks": []}]},
            {"type": "table", "cells": [[{"text": "a"}, {"text": {"type": "code", "text": "b"}}]]},
            {"type": "blockquote", "blocks": [{"type": "mathematical_expression", "expression": "x^2"}]},
            {"type": "from another year", "words": 7},
        ]});
        assert_eq!(plain(&message), "Ships\nTwo big ones.\n1. one\nmore\n- \na | b\nx^2");
        assert_eq!(plain(&json!({"blocks": "none"})), "");
    }
}
