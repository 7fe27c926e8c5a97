//! The two kinds of Markdown that `parse_mode` takes: MarkdownV2, where every special character must be escaped, and
//! the old one, which knows four marks and no nesting.

use serde_json::json;

use crate::simulator::telegram::message::{Entity, Formatted};

/// Characters that mean something in MarkdownV2 wherever they stand.
const RESERVED: &str = "_*[]()~`>#+-=|{}.!";

/// Understands a MarkdownV2 text.
pub(super) fn parse_v2(input: &str) -> Result<Formatted, String> {
    let mut reader = Reader::new(input);
    while reader.at < input.len() {
        reader.step()?;
    }
    reader.end_quote(true);
    match reader.open.pop() {
        Some(open) => Err(format!("Can't find end of {} entity at byte offset {}", open.mark.title, open.begin)),
        None => Ok(Formatted { text: reader.text, entities: reader.entities }),
    }
}

/// Understands an old Markdown text.
pub(super) fn parse_legacy(input: &str) -> Result<Formatted, String> {
    let mut reader = Reader::new(input);
    while let Some(c) = reader.peek() {
        let begin = reader.at;
        let lost = || format!("Can't find end of the entity starting at byte offset {begin}");
        if c == '\\' && reader.rest()[1..].starts_with(['_', '*', '`', '[']) {
            reader.at += 1;
            reader.push_char();
        } else if reader.rest().starts_with("```") {
            reader.code("```", "pre").map_err(|_| lost())?;
        } else if c == '`' {
            reader.code("`", "code").map_err(|_| lost())?;
        } else if let '*' | '_' = c {
            let body = &reader.rest()[1..];
            let end = body.find(c).ok_or_else(lost)?;
            let kind = if c == '*' { "bold" } else { "italic" };
            reader.push_entity(Entity::new(kind, reader.units, body[..end].encode_utf16().count()), &body[..end]);
            reader.at += end + 2;
        } else if c == '[' {
            let body = &reader.rest()[1..];
            let end = body.find(']').ok_or_else(lost)?;
            let label = &body[..end];
            let url = body[end + 1..].strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(url, _)| url);
            let mut entity = Entity::new("text_link", reader.units, label.encode_utf16().count());
            entity.extra.extend(url.map(|url| ("url".to_owned(), json!(url))));
            reader.at += end + 2 + url.map_or(0, |url| url.len() + 2);
            if url.is_some() { reader.push_entity(entity, label) } else { reader.push_str(label) }
        } else {
            reader.push_char();
        }
    }
    Ok(Formatted { text: reader.text, entities: reader.entities })
}

/// A mark that opens and closes an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    token: &'static str,
    kind: &'static str,
    /// As errors name it.
    title: &'static str,
}

/// Longer tokens before their beginnings.
const MARKS: [Mark; 5] = [
    Mark { token: "__", kind: "underline", title: "Underline" },
    Mark { token: "||", kind: "spoiler", title: "Spoiler" },
    Mark { token: "_", kind: "italic", title: "Italic" },
    Mark { token: "*", kind: "bold", title: "Bold" },
    Mark { token: "~", kind: "strikethrough", title: "Strikethrough" },
];
const LINK: Mark = Mark { token: "]", kind: "text_link", title: "TextUrl" };

/// An entity that waits for its end.
struct Open {
    mark: Mark,
    begin: usize,
    offset: usize,
    /// `![` instead of `[`.
    emoji: bool,
}

struct Reader<'a> {
    input: &'a str,
    at: usize,
    text: String,
    /// UTF-16 units of `text`.
    units: usize,
    open: Vec<Open>,
    entities: Vec<Entity>,
    /// Where a block quotation began, and whether it can be expanded.
    quote: Option<(usize, bool)>,
}

impl<'a> Reader<'a> {
    fn new(input: &'a str) -> Self {
        Self { input, at: 0, text: String::new(), units: 0, open: Vec::new(), entities: Vec::new(), quote: None }
    }

    fn rest(&self) -> &'a str {
        &self.input[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
        self.units += text.encode_utf16().count();
    }

    fn push_char(&mut self) {
        if let Some(c) = self.peek() {
            self.at += c.len_utf8();
            self.text.push(c);
            self.units += c.len_utf16();
        }
    }

    fn push_entity(&mut self, entity: Entity, text: &str) {
        self.push_str(text);
        if entity.length > 0 {
            self.entities.push(entity);
        }
    }

