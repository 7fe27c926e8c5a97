//! One way to call the Bot API: teloxide's payloads, our own exchange.
//!
//! teloxide describes the methods (names, parameters, results, refusals), but its executor sleeps ten seconds on a
//! server error, drops the status and does not tell "never arrived" from "no answer". The lanes need exactly that
//! difference, so the exchange itself is here. The token is in the URL of every request; this file is where it is kept
//! from getting any further.

use std::num::NonZeroU32;
use std::time::Duration;

use reqwest012::Client;
use reqwest012::Url;
use reqwest012::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest012::multipart::{Form, Part};
use reqwest012::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use teloxide::ApiError;
use teloxide::requests::Payload;
use teloxide::types::{ChatId, Recipient};

use crate::adapters::telegram::error::{CallError, TelegramError};
use crate::adapters::telegram::restraint::Restraint;
use crate::config::TelegramConfig;
use crate::metrics::Metrics;

/// How long a connection may take, name resolution and TLS included.
const CONNECT: Duration = Duration::from_secs(5);
/// Idle connections are closed before the server does it, or a request could meet a connection that is just closing,
/// and nobody would know whether it arrived.
const IDLE: Duration = Duration::from_secs(25);
/// How long a call may take that the server answers at once.
pub(super) const PROMPT: Duration = Duration::from_secs(15);
/// How long a call may take that carries a file.
pub(super) const UPLOAD: Duration = Duration::from_mins(2);
/// The wait when the server asks for one without saying how long.
const UNSPECIFIED_WAIT: Duration = Duration::from_secs(5);

/// The Bot API of one server for one token. It has no `Debug`: it holds the token.
pub(super) struct Api {
    client: Client,
    root: String,
    token: SecretString,
    metrics: Metrics,
    restraint: Restraint,
    pace: NonZeroU32,
}

/// A file that goes with a call.
#[derive(Clone, Copy)]
pub(super) struct Upload<'a> {
    /// The parameter that it is.
    pub(super) field: &'static str,
    /// Its name.
    pub(super) name: &'a str,
    /// What is in it.
    pub(super) content: &'a [u8],
}

impl Api {
    /// Sets the client up. Does no I/O.
    pub(super) fn new(config: TelegramConfig, metrics: Metrics) -> Result<Self, TelegramError> {
        let TelegramConfig { token, api_url, pace } = config;
        let token = token.expose_secret().trim();
        let root_text = api_url.trim().trim_end_matches('/');
        // Anything else would change the path of the URL and with it the meaning of the request.
        let well_formed = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_');
        if token.is_empty() || !token.chars().all(well_formed) {
            return Err(TelegramError::TokenMalformed);
        }
        let root = Url::parse(root_text).map_err(|_| TelegramError::ApiUrl)?;
        if !matches!(root.scheme(), "http" | "https") || root.host_str().is_none() {
            return Err(TelegramError::ApiUrl);
        }
        let client = client(&root).map_err(|error| TelegramError::HttpClient(root_cause(&error.without_url())))?;
        let restraint = Restraint::default();
        Ok(Self { client, root: root_text.to_owned(), token: token.to_owned().into(), metrics, restraint, pace })
    }

    /// How many times faster than Telegram allows the bot may talk to this server.
    pub(super) fn pace(&self) -> NonZeroU32 {
        self.pace
    }

    /// Calls a method and waits at most `patience` for the whole answer.
    pub(super) async fn call<P>(&self, payload: &P, patience: Duration) -> Result<P::Output, CallError>
    where
        P: Payload + Serialize + Sync,
        P::Output: DeserializeOwned,
    {
        self.call_as::<P, P::Output>(payload, patience).await
    }

    /// As [`Api::call`], for results of which only a part is wanted: what else has changed on the server does no harm.
    pub(super) async fn call_as<P, R>(&self, payload: &P, patience: Duration) -> Result<R, CallError>
    where
        P: Payload + Serialize + Sync,
        R: DeserializeOwned,
    {
        self.transfer(payload, None, patience).await
    }

    /// As [`Api::call_in`], with a file.
    pub(super) async fn upload_in<P, R>(
        &self,
        chat: &Recipient,
        payload: &P,
        file: Upload<'_>,
        patience: Duration,
    ) -> Result<R, CallError>
    where
        P: Payload + Serialize + Sync,
        R: DeserializeOwned,
    {
        self.restraint.keep(chat, self.transfer(payload, Some(file), patience)).await
    }

