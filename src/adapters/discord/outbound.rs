//! Messages and the sign of typing on their way to Discord.
//!
//! Every message has a way that can be tried again without showing twice, except one. A channel message carries a
//! nonce, which Discord honours for a few minutes; the first part of an answer replaces the "thinking" of its
//! interaction, and replacing it twice is the same. Only follow-ups of an interaction have no key: those, and channel
//! messages whose nonce may be forgotten, say that they may be a duplicate. Nothing sent from here can ping anybody but the
//! one person whom the message names itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serenity::builder::{CreateInteractionResponseFollowup, CreateMessage, EditInteractionResponse};
use serenity::http::{LightMethod, Route};
use serenity::model::channel::{MessageFlags, Nonce};
use serenity::model::id::{MessageId, UserId};
use tokio::time::Instant;

use crate::adapters::discord::address::{Handle, channel_id, discord_channel, discord_user, message_id};
use crate::adapters::discord::api::{Api, Call};
use crate::adapters::discord::edit;
use crate::adapters::discord::error::{ApiError, code};
use crate::adapters::discord::follow_ups::FollowUps;
use crate::adapters::discord::pace;
use crate::adapters::discord::part::Part;
use crate::background::ports::{ChannelNotifier, Clock, MessageEdit, OutgoingMessage, Purpose, SendError, Sent, TypingIndicator};
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::pace::{Pace, SendKind};
use crate::domain::time::elapsed;
use crate::domain::wording::deliveries::{Refusal, refusal};

/// How long Discord certainly remembers a nonce; it promises "a few minutes".
const NONCE_MEMORY: Duration = Duration::from_mins(2);

/// Longest nonce, in characters.
const NONCE_LIMIT: usize = 25;

/// How long a channel that lets the bot not type is left alone.
const SHUT: Duration = Duration::from_mins(10);

/// Discord shows typing for ten seconds.
const TYPING_AGAIN: Duration = Duration::from_secs(8);

/// Sends messages to Discord's channels and answers to its interactions. Cheap to clone.
#[derive(Clone)]
pub struct DiscordNotifier {
    pub(super) api: Api,
    clock: Arc<dyn Clock>,
    follow_ups: FollowUps,
}

/// Shows the bot as typing in Discord's channels. Cheap to clone.
#[derive(Clone)]
pub struct DiscordTyping {
    api: Api,
    /// Channels that do not let the bot type, and until when it is not tried again: each refusal counts against the bot.
    shut: Arc<Mutex<HashMap<ChannelId, Instant>>>,
}

/// What is read of a message that Discord created or changed.
#[derive(Deserialize)]
struct Created {
    id: MessageId,
}

/// Asks for the channel with one person; Discord gives the same one each time.
#[derive(Serialize)]
struct CreateDm {
    recipient_id: UserId,
}

/// What is read of a channel that was opened.
#[derive(Deserialize)]
struct Opened {
    id: serenity::model::id::ChannelId,
}

#[async_trait]
impl ChannelNotifier for DiscordNotifier {
    async fn send(&self, message: &OutgoingMessage, part: usize) -> Result<Sent, SendError> {
        let channel = discord_channel(&message.channel)?;
        let beyond = || SendError::Undeliverable(format!("the message has no part {part}"));
        let mut cut = Part::of(message, part, true).ok_or_else(beyond)?;
        let mut sent = self.deliver(channel, message, part, &cut).await;
        if let (Err(SendError::Undeliverable(reason)), Some(_)) = (&sent, &cut.file) {
            // Files need a permission of their own. Without it the text comes as messages, and whatever else stands in
            // the way is found out by the first of them.
            tracing::info!(channel = %message.channel, %reason, "a file is not taken; its text is sent as messages");
            cut = Part::of(message, part, false).ok_or_else(beyond)?;
            sent = self.deliver(channel, message, part, &cut).await;
        }
        let created = sent?;
        let message = message_id(created.id).map_err(|error| SendError::Unknown(error.to_string()))?;
        Ok(Sent { message, more: cut.more })
    }

    async fn edit(&self, edit: &MessageEdit) -> Result<(), SendError> {
        edit::edit(&self.api, edit, self.clock.now()).await
    }

    fn pace(&self, channel: &ChannelId, kind: SendKind) -> Pace {
        pace::of_channel(channel, kind, self.api.pace())
    }

