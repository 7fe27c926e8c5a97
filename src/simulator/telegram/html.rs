//! The HTML that `parse_mode` takes: a handful of tags, strictly nested. What is broken is named with its byte offset.

use serde_json::json;

use crate::simulator::telegram::message::{Entity, Formatted};

/// Understands a text.
pub(super) fn parse(input: &str) -> Result<Formatted, String> {
    let mut reader = Reader { input, at: 0, text: String::new(), units: 0, open: Vec::new(), entities: Vec::new() };
    while let Some(c) = reader.peek() {
        match c {
            '<' if reader.rest().starts_with("</") => reader.end_tag()?,
            '<' => reader.start_tag()?,
            '&' => reader.reference(),
            c => {
                reader.at += c.len_utf8();
                reader.push(c);
            }
        }
    }
    match reader.open.pop() {
        Some(tag) => Err(format!("Can't find end tag corresponding to start tag \"{}\"", tag.name)),
        None => Ok(Formatted { text: reader.text, entities: reader.entities }),
    }
}

/// A tag that waits for its end.
struct OpenTag {
    name: String,
    offset: usize,
    attribute: Option<String>,
}

struct Reader<'a> {
    input: &'a str,
    at: usize,
    text: String,
    /// UTF-16 units of `text`.
    units: usize,
    open: Vec<OpenTag>,
    entities: Vec<Entity>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.input[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn push(&mut self, c: char) {
        self.text.push(c);
        self.units += c.len_utf16();
    }

    /// `&lt;`, `&#60;`, `&#x3c;`; anything else after an ampersand is just an ampersand.
    fn reference(&mut self) {
        let named = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"')];
        if let Some((name, c)) = named.into_iter().find(|(name, _)| self.rest().starts_with(name)) {
            self.at += name.len();
            return self.push(c);
        }
        if let Some((length, c)) = numeric_reference(self.rest()) {
            self.at += length;
            return self.push(c);
        }
        self.at += 1;
        self.push('&');
    }

    fn start_tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        self.at += 1;
        let name = self.take_while(|c| !c.is_whitespace() && c != '>').to_ascii_lowercase();
        if !is_supported(&name) {
            return Err(format!("Unsupported start tag \"{name}\" at byte offset {begin}"));
        }
        let mut attribute = None;
        loop {
            self.take_while(char::is_whitespace);
            match self.peek() {
                None => return Err(format!("Unclosed start tag \"{name}\" at byte offset {begin}")),
                Some('>') => break,
                Some(_) => {
                    let (key, value) = self.attribute(&name, begin)?;
                    if matters(&name, &key) {
                        attribute = Some(if key == "expandable" { key } else { value });
                    }
                }
            }
        }
        self.at += 1;
        if name == "span" && attribute.as_deref() != Some("tg-spoiler") {
            return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {begin}"));
        }
        self.open.push(OpenTag { name, offset: self.units, attribute });
        Ok(())
    }

    fn attribute(&mut self, tag: &str, begin: usize) -> Result<(String, String), String> {
        let key = self.take_while(|c| !c.is_whitespace() && c != '=' && c != '>').to_ascii_lowercase();
        if key.is_empty() {
            return Err(format!("Empty attribute name in the tag \"{tag}\" at byte offset {begin}"));
        }
        self.take_while(char::is_whitespace);
        if self.peek() != Some('=') {
            return Ok((key, String::new()));
        }
        self.at += 1;
        self.take_while(char::is_whitespace);
        let value = match self.peek() {
            Some(quote @ ('"' | '\'')) => {
                self.at += 1;
                let value = self.take_while(|c| c != quote);
                if self.peek().is_none() {
                    return Err(format!("Unclosed start tag \"{tag}\" at byte offset {begin}"));
                }
                self.at += 1;
                value
            }
            _ => self.take_while(|c| !c.is_whitespace() && c != '>'),
        };
        let unescaped = value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        Ok((key, unescaped))
    }

    fn end_tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        self.at += 2;
        let name = self.take_while(|c| !c.is_whitespace() && c != '>').to_ascii_lowercase();
        self.take_while(char::is_whitespace);
        if self.peek() != Some('>') {
            return Err(format!("Unclosed end tag at byte offset {begin}"));
        }
        self.at += 1;
        let Some(tag) = self.open.pop() else {
            return Err(format!("Unexpected end tag at byte offset {begin}"));
        };
        if !name.is_empty() && name != tag.name {
            let expected = tag.name;
            return Err(format!("Unmatched end tag at byte offset {begin}, expected \"</{expected}>\", found \"</{name}>\""));
        }
        self.close(tag);
        Ok(())
    }

    fn close(&mut self, tag: OpenTag) {
        let length = self.units - tag.offset;
        let mut entity = Entity::new("", tag.offset, length);
        let attribute = tag.attribute;
        let kind = match (tag.name.as_str(), attribute) {
            ("b" | "strong", _) => "bold",
            ("i" | "em", _) => "italic",
            ("u" | "ins", _) => "underline",
            ("s" | "strike" | "del", _) => "strikethrough",
            ("span" | "tg-spoiler", _) => "spoiler",
            ("pre", language) => {
                entity.extra.extend(language.map(|language| ("language".to_owned(), json!(language))));
                "pre"
            }
            ("blockquote", Some(_)) => "expandable_blockquote",
            ("blockquote", None) => "blockquote",
            ("code", language) => {
                if let Some(pre) = self.open.last_mut().filter(|outer| outer.name == "pre" && outer.offset == tag.offset) {
                    // `<pre><code class="language-x">` is one block with a language, not two entities.
                    pre.attribute = language.and_then(|class| class.strip_prefix("language-").map(ToOwned::to_owned));
                    return;
                }
                "code"
            }
            ("a", Some(url)) if !url.is_empty() => {
                entity.extra.insert("url".to_owned(), json!(url));
                "text_link"
            }
            ("tg-emoji", Some(id)) => {
                entity.extra.insert("custom_emoji_id".to_owned(), json!(id));
                "custom_emoji"
            }
            _ => return,
        };
        kind.clone_into(&mut entity.kind);
        if length > 0 {
            self.entities.push(entity);
        }
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let rest = self.rest();
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += length;
        rest[..length].to_owned()
    }
}

fn is_supported(tag: &str) -> bool {
    const TAGS: [&str; 16] = [
        "b",
        "strong",
        "i",
        "em",
        "u",
        "ins",
        "s",
        "strike",
        "del",
        "span",
        "tg-spoiler",
        "a",
        "tg-emoji",
        "code",
        "pre",
        "blockquote",
    ];
    TAGS.contains(&tag)
}

/// The one attribute of a tag that changes what it does.
fn matters(tag: &str, attribute: &str) -> bool {
    [("a", "href"), ("code", "class"), ("span", "class"), ("tg-emoji", "emoji-id"), ("blockquote", "expandable")]
        .contains(&(tag, attribute))
}

fn numeric_reference(rest: &str) -> Option<(usize, char)> {
    let (digits, length) = {
        let body = rest.strip_prefix("&#")?;
        let end = body.find(';').filter(|end| *end <= 8)?;
        (&body[..end], end + 3)
    };
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some((length, char::from_u32(code).filter(|c| *c != '\0')?))
}
