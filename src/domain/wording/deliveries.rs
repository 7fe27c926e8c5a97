//! Why a message could not be delivered, and what stands above one that comes to another place instead.
//!
//! The ledger keeps reasons as English sentences, because platforms give some of their own that nobody foresaw. Ours are
//! recognised when they are shown ([`reason`]), so they need no code of their own to be said in another language.

use crate::domain::channel::ChannelId;
use crate::domain::language::Language;
use crate::domain::wording::sentence::{say, sentence};

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
    /// The same where the bot is no member, so that there is no other way.
    OutsideTooLate,
    /// The command has been answered as often as can be.
    NoMoreAnswers,
    /// The channel goes on under another name, and the message is already there.
    AlreadyMoved,
    /// What the platform says, without anything of the message.
    Said(String),
}

impl Refusal {
    /// All that are sentences of our own.
    const OURS: [Self; 20] = [
        Self::Blocked,
        Self::Removed,
        Self::AccountGone,
        Self::NeverStarted,
        Self::NoDirectMessages,
        Self::IsBot,
        Self::NoSuchChat,
        Self::ChannelGone,
        Self::GroupGone,
        Self::TopicGone,
        Self::TopicClosed,
        Self::NoAccess,
        Self::NoPermission,
        Self::Filtered,
        Self::TooLong,
        Self::Empty,
        Self::TooLate,
        Self::OutsideTooLate,
        Self::NoMoreAnswers,
        Self::AlreadyMoved,
    ];

    const fn key(&self) -> &'static str {
        match self {
            Self::Blocked => "refused-blocked",
            Self::Removed => "refused-removed",
            Self::AccountGone => "refused-account-gone",
            Self::NeverStarted => "refused-never-started",
            Self::NoDirectMessages => "refused-no-direct-messages",
            Self::IsBot => "refused-is-bot",
            Self::NoSuchChat => "refused-no-such-chat",
            Self::ChannelGone => "refused-channel-gone",
            Self::GroupGone => "refused-group-gone",
            Self::TopicGone => "refused-topic-gone",
            Self::TopicClosed => "refused-topic-closed",
            Self::NoAccess => "refused-no-access",
            Self::NoPermission => "refused-no-permission",
            Self::Filtered => "refused-filtered",
            Self::TooLong => "refused-too-long",
            Self::Empty => "refused-empty",
            Self::TooLate => "refused-too-late",
            Self::OutsideTooLate => "refused-outside-too-late",
            Self::NoMoreAnswers => "refused-no-more-answers",
            Self::AlreadyMoved => "refused-already-moved",
            Self::Said(_) => "refused-said",
        }
    }
}

/// Why a message is undeliverable, as the ledger keeps it.
#[must_use]
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Said(said) => sentence(Language::En, refusal.key()).with("said", said).text(),
        ours => say(Language::En, ours.key()),
    }
}

/// Why a notice is given up that could not be delivered for so long, as the ledger keeps it.
#[must_use]
pub fn given_up(reason: &str) -> String {
    sentence(Language::En, "given-up").with("reason", reason).text()
}

/// A reason of the ledger's, in somebody's language as far as it is one of ours.
#[must_use]
pub fn reason(language: Language, stored: &str) -> String {
    if language == Language::En {
        return stored.to_owned();
    }
    if let Some(ours) = Refusal::OURS.iter().find(|ours| say(Language::En, ours.key()) == stored) {
        return say(language, ours.key());
    }
    if let Some(said) = stored.strip_prefix(&refusal(&Refusal::Said(String::new()))) {
        return sentence(language, "refused-said").with("said", said).text();
    }
    if let Some(inner) = stored.strip_prefix(&given_up("")) {
        return sentence(language, "given-up").with("reason", reason(language, inner)).text();
    }
    sentence(language, "in-english").with("text", stored).text()
}

/// A notice that comes to the person alone because the channel it was meant for does not take it.
#[must_use]
pub fn redirected(language: Language, text: &str, meant_for: &ChannelId, stored: Option<&str>) -> String {
    let above = match stored {
        None => sentence(language, "redirected").with("channel", meant_for).text(),
        Some(stored) => {
            let sentence = sentence(language, "redirected-because").with("channel", meant_for);
            sentence.with("reason", reason(language, stored)).text()
        }
    };
    format!("{above}\n\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirected_notice_says_where_it_was_meant_to_go_and_why_it_is_not_there() {
        let channel = "chat:7".parse().unwrap();
        let removed = refusal(&Refusal::Removed);
        assert_eq!(
            redirected(Language::En, "#42 done.", &channel, Some(&removed)),
            "Meant for chat:7, which does not take it: the bot was removed from the chat.\n\n#42 done."
        );
        assert_eq!(redirected(Language::En, "#42 done.", &channel, None), "Meant for chat:7.\n\n#42 done.");
        assert_eq!(
            redirected(Language::De, "#42 fertig.", &channel, Some(&removed)),
            "Eigentlich für chat:7, aber dort kommt es nicht an: der Bot wurde aus dem Chat entfernt.\n\n#42 fertig."
        );
        assert_eq!(redirected(Language::De, "#42 fertig.", &channel, None), "Eigentlich für chat:7.\n\n#42 fertig.");
    }

    #[test]
    fn reasons_of_the_ledger_are_recognised() {
        for ours in Refusal::OURS {
            let stored = refusal(&ours);
            assert_eq!(reason(Language::En, &stored), stored);
            assert_eq!(reason(Language::De, &stored), say(Language::De, ours.key()));
        }
        let check = |stored: &str, shown: &str| assert_eq!(reason(Language::De, stored), shown);
        check(&refusal(&Refusal::Said("Bad Request: X".into())), "die Plattform lehnt die Nachricht ab: Bad Request: X");
        check(&given_up(&refusal(&Refusal::TopicClosed)), "nach 24 Stunden aufgegeben: das Thema ist geschlossen");
        check(&given_up("x"), "nach 24 Stunden aufgegeben: (auf Englisch) x");
        check("no answer", "(auf Englisch) no answer");
    }
}
