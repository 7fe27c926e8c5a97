//! Cutting one block in two, so that the first piece fits.
//!
//! The two pieces together say what the block said. Each is a whole block of its own: a fence is closed and opened again
//! with its language, a table repeats its head, a numbered list goes on counting, bold text is bold in both.

use unicode_segmentation::UnicodeSegmentation;

use crate::domain::markdown::plain::plain;
use crate::domain::markdown::tree::{Block, Cell, Inline, Item, List, Table};

/// What became of a block that was to be cut.
pub(super) enum Cut {
    /// The piece that fits, and what is left.
    Two(Block, Block),
    /// No piece of it fits.
    None(Block),
}

/// Whether a piece fits.
type Fits<'a> = &'a dyn Fn(&Block) -> bool;

/// Cuts a block after as much of it as fits. `most` bounds the search: no more characters than that can fit.
pub(super) fn cut(block: Block, fits: Fits<'_>, most: usize) -> Cut {
    match block {
        Block::Paragraph(text) => match cut_text(&text, &|head| fits(&Block::Paragraph(head)), most) {
            Some((head, rest)) => Cut::Two(Block::Paragraph(head), Block::Paragraph(rest)),
            None => Cut::None(Block::Paragraph(text)),
        },
        Block::Heading { level, text } => match cut_text(&text, &|text| fits(&Block::Heading { level, text }), most) {
            Some((head, rest)) => Cut::Two(Block::Heading { level, text: head }, Block::Heading { level, text: rest }),
            None => Cut::None(Block::Heading { level, text }),
        },
        Block::Fence { language, code } => cut_fence(language, code, fits, most),
        Block::Quote(blocks) => match cut_blocks(blocks, &|head| fits(&Block::Quote(head)), most) {
            Ok((head, rest)) => Cut::Two(Block::Quote(head), Block::Quote(rest)),
            Err(blocks) => Cut::None(Block::Quote(blocks)),
        },
        Block::List(list) => cut_list(list, fits, most),
        Block::Table(table) => cut_table(table, fits),
        Block::Rule => Cut::None(Block::Rule),
    }
}

