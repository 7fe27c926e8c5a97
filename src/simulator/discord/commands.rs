//! The commands that the bot registered, for everywhere or for one guild.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::snowflake::Snowflakes;
use super::world::{APPLICATION, GUILD, list};

/// Commands by guild; `None` holds the global ones. Each is the JSON that Discord would list.
#[derive(Debug, Default)]
pub(super) struct Commands {
    scopes: BTreeMap<Option<u64>, Vec<Value>>,
}

impl Commands {
    pub(super) fn of(&self, guild: Option<u64>) -> &[Value] {
        self.scopes.get(&guild).map_or(&[], Vec::as_slice)
    }

    pub(super) fn get(&self, guild: Option<u64>, id: &str) -> Option<&Value> {
        self.of(guild).iter().find(|command| command["id"].as_str() == Some(id))
    }

    /// Puts these in the place of all others; a name that was there keeps its id.
    pub(super) fn overwrite(&mut self, guild: Option<u64>, forms: &[Value], ids: &mut Snowflakes) {
        let old = self.scopes.remove(&guild).unwrap_or_default();
        let known = |form: &Value| old.iter().find(|command| command["name"] == form["name"]);
        let commands = forms.iter().map(|form| stored(form, known(form), guild, ids)).collect();
        self.scopes.insert(guild, commands);
    }

    /// Adds one, in the place of the one with its name; says whether there was none.
    pub(super) fn upsert(&mut self, guild: Option<u64>, form: &Value, ids: &mut Snowflakes) -> (Value, bool) {
        let scope = self.scopes.entry(guild).or_default();
        let place = scope.iter().position(|command| command["name"] == form["name"]);
        let command = stored(form, place.and_then(|place| scope.get(place)), guild, ids);
        match place.and_then(|place| scope.get_mut(place)) {
            Some(known) => *known = command.clone(),
            None => scope.push(command.clone()),
        }
        (command, place.is_none())
    }

    /// Changes one by its id.
    pub(super) fn edit(&mut self, guild: Option<u64>, id: &str, form: &Value, ids: &mut Snowflakes) -> Option<Value> {
        let known = self.scopes.get_mut(&guild)?.iter_mut().find(|command| command["id"].as_str() == Some(id))?;
        *known = stored(form, Some(known), guild, ids);
        Some(known.clone())
    }

    pub(super) fn delete(&mut self, guild: Option<u64>, id: &str) -> bool {
        let Some(scope) = self.scopes.get_mut(&guild) else { return false };
        let count = scope.len();
        scope.retain(|command| command["id"].as_str() != Some(id));
        scope.len() < count
    }

    /// What a person finds under this name who brought the bot along to another guild.
    pub(super) fn brought_along(&self, name: &str) -> Option<&Value> {
        let for_people = |command: &&Value| list(&command["integration_types"]).iter().any(|kind| kind.as_u64() == Some(1));
        self.of(None).iter().filter(for_people).find(|command| command["name"].as_str() == Some(name))
    }

    /// What a person finds under this name; one of the guild hides a global one.
    pub(super) fn visible(&self, name: &str, in_guild: bool) -> Option<&Value> {
        let guild = in_guild.then_some(GUILD);
        let named = |command: &&Value| command["name"].as_str() == Some(name);
        self.of(guild).iter().find(named).or_else(|| self.of(None).iter().find(named))
    }
}

/// A command as Discord lists it: with its defaults filled in, and without what only repeats a default.
fn stored(form: &Value, known: Option<&Value>, guild: Option<u64>, ids: &mut Snowflakes) -> Value {
    let given = |field: &str, default: Value| form.get(field).filter(|value| !value.is_null()).cloned().unwrap_or(default);
    let mut command = json!({
        "id": known.map_or_else(|| ids.next().to_string().into(), |known| known["id"].clone()),
        "application_id": APPLICATION.to_string(),
        "version": ids.next().to_string(),
        "type": given("type", json!(1)),
        "name": form["name"],
        "name_localizations": given("name_localizations", Value::Null),
        "description": given("description", json!("")),
        "description_localizations": given("description_localizations", Value::Null),
        "default_member_permissions": permissions(&form["default_member_permissions"]),
        "dm_permission": given("dm_permission", json!(true)),
        "contexts": given("contexts", Value::Null),
        "integration_types": given("integration_types", json!([0])),
        "nsfw": given("nsfw", json!(false)),
    });
    let options: Vec<Value> = list(&form["options"]).iter().map(without_defaults).collect();
    if !options.is_empty() {
        command["options"] = options.into();
    }
    if let Some(guild) = guild {
        command["guild_id"] = json!(guild.to_string());
        if let Some(fields) = command.as_object_mut() {
            fields.remove("dm_permission");
            fields.remove("contexts");
        }
    }
    command
}

/// Bits come as a number or as text and are listed as text.
fn permissions(bits: &Value) -> Value {
    bits.as_u64().map_or_else(|| bits.clone(), |bits| bits.to_string().into())
}

fn without_defaults(option: &Value) -> Value {
    let says_something = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    };
    let Some(fields) = option.as_object() else { return option.clone() };
    let kept = fields.iter().filter(|(_, value)| says_something(value));
    Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}
