//! The languages that the bot speaks.
//!
//! A language is one file of sentences beside [`wording`](crate::domain::wording) and one line of the table below; nothing
//! else names one. Ledgers and configuration hold its tag.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Makes the type from the table, so that a language without a file of sentences does not compile.
macro_rules! languages {
    ($($(#[$attribute:meta])* $name:ident = $tag:literal,)+) => {
        /// A language that the bot speaks.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Language {
            $($(#[$attribute])* $name,)+
        }

        impl Language {
            /// All languages, English first.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its tag, as ledgers and configuration hold it: `en`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $tag,)+
                }
            }

            /// Its sentences, as Fluent.
            pub(in crate::domain) const fn sentences(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("wording/", $tag, ".ftl")),)+
                }
            }
        }
    };
}

languages! {
    /// English, in which every sentence exists.
    #[default]
    En = "en",
    /// German.
    De = "de",
}

impl Language {
    /// The language with exactly this tag.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|language| language.as_str() == text)
    }

    /// The language for somebody whose program says that it speaks `tag`, like `de-AT`; English when the bot does not
    /// speak that.
    #[must_use]
    pub fn from_tag(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().trim().to_ascii_lowercase();
        Self::from_text(&primary).unwrap_or_default()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A tag that is not known (any more) is read as English: what was written for somebody must not be lost with it.
impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tag = String::deserialize(deserializer)?;
        Ok(Self::from_tag(&tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_understood_by_its_first_part() {
        for tag in ["de", "de-AT", "de_CH", "DE", "de-Latn-DE-1996", " de "] {
            assert_eq!(Language::from_tag(tag), Language::De, "{tag}");
        }
        for tag in ["en", "en-GB", "fr", "", "-", "den", "d"] {
            assert_eq!(Language::from_tag(tag), Language::En, "{tag}");
        }
    }

    #[test]
    fn it_is_its_tag_in_json() {
        assert_eq!(serde_json::to_string(&Language::De).unwrap(), "\"de\"");
        assert_eq!(serde_json::from_str::<Language>("\"de\"").unwrap(), Language::De);
        assert_eq!(serde_json::from_str::<Language>("\"tlh\"").unwrap(), Language::En);
        assert_eq!(Language::from_text("de-AT"), None);
    }
}
