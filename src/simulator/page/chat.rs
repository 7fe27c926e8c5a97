//! What the page needs of a chat, whatever platform it is on: how it looks, and what a person can do in it.

use async_trait::async_trait;
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

/// A chat as the page shows it.
#[derive(Debug, Clone, Serialize)]
pub struct ChatView {
    /// Its name.
    pub title: String,
    /// Who types on the page.
    pub person: String,
    /// The bot's name.
    pub bot: String,
    /// Whether the bot is connected to the platform.
    pub online: bool,
    /// Whether the platform shows that the bot is typing.
    pub typing: bool,
    /// What was said, oldest first.
    pub messages: Vec<MessageView>,
    /// Commands the platform suggests.
    pub commands: Vec<CommandView>,
}

/// One message as the page shows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing to be seen")]
pub struct MessageView {
    /// Its id; text, since Discord's are too large for JavaScript's numbers.
    pub id: String,
    /// Whether the bot wrote it.
    pub from_bot: bool,
    /// Who wrote it.
    pub author: String,
    /// When, in milliseconds since 1970.
    pub sent_millis: i64,
    /// The text: plain with entities on Telegram, Markdown on Discord.
    pub text: String,
    /// Telegram's entities.
    pub entities: Value,
    /// The blocks of one of Telegram's rich messages, instead of a text.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub rich: Value,
    /// The message it replies to.
    pub reply: Option<QuoteView>,
    /// The command that it answers.
    pub invoked: Option<QuoteView>,
    /// Labels of buttons, row by row.
    pub buttons: Vec<Vec<String>>,
    /// It was changed after it was sent.
    pub edited: bool,
    /// Files with it.
    pub files: Vec<FileView>,
    /// Only the person who asked sees it.
    pub private: bool,
    /// It only says that an answer will come.
    pub loading: bool,
    /// It reports an event; nobody wrote it.
    pub service: bool,
    /// It is still being written, and will fade.
    pub draft: bool,
    /// It came without a sound.
    pub silent: bool,
    /// It calls who looks at the page.
    pub calls_me: bool,
    /// The people whom it calls: their ids, as they stand in the text, and their names.
    pub names: Vec<(String, String)>,
    /// The thread below it.
    pub thread: Option<ThreadView>,
}

/// A thread below a message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ThreadView {
    /// Its name.
    pub name: String,
    /// What was said in it, oldest first.
    pub messages: Vec<MessageView>,
}

/// Who said what, in short, above an answer to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuoteView {
    /// Who.
    pub author: String,
    /// What, or the name of the command.
    pub text: String,
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileView {
    /// Its name.
    pub name: String,
    /// In bytes.
    pub size: usize,
}

/// A command that the platform suggests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommandView {
    /// Without the slash.
    pub name: String,
    /// What it does.
    pub description: String,
    /// The names of its options, the needed ones first.
    pub options: Vec<String>,
}

/// What the person sees after a press.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "text")]
pub enum Pressed {
    /// The button just comes to rest.
    Quiet,
    /// A note that goes away by itself.
    Toast(String),
    /// A note that must be confirmed.
    Alert(String),
}

/// The platform's client would not let a person do this; a sentence says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// The messages that the page shows: each change sends them all again, so not the whole history.
pub(super) fn newest<T>(messages: &[T]) -> &[T] {
    const SHOWN: usize = 150;
    &messages[messages.len().saturating_sub(SHOWN)..]
}

/// A chat with a person in front of it.
#[async_trait]
pub trait Chat: Send + Sync + 'static {
    /// How it looks now.
    fn view(&self) -> ChatView;

    /// The person writes, perhaps as a reply to a message.
    ///
    /// # Errors
    /// When the platform's client would not let them.
    fn say(&self, text: &str, reply_to: Option<&str>) -> Result<(), Refused>;

    /// The person presses a button. Waits for what the bot makes of it, as long as the platform would.
    ///
    /// # Errors
    /// When there is no such button, or the bot does not react.
    async fn press(&self, message: &str, button: &str) -> Result<Pressed, Refused>;

    /// What is in a file of a message.
    fn file(&self, message: &str, index: usize) -> Option<(String, Bytes)>;

    /// A number that grows whenever the view may have changed.
    fn changed(&self) -> watch::Receiver<u64>;
}
