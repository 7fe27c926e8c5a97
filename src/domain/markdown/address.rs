//! Addresses of web pages in running text: each becomes a link, so that no platform has to guess where it ends.

use crate::domain::markdown::tree::Inline;

/// Whether this is the address of a web page, which is the only kind of link that a chat should follow.
#[must_use]
pub fn is_web_address(url: &str) -> bool {
    let rest = strip_scheme(url);
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['))
        && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Whether a reader could take this for an address: such words must not hide another one.
#[must_use]
pub fn looks_like_address(text: &str) -> bool {
    let text = text.to_lowercase();
    let word = |word: &str| {
        let host = word.split(['/', '?', '#', ':']).next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        let top = host.rsplit_once(['.', '。', '．']).map(|(_, top)| top);
        word.starts_with("www.") || top.is_some_and(|top| top.chars().count() >= 2 && top.chars().all(char::is_alphabetic))
    };
    text.contains("://") || text.split(|c: char| c.is_whitespace() || "()[]<>,;\"'".contains(c)).any(word)
}

fn strip_scheme(url: &str) -> Option<&str> {
    ["https://", "http://"].into_iter().find_map(|scheme| {
        let begin = url.get(..scheme.len())?;
        begin.eq_ignore_ascii_case(scheme).then(|| url.get(scheme.len()..).unwrap_or_default())
    })
}

/// Makes links of the addresses in texts, also inside other formatting, but not inside links.
pub(super) fn link(inlines: Vec<Inline>) -> Vec<Inline> {
    let mut linked = Vec::with_capacity(inlines.len());
    for inline in inlines {
        match inline {
            Inline::Text(text) => link_text(&text, &mut linked),
            Inline::Bold(inner) => linked.push(Inline::Bold(link(inner))),
            Inline::Italic(inner) => linked.push(Inline::Italic(link(inner))),
            Inline::Strike(inner) => linked.push(Inline::Strike(link(inner))),
            other => linked.push(other),
        }
    }
    linked
}

fn link_text(text: &str, linked: &mut Vec<Inline>) {
    let mut rest = text;
    while let Some((begin, end)) = find(rest) {
        let (before, url) = rest.split_at(begin);
        let (url, after) = url.split_at(end - begin);
        if !before.is_empty() {
            linked.push(Inline::text(before));
        }
        linked.push(Inline::Link { url: url.to_owned(), text: vec![Inline::text(url)] });
        rest = after;
    }
    if !rest.is_empty() {
        linked.push(Inline::text(rest));
    }
}

/// Where the first address begins and ends.
fn find(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(colon) = text.get(from..)?.find("://").map(|at| at + from) {
        let begin = ["https", "http"].into_iter().find_map(|scheme| {
            let begin = colon.checked_sub(scheme.len())?;
            text.get(begin..colon)?.eq_ignore_ascii_case(scheme).then_some(begin)
        });
        if let Some(begin) = begin {
            let end = begin + length(text.get(begin..).unwrap_or_default());
            if is_web_address(text.get(begin..end).unwrap_or_default()) {
                return Some((begin, end));
            }
        }
        from = colon + 3;
    }
    None
}

/// How long the address is that this begins with: up to a blank or what closes it, without the punctuation of the
/// sentence it is in.
fn length(text: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "<>\"`|\\^{}“”„«»‹›（）【】「」『』，。；：！？、".contains(c);
    let mut url = text.get(..text.find(ends).unwrap_or(text.len())).unwrap_or_default();
    while let Some(last) = url.chars().next_back() {
        let unopened = |open: char, close: char| last == close && url.matches(close).count() > url.matches(open).count();
        if ".,;:!?'’*_~".contains(last) || unopened('(', ')') || unopened('[', ']') {
            url = url.get(..url.len() - last.len_utf8()).unwrap_or_default();
        } else {
            break;
        }
    }
    url.len()
}
