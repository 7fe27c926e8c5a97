//! From Markdown to the tree.
//!
//! CommonMark has two ways to lose text that a reader would want: definitions of links that nothing refers to, and cells
//! beyond the last column of a table. Both are kept here. Nesting is bounded, because whoever draws the tree recurses.

use std::collections::HashSet;
use std::ops::Range;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, LinkType, Options, Parser, Tag};

use crate::domain::markdown::tree::{Align, Block, Cell, Inline, Item, List, Table};
use crate::domain::markdown::{address, imitation};

/// Quotes and lists inside each other; what is deeper joins the innermost.
const DEEPEST_BLOCK: usize = 6;
/// Formatting inside each other.
const DEEPEST_INLINE: usize = 5;
/// Longest name of a programming language.
const LONGEST_LANGUAGE: usize = 32;

/// The tree of a text.
#[must_use]
pub fn parse(markdown: &str) -> Vec<Block> {
    let text = readable(markdown);
    let (front, text) = front_matter(&text);
    let text = with_idle_definitions(text);
    let mut builder = Builder { source: &text, open: vec![Node::of(Kind::Root)] };
    for (event, range) in Parser::new_ext(&text, options()).into_offset_iter() {
        builder.take(event, range);
    }
    let mut blocks = builder.finish();
    if let Some(code) = front {
        blocks.insert(0, Block::Fence { language: "yaml".to_owned(), code: code.to_owned() });
    }
    blocks
}

fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_MATH
}

