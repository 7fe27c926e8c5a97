//! From the tree of a rich message to its blocks, as Bot API 10.1 names them.

use serde_json::{Value, json};

use super::html::Node;
use super::{Measured, styled};

/// Whether a tag is part of running text.
const INLINE: [(&str, &str); 16] = [
    ("b", "bold"),
    ("strong", "bold"),
    ("i", "italic"),
    ("em", "italic"),
    ("u", "underline"),
    ("ins", "underline"),
    ("s", "strikethrough"),
    ("strike", "strikethrough"),
    ("del", "strikethrough"),
    ("code", "code"),
    ("mark", "marked"),
    ("sub", "subscript"),
    ("sup", "superscript"),
    ("tg-spoiler", "spoiler"),
    ("a", "url"),
    ("tg-math", "mathematical_expression"),
];

/// The blocks of these nodes.
pub(super) fn of(nodes: &[Node], measured: &mut Measured) -> Result<Vec<Value>, String> {
    below(nodes, 1, measured)
}

fn below(nodes: &[Node], depth: usize, measured: &mut Measured) -> Result<Vec<Value>, String> {
    let mut blocks = Vec::new();
    let mut loose: Vec<Node> = Vec::new();
    for node in nodes {
        if is_running(node) {
            loose.push(node.clone());
        } else {
            settle(&mut loose, &mut blocks, depth, measured)?;
            blocks.push(block(node, depth, measured)?);
        }
    }
    settle(&mut loose, &mut blocks, depth, measured)?;
    Ok(blocks)
}

/// Running text without a paragraph around it is one.
fn settle(loose: &mut Vec<Node>, blocks: &mut Vec<Value>, depth: usize, measured: &mut Measured) -> Result<(), String> {
    let nodes = std::mem::take(loose);
    let blank = |node: &Node| matches!(node, Node::Text(text) if text.trim().is_empty());
    if !nodes.iter().all(blank) {
        measured.blocks += 1;
        measured.depth = measured.depth.max(depth);
        blocks.push(styled("paragraph", &text(&nodes, depth, false, measured)?));
    }
    Ok(())
}

fn is_running(node: &Node) -> bool {
    match node {
        Node::Text(_) => true,
        Node::Element { name, .. } => name == "br" || INLINE.iter().any(|(tag, _)| tag == name),
    }
}

fn block(node: &Node, depth: usize, measured: &mut Measured) -> Result<Value, String> {
    let Node::Element { name, attributes, children } = node else { return Err("text where a block is expected".to_owned()) };
    measured.blocks += 1;
    measured.depth = measured.depth.max(depth);
    let has = |name: &str| attributes.iter().any(|(key, _)| key == name);
    let mut running = |pre: bool| text(children, depth, pre, measured);
    Ok(match name.as_str() {
        "p" => styled("paragraph", &running(false)?),
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            let mut heading = styled("heading", &running(false)?);
            heading["size"] = json!(name[1..].parse::<u8>().unwrap_or(1));
            heading
        }
        "footer" => styled("footer", &running(false)?),
        "hr" => json!({ "type": "divider" }),
        "pre" => pre(children, depth, measured)?,
        "tg-math-block" => json!({ "type": "mathematical_expression", "expression": running(true)? }),
        "blockquote" => json!({ "type": "blockquote", "blocks": below(children, depth + 1, measured)? }),
        "ul" | "ol" => {
            let start = attributes.iter().find(|(key, _)| key == "start").and_then(|(_, value)| value.parse().ok());
            let first = (name == "ol").then(|| start.unwrap_or(1_u64));
            json!({ "type": "list", "items": items(children, first, depth + 1, measured)? })
        }
        "table" => json!({
            "type": "table", "cells": rows(children, depth + 1, measured)?,
            "is_bordered": has("bordered"), "is_striped": has("striped"),
        }),
        other => return Err(format!("tag \"{other}\" cannot stand there, or the simulator does not know it")),
    })
}

fn pre(children: &[Node], depth: usize, measured: &mut Measured) -> Result<Value, String> {
    if let [Node::Element { name, attributes, children }] = children
        && name == "code"
    {
        let mut block = styled("pre", &text(children, depth + 1, true, measured)?);
        let class = attributes.iter().find(|(key, _)| key == "class").map(|(_, value)| value.as_str());
        if let Some(language) = class.and_then(|class| class.strip_prefix("language-")) {
            block["language"] = json!(language);
        }
        return Ok(block);
    }
    Ok(styled("pre", &text(children, depth, true, measured)?))
}

