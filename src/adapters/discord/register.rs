//! The commands people see in Discord's menu, made from the catalogue and registered by difference.
//!
//! Discord counts creations and shows changed commands late, so it is asked first what it has, and told only when that
//! differs in anything we set. A failure never stops the bot: the commands of the last start are still there. Once ours
//! are in place, those of an earlier configuration are removed elsewhere, because people would see every command twice.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use serenity::all::{CommandOptionType, CommandType, InstallationContext, InteractionContext};
use serenity::builder::{CreateCommand, CreateCommandOption};
use serenity::http::{LightMethod, Route};
use serenity::model::id::{ApplicationId, GuildId};

use crate::adapters::discord::api::{Api, Call};
use crate::adapters::discord::error::ApiError;
use crate::adapters::discord::health::Health;
use crate::chat::inbound::Inbox;
use crate::domain::command::{CATALOGUE, CommandName, CommandSpec, OptionKind, OptionSpec};
use crate::domain::language::Language;
use crate::domain::wording::{command_description, option_description};

/// Longest text an option can take at Discord.
const LONGEST_OPTION: u16 = 6000;

/// Pauses between tries.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// Tries of what is not urgent.
const TRIES: u32 = 4;

/// In so many servers is looked for commands of an earlier configuration; each costs a request at every start.
const MOST_TIDIED: usize = 25;

/// A server that the bot is in.
#[derive(Deserialize)]
struct Joined {
    id: GuildId,
}

/// In which language somebody is spoken to who speaks this one.
type Spoken = dyn Fn(Language) -> Language + Send + Sync;

/// Where commands are registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Everywhere.
    Global,
    /// In one server, where they show at once.
    Guild(GuildId),
}

/// Registers the commands wherever they belong, until it is done everywhere; then removes them where they do not belong.
pub(super) async fn register(api: Api, application: ApplicationId, guilds: Vec<u64>, health: Health, inbox: Arc<dyn Inbox>) {
    let guilds: Vec<GuildId> = guilds.into_iter().filter_map(std::num::NonZeroU64::new).map(GuildId::from).collect();
    let mut wanted: Vec<Scope> = guilds.iter().copied().map(Scope::Guild).collect();
    if wanted.is_empty() {
        wanted.push(Scope::Global);
    }
    everywhere(&api, application, wanted, &health, &move |language| inbox.language(language)).await;
    health.commands_registered();
    if let Err(error) = tidy(&api, application, &guilds).await {
        tracing::warn!(%error, "commands of an earlier configuration may still be in Discord's menu");
    }
}

