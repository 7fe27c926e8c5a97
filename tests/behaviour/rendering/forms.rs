//! What must hold of every form of every text.

use legwork::adapters::telegram::render::{Formatted, Kind, MOST_ENTITIES};
use legwork::adapters::{discord, telegram};
use pulldown_cmark::{Event, Options, Parser};
use unicode_segmentation::UnicodeSegmentation;

use super::corpus::frame;

/// Checks everything that must hold of every form of a text.
pub fn check(text: &str) {
    let telegram = telegram::render::render(text, Some(&frame()));
    let discord = discord::render::render(text, Some(&frame()));
    assert_eq!(telegram, telegram::render::render(text, Some(&frame())), "twice the same");
    assert_eq!(discord, discord::render::render(text, Some(&frame())), "twice the same");

    let count = telegram.parts.len();
    assert_eq!(telegram.plain.len(), count);
    for (at, part) in telegram.parts.iter().enumerate() {
        check_heading(&part.text, "", at, count);
        check_telegram(part, 4096);
    }
    for plain in &telegram.plain {
        assert!(units(plain) + 40 <= 4096, "{}", units(plain));
        assert_eq!(called_on_telegram(plain, &[]), None, "{plain}");
    }
    if let Some(preview) = &telegram.preview {
        assert!(preview.text.ends_with("task-42.md."));
        check_telegram(preview, 1024);
    }
    assert_eq!(telegram.preview.is_some(), count > 3);

    for (at, part) in discord.parts.iter().enumerate() {
        check_heading(part, "-# ", at, discord.parts.len());
        check_discord(part);
    }
    if let Some(preview) = &discord.preview {
        assert!(preview.ends_with("task-42.md."));
        check_discord(preview);
    }
    if let Some(rich) = &telegram.rich {
        assert!(rich.length <= 32_768 && rich.blocks <= 500);
        check_rich(&rich.html);
    }
    check_kept(text, "Telegram", &telegram.parts.iter().map(|part| below_heading(&part.text)).collect::<String>());
    check_kept(text, "Telegram, plain", &telegram.plain.iter().map(|part| below_heading(part)).collect::<String>());
    check_kept(text, "Discord", &discord.parts.iter().map(|part| below_heading(part)).collect::<String>());
    if let Some(rich) = &telegram.rich {
        check_kept(text, "Telegram, rich", &without_tags(&rich.html));
    }
    check_characters(text, &telegram.parts);
}

/// Every part begins with a line of ours that names the task.
fn check_heading(part: &str, mark: &str, at: usize, count: usize) {
    let name = if at == 0 { "Result of #42" } else { "#42" };
    let counter = if count > 1 { format!(" ({}/{count})", at + 1) } else { String::new() };
    let line = format!("{mark}{name}{counter}:");
    assert_eq!(part.lines().next(), Some(line.as_str()), "{part}");
}

fn below_heading(part: &str) -> String {
    part.split_once('\n').map_or("", |(_, body)| body).to_owned()
}

pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn check_telegram(part: &Formatted, limit: usize) {
    assert!(units(&part.text) + 40 <= limit, "{} units", units(&part.text));
    assert!(part.entities.len() <= MOST_ENTITIES, "{} entities", part.entities.len());
    assert_eq!(part.text.trim(), part.text, "Telegram would trim it and move the entities");
    let all: Vec<u16> = part.text.encode_utf16().collect();
    let is_quote = |kind: &Kind| matches!(kind, Kind::Blockquote | Kind::ExpandableBlockquote);
    let is_code = |kind: &Kind| matches!(kind, Kind::Code | Kind::Pre { .. });
    for (at, one) in part.entities.iter().enumerate() {
        let end = one.offset + one.length;
        assert!(one.length > 0 && end <= all.len(), "{one:?} of {}", all.len());
        assert!(String::from_utf16(&all[one.offset..end]).is_ok(), "{one:?} cuts a character");
        if let Kind::TextLink { url } = &one.kind {
            assert!(url.to_lowercase().starts_with("http"), "{url}");
        }
        for other in &part.entities[at + 1..] {
            let other_end = other.offset + other.length;
            let apart = other.offset >= end || one.offset >= other_end;
            let inside = (other.offset >= one.offset && other_end <= end) || (one.offset >= other.offset && end <= other_end);
            assert!(apart || inside, "{one:?} and {other:?} cross");
            if !apart {
                assert!(!(is_quote(&one.kind) && is_quote(&other.kind)), "{one:?} and {other:?}");
                let code_in_quote = is_quote(&one.kind) || is_quote(&other.kind);
                assert!(code_in_quote || !(is_code(&one.kind) || is_code(&other.kind)), "{one:?} and {other:?}");
            }
        }
    }
    let code: Vec<(usize, usize)> = part
        .entities
        .iter()
        .filter(|entity| is_code(&entity.kind))
        .map(|entity| (entity.offset, entity.offset + entity.length))
        .collect();
    assert_eq!(called_on_telegram(&part.text, &code), None, "{}", part.text);
}

