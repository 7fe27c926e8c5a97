//! The routes by which the bot registers its commands, globally or for a guild.

use serde_json::Value;

use super::refusal::{FormFaults, Refusal};
use super::route::{Answer, Call, Outcome};
use super::world::{GUILD, World, list};
use super::{application, command_form};

const MOST_COMMANDS: usize = 100;

pub(super) fn list_all(world: &mut World, call: &Call) -> Outcome {
    let mut commands = world.commands.of(scope(call)?).to_vec();
    if call.query("with_localizations") != Some("true") {
        commands.iter_mut().for_each(without_localizations);
    }
    Ok(Answer::Done(commands.into()))
}

/// Whoever does not ask for the other languages is told nothing of them.
fn without_localizations(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.ends_with("_localizations"));
            fields.values_mut().for_each(without_localizations);
        }
        Value::Array(values) => values.iter_mut().for_each(without_localizations),
        _ => {}
    }
}

pub(super) fn overwrite(world: &mut World, call: &Call) -> Outcome {
    let guild = scope(call)?;
    let mut faults = FormFaults::default();
    if !call.json().is_array() {
        return Err(Refusal::field("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"));
    }
    let forms = list(call.json());
    if forms.len() > MOST_COMMANDS {
        faults.add("", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.");
    }
    for (index, form) in forms.iter().enumerate() {
        command_form::check(form, &index.to_string(), &mut faults);
        if forms.iter().take(index).any(|earlier| earlier["name"] == form["name"]) {
            let code = "APPLICATION_COMMANDS_DUPLICATE_NAME";
            faults.add(&index.to_string(), code, "Application command names must be unique");
        }
    }
    faults.finish()?;
    world.commands.overwrite(guild, forms, &mut world.ids);
    Ok(Answer::Done(world.commands.of(guild).to_vec().into()))
}

pub(super) fn upsert(world: &mut World, call: &Call) -> Outcome {
    let guild = scope(call)?;
    check(call.json())?;
    let known = world.commands.of(guild);
    if known.len() >= MOST_COMMANDS && known.iter().all(|command| command["name"] != call.json()["name"]) {
        return Err(Refusal::blamed(400, 30032, "Maximum number of application commands reached (100)."));
    }
    let (command, is_new) = world.commands.upsert(guild, call.json(), &mut world.ids);
    Ok(if is_new { Answer::Created(command) } else { Answer::Done(command) })
}

pub(super) fn get(world: &mut World, call: &Call) -> Outcome {
    let (guild, id) = (scope(call)?, call.last_text());
    Ok(Answer::Done(world.commands.get(guild, id).ok_or_else(unknown)?.clone()))
}

pub(super) fn edit(world: &mut World, call: &Call) -> Outcome {
    let (guild, id) = (scope(call)?, call.last_text());
    let mut form = world.commands.get(guild, id).ok_or_else(unknown)?.clone();
    for (field, value) in call.json().as_object().into_iter().flatten() {
        form[field] = value.clone();
    }
    check(&form)?;
    Ok(Answer::Done(world.commands.edit(guild, id, &form, &mut world.ids).ok_or_else(unknown)?))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Outcome {
    let deleted = world.commands.delete(scope(call)?, call.last_text());
    if deleted { Ok(Answer::Nothing) } else { Err(unknown()) }
}

/// The guild in the path, if there is one: global routes have the application and perhaps a command in it.
fn scope(call: &Call) -> Result<Option<u64>, Refusal> {
    application::check(call)?;
    if !call.is_below("/guilds/") {
        return Ok(None);
    }
    if call.id(1)? == GUILD { Ok(Some(GUILD)) } else { Err(Refusal::unlucky(403, 50001, "Missing Access")) }
}

fn check(form: &Value) -> Result<(), Refusal> {
    let mut faults = FormFaults::default();
    command_form::check(form, "", &mut faults);
    faults.finish()
}

fn unknown() -> Refusal {
    Refusal::unlucky(404, 10063, "Unknown application command")
}
