//! The routes of messages in channels.

use std::time::Duration;

use serde_json::Value;

use super::form::Form;
use super::message::{EPHEMERAL, Message};
use super::refusal::Refusal;
use super::route::{Answer, Call, Outcome};
use super::snowflake::{millis_of, unix_millis};
use super::world::{APPLICATION, World};

/// How long Discord remembers a nonce: "a few minutes".
const NONCE_MEMORY: Duration = Duration::from_mins(3);
const DEFAULT_PAGE: usize = 50;
const LARGEST_PAGE: usize = 100;

pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let channel = world.writable(call.id(0)?)?;
    let mut form = Form::read(call.json(), call.uploads())?.not_empty()?;
    form.flags &= !EPHEMERAL;
    if let Some(first) = form.nonce.as_ref().filter(|_| form.enforce_nonce).and_then(|nonce| same_nonce(world, channel, nonce)) {
        return Ok(Answer::Done(world.message_json(first)));
    }
    if form.reply_to.is_some_and(|target| world.message(channel, target).is_none()) {
        if form.must_reply {
            return Err(unknown_reference());
        }
        form.reply_to = None;
    }
    let id = world.post(channel, APPLICATION, form, None);
    answer(world, channel, id)
}

pub(super) fn get(world: &mut World, call: &Call) -> Outcome {
    let channel = world.readable(call.id(0)?)?.id;
    let id = public(world, channel, call.id(1)?)?.id;
    answer(world, channel, id)
}

pub(super) fn history(world: &mut World, call: &Call) -> Outcome {
    let channel = world.readable(call.id(0)?)?;
    let number = |name: &str| call.query(name).and_then(|value| value.parse::<u64>().ok());
    let limit = call.query("limit").map_or(Ok(DEFAULT_PAGE), str::parse).unwrap_or_default();
    if limit == 0 || limit > LARGEST_PAGE {
        return Err(Refusal::field("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100."));
    }
    let (before, after) = (number("before").unwrap_or(u64::MAX), number("after").unwrap_or(0));
    let wanted = |message: &&Message| message.id < before && message.id > after && !message.is(EPHEMERAL);
    let mut page: Vec<&Message> = channel.messages.iter().filter(wanted).collect();
    if call.query("after").is_some() {
        page.truncate(limit);
    }
    Ok(Answer::Done(page.into_iter().rev().take(limit).map(|message| world.message_json(message)).collect::<Value>()))
}

pub(super) fn edit(world: &mut World, call: &Call) -> Outcome {
    let channel = world.readable(call.id(0)?)?.id;
    let id = public(world, channel, call.id(1)?)?.id;
    if world.message(channel, id).is_some_and(|message| message.author != APPLICATION) {
        return Err(Refusal::blamed(403, 50005, "Cannot edit a message authored by another user"));
    }
    let form = Form::read(call.json(), call.uploads())?;
    world.revise(channel, id, form)?;
    answer(world, channel, id)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Outcome {
    let channel = world.readable(call.id(0)?)?.id;
    let message = public(world, channel, call.id(1)?)?;
    if message.author != APPLICATION {
        return Err(Refusal::unlucky(403, 50013, "Missing Permissions"));
    }
    let id = message.id;
    world.remove(channel, id)?;
    Ok(Answer::Nothing)
}

/// The message as an answer.
pub(super) fn answer(world: &World, channel: u64, id: u64) -> Outcome {
    let message = world.message(channel, id).ok_or_else(Refusal::unknown_message)?;
    Ok(Answer::Done(world.message_json(message)))
}

/// A message that the bot reaches by its channel; an ephemeral one it reaches by its interaction only.
fn public(world: &World, channel: u64, id: u64) -> Result<&Message, Refusal> {
    world.message(channel, id).filter(|message| !message.is(EPHEMERAL)).ok_or_else(Refusal::unknown_message)
}

fn same_nonce<'a>(world: &'a World, channel: u64, nonce: &Value) -> Option<&'a Message> {
    let oldest = unix_millis().saturating_sub(u64::try_from(NONCE_MEMORY.as_millis()).unwrap_or(u64::MAX));
    let mut messages = world.channels.get(&channel)?.messages.iter();
    messages
        .find(|message| message.nonce.as_ref() == Some(nonce) && message.author == APPLICATION && millis_of(message.id) >= oldest)
}

fn unknown_reference() -> Refusal {
    Refusal::field("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message").excused(true)
}
