//! One message of ours as the messages of Discord's it becomes.
//!
//! Cutting is deterministic: which part is which must be the same after a crash. Room for the mark of a possible
//! duplicate is kept in every part, so that marking one never moves the cuts.

use serenity::all::ButtonStyle;
use serenity::builder::{CreateActionRow, CreateAllowedMentions, CreateButton};
use serenity::model::channel::MessageFlags;
use serenity::model::id::UserId;

use crate::adapters::discord::address::discord_user;
use crate::adapters::discord::literal::literal;
use crate::adapters::discord::render::{MESSAGE_LIMIT, render_leaving};
use crate::background::ports::OutgoingMessage;
use crate::domain::command::{Action, Button};
use crate::domain::language::Language;
use crate::domain::text::{Format, Unit, one_line, split};
use crate::domain::wording::{DUPLICATE_MARK_ROOM, empty, may_be_a_duplicate};

/// Buttons in one row, and rows in one message.
const BUTTONS_PER_ROW: usize = 5;
const ROWS: usize = 5;

/// Longest label of a button, in code points.
const LABEL_LIMIT: usize = 80;

/// Largest file, in bytes: what Discord takes from everybody, less a little for the form around it.
const FILE_LIMIT: usize = 10 * 1024 * 1024 - 4096;

/// One part of a message, ready to be sent.
pub(super) struct Part {
    text: String,
    language: Language,
    rows: Vec<CreateActionRow>,
    called: Option<UserId>,
    silent: bool,
    /// Whether further parts remain.
    pub(super) more: bool,
    /// A file with it: its name and what is in it.
    pub(super) file: Option<(String, Vec<u8>)>,
}

impl Part {
    /// Part number `number` (from 0) of a message; `None` beyond the last. A long text of a model's is one part with a file,
    /// unless `files` says that files are not taken.
    pub(super) fn of(message: &OutgoingMessage, number: usize, files: bool) -> Option<Self> {
        let called = message.mention.as_ref().and_then(discord_user);
        // Room is kept in every part, so that the cuts do not depend on which one has it.
        let room = called.map_or(0, |user| Unit::CodePoint.length(&mention(user, message.format)));
        let part = Self { silent: message.silent, ..Self::composed(message, number, files, room)? };
        Some(match called.filter(|_| number == 0) {
            Some(user) => Self { text: format!("{}{}", mention(user, message.format), part.text), called: Some(user), ..part },
            None => part,
        })
    }

    /// The same, with so much room left for what stands in front of it.
    fn composed(message: &OutgoingMessage, number: usize, files: bool, room: usize) -> Option<Self> {
        if message.format == Format::Plain {
            return Self::within(room, message.language, &message.text, Format::Plain, &message.buttons, number);
        }
        let rendered = render_leaving(room, &message.text, message.frame.as_ref());
        if let (true, 0, Some(frame), Some(text)) = (files, number, &message.frame, rendered.preview)
            && message.text.len() <= FILE_LIMIT
        {
            let file = Some((frame.file_name.clone(), message.text.clone().into_bytes()));
            let rows = rows(&message.buttons);
            return Some(Self { text, language: message.language, rows, called: None, silent: false, more: false, file });
        }
        Self::one_of(message.language, rendered.parts, &message.buttons, number)
    }

    /// Part number `number` (from 0) of a text with buttons below its last part.
    pub(super) fn cut(language: Language, text: &str, format: Format, buttons: &[Button], number: usize) -> Option<Self> {
        Self::within(0, language, text, format, buttons, number)
    }

    fn within(room: usize, language: Language, text: &str, format: Format, buttons: &[Button], number: usize) -> Option<Self> {
        let mut parts = match format {
            Format::Plain => split(&literal(text), MESSAGE_LIMIT - DUPLICATE_MARK_ROOM - room, Unit::CodePoint),
            Format::Markdown => render_leaving(room, text, None).parts,
        };
        if parts.is_empty() {
            parts.push(empty(language));
        }
        Self::one_of(language, parts, buttons, number)
    }

