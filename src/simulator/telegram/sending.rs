//! What the bot sends: texts and files, into chats, topics and below other messages.

use serde_json::{Value, json};

use crate::simulator::telegram::entities;
use crate::simulator::telegram::markup;
use crate::simulator::telegram::message::{Document, Message};
use crate::simulator::telegram::params::Params;
use crate::simulator::telegram::refusal::Refusal;
use crate::simulator::telegram::state::State;

impl State {
    pub(super) fn send_message(&mut self, params: &Params) -> Result<Value, Refusal> {
        let mut message = self.draft(params)?;
        let text = params.text("text").filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| Refusal::malformed("message text is empty"))?;
        message.body = entities::read(params, &text, "entities")?;
        if message.body.text.is_empty() {
            return Err(Refusal::malformed("text must be non-empty"));
        }
        entities::check_length(&message.body, entities::TEXT_LIMIT, "message is too long")?;
        self.send(params, message)
    }

    pub(super) fn send_document(&mut self, params: &Params) -> Result<Value, Refusal> {
        let mut message = self.draft(params)?;
        let caption = params.text("caption").unwrap_or_default();
        message.body = entities::read(params, &caption, "caption_entities")?;
        entities::check_length(&message.body, entities::CAPTION_LIMIT, "message caption is too long")?;
        message.document = Some(self.document(params)?);
        self.send(params, message)
    }

    /// A message of the bot with everything that texts and files have in common.
    pub(super) fn draft(&mut self, params: &Params) -> Result<Message, Refusal> {
        let bot = self.bot.id;
        let chat = self.usable_chat(params.integer("chat_id"))?;
        let mut message = Self::new_message(bot, "");
        message.topic = params.integer("message_thread_id").filter(|id| *id != 0);
        if message.topic.is_some_and(|topic| !chat.topics.contains_key(&topic)) {
            return Err(Refusal::bad_request("message thread not found"));
        }
        if let Some(reply) = params.json("reply_parameters")? {
            check_keys(&reply, "ReplyParameters", &REPLY_KEYS)?;
            let id = reply["message_id"].as_i64().ok_or_else(|| Refusal::malformed("message identifier is not specified"))?;
            match chat.messages.get(&id) {
                Some(replied) => {
                    message.reply_to = Some(id);
                    // A reply without a topic of its own lands where the other message is.
                    message.topic = message.topic.or(replied.topic);
                }
                None if reply["allow_sending_without_reply"] == json!(true) => {}
                None => return Err(Refusal::bad_request("message to be replied not found")),
            }
        }
        if let Some(preview) = params.json("link_preview_options")? {
            check_keys(&preview, "LinkPreviewOptions", &PREVIEW_KEYS)?;
        }
        message.silent = params.flag("disable_notification");
        message.keyboard = markup::read(params)?;
        Ok(message)
    }

    fn document(&mut self, params: &Params) -> Result<Document, Refusal> {
        if let Some(upload) = params.file("document") {
            if upload.bytes.is_empty() {
                return Err(Refusal::malformed("file must be non-empty"));
            }
            if upload.bytes.len() > 50 * 1024 * 1024 {
                return Err(Refusal { malformed: true, ..Refusal::new(413, "Request Entity Too Large") });
            }
            return Ok(self.keep_file(&upload.name, upload.bytes.clone()));
        }
        let id = params.text("document").ok_or_else(|| Refusal::malformed("there is no document in the request"))?;
        let known = self.files.get(&id).cloned();
        known.ok_or_else(|| Refusal::malformed("wrong file identifier/HTTP URL specified"))
    }

    pub(super) fn send(&mut self, params: &Params, message: Message) -> Result<Value, Refusal> {
        let chat = params.integer("chat_id").unwrap_or_default();
        self.rate.take_text(chat, message.body.text.encode_utf16().count())?;
        let id = self.post(chat, message);
        Ok(self.message_json(chat, id))
    }
}

const REPLY_KEYS: [&str; 9] = [
    "message_id",
    "chat_id",
    "allow_sending_without_reply",
    "quote",
    "quote_parse_mode",
    "quote_entities",
    "quote_position",
    "checklist_task_id",
    "poll_option_id",
];
const PREVIEW_KEYS: [&str; 5] = ["is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text"];

/// The platform ignores keys it does not know; a bot that sends them means something that will not happen.
pub(super) fn check_keys(object: &Value, what: &str, known: &[&str]) -> Result<(), Refusal> {
    let Some(object) = object.as_object() else {
        return Err(Refusal::malformed(format!("can't parse {what}: expected an Object")));
    };
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(Refusal::malformed(format!("{what} has no field {key}"))),
        None => Ok(()),
    }
}
