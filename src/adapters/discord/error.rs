//! What can go wrong with Discord, in two circles.
//!
//! [`DiscordError`] ends the adapter: only what a human must mend is in it. [`ApiError`] is how one request went; it
//! keeps Discord's codes inside the adapter and becomes the [`SendError`] the core understands at the edge. Neither
//! ever holds an address or a body, because a webhook's address contains a token.

use std::time::Duration;

use crate::background::ports::SendError;
use crate::domain::wording::deliveries;
use crate::domain::wording::deliveries::Refusal;

/// Why the adapter cannot start or go on. Everything else is retried.
#[derive(Debug, thiserror::Error)]
pub enum DiscordError {
    /// `discord.api_url` is no address.
    #[error("discord.api_url is not an http or https address")]
    ApiUrl,
    /// `discord.token` cannot be one.
    #[error("discord.token cannot be a token: it is empty or has characters that no token has")]
    MalformedToken,
    /// The HTTP client cannot be built.
    #[error("the HTTP client for Discord cannot be built")]
    Client(#[source] reqwest012::Error),
    /// The thread of the gateway cannot be started.
    #[error("the thread of Discord's gateway cannot be started")]
    Thread(#[source] std::io::Error),
    /// Discord knows no such bot.
    #[error("Discord does not accept the token; check discord.token")]
    Unauthorized,
    /// Discord does not give this bot the gateway it asked for.
    #[error("Discord does not allow the gateway intents of this bot")]
    Intents,
}

impl DiscordError {
    /// Whether the configuration is to be changed before this can go away.
    #[must_use]
    pub const fn is_misconfigured(&self) -> bool {
        match self {
            Self::ApiUrl | Self::MalformedToken | Self::Unauthorized | Self::Intents => true,
            Self::Client(_) | Self::Thread(_) => false,
        }
    }
}

/// How a request ended that brought no answer of use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ApiError {
    /// Discord asks to wait, or was found to do so before asking.
    #[error("Discord asks to wait {0:?}")]
    RetryAfter(Duration),
    /// The bot's own token is refused.
    #[error("Discord does not accept the token")]
    Unauthorized,
    /// Nothing was done: no connection, or an answer that is not Discord's.
    #[error("{0}")]
    Unavailable(&'static str),
    /// Discord broke while it worked on it.
    #[error("Discord answers with status {0}")]
    Server(u16),
    /// The request left and no usable answer came.
    #[error("{0}")]
    Unknown(&'static str),
    /// Discord says no, and why.
    #[error("Discord refuses with status {status} and code {code}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The code of Discord's JSON error; 0 when it gave none.
        code: u64,
    },
}

/// Codes of Discord's JSON errors that somebody branches on.
pub(super) mod code {
    pub(crate) const UNKNOWN_MESSAGE: u64 = 10_008;
    pub(crate) const UNKNOWN_WEBHOOK: u64 = 10_015;
    pub(crate) const UNKNOWN_INTERACTION: u64 = 10_062;
    pub(crate) const ALREADY_ACKNOWLEDGED: u64 = 40_060;
    pub(crate) const NO_MORE_FOLLOW_UPS: u64 = 40_094;
    pub(crate) const MISSING_ACCESS: u64 = 50_001;
    pub(crate) const MISSING_PERMISSIONS: u64 = 50_013;
    pub(crate) const NOT_THE_AUTHOR: u64 = 50_005;
    pub(crate) const INVALID_WEBHOOK_TOKEN: u64 = 50_027;
    pub(crate) const THREAD_EXISTS: u64 = 160_004;
}

impl ApiError {
    /// Whether Discord refused with this code.
    pub(super) const fn has_code(&self, wanted: u64) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == wanted)
    }

