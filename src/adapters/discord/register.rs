//! The commands people see in Discord's menu, made from the catalogue and registered by difference.
//!
//! Discord counts creations and shows changed commands late, so it is asked first what it has, and told only when that
//! differs in anything we set. A failure never stops the bot: the commands of the last start are still there.

use std::time::Duration;

use serde_json::{Map, Value};
use serenity::all::{CommandOptionType, CommandType, InstallationContext, InteractionContext};
use serenity::builder::{CreateCommand, CreateCommandOption};
use serenity::http::{LightMethod, Route};
use serenity::model::id::{ApplicationId, GuildId};

use crate::adapters::discord::api::{Api, Call};
use crate::adapters::discord::error::ApiError;
use crate::adapters::discord::health::Health;
use crate::domain::command::{CATALOGUE, CommandName, CommandSpec, OptionKind, OptionSpec};
use crate::domain::language::Language;
use crate::domain::wording::{command_description, option_description};

/// Longest text an option can take at Discord.
const LONGEST_OPTION: u16 = 6000;

/// Pauses between tries.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// Where commands are registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Everywhere.
    Global,
    /// In one server, where they show at once.
    Guild(GuildId),
}

/// Registers the commands wherever they belong, until it is done everywhere.
pub(super) async fn register(api: Api, application: ApplicationId, guilds: Vec<u64>, health: Health) {
    let guilds = guilds.into_iter().filter_map(std::num::NonZeroU64::new);
    let mut missing: Vec<Scope> = guilds.map(|guild| Scope::Guild(guild.into())).collect();
    if missing.is_empty() {
        missing.push(Scope::Global);
    }
    let mut pause = FIRST_PAUSE;
    loop {
        let mut failed = Vec::new();
        let mut wait = pause;
        for scope in missing {
            match synchronise(&api, application, scope).await {
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
            health.commands_registered();
            return;
        }
        missing = failed;
        tokio::time::sleep(wait).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Makes Discord's commands of this scope ours; says whether anything had to change.
async fn synchronise(api: &Api, application_id: ApplicationId, scope: Scope) -> Result<bool, ApiError> {
    let route = match scope {
        Scope::Global => Route::Commands { application_id },
        Scope::Guild(guild_id) => Route::GuildCommands { application_id, guild_id },
    };
    let wanted = commands(scope);
    let wanted = serde_json::to_value(&wanted).map_err(|_| ApiError::Unavailable("the commands cannot be written"))?;
    let registered: Value = api.fetch(Call::new(LightMethod::Get, route)).await?;
    if essence(&registered) == essence(&wanted) {
        return Ok(false);
    }
    api.send(Call::new(LightMethod::Put, route).json(&wanted)?).await?;
    Ok(true)
}

fn commands(scope: Scope) -> Vec<CreateCommand> {
    CATALOGUE.iter().map(|spec| command(spec, scope)).collect()
}

fn command(spec: &CommandSpec, scope: Scope) -> CreateCommand {
    let command = CreateCommand::new(spec.name.as_str())
        .kind(CommandType::ChatInput)
        .description(command_description(Language::default(), spec.name))
        .set_options(spec.options.iter().map(|option| self::option(spec.name, option)).collect());
    match scope {
        // In servers, with the bot alone, and where a person brought it along.
        Scope::Global => command
            .contexts(vec![InteractionContext::Guild, InteractionContext::BotDm, InteractionContext::PrivateChannel])
            .integration_types(vec![InstallationContext::Guild, InstallationContext::User]),
        Scope::Guild(_) => command,
    }
}

fn option(command: CommandName, spec: &OptionSpec) -> CreateCommandOption {
    let kind = match spec.kind {
        OptionKind::Text | OptionKind::Task => CommandOptionType::String,
        OptionKind::Flag => CommandOptionType::Boolean,
    };
    let description = option_description(Language::default(), command, spec.name);
    let option = CreateCommandOption::new(kind, spec.name, description).required(spec.required);
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
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted() -> Value {
        serde_json::to_value(commands(Scope::Global)).expect("JSON")
    }

    /// What Discord answers to a GET after it was given these commands.
    fn as_discord_tells(commands: &Value) -> Value {
        let mut told = commands.clone();
        for (id, command) in told.as_array_mut().expect("an array").iter_mut().enumerate() {
            let fields = command.as_object_mut().expect("an object");
            fields.insert("id".to_owned(), json!((id + 100).to_string()));
            fields.insert("application_id".to_owned(), json!("7"));
            fields.insert("version".to_owned(), json!("1"));
            fields.insert("dm_permission".to_owned(), json!(true));
            fields.insert("default_member_permissions".to_owned(), json!(null));
            fields.insert("name_localizations".to_owned(), json!(null));
            fields.insert("contexts".to_owned(), json!([2, 0, 1]));
            for option in fields["options"].as_array_mut().expect("an array") {
                option.as_object_mut().expect("an object").retain(|_, value| *value != json!(false));
            }
        }
        told.as_array_mut().expect("an array").reverse();
        told
    }

    #[test]
    fn every_command_of_the_catalogue_is_registered() {
        let wanted = wanted();
        let names: Vec<_> = wanted.as_array().expect("an array").iter().map(|command| &command["name"]).collect();
        assert_eq!(names, ["submit", "status", "cancel", "list", "result", "retry", "notify", "help"]);
        let submit = &wanted[0];
        assert_eq!(
            (&submit["type"], &submit["contexts"], &submit["integration_types"]),
            (&json!(1), &json!([0, 1, 2]), &json!([0, 1]))
        );
        assert_eq!(submit["options"][0]["max_length"], 6000);
        assert_eq!(submit["options"][0]["required"], true);
        assert_eq!((&wanted[2]["options"][0]["type"], &wanted[2]["options"][0]["autocomplete"]), (&json!(3), &json!(true)));
        assert_eq!(wanted[3]["options"][0]["type"], 5);
    }

    #[test]
    fn commands_of_a_server_have_no_contexts() {
        let commands = serde_json::to_value(commands(Scope::Guild(9.into()))).expect("JSON");
        assert!(commands[0].get("contexts").is_none() && commands[0].get("integration_types").is_none());
    }

    #[test]
    fn what_discord_tells_of_our_commands_is_no_difference() {
        assert_eq!(essence(&as_discord_tells(&wanted())), essence(&wanted()));
    }

    #[test]
    fn every_change_is_a_difference() {
        let told = as_discord_tells(&wanted());
        let changed = |change: fn(&mut Value)| {
            let mut told = told.clone();
            change(&mut told);
            essence(&told) != essence(&wanted())
        };
        assert!(changed(|told| told[0]["description"] = json!("other")));
        assert!(changed(|told| told[7]["options"][0]["max_length"] = json!(100)));
        assert!(changed(|told| told[0]["contexts"] = json!([0])));
        assert!(changed(|told| told[0]["default_member_permissions"] = json!("0")));
        assert!(changed(|told| told[0]["name_localizations"] = json!({"de": "hilfe"})));
        assert!(changed(|told| drop(told.as_array_mut().map(Vec::pop))));
        assert!(changed(|told| told[7]["options"].as_array_mut().expect("options").swap(0, 1)));
    }
}
