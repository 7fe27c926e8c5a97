//! Discord's rate limits: a window per route and major parameter, and one for the whole bot.
//!
//! Unless they are enforced, the headers promise plenty and nobody is refused, so that tests of other things run at
//! full speed.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use axum::{Json, http::StatusCode};
use serde_json::json;
use tokio::time::Instant;

use super::route::{Guard, Route};
use super::snowflake::unix_millis;

const GLOBAL: (u32, Duration) = (50, Duration::from_secs(1));
const PLENTY: (u32, Duration) = (1_000_000, Duration::from_secs(1));

/// How far each limit is used up.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) enforced: bool,
    windows: BTreeMap<String, Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Instant,
    used: u32,
}

/// What the headers of an answer say.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Allowance {
    bucket: String,
    limit: u32,
    remaining: u32,
    reset_after: Duration,
}

/// A request too many.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TooMany {
    pub(super) retry_after: f64,
    pub(super) global: bool,
    /// The state of the route's own limit, if that was it.
    allowance: Option<Allowance>,
}

impl TooMany {
    /// A wait that no counting led to.
    pub(super) fn arbitrary(retry_after: f64, global: bool) -> Self {
        Self { retry_after, global, allowance: None }
    }
}

impl Limits {
    /// Counts one request.
    ///
    /// # Errors
    ///
    /// When it is one too many.
    pub(super) fn take(&mut self, route: &Route, params: &[String]) -> Result<Allowance, TooMany> {
        let (limit, length) = if self.enforced { limit_of(route) } else { PLENTY };
        if self.enforced && route.guard != Guard::Interaction {
            self.count("global", GLOBAL).map_err(|wait| TooMany::arbitrary(wait.as_secs_f64(), true))?;
        }
        let bucket = bucket(route);
        let window = format!("{bucket}:{}", major(route, params));
        match self.count(&window, (limit, length)) {
            Ok((remaining, reset_after)) => Ok(Allowance { bucket, limit, remaining, reset_after }),
            Err(wait) => {
                let allowance = Some(Allowance { bucket, limit, remaining: 0, reset_after: wait });
                Err(TooMany { allowance, ..TooMany::arbitrary(wait.as_secs_f64(), false) })
            }
        }
    }

    /// What is left of a window, and how long it lasts; or how long to wait.
    fn count(&mut self, window: &str, (limit, length): (u32, Duration)) -> Result<(u32, Duration), Duration> {
        let now = Instant::now();
        let window = self.windows.entry(window.to_owned()).or_insert(Window { since: now, used: 0 });
        if now.duration_since(window.since) >= length {
            *window = Window { since: now, used: 0 };
        }
        let left = length.saturating_sub(now.duration_since(window.since));
        if window.used >= limit {
            return Err(left);
        }
        window.used += 1;
        Ok((limit - window.used, left))
    }
}

impl Allowance {
    /// Puts the headers on an answer.
    pub(super) fn mark(&self, response: &mut Response) {
        let reset = Duration::from_millis(unix_millis()) + self.reset_after;
        let headers = [
            ("x-ratelimit-bucket", self.bucket.clone()),
            ("x-ratelimit-limit", self.limit.to_string()),
            ("x-ratelimit-remaining", self.remaining.to_string()),
            ("x-ratelimit-reset", format!("{:.3}", reset.as_secs_f64())),
            ("x-ratelimit-reset-after", format!("{:.3}", self.reset_after.as_secs_f64())),
        ];
        mark(response, headers);
    }
}

impl IntoResponse for TooMany {
    fn into_response(self) -> Response {
        let body = json!({ "message": "You are being rate limited.", "retry_after": self.retry_after, "global": self.global });
        let mut response = (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
        if let Some(allowance) = self.allowance {
            allowance.mark(&mut response);
        }
        mark(&mut response, [("retry-after", format!("{:.0}", self.retry_after.ceil()))]);
        if self.global {
            mark(&mut response, [("x-ratelimit-global", "true".to_owned()), ("x-ratelimit-scope", "global".to_owned())]);
        } else {
            mark(&mut response, [("x-ratelimit-scope", "user".to_owned())]);
        }
        response
    }
}

fn mark<const N: usize>(response: &mut Response, headers: [(&'static str, String); N]) {
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
}

fn limit_of(route: &Route) -> (u32, Duration) {
    let talks = route.method != "GET" && (route.template.ends_with("/messages") || route.template.contains("/messages/"));
    if talks || route.template.starts_with("/webhooks/") || route.template.ends_with("/typing") {
        (5, Duration::from_secs(5))
    } else if route.template.contains("/commands") {
        (5, Duration::from_secs(20))
    } else {
        GLOBAL
    }
}

/// A name for the bucket that says nothing, as Discord's does.
fn bucket(route: &Route) -> String {
    let seed = 0xcbf2_9ce4_8422_2325_u64;
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = route.method.bytes().chain(route.template.bytes()).fold(seed, mix);
    format!("{hash:016x}")
}

/// Windows are apart by channel, and by webhook with its token.
fn major(route: &Route, params: &[String]) -> String {
    let count = if route.template.starts_with("/channels/") {
        1
    } else if route.template.starts_with("/webhooks/") || route.template.starts_with("/interactions/") {
        2
    } else {
        0
    };
    params.iter().take(count).map(String::as_str).collect::<Vec<_>>().join("/")
}
