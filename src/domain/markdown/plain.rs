//! A text without its formatting: what a reader reads.

use crate::domain::markdown::tree::Inline;

/// The characters of inlines, with a line feed for each line break.
#[must_use]
pub fn plain(inlines: &[Inline]) -> String {
    let mut text = String::new();
    write(inlines, false, &mut text);
    text
}

/// The same on one line, with the address behind each link that does not say it itself: for places that have no links.
#[must_use]
pub fn flat(inlines: &[Inline]) -> String {
    let mut text = String::new();
    write(inlines, true, &mut text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn write(inlines: &[Inline], addresses: bool, into: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text(text) | Inline::Code(text) => into.push_str(text),
            Inline::Bold(inner) | Inline::Italic(inner) | Inline::Strike(inner) => write(inner, addresses, into),
            Inline::Math { display, source } => into.push_str(&Inline::formula(*display, source)),
            Inline::Link { url, text } => {
                let begin = into.len();
                write(text, addresses, into);
                if addresses && into.get(begin..) != Some(url.as_str()) {
                    into.extend([" (", url, ")"]);
                }
            }
            Inline::Break => into.push('\n'),
        }
    }
}
