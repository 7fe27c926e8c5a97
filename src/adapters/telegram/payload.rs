//! What teloxide has no method for, or not in the shape we need: rich messages, files from memory.

use serde::Serialize;
use serde_json::Value;
use teloxide::requests::Payload;
use teloxide::types::{InlineKeyboardMarkup, LinkPreviewOptions, Recipient, ReplyParameters, ThreadId};

use crate::adapters::telegram::render::Entity;

/// What every message has besides its content.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Envelope {
    /// The chat.
    pub(super) chat_id: Recipient,
    /// The topic in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message_thread_id: Option<ThreadId>,
    /// The message that is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply_parameters: Option<ReplyParameters>,
    /// The buttons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply_markup: Option<InlineKeyboardMarkup>,
    /// Whether it comes without a sound.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) disable_notification: bool,
}

/// `sendMessage`, with entities that are counted out.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SendText<'a> {
    #[serde(flatten)]
    pub(super) envelope: &'a Envelope,
    pub(super) text: &'a str,
    #[serde(skip_serializing_if = "<[Entity]>::is_empty")]
    pub(super) entities: &'a [Entity],
    pub(super) link_preview_options: LinkPreviewOptions,
}

/// `sendRichMessage` of Bot API 10.1.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SendRich<'a> {
    #[serde(flatten)]
    pub(super) envelope: &'a Envelope,
    pub(super) rich_message: InputRichMessage<'a>,
}

/// The content of a rich message.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct InputRichMessage<'a> {
    pub(super) html: &'a str,
    /// Names, commands and numbers in the text are only text.
    pub(super) skip_entity_detection: bool,
}

/// `sendDocument`; its file goes beside it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SendFile<'a> {
    #[serde(flatten)]
    pub(super) envelope: &'a Envelope,
    pub(super) caption: &'a str,
    #[serde(skip_serializing_if = "<[Entity]>::is_empty")]
    pub(super) caption_entities: &'a [Entity],
}

impl Payload for SendText<'_> {
    type Output = Value;
    const NAME: &'static str = "SendMessage";
}

impl Payload for SendRich<'_> {
    type Output = Value;
    const NAME: &'static str = "SendRichMessage";
}

impl Payload for SendFile<'_> {
    type Output = Value;
    const NAME: &'static str = "SendDocument";
}
