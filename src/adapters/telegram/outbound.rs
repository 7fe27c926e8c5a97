//! Messages and typing on their way to Telegram.
//!
//! One call sends one part, and nothing here waits or retries: that is the lane's. Telegram has no key that would make a
//! send idempotent, so a part that may have arrived before says so when it is sent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use teloxide::ApiError;
use teloxide::payloads::SendChatAction;
use teloxide::types;
use teloxide::types::{
    ChatAction, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Recipient, ReplyParameters, True,
};

use crate::adapters::telegram::address;
use crate::adapters::telegram::address::{PLATFORM, TelegramChat};
use crate::adapters::telegram::api::{Api, PROMPT, UPLOAD, Upload};
use crate::adapters::telegram::edit;
use crate::adapters::telegram::error::CallError;
use crate::adapters::telegram::forums::Forums;
use crate::adapters::telegram::pace;
use crate::adapters::telegram::part;
use crate::adapters::telegram::part::Form;
use crate::adapters::telegram::payload::{Envelope, InputRichMessage, SendFile, SendRich, SendText};
use crate::adapters::telegram::render::Formatted;
use crate::adapters::telegram::target::Names;
use crate::background::ports::{ChannelNotifier, MessageEdit, OutgoingMessage, SendError, Sent, TypingIndicator};
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::command::Button;
use crate::domain::id::MessageId;
use crate::domain::pace::{Pace, SendKind};

/// Buttons side by side before a new row begins.
const ROW: usize = 3;
/// Telegram shows typing for five seconds at most.
const TYPING: Duration = Duration::from_secs(4);

/// Sends messages to Telegram chats.
pub struct TelegramNotifier {
    pub(super) api: Arc<Api>,
    names: Names,
    /// Set when the server turned out to know no rich messages. Not kept: a server may be renewed while we are away.
    no_rich: AtomicBool,
}

impl TelegramNotifier {
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { names: Names::new(Arc::clone(&api)), api, no_rich: AtomicBool::new(false) }
    }

    /// Sends in the best form that the server takes. A form that is refused was not sent, so the next one may be.
    async fn deliver(&self, message: &OutgoingMessage, part: usize) -> Result<(types::MessageId, bool), SendError> {
        let called = if part == 0 { self.names.called(&message.channel, message.mention.as_ref()).await } else { None };
        let ways = part::ways(message, part, !self.no_rich.load(Ordering::Relaxed), called.as_ref());
        if ways.is_empty() {
            return Err(SendError::Undeliverable(format!("the message has no part {part}")));
        }
        let mut unknown_method = false;
        let last = ways.len() - 1;
        for (at, way) in ways.iter().enumerate() {
            let mut envelope = envelope(message, part, way.more)?;
            match self.follow(&mut envelope, &way.form).await {
                Ok(sent) => {
                    // A refused token looks the same as an unknown method, until something else is taken.
                    self.no_rich.fetch_or(unknown_method, Ordering::Relaxed);
                    return Ok((sent, way.more));
                }
                Err(error) if at < last && may_go_otherwise(&way.form, &error) => {
                    unknown_method |= matches!(way.form, Form::Rich(_)) && error.token_refused();
                    tracing::info!(channel = %message.channel, %error, "Telegram does not take this form; trying a simpler one");
                }
                Err(CallError::Migrated(to)) => return Err(moved(&envelope.chat_id, to)),
                Err(error) => return Err(error.into()),
            }
        }
        Err(SendError::Undeliverable(format!("the message has no part {part}")))
    }

    /// Sends one form, and once more without the reference to a message that is gone.
    async fn follow(&self, envelope: &mut Envelope, form: &Form) -> Result<types::MessageId, CallError> {
        loop {
            match self.send_form(envelope, form).await {
                Err(error) if envelope.reply_parameters.is_some() && reply_is_gone(&error) => envelope.reply_parameters = None,
                result => return result,
            }
        }
    }

    async fn send_form(&self, envelope: &Envelope, form: &Form) -> Result<types::MessageId, CallError> {
        let chat = &envelope.chat_id;
        match form {
            Form::Rich(html) => {
                let rich_message = InputRichMessage { html, skip_entity_detection: true };
                self.api.call_in(chat, &SendRich { envelope, rich_message }, PROMPT).await
            }
            Form::Text(Formatted { text, entities }) => {
                self.api.call_in(chat, &SendText { envelope, text, entities, link_preview_options: NO_PREVIEW }, PROMPT).await
            }
            Form::File { name, content, caption } => {
                let payload = SendFile { envelope, caption: &caption.text, caption_entities: &caption.entities };
                let file = Upload { field: "document", name, content: content.as_bytes() };
                self.api.upload_in(chat, &payload, file, UPLOAD).await
            }
        }
    }
}

