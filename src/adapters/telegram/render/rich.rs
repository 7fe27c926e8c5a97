//! Blocks and inlines as the HTML of a rich message.
//!
//! Of the tags that Telegram knows only those are written that a text needs: none loads anything or calls anybody, and
//! Telegram is told not to look for names and addresses by itself. What does not fit into one rich message, in any of
//! its limits, does not become one.

use std::fmt::Write as _;

use crate::domain::frame::Frame;
use crate::domain::markdown::{
    Align, Block, Cell, Inline, List, Table, grid, is_web_address, looks_like_address, plain, records,
};
use crate::domain::text::Unit;
use crate::domain::wording::DUPLICATE_MARK_ROOM;

/// Longest text of a rich message. Telegram counts characters; we count UTF-16 units, which are never fewer.
pub(super) const TEXT_LIMIT: usize = 32_768;
/// Most blocks, with those inside others, items and rows.
pub(super) const MOST_BLOCKS: usize = 500;
/// Deepest nesting of blocks and formatting.
pub(super) const DEEPEST: usize = 16;
/// Most columns of a table.
pub(super) const MOST_COLUMNS: usize = 20;
/// Widest line of a table that is shown as code.
const WIDEST_GRID: usize = 120;

/// A rich message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rich {
    /// Its content.
    pub html: String,
    /// How long its text is, in UTF-16 units.
    pub length: usize,
    /// How many blocks, items and rows it has.
    pub blocks: usize,
}

/// Whether a rich message shows anything of these blocks better than text with entities does.
#[must_use]
pub fn gains(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match block {
        Block::Paragraph(text) => formulas(text),
        Block::Heading { .. } | Block::Table(_) | Block::Rule | Block::List(_) => true,
        Block::Quote(blocks) => blocks.iter().any(|block| matches!(block, Block::Quote(_))) || gains(blocks),
        Block::Fence { .. } => false,
    })
}

fn formulas(text: &[Inline]) -> bool {
    text.iter().any(|inline| match inline {
        Inline::Math { .. } => true,
        Inline::Bold(inner) | Inline::Italic(inner) | Inline::Strike(inner) => formulas(inner),
        _ => false,
    })
}

/// The whole as one rich message; none when it is beyond a limit.
pub(super) fn rich(left: usize, blocks: &[Block], frame: Option<&Frame>) -> Option<Rich> {
    let mut writer = Writer::default();
    if let Some(frame) = frame {
        writer.open("p");
        writer.blocks += 1;
        let lines = frame.line(0, 1);
        for (at, line) in lines.lines().enumerate() {
            if at > 0 {
                writer.inlines(&[Inline::Break]);
            }
            writer.tagged("b", &[Inline::text(line)]);
        }
        writer.close("p");
    }
    if blocks.is_empty() {
        return None;
    }
    writer.write(blocks);
    let room = TEXT_LIMIT - DUPLICATE_MARK_ROOM - left;
    // One block for the mark of a possible duplicate, and one for whoever is called.
    let fits = writer.units <= room && writer.blocks < MOST_BLOCKS - 1 && writer.deepest <= DEEPEST;
    fits.then_some(Rich { html: writer.html, length: writer.units, blocks: writer.blocks })
}

#[derive(Default)]
struct Writer {
    html: String,
    units: usize,
    blocks: usize,
    depth: usize,
    deepest: usize,
}

impl Writer {
    fn open(&mut self, tag: &str) {
        self.html.push('<');
        self.html.push_str(tag);
        self.html.push('>');
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
    }

    fn close(&mut self, tag: &str) {
        let name = tag.split(' ').next().unwrap_or(tag);
        let _written = write!(self.html, "</{name}>");
        self.depth -= 1;
    }

    fn text(&mut self, text: &str) {
        self.units += Unit::Utf16.length(text);
        self.html.push_str(&escaped(text));
    }