    fn one_of(language: Language, parts: Vec<String>, buttons: &[Button], number: usize) -> Option<Self> {
        let more = number + 1 < parts.len();
        let text = parts.into_iter().nth(number)?;
        let rows = if more { Vec::new() } else { rows(buttons) };
        Some(Self { text, language, rows, called: None, silent: false, more, file: None })
    }

    /// Its text, marked when it may have arrived before.
    pub(super) fn text(&self, may_be_duplicate: bool) -> String {
        let mark = if may_be_duplicate { may_be_a_duplicate(self.language) } else { String::new() };
        format!("{}{mark}", self.text)
    }

    /// Whom it may call: the one person it names itself, whatever else its text says.
    pub(super) fn mentions(&self) -> CreateAllowedMentions {
        CreateAllowedMentions::new().users(self.called)
    }

    /// The flag of a message without a sound.
    pub(super) fn sound(&self) -> MessageFlags {
        if self.silent { MessageFlags::SUPPRESS_NOTIFICATIONS } else { MessageFlags::empty() }
    }

    /// The buttons below it.
    pub(super) fn rows(&self) -> Vec<CreateActionRow> {
        self.rows.clone()
    }
}

/// What calls a person, in front of a text. Some markup means what it does at the beginning of a line only.
fn mention(user: UserId, format: Format) -> String {
    match format {
        Format::Plain => format!("<@{user}> "),
        Format::Markdown => format!("<@{user}>\n"),
    }
}

fn rows(buttons: &[Button]) -> Vec<CreateActionRow> {
    let rows = buttons.chunks(BUTTONS_PER_ROW).take(ROWS);
    rows.map(|row| CreateActionRow::Buttons(row.iter().map(button).collect())).collect()
}

fn button(button: &Button) -> CreateButton {
    let style = match button.action {
        Action::Cancel(_) => ButtonStyle::Danger,
        Action::Retry(_) | Action::Result(_) | Action::Page { .. } => ButtonStyle::Secondary,
    };
    CreateButton::new(button.action.to_string()).label(one_line(&button.label, LABEL_LIMIT)).style(style)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::TaskNumber;

    fn part(text: &str, number: usize) -> Option<Part> {
        let buttons = [Button { label: "Cancel".to_owned(), action: Action::Cancel(TaskNumber(42)) }];
        Part::cut(Language::En, text, Format::Plain, &buttons, number)
    }

    #[test]
    fn a_short_text_is_one_part_with_its_buttons() {
        let only = part("done", 0).expect("a part");
        assert_eq!((only.text(false).as_str(), only.more), ("done", false));
        let rows = serde_json::to_value(only.rows()).expect("JSON");
        assert_eq!(rows[0]["components"][0]["custom_id"], "cancel:42");
        assert!(part("done", 1).is_none());
    }

    #[test]
    fn every_part_fits_even_with_its_mark() {
        let text = "word ".repeat(2000);
        let parts: Vec<_> = (0..).map_while(|number| part(&text, number)).collect();
        assert_eq!(parts.len(), 6);
        for (number, part) in parts.iter().enumerate() {
            assert!(part.text(true).chars().count() <= MESSAGE_LIMIT);
            assert!(part.text(true).ends_with("(may be a duplicate)"));
            assert_eq!(part.more, number < 5);
            assert_eq!(part.rows().is_empty(), part.more, "buttons are on the last part only");
        }
    }

    #[test]
    fn nothing_to_say_is_said() {
        assert_eq!(part(" \n", 0).expect("a part").text(false), "(empty)");
    }

    #[test]
    fn many_buttons_take_several_rows() {
        let buttons = vec![Button { label: "x".repeat(200), action: Action::Retry(TaskNumber(1)) }; 30];
        let rows =
            serde_json::to_value(Part::cut(Language::En, "t", Format::Plain, &buttons, 0).expect("a part").rows()).expect("JSON");
        assert_eq!(rows.as_array().map(Vec::len), Some(5));
        assert_eq!(rows[4]["components"].as_array().map(Vec::len), Some(5));
        assert_eq!(rows[0]["components"][0]["label"].as_str().map(|label| label.chars().count()), Some(80));
    }
}