    async fn direct_channel(&self, person: &PersonId) -> Result<Option<ChannelId>, SendError> {
        let Some(user) = discord_user(person) else { return Ok(None) };
        let call = Call::new(LightMethod::Post, Route::UserMeDmChannels).json(&CreateDm { recipient_id: user })?;
        let opened: Opened = self.api.fetch(call).await?;
        Ok(channel_id(opened.id).ok())
    }
}

impl DiscordNotifier {
    pub(super) fn new(api: Api, clock: Arc<dyn Clock>) -> Self {
        Self { api, clock, follow_ups: FollowUps::default() }
    }

    /// Takes the way that the purpose asks for, and the next best when Discord has closed it.
    async fn deliver(
        &self,
        channel: serenity::model::id::ChannelId,
        message: &OutgoingMessage,
        number: usize,
        part: &Part,
    ) -> Result<Created, SendError> {
        let handle = message.reply.as_ref().and_then(Handle::from_reply);
        let fresh = handle.as_ref().filter(|handle| handle.is_fresh(self.clock.now()));
        let unanswered = message.in_flight_since.is_some();
        match message.purpose {
            // It has no other way, so the token is tried whatever our clock says of its age.
            Purpose::Answer { private: true } => {
                let Some(handle) = &handle else { return Err(SendError::Undeliverable(refusal(&Refusal::TooLate))) };
                return Ok(self.answer(handle, true, number, part, unanswered).await?);
            }
            Purpose::Answer { private: false } => {
                if let Some(handle) = fresh {
                    match self.answer(handle, false, number, part, unanswered).await {
                        Err(error) if error.interaction_is_over() => {
                            tracing::debug!(%error, "too late to answer the interaction, the channel gets a message");
                        }
                        answered => return Ok(answered?),
                    }
                }
            }
            Purpose::Notice | Purpose::Result => {}
        }
        // Where the bot is no member, the channel would refuse it, and each refusal counts against the bot.
        if handle.as_ref().is_some_and(|handle| handle.outside) {
            return match fresh {
                Some(fresh) => Ok(self.speak_outside(fresh, number, part, unanswered).await?),
                None => Err(SendError::Undeliverable(refusal(&Refusal::OutsideTooLate))),
            };
        }
        match (self.post(channel, message, number, part).await, fresh) {
            // Where the bot itself is no member, only the interaction lets it speak.
            (Err(error), Some(handle)) if error.is_locked_out() => {
                Ok(self.follow_up(handle, handle.ephemeral, part, unanswered).await?)
            }
            (posted, _) => Ok(posted?),
        }
    }

    /// News where only the interaction lets the bot speak: a follow-up, and when those are used up, what fits into one
    /// message takes the place of the first answer.
    async fn speak_outside(&self, handle: &Handle, number: usize, part: &Part, unanswered: bool) -> Result<Created, ApiError> {
        match self.follow_up(handle, handle.ephemeral, part, unanswered).await {
            Err(error) if error.has_code(code::NO_MORE_FOLLOW_UPS) && number == 0 && !part.more => {
                self.edit_original(handle, part).await
            }
            said => said,
        }
    }

    /// Answers an interaction within the life of its token.
    async fn answer(
        &self,
        handle: &Handle,
        private: bool,
        number: usize,
        part: &Part,
        unanswered: bool,
    ) -> Result<Created, ApiError> {
        if number > 0 {
            return self.follow_up(handle, private || handle.ephemeral, part, unanswered).await;
        }
        let route = Route::WebhookOriginalInteractionResponse { application_id: handle.application, token: &handle.token };
        if private && !handle.ephemeral {
            // Whether others see the "thinking" was settled when the command was acknowledged, before anybody knew that
            // the answer would be for one person. So it goes, and the answer comes as a message of its own.
            match self.api.send(Call::new(LightMethod::Delete, route)).await {
                Err(error) if !error.has_code(code::UNKNOWN_MESSAGE) => return Err(error),
                _ => return self.follow_up(handle, true, part, unanswered).await,
            }
        }
        self.edit_original(handle, part).await
    }

