//! An interaction as Discord sends it, and what it means to the core.
//!
//! Only the fields that are used are read, so that a field Discord adds, drops or changes elsewhere never makes the
//! bot deaf. It does not matter whether the interaction came through the gateway or by HTTP.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serenity::model::Permissions;
use serenity::model::id::{ApplicationId, ChannelId, InteractionId, UserId};

use crate::adapters::discord::address::{Handle, channel_id, inbound_id, is_token, person_id};
use crate::chat::inbound::{Inbound, Request};
use crate::domain::channel::PersonId;
use crate::domain::command::{CATALOGUE, Command, NotifyCommand, OptionKind};
use crate::domain::language::Language;
use crate::domain::parse::from_options;

/// Kinds of interactions.
const COMMAND: u8 = 2;
const COMPONENT: u8 = 3;
const AUTOCOMPLETE: u8 = 4;

/// The context of a conversation between the bot and one person.
const BOT_DM: u8 = 1;

/// What makes somebody an administrator of a channel.
const ADMIN: Permissions = Permissions::ADMINISTRATOR.union(Permissions::MANAGE_CHANNELS).union(Permissions::MANAGE_GUILD);

/// Something a person did, with what is needed to answer it.
pub(super) enum Interaction {
    /// A command or a press of a button.
    Ask {
        /// What the core is asked. Its reply handle already says who may see the answer.
        inbound: Inbound,
        /// How to answer.
        handle: Handle,
    },
    /// The name of a task is being typed.
    Complete {
        /// Who types.
        person: PersonId,
        /// Where.
        channel: crate::domain::channel::ChannelId,
        /// What is there so far; none when it is not a task that is typed.
        typed: Option<String>,
        /// How to answer.
        handle: Handle,
    },
}

/// An interaction that cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unanswerable {
    /// What every interaction has is not there.
    #[error("the interaction lacks what every interaction has")]
    Malformed,
    /// It is of a kind that this bot never causes.
    #[error("the interaction is of kind {0}, which this bot does not offer")]
    Kind(u8),
}

#[derive(Deserialize)]
struct Raw {
    id: InteractionId,
    application_id: ApplicationId,
    #[serde(rename = "type")]
    kind: u8,
    token: String,
    channel_id: Option<ChannelId>,
    channel: Option<RawChannel>,
    member: Option<RawMember>,
    user: Option<RawUser>,
    context: Option<u8>,
    locale: Option<Value>,
    #[serde(default)]
    data: RawData,
}

#[derive(Deserialize)]
struct RawChannel {
    id: ChannelId,
}

#[derive(Deserialize)]
struct RawMember {
    user: Option<RawUser>,
    permissions: Option<String>,
}

#[derive(Deserialize)]
struct RawUser {
    id: UserId,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawData {
    name: String,
    custom_id: String,
    options: Vec<RawOption>,
}

#[derive(Deserialize)]
struct RawOption {
    name: String,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    focused: bool,
}

impl Interaction {
    /// Understands an interaction.
    ///
    /// # Errors
    /// [`Unanswerable`] when there is nobody or nothing to answer.
    pub(super) fn parse(interaction: Value) -> Result<Self, Unanswerable> {
        let raw: Raw = serde_json::from_value(interaction).map_err(|_| Unanswerable::Malformed)?;
        let request = match raw.kind {
            COMMAND => Some(Request::Command(from_options(&raw.data.name, &options(&raw.data.options)))),
            COMPONENT => Some(Request::Press(raw.data.custom_id.parse())),
            AUTOCOMPLETE => None,
            other => return Err(Unanswerable::Kind(other)),
        };
        raw.with(request).ok_or(Unanswerable::Malformed)
    }
}

impl Raw {
    fn with(self, request: Option<Request>) -> Option<Interaction> {
        // The member is there in servers, the user elsewhere.
        let user = self.member.as_ref().and_then(|member| member.user.as_ref()).or(self.user.as_ref())?;
        let person = person_id(user.id).ok()?;
        let channel = channel_id(self.channel_id.or(self.channel.as_ref().map(|channel| channel.id))?).ok()?;
        let ephemeral = request.as_ref().is_none_or(is_for_one_person);
        let channel_admin = self.is_admin();
        let (direct, language) = (self.is_direct(), self.language());
        let token = Some(self.token).filter(|token| is_token(token))?;
        let handle = Handle { interaction: self.id, application: self.application_id, ephemeral, token };
        let Some(request) = request else {
            return Some(Interaction::Complete { person, channel, typed: typed(&self.data), handle });
        };
        let inbound = Inbound {
            id: inbound_id(self.id).ok()?,
            session: channel.to_string(),
            channel,
            person,
            language,
            channel_admin,
            direct,
            reply: handle.to_reply(),
            replied_to: None,
            request,
        };
        Some(Interaction::Ask { inbound, handle })
    }