async fn everywhere(api: &Api, application: ApplicationId, mut missing: Vec<Scope>, health: &Health, spoken: &Spoken) {
    let mut pause = FIRST_PAUSE;
    loop {
        let mut failed = Vec::new();
        let mut wait = pause;
        for scope in missing {
            match synchronise(api, application, scope, &commands(scope, spoken)).await {
                Ok(changed) => tracing::info!(?scope, changed, "commands are registered with Discord"),
                Err(error) => {
                    tracing::warn!(?scope, %error, "commands are not registered with Discord, trying again");
                    health.commands_failed(format!("the commands are not registered with Discord: {error}"));
                    if let ApiError::RetryAfter(asked) = error {
                        wait = wait.max(asked);
                    }
                    failed.push(scope);
                }
            }
        }
        if failed.is_empty() {
            return;
        }
        missing = failed;
        tokio::time::sleep(wait).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Removes the commands from where an earlier configuration had put them: the global ones when there are servers of their
/// own, and those of all other servers that the bot is in.
async fn tidy(api: &Api, application: ApplicationId, guilds: &[GuildId]) -> Result<(), ApiError> {
    if !guilds.is_empty() {
        remove(api, application, Scope::Global).await?;
    }
    let joined: Vec<Joined> = patiently(|| api.fetch(Call::new(LightMethod::Get, Route::UserMeGuilds))).await?;
    let others = joined.into_iter().map(|joined| joined.id).filter(|guild| !guilds.contains(guild));
    for guild in others.take(MOST_TIDIED) {
        match remove(api, application, Scope::Guild(guild)).await {
            // A server that lets the bot have no commands has none to remove.
            Ok(()) | Err(ApiError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn remove(api: &Api, application: ApplicationId, scope: Scope) -> Result<(), ApiError> {
    if patiently(|| synchronise(api, application, scope, &[])).await? {
        tracing::info!(?scope, "commands of an earlier configuration are removed from Discord's menu");
    }
    Ok(())
}

/// Tries something a few times that is not urgent.
async fn patiently<T, F: Future<Output = Result<T, ApiError>>>(attempt: impl Fn() -> F) -> Result<T, ApiError> {
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        match attempt().await {
            Err(ApiError::RetryAfter(asked)) => pause = pause.max(asked),
            Err(ApiError::Unavailable(_) | ApiError::Server(_) | ApiError::Unknown(_)) => {}
            done => return done,
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    attempt().await
}

/// Makes Discord's commands of this scope these; says whether anything had to change.
async fn synchronise(api: &Api, application_id: ApplicationId, scope: Scope, wanted: &[CreateCommand]) -> Result<bool, ApiError> {
    let route = match scope {
        Scope::Global => Route::Commands { application_id },
        Scope::Guild(guild_id) => Route::GuildCommands { application_id, guild_id },
    };
    let wanted = serde_json::to_value(wanted).map_err(|_| ApiError::Unavailable("the commands cannot be written"))?;
    // Without being asked for them, Discord tells nothing of other languages, and then they would always differ.
    let registered: Value = api.fetch(Call::new(LightMethod::Get, route).query("with_localizations", "true")).await?;
    if essence(&registered) == essence(&wanted) {
        return Ok(false);
    }
    api.send(Call::new(LightMethod::Put, route).json(&wanted)?).await?;
    Ok(true)
}

fn commands(scope: Scope, spoken: &Spoken) -> Vec<CreateCommand> {
    CATALOGUE.iter().map(|spec| command(spec, scope, spoken)).collect()
}

fn command(spec: &CommandSpec, scope: Scope, spoken: &Spoken) -> CreateCommand {
    let command = CreateCommand::new(spec.name.as_str())
        .kind(CommandType::ChatInput)
        .description(command_description(spoken(Language::default()), spec.name))
        .set_options(spec.options.iter().map(|option| self::option(spec.name, option, spoken)).collect());
    let described = |command: CreateCommand, language: Language| {
        command.description_localized(language.as_str(), command_description(spoken(language), spec.name))
    };
    let command = others().fold(command, described);
    match scope {
        // In servers, with the bot alone, and where a person brought it along.
        Scope::Global => command
            .contexts(vec![InteractionContext::Guild, InteractionContext::BotDm, InteractionContext::PrivateChannel])
            .integration_types(vec![InstallationContext::Guild, InstallationContext::User]),
        Scope::Guild(_) => command,
    }
}

/// The languages beside the one for everybody who speaks none of them. Discord names German as we do.
fn others() -> impl Iterator<Item = Language> {
    Language::ALL.iter().copied().filter(|language| *language != Language::default())
}

fn option(command: CommandName, spec: &OptionSpec, spoken: &Spoken) -> CreateCommandOption {
    let kind = match spec.kind {
        OptionKind::Text | OptionKind::Task => CommandOptionType::String,
        OptionKind::Flag => CommandOptionType::Boolean,
    };
    let description = option_description(spoken(Language::default()), command, spec.name);
    let option = CreateCommandOption::new(kind, spec.name, description).required(spec.required);
    let described = |option: CreateCommandOption, language: Language| {
        option.description_localized(language.as_str(), option_description(spoken(language), command, spec.name))
    };
    let option = others().fold(option, described);
    match (spec.kind, spec.name) {
        (OptionKind::Task, _) => option.set_autocomplete(true),
        (OptionKind::Text, "prompt") => option.max_length(LONGEST_OPTION),
        _ => option,
    }
}

/// What a set of commands says, without what Discord adds and without what goes without saying.
fn essence(commands: &Value) -> Vec<Value> {
    let mut commands: Vec<Value> = commands.as_array().into_iter().flatten().map(essence_of_command).collect();
    commands.sort_by_key(|command| command["name"].to_string());
    commands
}

fn essence_of_command(command: &Value) -> Value {
    let mut essence = essence_of(command);
    if let Some(fields) = essence.as_object_mut() {
        fields.entry("type").or_insert(Value::from(1));
        if command.get("guild_id").is_some() {
            // A server's own command has no contexts. Discord tells the usual ones all the same.
            fields.remove("contexts");
            fields.remove("integration_types");
        }
        for unordered in ["contexts", "integration_types"] {
            if let Some(values) = fields.get_mut(unordered).and_then(Value::as_array_mut) {
                values.sort_by_key(Value::as_u64);
            }
        }
    }
    essence
}

/// The fields of a command or an option that are ours to set.
const OURS: [&str; 18] = [
    "autocomplete",
    "channel_types",
    "choices",
    "contexts",
    "default_member_permissions",
    "description",
    "description_localizations",
    "integration_types",
    "max_length",
    "max_value",
    "min_length",
    "min_value",
    "name",
    "name_localizations",
    "nsfw",
    "options",
    "required",
    "type",
];

fn essence_of(value: &Value) -> Value {
    let says_something = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(values) => !values.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    };
    match value {
        Value::Array(values) => values.iter().map(essence_of).collect(),
        Value::Object(fields) => {
            let ours = fields.iter().filter(|(name, value)| OURS.contains(&name.as_str()) && says_something(value));
            Value::Object(ours.map(|(name, value)| (name.clone(), essence_of_field(name, value))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// Localizations have languages for keys and are taken as they are.
fn essence_of_field(name: &str, value: &Value) -> Value {
    if name.ends_with("_localizations") { value.clone() } else { essence_of(value) }
}

#[cfg(test)]
mod tests;
