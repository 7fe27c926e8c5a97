//! What a provider says about an error, fit for the log: without any word of what was asked or answered.
//!
//! Providers repeat parts of a prompt in their errors, whole, shortened or as JSON, and proxies repeat keys. But many of them
//! say nothing useful except in words: that a model needs more memory, which value a parameter may not have. So their
//! sentence is kept, and in it every word is left out that is found anywhere in what must not show.

use crate::domain::text::one_line;

/// Most characters of a sentence.
const LONGEST: usize = 300;

/// Stands for one or more words that were left out.
const GAP: &str = "[…]";

/// The sentence on one line, without its words that are found in one of these texts, as words or as parts of words.
pub(crate) fn without_words_of(sentence: &str, private: &[&str]) -> String {
    // A proxy may also have read UTF-8 byte by byte.
    let misread = private.iter().filter(|text| !text.is_ascii()).map(|text| text.bytes().map(char::from).collect());
    let private = private.iter().map(|text| (*text).to_owned()).chain(misread);
    let private: Vec<String> = private.map(|text: String| text.to_lowercase()).collect();
    let (mut kept, mut escaped) = (String::new(), false);
    for word in words(&one_line(sentence, LONGEST)) {
        let is_word = word.chars().any(char::is_alphanumeric);
        // What stands behind such a mark may be a letter in disguise, like \u00e4, %C3%A4 or &#228;.
        if is_word && (escaped || is_found(word, &private)) {
            let before = kept.trim_end();
            if before.ends_with(GAP) {
                kept.truncate(before.len());
            } else {
                kept.push_str(GAP);
            }
        } else {
            kept.push_str(word);
        }
        escaped = matches!(word, "\\" | "%" | "#");
    }
    kept
}

fn is_found(word: &str, private: &[String]) -> bool {
    let word = word.to_lowercase();
    private.iter().any(|text| text.contains(&word))
}

/// The text in pieces: runs of ASCII letters and digits, and every other character alone. Languages that write no spaces have
/// words of one character here.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let run = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let length = if run > 0 { run } else { rest.chars().next()?.len_utf8() };
        let (word, tail) = rest.split_at(length);
        rest = tail;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_loses_what_the_request_says_too() {
        let quoted = |sentence: &str| without_words_of(sentence, &["Plan the Überfall on 7 May", "sk-hidden-4711", "發射代碼"]);
        assert_eq!(quoted("model needs more memory (5.6 GiB)"), "model needs more memory (5.6 GiB)");
        assert_eq!(quoted("bad content: \"PLAN the Überfall on…\""), "bad content: \"[…]…\"");
        assert_eq!(quoted("cut off: Überf, Pla"), "cut off: […], […]");
        assert_eq!(quoted("Incorrect key sk-hidden-****4711"), "Incorrect key […]-[…]-****[…]");
        assert_eq!(quoted("內容 發射代碼 不當"), "內容 […] 不當");
        assert_eq!(quoted(r"bad \u00dcberfall \x41"), r"bad \[…] \[…]");
        assert_eq!(quoted("bad &#30332; %E7%99"), "bad &#[…]; %[…]%[…]");
        assert_eq!(quoted("bad Ã\u{9c}berfall"), "bad […]\u{9c}[…]");
        assert_eq!(quoted("two\nlines"), "two lines");
        assert_eq!(quoted(&"long ".repeat(100)).chars().count(), 300);
        assert_eq!(quoted(""), "");
    }
}
