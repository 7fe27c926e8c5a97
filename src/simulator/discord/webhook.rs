//! What follows the first answer, by the token of the interaction: editing it, deleting it, and further messages.

use super::application;
use super::form::Form;
use super::message::LOADING;
use super::message_routes::answer;
use super::refusal::Refusal;
use super::route::{Answer, Call, Outcome};
use super::world::{APPLICATION, ChannelKind, World};

/// Where the bot is no member, it can follow up so often.
const MOST_FOREIGN_FOLLOW_UPS: usize = 5;

/// A message that an interaction's token reaches.
#[derive(Debug, Clone, Copy)]
struct Target {
    interaction: u64,
    channel: u64,
    message: Option<u64>,
}

pub(super) fn follow_up(world: &mut World, call: &Call) -> Outcome {
    let target = original(world, call)?;
    let form = Form::read(call.json(), call.uploads())?.not_empty()?;
    if let Some(loading) = target.message.filter(|id| is_loading(world, target.channel, *id)) {
        // Discord fills a promised answer with the first message that follows, and keeps its visibility.
        world.revise(target.channel, loading, form)?;
        return answer(world, target.channel, loading);
    }
    let sent = world.interactions.get(&target.interaction).map_or(0, |interaction| interaction.followups.len());
    let foreign = world.channels.get(&target.channel).is_some_and(|channel| channel.kind == ChannelKind::Foreign);
    if foreign && sent >= MOST_FOREIGN_FOLLOW_UPS {
        return Err(Refusal::blamed(400, 40094, "Maximum number of follow-up messages reached"));
    }
    let id = world.post(target.channel, APPLICATION, form, Some(target.interaction));
    if let Some(interaction) = world.interactions.get_mut(&target.interaction) {
        interaction.followups.push(id);
    }
    answer(world, target.channel, id)
}

pub(super) fn get_original(world: &mut World, call: &Call) -> Outcome {
    show(world, original(world, call)?)
}

pub(super) fn edit_original(world: &mut World, call: &Call) -> Outcome {
    let target = original(world, call)?;
    revise(world, call, target)
}

pub(super) fn delete_original(world: &mut World, call: &Call) -> Outcome {
    let target = original(world, call)?;
    remove(world, target)
}

pub(super) fn get(world: &mut World, call: &Call) -> Outcome {
    show(world, named(world, call)?)
}

pub(super) fn edit(world: &mut World, call: &Call) -> Outcome {
    let target = named(world, call)?;
    revise(world, call, target)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Outcome {
    let target = named(world, call)?;
    remove(world, target)
}

/// The first answer of the interaction whose token is in the path.
fn original(world: &World, call: &Call) -> Result<Target, Refusal> {
    application::check(call)?;
    let unknown = || Refusal::unlucky(404, 10015, "Unknown Webhook");
    let known = world.interactions.values().find(|interaction| interaction.token == call.text(1)).ok_or_else(unknown)?;
    if !known.token_is_good() {
        // A bot with a clock knows when the time is up, but not when somebody has ended it.
        return Err(Refusal::blamed(401, 50027, "Invalid Webhook Token").excused(known.expired));
    }
    if known.ack.is_none() {
        return Err(unknown());
    }
    world.existing(known.channel)?;
    Ok(Target { interaction: known.id, channel: known.channel, message: known.original })
}

/// A message of that interaction, by its own id.
fn named(world: &World, call: &Call) -> Result<Target, Refusal> {
    let target = original(world, call)?;
    let id = call.id(2)?;
    let message = world.message(target.channel, id).ok_or_else(Refusal::unknown_message)?;
    let ours = message.interaction == Some(target.interaction) || target.message == Some(id);
    if ours { Ok(Target { message: Some(id), ..target }) } else { Err(Refusal::unknown_message()) }
}

fn show(world: &World, target: Target) -> Outcome {
    answer(world, target.channel, target.message.ok_or_else(Refusal::unknown_message)?)
}

fn revise(world: &mut World, call: &Call, target: Target) -> Outcome {
    let id = target.message.ok_or_else(Refusal::unknown_message)?;
    world.revise(target.channel, id, Form::read(call.json(), call.uploads())?)?;
    answer(world, target.channel, id)
}

fn remove(world: &mut World, target: Target) -> Outcome {
    world.remove(target.channel, target.message.ok_or_else(Refusal::unknown_message)?)?;
    Ok(Answer::Nothing)
}

fn is_loading(world: &World, channel: u64, id: u64) -> bool {
    world.message(channel, id).is_some_and(|message| message.is(LOADING))
}
