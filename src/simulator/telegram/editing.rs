//! What the bot changes afterwards: the text and the buttons of its messages, and whether they exist at all.

use serde_json::{Value, json};

use crate::simulator::telegram::entities;
use crate::simulator::telegram::markup;
use crate::simulator::telegram::message::{Formatted, Keyboard, Message};
use crate::simulator::telegram::params::Params;
use crate::simulator::telegram::refusal::Refusal;
use crate::simulator::telegram::state::State;
use crate::simulator::wall_clock;

const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly the \
                            same as a current content and reply markup of the message";

impl State {
    pub(super) fn edit_message_text(&mut self, params: &Params) -> Result<Value, Refusal> {
        let text = params.text("text").filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| Refusal::malformed("message text is empty"))?;
        let body = entities::read(params, &text, "entities")?;
        if body.text.is_empty() {
            return Err(Refusal::malformed("text must be non-empty"));
        }
        entities::check_length(&body, entities::TEXT_LIMIT, "MESSAGE_TOO_LONG")?;
        // An edit without a keyboard takes away the one there was.
        let keyboard = markup::read(params)?;
        let message = self.own_message(params)?;
        if message.document.is_some() {
            return Err(Refusal::bad_request("there is no text in the message to edit"));
        }
        self.edit(params, body, keyboard)
    }

    pub(super) fn edit_message_reply_markup(&mut self, params: &Params) -> Result<Value, Refusal> {
        let keyboard = markup::read(params)?;
        let body = self.own_message(params)?.body.clone();
        self.edit(params, body, keyboard)
    }

    pub(super) fn delete_message(&mut self, params: &Params) -> Result<Value, Refusal> {
        let bot = self.bot.id;
        let chat = self.usable_chat(params.integer("chat_id"))?;
        let id = params.integer("message_id").ok_or_else(not_specified)?;
        let message = chat.messages.get(&id).ok_or_else(|| Refusal::bad_request("message to delete not found"))?;
        if message.sender != bot && !chat.is_private() && !chat.admins.contains(&bot) {
            return Err(Refusal::bad_request("message can't be deleted"));
        }
        chat.messages.remove(&id);
        Ok(json!(true))
    }

    fn own_message(&mut self, params: &Params) -> Result<&mut Message, Refusal> {
        let bot = self.bot.id;
        let chat = self.usable_chat(params.integer("chat_id"))?;
        let id = params.integer("message_id").ok_or_else(not_specified)?;
        let message = chat.messages.get_mut(&id).ok_or_else(|| Refusal::bad_request("message to edit not found"))?;
        if message.sender != bot || message.service.is_some() {
            return Err(Refusal::bad_request("message can't be edited"));
        }
        Ok(message)
    }

    fn edit(&mut self, params: &Params, body: Formatted, keyboard: Keyboard) -> Result<Value, Refusal> {
        let message = self.own_message(params)?;
        let id = message.id;
        if message.body == body && message.keyboard == keyboard {
            return Err(Refusal::bad_request(NOT_MODIFIED));
        }
        let chat = params.integer("chat_id").unwrap_or_default();
        self.rate.take(chat)?;
        let message = self.own_message(params)?;
        let before = std::mem::replace(&mut message.body, body);
        message.earlier.push(before.text);
        message.rich = None;
        message.keyboard = keyboard;
        message.edits += 1;
        message.edit_date = Some(wall_clock::unix_seconds());
        Ok(self.message_json(chat, id))
    }
}

fn not_specified() -> Refusal {
    Refusal::malformed("message identifier is not specified")
}
