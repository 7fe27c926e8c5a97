//! Who may call the API.
//!
//! With a token, who knows it. Without one the server listens on loopback only, and everybody on this machine may; but web
//! pages of other sites run on this machine too. A page can send requests to loopback (cross-site request forgery), and
//! can point its own name at loopback to read the answers (DNS rebinding). The first shows in `Origin` and
//! `Sec-Fetch-Site`, the second in `Host`.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};

use crate::web::WebState;
use crate::web::problem::Problem;

/// Lets a request through, or answers with the problem.
pub(super) async fn guard(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let verdict = match &state.admin_token {
        Some(token) => knows(token, request.headers()),
        None => is_local(request.uri(), request.headers()),
    };
    match verdict {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn knows(token: &SecretString, headers: &HeaderMap) -> Result<(), Problem> {
    let given = text(headers, &header::AUTHORIZATION).and_then(|value| value.split_once(' '));
    let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    match given {
        Some(given) if is_same(given.as_bytes(), token.expose_secret().as_bytes()) => Ok(()),
        Some(_) => Err(unauthorized("This is not the configured server.admin_token.")),
        None => Err(unauthorized("Send the configured server.admin_token as `Authorization: Bearer ...`.")),
    }
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
}

/// Compares in a time that depends on the length of `given` alone.
fn is_same(given: &[u8], expected: &[u8]) -> bool {
    let pairs = given.iter().zip(expected.iter().cycle());
    let difference = pairs.fold(given.len() ^ expected.len(), |difference, (a, b)| {
        // Without the barrier the compiler may stop at the first difference.
        std::hint::black_box(difference | usize::from(a ^ b))
    });
    !expected.is_empty() && difference == 0
}

fn is_local(uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let host = text(headers, &header::HOST).or_else(|| uri.authority().map(axum::http::uri::Authority::as_str));
    let Some(host) = host.filter(|host| is_loopback(host)) else {
        let detail = "Without server.admin_token the API answers only to loopback names such as localhost and 127.0.0.1.";
        return Err(foreign(detail));
    };
    if let Some(origin) = headers.get(header::ORIGIN) {
        let origin = origin.to_str().unwrap_or_default();
        let site = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")).unwrap_or_default();
        if !site.eq_ignore_ascii_case(host) {
            return Err(foreign("Without server.admin_token the API takes no requests from pages of other sites."));
        }
    }
    match text(headers, &HeaderName::from_static("sec-fetch-site")) {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => Err(foreign("Without server.admin_token the API takes no requests from pages of other sites.")),
    }
}

fn foreign(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "foreign-request", detail)
}

/// Whether a host, with or without a port, is this machine by a name that no other site can take.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_the_token() {
        assert!(is_same(b"secret", b"secret"));
        for wrong in [&b"secre"[..], b"secretsecret", b"Secret", b"", b"secrex"] {
            assert!(!is_same(wrong, b"secret"), "{wrong:?}");
        }
        assert!(!is_same(b"", b""));
    }

    #[test]
    fn loopback_has_few_names() {
        for host in ["localhost", "LOCALHOST:8787", "127.0.0.1:1", "127.9.9.9", "[::1]:8787", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "localhost.evil.example", "127.0.0.1.evil.example:80", "192.168.0.1", "[::2]", "0.0.0.0"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
