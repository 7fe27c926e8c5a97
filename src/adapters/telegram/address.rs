//! Telegram's own addresses behind the core's opaque ones.
//!
//! A channel is a chat, or one topic of a forum: `telegram:-100123` or `telegram:-100123/7`. A public channel may be
//! named too: `telegram:@name`. A reply handle is `m` and the id of the message to reply to.

use teloxide::types::{ChatId, Message, MessageId, Recipient, ThreadId, UserId};

use crate::domain::channel::{ChannelId, InvalidAddress, PersonId};
use crate::domain::id::ReplyHandle;

/// The platform's name in addresses.
pub(super) const PLATFORM: &str = "telegram";

/// The topic that every forum has. Telegram wants its messages without a topic, and typing in it with one.
pub(super) const GENERAL: ThreadId = ThreadId(MessageId(1));

/// A channel whose address is not one of Telegram.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not an address of a Telegram chat")]
pub(super) struct NotTelegram(ChannelId);

/// Where messages go: a chat, or a topic of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TelegramChat {
    /// The chat.
    pub(super) chat: Recipient,
    /// The topic, unless it is the general one.
    pub(super) topic: Option<ThreadId>,
}

impl TelegramChat {
    /// Where a message was written. A thread of replies in an ordinary group is not a topic, though it has a thread id.
    pub(super) fn of(message: &Message) -> Self {
        let topic = message.thread_id.filter(|topic| message.is_topic_message && *topic != GENERAL);
        Self { chat: Recipient::Id(message.chat.id), topic }
    }

    /// A whole chat.
    pub(super) fn whole(chat: ChatId) -> Self {
        Self { chat: Recipient::Id(chat), topic: None }
    }

    /// The core's name of it.
    pub(super) fn channel(&self) -> Result<ChannelId, InvalidAddress> {
        match self.topic {
            Some(topic) => ChannelId::new(PLATFORM, format_args!("{}/{topic}", self.chat)),
            None => ChannelId::new(PLATFORM, &self.chat),
        }
    }
}

impl TryFrom<&ChannelId> for TelegramChat {
    type Error = NotTelegram;

    fn try_from(channel: &ChannelId) -> Result<Self, NotTelegram> {
        let wrong = || NotTelegram(channel.clone());
        if channel.platform() != PLATFORM {
            return Err(wrong());
        }
        let (chat, topic) = match channel.address().split_once('/') {
            Some((chat, topic)) => (chat, Some(topic.parse().map_err(|_| wrong())?)),
            None => (channel.address(), None),
        };
        let chat = if chat.len() > 1 && chat.starts_with('@') {
            Recipient::ChannelUsername(chat.to_owned())
        } else {
            Recipient::Id(ChatId(chat.parse().map_err(|_| wrong())?))
        };
        let topic = topic.map(|topic| ThreadId(MessageId(topic))).filter(|topic| *topic != GENERAL);
        Ok(Self { chat, topic })
    }
}

/// A person, or what stands for one: an anonymous administrator writes as the group, others may write as a channel.
/// The ids of chats are negative, so they are no user's.
pub(super) fn person(id: impl std::fmt::Display) -> Result<PersonId, InvalidAddress> {
    PersonId::new(PLATFORM, id)
}

/// The user behind a person; none for a group or a channel that writes as itself, and for people of other platforms.
pub(super) fn user(person: &PersonId) -> Option<UserId> {
    person.address().parse().ok().filter(|_| person.platform() == PLATFORM).map(UserId)
}

/// The handle to reply to a message.
pub(super) fn reply_handle(message: MessageId) -> ReplyHandle {
    ReplyHandle(format!("m{message}"))
}

/// The handle of what answers no message.
pub(super) fn no_reply() -> ReplyHandle {
    ReplyHandle("none".to_owned())
}

/// The message a handle names; none when the handle is not ours, which costs the reference and not the message.
pub(super) fn replied_message(handle: &ReplyHandle) -> Option<MessageId> {
    handle.0.strip_prefix('m')?.parse().ok().map(MessageId)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(text: &str) -> ChannelId {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_survive_the_way_out_and_back() {
        for text in ["telegram:7", "telegram:-1001234567890", "telegram:-1001234567890/42", "telegram:@legwork_news"] {
            let chat = TelegramChat::try_from(&channel(text)).unwrap();
            assert_eq!(chat.channel().unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_general_topic_is_the_chat_itself() {
        let chat = TelegramChat::try_from(&channel("telegram:-100/1")).unwrap();
        assert_eq!(chat, TelegramChat::whole(ChatId(-100)));
    }

    #[test]
    fn other_addresses_are_refused() {
        for text in ["discord:7", "telegram:x", "telegram:7/", "telegram:7/x", "telegram:/7", "telegram:@", "telegram:7/8/9"] {
            assert!(TelegramChat::try_from(&channel(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn only_our_own_handles_are_understood() {
        assert_eq!(replied_message(&reply_handle(MessageId(5))), Some(MessageId(5)));
        assert_eq!(replied_message(&ReplyHandle("5".into())), None);
        assert_eq!(replied_message(&ReplyHandle("mfive".into())), None);
    }
}