/// Whether a simpler form may be taken where this one was refused.
fn may_go_otherwise(form: &Form, error: &CallError) -> bool {
    let CallError::Refused { code, description, .. } = error else { return false };
    let words = description.to_ascii_lowercase();
    match form {
        // 404: the method is unknown. 400: the markup, a limit, or a chat that takes no such messages.
        Form::Rich(_) => matches!(code, 400 | 404) && !is_about_the_chat(&words),
        // Files need a right of their own.
        Form::File { .. } => matches!(code, 400 | 403 | 413) && !is_about_the_chat(&words),
        Form::Text(_) => *code == 400 && ["entit", "can't parse", "markup", "url"].iter().any(|part| words.contains(part)),
    }
}

/// Whether a refusal would meet any form.
fn is_about_the_chat(words: &str) -> bool {
    let known =
        ["chat not found", "chat was", "thread not found", "topic_", "bot was", "bot is not", "deactivated", "peer_id_invalid"];
    known.iter().any(|part| words.contains(part))
}

#[async_trait]
impl ChannelNotifier for TelegramNotifier {
    async fn send(&self, message: &OutgoingMessage, part: usize) -> Result<Sent, SendError> {
        let (sent, more) = self.deliver(message, part).await?;
        let message = MessageId::parse(sent.to_string()).map_err(|error| SendError::Unknown(error.to_string()))?;
        Ok(Sent { message, more })
    }

    async fn edit(&self, edit: &MessageEdit) -> Result<(), SendError> {
        edit::edit(&self.api, edit).await
    }

    fn pace(&self, channel: &ChannelId, _kind: SendKind) -> Pace {
        pace::of_channel(channel, self.api.pace())
    }

    async fn direct_channel(&self, person: &PersonId) -> Result<Option<ChannelId>, SendError> {
        Ok(pace::direct_channel(person))
    }
}

/// Shows typing in Telegram chats.
pub struct TelegramTyping {
    api: Arc<Api>,
    forums: Arc<Forums>,
}

impl TelegramTyping {
    pub(super) fn new(api: Arc<Api>, forums: Arc<Forums>) -> Self {
        Self { api, forums }
    }

    /// The group's id, if this is the general topic of a group with topics.
    fn general(&self, target: &TelegramChat) -> Option<ChatId> {
        match target {
            TelegramChat { chat: Recipient::Id(chat), topic: None } if self.forums.includes(*chat) => Some(*chat),
            _ => None,
        }
    }
}

#[async_trait]
impl TypingIndicator for TelegramTyping {
    async fn show_typing(&self, channel: &ChannelId) -> Result<Duration, SendError> {
        let target = target(channel)?;
        let general = self.general(&target);
        let mut payload = SendChatAction::new(target.chat, ChatAction::Typing);
        payload.message_thread_id = target.topic.or_else(|| general.map(|_| address::GENERAL));
        // An indication that comes late shows something that may no longer be true.
        let shown: Result<True, CallError> = self.api.call_in(&payload.chat_id, &payload, TYPING).await;
        if let (Err(CallError::Refused { .. }), Some(group)) = (&shown, general) {
            // Its topics were turned off meanwhile.
            self.forums.learn(group, false);
        }
        shown?;
        Ok(TYPING)
    }
}

/// A group has become a supergroup, which has an id of its own. Everything that is stored of it is to follow.
fn moved(from: &Recipient, to: types::ChatId) -> SendError {
    let channel = |chat: &Recipient| ChannelId::new(PLATFORM, chat);
    match (channel(from), channel(&Recipient::Id(to))) {
        (Ok(from), Ok(to)) if from != to => SendError::Moved { from, to },
        _ => SendError::from(CallError::Migrated(to)),
    }
}

pub(super) fn target(channel: &ChannelId) -> Result<TelegramChat, SendError> {
    TelegramChat::try_from(channel).map_err(|error| SendError::Undeliverable(error.to_string()))
}

/// What a part has besides its content.
fn envelope(message: &OutgoingMessage, part: usize, more: bool) -> Result<Envelope, SendError> {
    let target = target(&message.channel)?;
    let replied = message.reply.as_ref().filter(|_| part == 0).and_then(address::replied_message);
    Ok(Envelope {
        chat_id: target.chat,
        message_thread_id: target.topic,
        reply_parameters: replied.map(|replied| ReplyParameters::new(replied).allow_sending_without_reply()),
        reply_markup: (!more && !message.buttons.is_empty()).then(|| keyboard(&message.buttons)),
        disable_notification: message.silent,
    })
}

/// A preview would show what a link of the model's leads to, and make Telegram visit it.
pub(super) const NO_PREVIEW: LinkPreviewOptions = LinkPreviewOptions {
    is_disabled: true,
    url: None,
    prefer_small_media: false,
    prefer_large_media: false,
    show_above_text: false,
};

pub(super) fn keyboard(buttons: &[Button]) -> InlineKeyboardMarkup {
    let button = |button: &Button| InlineKeyboardButton::callback(button.label.clone(), button.action.to_string());
    InlineKeyboardMarkup::new(buttons.chunks(ROW).map(|row| row.iter().map(button).collect::<Vec<_>>()))
}

