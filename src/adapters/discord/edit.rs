//! Changing messages that were sent before.
//!
//! A message that answered a command is changed by the interaction's token as long as that lives: then it works where the
//! bot is no member, too, and for messages that one person sees. Otherwise, and afterwards, it is changed as
//! what it also is, a message of the channel.

use serde::de::IgnoredAny;
use serenity::builder::{CreateAllowedMentions, EditMessage, EditWebhookMessage};
use serenity::http::{LightMethod, Route};
use serenity::model::channel::MessageFlags;

use crate::adapters::discord::address::{Handle, discord_channel, sent_message};
use crate::adapters::discord::api::{Api, Call};
use crate::adapters::discord::error::{ApiError, GONE, code};
use crate::adapters::discord::part::Part;
use crate::background::ports::{MessageEdit, SendError};
use crate::domain::language::Language;
use crate::domain::text::Format;
use crate::domain::time::Timestamp;

/// Replaces text and buttons of a message.
pub(super) async fn edit(api: &Api, edit: &MessageEdit, now: Timestamp) -> Result<(), SendError> {
    let channel_id = discord_channel(&edit.channel)?;
    let message_id = sent_message(&edit.message)?;
    let gone = || SendError::Undeliverable(GONE.to_owned());
    // The language is that of the words for an empty text, which a card never is.
    let part = Part::cut(Language::default(), &edit.text, Format::Plain, &edit.buttons, 0);
    let part = part.filter(|part| !part.more).ok_or_else(gone)?;
    let handle = edit.reply.as_ref().and_then(Handle::from_reply);
    if let Some(handle) = handle.filter(|handle| handle.is_fresh(now)) {
        match by_token(api, &handle, message_id, &part).await {
            // It is no answer of that interaction, or its token is over.
            Err(error) if error.interaction_is_over() && !handle.ephemeral => {}
            Err(error) if error.has_code(code::UNKNOWN_MESSAGE) => return Err(gone()),
            edited => return Ok(edited?),
        }
    }
    let body = EditMessage::new()
        .content(part.text(false))
        .components(part.rows())
        .flags(MessageFlags::SUPPRESS_EMBEDS)
        .allowed_mentions(CreateAllowedMentions::new());
    let call = Call::new(LightMethod::Patch, Route::ChannelMessage { channel_id, message_id }).json(&body)?;
    match api.fetch::<IgnoredAny>(call).await {
        Ok(_message) => Ok(()),
        Err(error) if error.has_code(code::UNKNOWN_MESSAGE) || error.has_code(code::NOT_THE_AUTHOR) => Err(gone()),
        Err(error) => Err(error.into()),
    }
}

async fn by_token(api: &Api, handle: &Handle, message_id: serenity::model::id::MessageId, part: &Part) -> Result<(), ApiError> {
    let route = Route::WebhookFollowupMessage { application_id: handle.application, token: &handle.token, message_id };
    let body = EditWebhookMessage::new()
        .content(part.text(false))
        .components(part.rows())
        .flags(MessageFlags::SUPPRESS_EMBEDS)
        .allowed_mentions(CreateAllowedMentions::new());
    api.fetch::<IgnoredAny>(Call::new(LightMethod::Patch, route).json(&body)?).await.map(drop)
}
