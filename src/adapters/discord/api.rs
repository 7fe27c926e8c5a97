//! One request to Discord's REST API and what came of it.
//!
//! Requests are built by serenity, which knows the routes, but executed here: serenity's own executor loses the headers
//! that say how long to wait. The same path serves production and a test server, which differ in the root only. No
//! address, header or body of a request reaches an error or a log, because they hold the bot's token or an
//! interaction's; serenity records them in spans while it builds, so it builds with tracing turned off.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use reqwest012::header::HeaderMap;
use reqwest012::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serenity::builder::CreateAttachment;
use serenity::http::{LightMethod, Multipart, MultipartUpload, Request, Route};
use tokio::time::Instant;

use crate::adapters::discord::error::{ApiError, DiscordError};
use crate::adapters::discord::health::Health;
use crate::adapters::discord::restraint::{Bucket, Limits, OnTheWay, Restraint};
use crate::config::DiscordConfig;
use crate::metrics::Metrics;

/// To a connection, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One request in all.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// One request that carries a file.
const UPLOAD_TIMEOUT: Duration = Duration::from_mins(2);

/// The REST API, with the bot's token. Cheap to clone. Has no `Debug`, because of the token.
#[derive(Clone)]
pub(super) struct Api {
    inner: Arc<Inner>,
}

struct Inner {
    client: reqwest012::Client,
    root: String,
    token: SecretString,
    authorization: SecretString,
    metrics: Metrics,
    restraint: Restraint,
    health: Health,
    pace: NonZeroU32,
}

/// One request to be made.
pub(super) struct Call<'a> {
    /// How.
    pub(super) method: LightMethod,
    /// Where.
    pub(super) route: Route<'a>,
    /// What follows the path.
    pub(super) query: Option<(&'static str, &'static str)>,
    /// The JSON body.
    pub(super) body: Option<Vec<u8>>,
    /// A file that goes with it.
    file: Option<CreateAttachment>,
    /// How long it may take.
    pub(super) timeout: Duration,
}

impl<'a> Call<'a> {
    /// A request without a body.
    pub(super) fn new(method: LightMethod, route: Route<'a>) -> Self {
        Self { method, route, query: None, body: None, file: None, timeout: REQUEST_TIMEOUT }
    }

    /// With this parameter after the path.
    pub(super) fn query(self, name: &'static str, value: &'static str) -> Self {
        Self { query: Some((name, value)), ..self }
    }

    /// With this body.
    pub(super) fn json(self, body: &impl serde::Serialize) -> Result<Self, ApiError> {
        let body = serde_json::to_vec(body).map_err(|_| ApiError::Unavailable("the request cannot be written"))?;
        Ok(Self { body: Some(body), ..self })
    }

    /// With this file, by its name and content.
    pub(super) fn with_file(self, file: Option<&(String, Vec<u8>)>) -> Self {
        match file {
            None => self,
            Some((name, bytes)) => {
                let file = Some(CreateAttachment::bytes(bytes.clone(), name.clone()));
                Self { file, timeout: UPLOAD_TIMEOUT, ..self }
            }
        }
    }

    /// With this bound in time.
    pub(super) fn within(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }
}