/// Whether only the reference to another message stands in the way. Telegram is asked to send without it, but older
/// servers refuse some references all the same.
fn reply_is_gone(error: &CallError) -> bool {
    match error {
        CallError::Refused { error: ApiError::MessageToReplyNotFound, .. } => true,
        CallError::Refused { code: 400, description, .. } => {
            let words = description.to_ascii_lowercase();
            words.contains("message to be replied not found") || words.contains("replied message not found")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::adapters::telegram::target::Called;
    use crate::background::ports::Purpose;
    use crate::domain::command::Action;
    use crate::domain::id::{ReplyHandle, TaskNumber};
    use crate::domain::language::Language;
    use crate::domain::text::Unit;
    use crate::domain::time::from_millis;

    fn message(channel: &str, text: &str) -> OutgoingMessage {
        OutgoingMessage {
            reply: Some(ReplyHandle("m5".into())),
            buttons: vec![Button { label: "Cancel".into(), action: Action::Cancel(TaskNumber(42)) }],
            ..OutgoingMessage::plain(channel.parse().unwrap(), Purpose::Notice, Language::En, text.into(), "k".into())
        }
    }

    fn composed(message: &OutgoingMessage, part: usize) -> (Value, bool) {
        let way = part::ways(message, part, true, None).remove(0);
        let Form::Text(Formatted { text, entities }) = &way.form else { panic!("{way:?}") };
        let envelope = envelope(message, part, way.more).unwrap();
        let payload = SendText { envelope: &envelope, text, entities, link_preview_options: NO_PREVIEW };
        (serde_json::to_value(payload).unwrap(), way.more)
    }

    #[test]
    fn a_short_message_is_one_plain_part() {
        let (payload, more) = composed(&message("telegram:-100/7", "*hi* <b>"), 0);
        let expected = json!({
            "chat_id": -100, "message_thread_id": 7, "text": "*hi* <b>", "link_preview_options": {"is_disabled": true},
            "reply_parameters": {"message_id": 5, "allow_sending_without_reply": true},
            "reply_markup": {"inline_keyboard": [[{"text": "Cancel", "callback_data": "cancel:42"}]]},
        });
        assert_eq!(payload, expected);
        assert!(!more);
    }

    #[test]
    fn a_long_message_replies_with_its_first_part_and_has_buttons_below_its_last() {
        let message = message("telegram:7", &"😀".repeat(5000));
        let (first, more) = composed(&message, 0);
        assert!(more && first.get("reply_parameters").is_some() && first.get("reply_markup").is_none());
        let (last, more) = composed(&message, 2);
        assert!(!more && last.get("reply_parameters").is_none() && last.get("reply_markup").is_some());
        assert!(part::ways(&message, 3, true, None).is_empty());
    }

    #[test]
    fn a_possible_duplicate_says_so_and_still_fits() {
        let mut message = message("telegram:7", &"x".repeat(5000));
        let before = composed(&message, 0).0["text"].as_str().unwrap().to_owned();
        message.in_flight_since = from_millis(1);
        let after = composed(&message, 0).0["text"].as_str().unwrap().to_owned();
        assert_eq!(after, format!("{before}\n(may be a duplicate)"));
        assert!(Unit::Utf16.length(&after) <= 4096);
        message.language = Language::De;
        let german = composed(&message, 0).0["text"].as_str().unwrap().to_owned();
        assert_eq!(german, format!("{before}\n(möglicherweise doppelt)"), "the cut stays where it was");
    }

    #[test]
    fn foreign_addresses_and_handles_do_no_harm() {
        assert!(matches!(envelope(&message("discord:7", "x"), 0, false), Err(SendError::Undeliverable(_))));
        let mut foreign = message("telegram:7", "x");
        foreign.reply = Some(ReplyHandle("interaction-token".into()));
        assert!(composed(&foreign, 0).0.get("reply_parameters").is_none());
    }

    #[test]
    fn a_silent_message_and_one_that_calls_somebody() {
        let mut message = message("telegram:-100", &"x".repeat(5000));
        message.silent = true;
        message.mention = "telegram:7".parse().ok();
        let calls = |name: &str, part| {
            let called = Called { user: teloxide::types::UserId(7), name: name.into() };
            let way = part::ways(&message, part, true, Some(&called)).remove(0);
            let Form::Text(text) = way.form else { panic!("text") };
            (text, way.more)
        };
        let (first, more) = calls("Ann 😀", 0);
        assert!(more && first.text.starts_with("Ann 😀 xxx") && Unit::Utf16.length(&first.text) <= 4096);
        let entities = serde_json::to_value(&first.entities).unwrap();
        assert_eq!(entities, json!([{"type": "text_link", "url": "tg://user?id=7", "offset": 0, "length": 6}]));
        let (second, _) = calls("Ann 😀", 1);
        assert!(second.entities.is_empty() && second.text.starts_with("xxx"));
        assert_eq!(calls(&"n".repeat(300), 1).0, second, "a name does not move the cuts");
        assert!(Unit::Utf16.length(&calls(&"n".repeat(300), 0).0.text) <= 4096);
        assert!(calls(" ", 0).0.text.starts_with("@you xxx"));
        assert_eq!(composed(&message, 0).0["disable_notification"], true);
    }
}
