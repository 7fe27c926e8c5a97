//! Which other channels a person may name, and whether they take messages.
//!
//! The rule: everybody may name their own direct chat with the bot, and the channels that this one passes its news on to
//! anyway; any other channel takes an admin of the bot, because its people did not ask for what would come. What may be
//! named is then looked at, so that a mistake is told at once and not when the result is there.

use std::time::Duration;

use crate::background::ports::{ChannelNotifier, LedgerError, SendError, TargetCheck};
use crate::chat::access::Role;
use crate::chat::inbound::Inbound;
use crate::chat::router::Router;
use crate::domain::channel::ChannelId;
use crate::domain::language::Language;
use crate::domain::preferences::Target;
use crate::domain::wording;

/// How long a person waits while channels are looked at.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a channel cannot be a target, to be told to who named it.
pub(super) enum Refused {
    /// With this reason.
    Say(String),
    /// The store failed.
    Store(LedgerError),
}

impl From<LedgerError> for Refused {
    fn from(error: LedgerError) -> Self {
        Self::Store(error)
    }
}

/// Somebody who names targets in a channel.
pub(super) struct Naming<'a> {
    pub(super) router: &'a Router,
    pub(super) inbound: &'a Inbound,
    pub(super) role: Role,
    pub(super) language: Language,
}

impl Naming<'_> {
    /// The channels that are meant, once all of them are known to be good. `free` are those that everybody may name here,
    /// `forbidden` what is said of the others.
    pub(super) async fn resolve(
        &self,
        targets: &[Target],
        free: &[ChannelId],
        forbidden: fn(Language, &ChannelId) -> String,
    ) -> Result<Vec<ChannelId>, Refused> {
        let mut channels: Vec<ChannelId> = Vec::new();
        for target in targets {
            let channel = match target {
                Target::Me => self.direct_chat().await?,
                Target::Channel(channel) => self.named(channel, free, forbidden).await?,
            };
            if channel == self.inbound.channel {
                return Err(Refused::Say(wording::target_is_here(self.language, &channel)));
            }
            if channels.contains(&channel) {
                return Err(Refused::Say(wording::target_twice(self.language, &channel)));
            }
            channels.push(channel);
        }
        Ok(channels)
    }

    /// The direct chat of who asks, once it is known that the bot can write there.
    pub(super) async fn direct_chat(&self) -> Result<ChannelId, Refused> {
        if self.inbound.direct {
            return Ok(self.inbound.channel.clone());
        }
        let asked = async {
            let Some(channel) = self.router.direct_channel(&self.inbound.person).await? else {
                return Err(SendError::Undeliverable("there is no direct chat".to_owned()));
            };
            self.router.check_target(&channel).await.map(|()| channel)
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(channel)) => Ok(channel),
            Ok(Err(SendError::Undeliverable(_))) => Err(Refused::Say(wording::no_direct_chat(self.language))),
            Ok(Err(_)) | Err(_) => Err(Refused::Say(wording::direct_chat_unknown(self.language))),
        }
    }

    async fn named(
        &self,
        channel: &ChannelId,
        free: &[ChannelId],
        forbidden: fn(Language, &ChannelId) -> String,
    ) -> Result<ChannelId, Refused> {
        if !self.router.serves(channel) {
            return Err(Refused::Say(wording::unknown_platform(self.language, channel)));
        }
        if *channel == self.inbound.channel {
            return Err(Refused::Say(wording::target_is_here(self.language, channel)));
        }
        if self.role != Role::Admin && !free.contains(channel) && !self.is_own_direct_chat(channel).await {
            return Err(Refused::Say(forbidden(self.language, channel)));
        }
        match tokio::time::timeout(PATIENCE, self.router.check_target(channel)).await {
            Ok(Ok(())) => Ok(channel.clone()),
            Ok(Err(SendError::Undeliverable(reason))) => {
                Err(Refused::Say(wording::target_refused(self.language, channel, &reason)))
            }
            Ok(Err(_)) | Err(_) => Err(Refused::Say(wording::target_unknown(self.language, channel))),
        }
    }

    async fn is_own_direct_chat(&self, channel: &ChannelId) -> bool {
        if channel.platform() != self.inbound.person.platform() {
            return false;
        }
        let own = tokio::time::timeout(PATIENCE, self.router.direct_channel(&self.inbound.person)).await;
        matches!(own, Ok(Ok(Some(own))) if own == *channel)
    }
}