    async fn transfer<P, R>(&self, payload: &P, file: Option<Upload<'_>>, patience: Duration) -> Result<R, CallError>
    where
        P: Payload + Serialize + Sync,
        R: DeserializeOwned,
    {
        let method = method_name(P::NAME);
        let answer = self.exchange(&method, payload, file, patience).await;
        let result = answer.and_then(|value| {
            // The decoder's own words may quote a person's text.
            serde_json::from_value(value).map_err(|_| CallError::Unknown(format!("the answer to {method} cannot be read")))
        });
        self.metrics.platform_request("telegram", method, result.as_ref().map_or_else(CallError::outcome, |_| "ok"));
        result
    }

    /// As [`Api::call_as`], for what shows in a chat: waits that Telegram asked for there are kept.
    pub(super) async fn call_in<P, R>(&self, chat: &Recipient, payload: &P, patience: Duration) -> Result<R, CallError>
    where
        P: Payload + Serialize + Sync,
        R: DeserializeOwned,
    {
        self.restraint.keep(chat, self.call_as(payload, patience)).await
    }

    async fn exchange<P>(
        &self,
        method: &str,
        payload: &P,
        file: Option<Upload<'_>>,
        patience: Duration,
    ) -> Result<Value, CallError>
    where
        P: Serialize + Sync,
    {
        let unwritable = |_| CallError::Unavailable(format!("the parameters of {method} cannot be written"));
        let url = format!("{}/bot{}/{method}", self.root, self.token.expose_secret());
        let request = self.client.post(url).timeout(patience);
        let request = match file {
            None => {
                let body = serde_json::to_vec(payload).map_err(unwritable)?;
                request.header(CONTENT_TYPE, "application/json").body(body)
            }
            Some(file) => request.multipart(form(&serde_json::to_value(payload).map_err(unwritable)?, file)),
        };
        let response = request.send().await.map_err(|error| self.lost(method, error))?;
        let status = response.status().as_u16();
        let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        match response.bytes().await {
            Ok(body) => self.read(status, wait, &body),
            Err(_) if status >= 500 => Err(failed(status, "")),
            Err(error) => Err(self.lost(method, error)),
        }
    }

    /// What an exchange that broke off means. A connection that never came about carried nothing.
    fn lost(&self, method: &str, error: reqwest012::Error) -> CallError {
        let error = error.without_url();
        if error.is_builder() || error.is_connect() {
            let what = if error.is_timeout() { "no connection in time".to_owned() } else { root_cause(&error) };
            return CallError::Unavailable(self.scrubbed(&format!("cannot connect to Telegram: {what}")));
        }
        let what = if error.is_timeout() { "timed out".to_owned() } else { root_cause(&error) };
        CallError::Unknown(self.scrubbed(&format!("no answer to {method}: {what}")))
    }

    fn read(&self, status: u16, wait: Option<u64>, body: &[u8]) -> Result<Value, CallError> {
        let Ok(envelope) = serde_json::from_slice::<Envelope>(body) else {
            return Err(match status {
                429 => CallError::RetryAfter(wait.map_or(UNSPECIFIED_WAIT, at_least_a_second)),
                200..=299 => CallError::Unknown("the answer is not one of the Bot API".to_owned()),
                500.. => failed(status, ""),
                // A proxy or a wrong root answers, not the Bot API: nothing was done.
                _ => CallError::Unavailable(format!("HTTP {status} that is not from the Bot API; check telegram.api_url")),
            });
        };
        if envelope.ok {
            return Ok(envelope.result);
        }
        let code = envelope.error_code.unwrap_or(status);
        let description = without_quotes(&self.scrubbed(&envelope.description));
        let parameters = envelope.parameters.unwrap_or_default();
        if let Some(chat) = parameters.migrate_to_chat_id {
            return Err(CallError::Migrated(ChatId(chat)));
        }
        Err(match (code, parameters.retry_after.or(wait)) {
            (429, wait) => CallError::RetryAfter(wait.map_or(UNSPECIFIED_WAIT, at_least_a_second)),
            (500.., _) => failed(code, &description),
            _ => CallError::Refused { code, error: refusal(&description), description },
        })
    }

    /// A text without the token, whoever wrote it: a proxy may repeat the path in its error.
    fn scrubbed(&self, text: &str) -> String {
        let token = self.token.expose_secret();
        let secret = token.split_once(':').map_or(token, |(_, secret)| secret);
        let text = text.replace(token, "[token]");
        if secret.len() < 8 { text } else { text.replace(secret, "[token]") }
    }
}

/// Parameters as a form, with a file beside them: texts as they are, everything else as JSON.
fn form(parameters: &Value, file: Upload<'_>) -> Form {
    let mut form = Form::new();
    for (name, value) in parameters.as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        form = form.text(name.clone(), value);
    }
    form.part(file.field, Part::bytes(file.content.to_vec()).file_name(file.name.to_owned()))
}

/// A refusal without what it quotes: that is of the message ("unsupported start tag \"b\""), and refusals are logged.
fn without_quotes(description: &str) -> String {
    let mut parts = description.split('"');
    let mut text = parts.next().unwrap_or_default().to_owned();
    while let (Some(_quoted), rest) = (parts.next(), parts.next()) {
        text.push_str("\"…\"");
        text.push_str(rest.unwrap_or_default());
    }
    text
}

/// What the server sends around every result.
#[derive(Deserialize)]
struct Envelope {
    ok: bool,
    #[serde(default)]
    result: Value,
    error_code: Option<u16>,
    #[serde(default)]
    description: String,
    parameters: Option<Parameters>,
}

#[derive(Deserialize, Default)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

