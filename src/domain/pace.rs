//! How fast a platform lets its bots talk: rates, the budgets that share them, and what one send uses up.
//!
//! An adapter says it, because pace is a fact of its platform; the lanes keep it. Both need the same words and nothing
//! of each other, so the words are here.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::domain::channel::ChannelId;

/// What kind of request a send is. Platforms count some of them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendKind {
    /// The answer to a command or a press.
    Answer,
    /// A new message, with or without a file.
    Message,
    /// A change of an earlier message.
    Edit,
    /// The preview of a message that is still being written.
    Draft,
    /// The sign of typing.
    Typing,
}

/// How often something may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// Once each `every`, and after a rest up to `burst` times at once.
    Steady {
        /// The time that one send takes up.
        every: Duration,
        /// So many at once after a rest.
        burst: NonZeroU32,
    },
    /// At most `count` times within any span of this length.
    Window {
        /// So many.
        count: NonZeroU32,
        /// Within this time.
        span: Duration,
        /// So many of them at once, after a rest. The others are kept for what cannot wait, until room comes back; and what
        /// can wait is spread over the time then, so that room comes back all the time and not once in a span.
        burst: NonZeroU32,
    },
}

/// A name under which sends are counted together, and how many of them there may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// The name; a budget keeps the rates under which it was first used.
    pub key: String,
    /// All of them hold. None at all: no limit, or one that only the platform's answers tell.
    pub rates: Vec<Rate>,
}

/// What one send to a channel uses up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// The chat. Channels with the same key share one lane: parts of one chat are limited together.
    pub chat: Budget,
    /// The whole bot; none where the platform does not count this send against it.
    pub bot: Option<Budget>,
    /// What a wait that the platform asks for concerns: everything with the same name is left alone for that time.
    pub hold: String,
    /// Texts of more characters than this count twice in the chat's steady rates.
    pub long: Option<usize>,
}

impl Rate {
    /// The same so many times faster: as often in less time.
    #[must_use]
    pub fn faster(self, times: NonZeroU32) -> Self {
        match self {
            Self::Steady { every, burst } => Self::Steady { every: every / times.get(), burst },
            Self::Window { count, span, burst } => Self::Window { count, span: span / times.get(), burst },
        }
    }
}

impl Pace {
    /// The pace where nothing is limited: each channel has a lane of its own, and waits concern the channel.
    #[must_use]
    pub fn unlimited(channel: &ChannelId) -> Self {
        let key = channel.to_string();
        Self { chat: Budget { key: key.clone(), rates: Vec::new() }, bot: None, hold: key, long: None }
    }
}
