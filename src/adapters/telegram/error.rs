//! What goes wrong between us and Telegram, and what each of it means to the core.
//!
//! [`CallError`] keeps what callers branch on: whether the request can have had an effect, how long to wait, which code
//! the server gave. The core sees only [`SendError`]; the translation is here and nowhere else. No variant ever holds
//! the token: texts are scrubbed before they get in.

use std::time::Duration;

use teloxide::ApiError;
use teloxide::types::ChatId;

use crate::background::ports::SendError;
use crate::domain::wording::deliveries;
use crate::domain::wording::deliveries::Refusal;

/// What is told when the token is refused, wherever it happens.
pub(super) const TOKEN_REFUSED: &str = "Telegram does not accept the token; check telegram.token";

/// Why the Telegram adapter cannot run.
#[derive(Debug, thiserror::Error)]
pub enum TelegramError {
    /// The token has characters that no token has.
    #[error("telegram.token is empty or has characters that no bot token has")]
    TokenMalformed,
    /// The server does not know the token.
    #[error("{TOKEN_REFUSED}")]
    TokenRefused,
    /// `telegram.api_url` is not an address of a server.
    #[error("telegram.api_url is not an http or https URL")]
    ApiUrl,
    /// The HTTP client cannot be set up.
    #[error("the HTTP client for Telegram cannot be set up: {0}")]
    HttpClient(String),
}

impl TelegramError {
    /// Whether the configuration is to be changed before this can go away.
    #[must_use]
    pub const fn is_misconfigured(&self) -> bool {
        match self {
            Self::TokenMalformed | Self::TokenRefused | Self::ApiUrl => true,
            Self::HttpClient(_) => false,
        }
    }
}

/// Why a call of the Bot API brought no result.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum CallError {
    /// The server understood and refused; nothing was done.
    #[error("refused with {code}: {description}")]
    Refused {
        /// The code of the answer, an HTTP status.
        code: u16,
        /// The refusal as teloxide knows it.
        error: ApiError,
        /// The server's own words, scrubbed.
        description: String,
    },
    /// The server asks to wait; nothing was done.
    #[error("asked to wait {0:?}")]
    RetryAfter(Duration),
    /// The group has become a supergroup with this id; nothing was done.
    #[error("the group has become supergroup {0}")]
    Migrated(ChatId),
    /// The server was not reached, or does nothing for a while.
    #[error("{0}")]
    Unavailable(String),
    /// The request left, and the server broke or gave no answer that can be read: nobody knows what was done.
    #[error("{0}")]
    Unknown(String),
}

impl CallError {
    /// Whether the server does not know the token. It says 401 to a revoked token and 404 to one that cannot be any.
    pub(super) fn token_refused(&self) -> bool {
        matches!(self, Self::Refused { code: 404, .. } | Self::Refused { code: 401, error: ApiError::InvalidToken, .. })
    }

    /// Whether somebody else gets the updates of this token, and who.
    pub(super) fn conflict(&self) -> Option<&'static str> {
        match self {
            Self::Refused { code: 409, description, .. } if description.contains("webhook") => {
                Some("a webhook is set for this token, so nothing can be polled; restart to remove it")
            }
            Self::Refused { code: 409, .. } => Some("another instance polls with this token"),
            _ => None,
        }
    }

    /// The word for it in metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Refused { .. } | Self::Migrated(_) => "rejected",
            Self::RetryAfter(_) => "retry_after",
            Self::Unavailable(_) => "unavailable",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl From<CallError> for SendError {
    fn from(error: CallError) -> Self {
        if error.token_refused() {
            return Self::Unavailable(TOKEN_REFUSED.to_owned());
        }
        match error {
            CallError::RetryAfter(wait) => Self::RetryAfter(wait),
            CallError::Unavailable(reason) => Self::Unavailable(reason),
            CallError::Unknown(reason) => Self::Unknown(reason),
            CallError::Migrated(_) => Self::Undeliverable(deliveries::refusal(&Refusal::GroupGone)),
            // A conflict is about who polls; it says nothing against the message.
            CallError::Refused { code: 409, description, .. } => Self::Unavailable(description),
            CallError::Refused { error, description, .. } => {
                Self::Undeliverable(deliveries::refusal(&refusal(&error, &description)))
            }
        }
    }
}

