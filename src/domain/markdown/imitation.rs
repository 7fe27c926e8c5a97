//! What a model writes must not pass for one of our own notices.
//!
//! Every notice of ours names its task at the beginning of its first line, as `#42`. Text of a model always stands below
//! a heading of ours, but some platforms show message after message without a seam, and then a line `#7 done` deep in a
//! result would look like a notice. So a line of a model's that begins like ours gets a mark in front.

use crate::domain::markdown::tree::Inline;

/// What stands before a line of a model's that begins like a notice.
pub const QUOTED: &str = "› ";

/// Marks the lines of a paragraph that begin like a notice.
pub(super) fn mark(inlines: Vec<Inline>) -> Vec<Inline> {
    let mut marked = Vec::with_capacity(inlines.len());
    let mut line: Vec<Inline> = Vec::new();
    for inline in inlines {
        if inline == Inline::Break {
            marked.append(&mut mark_line(std::mem::take(&mut line)));
            marked.push(Inline::Break);
        } else {
            line.push(inline);
        }
    }
    marked.append(&mut mark_line(line));
    marked
}

fn mark_line(mut line: Vec<Inline>) -> Vec<Inline> {
    let breaks_inside = |inline: &Inline| super::plain(std::slice::from_ref(inline)).contains('\n');
    if begins_like_a_notice(&super::plain(&line)) {
        line.insert(0, Inline::text(QUOTED));
    }
    // A break inside bold text begins a line as well.
    line.into_iter().map(|inline| if breaks_inside(&inline) { mark_inside(inline) } else { inline }).collect()
}

fn mark_inside(inline: Inline) -> Inline {
    let rest = |inner: Vec<Inline>| {
        let first_line = inner.iter().position(|inline| *inline == Inline::Break).map_or(inner.len(), |at| at + 1);
        let mut head = inner;
        let tail = head.split_off(first_line);
        let mut head: Vec<Inline> = head.into_iter().map(mark_inside).collect();
        head.append(&mut mark(tail));
        head
    };
    match inline {
        Inline::Bold(inner) => Inline::Bold(rest(inner)),
        Inline::Italic(inner) => Inline::Italic(rest(inner)),
        Inline::Strike(inner) => Inline::Strike(rest(inner)),
        Inline::Link { url, text } => Inline::Link { url, text: rest(text) },
        other => other,
    }
}

/// Whether the first visible characters are a number sign and a digit, in whatever script.
fn begins_like_a_notice(line: &str) -> bool {
    let unseen = |c: &char| c.is_whitespace() || c.is_control() || is_invisible(*c);
    let mut visible = line.chars().filter(|c| !unseen(c));
    visible.next().is_some_and(|c| matches!(c, '#' | '＃' | '﹟')) && visible.next().is_some_and(char::is_numeric)
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}
