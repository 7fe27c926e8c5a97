//! Messages and typing on their way to Telegram.
//!
//! One call sends one part, and nothing here waits or retries: that is the lane's. Telegram has no key that would make a
//! send idempotent, so a part that may have arrived before says so when it is sent again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use teloxide::ApiError;
use teloxide::payloads::{SendChatAction, SendMessage, SendMessageSetters};
use teloxide::types;
use teloxide::types::{
    ChatAction, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, MessageEntity, Recipient,
    ReplyParameters, True,
};

use crate::adapters::telegram::address;
use crate::adapters::telegram::address::{PLATFORM, TelegramChat};
use crate::adapters::telegram::api::{Api, PROMPT};
use crate::adapters::telegram::error::CallError;
use crate::adapters::telegram::forums::Forums;
use crate::adapters::telegram::pace;
use crate::adapters::telegram::target::{Called, Names};
use crate::background::ports::{ChannelNotifier, OutgoingMessage, SendError, Sent, TypingIndicator};
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::command::Button;
use crate::domain::id::MessageId;
use crate::domain::pace::{Pace, SendKind};
use crate::domain::text;
use crate::domain::text::Unit;
use crate::domain::wording::{DUPLICATE_MARK_ROOM, may_be_a_duplicate, somebody};

/// Longest part, in UTF-16 units: Telegram's limit, less the line that marks a possible duplicate. The same with and without that line, so
/// that a part is the same at every try.
const PART: usize = 4096 - DUPLICATE_MARK_ROOM;
/// Longest name that somebody is called by, in UTF-16 units. Room for it is kept whatever the name is, so that the cuts
/// stay where they are when it changes.
const NAME: usize = 64;
/// Buttons side by side before a new row begins.
const ROW: usize = 3;
/// Telegram shows typing for five seconds at most.
const TYPING: Duration = Duration::from_secs(4);

/// Sends messages to Telegram chats.
pub struct TelegramNotifier {
    pub(super) api: Arc<Api>,
    names: Names,
}

impl TelegramNotifier {
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { names: Names::new(Arc::clone(&api)), api }
    }

    /// Sends, and once more without the reference to a message that is gone.
    async fn deliver(&self, mut payload: SendMessage) -> Result<types::MessageId, SendError> {
        loop {
            match self.api.call_in(&payload.chat_id, &payload, PROMPT).await {
                Err(CallError::Migrated(chat)) => return Err(moved(&payload.chat_id, chat)),
                Err(error) if payload.reply_parameters.is_some() && reply_is_gone(&error) => payload.reply_parameters = None,
                result => return Ok(result?),
            }
        }
    }
}

