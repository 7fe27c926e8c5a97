//! From a key and its values to a sentence in somebody's language.
//!
//! The files of sentences are part of the program and are read once. Whatever is wrong with one, nothing panics and no
//! message is lost: a sentence that is missing or cannot be put together is said in English, and in the last resort as
//! its key. Nothing marks the direction of writing around the values, because people copy commands out of messages and
//! such marks would be copied along.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::domain::language::Language;

/// The sentences of every language, in the order of [`Language::ALL`].
static SENTENCES: LazyLock<Vec<FluentBundle<FluentResource>>> =
    LazyLock::new(|| Language::ALL.iter().map(|language| bundle(language.as_str(), language.sentences())).collect());

/// A sentence about to be said.
pub(super) struct Sentence<'a> {
    language: Language,
    key: &'a str,
    values: FluentArgs<'a>,
}

/// The sentence of this key; values are added to it.
pub(super) fn sentence(language: Language, key: &str) -> Sentence<'_> {
    Sentence { language, key, values: FluentArgs::new() }
}

/// The sentence of this key, which takes no values.
pub(super) fn say(language: Language, key: &str) -> String {
    sentence(language, key).text()
}

/// Whether there is a sentence of this key. Keys that are made from words of others may not have one.
pub(super) fn exists(key: &str) -> bool {
    SENTENCES.first().is_some_and(|bundle| bundle.has_message(key))
}

impl Sentence<'_> {
    /// Adds a text, as it is.
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over what they have just made")]
    pub(super) fn with(mut self, name: &'static str, text: impl ToString) -> Self {
        self.values.set(name, FluentValue::from(text.to_string()));
        self
    }

    /// Adds a count, on which the form of a word may depend.
    pub(super) fn counting(mut self, name: &'static str, count: usize) -> Self {
        self.values.set(name, FluentValue::from(count));
        self
    }

    /// The words.
    pub(super) fn text(&self) -> String {
        let spoken = SENTENCES.iter().zip(Language::ALL).find(|(_, language)| **language == self.language);
        let spoken = spoken.and_then(|(bundle, _)| self.formatted(bundle)).filter(|(_, whole)| *whole);
        // An English sentence with a hole in it still says more than a key.
        let said = spoken.or_else(|| SENTENCES.first().and_then(|english| self.formatted(english)));
        said.map_or_else(|| self.key.to_owned(), |(text, _)| text)
    }

    /// The words of this language, if it has the sentence, and whether everything in it could be filled in.
    fn formatted(&self, bundle: &FluentBundle<FluentResource>) -> Option<(String, bool)> {
        let pattern = bundle.get_message(self.key)?.value()?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&self.values), &mut errors).into_owned();
        Some((text, errors.is_empty()))
    }
}

/// Reads a file of sentences; what in it cannot be read is left out.
fn bundle(tag: &str, sentences: &str) -> FluentBundle<FluentResource> {
    let identifier = tag.parse::<LanguageIdentifier>().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(sentences.to_owned()).unwrap_or_else(|(readable, _errors)| readable);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_cannot_be_said_is_its_key() {
        assert_eq!(say(Language::De, "no-such-sentence"), "no-such-sentence");
        assert_eq!(say(Language::De, ""), "");
        let unfilled = sentence(Language::De, "refusal-not-found").text();
        assert_eq!(unfilled, "There is no task {$task}. Use /list to see yours.", "a value is missing");
    }

    #[test]
    fn a_broken_file_keeps_what_can_be_read() {
        let bundle = bundle("not a tag", "one = first\n???\ntwo = second { $x }\ntwo = third\n");
        let said = |key| sentence(Language::En, key).formatted(&bundle);
        assert_eq!(said("one"), Some(("first".to_owned(), true)));
        assert_eq!(said("two"), Some(("third".to_owned(), true)));
        assert_eq!(said("three"), None);
    }

    #[test]
    fn values_are_said_as_they_are() {
        for odd in ["{ $task }", "\u{202e}/cancel", "a\n\nb", "", "{\"x\"}", "-term", "[0]"] {
            let text = sentence(Language::De, "refusal-not-found").with("task", odd).text();
            assert!(text.contains(odd) && !text.contains(['\u{2068}', '\u{2069}']), "{text}");
        }
    }
}
