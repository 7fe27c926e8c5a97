//! What a model wrote, as Discord reads it.
//!
//! Discord's Markdown is near to the model's, but not the same: it has no tables, three sizes of headings, and it takes
//! things for markup that are none. So the text is parsed and written anew. What the model did not mean as markup is
//! escaped; what could call somebody is taken apart; a link always shows where it leads when its words could deceive.
//! The same text is always the same parts.

mod escape;
mod write;

use crate::adapters::discord::render::write::{glue, write};
use crate::domain::frame::Frame;
use crate::domain::language::Language;
use crate::domain::markdown::{Block, Measure, Size, parse, split};
use crate::domain::text::Unit;
use crate::domain::wording::{DUPLICATE_MARK_ROOM, empty};

/// Longest message, in code points.
pub const MESSAGE_LIMIT: usize = 2000;
/// A text of more messages than this becomes a file.
pub const MOST_MESSAGES: usize = 3;
/// Most of what is shown of such a text, in code points: a glance.
const PREVIEW: usize = 1000;
/// Nothing limits formatting here.
const ANY: usize = usize::MAX / 4;

/// A model's text, cut into the messages that it can become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Each fits into a message, together with the mark of a possible duplicate.
    pub parts: Vec<String>,
    /// The beginning of the text for a message that has all of it as a file; set when there are more than
    /// [`MOST_MESSAGES`] parts and there is a name for the file.
    pub preview: Option<String>,
}

/// The messages of a text, with the words of ours around it.
#[must_use]
pub fn render(markdown: &str, frame: Option<&Frame>) -> Rendered {
    render_leaving(0, markdown, frame)
}

/// The same, with so much room left in each message.
pub(super) fn render_leaving(left: usize, markdown: &str, frame: Option<&Frame>) -> Rendered {
    let blocks = parse(markdown);
    let room = MESSAGE_LIMIT - DUPLICATE_MARK_ROOM - left;
    let line = |part: usize, parts: usize| frame.map(|frame| heading(&frame.line(part, parts))).unwrap_or_default();
    let longest = frame.map_or(0, |frame| Unit::CodePoint.length(&heading(&frame.longest_line())));
    let mut bodies = bodies(blocks.clone(), room - longest);
    if bodies.is_empty() {
        bodies.push(frame.map_or_else(|| empty(Language::default()), |frame| frame.empty.clone()));
    }
    let count = bodies.len();
    let parts = bodies.iter().enumerate().map(|(part, body)| format!("{}{body}", line(part, count))).collect();
    let file = frame.filter(|_| count > MOST_MESSAGES);
    let preview = file.map(|frame| {
        let below = format!("\n\n-# {}", escape::literal_line(&frame.see_file));
        let room = (room - longest - Unit::CodePoint.length(&below)).min(PREVIEW);
        let body = self::bodies(blocks, room).into_iter().next().unwrap_or_default();
        format!("{}{body}{below}", line(0, 1))
    });
    Rendered { parts, preview }
}

/// Lines of ours above a text of a model's. Small print is something that the text below cannot have.
fn heading(lines: &str) -> String {
    let lines = lines.lines().filter(|line| !line.is_empty());
    lines.flat_map(|line| ["-# ".to_owned(), escape::literal_line(line), "\n".to_owned()]).collect()
}

fn bodies(blocks: Vec<Block>, units: usize) -> Vec<String> {
    let parts = split(blocks, &CodePoints, Size { units, marks: ANY });
    parts.iter().map(|part| write(part)).collect()
}

/// Discord counts code points, markup included.
struct CodePoints;

impl Measure for CodePoints {
    fn size(&self, block: &Block) -> Size {
        Size { units: Unit::CodePoint.length(&write(std::slice::from_ref(block))), marks: 0 }
    }

    fn glue(&self) -> Size {
        Size { units: glue(), marks: 0 }
    }
}
