//! What the simulated Discord knows: channels, messages, interactions, commands, sessions. One value behind one lock;
//! every request and every gesture of a person is one step on it, without waiting.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::commands::Commands;
use super::fault::Faults;
use super::interaction::Interaction;
use super::limit::Limits;
use super::message::Message;
use super::record::Record;
use super::session::Gateway;
use super::snowflake::Snowflakes;

/// The id of the application and of its bot user.
pub(super) const APPLICATION: u64 = 1_089_000_000_000_000_001;
/// The one guild there is.
pub(super) const GUILD: u64 = 1_089_000_000_000_000_002;
/// The other guild, which the bot is no member of.
pub(super) const FOREIGN_GUILD: u64 = 1_089_000_000_000_000_004;
/// Who owns the guild and the application.
pub(super) const OWNER: u64 = 1_089_000_000_000_000_003;
/// The locale of the guild, and of everybody unless told otherwise.
pub(super) const LOCALE: &str = "en-US";
/// What people may do unless told otherwise: see, write, embed, attach, read back, use commands, write in threads.
pub(super) const DEFAULT_PERMISSIONS: u64 = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 31 | 1 << 38;
/// How long a typing indicator shows.
pub(super) const TYPING: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct World {
    pub(super) token: String,
    pub(super) url: String,
    pub(super) ids: Snowflakes,
    pub(super) names: BTreeMap<u64, String>,
    /// The locale of a person's app, where it is not the default.
    pub(super) locales: BTreeMap<u64, String>,
    /// What a person may do, by channel and person, where it is not the default.
    pub(super) permissions: BTreeMap<(u64, u64), u64>,
    pub(super) channels: BTreeMap<u64, Channel>,
    pub(super) interactions: BTreeMap<u64, Interaction>,
    pub(super) commands: Commands,
    pub(super) gateway: Gateway,
    pub(super) faults: Faults,
    pub(super) limits: Limits,
    pub(super) record: Record,
    /// After these times something will have changed without anybody doing anything.
    pub(super) alarms: Vec<Duration>,
}

#[derive(Debug)]
pub(super) struct Channel {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) kind: ChannelKind,
    pub(super) access: Access,
    pub(super) messages: Vec<Message>,
    pub(super) typing_until: Option<Instant>,
    pub(super) typing_pulses: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChannelKind {
    /// A text channel of the guild.
    Text,
    /// A forum of the guild: its posts are threads, and nobody writes in it itself.
    Forum,
    /// A text channel of another guild, which the bot is no member of. People bring it along.
    Foreign,
    /// The direct messages of one person.
    Direct(u64),
    /// A thread below another channel.
    Thread(u64),
}

/// What the bot may do in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Open,
    /// It sees the channel and may not write.
    ReadOnly,
    /// It does not see the channel.
    Hidden,
    /// The channel is no more.
    Deleted,
}

impl World {
    pub(super) fn new(token: &str, url: String) -> Self {
        Self {
            token: token.to_owned(),
            url,
            ids: Snowflakes::default(),
            names: BTreeMap::from([(APPLICATION, "legwork".to_owned()), (OWNER, "owner".to_owned())]),
            locales: BTreeMap::new(),
            permissions: BTreeMap::new(),
            channels: BTreeMap::new(),
            interactions: BTreeMap::new(),
            commands: Commands::default(),
            gateway: Gateway::default(),
            faults: Faults::default(),
            limits: Limits::default(),
            record: Record::default(),
            alarms: Vec::new(),
        }
    }

    pub(super) fn name(&self, user: u64) -> String {
        self.names.get(&user).cloned().unwrap_or_else(|| format!("user-{user}"))
    }

    /// Makes sure that a text channel of this id is there; a deleted one stays deleted.
    pub(super) fn open_channel(&mut self, id: u64) {
        self.channels.entry(id).or_insert_with(|| Channel::new(id, &format!("channel-{id}"), ChannelKind::Text));
    }

    /// Makes sure that there is a channel of this kind.
    pub(super) fn open(&mut self, id: u64, name: &str, kind: ChannelKind) {
        self.channels.entry(id).or_insert_with(|| Channel::new(id, name, kind));
    }

    /// The direct messages between the bot and this person.
    pub(super) fn open_direct(&mut self, user: u64) -> u64 {
        let known = self.channels.values().find(|channel| channel.kind == ChannelKind::Direct(user)).map(|channel| channel.id);
        known.unwrap_or_else(|| {
            let id = self.ids.next();
            self.channels.insert(id, Channel::new(id, &self.name(user), ChannelKind::Direct(user)));
            id
        })
    }

    pub(super) fn open_thread(&mut self, id: u64, parent: u64, name: &str) {
        self.channels.insert(id, Channel::new(id, name, ChannelKind::Thread(parent)));
    }

    pub(super) fn permissions(&self, channel: u64, user: u64) -> u64 {
        self.permissions.get(&(channel, user)).copied().unwrap_or(DEFAULT_PERMISSIONS)
    }

    pub(super) fn message(&self, channel: u64, id: u64) -> Option<&Message> {
        self.channels.get(&channel)?.messages.iter().find(|message| message.id == id)
    }

    pub(super) fn message_mut(&mut self, channel: u64, id: u64) -> Option<&mut Message> {
        self.channels.get_mut(&channel)?.messages.iter_mut().find(|message| message.id == id)
    }

    /// Tells those who look that something changes after this time.
    pub(super) fn alarm(&mut self, after: Duration) {
        self.alarms.push(after);
    }

    /// The guild as an id in an event about this channel; direct messages have none.
    pub(super) fn guild_of(&self, channel: u64) -> Option<u64> {
        match self.channels.get(&channel)?.kind {
            ChannelKind::Direct(_) => None,
            ChannelKind::Foreign => Some(FOREIGN_GUILD),
            ChannelKind::Text | ChannelKind::Forum | ChannelKind::Thread(_) => Some(GUILD),
        }
    }
}

impl Channel {
    fn new(id: u64, name: &str, kind: ChannelKind) -> Self {
        Self { id, name: name.to_owned(), kind, access: Access::Open, messages: Vec::new(), typing_until: None, typing_pulses: 0 }
    }
}

/// A list in a JSON value; nothing where there is none.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
