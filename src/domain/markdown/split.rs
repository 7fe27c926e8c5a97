//! Cutting a tree into parts, each of which a platform takes.
//!
//! A part is filled with whole blocks. The block that does not fit any more is moved to the next part when it fits there,
//! and is cut when it is too long for that or when moving it would leave the part half empty. What cannot be cut is made
//! simpler: a table that is too wide becomes records, a formatted text a plain one.

use std::collections::VecDeque;

use crate::domain::markdown::cut::{Cut, cut};
use crate::domain::markdown::plain::plain;
use crate::domain::markdown::table::records;
use crate::domain::markdown::tree::{Block, Inline};

/// How large something is, in the two things that platforms limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// What the platform counts of a text: UTF-16 units, code points.
    pub units: usize,
    /// What it counts of formatting: entities, blocks.
    pub marks: usize,
}

impl Size {
    /// Whether there is room for this.
    #[must_use]
    pub const fn fits(self, room: Self) -> bool {
        self.units <= room.units && self.marks <= room.marks
    }

    const fn plus(self, other: Self) -> Self {
        Self { units: self.units + other.units, marks: self.marks + other.marks }
    }

    const fn minus(self, other: Self) -> Self {
        Self { units: self.units.saturating_sub(other.units), marks: self.marks.saturating_sub(other.marks) }
    }
}

/// How large a platform takes blocks to be. Blocks must not become larger by standing beside others, but for what stands
/// between them.
pub trait Measure {
    /// The size of one block.
    fn size(&self, block: &Block) -> Size;

    /// The size of what stands between two blocks.
    fn glue(&self) -> Size;
}

/// Cuts blocks into parts that have room for so much each. Never an empty part; no part for no blocks.
#[must_use]
pub fn split(blocks: Vec<Block>, measure: &dyn Measure, room: Size) -> Vec<Vec<Block>> {
    let mut queue: VecDeque<Block> = blocks.into();
    let mut parts = Vec::new();
    let mut part = Part { blocks: Vec::new(), used: Size::default() };
    while let Some(block) = queue.pop_front() {
        let size = if is_bulky(&block, room) { Size { units: usize::MAX / 4, marks: 0 } } else { measure.size(&block) };
        let glue = if part.blocks.is_empty() { Size::default() } else { measure.glue() };
        let taken = part.used.plus(glue);
        if taken.plus(size).fits(room) {
            part.used = taken.plus(size);
            part.blocks.push(block);
            continue;
        }
        let left = room.minus(taken);
        let is_half_full = part.used.units * 2 >= room.units || part.used.marks * 2 >= room.marks;
        if !part.blocks.is_empty() && (left.units * 8 < room.units || (size.fits(room) && is_half_full)) {
            queue.push_front(block);
            parts.push(part.close(&mut queue));
            continue;
        }
        match cut(block, &|head| measure.size(head).fits(left), left.units) {
            Cut::Two(head, rest) => {
                part.blocks.push(head);
                queue.push_front(rest);
                parts.push(part.close(&mut VecDeque::new()));
            }
            Cut::None(block) if part.blocks.is_empty() => {
                for simpler in simpler(block).into_iter().rev() {
                    queue.push_front(simpler);
                }
            }
            Cut::None(block) => {
                queue.push_front(block);
                parts.push(part.close(&mut queue));
            }
        }
    }
    if !part.blocks.is_empty() {
        parts.push(part.blocks);
    }
    parts
}

/// Whether a text is certainly too long, which spares measuring it: a character has four bytes at most, and is never counted
/// as less than one. Blanks, which may go, are allowed for.
fn is_bulky(block: &Block, room: Size) -> bool {
    let bytes = match block {
        Block::Paragraph(text) => plain(text).len(),
        Block::Fence { code, .. } => code.len(),
        _ => 0,
    };
    bytes / 8 > room.units
}

/// A part being filled.
struct Part {
    blocks: Vec<Block>,
    used: Size,
}

impl Part {
    /// Ends it, and begins the next. A heading at its end goes with what it is the heading of.
    fn close(&mut self, queue: &mut VecDeque<Block>) -> Vec<Block> {
        while self.blocks.len() > 1 && !queue.is_empty() && matches!(self.blocks.last(), Some(Block::Heading { .. })) {
            if let Some(heading) = self.blocks.pop() {
                queue.push_front(heading);
            }
        }
        self.used = Size::default();
        std::mem::take(&mut self.blocks)
    }
}

/// The same in a form that can be cut, for what is too long for any part and cannot.
fn simpler(block: Block) -> Vec<Block> {
    match block {
        Block::Table(table) => records(&table),
        Block::Quote(blocks) => blocks,
        Block::List(list) => list.items.into_iter().flat_map(|item| item.blocks).collect(),
        Block::Heading { text, .. } => vec![Block::Paragraph(text)],
        Block::Paragraph(text) => match text.as_slice() {
            // Nothing is simpler than a text; it is one character that no part has room for.
            [Inline::Text(_)] => Vec::new(),
            _ => lines(&text),
        },
        Block::Fence { code, .. } => vec![Block::Paragraph(vec![Inline::Text(code)])],
        Block::Rule => Vec::new(),
    }
}

/// The lines of a text without formatting, with the addresses of its links.
fn lines(text: &[Inline]) -> Vec<Block> {
    let line = |line: &[Inline]| {
        let addresses: Vec<String> = line.iter().filter_map(address).collect();
        let words = [vec![plain(line)], addresses].concat().join(" ");
        (!words.trim().is_empty()).then(|| Block::Paragraph(vec![Inline::Text(words.replace('\n', " "))]))
    };
    text.split(|inline| *inline == Inline::Break).filter_map(line).collect()
}

/// The address of a link that does not say it.
fn address(inline: &Inline) -> Option<String> {
    match inline {
        Inline::Link { url, text } if plain(text) != *url => Some(format!("({url})")),
        Inline::Bold(inner) | Inline::Italic(inner) | Inline::Strike(inner) => {
            let inner: Vec<String> = inner.iter().filter_map(address).collect();
            (!inner.is_empty()).then(|| inner.join(" "))
        }
        _ => None,
    }
}
