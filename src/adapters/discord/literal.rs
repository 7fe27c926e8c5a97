//! Text that Discord is to show as it stands.
//!
//! Discord reads Markdown into everything a bot says, and our sentences quote what people wrote: a prompt must not turn
//! the rest of a status bold, hide it, or pass for a link. Only what Discord would act on is escaped, so that ordinary
//! words, numbers and addresses of web pages stay as they are.

/// The text with a backslash before each character that Discord would take for markup.
pub(super) fn literal(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n")
}

fn line(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len() + 8);
    let body = line.trim_start();
    escaped.push_str(line.get(..line.len() - body.len()).unwrap_or_default());
    let (mark, mut rest) = body.split_at(opening(body));
    escaped.push_str(mark);
    if !mark.is_empty() || opens_block(body) {
        escaped.push('\\');
        let (first, after) = rest.split_at(rest.chars().next().map_or(0, char::len_utf8));
        escaped.push_str(first);
        rest = after;
    }
    let mut before = escaped.chars().next_back();
    while let Some(c) = rest.chars().next() {
        let taken = if starts_address(before, rest) {
            let address = rest.find(|c: char| c.is_whitespace() || c == '<').unwrap_or(rest.len());
            rest.get(..address).unwrap_or_default()
        } else {
            if is_markup(before, c, rest) {
                escaped.push('\\');
            }
            rest.get(..c.len_utf8()).unwrap_or_default()
        };
        escaped.push_str(taken);
        before = taken.chars().next_back();
        rest = rest.get(taken.len()..).unwrap_or_default();
    }
    escaped
}

/// How long the number is that makes a list of this line; 0 when none does.
fn opening(line: &str) -> usize {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && line.get(digits..).is_some_and(|rest| rest.starts_with(". ")) { digits } else { 0 }
}

/// Whether a line begins a heading, small print, a list or a quotation. The `#` of a task's number does not.
fn opens_block(line: &str) -> bool {
    let after_hashes = line.trim_start_matches('#');
    (after_hashes.len() < line.len() && after_hashes.starts_with(' '))
        || ["-# ", "- ", "+ ", "> ", ">>> "].iter().any(|mark| line.starts_with(mark))
}

/// Discord makes links of addresses before it looks for markup in them, and a backslash would become part of the link.
fn starts_address(before: Option<char>, rest: &str) -> bool {
    before.is_none_or(char::is_whitespace) && (rest.starts_with("https://") || rest.starts_with("http://"))
}

/// Whether `c`, the first character of `rest`, would do something to what follows.
fn is_markup(before: Option<char>, c: char, rest: &str) -> bool {
    let after = rest.chars().nth(1);
    let within_word = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
    match c {
        '\\' | '*' | '`' => true,
        // One between letters, as in `timed_out`, is only a letter.
        '_' => !(within_word(before) && within_word(after)),
        '~' | '|' => before == Some(c) || after == Some(c),
        '[' => rest.contains("]("),
        // Mentions, emojis, times, commands and links.
        '<' => {
            ["@", "#", ":", "/", "a:", "t:", "id:", "http"].iter().any(|kind| rest.get(1..).is_some_and(|r| r.starts_with(kind)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(literal(text), expected, "{text}");
    }

    #[test]
    fn our_own_sentences_stay_as_they_are() {
        for text in [
            "#42 queued: 2 tasks are ahead of it.",
            "#42 failed: timed_out: it used up its time (after 12 s), ~2.1k tokens. Use /retry 42 to run it again.",
            "/submit <prompt>: Hand over a task\n/list [all]: Your recent tasks",
            "Submitted: 2026-11-22 14:05:09 UTC (3 min 2 s ago)",
            "  indented, 1.5 times, -1, a > b, a | b, #1",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn what_people_wrote_is_no_markup() {
        check("**bold** _it_ __under__ ~~gone~~ ||hidden||", r"\*\*bold\*\* \_it\_ \_\_under\_\_ \~\~gone\~\~ \|\|hidden\|\|");
        check("`code` ```block``` \\*", r"\`code\` \`\`\`block\`\`\` \\\*");
        check("[Cancel](https://evil.example) [ok]", r"\[Cancel](https://evil.example) [ok]");
        check(
            "<@5> <#7> <:x:1> <a:x:1> <t:1:R> </submit:1> <https://x>",
            r"\<@5> \<#7> \<:x:1> \<a:x:1> \<t:1:R> \</submit:1> \<https://x>",
        );
    }

    #[test]
    fn no_line_is_a_heading_a_list_or_a_quotation() {
        check(
            "# big\n## two\n-# small\n- item\n> said\n>>> all\n 1. one",
            "\\# big\n\\## two\n\\-# small\n\\- item\n\\> said\n\\>>> all\n 1\\. one",
        );
    }

    #[test]
    fn addresses_of_web_pages_are_left_alone() {
        check("see https://a.example/x_y_*z* and _that_", r"see https://a.example/x_y_*z* and \_that\_");
        check("xhttps://a/*b*", r"xhttps://a/\*b\*");
    }
}
