//! Where the model lives and how to ask there: address, key, headers.
//!
//! This implements async-openai's `Config` instead of using its `OpenAIConfig`, which reads half a dozen environment
//! variables of its own and panics on a key that cannot be a header. Here everything is checked once, when the runner
//! is made.

use std::fmt;

use async_openai::config::Config;
use reqwest013::Url;
use reqwest013::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

/// Why a runner cannot be made of its configuration.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// `llm.base_url` is not the address of an HTTP server, or has a query, below which no path can stand.
    #[error("`llm.base_url` is not an http or https address without a query")]
    BaseUrl,
    /// `llm.api_key` holds characters that no HTTP header may hold.
    #[error("`llm.api_key` holds characters that a key cannot have")]
    ApiKey,
    /// The HTTP client cannot be built, for example because the system has no certificates.
    #[error("the HTTP client for the model cannot be built")]
    Client(#[source] reqwest013::Error),
}

/// A checked address with its key. `Debug` shows the host only.
#[derive(Clone)]
pub(crate) struct Endpoint {
    base_url: String,
    host: String,
    loopback: bool,
    official: bool,
    key: SecretString,
    headers: HeaderMap,
}

impl Endpoint {
    /// Checks address and key. An empty key sends no `Authorization` header.
    pub(crate) fn new(base_url: &str, key: &SecretString) -> Result<Self, RunnerError> {
        let url = Url::parse(base_url.trim()).map_err(|_| RunnerError::BaseUrl)?;
        let name = url.host_str().ok_or(RunnerError::BaseUrl)?;
        if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
            return Err(RunnerError::BaseUrl);
        }
        let host = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let key = SecretString::from(key.expose_secret().trim().to_owned());
        Ok(Self {
            base_url: url.as_str().trim_end_matches('/').to_owned(),
            loopback: is_loopback(name),
            official: name == "api.openai.com" || name.ends_with(".openai.azure.com"),
            host,
            headers: headers(&key)?,
            key,
        })
    }

    /// Host and port, fit for people and logs: an address may hold credentials, this does not.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Whether the server is on this machine, where a proxy can only do harm.
    pub(crate) fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether this is `OpenAI` itself or Azure's copy, which know newer parameters than the servers that imitate them.
    pub(crate) fn is_official(&self) -> bool {
        self.official
    }
}

fn headers(key: &SecretString) -> Result<HeaderMap, RunnerError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream, application/json"));
    if !key.expose_secret().is_empty() {
        let value = format!("Bearer {}", key.expose_secret());
        let mut value = HeaderValue::from_str(&value).map_err(|_| RunnerError::ApiKey)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

fn is_loopback(name: &str) -> bool {
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Config for Endpoint {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base_url
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str, key: &str) -> Result<Endpoint, RunnerError> {
        Endpoint::new(url, &SecretString::from(key.to_owned()))
    }

    #[test]
    fn a_key_with_a_newline_at_its_end_is_trimmed_and_one_within_is_refused() {
        let headers = endpoint("http://localhost:1/v1", " sk-secret\n").unwrap().headers();
        assert_eq!(headers.get(AUTHORIZATION).unwrap(), "Bearer sk-secret");
        assert!(matches!(endpoint("http://localhost/v1", "sk\nsecret"), Err(RunnerError::ApiKey)));
        assert!(!endpoint("http://localhost/v1", " ").unwrap().headers().contains_key(AUTHORIZATION));
    }

    #[test]
    fn neither_key_nor_credentials_of_the_address_show() {
        let endpoint = endpoint("https://user:pass@example.org:8443/v1/", "sk-secret").unwrap();
        let shown = format!("{endpoint:?} {} {:?}", endpoint.host(), endpoint.headers());
        assert!(!shown.contains("pass") && !shown.contains("secret"), "{shown}");
        assert_eq!(endpoint.host(), "example.org:8443");
        assert!(endpoint.url("/chat/completions").ends_with(":8443/v1/chat/completions"));
    }

    #[test]
    fn what_is_not_an_http_address_is_refused() {
        for url in ["", "localhost", "ftp://example.org", "http://", "http:// /v1", "http://a/v1?x=1"] {
            assert!(matches!(endpoint(url, ""), Err(RunnerError::BaseUrl)), "{url}");
        }
        assert!(endpoint("http://[::1]:8080/v1", "").unwrap().is_loopback());
        assert!(endpoint("http://127.0.0.1/v1", "").unwrap().is_loopback());
        assert!(!endpoint("https://api.openai.com/v1", "").unwrap().is_loopback());
    }
}