/// Without control characters, which platforms refuse or drop.
fn readable(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// Lines of `key: value` between two rules at the very beginning are no heading.
fn front_matter(text: &str) -> (Option<&str>, &str) {
    let parts = || {
        let (lines, rest) = text.strip_prefix("---\n")?.split_once("\n---")?;
        let rest = rest.strip_prefix('\n').or(rest.is_empty().then_some(rest))?;
        let is_entry = |line: &str| line.starts_with([' ', '-', '#']) || line.contains(':');
        lines.lines().all(is_entry).then_some((lines, rest))
    };
    parts().map_or((None, text), |(lines, rest)| (Some(lines), rest))
}

/// The text with a backslash before each definition of a link that no link uses, which makes it visible.
fn with_idle_definitions(text: &str) -> String {
    let mut parser = Parser::new_ext(text, options());
    if parser.reference_definitions().iter().next().is_none() {
        return text.to_owned();
    }
    let mut used: HashSet<String> = HashSet::new();
    for event in parser.by_ref() {
        if let Event::Start(Tag::Link { link_type, id, .. } | Tag::Image { link_type, id, .. }) = event
            && matches!(link_type, LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut)
        {
            used.insert(id.to_lowercase());
        }
    }
    let definitions = parser.reference_definitions().iter();
    let idle = definitions.filter(|(name, _)| !used.contains(&name.to_lowercase()));
    let mut begins: Vec<usize> = idle.map(|(_, definition)| definition.span.start).collect();
    begins.sort_unstable();
    let mut shown = text.to_owned();
    for begin in begins.into_iter().rev().filter(|begin| text.get(*begin..).is_some_and(|rest| rest.starts_with('['))) {
        shown.insert(begin, '\\');
    }
    shown
}

/// What is being built.
enum Kind {
    Root,
    Quote,
    List(Option<u64>),
    Item(Option<bool>),
    Note(String),
    Paragraph,
    Heading(u8),
    Fence(String),
    Html,
    Table(Vec<Align>),
    Row,
    Cell,
    Bold,
    Italic,
    Strike,
    Link(String),
    /// Too deep to be shown, or nothing that we show: its blocks are its parent's.
    Flat,
    /// The same for formatting: its text is its parent's.
    Through,
}

struct Node {
    kind: Kind,
    blocks: Vec<Block>,
    inlines: Vec<Inline>,
    items: Vec<Item>,
    rows: Vec<Vec<Cell>>,
    /// Where in the source its last cell ends.
    cell_end: usize,
}

impl Node {
    fn of(kind: Kind) -> Self {
        Self { kind, blocks: Vec::new(), inlines: Vec::new(), items: Vec::new(), rows: Vec::new(), cell_end: 0 }
    }

    /// Text that stands in a container without a paragraph around it becomes one.
    fn settle(&mut self) {
        let inlines = tidy(std::mem::take(&mut self.inlines));
        if !inlines.is_empty() {
            self.blocks.push(Block::Paragraph(imitation::mark(inlines)));
        }
    }

    fn push(&mut self, block: Block) {
        self.settle();
        self.blocks.push(block);
    }

    fn push_text(&mut self, text: &str) {
        match self.inlines.last_mut() {
            Some(Inline::Text(last)) => last.push_str(text),
            _ => self.inlines.push(Inline::text(text)),
        }
    }
}

/// Inlines with links for addresses, and without blanks around them.
fn tidy(inlines: Vec<Inline>) -> Vec<Inline> {
    let mut inlines = address::link(inlines);
    while matches!(inlines.last(), Some(Inline::Break)) {
        inlines.pop();
    }
    while matches!(inlines.first(), Some(Inline::Break)) {
        inlines.remove(0);
    }
    if crate::domain::markdown::plain(&inlines).trim().is_empty() { Vec::new() } else { inlines }
}

struct Builder<'a> {
    source: &'a str,
    open: Vec<Node>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(_) => self.end(&range),
            Event::Text(text) if matches!(self.top().kind, Kind::Fence(_)) => self.top().push_text(&text),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(code) => self.top().inlines.push(Inline::Code(code.into_string())),
            Event::InlineMath(source) => self.formula(false, &source),
            Event::DisplayMath(source) => self.formula(true, &source),
            Event::FootnoteReference(label) => self.text(&format!("[{label}]")),
            Event::SoftBreak | Event::HardBreak => self.top().inlines.push(Inline::Break),
            Event::Rule => self.top().push(Block::Rule),
            Event::TaskListMarker(done) => {
                let item = self.open.iter_mut().rev().find(|node| matches!(node.kind, Kind::Item(_)));
                if let Some(item) = item {
                    item.kind = Kind::Item(Some(done));
                }
            }
        }
    }

    fn top(&mut self) -> &mut Node {
        if self.open.is_empty() {
            self.open.push(Node::of(Kind::Root));
        }
        let last = self.open.len() - 1;
        &mut self.open[last]
    }

    /// Text, in which a line feed is a line break.
    fn text(&mut self, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.top().inlines.push(Inline::Break);
            }
            if !line.is_empty() {
                self.top().push_text(line);
            }
        }
    }

    /// Sums of money between dollars are no formulas, so what has nothing of TeX stays text.
    fn formula(&mut self, display: bool, source: &str) {
        if display || source.contains(['\\', '^', '_', '{', '=']) {
            self.top().inlines.push(Inline::Math { display, source: source.to_owned() });
        } else {
            self.text(&Inline::formula(display, source));
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let (mut blocks, mut inlines) = (0, 0);
        for node in &self.open {
            match node.kind {
                Kind::Quote | Kind::List(_) => blocks += 1,
                Kind::Bold | Kind::Italic | Kind::Strike | Kind::Link(_) => inlines += 1,
                _ => {}
            }
        }
        let kind = match tag {
            Tag::BlockQuote(_) if blocks < DEEPEST_BLOCK => Kind::Quote,
            Tag::List(start) if blocks < DEEPEST_BLOCK => Kind::List(start),
            Tag::Item if matches!(self.top().kind, Kind::List(_)) => Kind::Item(None),
            Tag::BlockQuote(_) | Tag::List(_) | Tag::Item => Kind::Flat,
            Tag::FootnoteDefinition(label) => Kind::Note(label.into_string()),
            Tag::Paragraph => Kind::Paragraph,
            Tag::Heading { level, .. } => Kind::Heading(level as u8),
            Tag::CodeBlock(CodeBlockKind::Indented) => Kind::Fence(String::new()),
            Tag::CodeBlock(CodeBlockKind::Fenced(info)) => Kind::Fence(info.into_string()),
            Tag::HtmlBlock => Kind::Html,
            Tag::Table(columns) => Kind::Table(columns.into_iter().map(align).collect()),
            Tag::TableHead | Tag::TableRow => Kind::Row,
            Tag::TableCell => Kind::Cell,
            Tag::Strong if inlines < DEEPEST_INLINE => Kind::Bold,
            Tag::Emphasis if inlines < DEEPEST_INLINE => Kind::Italic,
            Tag::Strikethrough if inlines < DEEPEST_INLINE => Kind::Strike,
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => Kind::Link(dest_url.into_string()),
            _ => Kind::Through,
        };
        if !is_inline(&kind) && !matches!(kind, Kind::Row | Kind::Cell) {
            self.settle_container();
        }
        self.open.push(Node::of(kind));
    }

    /// A block begins: text that stood loosely before it is a paragraph of its own.
    fn settle_container(&mut self) {
        let node = self.top();
        if matches!(node.kind, Kind::Root | Kind::Quote | Kind::Item(_) | Kind::Note(_) | Kind::Flat) {
            node.settle();
        }
    }

    fn end(&mut self, range: &Range<usize>) {
        if self.open.len() < 2 {
            return;
        }
        let Some(mut node) = self.open.pop() else { return };
        if matches!(node.kind, Kind::Row) {
            self.keep_extra_cells(&mut node, range);
        }
        let parent = self.top();
        let children = std::mem::take(&mut node.inlines);
        match std::mem::replace(&mut node.kind, Kind::Flat) {
            Kind::Bold => parent.inlines.push(Inline::Bold(children)),
            Kind::Italic => parent.inlines.push(Inline::Italic(children)),
            Kind::Strike => parent.inlines.push(Inline::Strike(children)),
            Kind::Link(url) => parent.inlines.push(linked(url, children)),
            Kind::Cell => {
                parent.cell_end = range.end;
                parent.rows.push(vec![tidy(children)]);
            }
            Kind::Row => parent.rows.push(node.rows.into_iter().flatten().collect()),
            Kind::Table(columns) => {
                let mut rows = node.rows.into_iter();
                let head = rows.next().unwrap_or_default();
                parent.push(Block::Table(Table { columns, head, rows: rows.collect() }));
            }
            Kind::Heading(level) => {
                let text = imitation::mark(tidy(children));
                if !text.is_empty() {
                    parent.push(Block::Heading { level, text });
                }
            }
            Kind::Fence(info) => parent.push(fence(&info, &crate::domain::markdown::plain(&children))),
            kind => {
                node.inlines = children;
                close_container(kind, node, parent);
            }
        }
    }

    /// Cells beyond the last column are not part of the table for the parser; what is in them is kept as it stands.
    fn keep_extra_cells(&self, row: &mut Node, range: &Range<usize>) {
        let rest = self.source.get(row.cell_end..range.end).unwrap_or_default();
        for cell in rest.split('|').map(str::trim).filter(|cell| !cell.is_empty()) {
            row.rows.push(vec![tidy(vec![Inline::text(cell)])]);
        }
    }

    fn finish(mut self) -> Vec<Block> {
        while self.open.len() > 1 {
            self.end(&(0..0));
        }
        let root = self.top();
        root.settle();
        std::mem::take(&mut root.blocks)
    }
}

