//! One message of ours as the messages of Telegram's it becomes, and what each can be instead.
//!
//! Which part is which depends on the text and on whether somebody is called by name, both the same at every try, so delivery
//! goes on where it stopped, whatever a server has learned or forgotten meanwhile. Only the first part can be something larger: the whole as a rich message, or the beginning with
//! the whole as a file. Either is the only part then; when it is refused, the first of the ordinary parts is sent in
//! its place, and the rest follows.

use crate::adapters::telegram::render::{Entity, Formatted, Kind, MESSAGE_LIMIT, escaped, render_leaving};
use crate::adapters::telegram::target::Called;
use crate::background::ports::OutgoingMessage;
use crate::domain::language::Language;
use crate::domain::text::{Format, Unit, prefix, split};
use crate::domain::wording::{DUPLICATE_MARK_ROOM, empty, may_be_a_duplicate, somebody};

/// Longest name that somebody is called by, in UTF-16 units.
const LONGEST_NAME: usize = 64;

/// Largest file, in bytes, less a little for the form around it.
const FILE_LIMIT: usize = 50 * 1024 * 1024 - 4096;

/// What a part can be sent as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// A rich message in HTML.
    Rich(String),
    /// Text with entities.
    Text(Formatted),
    /// A file with a text below it.
    File {
        /// Its name.
        name: String,
        /// What is in it.
        content: String,
        /// The text.
        caption: Formatted,
    },
}

/// One way to send a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// As what.
    pub(super) form: Form,
    /// Whether further parts remain after it.
    pub(super) more: bool,
}

/// The ways to send part number `part` (from 0) of a message, best first; none beyond the last.
/// Somebody is `called` by the first part only, and room for the longest name is left in all, so that the cuts stay where
/// they are whatever the name is.
pub(super) fn ways(message: &OutgoingMessage, part: usize, rich: bool, called: Option<&Called>) -> Vec<Way> {
    let ways = uncalled(message, part, rich);
    match called.filter(|_| part == 0) {
        Some(called) => ways.into_iter().map(|way| Way { form: way.form.calling(called, message.language), ..way }).collect(),
        None => ways,
    }
}

impl Form {
    /// The same with a name in front of it that calls its person.
    fn calling(self, called: &Called, language: Language) -> Self {
        let unnamed = somebody(language);
        let name = if called.name.trim().is_empty() { &unnamed } else { called.name.trim() };
        let name = prefix(name, LONGEST_NAME, Unit::Utf16);
        let url = format!("tg://user?id={}", called.user);
        let in_front = |mut text: Formatted| {
            let length = Unit::Utf16.length(name);
            text.entities.iter_mut().for_each(|entity| entity.offset += length + 1);
            text.entities.insert(0, Entity { kind: Kind::TextLink { url: url.clone() }, offset: 0, length });
            Formatted { text: format!("{name} {}", text.text), entities: text.entities }
        };
        match self {
            Self::Rich(html) => Self::Rich(format!("<p><a href=\"{url}\">{}</a></p>{html}", escaped(name))),
            Self::Text(text) => Self::Text(in_front(text)),
            Self::File { name, content, caption } => Self::File { name, content, caption: in_front(caption) },
        }
    }
}

fn uncalled(message: &OutgoingMessage, part: usize, rich: bool) -> Vec<Way> {
    let left = if message.mention.is_some() { LONGEST_NAME + 1 } else { 0 };
    let mark = message.in_flight_since.map(|_| may_be_a_duplicate(message.language)).unwrap_or_default();
    let mark = mark.as_str();
    if message.format == Format::Plain {
        let parts = split(&message.text, MESSAGE_LIMIT - DUPLICATE_MARK_ROOM - left, Unit::Utf16);
        let parts = if parts.is_empty() { vec![empty(message.language)] } else { parts };
        let more = part + 1 < parts.len();
        return parts.into_iter().nth(part).map(|text| Way { form: bare(text, mark), more }).into_iter().collect();
    }
    let rendered = render_leaving(left, &message.text, message.frame.as_ref());
    let more = part + 1 < rendered.parts.len();
    let mut ways = Vec::new();
    if part == 0 {
        if let Some(whole) = rendered.rich.filter(|_| rich) {
            ways.push(Way { form: Form::Rich(whole.html + &in_a_paragraph(mark)), more: false });
        }
        if let (Some(caption), Some(frame)) = (rendered.preview, &message.frame)
            && message.text.len() <= FILE_LIMIT
        {
            let (name, content) = (frame.file_name.clone(), message.text.clone());
            ways.push(Way { form: Form::File { name, content, caption: marked(caption, mark) }, more: false });
        }
    }
    let formatted = rendered.parts.into_iter().nth(part);
    let has_entities = formatted.as_ref().is_some_and(|text| !text.entities.is_empty());
    ways.extend(formatted.map(|text| Way { form: Form::Text(marked(text, mark)), more }));
    let plain = rendered.plain.into_iter().nth(part).filter(|_| has_entities);
    ways.extend(plain.map(|text| Way { form: bare(text, mark), more }));
    ways
}

/// A line of ours as a paragraph of a rich message.
fn in_a_paragraph(line: &str) -> String {
    let line = line.trim();
    if line.is_empty() { String::new() } else { format!("<p>{}</p>", escaped(line)) }
}

fn bare(text: String, mark: &str) -> Form {
    Form::Text(marked(Formatted { text, entities: Vec::new() }, mark))
}

fn marked(mut formatted: Formatted, mark: &str) -> Formatted {
    formatted.text.push_str(mark);
    formatted
}