    fn write(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.blocks += 1;
            match block {
                Block::Paragraph(text) => self.paragraph(text),
                Block::Heading { level, text } => self.tagged(&format!("h{}", (*level).clamp(1, 6)), text),
                Block::List(list) => self.list(list),
                Block::Quote(blocks) => {
                    self.open("blockquote");
                    self.write(blocks);
                    self.close("blockquote");
                }
                Block::Fence { language, code } => self.pre(language, code),
                Block::Table(table) => self.table(table),
                Block::Rule => self.html.push_str("<hr/>"),
            }
        }
    }

    /// A formula that stands alone is a block of its own.
    fn paragraph(&mut self, text: &[Inline]) {
        if let [Inline::Math { display: true, source }] = text {
            self.open("tg-math-block");
            self.text(source.trim());
            self.close("tg-math-block");
        } else {
            self.tagged("p", text);
        }
    }

    fn tagged(&mut self, tag: &str, text: &[Inline]) {
        self.open(tag);
        self.inlines(text);
        self.close(tag);
    }

    fn list(&mut self, list: &List) {
        let (tag, name) = match list.start {
            Some(1) => ("ol".to_owned(), "ol"),
            Some(start) => (format!("ol start=\"{start}\""), "ol"),
            None => ("ul".to_owned(), "ul"),
        };
        self.open(&tag);
        for item in &list.items {
            self.blocks += 1;
            self.open("li");
            match item.task {
                Some(true) => self.html.push_str("<input type=\"checkbox\" checked>"),
                Some(false) => self.html.push_str("<input type=\"checkbox\">"),
                None => {}
            }
            match item.blocks.as_slice() {
                [Block::Paragraph(text)] => self.inlines(text),
                [Block::Paragraph(text), rest @ ..] => {
                    self.inlines(text);
                    self.write(rest);
                }
                blocks => self.write(blocks),
            }
            self.close("li");
        }
        self.close(name);
    }

    fn pre(&mut self, language: &str, code: &str) {
        self.open("pre");
        if language.is_empty() {
            self.text(code);
        } else {
            self.open(&format!("code class=\"language-{}\"", escaped(language)));
            self.text(code);
            self.close("code");
        }
        self.close("pre");
    }

    fn table(&mut self, table: &Table) {
        if table.width() > MOST_COLUMNS {
            self.blocks -= 1;
            let wide = grid(table, WIDEST_GRID).map(|code| vec![Block::Fence { language: String::new(), code }]);
            return self.write(&wide.unwrap_or_else(|| records(table)));
        }
        self.open("table bordered striped");
        self.row(table, &table.head, "th");
        for row in &table.rows {
            self.row(table, row, "td");
        }
        self.close("table");
    }

    fn row(&mut self, table: &Table, row: &[Cell], tag: &str) {
        self.blocks += 1;
        self.open("tr");
        for (column, cell) in row.iter().enumerate() {
            let cell_tag = match table.align(column) {
                Align::Left => tag.to_owned(),
                Align::Center => format!("{tag} align=\"center\""),
                Align::Right => format!("{tag} align=\"right\""),
            };
            self.tagged(&cell_tag, cell);
        }
        self.close("tr");
    }

    fn inlines(&mut self, inlines: &[Inline]) {
        for inline in inlines {
            match inline {
                Inline::Text(text) => self.text(text),
                Inline::Bold(inner) => self.tagged("b", inner),
                Inline::Italic(inner) => self.tagged("i", inner),
                Inline::Strike(inner) => self.tagged("s", inner),
                Inline::Code(code) => self.tagged("code", &[Inline::Text(code.clone())]),
                Inline::Math { source, .. } => self.tagged("tg-math", &[Inline::Text(source.trim().to_owned())]),
                Inline::Link { url, text } => self.link(url, text),
                Inline::Break => {
                    self.units += 1;
                    self.html.push_str("<br>");
                }
            }
        }
    }

    fn link(&mut self, url: &str, text: &[Inline]) {
        let said = plain(text);
        if !is_web_address(url) {
            self.inlines(text);
            if said != url {
                self.text(&format!(" ({url})"));
            }
            return;
        }
        let tag = format!("a href=\"{}\"", escaped(url));
        if said == url || !looks_like_address(&said) {
            return self.tagged(&tag, text);
        }
        self.inlines(text);
        self.text(" (");
        self.tagged(&tag, &[Inline::text(url)]);
        self.text(")");
    }
}

/// Text that is no HTML.
pub(in crate::adapters::telegram) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
