//! All three servers together, and what a bot has to be told to use them.

use std::io;
use std::path::Path;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::discord::DiscordServer;
use super::model::ModelServer;
use super::telegram::TelegramServer;

const TELEGRAM_TOKEN: &str = "100100100:demo-token-of-no-use-elsewhere";
const DISCORD_TOKEN: &str = "ZGVtbw.demo-token.of-no-use-elsewhere";

/// Telegram, Discord and a model, each on a port of its own.
pub struct Platforms {
    /// Telegram.
    pub telegram: TelegramServer,
    /// Discord.
    pub discord: DiscordServer,
    /// The model.
    pub model: ModelServer,
}

impl Platforms {
    /// Starts them on `tracker`, until `stop`.
    ///
    /// # Errors
    /// When a port cannot be bound.
    pub async fn start(tracker: &TaskTracker, stop: &CancellationToken) -> io::Result<Self> {
        Ok(Self {
            telegram: TelegramServer::start(TELEGRAM_TOKEN, tracker, stop.clone()).await?,
            discord: DiscordServer::start(DISCORD_TOKEN, tracker, stop.clone()).await?,
            model: ModelServer::start(tracker, stop.clone()).await?,
        })
    }

    /// The configuration of a bot that uses them, is open to everybody and keeps its ledger in `folder`.
    #[must_use]
    pub fn settings(&self, folder: &Path, listen: &str) -> Vec<(String, String)> {
        let settings = [
            ("server.listen", listen.to_owned()),
            ("store.url", format!("sqlite:{}", folder.join("legwork.db").display())),
            ("telegram.token", TELEGRAM_TOKEN.to_owned()),
            ("telegram.api_url", self.telegram.url()),
            ("discord.token", DISCORD_TOKEN.to_owned()),
            ("discord.api_url", self.discord.url()),
            ("llm.base_url", self.model.url()),
            ("llm.model", "demo".to_owned()),
            ("llm.api_key", "key-of-the-demo-model".to_owned()),
            ("access.open", "true".to_owned()),
            ("tasks.drain", "1s".to_owned()),
        ];
        settings.map(|(key, value)| (key.to_owned(), value)).into()
    }
}
