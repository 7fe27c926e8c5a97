//! The routes of channels: reading one, typing in it, direct messages, threads.

use serde_json::Value;
use tokio::time::Instant;

use super::refusal::{FormFaults, Refusal};
use super::route::{Answer, Call, Outcome};
use super::world::{Access, Channel, ChannelKind, TYPING, World};

pub(super) fn get(world: &mut World, call: &Call) -> Outcome {
    let channel = world.readable(call.id(0)?)?;
    Ok(Answer::Done(world.channel_json(channel)))
}

pub(super) fn typing(world: &mut World, call: &Call) -> Outcome {
    let id = world.writable(call.id(0)?)?;
    if let Some(channel) = world.channels.get_mut(&id) {
        channel.typing_pulses += 1;
        channel.typing_until = Some(Instant::now() + TYPING);
    }
    world.alarm(TYPING);
    Ok(Answer::Nothing)
}

pub(super) fn open_direct(world: &mut World, call: &Call) -> Outcome {
    let recipient = &call.json()["recipient_id"];
    let recipient = recipient.as_u64().or_else(|| recipient.as_str()?.parse().ok());
    let recipient = recipient.ok_or_else(|| Refusal::field("recipient_id", "BASE_TYPE_REQUIRED", "This field is required"))?;
    let id = world.open_direct(recipient);
    let channel = world.channels.get(&id).ok_or_else(Refusal::unknown_channel)?;
    Ok(Answer::Done(world.channel_json(channel)))
}

pub(super) fn start_thread(world: &mut World, call: &Call) -> Outcome {
    let parent = world.writable(call.id(0)?)?;
    let id = world.ids.next();
    make_thread(world, call.json(), id, parent)
}

/// A thread below a message has the id of that message.
pub(super) fn start_thread_below(world: &mut World, call: &Call) -> Outcome {
    let parent = world.writable(call.id(0)?)?;
    let message = call.id(1)?;
    world.message(parent, message).ok_or_else(Refusal::unknown_message)?;
    if world.channels.contains_key(&message) {
        // A bot that crashed between opening it and noting it down cannot know better.
        return Err(Refusal::unlucky(400, 160_004, "A thread has already been created for this message"));
    }
    make_thread(world, call.json(), message, parent)
}

fn make_thread(world: &mut World, json: &Value, id: u64, parent: u64) -> Outcome {
    if world.channels.get(&parent).is_none_or(|channel| channel.kind != ChannelKind::Text) {
        return Err(Refusal::blamed(400, 50024, "Cannot execute action on this channel type"));
    }
    let name = json["name"].as_str().unwrap_or_default();
    let mut faults = FormFaults::default();
    faults.length("name", name, 1, 100);
    faults.finish()?;
    world.open_thread(id, parent, name);
    let channel = world.channels.get(&id).ok_or_else(Refusal::unknown_channel)?;
    Ok(Answer::Created(world.channel_json(channel)))
}

impl World {
    /// # Errors
    ///
    /// When it is not there, or no more.
    pub(super) fn existing(&self, channel: u64) -> Result<&Channel, Refusal> {
        let channel = self.channels.get(&channel).filter(|channel| channel.access != Access::Deleted);
        channel.ok_or_else(Refusal::unknown_channel)
    }

    /// # Errors
    ///
    /// When the bot cannot see it.
    pub(super) fn readable(&self, channel: u64) -> Result<&Channel, Refusal> {
        let channel = self.existing(channel)?;
        if channel.access == Access::Hidden || channel.kind == ChannelKind::Foreign {
            Err(Refusal::unlucky(403, 50001, "Missing Access"))
        } else {
            Ok(channel)
        }
    }

    /// # Errors
    ///
    /// When the bot cannot write there.
    pub(super) fn writable(&self, channel: u64) -> Result<u64, Refusal> {
        let channel = self.readable(channel)?;
        match (channel.access, channel.kind) {
            (_, ChannelKind::Forum) => Err(Refusal::blamed(400, 40058, "Cannot send a message in a forum channel")),
            (Access::ReadOnly, ChannelKind::Direct(_)) => Err(Refusal::unlucky(403, 50007, "Cannot send messages to this user")),
            (Access::ReadOnly, _) => Err(Refusal::unlucky(403, 50013, "Missing Permissions")),
            _ => Ok(channel.id),
        }
    }
}
