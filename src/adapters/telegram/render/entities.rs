//! Blocks and inlines as text with entities.
//!
//! Telegram's rules: entities lie inside each other or apart; nothing is inside code or code inside anything but a
//! quotation, so bold text is interrupted by code in it; a quotation has no quotation in it.

use crate::adapters::telegram::render::{Entity, Kind, shortened};
use crate::domain::markdown::{
    Block, Inline, Item, List, Table, flat, grid, is_web_address, looks_like_address, plain as plain_text, records,
};
use crate::domain::text::Unit;

/// Between two blocks.
pub(super) const BETWEEN: &str = "\n\n";
/// Widest line of a table, in columns.
const WIDEST_TABLE: usize = 72;
/// A line across.
const RULE: &str = "──────────";
/// Marks of items, by depth.
const BULLETS: [&str; 3] = ["• ", "◦ ", "▪ "];
/// A quotation with more lines or units than this is folded.
const LONG_QUOTE: (usize, usize) = (8, 600);
/// Joins two characters invisibly, without a place to break the line.
const JOINER: char = '\u{2060}';

/// A text and its entities, whose offsets count from its beginning.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) entities: Vec<Entity>,
}

/// Blocks, one below the other.
pub(super) fn write(blocks: &[Block]) -> Written {
    let mut writer = Writer::default();
    writer.blocks(blocks, Place::default());
    writer.finish()
}

/// The same for a server that takes no entities: links show where they lead, and nobody is called from within code.
pub(super) fn plain(blocks: &[Block]) -> String {
    let mut writer = Writer { addresses: true, ..Writer::default() };
    writer.blocks(blocks, Place::default());
    silent(&writer.finish().text, usize::MAX)
}

/// A text that calls nobody, as much of it as there is room for.
pub(super) fn silent(text: &str, room: usize) -> String {
    shortened(&uncalled(text), room)
}

/// A text in which no name is one that Telegram would call: an invisible character stands after the sign.
pub(super) fn uncalled(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut before: Option<char> = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        written.push(c);
        let in_word = before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        // At the end of a stretch nobody knows what follows. A command would be sent by whoever touches it.
        let names = rest.peek().is_none_or(|c| c.is_alphanumeric() || *c == '_');
        if names && ((c == '@' && !in_word) || (c == '/' && before.is_none_or(char::is_whitespace))) {
            written.push(JOINER);
        }
        before = Some(c);
    }
    written
}

/// Where a block is.
#[derive(Clone, Copy, Default)]
struct Place {
    depth: usize,
    in_item: bool,
    in_quote: bool,
}

#[derive(Default)]
struct Writer {
    text: String,
    units: usize,
    entities: Vec<Entity>,
    /// What stands before every further line.
    indent: String,
    /// Formatting that is open: kind and where it began.
    open: Vec<(Kind, usize)>,
    /// Addresses are written out, because there will be no entities.
    addresses: bool,
}