impl Api {
    /// Prepares the client; makes no connection.
    pub(super) fn new(config: &DiscordConfig, metrics: Metrics, health: Health) -> Result<Self, DiscordError> {
        let token = config.token.expose_secret().trim();
        let token = token.strip_prefix("Bot ").unwrap_or(token).trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(DiscordError::MalformedToken);
        }
        let root = config.api_url.trim_end_matches('/').to_owned();
        let url = reqwest012::Url::parse(&root).map_err(|_| DiscordError::ApiUrl)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(DiscordError::ApiUrl);
        }
        let client = reqwest012::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .no_proxy()
            // A redirect would carry the token to somebody else.
            .redirect(Policy::none())
            .build()
            .map_err(DiscordError::Client)?;
        let authorization = SecretString::from(format!("Bot {token}"));
        let token = SecretString::from(token);
        let (restraint, pace) = (Restraint::new(config.pace), config.pace);
        let inner = Inner { client, root, token, authorization, metrics, restraint, health, pace };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Counts a request that somebody else makes to this route, until what is returned is dropped; or says how long there
    /// is no room for it.
    pub(super) fn count(&self, method: LightMethod, route: Route<'_>) -> Result<OnTheWay, ApiError> {
        self.inner.restraint.check(place(&Call::new(method, route)), Instant::now())
    }

    /// The HTTP client, for serenity's own request at the start of a gateway.
    pub(super) fn client(&self) -> reqwest012::Client {
        self.inner.client.clone()
    }

    /// The root of the API.
    pub(super) fn root(&self) -> &str {
        &self.inner.root
    }

    /// How many times faster than Discord allows the bot may talk to this server.
    pub(super) fn pace(&self) -> NonZeroU32 {
        self.inner.pace
    }

    /// The bot's token.
    pub(super) fn token(&self) -> &SecretString {
        &self.inner.token
    }

    /// Makes a request and reads its answer.
    pub(super) async fn fetch<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, ApiError> {
        let template = place(&call).route;
        let body = self.call(call).await?;
        serde_json::from_slice(&body).map_err(|_| {
            // It was done, but there is no proof of what.
            tracing::warn!(method = template, "Discord's answer cannot be understood");
            ApiError::Unknown("Discord's answer cannot be understood")
        })
    }

    /// Makes a request whose answer says nothing of interest.
    pub(super) async fn send(&self, call: Call<'_>) -> Result<(), ApiError> {
        self.call(call).await.map(drop)
    }

    /// Makes a request, unless it is known to be in vain.
    async fn call(&self, call: Call<'_>) -> Result<Vec<u8>, ApiError> {
        let bucket = place(&call);
        let on_the_way = self.inner.restraint.check(bucket, Instant::now())?;
        let result = self.execute(call, bucket).await;
        drop(on_the_way);
        let outcome = result.as_ref().map_or_else(ApiError::outcome, |_| "ok");
        self.inner.metrics.platform_request("discord", bucket.route, outcome);
        result
    }

    async fn execute(&self, call: Call<'_>, bucket: Bucket) -> Result<Vec<u8>, ApiError> {
        let timeout = call.timeout;
        let query = call.query.map(|(name, value)| vec![(name, value.to_owned())]);
        let request = Request::new(call.route, call.method).params(query);
        let request = match call.file {
            None => request.body(call.body),
            Some(file) => request.multipart(Some(form(file, call.body))),
        };
        let (client, authorization) = (&self.inner.client, self.inner.authorization.expose_secret());
        let build = || request.build(client, authorization, Some(&self.inner.root)).ok();
        let request = tracing::dispatcher::with_default(&tracing::Dispatch::none(), build);
        let request = request.ok_or(ApiError::Unavailable("the request cannot be built"))?.timeout(timeout);
        let response = request.send().await.map_err(|error| lost(&error))?;
        let status = response.status().as_u16();
        let mut limits = limits_of(response.headers());
        let body = response.bytes().await;
        if (200..300).contains(&status) {
            self.learn(bucket, status, &limits);
            return body.map(Into::into).map_err(|_| ApiError::Unknown("the connection broke while Discord answered"));
        }
        let refusal: Refusal = body.ok().and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default();
        limits.retry_after = refusal.retry_after.or(limits.retry_after);
        limits.global |= refusal.global;
        let wait = self.learn(bucket, status, &limits);
        Err(match status {
            429 => ApiError::RetryAfter(wait.unwrap_or_default()),
            401 if !bucket.open => ApiError::Unauthorized,
            500.. => ApiError::Server(status),
            400..500 => ApiError::Refused { status, code: refusal.code },
            _ => ApiError::Unavailable("something other than Discord answers"),
        })
    }

    /// Takes what an answer says of limits to heart. An interaction's token says nothing about the bot's.
    fn learn(&self, bucket: Bucket, status: u16, limits: &Limits) -> Option<Duration> {
        match status {
            401 if !bucket.open => self.inner.health.token_refused(),
            200..300 if !bucket.open => self.inner.health.token_accepted(),
            _ => {}
        }
        self.inner.restraint.learn(bucket, status, limits, Instant::now())
    }
}

/// A form with a file beside the JSON body.
fn form(file: CreateAttachment, body: Option<Vec<u8>>) -> Multipart {
    let payload_json = body.and_then(|body| String::from_utf8(body).ok());
    Multipart { upload: MultipartUpload::Attachments(vec![file]), fields: Vec::new(), payload_json }
}

