//! The whole server over the simulator: real sockets, real teloxide, serenity and async-openai, a real SQLite file.
//!
//! A test speaks through a [`Chat`]: `world.telegram(ANN).says("/submit ...")`, `hears("#1 ... done")`. Every world ends
//! with [`World::closes`], which asserts that nothing is left over and that nobody broke a platform's rules.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use legwork::app::{App, Pages};
use legwork::config::Config;
use legwork::domain::summary::MonitorSummary;
use legwork::lifecycle::Lifecycle;
use legwork::simulator::discord::DiscordServer;
use legwork::simulator::model::ModelServer;
use legwork::simulator::telegram::TelegramServer;
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::support::chat::{Chat, Place};
use crate::support::wait::{PATIENCE, Wait};

pub const TELEGRAM_TOKEN: &str = "123456:AAtelegram-secret-token-of-the-test";
pub const DISCORD_TOKEN: &str = "MTAwMDAwMDAwMDAwMDAwMDAw.discord-secret.token-of-the-test";
pub const API_KEY: &str = "sk-secret-key-of-the-test";

/// People. The numbers are theirs on both platforms.
pub const ANN: u64 = 1001;
pub const BOB: u64 = 1002;

pub struct World {
    pub telegram: TelegramServer,
    pub discord: DiscordServer,
    pub model: ModelServer,
    pub config: Config,
    pub directory: TempDir,
    app: Option<Running>,
    servers: TaskTracker,
    stop: CancellationToken,
}

struct Running {
    lifecycle: Lifecycle,
    address: SocketAddr,
    ended: JoinHandle<anyhow::Result<()>>,
}

impl World {
    /// A world with default settings, open to everybody, its server ready on both platforms.
    pub async fn starts() -> Self {
        Self::with(|_config| ()).await
    }

