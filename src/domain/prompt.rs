//! What a person asks for: text that is there, and not without bound.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Longest prompt, in bytes. Far above what a chat message holds, low enough for a row of the ledger.
pub const MAX_PROMPT_BYTES: usize = 200_000;

/// Why a text cannot be a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrompt {
    /// Nothing but white space.
    #[error("the prompt is empty")]
    Empty,
    /// Longer than [`MAX_PROMPT_BYTES`].
    #[error("the prompt has {bytes} bytes, the limit is {MAX_PROMPT_BYTES}")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
}

/// A prompt: not empty, at most [`MAX_PROMPT_BYTES`] bytes. `Debug` shows its length only, because prompts are not logged.
/// It is long and never changes, so copies share its text.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prompt(Arc<str>);

impl Prompt {
    /// Trims the text and takes it as a prompt.
    ///
    /// # Errors
    /// [`InvalidPrompt`] when nothing is left or it is too long.
    pub fn parse(text: &str) -> Result<Self, InvalidPrompt> {
        if text.chars().all(is_blank) { Err(InvalidPrompt::Empty) } else { Self::stored(text) }
    }

    /// A prompt that was taken before, perhaps by an older program that took some that cannot be seen.
    ///
    /// # Errors
    /// [`InvalidPrompt`] when nothing but white space is left or it is too long.
    pub fn stored(text: &str) -> Result<Self, InvalidPrompt> {
        let text = text.trim();
        match text.len() {
            0 => Err(InvalidPrompt::Empty),
            bytes if bytes > MAX_PROMPT_BYTES => Err(InvalidPrompt::TooLong { bytes }),
            _ => Ok(Self(text.into())),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether nothing is to be seen of this: white space, or a mark without width.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prompt({} bytes)", self.0.len())
    }
}

impl TryFrom<String> for Prompt {
    type Error = InvalidPrompt;

    fn try_from(text: String) -> Result<Self, InvalidPrompt> {
        Self::stored(&text)
    }
}

impl From<Prompt> for String {
    fn from(prompt: Prompt) -> Self {
        prompt.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_no_prompt() {
        for text in ["", " \n\t", "\u{200b}", "\u{2060} \u{200b}\u{200d}\u{feff}"] {
            assert_eq!(Prompt::parse(text), Err(InvalidPrompt::Empty), "{text:?}");
        }
        assert_eq!(Prompt::parse(" a\u{200b} ").unwrap().as_str(), "a\u{200b}");
        assert!(Prompt::stored("\u{200b}").is_ok(), "it was taken once");
        assert!(Prompt::parse("👩\u{200d}🚀").is_ok());
    }
}