    /// Puts a part in the place of the first answer; twice is the same as once.
    async fn edit_original(&self, handle: &Handle, part: &Part) -> Result<Created, ApiError> {
        let route = Route::WebhookOriginalInteractionResponse { application_id: handle.application, token: &handle.token };
        let edit = EditInteractionResponse::new()
            .content(part.text(false))
            .components(part.rows())
            .flags(MessageFlags::SUPPRESS_EMBEDS)
            .allowed_mentions(part.mentions());
        self.api.fetch(Call::new(LightMethod::Patch, route).json(&edit)?.with_file(part.file.as_ref())).await
    }

    /// A further message of an interaction. Discord gives it no key, so one that went unanswered may show twice.
    async fn follow_up(&self, handle: &Handle, ephemeral: bool, part: &Part, unanswered: bool) -> Result<Created, ApiError> {
        if !self.follow_ups.take(handle, self.clock.now()) {
            return Err(ApiError::Refused { status: 400, code: code::NO_MORE_FOLLOW_UPS });
        }
        let seen = if ephemeral { MessageFlags::EPHEMERAL } else { MessageFlags::empty() };
        let create = CreateInteractionResponseFollowup::new()
            .content(part.text(unanswered))
            .components(part.rows())
            .flags(MessageFlags::SUPPRESS_EMBEDS | part.sound() | seen)
            .allowed_mentions(part.mentions());
        let route = Route::WebhookFollowupMessages { application_id: handle.application, token: &handle.token };
        let call = Call::new(LightMethod::Post, route).json(&create)?.with_file(part.file.as_ref());
        self.api.fetch(call).await.inspect_err(|error| {
            if !error.may_be_done() && !error.has_code(code::NO_MORE_FOLLOW_UPS) {
                self.follow_ups.give_back(handle);
            }
        })
    }

    /// A message in the channel itself.
    async fn post(
        &self,
        channel_id: serenity::model::id::ChannelId,
        message: &OutgoingMessage,
        number: usize,
        part: &Part,
    ) -> Result<Created, ApiError> {
        let forgotten = message.in_flight_since.is_some_and(|since| elapsed(since, self.clock.now()) >= NONCE_MEMORY);
        let create = CreateMessage::new()
            .content(part.text(forgotten))
            .components(part.rows())
            .flags(MessageFlags::SUPPRESS_EMBEDS | part.sound())
            .nonce(Nonce::String(nonce(&message.key, number)))
            .enforce_nonce(true)
            .allowed_mentions(part.mentions());
        let call = Call::new(LightMethod::Post, Route::ChannelMessages { channel_id }).json(&create)?;
        self.api.fetch(call.with_file(part.file.as_ref())).await
    }
}

impl DiscordTyping {
    pub(super) fn new(api: Api) -> Self {
        Self { api, shut: Arc::default() }
    }

    fn shut(&self) -> MutexGuard<'_, HashMap<ChannelId, Instant>> {
        self.shut.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TypingIndicator for DiscordTyping {
    async fn show_typing(&self, channel: &ChannelId) -> Result<Duration, SendError> {
        let channel_id = discord_channel(channel)?;
        let now = Instant::now();
        if self.shut().get(channel).is_some_and(|until| now < *until) {
            return Ok(TYPING_AGAIN);
        }
        let shown = self.api.send(Call::new(LightMethod::Post, Route::ChannelTyping { channel_id })).await;
        if let Err(ApiError::Refused { .. }) = &shown {
            let mut shut = self.shut();
            shut.retain(|_, until| now < *until);
            shut.insert(channel.clone(), now + SHUT);
        }
        shown?;
        Ok(TYPING_AGAIN)
    }
}

/// The platform's key of one part: the same at every try. Keys have at most 20 characters, which leaves room for the
/// number of the part; a longer one is given up for its hash.
fn nonce(key: &str, part: usize) -> String {
    let plain = format!("{key}-{part}");
    if plain.len() <= NONCE_LIMIT && plain.is_ascii() {
        return plain;
    }
    format!("h{}", OutgoingMessage::key_of(&plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_fits_and_differs_by_part() {
        assert_eq!(nonce("n42", 0), "n42-0");
        let longest = "1".repeat(20);
        assert_eq!(nonce(&longest, 9999).len(), NONCE_LIMIT);
        for key in ["1".repeat(40), "é".repeat(11)] {
            assert!(nonce(&key, 0).len() <= NONCE_LIMIT);
            assert_eq!(nonce(&key, 1), nonce(&key, 1));
            assert_ne!(nonce(&key, 0), nonce(&key, 1));
        }
    }
}