    fn step(&mut self) -> Result<(), String> {
        let at_line_start = self.at == 0 || self.input[..self.at].ends_with('\n');
        if at_line_start && self.line_start() {
            return Ok(());
        }
        let rest = self.rest();
        if let Some(escaped) = rest.strip_prefix('\\') {
            // A backslash before anything that needs none is itself.
            if escaped.starts_with(|c: char| c.is_ascii() && !c.is_ascii_control() && !c.is_ascii_alphanumeric()) {
                self.at += 1;
            }
            self.push_char();
            return Ok(());
        }
        if rest.starts_with("```") {
            return self.code("```", "pre");
        }
        if rest.starts_with('`') {
            return self.code("`", "code");
        }
        if rest.starts_with("||") && self.quote.is_some_and(|(_, expandable)| expandable) && self.closes_quote() {
            self.at += 2;
            return Ok(());
        }
        let marks = || MARKS.into_iter().filter(|mark| rest.starts_with(mark.token));
        // `___` closes the italic inside an underline before the underline itself.
        let innermost = self.open.last().map(|open| open.mark);
        if let Some(mark) = marks().find(|mark| innermost == Some(*mark)).or_else(|| marks().next()) {
            return self.mark(mark);
        }
        if rest.starts_with('[') || rest.starts_with("![") {
            let emoji = rest.starts_with('!');
            self.open.push(Open { mark: LINK, begin: self.at, offset: self.units, emoji });
            self.at += if emoji { 2 } else { 1 };
            return Ok(());
        }
        if rest.starts_with(']') && innermost == Some(LINK) {
            return self.link();
        }
        match self.peek() {
            Some(c) if RESERVED.contains(c) => {
                Err(format!("Character '{c}' is reserved and must be escaped with the preceding '\\'"))
            }
            _ => {
                self.push_char();
                Ok(())
            }
        }
    }

    /// Takes the mark of a block quotation, or ends the one before this line.
    fn line_start(&mut self) -> bool {
        let rest = self.rest();
        let (length, expandable) = if rest.starts_with("**>") {
            (3, true)
        } else if rest.starts_with('>') {
            (1, false)
        } else {
            self.end_quote(false);
            return false;
        };
        if expandable {
            self.end_quote(false);
        }
        if self.quote.is_none() {
            self.quote = Some((self.units, expandable));
        }
        self.at += length;
        true
    }

    fn closes_quote(&self) -> bool {
        let after = &self.rest()[2..];
        after.is_empty() || after.starts_with('\n')
    }

    fn end_quote(&mut self, at_end: bool) {
        let Some((begin, expandable)) = self.quote.take() else { return };
        let end = if !at_end && self.text.ends_with('\n') { self.units - 1 } else { self.units };
        let kind = if expandable { "expandable_blockquote" } else { "blockquote" };
        if end > begin {
            self.entities.push(Entity::new(kind, begin, end - begin));
        }
    }

    fn mark(&mut self, mark: Mark) -> Result<(), String> {
        let begin = self.at;
        self.at += mark.token.len();
        if self.open.last().is_some_and(|open| open.mark == mark) {
            if let Some(open) = self.open.pop() {
                self.push_entity(Entity::new(mark.kind, open.offset, self.units - open.offset), "");
            }
        } else if let Some(inner) = self.open.last().filter(|_| self.open.iter().any(|open| open.mark == mark)) {
            return Err(format!("Can't find end of {} entity at byte offset {}", inner.mark.title, inner.begin));
        } else {
            self.open.push(Open { mark, begin, offset: self.units, emoji: false });
        }
        Ok(())
    }

    fn link(&mut self) -> Result<(), String> {
        self.at += 1;
        let Some(open) = self.open.pop() else { return Ok(()) };
        let Some(body) = self.rest().strip_prefix('(') else {
            // Brackets without a target are only brackets, and those must be escaped.
            return Err("Character '[' is reserved and must be escaped with the preceding '\\'".to_owned());
        };
        let mut url = String::new();
        let mut chars = body.char_indices();
        loop {
            match chars.next() {
                Some((at, ')')) => {
                    self.at += at + 2;
                    break;
                }
                Some((_, '\\')) => url.extend(chars.next().map(|(_, c)| c)),
                Some((_, c)) => url.push(c),
                None => return Err(format!("Can't find end of a URL at byte offset {}", self.at)),
            }
        }
        let emoji = url.strip_prefix("tg://emoji?id=").filter(|_| open.emoji);
        let (kind, key, value) = match emoji {
            Some(id) => ("custom_emoji", "custom_emoji_id", id),
            None => ("text_link", "url", url.as_str()),
        };
        let mut entity = Entity::new(kind, open.offset, self.units - open.offset);
        entity.extra.insert(key.to_owned(), json!(value));
        self.push_entity(entity, "");
        Ok(())
    }

    /// Code runs to its closing fence; only the backslash means something in it.
    fn code(&mut self, fence: &str, kind: &str) -> Result<(), String> {
        let begin = self.at;
        self.at += fence.len();
        let language = (kind == "pre").then(|| self.rest().split_once('\n')).flatten().map(|(language, _)| language);
        let language = language.filter(|language| !language.is_empty() && !language.contains([' ', '`', '\\']));
        if let Some(language) = language {
            self.at += language.len() + 1;
        } else if kind == "pre" && self.rest().starts_with('\n') {
            self.at += 1;
        }
        let offset = self.units;
        while !self.rest().starts_with(fence) {
            match self.peek() {
                None => {
                    let title = if kind == "pre" { "Pre" } else { "Code" };
                    return Err(format!("Can't find end of {title} entity at byte offset {begin}"));
                }
                Some('\\') if self.rest()[1..].starts_with(['`', '\\']) => {
                    self.at += 1;
                    self.push_char();
                }
                Some(_) => self.push_char(),
            }
        }
        self.at += fence.len();
        let mut entity = Entity::new(kind, offset, self.units - offset);
        entity.extra.extend(language.map(|language| ("language".to_owned(), json!(language))));
        self.push_entity(entity, "");
        Ok(())
    }
}