    /// The same, with other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut world = Self::stopped().await;
        change(&mut world.config);
        world.serves().await;
        world
    }

    /// The platforms alone; the server has not been started.
    pub async fn stopped() -> Self {
        let (servers, stop) = (TaskTracker::new(), CancellationToken::new());
        let telegram = TelegramServer::start(TELEGRAM_TOKEN, &servers, stop.clone()).await.unwrap();
        let discord = DiscordServer::start(DISCORD_TOKEN, &servers, stop.clone()).await.unwrap();
        let model = ModelServer::start(&servers, stop.clone()).await.unwrap();
        model.require_key(API_KEY);
        model.pace(Duration::ZERO);
        let directory = TempDir::new().unwrap();
        let config = config(&telegram, &discord, &model, directory.path().join("legwork.db"));
        Self { telegram, discord, model, config, directory, app: None, servers, stop }
    }

    /// Starts the server and waits until it is ready.
    pub async fn serves(&mut self) {
        let lifecycle = Lifecycle::default();
        let app = App::build(self.config.clone(), lifecycle.clone(), Pages::default()).await.unwrap();
        let address = app.address().unwrap();
        let ended = TaskTracker::new().spawn(app.run());
        self.app = Some(Running { lifecycle, address, ended });
        self.until("the server is ready", |world| world.waiting_for().is_empty()).await;
    }

    /// What readiness waits for.
    pub fn waiting_for(&self) -> Vec<(&'static str, String)> {
        self.app.as_ref().unwrap().lifecycle.readiness.waiting_for()
    }

    /// Asks the server to stop softly and waits for its end; how long it took.
    pub async fn stops(&mut self) -> Duration {
        let Running { lifecycle, ended, .. } = self.app.take().unwrap();
        let asked = Instant::now();
        lifecycle.soft.cancel();
        ended.await.unwrap().unwrap();
        let took = asked.elapsed();
        assert_eq!(lifecycle.tracker.len(), 0, "typing, lanes or attempts are left");
        took
    }

    /// A private chat of this person on Telegram.
    pub fn telegram(&self, person: u64) -> Chat<'_> {
        Chat { world: self, place: Place::Telegram { chat: id(person), topic: None }, person }
    }

    /// A group on Telegram, as this person sees it.
    pub fn telegram_group(&self, chat: i64, person: u64) -> Chat<'_> {
        Chat { world: self, place: Place::Telegram { chat, topic: None }, person }
    }

    /// A topic of a group on Telegram, as this person sees it.
    pub fn telegram_topic(&self, chat: i64, topic: i64, person: u64) -> Chat<'_> {
        Chat { world: self, place: Place::Telegram { chat, topic: Some(topic) }, person }
    }

    /// A channel of the demo guild on Discord, as this person sees it.
    pub fn discord_channel(&self, channel: u64, person: u64) -> Chat<'_> {
        Chat { world: self, place: Place::Discord { channel: self.discord.channel(channel) }, person }
    }

    /// The root of the server's own HTTP interface.
    pub fn url(&self) -> String {
        format!("http://{}", self.app.as_ref().unwrap().address)
    }

    /// A GET of the server's own HTTP interface: status and body.
    pub async fn gets(&self, path: &str) -> (u16, String) {
        let client = reqwest012::Client::builder().no_proxy().build().unwrap();
        let response = client.get(self.url() + path).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// A POST of the server's own HTTP interface, without a body: status and body.
    pub async fn posts(&self, path: &str) -> (u16, String) {
        let client = reqwest012::Client::builder().no_proxy().build().unwrap();
        let response = client.post(self.url() + path).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// The counts, as the API shows them.
    pub async fn summary(&self) -> MonitorSummary {
        serde_json::from_str(&self.gets("/api/v1/summary").await.1).unwrap()
    }

    /// Waits until no task lives and no notice is owed.
    pub async fn settles(&self) {
        self.until_summary("nothing is left over", |summary| summary.active() == 0 && summary.notices_owed == 0).await;
    }

    /// Waits until the counts are as wanted.
    pub async fn until_summary(&self, what: &str, wanted: impl Fn(&MonitorSummary) -> bool) {
        let mut wait = Wait::begin();
        loop {
            let summary = self.summary().await;
            if wanted(&summary) {
                return;
            }
            wait.goes_on(|| format!("it did not come to pass that {what}: {summary:?}")).await;
        }
    }

    /// Waits until `ready` holds, looking again and again.
    pub async fn until(&self, what: &str, ready: impl Fn(&Self) -> bool) {
        let mut wait = Wait::begin();
        while !ready(self) {
            self.still_lives(what);
            wait.goes_on(|| format!("it did not come to pass that {what}")).await;
        }
    }

    /// Fails the test when the server has ended by itself.
    pub fn still_lives(&self, meanwhile: &str) {
        if let Some(app) = &self.app {
            assert!(!app.ended.is_finished(), "the server ended while waiting: {meanwhile}");
        }
    }

    /// Ends the world: waits until nothing is owed, stops the server, and asserts that no task lives, nothing waits to be
    /// delivered, nobody types, no call to the model runs, and no rule of a platform was broken.
    pub async fn closes(mut self) {
        if self.app.is_some() {
            self.settles().await;
            let took = self.stops().await;
            assert!(took < self.config.tasks.drain + Duration::from_secs(5), "stopping took {took:?}");
        }
        assert_eq!(self.model.running(), 0, "calls to the model are left");
        assert_eq!(self.telegram.violations(), Vec::<String>::new());
        assert_eq!(self.discord.violations(), Vec::<String>::new());
        assert_eq!(self.discord.pings(), Vec::<String>::new());
        self.stop.cancel();
        self.servers.close();
        tokio::time::timeout(PATIENCE, self.servers.wait()).await.unwrap();
    }
}

/// The configuration of a server on these platforms: quick to stop, open to everybody.
pub fn config(telegram: &TelegramServer, discord: &DiscordServer, model: &ModelServer, ledger: PathBuf) -> Config {
    let secret = |text: &str| SecretString::from(text.to_owned());
    let environment = [
        ("LEGWORK__TELEGRAM__API_URL", telegram.url()),
        ("LEGWORK__DISCORD__API_URL", discord.url()),
        // The platforms of most tests limit nothing; a test of limits slows down to those it turns on.
        ("LEGWORK__TELEGRAM__PACE", "1000".to_owned()),
        ("LEGWORK__DISCORD__PACE", "1000".to_owned()),
        ("LEGWORK__LLM__BASE_URL", model.url()),
        ("LEGWORK__LLM__MODEL", "demo".to_owned()),
        ("LEGWORK__ACCESS__OPEN", "true".to_owned()),
        ("LEGWORK__TASKS__DRAIN", "2s".to_owned()),
        ("LEGWORK__TELEGRAM__TOKEN", TELEGRAM_TOKEN.to_owned()),
        ("LEGWORK__DISCORD__TOKEN", DISCORD_TOKEN.to_owned()),
    ];
    let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value));
    let mut config = Config::load(None, environment, &[]).unwrap_or_else(|error| panic!("{error}"));
    config.server.listen = (Ipv4Addr::LOCALHOST, 0).into();
    config.store.path = ledger;
    config.llm.api_key = secret(API_KEY);
    config
}

/// A person's number as Telegram's signed ids.
pub fn id(person: u64) -> i64 {
    i64::try_from(person).unwrap()
}
