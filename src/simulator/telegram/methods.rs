//! The methods there are, the parameters each knows, and where each is done.

use serde_json::Value;

use crate::simulator::telegram::TelegramServer;
use crate::simulator::telegram::params::Params;
use crate::simulator::telegram::refusal::Refusal;
use crate::simulator::telegram::state::State;

/// One method of the Bot API.
#[derive(Debug, Clone, Copy)]
pub(super) struct Method {
    /// Its name as the documentation writes it.
    pub(super) name: &'static str,
    /// Its parameters in Bot API 10.1, separated by blanks.
    params: &'static str,
}

impl Method {
    /// The method of this name, whatever its case: clients differ in that, and the platform does not mind.
    pub(super) fn named(name: &str) -> Option<Self> {
        METHODS.into_iter().find(|method| method.name.eq_ignore_ascii_case(name))
    }

    /// Whether it has such a parameter.
    pub(super) fn knows(self, param: &str) -> bool {
        self.params.split(' ').any(|name| name == param)
    }
}

#[rustfmt::skip]
const METHODS: [Method; 22] = [
    Method { name: "getMe", params: "" },
    Method { name: "getUpdates", params: "offset limit timeout allowed_updates" },
    Method { name: "setWebhook", params: "url certificate ip_address max_connections allowed_updates drop_pending_updates secret_token" },
    Method { name: "deleteWebhook", params: "drop_pending_updates" },
    Method { name: "getWebhookInfo", params: "" },
    Method { name: "setMyCommands", params: "commands scope language_code" },
    Method { name: "getMyCommands", params: "scope language_code" },
    Method { name: "deleteMyCommands", params: "scope language_code" },
    Method { name: "sendMessage", params: "business_connection_id chat_id message_thread_id direct_messages_topic_id text parse_mode entities link_preview_options disable_notification protect_content allow_paid_broadcast message_effect_id suggested_post_parameters reply_parameters reply_markup" },
    Method { name: "sendMessageDraft", params: "chat_id message_thread_id draft_id text parse_mode entities" },
    Method { name: "sendDocument", params: "business_connection_id chat_id message_thread_id direct_messages_topic_id document thumbnail caption parse_mode caption_entities disable_content_type_detection disable_notification protect_content allow_paid_broadcast message_effect_id suggested_post_parameters reply_parameters reply_markup" },
    Method { name: "sendRichMessage", params: "business_connection_id chat_id message_thread_id direct_messages_topic_id rich_message disable_notification protect_content allow_paid_broadcast message_effect_id suggested_post_parameters reply_parameters reply_markup" },
    Method { name: "editMessageText", params: "business_connection_id chat_id message_id inline_message_id text parse_mode entities link_preview_options rich_message reply_markup" },
    Method { name: "editMessageReplyMarkup", params: "business_connection_id chat_id message_id inline_message_id reply_markup" },
    Method { name: "deleteMessage", params: "chat_id message_id" },
    Method { name: "sendChatAction", params: "business_connection_id chat_id message_thread_id action" },
    Method { name: "answerCallbackQuery", params: "callback_query_id text show_alert url cache_time" },
    Method { name: "getChat", params: "chat_id" },
    Method { name: "getChatMember", params: "chat_id user_id" },
    Method { name: "getChatAdministrators", params: "chat_id return_bots" },
    Method { name: "getFile", params: "file_id" },
    Method { name: "leaveChat", params: "chat_id" },
];

/// Does what was called.
pub(super) async fn call(server: &TelegramServer, method: Method, params: &Params) -> Result<Value, Refusal> {
    match method.name {
        "getUpdates" => server.get_updates(params).await,
        "sendChatAction" => server.send_chat_action(params),
        "sendMessageDraft" => server.send_message_draft(params),
        name => server.change(|state| at_once(state, name, params)),
    }
}

/// Methods that are one step of the state.
fn at_once(state: &mut State, name: &str, params: &Params) -> Result<Value, Refusal> {
    match name {
        "getMe" => Ok(state.get_me()),
        "setWebhook" => state.set_webhook(params),
        "deleteWebhook" => Ok(state.delete_webhook(params)),
        "getWebhookInfo" => Ok(state.get_webhook_info()),
        "setMyCommands" => state.set_my_commands(params),
        "getMyCommands" => state.get_my_commands(params),
        "deleteMyCommands" => state.delete_my_commands(params),
        "sendMessage" => state.send_message(params),
        "sendDocument" => state.send_document(params),
        "sendRichMessage" => state.send_rich_message(params),
        "editMessageText" => state.edit_message_text(params),
        "editMessageReplyMarkup" => state.edit_message_reply_markup(params),
        "deleteMessage" => state.delete_message(params),
        "answerCallbackQuery" => state.answer_callback_query(params),
        "getChat" => state.get_chat(params),
        "getChatMember" => state.get_chat_member(params),
        "getChatAdministrators" => state.get_chat_administrators(params),
        "getFile" => state.get_file(params),
        "leaveChat" => state.leave_chat(params),
        _ => Err(Refusal::not_found()),
    }
}
