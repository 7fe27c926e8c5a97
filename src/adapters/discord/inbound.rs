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
use crate::domain::command::{CATALOGUE, Command, CommandName, NotifyCommand, OptionKind};
use crate::domain::language::Language;
use crate::domain::parse::from_options;

/// Kinds of interactions.
const COMMAND: u8 = 2;
const COMPONENT: u8 = 3;
const AUTOCOMPLETE: u8 = 4;

/// The context of a conversation between the bot and one person.
const BOT_DM: u8 = 1;

/// Kinds of channels that are parts of another: threads, posts of forums among them.
const THREADS: std::ops::RangeInclusive<u8> = 10..=12;

/// Who installed the bot where a command was used: the key of the server.
const INSTALLED_IN_SERVER: &str = "0";

/// What makes somebody an administrator of a channel.
const ADMIN: Permissions = Permissions::ADMINISTRATOR.union(Permissions::MANAGE_CHANNELS).union(Permissions::MANAGE_GUILD);

/// Something a person did, with what is needed to answer it.
pub(super) enum Interaction {
    /// A command or a press of a button.
    Ask {
        /// What the core is asked. Its reply handle already says who may see the answer.
        inbound: Box<Inbound>,
        /// How to answer.
        handle: Handle,
    },
    /// The name of a task is being typed.
    Complete {
        /// Who types.
        person: PersonId,
        /// The language of the person's app.
        language: Language,
        /// Where.
        channel: crate::domain::channel::ChannelId,
        /// The channel that this one is a thread of.
        parent: Option<crate::domain::channel::ChannelId>,
        /// For which command, and what is there so far; none when it is not a task that is typed.
        typed: Option<(CommandName, String)>,
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
    authorizing_integration_owners: Option<BTreeMap<String, Value>>,
    locale: Option<Value>,
    #[serde(default)]
    data: RawData,
}

#[derive(Deserialize)]
struct RawChannel {
    id: ChannelId,
    #[serde(default, rename = "type")]
    kind: u8,
    #[serde(default)]
    parent_id: Option<ChannelId>,
}

#[derive(Deserialize)]
struct RawMember {
    user: Option<RawUser>,
    #[serde(default)]
    nick: Option<String>,
    permissions: Option<String>,
}

#[derive(Deserialize)]
struct RawUser {
    id: UserId,
    #[serde(default)]
    global_name: Option<String>,
    #[serde(default)]
    username: Option<String>,
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
        let (parent, name, outside) = (self.parent(), self.name(), self.is_outside());
        let (direct, language) = (self.is_direct(), self.language());
        let token = Some(self.token).filter(|token| is_token(token))?;
        let handle = Handle { interaction: self.id, application: self.application_id, ephemeral, outside, token };
        let Some(request) = request else {
            return Some(Interaction::Complete { person, language, channel, parent, typed: typed(&self.data), handle });
        };
        let inbound = Inbound {
            id: inbound_id(self.id).ok()?,
            session: channel.to_string(),
            channel,
            parent,
            person,
            name,
            language,
            channel_admin,
            direct,
            reply: handle.to_reply(),
            replied_to: None,
            replied_request: None,
            by_reply: false,
            edited: false,
            request,
        };
        Some(Interaction::Ask { inbound: Box::new(inbound), handle })
    }

    /// The channel that this one is a thread of.
    fn parent(&self) -> Option<crate::domain::channel::ChannelId> {
        let thread = self.channel.as_ref().filter(|channel| THREADS.contains(&channel.kind))?;
        channel_id(thread.parent_id?).ok()
    }

    /// What the person is called there.
    fn name(&self) -> Option<String> {
        let member = self.member.as_ref();
        let user = member.and_then(|member| member.user.as_ref()).or(self.user.as_ref());
        let of_user = user.and_then(|user| user.global_name.clone().or_else(|| user.username.clone()));
        member.and_then(|member| member.nick.clone()).or(of_user)
    }

    /// Whether the person brought the bot along to a place where it is not at home, so that only this interaction lets it
    /// speak. Its own conversation with the person is home.
    fn is_outside(&self) -> bool {
        let installed = |owners: &BTreeMap<String, Value>| owners.contains_key(INSTALLED_IN_SERVER);
        self.context != Some(BOT_DM) && self.authorizing_integration_owners.as_ref().is_some_and(|owners| !installed(owners))
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
        Request::Command(Ok(Command::Status(_) | Command::List { .. } | Command::Help) | Err(_))
        | Request::Press(_)
        | Request::Joined => true,
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

/// What is typed so far into an option that names a task, and of which command.
fn typed(data: &RawData) -> Option<(CommandName, String)> {
    let focused = data.options.iter().find(|option| option.focused)?;
    let spec = CATALOGUE.iter().find(|spec| spec.name.as_str() == data.name)?;
    let names_task = |kind| matches!(kind, OptionKind::Task);
    let of_task = spec.options.iter().any(|option| option.name == focused.name && names_task(option.kind));
    of_task.then(|| (spec.name, text(&focused.value)))
}

#[cfg(test)]
mod tests;
