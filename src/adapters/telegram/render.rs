//! What a model wrote, in the forms in which Telegram can show it.
//!
//! Three forms, best first: a rich message, where headings and tables are what they are; text with entities, which every
//! server takes; and the same text without any. None of them has an escaping to get wrong but the rich one, whose HTML
//! has three characters to escape. The cuts depend on the text alone and not on what a server can do: a message that was
//! begun in one form can be gone on with after a restart.

mod entities;
mod rich;

use serde::Serialize;

use crate::adapters::telegram::render::entities::{Written, write};
pub(super) use crate::adapters::telegram::render::rich::escaped;
pub use crate::adapters::telegram::render::rich::{Rich, gains};
use crate::domain::frame::Frame;
use crate::domain::language::Language;
use crate::domain::markdown::{Block, Measure, Size, parse, split};
use crate::domain::text::{Unit, prefix};
use crate::domain::wording::{DUPLICATE_MARK_ROOM, empty};

/// Longest message, in UTF-16 units.
pub const MESSAGE_LIMIT: usize = 4096;
/// Longest text beside a file, in UTF-16 units.
pub const CAPTION_LIMIT: usize = 1024;
/// Most entities of a message; Telegram drops further ones without a word.
pub const MOST_ENTITIES: usize = 100;
/// A text of more messages than this becomes a file, unless it fits into one rich message.
pub const MOST_MESSAGES: usize = 3;

/// What a stretch of text is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Kind {
    /// Bold.
    Bold,
    /// Italic.
    Italic,
    /// Struck through.
    Strikethrough,
    /// Code within a line.
    Code,
    /// Code in lines of its own.
    Pre {
        /// The programming language.
        #[serde(skip_serializing_if = "String::is_empty")]
        language: String,
    },
    /// A link; one to a person calls them.
    TextLink {
        /// Where it leads.
        url: String,
    },
    /// A quotation.
    Blockquote,
    /// A long quotation, folded.
    ExpandableBlockquote,
}

/// A stretch of text that means something; offsets count UTF-16 units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entity {
    /// What it is.
    #[serde(flatten)]
    pub kind: Kind,
    /// Where it begins.
    pub offset: usize,
    /// How long it is.
    pub length: usize,
}

/// A text and what stretches of it mean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Formatted {
    /// The text.
    pub text: String,
    /// Its entities, outer ones first.
    pub entities: Vec<Entity>,
}

/// A model's text in all its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The whole as one rich message, when it is worth one and fits.
    pub rich: Option<Rich>,
    /// The messages it is cut into; each fits together with the mark of a possible duplicate.
    pub parts: Vec<Formatted>,
    /// The same parts without entities.
    pub plain: Vec<String>,
    /// The beginning of the text, to stand beside a file with all of it; set when there are more than [`MOST_MESSAGES`] parts
    /// and there is a name for the file.
    pub preview: Option<Formatted>,
}

/// The forms of a text, with the words of ours around it.
#[must_use]
pub fn render(markdown: &str, frame: Option<&Frame>) -> Rendered {
    render_leaving(0, markdown, frame)
}

/// The same, with so much room left in each message, and room for an entity in it.
pub(super) fn render_leaving(left: usize, markdown: &str, frame: Option<&Frame>) -> Rendered {
    let blocks = parse(markdown);
    let bodies = cut(&blocks, frame, Room { limit: MESSAGE_LIMIT, left, below: 0 });
    let count = bodies.len();
    let heading = |part: usize| frame.map(|frame| frame.line(part, count)).unwrap_or_default();
    let nothing = frame.map_or_else(|| empty(Language::default()), |frame| frame.empty.clone());
    let written = |body: &[Block]| {
        let written = write(body);
        let says = !written.text.trim().is_empty();
        if says { written } else { Written { text: nothing.clone(), entities: Vec::new() } }
    };
    let parts: Vec<Formatted> =
        bodies.iter().enumerate().map(|(part, body)| message(&heading(part), written(body), "")).collect();
    let plain = bodies.iter().zip(&parts).enumerate().map(|(part, (body, formatted))| {
        let said = Some(entities::plain(body)).filter(|said| !said.is_empty()).unwrap_or_else(|| nothing.clone());
        let text = [heading(part), said].join("\n\n").trim().to_owned();
        let room = MESSAGE_LIMIT - DUPLICATE_MARK_ROOM - left;
        if Unit::Utf16.length(&text) <= room { text } else { entities::silent(&formatted.text, room) }
    });
    let rich = (gains(&blocks) || count > 1).then(|| rich::rich(left, &blocks, frame)).flatten();
    let plain = plain.collect();
    let preview = frame.filter(|_| count > MOST_MESSAGES).map(|frame| preview(left, &blocks, frame));
    Rendered { rich, parts, plain, preview }
}

/// What a message has room for, and what of that is for words of ours.
#[derive(Clone, Copy)]
struct Room {
    limit: usize,
    /// In front, for whoever is called there.
    left: usize,
    below: usize,
}

/// The forms of a text that are made when it is cut: blocks that fit under their heading.
fn cut(blocks: &[Block], frame: Option<&Frame>, room: Room) -> Vec<Vec<Block>> {
    let above = frame.map_or(0, |frame| Unit::Utf16.length(&frame.longest_line()) + 2);
    let units = room.limit - DUPLICATE_MARK_ROOM - room.left - above - room.below;
    // One for the heading, and one for whoever is called.
    let marks = MOST_ENTITIES - 1 - usize::from(room.left > 0);
    let parts = split(blocks.to_vec(), &Units, Size { units, marks });
    if parts.is_empty() { vec![Vec::new()] } else { parts }
}

fn preview(left: usize, blocks: &[Block], frame: &Frame) -> Formatted {
    let below = Unit::Utf16.length(&frame.see_file) + 2;
    let body = cut(blocks, Some(frame), Room { limit: CAPTION_LIMIT, left, below }).into_iter().next().unwrap_or_default();
    message(&frame.line(0, 1), write(&body), &frame.see_file)
}

/// A heading of ours, the model's text, and a line of ours below.
fn message(heading: &str, body: Written, below: &str) -> Formatted {
    let mut formatted = Formatted { text: heading.to_owned(), entities: Vec::new() };
    let length = Unit::Utf16.length(heading);
    if length > 0 {
        formatted.entities.push(Entity { kind: Kind::Bold, offset: 0, length });
    }
    append(&mut formatted, body);
    append(&mut formatted, Written { text: below.to_owned(), entities: Vec::new() });
    formatted
}

fn append(to: &mut Formatted, mut more: Written) {
    if more.text.is_empty() {
        return;
    }
    if !to.text.is_empty() {
        to.text.push_str("\n\n");
    }
    let offset = Unit::Utf16.length(&to.text);
    to.text.push_str(&more.text);
    more.entities.iter_mut().for_each(|entity| entity.offset += offset);
    to.entities.append(&mut more.entities);
}

/// Telegram counts UTF-16 units of the text without markup, and entities. Without entities, names in code get a character
/// that keeps them from being called, and there has to be room for those.
struct Units;

impl Measure for Units {
    fn size(&self, block: &Block) -> Size {
        let written = write(std::slice::from_ref(block));
        Size { units: Unit::Utf16.length(&entities::uncalled(&written.text)), marks: written.entities.len() }
    }

    fn glue(&self) -> Size {
        Size { units: entities::BETWEEN.len(), marks: 0 }
    }
}

/// As much of a text as there is room for.
fn shortened(text: &str, room: usize) -> String {
    prefix(text, room, Unit::Utf16).to_owned()
}
