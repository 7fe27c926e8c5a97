//! Measuring and cutting text the way chat platforms count it.
//!
//! Platforms limit a message in different units, and none of them is bytes. A cut falls between paragraphs if it can,
//! else between lines, else between words, and never inside what a reader sees as one character.

use unicode_segmentation::UnicodeSegmentation;

/// How a text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Every character stands for itself. People's words are quoted in such texts, so an adapter must keep its platform
    /// from reading markup into them.
    Plain,
    /// Markdown, as models write it.
    Markdown,
}

/// What a platform counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// UTF-16 code units: an emoji counts two.
    Utf16,
    /// Unicode code points.
    CodePoint,
}

impl Unit {
    /// The length of a text in this unit.
    #[must_use]
    pub fn length(self, text: &str) -> usize {
        match self {
            Self::Utf16 => text.chars().map(char::len_utf16).sum(),
            Self::CodePoint => text.chars().count(),
        }
    }
}

/// Cuts `text` into parts of at most `limit` units each, none of them empty or only white space. Nothing but white
/// space at the cuts is lost. The same text always gives the same parts.
#[must_use]
pub fn split(text: &str, limit: usize, unit: Unit) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let window = prefix(rest, limit.max(1), unit);
        if window.len() == rest.len() {
            parts.push(rest.to_owned());
            break;
        }
        let cut = good_cut(window, rest);
        let (part, after) = rest.split_at(cut);
        if !part.trim().is_empty() {
            parts.push(part.trim_end().to_owned());
        }
        // Only the line break goes: indentation of what follows belongs to it.
        rest = after.trim_start_matches(['\n', '\r']);
        if !after.starts_with(['\n', '\r']) {
            rest = rest.trim_start_matches(' ');
        }
        rest = if rest.trim().is_empty() { "" } else { rest };
    }
    parts
}

/// The first `limit` units of a text, without cutting a character in two; at least one code point.
#[must_use]
pub fn prefix(text: &str, limit: usize, unit: Unit) -> &str {
    let mut length = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        length += unit.length(grapheme);
        if length > limit {
            // A single "character" longer than a message (a pile of combining marks) is cut between code points.
            return if at == 0 { code_points(text, limit, unit) } else { text.get(..at).unwrap_or(text) };
        }
    }
    text
}

fn code_points(text: &str, limit: usize, unit: Unit) -> &str {
    let mut length = 0;
    for (at, c) in text.char_indices() {
        length += unit.length(c.encode_utf8(&mut [0; 4]));
        if length > limit && at > 0 {
            return text.get(..at).unwrap_or(text);
        }
    }
    text
}

/// Where to cut: after the last paragraph, else line, else word of the window, if that leaves the part at least a third
/// full. The end of the window counts too, when what follows it is such a break.
fn good_cut(window: &str, rest: &str) -> usize {
    let least = window.len() / 3;
    let after = rest.get(window.len()..).unwrap_or_default();
    let ending_with = |separator: &str| {
        if after.starts_with(separator) { Some(window.len()) } else { window.rfind(separator) }
    };
    ["\n\n", "\n", " "].into_iter().filter_map(ending_with).find(|cut| *cut > least).unwrap_or(window.len())
}

/// A text on one line, at most `limit` code points, with an ellipsis where it was cut.
#[must_use]
pub fn one_line(text: &str, limit: usize) -> String {
    // Marks that turn the direction of writing would reach beyond this line and reorder what follows it.
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let text = text.replace(turns, "");
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if Unit::CodePoint.length(&line) <= limit {
        return line;
    }
    format!("{}…", prefix(&line, limit.saturating_sub(1), Unit::CodePoint).trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn solid(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).collect()
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_every_part_fits(text in "(\\PC|\n| |👩‍👩‍👧|é|\\u{301}){0,300}", limit in 1_usize..60) {
            for unit in [Unit::Utf16, Unit::CodePoint] {
                let limit = limit + 1;
                let parts = split(&text, limit, unit);
                prop_assert_eq!(solid(&parts.concat()), solid(&text));
                for part in &parts {
                    prop_assert!(unit.length(part) <= limit, "{} > {limit}", unit.length(part));
                    prop_assert!(!part.trim().is_empty());
                }
            }
        }
    }

    #[test]
    fn cuts_fall_between_paragraphs_then_lines_then_words() {
        assert_eq!(split("aaa bbb\n\nccc ddd", 12, Unit::Utf16), ["aaa bbb", "ccc ddd"]);
        assert_eq!(split("aaa bbb\nccc ddd", 12, Unit::Utf16), ["aaa bbb", "ccc ddd"]);
        assert_eq!(split("aaa bbb ccc", 9, Unit::Utf16), ["aaa bbb", "ccc"]);
        assert_eq!(split("aaaaaaaaaa", 4, Unit::Utf16), ["aaaa", "aaaa", "aa"]);
    }

    #[test]
    fn an_emoji_is_never_cut() {
        assert_eq!(split("😀😀😀", 3, Unit::Utf16), ["😀", "😀", "😀"]);
        assert_eq!(split("😀😀😀", 3, Unit::CodePoint), ["😀😀😀"]);
        assert_eq!(split("a👩‍👩‍👧b", 7, Unit::CodePoint), ["a👩‍👩‍👧b"]);
        assert_eq!(split("ab👩‍👩‍👧", 6, Unit::CodePoint), ["ab", "👩‍👩‍👧"]);
    }

    #[test]
    fn indentation_after_a_cut_stays() {
        assert_eq!(split("first line\n    indented", 14, Unit::CodePoint), ["first line", "    indented"]);
    }
}
