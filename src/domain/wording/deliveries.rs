//! Why a message could not be delivered, and what stands above one that comes to another place instead.

use crate::domain::channel::ChannelId;

/// Why a channel will never take a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The person blocked the bot.
    Blocked,
    /// The bot was thrown out of the chat.
    Removed,
    /// The person's account is gone.
    AccountGone,
    /// The person never spoke to the bot, so it may not begin.
    NeverStarted,
    /// The person takes no direct messages from it.
    NoDirectMessages,
    /// The person is a bot.
    IsBot,
    /// The chat is not there, or not for the bot.
    NoSuchChat,
    /// The channel is gone.
    ChannelGone,
    /// The group or server is gone.
    GroupGone,
    /// The topic or thread is gone.
    TopicGone,
    /// The topic or thread is closed.
    TopicClosed,
    /// The bot cannot see the channel.
    NoAccess,
    /// The bot may not write there.
    NoPermission,
    /// Messages like this one are filtered out there.
    Filtered,
    /// The message is too long.
    TooLong,
    /// The message has no text.
    Empty,
    /// The command can no longer be answered in its own way.
    TooLate,
    /// The command has been answered as often as can be.
    NoMoreAnswers,
    /// The channel goes on under another name, and the message is already there.
    AlreadyMoved,
    /// What the platform says, without anything of the message.
    Said(String),
}

/// Why a message is undeliverable, as `/status` says it.
#[must_use]
pub fn refusal(refusal: &Refusal) -> String {
    let sentence = match refusal {
        Refusal::Blocked => "the bot was blocked by this person",
        Refusal::Removed => "the bot was removed from the chat",
        Refusal::AccountGone => "this person's account does not exist any more",
        Refusal::NeverStarted => "this person has never started the bot",
        Refusal::NoDirectMessages => "this person takes no direct messages from the bot",
        Refusal::IsBot => "bots cannot write to bots",
        Refusal::NoSuchChat => "the chat does not exist or the bot is not in it",
        Refusal::ChannelGone => "the channel does not exist any more",
        Refusal::GroupGone => "the group does not exist any more",
        Refusal::TopicGone => "the topic does not exist any more",
        Refusal::TopicClosed => "the topic is closed",
        Refusal::NoAccess => "the bot has no access to the channel",
        Refusal::NoPermission => "the bot may not write in this chat",
        Refusal::Filtered => "a filter of the chat blocked the message",
        Refusal::TooLong => "the message is too long for the platform",
        Refusal::Empty => "the platform takes the message for empty",
        Refusal::TooLate => "the time to answer this command is over",
        Refusal::NoMoreAnswers => "the platform takes no more answers to this command",
        Refusal::AlreadyMoved => "the chat has moved, and this is already told there",
        Refusal::Said(said) => return format!("the platform refuses the message: {said}"),
    };
    sentence.to_owned()
}

/// Why a notice is given up that could not be delivered for so long.
#[must_use]
pub fn given_up(reason: &str) -> String {
    format!("given up after 24 hours: {reason}")
}

/// A notice that comes to the person alone because the channel it was meant for does not take it.
#[must_use]
pub fn redirected(text: &str, meant_for: &ChannelId, reason: Option<&str>) -> String {
    let why = reason.map(|reason| format!(", which does not take it: {reason}")).unwrap_or_default();
    format!("Meant for {meant_for}{why}.\n\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirected_notice_says_where_it_was_meant_to_go_and_why_it_is_not_there() {
        let channel = "chat:7".parse().unwrap();
        assert_eq!(
            redirected("#42 done.", &channel, Some(&refusal(&Refusal::Removed))),
            "Meant for chat:7, which does not take it: the bot was removed from the chat.\n\n#42 done."
        );
        assert_eq!(redirected("#42 done.", &channel, None), "Meant for chat:7.\n\n#42 done.");
    }
}