    /// The language of the person's app.
    fn language(&self) -> Language {
        self.locale.as_ref().and_then(Value::as_str).map(Language::from_tag).unwrap_or_default()
    }

    /// Whether Discord says that the person administers the channel. A conversation with the bot is the person's own.
    fn is_admin(&self) -> bool {
        let permissions = self.member.as_ref().and_then(|member| member.permissions.as_ref());
        let bits = permissions.and_then(|bits| bits.parse().ok()).unwrap_or_default();
        Permissions::from_bits_truncate(bits).intersects(ADMIN) || self.is_direct()
    }

    /// Whether it is a conversation of the person with the bot alone.
    fn is_direct(&self) -> bool {
        self.context == Some(BOT_DM) && self.member.is_none()
    }
}

/// Whether the answer is of no interest to the others in the channel. What happens to a task is; what one looks up,
/// what one got wrong and what one pressed is not.
fn is_for_one_person(request: &Request) -> bool {
    match request {
        Request::Command(Ok(Command::Submit(_) | Command::Cancel(_) | Command::Result(_) | Command::Retry(_))) => false,
        // What a channel gets concerns everybody in it, so a change is made before their eyes.
        Request::Command(Ok(Command::Notify(asked))) => *asked == NotifyCommand::Show,
        Request::Command(Ok(Command::Status(_) | Command::List { .. } | Command::Help) | Err(_)) | Request::Press(_) => true,
    }
}

fn options(options: &[RawOption]) -> BTreeMap<String, String> {
    options.iter().map(|option| (option.name.clone(), text(&option.value))).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What is typed so far into an option that names a task.
fn typed(data: &RawData) -> Option<String> {
    let focused = data.options.iter().find(|option| option.focused)?;
    let spec = CATALOGUE.iter().find(|spec| spec.name.as_str() == data.name)?;
    let names_task = |kind| matches!(kind, OptionKind::Task);
    spec.options.iter().any(|option| option.name == focused.name && names_task(option.kind)).then(|| text(&focused.value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::command::Action;
    use crate::domain::id::{TaskNumber, TaskRef};

    fn interaction(kind: u8, data: &Value) -> Value {
        json!({
            "id": "1234567890123456789", "application_id": "7", "type": kind, "token": "aW50.tok", "version": 1,
            "guild_id": "9", "channel_id": "42", "context": 0,
            "member": {"user": {"id": "5", "username": "ada"}, "permissions": "2147483648"},
            "data": data,
        })
    }

    fn ask(value: Value) -> (Inbound, Handle) {
        let Ok(Interaction::Ask { inbound, handle }) = Interaction::parse(value) else { panic!("something is asked") };
        (inbound, handle)
    }

    #[test]
    fn a_command_is_understood() {
        let options =
            json!([{"name": "prompt", "type": 3, "value": "count the ships"}, {"name": "timeout", "type": 3, "value": "90s"}]);
        let (inbound, handle) = ask(interaction(2, &json!({"id": "1", "name": "submit", "options": options})));
        assert_eq!(inbound.id.as_str(), "discord:interaction:1234567890123456789");
        assert_eq!(inbound.channel.to_string(), "discord:42");
        assert_eq!(inbound.session, "discord:42");
        assert_eq!(inbound.person.to_string(), "discord:5");
        assert!(!inbound.channel_admin);
        let Request::Command(Ok(Command::Submit(submit))) = inbound.request else { panic!("it is a submit") };
        assert_eq!(submit.prompt.as_str(), "count the ships");
        assert!(Handle::from_reply(&inbound.reply).is_some_and(|read| read == handle));
        assert!(!handle.ephemeral, "everybody sees what becomes of a task");
    }

    #[test]
    fn what_one_looks_up_is_for_one_person() {
        for (name, ephemeral) in [("status", true), ("list", true), ("help", true), ("cancel", false), ("nonsense", true)] {
            let (_, handle) = ask(interaction(2, &json!({"name": name})));
            assert_eq!(handle.ephemeral, ephemeral, "{name}");
        }
    }

    #[test]
    fn yes_and_no_and_numbers_are_values_too() {
        let (inbound, _) = ask(interaction(2, &json!({"name": "list", "options": [{"name": "all", "type": 5, "value": true}]})));
        assert!(matches!(inbound.request, Request::Command(Ok(Command::List { all: true, .. }))));
        let (inbound, _) = ask(interaction(2, &json!({"name": "status", "options": [{"name": "task", "type": 4, "value": 42}]})));
        let Request::Command(Ok(Command::Status(Some(task)))) = inbound.request else { panic!("it is a status") };
        assert_eq!(task, TaskRef::Number(TaskNumber(42)));
    }

    #[test]
    fn a_press_is_an_action() {
        let (inbound, handle) = ask(interaction(3, &json!({"custom_id": "cancel:42", "component_type": 2})));
        assert!(matches!(inbound.request, Request::Press(Ok(Action::Cancel(TaskNumber(42))))));
        assert!(handle.ephemeral);
        let (inbound, _) = ask(interaction(3, &json!({"custom_id": "somebody_elses", "component_type": 2})));
        assert!(matches!(inbound.request, Request::Press(Err(_))));
    }

    #[test]
    fn permissions_make_an_admin() {
        for (bits, admin) in [("0", false), ("8", true), ("16", true), ("32", true), ("2048", false), ("x", false)] {
            let mut value = interaction(2, &json!({"name": "help"}));
            value["member"]["permissions"] = json!(bits);
            assert_eq!(ask(value).0.channel_admin, admin, "{bits}");
        }
    }

    #[test]
    fn a_direct_message_has_a_user_and_no_member() {
        let mut value = interaction(2, &json!({"name": "help"}));
        let fields = value.as_object_mut().expect("an object");
        fields.remove("member");
        fields.remove("guild_id");
        fields.insert("user".to_owned(), json!({"id": "6"}));
        fields.insert("context".to_owned(), json!(1));
        let (inbound, _) = ask(value);
        assert_eq!(inbound.person.to_string(), "discord:6");
        assert!(inbound.channel_admin && inbound.direct);
    }

    #[test]
    fn typing_a_task_is_completed() {
        let typing = |command: &str, option: &str| {
            let options = json!([{"name": option, "type": 3, "value": "4", "focused": true}]);
            match Interaction::parse(interaction(4, &json!({"name": command, "options": options}))) {
                Ok(Interaction::Complete { typed, .. }) => typed,
                _ => panic!("something is completed"),
            }
        };
        assert_eq!(typing("cancel", "task"), Some("4".to_owned()));
        assert_eq!(typing("submit", "model"), None);
    }

    #[test]
    fn what_cannot_be_answered_is_told_apart() {
        let parse = |value| Interaction::parse(value).err();
        assert_eq!(parse(json!({"id": "1", "type": 2})), Some(Unanswerable::Malformed));
        assert_eq!(parse(interaction(5, &json!({}))), Some(Unanswerable::Kind(5)));
        let mut hostile = interaction(2, &json!({"name": "help"}));
        hostile["token"] = json!("../../channels/1/messages?x=");
        assert_eq!(parse(hostile), Some(Unanswerable::Malformed));
    }
}
