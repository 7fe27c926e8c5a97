//! Blocks and inlines in Discord's Markdown.

use crate::adapters::discord::render::escape::{JOINER, code, escaped};
use crate::domain::markdown::{Block, Inline, Item, List, Table, flat, grid, is_web_address, looks_like_address, plain, records};

/// Widest line of a table, in columns: what a phone still shows in a code block is less, a computer much more.
const WIDEST_TABLE: usize = 72;
/// Between two blocks.
const BETWEEN: &str = "\n\n";
/// A line across.
const RULE: &str = "──────────";

/// How many code points stand between two blocks.
pub(super) fn glue() -> usize {
    BETWEEN.len()
}

/// Blocks, one below the other.
pub(super) fn write(blocks: &[Block]) -> String {
    write_in(blocks, Place { in_item: false, in_quote: false })
}

/// What a block is in, where that matters to Discord.
#[derive(Clone, Copy)]
struct Place {
    in_item: bool,
    in_quote: bool,
}

fn write_in(blocks: &[Block], place: Place) -> String {
    let blocks: Vec<String> = blocks.iter().map(|block| write_block(block, place)).filter(|block| !block.is_empty()).collect();
    blocks.join(if place.in_item { "\n" } else { BETWEEN })
}

fn write_block(block: &Block, place: Place) -> String {
    match block {
        Block::Paragraph(text) => running(text),
        Block::Heading { level, text } if *level <= 3 && !place.in_item => {
            format!("{} {}", "#".repeat(usize::from(*level)), one_line(text))
        }
        Block::Heading { text, .. } => {
            let inner: Vec<Inline> = text.iter().cloned().flat_map(without_bold).collect();
            running(&[Inline::Bold(inner)])
        }
        Block::List(list) => write_list(list, place),
        Block::Quote(blocks) => write_quote(blocks, place),
        Block::Fence { language, code } => fence(language, code),
        Block::Table(table) => write_table(table, place),
        Block::Rule => RULE.to_owned(),
    }
}

fn write_list(list: &List, place: Place) -> String {
    let mut number = list.start;
    let item = |item: &Item| {
        let mark = match (item.continued, number) {
            (true, _) => String::new(),
            (false, None) => "- ".to_owned(),
            (false, Some(at)) => {
                number = Some(at.saturating_add(1));
                format!("{at}. ")
            }
        };
        let task = match item.task {
            Some(true) => "☑ ",
            Some(false) => "☐ ",
            None => "",
        };
        let body = write_in(&item.blocks, Place { in_item: true, ..place });
        let indent = " ".repeat(mark.len().clamp(2, 4));
        indented(&format!("{mark}{task}{body}"), &indent, item.continued)
    };
    list.items.iter().map(item).collect::<Vec<_>>().join("\n")
}

/// Lines below the first get an indentation; code keeps its own.
fn indented(text: &str, indent: &str, first_too: bool) -> String {
    let mut in_code = false;
    let mut lines = Vec::new();
    for (at, line) in text.split('\n').enumerate() {
        let fences = line.trim_start_matches(['>', ' ']).starts_with("```");
        let indents = (at > 0 || first_too) && !in_code && !fences && !line.is_empty();
        lines.push(if indents { format!("{indent}{line}") } else { line.to_owned() });
        in_code ^= fences;
    }
    lines.join("\n")
}

/// Discord has no quotes in quotes; the inner ones get a bar of their own.
fn write_quote(blocks: &[Block], place: Place) -> String {
    let inner = write_in(blocks, Place { in_quote: true, ..place });
    let mark = if place.in_quote { "┃ " } else { "> " };
    inner.split('\n').map(|line| format!("{mark}{line}")).collect::<Vec<_>>().join("\n")
}

fn fence(language: &str, text: &str) -> String {
    // Without a line break after the backticks, the first line would be the language.
    format!("```{language}\n{}\n```", code(text, 3))
}

fn write_table(table: &Table, place: Place) -> String {
    match grid(table, WIDEST_TABLE) {
        Some(grid) => fence("", &grid),
        None => write_in(&records(table), place),
    }
}

/// Running text.
fn running(inlines: &[Inline]) -> String {
    let mut text = String::new();
    append(inlines, &mut text, Style::default());
    text
}

/// Running text for a place that has one line.
fn one_line(inlines: &[Inline]) -> String {
    let line: Vec<Inline> = inlines.iter().cloned().map(without_break).collect();
    running(&line)
}

/// What formatting text is in: Discord does not know the same twice.
#[derive(Clone, Copy, Default)]
struct Style {
    bold: bool,
    italic: bool,
    strike: bool,
}