#[async_trait]
impl ChannelNotifier for TelegramNotifier {
    async fn send(&self, message: &OutgoingMessage, part: usize) -> Result<Sent, SendError> {
        // The first part alone calls somebody; what the others are must not depend on a name.
        let called = if part == 0 { self.names.called(&message.channel, message.mention.as_ref()).await } else { None };
        let (payload, more) = compose(message, called.as_ref(), part)?;
        let sent = self.deliver(payload).await?;
        let message = MessageId::parse(sent.to_string()).map_err(|error| SendError::Unknown(error.to_string()))?;
        Ok(Sent { message, more })
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

fn target(channel: &ChannelId) -> Result<TelegramChat, SendError> {
    TelegramChat::try_from(channel).map_err(|error| SendError::Undeliverable(error.to_string()))
}

/// One part of a message as Telegram wants it, and whether there are more.
fn compose(message: &OutgoingMessage, called: Option<&Called>, part: usize) -> Result<(SendMessage, bool), SendError> {
    let target = target(&message.channel)?;
    let limit = if message.mention.is_some() { PART - NAME - 1 } else { PART };
    let parts = text::split(&message.text, limit, Unit::Utf16);
    let Some(text) = parts.get(part) else {
        return Err(SendError::Undeliverable(format!("the message has {} parts and none of number {}", parts.len(), part + 1)));
    };
    let more = part + 1 < parts.len();
    let mark = message.in_flight_since.map(|_| may_be_a_duplicate(message.language)).unwrap_or_default();
    let marked = format!("{text}{mark}");
    let mut payload = SendMessage::new(target.chat, marked).link_preview_options(NO_PREVIEW);
    payload.message_thread_id = target.topic;
    payload.disable_notification = message.silent.then_some(true);
    if let Some(called) = called {
        let unnamed = somebody(message.language);
        let name = if called.name.trim().is_empty() { &unnamed } else { called.name.trim() };
        let name = text::prefix(name, NAME, Unit::Utf16);
        payload.text = format!("{name} {}", payload.text);
        payload.entities = Some(vec![MessageEntity::text_mention_id(called.user, 0, Unit::Utf16.length(name))]);
    }
    if part == 0 {
        let replied = message.reply.as_ref().and_then(address::replied_message);
        payload.reply_parameters = replied.map(|replied| ReplyParameters::new(replied).allow_sending_without_reply());
    }
    if !more && !message.buttons.is_empty() {
        payload = payload.reply_markup(keyboard(&message.buttons));
    }
    Ok((payload, more))
}

/// A preview would show what a link of the model's leads to, and make Telegram visit it.
const NO_PREVIEW: LinkPreviewOptions = LinkPreviewOptions {
    is_disabled: true,
    url: None,
    prefer_small_media: false,
    prefer_large_media: false,
    show_above_text: false,
};

fn keyboard(buttons: &[Button]) -> InlineKeyboardMarkup {
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
    use crate::background::ports::Purpose;
    use crate::domain::command::Action;
    use crate::domain::id::{ReplyHandle, TaskNumber};
    use crate::domain::language::Language;
    use crate::domain::time::from_millis;

    fn message(channel: &str, text: &str) -> OutgoingMessage {
        OutgoingMessage {
            channel: channel.parse().unwrap(),
            purpose: Purpose::Notice,
            reply: Some(ReplyHandle("m5".into())),
            text: text.into(),
            format: text::Format::Plain,
            language: Language::En,
            buttons: vec![Button { label: "Cancel".into(), action: Action::Cancel(TaskNumber(42)) }],
            silent: false,
            mention: None,
            key: "k".into(),
            in_flight_since: None,
        }
    }

    fn composed(message: &OutgoingMessage, part: usize) -> (Value, bool) {
        let (payload, more) = compose(message, None, part).unwrap();
        (serde_json::to_value(payload).unwrap(), more)
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
        assert!(matches!(compose(&message, None, 3), Err(SendError::Undeliverable(_))));
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
        assert!(matches!(compose(&message("discord:7", "x"), None, 0), Err(SendError::Undeliverable(_))));
        let mut foreign = message("telegram:7", "x");
        foreign.reply = Some(ReplyHandle("interaction-token".into()));
        assert!(composed(&foreign, 0).0.get("reply_parameters").is_none());
    }

    #[test]
    fn a_silent_message_and_one_that_calls_somebody() {
        let mut message = message("telegram:-100", &"x".repeat(5000));
        message.silent = true;
        message.mention = "telegram:7".parse().ok();
        let called = Called { user: teloxide::types::UserId(7), name: "Ann 😀".into() };
        let (payload, more) = compose(&message, Some(&called), 0).unwrap();
        let first = serde_json::to_value(payload).unwrap();
        assert!(more);
        assert_eq!(first["disable_notification"], true);
        assert!(first["text"].as_str().unwrap().starts_with("Ann 😀 xxx"));
        assert_eq!(first["entities"], json!([{"type": "text_link", "url": "tg://user/?id=7", "offset": 0, "length": 6}]));
        let second = composed(&message, 1).0;
        assert!(second.get("entities").is_none() && second["disable_notification"] == true);
        let unnamed = Called { name: " ".into(), ..called };
        let (payload, _) = compose(&message, Some(&unnamed), 0).unwrap();
        assert!(payload.text.starts_with("@you xxx"), "{}", &payload.text[..20]);
    }
}
