//! What stands around the text of a `/submit`: the message it replies to, and files.
//!
//! Who replies to a text with `/submit` means that text, as in "shorten this", so it goes along, below what was asked and quoted
//! as Markdown quotes. Files do not reach the model, and an answer that has not seen the picture it is about is worth less
//! than what it costs: such a message is refused instead.

use teloxide::types::Message;

use crate::adapters::telegram::update::Files;
use crate::domain::command::Command;
use crate::domain::parse::{self, ParseError};
use crate::domain::prompt::{InvalidPrompt, Prompt};

/// What a message stands in.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// What it replies to.
    pub(super) replied: Option<&'a Message>,
    /// Where there are files.
    pub(super) files: Files,
}

/// Understands the command of a message; `rest` is what follows the command's name.
pub(super) fn understand(message: &Message, around: Around<'_>, name: &str, rest: &str) -> Result<Command, ParseError> {
    let about = meant(message, around.replied);
    let command = match parse::from_text(name, rest) {
        // The flags end here, because what somebody else wrote sets none.
        Err(ParseError::Prompt(InvalidPrompt::Empty)) if !about.is_empty() => {
            parse::from_text(name, &format!("{rest} -- {about}"))
        }
        Ok(Command::Submit(mut submit)) if !about.is_empty() => {
            let prompt = format!("{}\n\n{}", submit.prompt.as_str(), quoted(about));
            submit.prompt = Prompt::parse(&prompt).map_err(ParseError::Prompt)?;
            Ok(Command::Submit(submit))
        }
        understood => understood,
    };
    let submits = matches!(command, Ok(Command::Submit(_)) | Err(ParseError::Prompt(_)));
    let unread = around.files.here || (around.files.replied && around.replied.is_some() && about.is_empty());
    if submits && unread { Err(ParseError::File) } else { command }
}

/// The text that a reply is about: the part of it that was picked, else all of it.
fn meant<'a>(message: &'a Message, replied: Option<&'a Message>) -> &'a str {
    let picked = message.quote().map(|quote| quote.text.as_str());
    let whole = replied.and_then(|replied| replied.text().or_else(|| replied.caption()));
    picked.or(whole).unwrap_or_default().trim()
}

fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("> {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
