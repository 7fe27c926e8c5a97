//! Looking at a channel before anything is promised there, and threads below messages.
//!
//! Whether the bot may write somewhere follows from roles and overwrites that only Discord adds up rightly. The sign of
//! typing needs the same permission as a message and leaves nothing behind, so it is the question.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serenity::http::{LightMethod, Route};
use serenity::model::id::MessageId;

use crate::adapters::discord::address::{channel_id, discord_channel};
use crate::adapters::discord::api::Call;
use crate::adapters::discord::error::code;
use crate::adapters::discord::outbound::DiscordNotifier;
use crate::background::ports::{SendError, TargetCheck, Threads};
use crate::domain::channel::ChannelId;
use crate::domain::id;
use crate::domain::text::one_line;

/// Kinds of channels that hold other channels or only threads: a message cannot be put there itself.
const CATEGORY: u8 = 4;
const DIRECTORY: u8 = 14;
const FORUM: u8 = 15;
const MEDIA: u8 = 16;

/// Longest name of a thread, in code points.
const NAME: usize = 100;

/// How long without a message until the thread leaves the list of a server, in minutes: a day.
const ARCHIVE_AFTER: u32 = 1440;

/// What is read of a channel.
#[derive(Deserialize)]
struct Seen {
    #[serde(rename = "type")]
    kind: u8,
}

#[derive(Serialize)]
struct NewThread {
    name: String,
    auto_archive_duration: u32,
}

/// What is read of a thread that was opened.
#[derive(Deserialize)]
struct Opened {
    id: serenity::model::id::ChannelId,
}

#[async_trait]
impl TargetCheck for DiscordNotifier {
    async fn check_target(&self, channel: &ChannelId) -> Result<(), SendError> {
        let channel_id = discord_channel(channel)?;
        let seen: Seen = self.api.fetch(Call::new(LightMethod::Get, Route::Channel { channel_id })).await?;
        if matches!(seen.kind, CATEGORY | DIRECTORY | FORUM | MEDIA) {
            return Err(SendError::Undeliverable("it is not a channel that messages can be put into".to_owned()));
        }
        Ok(self.api.send(Call::new(LightMethod::Post, Route::ChannelTyping { channel_id })).await?)
    }
}

#[async_trait]
impl Threads for DiscordNotifier {
    async fn open_thread(&self, channel: &ChannelId, message: &id::MessageId, title: &str) -> Result<ChannelId, SendError> {
        let message_id = message.as_str().parse::<MessageId>();
        let message_id = message_id.map_err(|_| SendError::Undeliverable("not a message of Discord".to_owned()))?;
        let route = Route::ChannelMessageThreads { channel_id: discord_channel(channel)?, message_id };
        let thread = NewThread { name: one_line(title, NAME), auto_archive_duration: ARCHIVE_AFTER };
        let opened = self.api.fetch(Call::new(LightMethod::Post, route).json(&thread)?).await;
        let id = match opened {
            Ok(Opened { id }) => id,
            // A thread has the id of the message that it began with.
            Err(error) if error.has_code(code::THREAD_EXISTS) => serenity::model::id::ChannelId::new(message_id.get()),
            Err(error) => return Err(error.into()),
        };
        channel_id(id).map_err(|error| SendError::Undeliverable(error.to_string()))
    }
}