/// The largest count for which `fits` holds, if it holds for all smaller ones. What is escaped depends on what follows, so a
/// longer text may fit where a shorter one does not; then it is some count for which it holds.
fn largest(most: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

fn cut_text(text: &[Inline], fits: &dyn Fn(Vec<Inline>) -> bool, most: usize) -> Option<(Vec<Inline>, Vec<Inline>)> {
    let whole = plain(text);
    let ends = ends(&whole, most);
    let fitting = largest(ends.len(), |count| count == 0 || fits(head(text, ends[count - 1])));
    let end = match fitting.checked_sub(1).and_then(|index| ends.get(index)) {
        Some(end) => *end,
        // Not even one character as readers see it: a pile of marks is cut between them.
        None if text.len() == 1 => {
            let marks: Vec<usize> = whole.char_indices().skip(1).map(|(at, _)| at).take(most.max(1)).collect();
            let fitting = largest(marks.len(), |count| count == 0 || fits(head(text, marks[count - 1])));
            *marks.get(fitting.checked_sub(1)?)?
        }
        None => return None,
    };
    // A better place may be within code or a formula, which is text then and longer.
    let at = Some(good_end(&whole, end)).filter(|at| fits(head(text, *at))).unwrap_or(end);
    let (head, rest) = halves(text, at);
    let rest = trimmed(rest);
    if at == 0 || at >= whole.len() || plain(&head).trim().is_empty() || rest.is_empty() {
        return None;
    }
    Some((head, rest))
}

/// Where the characters of a text end, as readers see them; at most so many.
fn ends(text: &str, most: usize) -> Vec<usize> {
    text.grapheme_indices(true).map(|(at, grapheme)| at + grapheme.len()).take(most).collect()
}

/// The last good place to cut before `end`, which is before a blank: after a line, else a sentence, else a word, if that
/// leaves a third.
fn good_end(text: &str, end: usize) -> usize {
    let window = text.get(..end).unwrap_or(text);
    if text.get(end..).is_some_and(|after| after.starts_with(char::is_whitespace)) {
        return end;
    }
    let breaks = [("\n", 0), (". ", 1), (" ", 0)];
    let found = breaks.into_iter().filter_map(|(mark, kept)| window.rfind(mark).map(|at| at + kept));
    found.into_iter().find(|at| *at > end / 3).unwrap_or(end)
}

/// The inlines before a byte of their plain text, which is looked for again and again: so the rest is left alone.
fn head(inlines: &[Inline], at: usize) -> Vec<Inline> {
    let (mut left, mut count) = (at, 0);
    for inline in inlines {
        let length = plain(std::slice::from_ref(inline)).len();
        count += 1;
        if length >= left {
            break;
        }
        left -= length;
    }
    halves(inlines.get(..count).unwrap_or(inlines), at).0
}

/// The inlines before and after a byte of their plain text. Formatting that is cut goes on in the second half.
fn halves(inlines: &[Inline], at: usize) -> (Vec<Inline>, Vec<Inline>) {
    let (mut head, mut rest) = (Vec::new(), Vec::new());
    let mut left = at;
    for inline in inlines {
        let length = plain(std::slice::from_ref(inline)).len();
        if length <= left {
            left -= length;
            head.push(inline.clone());
        } else if left == 0 {
            rest.push(inline.clone());
        } else {
            let (one, other) = half(inline, left);
            head.push(one);
            rest.push(other);
            left = 0;
        }
    }
    (head, rest)
}

fn half(inline: &Inline, at: usize) -> (Inline, Inline) {
    let text = |text: &str| {
        let (head, rest) = text.split_at_checked(at).unwrap_or((text, ""));
        (head.to_owned(), rest.to_owned())
    };
    let inner = |inner: &[Inline], of: fn(Vec<Inline>) -> Inline| {
        let (head, rest) = halves(inner, at);
        (of(head), of(rest))
    };
    match inline {
        Inline::Text(whole) => {
            let (head, rest) = text(whole);
            (Inline::Text(head), Inline::Text(rest))
        }
        Inline::Code(whole) => {
            let (head, rest) = text(whole);
            (Inline::Code(head), Inline::Code(rest))
        }
        Inline::Math { display, source } => {
            let (head, rest) = text(&Inline::formula(*display, source));
            (Inline::Text(head), Inline::Text(rest))
        }
        Inline::Bold(whole) => inner(whole, Inline::Bold),
        Inline::Italic(whole) => inner(whole, Inline::Italic),
        Inline::Strike(whole) => inner(whole, Inline::Strike),
        Inline::Link { url, text: whole } => {
            let (head, rest) = halves(whole, at);
            if plain(whole) == *url {
                // Half an address leads elsewhere.
                return (Inline::Text(plain(&head)), Inline::Text(plain(&rest)));
            }
            (Inline::Link { url: url.clone(), text: head }, Inline::Link { url: url.clone(), text: rest })
        }
        Inline::Break => (Inline::Break, Inline::Text(String::new())),
    }
}

/// Without breaks and blanks at its beginning.
fn trimmed(mut inlines: Vec<Inline>) -> Vec<Inline> {
    while !inlines.is_empty() {
        let first = match inlines.remove(0) {
            Inline::Break => continue,
            Inline::Text(text) => Inline::Text(text.trim_start().to_owned()),
            Inline::Bold(inner) => Inline::Bold(trimmed(inner)),
            Inline::Italic(inner) => Inline::Italic(trimmed(inner)),
            Inline::Strike(inner) => Inline::Strike(trimmed(inner)),
            other => other,
        };
        if !plain(std::slice::from_ref(&first)).is_empty() {
            inlines.insert(0, first);
            break;
        }
    }
    inlines
}

fn cut_fence(language: String, code: String, fits: Fits<'_>, most: usize) -> Cut {
    let piece = |code: &str| Block::Fence { language: language.clone(), code: code.to_owned() };
    let mut ends = ends(&code, most);
    let mut fitting = largest(ends.len(), |count| count == 0 || fits(&piece(code.get(..ends[count - 1]).unwrap_or(&code))));
    if fitting == 0 {
        ends = code.char_indices().skip(1).map(|(at, _)| at).take(most).collect();
        fitting = largest(ends.len(), |count| count == 0 || fits(&piece(code.get(..ends[count - 1]).unwrap_or(&code))));
    }
    let Some(end) = fitting.checked_sub(1).and_then(|index| ends.get(index)).copied() else {
        return Cut::None(Block::Fence { language, code });
    };
    let (head, rest) = code.split_at_checked(good_end(&code, end)).unwrap_or((&code, ""));
    // A line break at the cut is where one part ends and the next begins; blanks belong to the code.
    let rest = rest.strip_prefix('\n').unwrap_or(rest);
    if head.is_empty() || rest.is_empty() {
        return Cut::None(Block::Fence { language, code });
    }
    Cut::Two(piece(head), piece(rest))
}

/// Cuts after as many blocks as fit, or within the first when not even that does.
fn cut_blocks(
    blocks: Vec<Block>,
    fits: &dyn Fn(Vec<Block>) -> bool,
    most: usize,
) -> Result<(Vec<Block>, Vec<Block>), Vec<Block>> {
    let count = largest(blocks.len(), |count| count == 0 || fits(blocks[..count].to_vec()));
    let mut head = blocks;
    let mut rest = head.split_off(count);
    if count > 0 {
        return if rest.is_empty() { Err(head) } else { Ok((head, rest)) };
    }
    if rest.is_empty() {
        return Err(rest);
    }
    match cut(rest.remove(0), &|piece| fits(vec![piece.clone()]), most) {
        Cut::Two(piece, other) => {
            rest.insert(0, other);
            Ok((vec![piece], rest))
        }
        Cut::None(first) => {
            rest.insert(0, first);
            Err(rest)
        }
    }
}

fn cut_list(list: List, fits: Fits<'_>, most: usize) -> Cut {
    let List { start, items } = list;
    let piece = |items: Vec<Item>| Block::List(List { start, items });
    let count = largest(items.len(), |count| count == 0 || fits(&piece(items[..count].to_vec())));
    let mut head = items;
    let mut rest = head.split_off(count);
    if count > 0 {
        let numbered = u64::try_from(head.iter().filter(|item| !item.continued).count()).unwrap_or(0);
        let next = List { start: start.map(|start| start.saturating_add(numbered)), items: rest };
        return if next.items.is_empty() { Cut::None(piece(head)) } else { Cut::Two(piece(head), Block::List(next)) };
    }
    if rest.is_empty() {
        return Cut::None(piece(rest));
    }
    let Item { task, continued, blocks } = rest.remove(0);
    let one = |blocks: Vec<Block>| Item { task, continued, blocks };
    match cut_blocks(blocks, &|blocks| fits(&piece(vec![one(blocks)])), most) {
        Ok((blocks, others)) => {
            let head = piece(vec![one(blocks)]);
            rest.insert(0, Item { task: None, continued: true, blocks: others });
            let start = start.map(|start| start.saturating_add(u64::from(!continued)));
            Cut::Two(head, Block::List(List { start, items: rest }))
        }
        Err(blocks) => {
            rest.insert(0, one(blocks));
            Cut::None(piece(rest))
        }
    }
}

fn cut_table(table: Table, fits: Fits<'_>) -> Cut {
    let piece = |rows: &[Vec<Cell>]| {
        Block::Table(Table { columns: table.columns.clone(), head: table.head.clone(), rows: rows.to_vec() })
    };
    let count = largest(table.rows.len(), |count| count == 0 || fits(&piece(&table.rows[..count])));
    if count == 0 || count == table.rows.len() {
        return Cut::None(Block::Table(table));
    }
    let (head, rest) = table.rows.split_at(count);
    Cut::Two(piece(head), piece(rest))
}
