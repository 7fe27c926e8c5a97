//! Where messages go and who sends them: `platform:address`.
//!
//! This is the one file that reads and writes the text form. To the core an address is opaque; each adapter turns
//! it into its own typed address in its `address.rs`, and nobody else takes it apart.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Text that is not `platform:address`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not `platform:address`")]
pub struct InvalidAddress(String);

/// Checks both halves of `platform:address`, and says what was wrong with the whole; gives the place of the colon.
fn check(text: &str) -> Result<usize, InvalidAddress> {
    let wrong = || InvalidAddress(text.chars().take(80).collect());
    let (platform, address) = text.split_once(':').ok_or_else(wrong)?;
    let platform_ok = !platform.is_empty() && platform.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let address_ok = !address.is_empty() && address.len() <= 128 && address.chars().all(|c| c.is_ascii_graphic());
    if platform_ok && address_ok { Ok(platform.len()) } else { Err(wrong()) }
}

/// Defines a `platform:address` name.
macro_rules! address {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name {
            /// The whole; copies share it, because there are many.
            text: Arc<str>,
            /// Where the colon is.
            colon: usize,
        }

        impl $name {
            /// Puts a platform's name and an address together.
            ///
            /// # Errors
            /// [`InvalidAddress`] when the platform is not lower-case letters, or the address is empty, longer than
            /// 128 bytes or not printable ASCII.
            pub fn new(platform: &str, address: impl fmt::Display) -> Result<Self, InvalidAddress> {
                format!("{platform}:{address}").parse()
            }

            /// The platform's name, the part before the colon.
            #[must_use]
            pub fn platform(&self) -> &str {
                self.text.get(..self.colon).unwrap_or_default()
            }

            /// What the platform's adapter understands, the part after the colon.
            #[must_use]
            pub fn address(&self) -> &str {
                self.text.get(self.colon + 1..).unwrap_or_default()
            }

            /// The whole, as [`fmt::Display`] writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.text
            }
        }

        impl FromStr for $name {
            type Err = InvalidAddress;

            fn from_str(text: &str) -> Result<Self, InvalidAddress> {
                let text = text.trim();
                check(text).map(|colon| Self { text: text.into(), colon })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidAddress;

            fn try_from(text: String) -> Result<Self, InvalidAddress> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

address! {
    /// A place messages go to: a chat, a topic of a chat, a channel, a thread.
    ChannelId
}

impl ChannelId {
    /// The channel that this one is a part of, as a topic is of its chat; none for a whole one.
    #[must_use]
    pub fn whole(&self) -> Option<Self> {
        let (whole, _part) = self.text.split_once('/')?;
        whole.parse().ok()
    }
}

address! {
    /// A person who asks, as one platform knows them.
    PersonId
}

impl ChannelId {
    /// Its name after a chat has moved: if this is `from` or a part of it (`from/7`), the same of `to`.
    #[must_use]
    pub fn moved(&self, from: &Self, to: &Self) -> Option<Self> {
        let part = self.text.strip_prefix(from.as_str()).filter(|part| part.is_empty() || part.starts_with('/'))?;
        Some(Self { text: format!("{to}{part}").into(), colon: to.colon })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_moves_with_its_parts_and_no_other_does() {
        let id = |text: &str| text.parse::<ChannelId>().unwrap();
        let moved = |text: &str| id(text).moved(&id("chat:-7"), &id("chat:-100")).map(|channel| channel.to_string());
        assert_eq!(moved("chat:-7").as_deref(), Some("chat:-100"));
        assert_eq!(moved("chat:-7/12").as_deref(), Some("chat:-100/12"));
        for other in ["chat:-70", "chat:7", "other:-7", "chat:-8/7"] {
            assert_eq!(moved(other), None, "{other}");
        }
    }
}