impl Writer {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.units += Unit::Utf16.length(text);
    }

    fn line(&mut self) {
        let indent = std::mem::take(&mut self.indent);
        self.push("\n");
        self.push(&indent);
        self.indent = indent;
    }

    /// A line break, unless a line has just begun; an indentation that it began with goes.
    fn fresh_line(&mut self) {
        while self.text.ends_with(' ') && self.text.trim_end_matches(' ').ends_with('\n') {
            self.text.pop();
            self.units -= 1;
        }
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.push("\n");
        }
    }

    fn mark(&mut self, kind: Kind, from: usize) {
        if self.units > from {
            self.entities.push(Entity { kind, offset: from, length: self.units - from });
        }
    }

    fn finish(mut self) -> Written {
        let kept = self.text.trim_end().len();
        self.text.truncate(kept);
        let end = Unit::Utf16.length(&self.text);
        self.entities.retain_mut(|entity| {
            entity.length = entity.length.min(end.saturating_sub(entity.offset));
            entity.length > 0
        });
        self.entities.sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length)));
        Written { text: self.text, entities: self.entities }
    }

    fn blocks(&mut self, blocks: &[Block], place: Place) {
        for (index, block) in blocks.iter().enumerate() {
            if index > 0 {
                if !place.in_item {
                    self.push("\n");
                }
                self.line();
            }
            self.block(block, place);
        }
    }

    fn block(&mut self, block: &Block, place: Place) {
        match block {
            Block::Paragraph(text) => self.inlines(text),
            Block::Heading { text, .. } => self.span(Kind::Bold, text),
            Block::List(list) => self.list(list, place),
            Block::Quote(blocks) => self.quote(blocks, place),
            Block::Fence { language, code } => self.pre(language, code),
            Block::Table(table) => self.table(table, place),
            Block::Rule => self.push(RULE),
        }
    }

    fn list(&mut self, list: &List, place: Place) {
        let mut number = list.start;
        for (index, item) in list.items.iter().enumerate() {
            if index > 0 {
                self.line();
            }
            let mark = Self::item_mark(item, &mut number, place.depth);
            self.push(&mark);
            let before = self.indent.len();
            self.indent.push_str(if list.start.is_some() { "   " } else { "  " });
            self.blocks(&item.blocks, Place { depth: place.depth + 1, in_item: true, ..place });
            self.indent.truncate(before);
        }
    }

    fn item_mark(item: &Item, number: &mut Option<u64>, depth: usize) -> String {
        if item.continued {
            return String::new();
        }
        let bullet = number.map(|at| {
            *number = Some(at.saturating_add(1));
            format!("{at}. ")
        });
        match (item.task, bullet) {
            (Some(done), bullet) => format!("{}{}", bullet.unwrap_or_default(), if done { "☑ " } else { "☐ " }),
            (None, Some(bullet)) => bullet,
            (None, None) => BULLETS[depth.min(BULLETS.len() - 1)].to_owned(),
        }
    }

    fn quote(&mut self, blocks: &[Block], place: Place) {
        let inner = Place { in_quote: true, ..place };
        if place.in_quote {
            let before = self.indent.len();
            self.push("┃ ");
            self.indent.push_str("┃ ");
            self.blocks(blocks, inner);
            self.indent.truncate(before);
            return;
        }
        // It is a block of its own, also inside an item.
        self.fresh_line();
        let indent = std::mem::take(&mut self.indent);
        let (from, begin) = (self.units, self.text.len());
        self.blocks(blocks, inner);
        let lines = self.text.get(begin..).unwrap_or_default().lines().count();
        let long = lines > LONG_QUOTE.0 || self.units - from > LONG_QUOTE.1;
        self.mark(if long { Kind::ExpandableBlockquote } else { Kind::Blockquote }, from);
        self.indent = indent;
    }

    fn pre(&mut self, language: &str, code: &str) {
        if code.trim().is_empty() {
            return;
        }
        self.fresh_line();
        let from = self.units;
        self.push(code);
        self.mark(Kind::Pre { language: language.to_owned() }, from);
    }

    fn table(&mut self, table: &Table, place: Place) {
        match grid(table, WIDEST_TABLE) {
            Some(grid) => self.pre("", &grid),
            None => self.blocks(&records(table), place),
        }
    }

    fn inlines(&mut self, inlines: &[Inline]) {
        for inline in inlines {
            match inline {
                Inline::Text(text) => self.push(&uncalled(text)),
                Inline::Bold(inner) => self.span(Kind::Bold, inner),
                Inline::Italic(inner) => self.span(Kind::Italic, inner),
                Inline::Strike(inner) => self.span(Kind::Strikethrough, inner),
                Inline::Code(code) => self.code(code),
                Inline::Math { display, source } => self.code(&Inline::formula(*display, source)),
                Inline::Link { url, text } => self.link(url, text),
                Inline::Break => self.line(),
            }
        }
    }

    /// Formatting around inlines. The same twice says nothing more.
    fn span(&mut self, kind: Kind, inner: &[Inline]) {
        if self.open.iter().any(|(open, _)| *open == kind) {
            return self.inlines(inner);
        }
        self.open.push((kind, self.units));
        self.inlines(inner);
        if let Some((kind, from)) = self.open.pop() {
            self.mark(kind, from);
        }
    }

    /// Code interrupts the formatting it is in; in a link it is only text.
    fn code(&mut self, code: &str) {
        if self.open.iter().any(|(kind, _)| matches!(kind, Kind::TextLink { .. })) {
            return self.push(&uncalled(code));
        }
        let open = self.open.clone();
        for (kind, from) in open {
            self.mark(kind, from);
        }
        let from = self.units;
        self.push(code);
        self.mark(Kind::Code, from);
        for (_, from) in &mut self.open {
            *from = self.units;
        }
    }

    /// A link to a web page. Its address is written out where its words could pass for another one, or when it leads
    /// anywhere else.
    fn link(&mut self, url: &str, text: &[Inline]) {
        let said = plain_text(text);
        if said == url && !said.contains('@') {
            // Telegram makes a link of it by itself.
            return self.push(url);
        }
        let honest = is_web_address(url) && !looks_like_address(&said) && !self.addresses;
        if honest {
            return self.span(Kind::TextLink { url: url.to_owned() }, text);
        }
        if is_web_address(url) && !self.addresses {
            self.push(&uncalled(&flat(&without_links(text))));
            self.push(" (");
            self.span(Kind::TextLink { url: url.to_owned() }, &[Inline::text(url)]);
            return self.push(")");
        }
        self.inlines(text);
        if said != url {
            self.push(&uncalled(&format!(" ({url})")));
        }
    }
}

/// The words of a link alone.
fn without_links(text: &[Inline]) -> Vec<Inline> {
    vec![Inline::Text(plain_text(text))]
}
