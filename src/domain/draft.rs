//! What a model has written by now, for showing while it goes on writing.
//!
//! A person's text: it may be shown in the channel that asked and nowhere else, so `Debug` does not print it.

use std::fmt;

/// Most of a text that is kept, in bytes: about what a screen shows, and less than any platform's longest message.
const LIMIT: usize = 4000;
/// The beginning of a longer text moves by so much at a time, so that what is shown does not slide with every word.
const STRIDE: usize = 1000;

/// The newest part of a text that is being written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Draft(String);

impl Draft {
    /// The end of `text`; all of it while it is short.
    #[must_use]
    pub fn newest(text: &str) -> Self {
        let surplus = text.len().saturating_sub(LIMIT);
        if surplus == 0 {
            return Self(text.to_owned());
        }
        let mut start = surplus.div_ceil(STRIDE) * STRIDE;
        while !text.is_char_boundary(start) {
            start += 1;
        }
        let rest = text.get(start..).unwrap_or_default();
        Self(format!("…{rest}"))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing was written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft([{} bytes])", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_kept_whole() {
        assert_eq!(Draft::newest("Hello").as_str(), "Hello");
        assert!(Draft::newest(" \n").is_empty());
    }

    #[test]
    fn of_a_long_text_the_end_is_kept_and_its_beginning_moves_seldom() {
        let text = "äöü €😀 ".repeat(1000);
        let mut beginnings = std::collections::HashSet::new();
        for (end, _) in text.char_indices() {
            let draft = Draft::newest(&text[..end]);
            assert!(draft.as_str().len() <= LIMIT + '…'.len_utf8());
            assert!(text[..end].ends_with(draft.as_str().trim_start_matches('…')));
            beginnings.insert(end - draft.as_str().trim_start_matches('…').len());
        }
        assert!(beginnings.len() <= text.len() / STRIDE + 1, "{}", beginnings.len());
    }

    #[test]
    fn it_never_shows_in_a_debug_print() {
        assert_eq!(format!("{:?}", Draft::newest("my secret")), "Draft([9 bytes])");
    }
}
