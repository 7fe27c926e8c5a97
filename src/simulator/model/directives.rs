//! The words in a prompt that steer the demo model; the table is in the module above.

use std::time::Duration;

/// One thing the demo model was told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Directive {
    Sleep(Duration),
    Talk(Duration),
    Think(Duration),
    Comments(Duration),
    Words(usize),
    Chars(usize),
    Emoji(usize),
    Markdown,
    /// An error status, perhaps with a time to wait, perhaps only so many times.
    Status {
        status: u16,
        retry_after: Option<u64>,
        times: Option<usize>,
    },
    Length,
    Refuse,
    Filter,
    Empty,
    Error,
    Truncate,
    Cut,
    Stall,
    Hang,
}

/// The directives of a prompt, in order.
pub(super) fn of(prompt: &str) -> Vec<Directive> {
    let words: Vec<&str> = prompt.split_whitespace().collect();
    let mut found = Vec::new();
    let mut at = 0;
    // Words without a number count only at an end of the prompt or next to something that counts.
    let mut neighbour = true;
    while at < words.len() {
        if let Some((directive, length)) = with_number(&words[at..]) {
            found.push(directive);
            at += length;
            neighbour = true;
        } else if let Some(directive) = bare(words[at]).filter(|_| neighbour || counts_from_here(&words[at + 1..])) {
            found.push(directive);
            at += 1;
            neighbour = true;
        } else {
            at += 1;
            neighbour = false;
        }
    }
    found
}

/// Whether what follows is the end or another directive.
fn counts_from_here(rest: &[&str]) -> bool {
    match rest.first() {
        None => true,
        Some(word) if with_number(rest).is_none() && bare(word).is_some() => counts_from_here(&rest[1..]),
        Some(_) => with_number(rest).is_some(),
    }
}

/// A word and its number, and how many words that took.
fn with_number(words: &[&str]) -> Option<(Directive, usize)> {
    let (word, value) = (words.first()?, words.get(1)?);
    let directive = match *word {
        "sleep" => Directive::Sleep(duration(value)?),
        "talk" => Directive::Talk(duration(value)?),
        "think" => Directive::Think(duration(value)?),
        "comments" => Directive::Comments(duration(value)?),
        "words" => Directive::Words(value.parse().ok()?),
        "chars" => Directive::Chars(value.parse().ok()?),
        "emoji" => Directive::Emoji(value.parse().ok()?),
        "fail" | "status" => return status(&words[1..]).map(|(directive, length)| (directive, length + 1)),
        _ => return None,
    };
    Some((directive, 2))
}

fn status(words: &[&str]) -> Option<(Directive, usize)> {
    let status = words.first()?.parse().ok().filter(|status| (400..600).contains(status))?;
    let (mut retry_after, mut times, mut length) = (None, None, 1);
    while let [word, value, ..] = words[length..] {
        match (word, value.parse::<u64>()) {
            ("retry", Ok(seconds)) => retry_after = Some(seconds),
            ("times", Ok(count)) => times = usize::try_from(count).ok(),
            _ => break,
        }
        length += 2;
    }
    Some((Directive::Status { status, retry_after, times }, length))
}

fn bare(word: &str) -> Option<Directive> {
    Some(match word {
        "markdown" => Directive::Markdown,
        "length" => Directive::Length,
        "refuse" => Directive::Refuse,
        "filter" => Directive::Filter,
        "empty" => Directive::Empty,
        "error" => Directive::Error,
        "truncate" => Directive::Truncate,
        "cut" => Directive::Cut,
        "stall" => Directive::Stall,
        "hang" => Directive::Hang,
        _ => return None,
    })
}

/// `250ms`, `3s`, `2m`; also before a full stop or comma.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim_end_matches([',', '.', ';']);
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    match &text[digits..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::simulator::model::directives::{Directive, of};

    #[test]
    fn words_with_a_number_count_anywhere() {
        let check = |prompt: &str, expected: &[Directive]| assert_eq!(of(prompt), expected, "{prompt}");
        check("please sleep 250ms, then words 20 for me", &[Directive::Sleep(Duration::from_millis(250)), Directive::Words(20)]);
        let limited = Directive::Status { status: 429, retry_after: Some(1), times: Some(2) };
        check("status 429 retry 1 times 2 markdown", &[limited, Directive::Markdown]);
        check("fail 500", &[Directive::Status { status: 500, retry_after: None, times: None }]);
        check("do not sleep too long, in other words be quick", &[]);
        check("fail gracefully, words matter", &[]);
    }

    #[test]
    fn words_without_one_count_at_the_ends_and_beside_others() {
        let check = |prompt: &str, expected: &[Directive]| assert_eq!(of(prompt), expected, "{prompt}");
        check("hang", &[Directive::Hang]);
        check("summarise this and then hang", &[Directive::Hang]);
        check("words 5 cut and go", &[Directive::Words(5), Directive::Cut]);
        check("report stall talk 1s", &[Directive::Stall, Directive::Talk(Duration::from_secs(1))]);
        check("how do I cut the empty bread", &[]);
    }
}
