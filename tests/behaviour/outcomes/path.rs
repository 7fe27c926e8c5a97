//! The ways between a person and the bot, and what befalls some of them while a task runs.

use crate::support::chat::{Chat, Place};
use crate::support::world::{World, id};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    PrivateChat,
    Group,
    Topic,
    GuildChannel,
    Thread,
    DirectMessages,
    /// In a guild, the token of the command is refused while the task runs, as it is after a quarter of an hour.
    TokenDead,
    /// The same on a server that the bot is no member of, where the token is the only way.
    TokenDeadOutside,
    GroupDeleted,
    TopicDeleted,
    ChannelDeleted,
    /// The person blocks the bot in their private chat.
    Blocked,
    /// The channel is deleted, and the person takes no direct messages.
    ChannelDeletedAndMessagesClosed,
}

/// One person on one path: where they ask, and where they are reached alone.
#[derive(Debug, Clone, Copy)]
pub struct Spot {
    pub path: Path,
    /// The number of the task that is asked for here.
    pub number: u64,
    person: u64,
    place: Place,
    alone: Place,
}

impl Path {
    /// Makes the place for the person who will ask for task `number`.
    pub fn opens(self, world: &World, number: u64) -> Spot {
        let (person, channel) = (2000 + number, channel(number));
        let group = -100_200 - id(number);
        let private = Place::Telegram { chat: id(person), topic: None };
        let (place, alone) = match self {
            Self::PrivateChat | Self::Blocked => (private, private),
            Self::Group | Self::GroupDeleted => (Place::Telegram { chat: group, topic: None }, private),
            Self::Topic | Self::TopicDeleted => {
                let topic = Some(world.telegram.create_topic(group, "Plans"));
                (Place::Telegram { chat: group, topic }, private)
            }
            Self::GuildChannel | Self::TokenDead | Self::ChannelDeleted | Self::ChannelDeletedAndMessagesClosed => {
                (discord(world.discord.channel(channel)), discord(world.discord.dm(person)))
            }
            Self::Thread => (discord(world.discord.thread(channel)), discord(world.discord.dm(person))),
            Self::TokenDeadOutside => (discord(world.discord.foreign_channel(channel)), discord(world.discord.dm(person))),
            Self::DirectMessages => (discord(world.discord.dm(person)), discord(world.discord.dm(person))),
        };
        if alone == private {
            // They have started the bot at some time.
            world.telegram.add_chat(id(person), "A person");
        }
        Spot { path: self, number, person, place, alone }
    }
}

impl Spot {
    /// What happens here while the task runs.
    pub fn breaks(&self, world: &World) {
        match (self.path, self.place) {
            (Path::TokenDead | Path::TokenDeadOutside, Place::Discord { channel }) => {
                let asked = world.discord.interactions(channel).pop().unwrap();
                world.discord.expire_token(asked.id);
            }
            (Path::ChannelDeleted, Place::Discord { channel }) => world.discord.delete_channel(channel),
            (Path::ChannelDeletedAndMessagesClosed, Place::Discord { channel }) => {
                world.discord.delete_channel(channel);
                world.discord.forbid(world.discord.dm(self.person));
            }
            (Path::GroupDeleted, Place::Telegram { chat, .. }) => world.telegram.deletes_group(chat),
            (Path::TopicDeleted, Place::Telegram { chat, topic }) => world.telegram.deletes_topic(chat, topic.unwrap()),
            (Path::Blocked, Place::Telegram { chat, .. }) => world.telegram.block(chat),
            _ => {}
        }
    }

    /// Whether the bot may show here that it is busy.
    pub fn lets_type(&self) -> bool {
        self.path != Path::TokenDeadOutside
    }

    /// Whether the person asks where they are alone with the bot.
    pub fn is_direct(&self) -> bool {
        self.place == self.alone
    }

    /// Where the person asks.
    pub fn here<'w>(&self, world: &'w World) -> Chat<'w> {
        Chat { world, place: self.place, person: self.person }
    }

    /// Another place in the same chat, where nothing of it belongs: the general topic, the channel above a thread.
    pub fn elsewhere<'w>(&self, world: &'w World) -> Option<Chat<'w>> {
        let place = match (self.path, self.place) {
            (Path::Topic | Path::TopicDeleted, Place::Telegram { chat, .. }) => Place::Telegram { chat, topic: None },
            (Path::Thread, _) => discord(channel(self.number)),
            _ => return None,
        };
        Some(Chat { world, place, person: self.person })
    }

    /// Where the person is alone with the bot.
    pub fn alone<'w>(&self, world: &'w World) -> Chat<'w> {
        Chat { world, place: self.alone, person: self.person }
    }
}

/// The Discord channel for this task.
fn channel(number: u64) -> u64 {
    700 + number
}

fn discord(channel: u64) -> Place {
    Place::Discord { channel }
}