fn append(inlines: &[Inline], into: &mut String, style: Style) {
    for inline in inlines {
        let line_start = into.is_empty() || into.ends_with('\n');
        match inline {
            Inline::Text(text) => into.push_str(&escaped(text, line_start, into.chars().next_back())),
            Inline::Bold(inner) if !style.bold => wrap(inner, "**", into, Style { bold: true, ..style }),
            Inline::Italic(inner) if !style.italic => {
                // An underscore means nothing beside a letter, a star nothing beside a star.
                let mark = if into.ends_with('*') { "_" } else { "*" };
                wrap(inner, mark, into, Style { italic: true, ..style });
            }
            Inline::Strike(inner) if !style.strike => wrap(inner, "~~", into, Style { strike: true, ..style }),
            Inline::Bold(inner) | Inline::Italic(inner) | Inline::Strike(inner) => append(inner, into, style),
            Inline::Code(text) => append_code(text, into),
            Inline::Math { display, source } => append_code(&Inline::formula(*display, source), into),
            Inline::Link { url, text } => append_link(url, text, into, style),
            Inline::Break => into.push('\n'),
        }
    }
}

/// Formatting around a text, without the blanks at its ends, which would make the marks literal.
fn wrap(inner: &[Inline], mark: &str, into: &mut String, style: Style) {
    let mut text = if into.is_empty() || into.ends_with('\n') { String::new() } else { mark.to_owned() };
    let begin = text.len();
    append(inner, &mut text, style);
    let text = text.get(begin..).unwrap_or_default();
    let body = text.trim();
    if body.is_empty() {
        into.push_str(text);
        return;
    }
    let (before, after) = text.split_once(body).unwrap_or_default();
    // Two marks side by side would be read as one of another kind.
    if mark.chars().next().is_some_and(|c| into.ends_with(c)) {
        into.push(JOINER);
    }
    for piece in [before, mark, body, mark, after] {
        into.push_str(piece);
    }
}

fn append_code(text: &str, into: &mut String) {
    let text = text.replace('\n', " ");
    if text.trim().is_empty() {
        into.push_str(&text);
        return;
    }
    // The backticks of two pieces of code side by side would be read as one run.
    if into.ends_with('`') {
        into.push(JOINER);
    }
    if text.contains('`') {
        into.extend(["`` ", &code(&text, 2), " ``"]);
    } else {
        into.extend(["`", &text, "`"]);
    }
}

/// A link that cannot deceive: it shows its address unless its words cannot be taken for another one, and nothing of it
/// is unfolded below the message.
fn append_link(url: &str, text: &[Inline], into: &mut String, style: Style) {
    let said = plain(text);
    if !is_web_address(url) {
        append(text, into, style);
        if said != *url {
            into.push_str(&escaped(&format!(" ({url})"), false, None));
        }
        return;
    }
    let target = safe(url, style.italic);
    if said == *url {
        into.extend(["<", &target, ">"]);
    } else if looks_like_address(&said) || said.contains(['[', ']', '<', '>', '@', '\n', '\\', '`']) {
        into.push_str(&escaped(&format!("{} ", flat(text)), into.is_empty(), None));
        into.extend(["(<", &target, ">)"]);
    } else {
        let mut label = String::from("[");
        append(text, &mut label, style);
        into.extend([&label, "](<", &target, ">)"]);
    }
}

/// An address that ends where it should, and ends nothing that it is in.
fn safe(url: &str, in_italic: bool) -> String {
    url.char_indices()
        .map(|(at, c)| match c {
            '@' if calls_all(url.get(at + 1..).unwrap_or_default()) => "%40".to_owned(),
            '<' => "%3C".to_owned(),
            '>' => "%3E".to_owned(),
            '(' => "%28".to_owned(),
            ')' => "%29".to_owned(),
            '\\' => "%5C".to_owned(),
            '*' => "%2A".to_owned(),
            '~' => "%7E".to_owned(),
            '|' => "%7C".to_owned(),
            '`' => "%60".to_owned(),
            '_' if in_italic => "%5F".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

/// Whether this goes on, after an at sign, as a call to everybody.
fn calls_all(rest: &str) -> bool {
    let begins = |name: &str| rest.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name));
    begins("everyone") || begins("here")
}

fn without_bold(inline: Inline) -> Vec<Inline> {
    match inline {
        Inline::Bold(inner) => inner,
        other => vec![other],
    }
}

fn without_break(inline: Inline) -> Inline {
    let all = |inner: Vec<Inline>| inner.into_iter().map(without_break).collect();
    match inline {
        Inline::Break => Inline::text(" "),
        Inline::Bold(inner) => Inline::Bold(all(inner)),
        Inline::Italic(inner) => Inline::Italic(all(inner)),
        Inline::Strike(inner) => Inline::Strike(all(inner)),
        other => other,
    }
}
