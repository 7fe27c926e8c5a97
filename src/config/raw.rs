//! What the configuration file says, key for key.
//!
//! [`RawConfig`] mirrors `legwork.toml` and knows nothing but its shape: what a time or an address is, is checked later.
//! Its [`Default`] is the one place where defaults are written down; the example file is tested against it, and the
//! names and kinds of all keys are read from it.

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::domain::limits::Limits;
use crate::domain::notice::Events;

/// `legwork.toml`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawConfig {
    /// The HTTP server.
    pub server: RawServer,
    /// The ledger's store.
    pub store: RawStore,
    /// Limits of tasks.
    pub tasks: RawTasks,
    /// The model.
    pub llm: RawLlm,
    /// Telegram; off without a token.
    pub telegram: RawTelegram,
    /// Discord; off without a token.
    pub discord: RawDiscord,
    /// Who may use the bot.
    pub access: RawAccess,
    /// What channels hear.
    pub notify: RawNotify,
    /// Channels that differ from `notify`.
    pub channels: Vec<RawChannel>,
}

/// `[server]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawServer {
    /// Address and port. Defaults to `127.0.0.1:8787`.
    pub listen: String,
    /// Bearer token of API callers. Defaults to none.
    pub admin_token: RawSecret,
    /// A file that holds it.
    pub admin_token_file: String,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawStore {
    /// `sqlite:` and a path. Defaults to `sqlite:legwork.db`.
    pub url: String,
    /// How long finished tasks are kept, at least three days. Defaults to `30d`.
    pub retention: String,
}

/// `[tasks]`; the defaults are those of [`Limits`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTasks {
    /// Running at once.
    pub max_running: u32,
    /// Of one person running at once.
    pub max_running_per_person: u32,
    /// Of one channel running at once.
    pub max_running_per_channel: u32,
    /// Waiting in all.
    pub max_queued: u32,
    /// Of one person waiting.
    pub max_queued_per_person: u32,
    /// Active time of one attempt.
    pub timeout: String,
    /// Attempts of one task, when crashes interrupt it.
    pub max_attempts: u32,
    /// Time for running tasks after the signal to stop. Defaults to `20s`.
    pub drain: String,
}

/// `[llm]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawLlm {
    /// Root of the API. Defaults to `https://api.openai.com/v1`.
    pub base_url: String,
    /// The key; `OPENAI_API_KEY` is read when neither this nor the file is set.
    pub api_key: RawSecret,
    /// A file that holds it.
    pub api_key_file: String,
    /// The model. Defaults to `gpt-5-mini`.
    pub model: String,
    /// What the model is told before the prompt. Defaults to nothing.
    pub system_prompt: String,
    /// Bound of one answer in tokens. Defaults to 0, which leaves it to the server.
    pub max_output_tokens: u32,
    /// Further tries of one call. Defaults to 4.
    pub retries: u32,
    /// To the first text, reasoning or tool call. Defaults to `auto`: 2 minutes, 5 for models that think before they write, 10
    /// for a server on this machine.
    pub first_token: String,
    /// Without any byte after that. Defaults to `90s`.
    pub byte_idle: String,
    /// Without any text though bytes flow. Defaults to `300s`.
    pub event_idle: String,
    /// One call in all. Defaults to `15m`.
    pub call_timeout: String,
}

/// `[telegram]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTelegram {
    /// The bot's token. Defaults to none, which turns the platform off.
    pub token: RawSecret,
    /// A file that holds it.
    pub token_file: String,
    /// Root of the Bot API. Defaults to `https://api.telegram.org`.
    pub api_url: String,
    /// How many times faster than Telegram allows to talk. Defaults to 1; more is for test servers.
    pub pace: u32,
    /// How updates arrive. Defaults to `polling`, the only way yet.
    pub mode: String,
}

/// `[discord]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawDiscord {
    /// The bot's token. Defaults to none, which turns the platform off.
    pub token: RawSecret,
    /// A file that holds it.
    pub token_file: String,
    /// Root of the API. Defaults to `https://discord.com`.
    pub api_url: String,
    /// How many times faster than Discord allows to talk. Defaults to 1; more is for test servers.
    pub pace: u32,
    /// How interactions arrive. Defaults to `gateway`, the only way yet.
    pub mode: String,
    /// Guilds that get the commands at once. Defaults to none: global commands.
    pub guilds: Vec<String>,
}

/// `[access]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawAccess {
    /// Everybody may. Defaults to false.
    pub open: bool,
    /// Persons who see and cancel everything.
    pub admins: Vec<String>,
    /// Persons who may, everywhere.
    pub people: Vec<String>,
    /// Channels in which everybody may.
    pub channels: Vec<String>,
}

/// `[notify]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawNotify {
    /// What a channel hears. Defaults to all of [`Events::WORDS`].
    pub events: Vec<String>,
    /// Where results go when a task has no channel of its own. Defaults to none.
    pub default_deliver_to: Vec<String>,
    /// Whether notices come without a sound. Defaults to false.
    pub silent: bool,
    /// Whether who asked is mentioned when a task ends. Defaults to false.
    pub mention: bool,
    /// Whether each task gets a thread of its own, where there are threads. Defaults to false.
    pub thread: bool,
    /// The span of the day in which notices are held. Defaults to none.
    pub quiet: String,
    /// The time zone of quiet hours that name none. Defaults to `UTC`.
    pub time_zone: String,
    /// The language of the bot. Defaults to `auto`: each person's own.
    pub language: String,
}