/// Ends what holds blocks, or nothing of its own.
fn close_container(kind: Kind, mut node: Node, parent: &mut Node) {
    match kind {
        Kind::List(start) => {
            if !node.items.is_empty() {
                parent.push(Block::List(List { start, items: node.items }));
            }
        }
        Kind::Item(task) => {
            node.settle();
            parent.items.push(Item { task, continued: false, blocks: node.blocks });
        }
        Kind::Quote => {
            node.settle();
            if !node.blocks.is_empty() {
                parent.push(Block::Quote(node.blocks));
            }
        }
        Kind::Note(label) => {
            node.settle();
            match node.blocks.first_mut() {
                Some(Block::Paragraph(text)) => text.insert(0, Inline::text(format!("[{label}] "))),
                _ => node.blocks.insert(0, Block::Paragraph(vec![Inline::text(format!("[{label}]"))])),
            }
            parent.settle();
            parent.blocks.append(&mut node.blocks);
        }
        Kind::Through => parent.inlines.append(&mut node.inlines),
        _ => {
            node.settle();
            parent.settle();
            parent.blocks.append(&mut node.blocks);
        }
    }
}

fn is_inline(kind: &Kind) -> bool {
    matches!(kind, Kind::Bold | Kind::Italic | Kind::Strike | Kind::Link(_) | Kind::Through)
}

fn align(alignment: Alignment) -> Align {
    match alignment {
        Alignment::Right => Align::Right,
        Alignment::Center => Align::Center,
        Alignment::Left | Alignment::None => Align::Left,
    }
}

/// A link, which always says something.
fn linked(url: String, text: Vec<Inline>) -> Inline {
    let text = if crate::domain::markdown::plain(&text).trim().is_empty() { vec![Inline::text(&*url)] } else { text };
    Inline::Link { url, text }
}

/// A fence. Of what stands behind the backticks the first word is the language; further words are text that somebody
/// forgot to put on a line of its own.
fn fence(info: &str, code: &str) -> Block {
    let code = code.strip_suffix('\n').unwrap_or(code);
    let (word, more) = info.trim().split_once(char::is_whitespace).unwrap_or((info.trim(), ""));
    let is_name = |c: char| c.is_ascii_alphanumeric() || "+#-_.".contains(c);
    let named = word.chars().count() <= LONGEST_LANGUAGE && word.chars().all(is_name);
    let (language, extra) = if named { (word, more.trim()) } else { ("", info.trim()) };
    let code = if extra.is_empty() { code.to_owned() } else { format!("{extra}\n{code}") };
    Block::Fence { language: language.to_owned(), code }
}
