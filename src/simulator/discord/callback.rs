//! The first answer to an interaction: `POST /interactions/{id}/{token}/callback`.

use serde_json::{Value, json};

use super::form::Form;
use super::interaction::{Ack, InteractionKind};
use super::message::{EPHEMERAL, LOADING};
use super::refusal::{FormFaults, Refusal};
use super::route::{Answer, Call, Outcome};
use super::world::{APPLICATION, World, list};

const MESSAGE: u8 = 4;
const DEFERRED_MESSAGE: u8 = 5;
const DEFERRED_UPDATE: u8 = 6;
const UPDATE: u8 = 7;
const CHOICES: u8 = 8;
const MOST_CHOICES: usize = 25;

pub(super) fn respond(world: &mut World, call: &Call) -> Outcome {
    let id = call.id(0)?;
    check_time(world, id, call.text(1))?;
    check_place(world, id)?;
    let kind = check_kind(world, id, call.json())?;
    let data = &call.json()["data"];
    let ephemeral = data["flags"].as_u64().unwrap_or_default() & EPHEMERAL != 0;
    match kind {
        MESSAGE => put(world, id, Form::read(data, call.uploads())?.not_empty()?),
        DEFERRED_MESSAGE => {
            let flags = LOADING | if ephemeral { EPHEMERAL } else { 0 };
            put(world, id, Form { flags, ..Form::default() });
        }
        UPDATE => update(world, id, Form::read(data, call.uploads())?)?,
        CHOICES => offer(world, id, &data["choices"])?,
        _ => {}
    }
    acknowledge(world, id, kind, ephemeral);
    if call.query("with_response") == Some("true") { Ok(Answer::Done(report(world, id, kind))) } else { Ok(Answer::Nothing) }
}

fn check_time(world: &World, id: u64, token: &str) -> Result<(), Refusal> {
    let unknown = || Refusal::unlucky(404, 10062, "Unknown interaction");
    let interaction = world.interactions.get(&id).filter(|interaction| interaction.token == token).ok_or_else(unknown)?;
    if interaction.ack.is_some() {
        let refusal = Refusal::blamed(400, 40060, "Interaction has already been acknowledged.");
        return Err(refusal.excused(interaction.redelivered || world.faults.swallowed));
    }
    if interaction.is_waiting() { Ok(()) } else { Err(unknown()) }
}

fn check_place(world: &World, id: u64) -> Result<(), Refusal> {
    world.interactions.get(&id).map_or(Ok(()), |interaction| world.existing(interaction.channel).map(|_| ()))
}

/// The type of the answer, if this kind of interaction can have it.
fn check_kind(world: &World, id: u64, json: &Value) -> Result<u8, Refusal> {
    let kind = json["type"].as_u64().and_then(|kind| u8::try_from(kind).ok()).unwrap_or_default();
    let fits = world.interactions.get(&id).is_some_and(|interaction| match interaction.kind {
        InteractionKind::Command => matches!(kind, MESSAGE | DEFERRED_MESSAGE),
        InteractionKind::Press => matches!(kind, MESSAGE | DEFERRED_MESSAGE | DEFERRED_UPDATE | UPDATE),
        InteractionKind::Completion => kind == CHOICES,
    });
    if fits {
        Ok(kind)
    } else {
        Err(Refusal::field("type", "INTERACTION_TYPE_CHOICES", "Value is not an answer to this kind of interaction."))
    }
}

/// Makes the message that `@original` means.
fn put(world: &mut World, id: u64, form: Form) {
    let Some(channel) = world.interactions.get(&id).map(|interaction| interaction.channel) else { return };
    let message = world.post(channel, APPLICATION, form, Some(id));
    if let Some(interaction) = world.interactions.get_mut(&id) {
        interaction.original = Some(message);
    }
}

fn update(world: &mut World, id: u64, form: Form) -> Result<(), Refusal> {
    let pressed = world.interactions.get(&id).and_then(|interaction| Some((interaction.channel, interaction.pressed?)));
    let (channel, message) = pressed.ok_or_else(Refusal::unknown_message)?;
    world.revise(channel, message, form)
}

fn offer(world: &mut World, id: u64, choices: &Value) -> Result<(), Refusal> {
    let mut faults = FormFaults::default();
    let mut offered = Vec::new();
    if !choices.is_array() {
        faults.required("data.choices");
    }
    if list(choices).len() > MOST_CHOICES {
        faults.add("data.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.");
    }
    for (index, choice) in list(choices).iter().enumerate() {
        let name = choice["name"].as_str().unwrap_or_default();
        faults.length(&format!("data.choices.{index}.name"), name, 1, 100);
        match &choice["value"] {
            Value::String(value) => faults.length(&format!("data.choices.{index}.value"), value, 1, 100),
            Value::Number(_) => {}
            _ => faults.required(&format!("data.choices.{index}.value")),
        }
        offered.push((name.to_owned(), choice["value"].clone()));
    }
    faults.finish()?;
    if let Some(interaction) = world.interactions.get_mut(&id) {
        interaction.choices = Some(offered);
    }
    Ok(())
}

fn acknowledge(world: &mut World, id: u64, kind: u8, ephemeral: bool) {
    if let Some(interaction) = world.interactions.get_mut(&id) {
        interaction.ack = Some(Ack { after: interaction.sent.elapsed(), kind, ephemeral });
        if matches!(kind, UPDATE | DEFERRED_UPDATE) {
            interaction.original = interaction.pressed;
        }
    }
}

/// What `?with_response=true` is answered.
fn report(world: &World, id: u64, kind: u8) -> Value {
    let Some(interaction) = world.interactions.get(&id) else { return Value::Null };
    let mut report =
        json!({ "interaction": { "id": id.to_string(), "type": interaction.event["type"] }, "resource": { "type": kind } });
    if let Some(message) = interaction.original.and_then(|original| world.message(interaction.channel, original)) {
        report["interaction"]["response_message_id"] = json!(message.id.to_string());
        report["interaction"]["response_message_loading"] = json!(message.is(LOADING));
        report["interaction"]["response_message_ephemeral"] = json!(message.is(EPHEMERAL));
        report["resource"]["message"] = world.message_json(message);
    }
    report
}