/// Discord's JSON error. Its message is not read: what people are told is decided by the code.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: u64,
    retry_after: Option<f64>,
    global: bool,
}

/// A request that brought no answer: whether it left is what matters.
fn lost(error: &reqwest012::Error) -> ApiError {
    if error.is_connect() || error.is_builder() {
        ApiError::Unavailable("no connection to Discord")
    } else if error.is_timeout() {
        ApiError::Unknown("Discord did not answer in time")
    } else {
        ApiError::Unknown("the connection to Discord broke before it answered")
    }
}

fn limits_of(headers: &HeaderMap) -> Limits {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let number = |name: &str| text(name).and_then(|value| value.trim().parse::<f64>().ok());
    let scope = text("x-ratelimit-scope").unwrap_or_default();
    Limits {
        retry_after: number("retry-after"),
        global: scope == "global" || text("x-ratelimit-global").is_some_and(|value| value == "true"),
        shared: scope == "shared",
        bucket: text("x-ratelimit-bucket").map(ToOwned::to_owned),
        limit: text("x-ratelimit-limit").and_then(|value| value.trim().parse().ok()),
        remaining: text("x-ratelimit-remaining").and_then(|value| value.trim().parse().ok()),
        reset_after: number("x-ratelimit-reset-after"),
    }
}

/// Every route the adapter uses, without ids and tokens. The template is the label of the metric, too.
fn place(call: &Call<'_>) -> Bucket {
    let of = |route, major| Bucket { route, major, open: false };
    // Each interaction has its own limits. Its token must not be kept any longer than it is used.
    let open = |route, token: &str| Bucket { route, major: hash_of(token), open: true };
    match (call.method, call.route) {
        (LightMethod::Get, Route::UserMe) => of("GET /users/@me", 0),
        (LightMethod::Get, Route::UserMeGuilds) => of("GET /users/@me/guilds", 0),
        (LightMethod::Post, Route::UserMeDmChannels) => of("POST /users/@me/channels", 0),
        (LightMethod::Get, Route::Gateway) => of("GET /gateway", 0),
        (LightMethod::Get, Route::GatewayBot) => of("GET /gateway/bot", 0),
        (LightMethod::Get, Route::Commands { application_id }) => of("GET /applications/{app}/commands", application_id.get()),
        (LightMethod::Put, Route::Commands { application_id }) => of("PUT /applications/{app}/commands", application_id.get()),
        (LightMethod::Get, Route::GuildCommands { guild_id, .. }) => {
            of("GET /applications/{app}/guilds/{guild}/commands", guild_id.get())
        }
        (LightMethod::Put, Route::GuildCommands { guild_id, .. }) => {
            of("PUT /applications/{app}/guilds/{guild}/commands", guild_id.get())
        }
        (LightMethod::Post, Route::ChannelMessages { channel_id }) => of("POST /channels/{channel}/messages", channel_id.get()),
        (LightMethod::Patch, Route::ChannelMessage { channel_id, .. }) => {
            of("PATCH /channels/{channel}/messages/{message}", channel_id.get())
        }
        (LightMethod::Post, Route::ChannelTyping { channel_id }) => of("POST /channels/{channel}/typing", channel_id.get()),
        (LightMethod::Get, Route::Channel { channel_id }) => of("GET /channels/{channel}", channel_id.get()),
        (LightMethod::Post, Route::ChannelMessageThreads { channel_id, .. }) => {
            of("POST /channels/{channel}/messages/{message}/threads", channel_id.get())
        }
        (LightMethod::Post, Route::InteractionResponse { token, .. }) => open("POST /interactions/{id}/{token}/callback", token),
        (LightMethod::Patch, Route::WebhookOriginalInteractionResponse { token, .. }) => {
            open("PATCH /webhooks/{app}/{token}/messages/@original", token)
        }
        (LightMethod::Delete, Route::WebhookOriginalInteractionResponse { token, .. }) => {
            open("DELETE /webhooks/{app}/{token}/messages/@original", token)
        }
        (LightMethod::Patch, Route::WebhookFollowupMessage { token, .. }) => {
            open("PATCH /webhooks/{app}/{token}/messages/{message}", token)
        }
        (LightMethod::Post, Route::WebhookFollowupMessages { token, .. }) => open("POST /webhooks/{app}/{token}", token),
        _ => of("other", 0),
    }
}

fn hash_of(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}
