//! One request to Discord's REST API and what came of it.
//!
//! Requests are built by serenity, which knows the routes, but executed here: serenity's own executor loses the headers
//! that say how long to wait. The same path serves production and a test server, which differ in the root only. No
//! address, header or body of a request reaches an error or a log, because they hold the bot's token or an
//! interaction's; serenity records them in spans while it builds, so it builds with tracing turned off.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use reqwest012::header::HeaderMap;
use reqwest012::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serenity::http::{LightMethod, Request, Route};
use tokio::time::Instant;

use crate::adapters::discord::error::{ApiError, DiscordError};
use crate::adapters::discord::restraint::{Bucket, Limits, Restraint};
use crate::config::DiscordConfig;
use crate::metrics::Metrics;

/// To a connection, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One request in all.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

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
    pace: NonZeroU32,
}

/// One request to be made.
pub(super) struct Call<'a> {
    /// How.
    pub(super) method: LightMethod,
    /// Where.
    pub(super) route: Route<'a>,
    /// The JSON body.
    pub(super) body: Option<Vec<u8>>,
    /// How long it may take.
    pub(super) timeout: Duration,
}

impl<'a> Call<'a> {
    /// A request without a body.
    pub(super) fn new(method: LightMethod, route: Route<'a>) -> Self {
        Self { method, route, body: None, timeout: REQUEST_TIMEOUT }
    }

    /// With this body.
    pub(super) fn json(self, body: &impl serde::Serialize) -> Result<Self, ApiError> {
        let body = serde_json::to_vec(body).map_err(|_| ApiError::Unavailable("the request cannot be written"))?;
        Ok(Self { body: Some(body), ..self })
    }

    /// With this bound in time.
    pub(super) fn within(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }
}

/// What a route is to us.
struct Place {
    /// Method and path without ids: the label of the metric.
    template: &'static str,
    /// The channel, guild or application it is about; none for routes that an interaction's token opens.
    major: Option<u64>,
}

impl Api {
    /// Prepares the client; makes no connection.
    pub(super) fn new(config: &DiscordConfig, metrics: Metrics) -> Result<Self, DiscordError> {
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
        let inner = Inner { client, root, token, authorization, metrics, restraint: Restraint::default(), pace: config.pace };
        Ok(Self { inner: Arc::new(inner) })
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
        let place = place(&call);
        let body = self.call(call).await?;
        serde_json::from_slice(&body).map_err(|_| {
            // It was done, but there is no proof of what.
            tracing::warn!(method = place.template, "Discord's answer cannot be understood");
            ApiError::Unknown("Discord's answer cannot be understood")
        })
    }

    /// Makes a request whose answer says nothing of interest.
    pub(super) async fn send(&self, call: Call<'_>) -> Result<(), ApiError> {
        self.call(call).await.map(drop)
    }

    /// Makes a request, unless it is known to be in vain.
    async fn call(&self, call: Call<'_>) -> Result<Vec<u8>, ApiError> {
        let place = place(&call);
        let bucket = place.major.map(|major| Bucket { route: place.template, major });
        if let Some(bucket) = bucket {
            self.inner.restraint.check(bucket, Instant::now())?;
        }
        let result = self.execute(call, bucket).await;
        let outcome = result.as_ref().map_or_else(ApiError::outcome, |_| "ok");
        self.inner.metrics.platform_request("discord", place.template, outcome);
        result
    }

    async fn execute(&self, call: Call<'_>, bucket: Option<Bucket>) -> Result<Vec<u8>, ApiError> {
        let timeout = call.timeout;
        let request = Request::new(call.route, call.method).body(call.body);
        let (client, authorization) = (&self.inner.client, self.inner.authorization.expose_secret());
        let build = || request.build(client, authorization, Some(&self.inner.root)).ok();
        let request = tracing::dispatcher::with_default(&tracing::Dispatch::none(), build);
        let request = request.ok_or(ApiError::Unavailable("the request cannot be built"))?.timeout(timeout);
        let response = request.send().await.map_err(|error| lost(&error))?;
        let status = response.status().as_u16();
        let mut limits = limits_of(response.headers());
        let body = response.bytes().await;
        if (200..300).contains(&status) {
            self.learn(bucket, status, limits);
            return body.map(Into::into).map_err(|_| ApiError::Unknown("the connection broke while Discord answered"));
        }
        let refusal: Refusal = body.ok().and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default();
        limits.retry_after = refusal.retry_after.or(limits.retry_after);
        limits.global |= refusal.global;
        let wait = self.learn(bucket, status, limits);
        Err(match status {
            429 => ApiError::RetryAfter(wait.unwrap_or_default()),
            401 if bucket.is_some() => ApiError::Unauthorized,
            500.. => ApiError::Server(status),
            400..500 => ApiError::Refused { status, code: refusal.code },
            _ => ApiError::Unavailable("something other than Discord answers"),
        })
    }

    fn learn(&self, bucket: Option<Bucket>, status: u16, limits: Limits) -> Option<Duration> {
        let now = Instant::now();
        match bucket {
            Some(bucket) => self.inner.restraint.learn(bucket, status, limits, now),
            None => self.inner.restraint.note(status, limits, now),
        }
    }
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
        remaining: text("x-ratelimit-remaining").and_then(|value| value.trim().parse().ok()),
        reset_after: number("x-ratelimit-reset-after"),
    }
}

/// Every route the adapter uses, without ids and tokens.
fn place(call: &Call<'_>) -> Place {
    let of = |template, major| Place { template, major: Some(major) };
    let open = |template| Place { template, major: None };
    match (call.method, call.route) {
        (LightMethod::Get, Route::UserMe) => of("GET /users/@me", 0),
        (LightMethod::Post, Route::UserMeDmChannels) => of("POST /users/@me/channels", 0),
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
        (LightMethod::Post, Route::ChannelTyping { channel_id }) => of("POST /channels/{channel}/typing", channel_id.get()),
        (LightMethod::Get, Route::Channel { channel_id }) => of("GET /channels/{channel}", channel_id.get()),
        (LightMethod::Post, Route::ChannelMessageThreads { channel_id, .. }) => {
            of("POST /channels/{channel}/messages/{message}/threads", channel_id.get())
        }
        (LightMethod::Post, Route::InteractionResponse { .. }) => open("POST /interactions/{id}/{token}/callback"),
        (LightMethod::Patch, Route::WebhookOriginalInteractionResponse { .. }) => {
            open("PATCH /webhooks/{app}/{token}/messages/@original")
        }
        (LightMethod::Delete, Route::WebhookOriginalInteractionResponse { .. }) => {
            open("DELETE /webhooks/{app}/{token}/messages/@original")
        }
        (LightMethod::Post, Route::WebhookFollowupMessages { .. }) => open("POST /webhooks/{app}/{token}"),
        _ => of("other", 0),
    }
}