fn items(nodes: &[Node], first: Option<u64>, depth: usize, measured: &mut Measured) -> Result<Vec<Value>, String> {
    let mut items = Vec::new();
    for node in nodes {
        let Node::Element { name, children, .. } = node else { return Err("text between the items of a list".to_owned()) };
        if name != "li" {
            return Err(format!("tag \"{name}\" between the items of a list"));
        }
        measured.blocks += 1;
        measured.depth = measured.depth.max(depth);
        let number = first.map(|first| first + items.len() as u64);
        let mut item = json!({ "label": number.map_or_else(|| "•".to_owned(), |number| format!("{number}.")) });
        if let Some(number) = number {
            item["value"] = json!(number);
        }
        let mut content = children.as_slice();
        if let Some((Node::Element { name, attributes, .. }, rest)) = children.split_first()
            && name == "input"
        {
            item["has_checkbox"] = json!(true);
            item["is_checked"] = json!(attributes.iter().any(|(key, _)| key == "checked"));
            content = rest;
        }
        let counted = measured.blocks;
        item["blocks"] = json!(below(content, depth + 1, measured)?);
        // The text of an item is not counted beside the item.
        if measured.blocks > counted && content.first().is_some_and(is_running) {
            measured.blocks -= 1;
        }
        items.push(item);
    }
    Ok(items)
}

fn rows(nodes: &[Node], depth: usize, measured: &mut Measured) -> Result<Vec<Value>, String> {
    let mut rows = Vec::new();
    for node in nodes {
        let Node::Element { name, children, .. } = node else { return Err("text between the rows of a table".to_owned()) };
        if name != "tr" {
            return Err(format!("tag \"{name}\" between the rows of a table"));
        }
        measured.blocks += 1;
        let mut cells = Vec::new();
        for cell in children {
            let Node::Element { name, attributes, children } = cell else { return Err("text between cells".to_owned()) };
            if name != "th" && name != "td" {
                return Err(format!("tag \"{name}\" between cells"));
            }
            let align = attributes.iter().find(|(key, _)| key == "align").map_or("left", |(_, value)| value.as_str());
            let text = text(children, depth + 1, false, measured)?;
            cells.push(json!({ "text": text, "is_header": name == "th", "align": align, "valign": "top" }));
        }
        measured.columns = measured.columns.max(cells.len());
        rows.push(Value::Array(cells));
    }
    Ok(rows)
}

/// Running text as the protocol has it: a text, a list of texts, or one with a meaning.
fn text(nodes: &[Node], depth: usize, pre: bool, measured: &mut Measured) -> Result<Value, String> {
    measured.depth = measured.depth.max(depth);
    let mut texts = Vec::new();
    for node in nodes {
        texts.push(match node {
            Node::Text(plain) => {
                let shown = if pre { plain.clone() } else { collapsed(plain) };
                measured.characters += shown.chars().count();
                json!(shown)
            }
            Node::Element { name, .. } if name == "br" => {
                measured.characters += 1;
                json!("\n")
            }
            Node::Element { name, attributes, children } => {
                let (_, kind) =
                    INLINE.iter().find(|(tag, _)| tag == name).ok_or_else(|| format!("tag \"{name}\" in running text"))?;
                let inner = text(children, depth + 1, pre, measured)?;
                match *kind {
                    "url" => {
                        let url = attributes.iter().find(|(key, _)| key == "href").map(|(_, value)| value.clone());
                        json!({ "type": "url", "text": inner, "url": url.ok_or("a link without an address")? })
                    }
                    "mathematical_expression" => json!({ "type": kind, "expression": inner }),
                    kind => styled(kind, &inner),
                }
            }
        });
    }
    Ok(if let [one] = texts.as_slice() { one.clone() } else { Value::Array(texts) })
}

/// Blanks and line feeds in HTML are one blank.
fn collapsed(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let blank = matches!(c, ' ' | '\n' | '\t' | '\r');
        if !blank || !shown.ends_with(' ') {
            shown.push(if blank { ' ' } else { c });
        }
    }
    shown
}

/// What people read of blocks, for quotations, notifications and tests.
pub(super) fn readable(blocks: &[Value]) -> String {
    blocks.iter().map(readable_block).collect::<Vec<_>>().join("\n\n")
}

fn readable_block(block: &Value) -> String {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match block["type"].as_str().unwrap_or_default() {
        "divider" => "──────────".to_owned(),
        "mathematical_expression" => words(&block["expression"]),
        "blockquote" => readable(&list(&block["blocks"])),
        "list" => {
            let item = |item: &Value| {
                let mark = match (item["has_checkbox"].as_bool(), item["is_checked"].as_bool()) {
                    (Some(true), Some(true)) => "☑".to_owned(),
                    (Some(true), _) => "☐".to_owned(),
                    _ => item["label"].as_str().unwrap_or("•").to_owned(),
                };
                format!("{mark} {}", readable(&list(&item["blocks"])).replace("\n\n", "\n"))
            };
            list(&block["items"]).iter().map(item).collect::<Vec<_>>().join("\n")
        }
        "table" => {
            let row = |row: &Value| list(row).iter().map(|cell| words(&cell["text"])).collect::<Vec<_>>().join(" | ");
            list(&block["cells"]).iter().map(row).collect::<Vec<_>>().join("\n")
        }
        _ => words(&block["text"]),
    }
}

fn words(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(texts) => texts.iter().map(words).collect(),
        Value::Object(object) => object.get("text").or_else(|| object.get("expression")).map(words).unwrap_or_default(),
        _ => String::new(),
    }
}