/// What a refusal means to people.
fn refusal(error: &ApiError, description: &str) -> Refusal {
    match error {
        ApiError::BotBlocked => Refusal::Blocked,
        ApiError::BotKicked | ApiError::BotKickedFromSupergroup | ApiError::BotKickedFromChannel => Refusal::Removed,
        ApiError::UserDeactivated => Refusal::AccountGone,
        ApiError::CantInitiateConversation => Refusal::NeverStarted,
        ApiError::CantTalkWithBots => Refusal::IsBot,
        ApiError::ChatNotFound => Refusal::NoSuchChat,
        ApiError::GroupDeactivated => Refusal::GroupGone,
        ApiError::MessageIsTooLong => Refusal::TooLong,
        ApiError::MessageTextIsEmpty => Refusal::Empty,
        _ => refusal_by_words(description),
    }
}

/// Refusals that teloxide has no name for, or whose words vary from server to server.
fn refusal_by_words(description: &str) -> Refusal {
    let words = description.to_ascii_lowercase();
    let has = |part: &str| words.contains(part);
    if has("thread not found") || has("topic_deleted") {
        Refusal::TopicGone
    } else if has("topic_closed") {
        Refusal::TopicClosed
    } else if has("chat was deleted") || has("chat was deactivated") {
        Refusal::GroupGone
    } else if has("bot was kicked") || has("bot is not a member") {
        Refusal::Removed
    } else if has("not enough rights") || has("no rights") || has("write_forbidden") || has("chat_restricted") {
        Refusal::NoPermission
    } else if has("bot was blocked") {
        Refusal::Blocked
    } else {
        Refusal::Said(description.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u16, description: &str) -> CallError {
        let error = serde_json::from_value(description.into()).unwrap();
        CallError::Refused { code, error, description: description.to_owned() }
    }

    fn undeliverable(code: u16, description: &str) -> String {
        match SendError::from(refused(code, description)) {
            SendError::Undeliverable(reason) => reason,
            other => panic!("{description}: {other:?}"),
        }
    }

    #[test]
    fn refusals_are_sentences_for_people() {
        let check = |code, description, reason| assert_eq!(undeliverable(code, description), reason, "{description}");
        check(403, "Forbidden: bot was blocked by the user", "the bot was blocked by this person");
        check(403, "Forbidden: bot was kicked from the supergroup chat", "the bot was removed from the chat");
        check(403, "Forbidden: bot was kicked from the group chat", "the bot was removed from the chat");
        check(403, "Forbidden: bot is not a member of the channel chat", "the bot was removed from the chat");
        check(403, "Forbidden: user is deactivated", "this person's account does not exist any more");
        check(403, "Forbidden: the group chat was deleted", "the group does not exist any more");
        check(400, "Bad Request: group chat was deactivated", "the group does not exist any more");
        check(400, "Bad Request: chat not found", "the chat does not exist or the bot is not in it");
        check(400, "Bad Request: message thread not found", "the topic does not exist any more");
        check(400, "Bad Request: TOPIC_CLOSED", "the topic is closed");
        check(400, "Bad Request: not enough rights to send text messages to the chat", "the bot may not write in this chat");
        check(400, "Bad Request: message is too long", "the message is too long for the platform");
        check(400, "Bad Request: SOMETHING_NEW", "the platform refuses the message: Bad Request: SOMETHING_NEW");
    }

    #[test]
    fn a_refused_token_never_condemns_a_message() {
        for error in [refused(401, "Unauthorized"), refused(404, "Not Found")] {
            assert_eq!(SendError::from(error), SendError::Unavailable(TOKEN_REFUSED.to_owned()));
        }
    }

    #[test]
    fn what_can_be_tried_again_stays_so() {
        assert_eq!(SendError::from(CallError::RetryAfter(Duration::from_secs(7))), SendError::RetryAfter(Duration::from_secs(7)));
        assert!(matches!(SendError::from(CallError::Unknown("x".into())), SendError::Unknown(_)));
        assert!(matches!(SendError::from(CallError::Unavailable("x".into())), SendError::Unavailable(_)));
        assert!(matches!(SendError::from(refused(409, "Conflict: whatever")), SendError::Unavailable(_)));
    }

    #[test]
    fn conflicts_say_who_has_the_updates() {
        let other = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
        assert!(refused(409, other).conflict().unwrap().contains("another instance"));
        let webhook =
            "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
        assert!(refused(409, webhook).conflict().unwrap().contains("webhook"));
        assert_eq!(refused(400, "Bad Request: chat not found").conflict(), None);
    }
}