    /// Whether the token of an interaction is over, or what it points to is gone.
    pub(super) const fn interaction_is_over(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                code: code::UNKNOWN_INTERACTION | code::UNKNOWN_WEBHOOK | code::UNKNOWN_MESSAGE | code::INVALID_WEBHOOK_TOKEN,
                ..
            }
        )
    }

    /// Whether the bot may not see the channel or write there, so that only an interaction's own way is left.
    pub(super) const fn is_locked_out(&self) -> bool {
        self.has_code(code::MISSING_ACCESS) || self.has_code(code::MISSING_PERMISSIONS)
    }

    /// The word of the metric.
    pub(super) const fn outcome(&self) -> &'static str {
        match self {
            Self::RetryAfter(_) => "retry_after",
            Self::Unavailable(_) | Self::Server(_) => "unavailable",
            Self::Unknown(_) => "unknown",
            Self::Unauthorized | Self::Refused { .. } => "rejected",
        }
    }

    /// Whether the request may have been done all the same. A server that is not there for a while has done nothing; one that
    /// broke, or whose gateway lost it, may have done everything.
    pub(super) const fn may_be_done(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            Self::Server(status) => *status != 503,
            _ => false,
        }
    }
}

impl From<ApiError> for SendError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::RetryAfter(after) => Self::RetryAfter(after),
            ApiError::Server(_) if error.may_be_done() => Self::Unknown(error.to_string()),
            // Without a code it was not Discord that refused but something in between, and that may pass.
            ApiError::Unauthorized | ApiError::Server(_) | ApiError::Unavailable(_) | ApiError::Refused { code: 0, .. } => {
                Self::Unavailable(error.to_string())
            }
            ApiError::Unknown(what) => Self::Unknown(what.to_owned()),
            ApiError::Refused { code, .. } => Self::Undeliverable(deliveries::refusal(&refusal(code))),
        }
    }
}

/// What is told of a message that cannot be changed any more.
pub(super) const GONE: &str = "the message does not exist any more or cannot be changed";

/// What a refusal with this code means to people.
fn refusal(code: u64) -> Refusal {
    match code {
        10_003 => Refusal::ChannelGone,
        10_004 => Refusal::GroupGone,
        code::UNKNOWN_INTERACTION | code::UNKNOWN_WEBHOOK | code::UNKNOWN_MESSAGE | code::INVALID_WEBHOOK_TOKEN => {
            Refusal::TooLate
        }
        code::MISSING_ACCESS => Refusal::NoAccess,
        code::MISSING_PERMISSIONS => Refusal::NoPermission,
        50_007 | 50_278 => Refusal::NoDirectMessages,
        50_083 | 160_005 => Refusal::TopicClosed,
        code::NO_MORE_FOLLOW_UPS => Refusal::NoMoreAnswers,
        200_000 | 200_001 => Refusal::Filtered,
        _ => Refusal::Said(format!("code {code}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: u64) -> SendError {
        ApiError::Refused { status, code }.into()
    }

    #[test]
    fn a_refusal_with_a_code_is_final_and_says_why() {
        let SendError::Undeliverable(why) = refused(404, 10_003) else { panic!("a deleted channel is final") };
        assert_eq!(why, "the channel does not exist any more");
        assert!(matches!(refused(403, code::MISSING_ACCESS), SendError::Undeliverable(_)));
        assert!(matches!(refused(403, 50_007), SendError::Undeliverable(_)));
        assert!(matches!(refused(400, 50_035), SendError::Undeliverable(why) if why.contains("50035")));
    }

    #[test]
    fn a_refusal_without_a_code_may_pass() {
        assert!(matches!(refused(404, 0), SendError::Unavailable(_)));
    }

    #[test]
    fn a_broken_server_is_tried_again() {
        assert!(matches!(SendError::from(ApiError::Server(502)), SendError::Unknown(_)));
        assert!(matches!(SendError::from(ApiError::Server(503)), SendError::Unavailable(_)));
    }

    #[test]
    fn waiting_is_passed_on_exactly() {
        let wait = Duration::from_millis(64_570);
        assert_eq!(SendError::from(ApiError::RetryAfter(wait)), SendError::RetryAfter(wait));
        assert_eq!(
            SendError::from(ApiError::Unauthorized).to_string(),
            "the platform is not available: Discord does not accept the token"
        );
    }
}