/// The first name that Telegram would take for a mention, outside of code.
fn called_on_telegram(text: &str, code: &[(usize, usize)]) -> Option<String> {
    let (mut at, mut before) = (0, None::<char>);
    for (index, c) in text.char_indices() {
        let next = text[index + c.len_utf8()..].chars().next();
        let in_word = before.is_some_and(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let names = next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        if c == '@' && names && !in_word && !code.iter().any(|(begin, end)| (*begin..*end).contains(&at)) {
            let in_address = text[..index].rsplit(char::is_whitespace).next().is_some_and(|word| word.contains("://"));
            if !in_address {
                return Some(text[index..].chars().take(20).collect());
            }
        }
        at += c.len_utf16();
        before = Some(c);
    }
    None
}

fn check_discord(part: &str) {
    assert!(part.chars().count() + 40 <= 2000, "{}", part.chars().count());
    assert_eq!(part.matches("```").count() % 2, 0, "an open fence: {part}");
    let words = without_code(part);
    let lower = words.to_lowercase();
    for call in ["@everyone", "@here", "<@", "<#", "<:", "<a:", "<t:", "<id:"] {
        assert!(!lower.contains(call), "{call} in {words}");
    }
    for command in lower.split("</").skip(1) {
        assert!(!command.split('>').next().unwrap().contains(':'), "a command in {words}");
    }
    for mark in ["**", "~~"] {
        let marks = words.replace("\\\\", "x").replace("\\*", "x").replace("\\~", "x");
        assert_eq!(marks.matches(mark).count() % 2, 0, "an open {mark}: {part}");
    }
    // No address is unfolded: each stands in angle brackets.
    for (at, scheme) in
        lower.match_indices("http").filter(|(at, _)| lower[*at..].starts_with("http://") || lower[*at..].starts_with("https://"))
    {
        let before = lower[..at].chars().next_back();
        let inside = lower[..at].rfind('<').is_some_and(|open| !lower[open..at].contains(['>', ' ', '\n']));
        assert!(before == Some('<') || inside, "{scheme} after {before:?} in {part}");
    }
}

/// A message without its code, in which nothing means anything.
fn without_code(part: &str) -> String {
    let outside = part.split("```").step_by(2).collect::<Vec<_>>().join("\n");
    let mut words = String::new();
    let mut rest = outside.as_str();
    while let Some(at) = rest.find('`') {
        // A backslash before it may itself be an escaped one.
        if rest[..at].chars().rev().take_while(|c| *c == '\\').count() % 2 == 1 {
            words.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        }
        words.push_str(&rest[..at]);
        let run: String = rest[at..].chars().take_while(|c| *c == '`').collect();
        let inside = &rest[at + run.len()..];
        let end = inside.find(&run).unwrap_or_else(|| panic!("open code in {part}"));
        rest = &inside[end + run.len()..];
    }
    words + rest
}

/// Tags are closed in the order in which they were opened.
fn check_rich(html: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').unwrap_or_else(|| panic!("an open tag in {html}"));
        let name = tag.trim_end_matches('/').split(' ').next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{html}"),
            None if ["br", "hr", "input"].contains(&name) => {}
            None => open.push(name),
        }
        assert!(!["img", "video", "audio", "tg-map", "tg-emoji", "tg-time"].contains(&name));
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(!html.contains("href=\"tg:"), "{html}");
}

fn without_tags(html: &str) -> String {
    let text: String = html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// Every letter and digit that CommonMark sees in the text is there, in order.
fn check_kept(text: &str, form: &str, shown: &str) {
    let readable: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_FOOTNOTES;
    let mut wanted = String::new();
    for event in Parser::new_ext(&readable, options) {
        if let Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) = event {
            wanted.push_str(&text);
        }
    }
    let mut shown = shown.chars().filter(|c| c.is_alphanumeric());
    let mut so_far = String::new();
    for c in wanted.chars().filter(|c| c.is_alphanumeric()) {
        assert!(
            shown.any(|other| other == c),
            "{form}: {c:?} is missing after …{:?}",
            so_far.chars().rev().take(40).collect::<Vec<_>>().into_iter().rev().collect::<String>()
        );
        so_far.push(c);
    }
}

fn below(part: &Formatted) -> &str {
    part.text.split_once("\n\n").map_or("", |(_, body)| body)
}

/// No part begins inside of what a reader sees as one character.
fn check_characters(text: &str, parts: &[Formatted]) {
    // The blank at a cut falls away, also under a mark that stood on it.
    let whole: std::collections::HashSet<&str> = text.graphemes(true).map(str::trim_start).collect();
    // Without its markup, a text may have a longer pile than with it.
    let shown: String = parts.iter().map(below).collect();
    let pile = text.graphemes(true).chain(shown.graphemes(true)).any(|grapheme| units(grapheme) > 500);
    for part in parts.iter().skip(1) {
        let body = below(part);
        let Some(first) = body.graphemes(true).next() else { continue };
        let is_mark = |c: char| unicode_segmentation::UnicodeSegmentation::graphemes(format!("x{c}").as_str(), true).count() == 1;
        assert!(pile || whole.contains(first) || !first.chars().next().is_some_and(is_mark), "{first:?}");
    }
}
