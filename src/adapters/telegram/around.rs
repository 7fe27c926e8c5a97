//! What stands around the text of a `/submit`: the message it replies to, and files.
//!
//! Who replies to a text with `/submit` means that text, as in "shorten this", so it goes along, below what was asked and quoted
//! as Markdown quotes. Files do not reach the model, and an answer that has not seen the picture it is about is worth less
//! than what it costs: such a message is refused instead.

use teloxide::types::{MediaKind, Message, MessageKind};

use crate::domain::command::Command;
use crate::domain::parse::{self, ParseError};
use crate::domain::prompt::{InvalidPrompt, Prompt};

/// Understands the command of a message; `replied` is what that replies to, `rest` what follows the command's name.
pub(super) fn understand(message: &Message, replied: Option<&Message>, name: &str, rest: &str) -> Result<Command, ParseError> {
    let about = meant(message, replied);
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
    let unread = has_file(message) || replied.is_some_and(|replied| has_file(replied) && about.is_empty());
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

/// Whether there is something in it to be seen, heard or opened.
fn has_file(message: &Message) -> bool {
    let MessageKind::Common(common) = &message.kind else { return false };
    matches!(
        common.media_kind,
        MediaKind::Animation(_)
            | MediaKind::Audio(_)
            | MediaKind::Document(_)
            | MediaKind::PaidMedia(_)
            | MediaKind::Photo(_)
            | MediaKind::Video(_)
            | MediaKind::VideoNote(_)
            | MediaKind::Voice(_)
    )
}
