//! Discord's names of channels, people, messages and interactions, and the text forms the core carries for us.
//!
//! The one file of the adapter that takes addresses apart. A thread is a channel like any other.

use std::num::NonZeroU64;

use serenity::model::id::{ApplicationId, InteractionId};

use crate::background::ports::SendError;
use crate::domain::channel::{ChannelId, InvalidAddress, PersonId};
use crate::domain::id::{InboundId, InvalidId, MessageId, ReplyHandle};
use crate::domain::time::{Timestamp, from_millis};

/// The platform's name before the colon.
const PLATFORM: &str = "discord";

/// Discord's first moment, which its ids count from.
const EPOCH_MILLIS: i64 = 1_420_070_400_000;

/// How long an interaction's token is used. Discord lets it live 15 minutes; the last one is kept for slow requests and
/// for a clock that goes a little wrong.
const TOKEN_MINUTES: i64 = 14;

/// The channel in the core's words.
pub(super) fn channel_id(channel: serenity::model::id::ChannelId) -> Result<ChannelId, InvalidAddress> {
    ChannelId::new(PLATFORM, channel.get())
}

/// The person in the core's words.
pub(super) fn person_id(user: serenity::model::id::UserId) -> Result<PersonId, InvalidAddress> {
    PersonId::new(PLATFORM, user.get())
}

/// The interaction in the core's words: the same when Discord delivers it again.
pub(super) fn inbound_id(interaction: InteractionId) -> Result<InboundId, InvalidId> {
    InboundId::parse(format!("{PLATFORM}:interaction:{interaction}"))
}

/// The message in the core's words.
pub(super) fn message_id(message: serenity::model::id::MessageId) -> Result<MessageId, InvalidId> {
    MessageId::parse(message.get().to_string())
}

/// A message of ours in Discord's words.
pub(super) fn sent_message(message: &MessageId) -> Result<serenity::model::id::MessageId, SendError> {
    let number = message.as_str().parse::<NonZeroU64>().ok();
    number.map(Into::into).ok_or_else(|| SendError::Undeliverable(format!("{message} is not a Discord message")))
}

/// The channel in Discord's words.
pub(super) fn discord_channel(channel: &ChannelId) -> Result<serenity::model::id::ChannelId, SendError> {
    let number = channel.address().parse::<NonZeroU64>().ok().filter(|_| channel.platform() == PLATFORM);
    number.map(Into::into).ok_or_else(|| SendError::Undeliverable(format!("{channel} is not a Discord channel")))
}

/// The person in Discord's words; none for people of other platforms.
pub(super) fn discord_user(person: &PersonId) -> Option<serenity::model::id::UserId> {
    person.address().parse::<NonZeroU64>().ok().filter(|_| person.platform() == PLATFORM).map(Into::into)
}

/// When Discord made the thing of this id.
pub(super) fn created_at(id: u64) -> Option<Timestamp> {
    from_millis(i64::try_from(id >> 22).ok()?.checked_add(EPOCH_MILLIS)?)
}

/// What is needed to answer one interaction. Has no `Debug`, because the token is a credential.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Handle {
    /// The interaction.
    pub(super) interaction: InteractionId,
    /// The application it is for, which is the webhook's id when it is answered.
    pub(super) application: ApplicationId,
    /// Whether it was acknowledged so that only its person sees the answer; Discord cannot change that later.
    pub(super) ephemeral: bool,
    /// Whether the bot is no member of the place it came from, so that nothing but this interaction lets it speak there.
    pub(super) outside: bool,
    /// Its token.
    pub(super) token: String,
}

impl Handle {
    /// The text the ledger keeps. It begins with a version, because it may be read by a later program.
    pub(super) fn to_reply(&self) -> ReplyHandle {
        let seen = match (self.ephemeral, self.outside) {
            (true, false) => 'e',
            (false, false) => 'p',
            (true, true) => 'E',
            (false, true) => 'P',
        };
        ReplyHandle(format!("1:{}:{}:{seen}:{}", self.interaction, self.application, self.token))
    }

    /// Reads the text form; `None` for anything else.
    pub(super) fn from_reply(reply: &ReplyHandle) -> Option<Self> {
        let mut fields = reply.0.splitn(5, ':');
        if fields.next()? != "1" {
            return None;
        }
        let interaction = fields.next()?.parse::<NonZeroU64>().ok()?.into();
        let application = fields.next()?.parse::<NonZeroU64>().ok()?.into();
        let seen = fields.next()?;
        let (ephemeral, outside) = (matches!(seen, "e" | "E"), matches!(seen, "E" | "P"));
        let token = fields.next().filter(|token| is_token(token))?.to_owned();
        Some(Self { interaction, application, ephemeral, outside, token })
    }

    /// Whether the token can still be used.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        let issued = created_at(self.interaction.get());
        issued.is_some_and(|issued| now - issued < chrono::Duration::minutes(TOKEN_MINUTES))
    }
}

/// Whether this can be an interaction's token: nothing that would change the address it is put into.
pub(super) fn is_token(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'=' | b'+');
    !text.is_empty() && text.len() <= 1024 && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle(interaction: u64) -> Handle {
        Handle {
            interaction: interaction.into(),
            application: 7.into(),
            ephemeral: true,
            outside: false,
            token: "aW50.x_y-z".to_owned(),
        }
    }

    #[test]
    fn a_handle_survives_its_text_form() {
        let there = handle(1_234_567_890_123_456_789);
        let back = Handle::from_reply(&there.to_reply()).expect("reads back");
        assert!(back == there);
        for (ephemeral, outside) in [(true, true), (false, true), (false, false)] {
            let other = Handle { ephemeral, outside, ..there.clone() };
            assert!(Handle::from_reply(&other.to_reply()).is_some_and(|back| back == other));
        }
    }

    #[test]
    fn a_handle_of_another_make_is_none() {
        for text in ["", "42", "1:0:7:e:t", "2:5:7:e:t", "1:5:7:e:", "1:5:7:e:a/../b", "1:5:7:e:a?b"] {
            assert!(Handle::from_reply(&ReplyHandle(text.to_owned())).is_none(), "{text}");
        }
    }

    #[test]
    fn a_handle_is_fresh_for_fourteen_minutes() {
        let issued = created_at(1_234_567_890_123_456_789).expect("a time");
        let handle = handle(1_234_567_890_123_456_789);
        assert!(handle.is_fresh(issued));
        assert!(handle.is_fresh(issued + chrono::Duration::seconds(14 * 60 - 1)));
        assert!(!handle.is_fresh(issued + chrono::Duration::minutes(14)));
    }

    #[test]
    fn an_id_tells_its_time() {
        let at = created_at(175_928_847_299_117_063).expect("a time");
        assert_eq!(at.to_rfc3339(), "2016-04-30T11:18:25.796+00:00");
    }

    #[test]
    fn only_discord_channels_are_understood() {
        let channel = |text: &str| discord_channel(&text.parse().expect("an address"));
        assert_eq!(channel("discord:42").map(serenity::model::id::ChannelId::get), Ok(42));
        for text in ["telegram:42", "discord:0", "discord:general", "discord:42/7"] {
            assert!(matches!(channel(text), Err(SendError::Undeliverable(_))), "{text}");
        }
    }
}
