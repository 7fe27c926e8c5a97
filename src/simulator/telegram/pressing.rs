//! Presses of buttons and what the bot answers to them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::simulator::telegram::TelegramServer;
use crate::simulator::telegram::message::utf16_len;
use crate::simulator::telegram::params::Params;
use crate::simulator::telegram::refusal::Refusal;
use crate::simulator::telegram::state::State;

/// After this time the platform does not take an answer any more.
const ANSWERABLE: Duration = Duration::from_mins(1);
const LONGEST_ANSWER: usize = 200;

/// One press of a button.
#[derive(Debug)]
pub(super) struct Press {
    pub(super) at: Instant,
    pub(super) answer: Option<PressAnswer>,
}

/// What the person who pressed gets to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PressAnswer {
    /// The text of the toast or alert; none when only the spinner stops.
    pub text: Option<String>,
    /// An alert that must be confirmed, not a toast.
    pub alert: bool,
}

/// Why a button cannot be pressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotPress {
    /// The chat has no such message.
    #[error("there is no message {0}")]
    NoMessage(i64),
    /// The message has no such button.
    #[error("message {message} has no button `{label}`, but {labels:?}")]
    NoButton {
        /// The message.
        message: i64,
        /// What was looked for.
        label: String,
        /// What is there.
        labels: Vec<String>,
    },
    /// The button opens something instead of calling back.
    #[error("the button `{0}` does not call back")]
    NoCallback(String),
}

impl State {
    pub(super) fn answer_callback_query(&mut self, params: &Params) -> Result<Value, Refusal> {
        let text = params.text("text").filter(|text| !text.is_empty());
        if text.as_deref().map_or(0, utf16_len) > LONGEST_ANSWER {
            return Err(Refusal::malformed("MESSAGE_TOO_LONG"));
        }
        let id = params.text("callback_query_id").unwrap_or_default();
        let press = self.presses.get_mut(&id).filter(|press| press.at.elapsed() < ANSWERABLE);
        let press =
            press.ok_or_else(|| Refusal::bad_request("query is too old and response timeout expired or query ID is invalid"))?;
        press.answer = Some(PressAnswer { text, alert: params.flag("show_alert") });
        Ok(json!(true))
    }

    fn press(&mut self, chat: i64, from: i64, message: i64, label: &str) -> Result<String, CannotPress> {
        let place = self.chats.get(&chat).ok_or(CannotPress::NoMessage(message))?;
        let found = place.messages.get(&message).ok_or(CannotPress::NoMessage(message))?;
        let button = place.button(message, label).ok_or_else(|| CannotPress::NoButton {
            message,
            label: label.to_owned(),
            labels: found.keyboard.iter().flatten().map(|button| button.label.clone()).collect(),
        })?;
        let data = button.data.clone().ok_or_else(|| CannotPress::NoCallback(label.to_owned()))?;
        let id = (4_000_000_000_000_000_000_i64 + i64::try_from(self.presses.len()).unwrap_or(0) + 1).to_string();
        self.presses.insert(id.clone(), Press { at: Instant::now(), answer: None });
        let from = self.user(from).to_json();
        let query = json!({
            "id": id,
            "from": from,
            "message": self.message_json(chat, message),
            "chat_instance": format!("{}", chat.wrapping_mul(31)),
            "data": data,
        });
        self.updates.push("callback_query", query);
        Ok(id)
    }
}

impl TelegramServer {
    /// A person presses the button with this label below a message. Says the id of the press.
    ///
    /// # Errors
    /// When nobody could press that: no such message or button.
    pub fn presses(&self, chat: i64, from: i64, message: i64, label: &str) -> Result<String, CannotPress> {
        self.change(|state| state.press(chat, from, message, label))
    }

    /// What the bot answered to a press, once it did.
    pub fn press_answer(&self, press: &str) -> Option<PressAnswer> {
        self.read(|state| state.presses.get(press).and_then(|press| press.answer.clone()))
    }

    /// Presses that the bot has not answered: their buttons still spin.
    pub fn unanswered_presses(&self) -> usize {
        self.read(|state| state.presses.values().filter(|press| press.answer.is_none()).count())
    }

    /// Lets a press grow too old to be answered.
    pub fn expire_press(&self, press: &str) {
        self.change(|state| state.presses.retain(|id, _| id != press));
    }
}
