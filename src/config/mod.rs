//! The configuration: what the file says ([`RawConfig`]), checked into what the program needs ([`Config`]).
//!
//! A leaf: it knows addresses and limits, but no HTTP and no SQL. Each component receives its own section by value.
//! Reading goes [`layers`] (which value wins) -> [`shape`] (names and kinds) -> [`check`] and [`value`] (meanings), and every
//! step adds to one list of [`problem`]s, so that a person sees all of them at once.

pub mod check;
pub mod example;
pub mod layers;
pub mod problem;
pub mod raw;
pub mod secret;
pub mod shape;
pub mod value;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use crate::config::layers::File;
use crate::config::problem::ConfigError;
use crate::config::raw::RawConfig;
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::language::Language;
use crate::domain::limits::Limits;
use crate::domain::preferences::Preferences;

/// Everything the program needs, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The HTTP server.
    pub server: ServerConfig,
    /// The ledger's store.
    pub store: StoreConfig,
    /// Limits of tasks.
    pub tasks: TasksConfig,
    /// The model.
    pub llm: LlmConfig,
    /// Telegram, when a token is set.
    pub telegram: Option<TelegramConfig>,
    /// Discord, when a token is set.
    pub discord: Option<DiscordConfig>,
    /// Who may use the bot.
    pub access: AccessConfig,
    /// What channels hear.
    pub notify: NotifyConfig,
}

impl Config {
    /// Reads the file (when none is named, `legwork.toml` if there is one), then environment variables like
    /// `LEGWORK__TELEGRAM__TOKEN`, then `overrides` of dotted keys; later ones win.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
        overrides: &[(String, String)],
    ) -> Result<Self, ConfigError> {
        load(file.into(), env, overrides).map(|(config, _)| config)
    }

    /// The defaults with these settings of dotted keys; neither file nor environment is read.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn of(settings: &[(String, String)]) -> Result<Self, ConfigError> {
        load(File::Ignored, std::iter::empty(), settings).map(|(config, _)| config)
    }

    /// Every secret there is, for the redaction of logs.
    #[must_use]
    pub fn secrets(&self) -> Vec<&SecretString> {
        let telegram = self.telegram.as_ref().map(|telegram| &telegram.token);
        let discord = self.discord.as_ref().map(|discord| &discord.token);
        let others = [self.server.admin_token.as_ref(), Some(&self.llm.api_key)];
        telegram.into_iter().chain(discord).chain(others.into_iter().flatten()).collect()
    }
}

/// The configuration in effect as TOML, with `[redacted]` for secrets.
///
/// # Errors
/// As [`Config::load`].
pub fn effective(
    file: Option<&Path>,
    env: impl Iterator<Item = (String, String)>,
    overrides: &[(String, String)],
) -> Result<String, ConfigError> {
    let (_, raw) = load(file.into(), env, overrides)?;
    // Plain texts, numbers and lists can always be written as TOML.
    Ok(toml::to_string(&raw).unwrap_or_default())
}

fn load(
    file: File<'_>,
    env: impl Iterator<Item = (String, String)>,
    overrides: &[(String, String)],
) -> Result<(Config, RawConfig), ConfigError> {
    let mut problems = Vec::new();
    let layers = layers::read(file, env, overrides, &mut problems);
    let config = check::checked(&layers, &mut problems);
    if problems.is_empty() { Ok((config, layers.raw)) } else { Err(ConfigError { problems }) }
}

/// `[server]`
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Where operations, API and page listen.
    pub listen: SocketAddr,
    /// Required of API callers when set.
    pub admin_token: Option<SecretString>,
}

/// `[store]`
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// The `SQLite` file.
    pub path: PathBuf,
    /// How long finished tasks are kept.
    pub retention: Duration,
}

/// `[tasks]`
#[derive(Debug, Clone)]
pub struct TasksConfig {
    /// What may run and wait.
    pub limits: Limits,
    /// How long running tasks may go on after the signal to stop.
    pub drain: Duration,
}

/// `[llm]`
#[derive(Debug, Clone)]
pub struct LlmConfig {
    /// Root of an OpenAI-compatible API, without a trailing slash.
    pub base_url: String,
    /// The key; empty for servers without one.
    pub api_key: SecretString,
    /// The model asked unless a task names another.
    pub model: String,
    /// What the model is told before the prompt.
    pub system_prompt: String,
    /// Bound of one answer in tokens; none leaves it to the server.
    pub max_output_tokens: Option<u32>,
    /// Further tries of one call.
    pub retries: u32,
    /// To the first text, reasoning or tool call; none is as the model needs it.
    pub first_token: Option<Duration>,
    /// Without any byte after that.
    pub byte_idle: Duration,
    /// Without any text though bytes flow.
    pub event_idle: Duration,
    /// One call in all.
    pub call_timeout: Duration,
}

/// `[telegram]`
#[derive(Debug, Clone)]
pub struct TelegramConfig {
    /// The bot's token.
    pub token: SecretString,
    /// Root under which `/bot<token>/<method>` is served, without a trailing slash.
    pub api_url: String,
    /// How many times faster than Telegram allows the bot may talk.
    pub pace: NonZeroU32,
}

/// `[discord]`
#[derive(Debug, Clone)]
pub struct DiscordConfig {
    /// The bot's token, without the `Bot ` prefix.
    pub token: SecretString,
    /// Root under which `/api/v10/...` is served, without a trailing slash.
    pub api_url: String,
    /// How many times faster than Discord allows the bot may talk.
    pub pace: NonZeroU32,
    /// Guilds that get the commands at once; empty means global commands.
    pub guilds: Vec<u64>,
}

/// `[access]`
#[derive(Debug, Clone, Default)]
pub struct AccessConfig {
    /// Everybody may.
    pub open: bool,
    /// These see and cancel everything.
    pub admins: Vec<PersonId>,
    /// These may, everywhere.
    pub people: Vec<PersonId>,
    /// Everybody in these channels may.
    pub channels: Vec<ChannelId>,
}

/// `[notify]` and `[[channels]]`
#[derive(Debug, Clone, Default)]
pub struct NotifyConfig {
    /// What a channel gets unless it says otherwise.
    pub defaults: Preferences,
    /// Where results go when a task has no channel of its own.
    pub default_deliver_to: Vec<ChannelId>,
    /// The language that everybody hears; none when each hears their own.
    pub language: Option<Language>,
    /// Channels that differ.
    pub channels: Vec<ChannelConfig>,
}

/// One of `[[channels]]`
#[derive(Debug, Clone)]
pub struct ChannelConfig {
    /// Which channel.
    pub id: ChannelId,
    /// What it gets.
    pub preferences: Preferences,
    /// The model its tasks ask.
    pub model: Option<String>,
    /// What the model is told before its prompts.
    pub system_prompt: Option<String>,
}
