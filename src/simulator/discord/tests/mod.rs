//! The simulator met by the real clients: serenity on its gateway, reqwest on its REST API.

mod faults;
mod interactions;
mod places;
mod rest;
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use reqwest012::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest012::{Client as HttpClient, Method, Response};
use serde_json::{Value, json};
use serenity::all::{
    Client, ClientBuilder, Context, CreateAllowedMentions, CreateCommand, CreateCommandOption, EventHandler, GatewayIntents,
    Http, HttpBuilder, Interaction, ShardManager,
};
use serenity::async_trait;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::DiscordServer;

const TOKEN: &str = "MTAwMA.fake.token";
const CHANNEL: u64 = 500;
const ADA: u64 = 77;
const PATIENCE: Duration = Duration::from_secs(20);

/// A server, and what ends it.
struct Bench {
    server: DiscordServer,
    tracker: TaskTracker,
    stop: CancellationToken,
    http: HttpClient,
    bots: TaskTracker,
}

impl Bench {
    async fn start() -> Self {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let server = DiscordServer::start(TOKEN, &tracker, stop.clone()).await.expect("a free port");
        server.channel(CHANNEL);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bot {TOKEN}")).expect("a header"));
        let http = HttpClient::builder().no_proxy().timeout(PATIENCE).default_headers(headers);
        let http = http.user_agent("DiscordBot (https://example.org, 1)").build().expect("a client");
        Self { server, tracker, stop, http, bots: TaskTracker::new() }
    }

    /// Waits until the world is as wanted.
    async fn until(&self, wanted: impl Fn(&DiscordServer) -> bool) {
        let mut changes = self.server.changed();
        let wait = async {
            while !wanted(&self.server) {
                changes.changed().await.expect("a running server");
            }
        };
        let violations = || self.server.violations();
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("not as wanted in time; violations: {:?}", violations()));
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        self.try_send(method, path, body).await.expect("an answer")
    }

    async fn try_send(&self, method: Method, path: &str, body: Option<&Value>) -> reqwest012::Result<Response> {
        let request = self.http.request(method, format!("{}/api/v10{path}", self.server.url()));
        match body {
            Some(body) => request.json(body).send().await,
            None => request.send().await,
        }
    }

    /// Sends a message and gives back status and answer.
    async fn says(&self, body: Value) -> (u16, Value) {
        self.call(Method::POST, &format!("/channels/{CHANNEL}/messages"), Some(body)).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let response = self.send(method, path, body.as_ref()).await;
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Registers `/submit` and `/status`, as over REST.
    async fn register(&self) {
        let commands = json!([
            CreateCommand::new("submit").description("Hand over").add_option(
                CreateCommandOption::new(serenity::all::CommandOptionType::String, "prompt", "What to do").required(true)
            ),
            CreateCommand::new("status").description("How it stands").add_option(
                CreateCommandOption::new(serenity::all::CommandOptionType::String, "task", "Which").set_autocomplete(true)
            ),
        ]);
        let path = format!("/applications/{}/commands", self.server.application_id());
        let (status, answer) = self.call(Method::PUT, &path, Some(commands)).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// Ends the server; nothing it spawned may stay.
    async fn end(self) {
        self.stop.cancel();
        self.tracker.close();
        timeout(PATIENCE, self.tracker.wait()).await.expect("everything ends");
    }
}

/// A bot made of serenity, on the server's gateway.
struct Bot {
    http: Arc<Http>,
    heard: UnboundedReceiver<Heard>,
    shards: Arc<ShardManager>,
    /// How serenity's `start` ended.
    ended: oneshot::Receiver<String>,
}

/// What the gateway told the bot.
#[derive(Debug)]
enum Heard {
    Ready,
    Resumed,
    Guild(String),
    Interaction(Box<Interaction>),
}

struct Ear(UnboundedSender<Heard>);

impl Ear {
    fn tell(&self, heard: Heard) {
        self.0.send(heard).unwrap_or_default();
    }
}

#[async_trait]
impl EventHandler for Ear {
    async fn ready(&self, _: Context, _: serenity::all::Ready) {
        self.tell(Heard::Ready);
    }

    async fn resume(&self, _: Context, _: serenity::all::ResumedEvent) {
        self.tell(Heard::Resumed);
    }

    async fn guild_create(&self, _: Context, guild: serenity::all::Guild, _: Option<bool>) {
        self.tell(Heard::Guild(guild.name));
    }

    async fn interaction_create(&self, _: Context, interaction: Interaction) {
        self.tell(Heard::Interaction(Box::new(interaction)));
    }
}

impl Bot {
    /// Connects and waits for READY.
    async fn connect(bench: &Bench, intents: GatewayIntents) -> Self {
        let mut bot = Self::start(bench, TOKEN, intents).await;
        assert!(matches!(bot.hears().await, Heard::Ready));
        bot
    }

    async fn start(bench: &Bench, token: &str, intents: GatewayIntents) -> Self {
        let client = HttpClient::builder().no_proxy().timeout(PATIENCE).build().expect("a client");
        let http = HttpBuilder::new(token)
            .proxy(bench.server.url())
            .client(client)
            .ratelimiter_disabled(true)
            .default_allowed_mentions(CreateAllowedMentions::new())
            .build();
        let (tell, heard) = unbounded_channel();
        let mut client: Client = ClientBuilder::new_with_http(http, intents).event_handler(Ear(tell)).await.expect("a client");
        let (http, shards) = (Arc::clone(&client.http), Arc::clone(&client.shard_manager));
        let (end, ended) = oneshot::channel();
        bench.bots.spawn(async move { end.send(format!("{:?}", client.start().await)).unwrap_or_default() });
        Self { http, heard, shards, ended }
    }

    async fn hears(&mut self) -> Heard {
        timeout(PATIENCE, self.heard.recv()).await.expect("something is heard in time").expect("a running bot")
    }

    async fn hears_interaction(&mut self) -> Interaction {
        loop {
            if let Heard::Interaction(interaction) = self.hears().await {
                return *interaction;
            }
        }
    }

    async fn leave(self) {
        self.shards.shutdown_all().await;
        self.end().await;
    }

    async fn end(self) -> String {
        timeout(PATIENCE, self.ended).await.expect("the bot ends").unwrap_or_default()
    }
}
