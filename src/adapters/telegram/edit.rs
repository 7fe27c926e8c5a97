//! Changing messages that were sent before.
//!
//! An edit can be tried again whatever became of an earlier try: Telegram says when nothing would change, and that is as
//! good as a change.

use serde::de::IgnoredAny;
use teloxide::ApiError;
use teloxide::payloads::{EditMessageText, EditMessageTextSetters};
use teloxide::types;

use crate::adapters::telegram::api::{Api, PROMPT};
use crate::adapters::telegram::error::CallError;
use crate::adapters::telegram::outbound::{NO_PREVIEW, keyboard, target};
use crate::background::ports::{MessageEdit, SendError};

/// Replaces text and buttons of a message.
pub(super) async fn edit(api: &Api, edit: &MessageEdit) -> Result<(), SendError> {
    let payload = compose(edit)?;
    match api.call_in::<_, IgnoredAny>(&payload.chat_id, &payload, PROMPT).await {
        Ok(_message) => Ok(()),
        Err(error) if changes_nothing(&error) => Ok(()),
        // Messages have other numbers in the supergroup that the group has become.
        Err(CallError::Migrated(_)) => Err(SendError::Undeliverable(GONE.to_owned())),
        Err(error) if is_gone(&error) => Err(SendError::Undeliverable(GONE.to_owned())),
        Err(error) => Err(error.into()),
    }
}

/// What is told of a message that cannot be changed any more.
const GONE: &str = "the message does not exist any more or cannot be changed";

fn compose(edit: &MessageEdit) -> Result<EditMessageText, SendError> {
    let chat = target(&edit.channel)?.chat;
    let message = edit.message.as_str().parse().map_err(|_| SendError::Undeliverable(GONE.to_owned()))?;
    let payload = EditMessageText::new(chat, types::MessageId(message), edit.text.as_str()).link_preview_options(NO_PREVIEW);
    // Without a keyboard, the one that was there goes.
    Ok(if edit.buttons.is_empty() { payload } else { payload.reply_markup(keyboard(&edit.buttons)) })
}

fn changes_nothing(error: &CallError) -> bool {
    match error {
        CallError::Refused { error: ApiError::MessageNotModified, .. } => true,
        CallError::Refused { code: 400, description, .. } => description.to_ascii_lowercase().contains("message is not modified"),
        _ => false,
    }
}

fn is_gone(error: &CallError) -> bool {
    match error {
        CallError::Refused {
            error: ApiError::MessageToEditNotFound | ApiError::MessageCantBeEdited | ApiError::MessageIdInvalid,
            ..
        } => true,
        CallError::Refused { code: 400, description, .. } => {
            let words = description.to_ascii_lowercase();
            ["message to edit not found", "can't be edited", "message_id_invalid", "no text in the message to edit"]
                .iter()
                .any(|said| words.contains(said))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::command::{Action, Button};
    use crate::domain::id::{MessageId, TaskNumber};

    fn refused(description: &str) -> CallError {
        let error = serde_json::from_value(description.into()).unwrap();
        CallError::Refused { code: 400, error, description: description.to_owned() }
    }

    fn card(message: &str) -> MessageEdit {
        MessageEdit {
            channel: "telegram:-100/7".parse().unwrap(),
            message: MessageId::parse(message).unwrap(),
            reply: None,
            text: "#42 running".into(),
            buttons: vec![Button { label: "Cancel".into(), action: Action::Cancel(TaskNumber(42)) }],
        }
    }

    #[test]
    fn text_and_buttons_are_replaced() {
        let payload = serde_json::to_value(compose(&card("5")).unwrap()).unwrap();
        let expected = json!({
            "chat_id": -100, "message_id": 5, "text": "#42 running", "link_preview_options": {"is_disabled": true},
            "reply_markup": {"inline_keyboard": [[{"text": "Cancel", "callback_data": "cancel:42"}]]},
        });
        assert_eq!(payload, expected);
        let bare = serde_json::to_value(compose(&MessageEdit { buttons: Vec::new(), ..card("5") }).unwrap()).unwrap();
        assert!(bare.get("reply_markup").is_none());
        assert!(matches!(compose(&card("a-foreign-id")), Err(SendError::Undeliverable(_))));
    }

    #[test]
    fn an_edit_that_changes_nothing_is_told_from_one_of_a_lost_message() {
        let same = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same \
                    as a current content and reply markup of the message";
        assert!(changes_nothing(&refused(same)) && !is_gone(&refused(same)));
        for gone in
            ["Bad Request: message to edit not found", "Bad Request: message can't be edited", "Bad Request: MESSAGE_ID_INVALID"]
        {
            assert!(is_gone(&refused(gone)) && !changes_nothing(&refused(gone)), "{gone}");
        }
        assert!(!is_gone(&refused("Bad Request: chat not found")));
    }
}
