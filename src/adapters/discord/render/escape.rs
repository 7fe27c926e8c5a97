//! Characters of a model's text that Discord would act on.
//!
//! Markup gets a backslash. Mentions get an invisible character in their middle instead: Discord looks for them in the
//! raw text, where a backslash does not help.

/// Joins two characters invisibly, without a place to break the line.
pub(super) const JOINER: char = '\u{2060}';

/// A text whose characters stand for themselves. `line_start` says whether it begins a line, `before` what stands before it.
pub(super) fn escaped(text: &str, mut line_start: bool, mut before: Option<char>) -> String {
    let mut written = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        if line_start && !c.is_whitespace() {
            line_start = false;
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 && rest.get(digits..).is_some_and(|rest| rest.starts_with(['.', ')'])) {
                let (number, dot) = rest.split_at(digits);
                written.push_str(number);
                written.push('\\');
                written.push_str(dot.get(..1).unwrap_or_default());
                before = Some('.');
                rest = dot.get(1..).unwrap_or_default();
                continue;
            }
            if opens_block(rest) {
                written.push('\\');
            }
        }
        if is_markup(before, c, after) {
            written.push('\\');
        }
        written.push(c);
        if joins(c, after) {
            written.push(JOINER);
        }
        line_start |= c == '\n';
        before = Some(c);
        rest = after;
    }
    written
}

/// A line of ours, which has no markup at all.
pub(super) fn literal_line(text: &str) -> String {
    escaped(text, false, None)
}

/// Code for between backticks: no run of so many backticks ends it early.
pub(super) fn code(text: &str, fence: usize) -> String {
    let mut written = String::with_capacity(text.len());
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        if run == fence {
            written.push(JOINER);
            run = 1;
        }
        written.push(c);
    }
    written
}

/// Whether a line that begins so is a heading, small print, a list item or a quotation.
fn opens_block(line: &str) -> bool {
    let after_hashes = line.trim_start_matches('#');
    (after_hashes.len() < line.len() && (after_hashes.is_empty() || after_hashes.starts_with(char::is_whitespace)))
        || line.starts_with("-#")
        || ["-", "+", ">", ">>>"]
            .iter()
            .any(|mark| line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)))
}

/// Whether `c` would do something to what follows.
fn is_markup(before: Option<char>, c: char, after: &str) -> bool {
    let next = after.chars().next();
    let within_word = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
    match c {
        '\\' | '*' | '`' | '[' | ']' => true,
        '_' => !(within_word(before) && within_word(next)),
        '~' | '|' => before == Some(c) || next == Some(c) || next.is_none(),
        '<' => !next.is_none_or(char::is_whitespace),
        // The rest of an address that was not one for us.
        ':' => after.starts_with("//"),
        _ => false,
    }
}

/// Whether a mention, an emoji, a time, a command or a channel would begin here, perhaps with what follows this text.
fn joins(c: char, after: &str) -> bool {
    match c {
        '@' => {
            let word = after.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_lowercase();
            let open = word.len() == after.len();
            ["everyone", "here"].iter().any(|name| word.starts_with(name) || (open && name.starts_with(&word)))
        }
        '<' => {
            let inner = after.split('>').next().unwrap_or_default();
            after.is_empty()
                || ["@", "#", ":", "a:", "t:", "id:", "http"].iter().any(|kind| after.starts_with(kind))
                // A command that can be touched: `</name:123>`.
                || (inner.starts_with('/') && (inner.contains(':') || inner.len() == after.len()))
        }
        _ => false,
    }
}