fn client(root: &Url) -> reqwest012::Result<Client> {
    // A redirect would take the token to another server.
    let builder = Client::builder().connect_timeout(CONNECT).pool_idle_timeout(IDLE).redirect(Policy::none());
    if is_loopback(root) { builder.no_proxy().build() } else { builder.build() }
}

/// Whether the server is on this machine, where a proxy from the environment cannot reach it.
fn is_loopback(root: &Url) -> bool {
    let host = root.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The method as the documentation spells it; teloxide begins with a capital, which not every server takes.
fn method_name(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// A failure of the server. One that is not there for a while has done nothing; one that broke, or whose gateway lost it, may
/// have done everything.
fn failed(code: u16, description: &str) -> CallError {
    let reason = format!("Telegram failed with {code} {description}").trim_end().to_owned();
    if code == 503 { CallError::Unavailable(reason) } else { CallError::Unknown(reason) }
}

fn refusal(description: &str) -> ApiError {
    serde_json::from_value(Value::String(description.to_owned())).unwrap_or_else(|_| ApiError::Unknown(description.to_owned()))
}

fn at_least_a_second(seconds: u64) -> Duration {
    Duration::from_secs(seconds.max(1))
}

/// The innermost cause, which is the one that says something ("connection refused").
fn root_cause(error: &reqwest012::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "123456:SECRET-part-of-token";

    fn api(url: &str, token: &str) -> Result<Api, TelegramError> {
        let config = TelegramConfig { token: token.to_owned().into(), api_url: url.to_owned(), pace: NonZeroU32::MIN };
        Api::new(config, Metrics::default())
    }

    fn read(status: u16, body: &str) -> Result<Value, CallError> {
        api("http://127.0.0.1:1", TOKEN).unwrap().read(status, None, body.as_bytes())
    }

    #[test]
    fn odd_tokens_and_roots_are_refused_before_any_request() {
        for token in ["", "  ", "1:a/../b", "1:a?x", "1:ä"] {
            assert!(matches!(api("https://api.telegram.org", token), Err(TelegramError::TokenMalformed)), "{token}");
        }
        for root in ["", "api.telegram.org", "ftp://x", "http://"] {
            assert!(matches!(api(root, TOKEN), Err(TelegramError::ApiUrl)), "{root}");
        }
        assert!(api("http://localhost:8081/", " 1:a\n").is_ok());
    }

    #[test]
    fn answers_keep_what_the_server_said() {
        assert_eq!(read(200, r#"{"ok":true,"result":{"a":1}}"#).unwrap()["a"], 1);
        let body = r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":33}}"#;
        assert!(matches!(read(429, body), Err(CallError::RetryAfter(wait)) if wait == Duration::from_secs(33)));
        let body = r#"{"ok":false,"error_code":400,"description":"x","parameters":{"migrate_to_chat_id":-1009}}"#;
        assert!(matches!(read(400, body), Err(CallError::Migrated(ChatId(-1009)))));
        let body = r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#;
        assert!(matches!(read(403, body), Err(CallError::Refused { code: 403, error: ApiError::BotBlocked, .. })));
    }

    #[test]
    fn answers_that_are_not_of_the_bot_api_are_judged_by_their_status() {
        assert!(matches!(read(502, "<html>Bad Gateway</html>"), Err(CallError::Unknown(_))));
        assert!(matches!(read(500, r#"{"ok":false,"error_code":500,"description":"x"}"#), Err(CallError::Unknown(_))));
        assert!(matches!(read(504, "upstream timed out"), Err(CallError::Unknown(_))));
        assert!(matches!(read(503, "come back later"), Err(CallError::Unavailable(_))));
        assert!(matches!(read(404, "not here"), Err(CallError::Unavailable(_))));
        assert!(matches!(read(429, "slow down"), Err(CallError::RetryAfter(UNSPECIFIED_WAIT))));
        assert!(matches!(read(200, "<html>Welcome</html>"), Err(CallError::Unknown(_))));
        assert!(matches!(read(302, ""), Err(CallError::Unavailable(_))));
    }

    #[test]
    fn a_server_that_repeats_the_path_does_not_reveal_the_token() {
        let body = format!(r#"{{"ok":false,"error_code":400,"description":"no /bot{TOKEN}/x, {}"}}"#, "SECRET-part-of-token");
        let error = read(400, &body).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{error:?}");
    }

    #[test]
    fn a_refusal_does_not_repeat_what_was_sent() {
        for (said, kept) in [
            ("Bad Request: unsupported start tag \"b\" at byte 3", "Bad Request: unsupported start tag \"…\" at byte 3"),
            ("no end of \"the result", "no end of \"…\""),
            ("\"a\" or \"b\"", "\"…\" or \"…\""),
            ("Bad Request: chat not found", "Bad Request: chat not found"),
        ] {
            assert_eq!(without_quotes(said), kept);
        }
    }

    #[test]
    fn methods_are_spelled_as_documented() {
        assert_eq!(method_name("SendMessage"), "sendMessage");
        assert_eq!(method_name("GetMe"), "getMe");
    }
}