/// One of `[[channels]]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawChannel {
    /// Which channel; required.
    pub id: String,
    /// What it hears. Defaults to `notify.events`.
    pub events: Option<Vec<String>>,
    /// Channels that hear of its tasks too. Defaults to none.
    pub deliver_to: Vec<String>,
    /// The model its tasks ask. Defaults to `llm.model`.
    pub model: String,
    /// What the model is told before its prompts. Defaults to `llm.system_prompt`.
    pub system_prompt: String,
    /// Whether its notices come without a sound. Defaults to `notify.silent`.
    pub silent: Option<bool>,
    /// Whether who asked is mentioned when a task ends. Defaults to `notify.mention`.
    pub mention: Option<bool>,
    /// Whether each task gets a thread of its own. Defaults to `notify.thread`.
    pub thread: Option<bool>,
    /// The span of the day in which its notices are held, or `off`. Defaults to `notify.quiet`.
    pub quiet: String,
    /// The time zone of that. Defaults to `notify.time_zone`.
    pub time_zone: String,
}

/// A secret as the file holds it. It is written out and shown as `[redacted]`, so that printing a configuration cannot
/// give it away.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct RawSecret(String);

impl RawSecret {
    /// Takes a text as a secret.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, without white space around it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.trim()
    }
}

impl std::fmt::Debug for RawSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.expose().is_empty() { "none" } else { "[redacted]" })
    }
}

impl Serialize for RawSecret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.expose().is_empty() { "" } else { "[redacted]" })
    }
}

impl Default for RawServer {
    fn default() -> Self {
        Self { listen: text("127.0.0.1:8787"), admin_token: RawSecret::default(), admin_token_file: String::new() }
    }
}

impl Default for RawStore {
    fn default() -> Self {
        Self { url: text("sqlite:legwork.db"), retention: text("30d") }
    }
}

impl Default for RawTasks {
    fn default() -> Self {
        let limits = Limits::default();
        let count = |limit: usize| u32::try_from(limit).unwrap_or(u32::MAX);
        Self {
            max_running: count(limits.max_running),
            max_running_per_person: count(limits.max_running_per_person),
            max_running_per_channel: count(limits.max_running_per_channel),
            max_queued: count(limits.max_queued),
            max_queued_per_person: count(limits.max_queued_per_person),
            timeout: humantime::format_duration(limits.timeout).to_string(),
            max_attempts: limits.max_attempts,
            drain: text("20s"),
        }
    }
}

impl Default for RawLlm {
    fn default() -> Self {
        Self {
            base_url: text("https://api.openai.com/v1"),
            api_key: RawSecret::default(),
            api_key_file: String::new(),
            model: text("gpt-5-mini"),
            system_prompt: String::new(),
            max_output_tokens: 0,
            retries: 4,
            first_token: text("auto"),
            byte_idle: text("90s"),
            event_idle: text("300s"),
            call_timeout: text("15m"),
        }
    }
}

impl Default for RawTelegram {
    fn default() -> Self {
        let (token, token_file) = (RawSecret::default(), String::new());
        Self { token, token_file, api_url: text("https://api.telegram.org"), pace: 1, mode: text("polling") }
    }
}

impl Default for RawDiscord {
    fn default() -> Self {
        let (token, token_file) = (RawSecret::default(), String::new());
        Self { token, token_file, api_url: text("https://discord.com"), pace: 1, mode: text("gateway"), guilds: Vec::new() }
    }
}

impl Default for RawNotify {
    fn default() -> Self {
        Self {
            events: Events::WORDS.map(str::to_owned).to_vec(),
            default_deliver_to: Vec::new(),
            silent: false,
            mention: false,
            thread: false,
            quiet: String::new(),
            time_zone: text("UTC"),
            language: text("auto"),
        }
    }
}

fn text(value: &str) -> String {
    value.to_owned()
}

/// Every key with its default, as a table: the names and kinds that a layer is checked against.
///
/// # Errors
/// When the defaults cannot be written as TOML, which they can.
pub fn schema() -> Result<Table, toml::ser::Error> {
    Table::try_from(RawConfig::default())
}

/// The same for one of `[[channels]]`.
///
/// # Errors
/// As [`schema`].
pub fn channel_schema() -> Result<Table, toml::ser::Error> {
    let (silent, mention, thread) = (Some(false), Some(false), Some(false));
    Table::try_from(RawChannel { events: Some(Vec::new()), silent, mention, thread, ..RawChannel::default() })
}

/// The dotted keys of a table, tables inside it taken apart.
#[must_use]
pub fn dotted_keys(table: &Table) -> Vec<String> {
    let mut keys = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => keys.extend(dotted_keys(inner).into_iter().map(|key| format!("{name}.{key}"))),
            _ => keys.push(name.clone()),
        }
    }
    keys
}
