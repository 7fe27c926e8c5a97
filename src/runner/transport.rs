//! One request to the model, sent once.
//!
//! async-openai makes the request, and a service of ours below it sends it. The crate's own sending would retry unseen,
//! sleep as long as any header tells it to and forget status and headers of errors. The open answer is taken at the same
//! place and does not go back through the crate, whose event stream swallows `[DONE]` (so that a cut looks like an end),
//! buffers without bound in a task nobody owns, and logs whole chunks. Leaving by the error arm is how a service can do
//! that: reqwest lets nobody put another body into an answer without one more crate.
//!
//! Should other parts of the crate ever be used: it logs bodies at WARN and ERROR under targets `async_openai::*`, which
//! therefore must be filtered out.

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use async_openai::Client;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use bytes::Bytes;
use reqwest013::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use reqwest013::{Response, redirect, retry};
use serde_json::Value;
use tower::BoxError;
use tracing::debug;

use crate::domain::text::one_line;
use crate::domain::time::Timestamp;
use crate::runner::endpoint::{Endpoint, RunnerError};
use crate::runner::problem::Problem;
use crate::runner::rejection::Rejection;

/// TCP and TLS together.
const CONNECT: Duration = Duration::from_secs(10);
/// For the body of an error, once its status is there.
const ERROR_BODY: Duration = Duration::from_secs(5);
/// More of an error's body is not read.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// What is wrong with an address that no request can be made for.
const UNSENDABLE: &str = "cannot be asked by HTTP";

/// Sends requests. Cheap to share; it keeps connections open.
pub(crate) struct Transport {
    client: Client<Endpoint>,
}

/// An answer whose body is still to be read. Dropping it closes its connection.
pub(crate) struct Answer {
    response: Response,
    /// How the body is to be read.
    pub(crate) shape: Shape,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The provider's name for the request, for the log.
    pub(crate) request_id: Option<String>,
}

/// What a body looks like from its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Server-sent events.
    Events,
    /// Either events or one JSON value: its first byte will tell.
    Unknown,
}

/// A request that brought no answer to read.
pub(crate) struct Unanswered {
    /// Why.
    pub(crate) problem: Problem,
    /// The HTTP status, if there was one.
    pub(crate) status: Option<u16>,
    /// The provider's name for the request, for the log.
    pub(crate) request_id: Option<String>,
}

impl Transport {
    /// A client for one endpoint.
    pub(crate) fn new(endpoint: Endpoint) -> Result<Self, RunnerError> {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            debug!("the TLS provider was installed before");
        }
        let builder = reqwest013::Client::builder()
            .connect_timeout(CONNECT)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .tcp_keepalive(Duration::from_secs(30))
            .user_agent(concat!("legwork/", env!("CARGO_PKG_VERSION")));
        let builder = if endpoint.is_loopback() { builder.no_proxy() } else { builder };
        let http = builder.build().map_err(|error| RunnerError::Client(error.without_url()))?;
        let service = {
            let http = http.clone();
            tower::service_fn(move |request: HttpRequestFactory| {
                let http = http.clone();
                async move {
                    let response = http.execute(request.build().await?).await?;
                    Err::<Response, BoxError>(Box::new(Received(response)))
                }
            })
        };
        Ok(Self { client: Client::build(http, endpoint).with_http_service(service) })
    }

    /// The server that is asked.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.client.config()
    }

    /// Sends one request and waits for the headers of its answer.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection; the provider may have begun to work.
    pub(crate) async fn send(&self, body: &Value, now: Timestamp) -> Result<Answer, Unanswered> {
        let sent = self.client.chat().create_stream_byot::<_, Value>(body).await;
        let response = match sent {
            Err(OpenAIError::Boxed(error)) => match error.downcast::<Received>() {
                Ok(received) => received.0,
                Err(error) => return Err(Unanswered::without_status(sending_problem(error))),
            },
            // The service never answers in any other way, so the request could not even be made.
            Err(_) | Ok(_) => return Err(Unanswered::without_status(Problem::NotAnApi(UNSENDABLE))),
        };
        let request_id = request_id(response.headers());
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        if !response.status().is_success() {
            let body = error_body(response).await;
            let problem = Problem::Rejected(Rejection::of_answer(status, &headers, &body, now));
            return Err(Unanswered { problem, status: Some(status), request_id });
        }
        match shape(&headers) {
            Ok(shape) => Ok(Answer { response, shape, status, request_id }),
            Err(problem) => Err(Unanswered { problem, status: Some(status), request_id }),
        }
    }
}

impl Answer {
    /// The next bytes of the body; none at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        self.response.chunk().await.map_err(|error| Problem::ConnectionLost(chain(error)))
    }
}

impl Unanswered {
    fn without_status(problem: Problem) -> Self {
        Self { problem, status: None, request_id: None }
    }
}

/// Carries an answer past the crate.
struct Received(Response);

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Received({})", self.0.status())
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an answer with status {}", self.0.status())
    }
}

impl std::error::Error for Received {}

fn sending_problem(error: BoxError) -> Problem {
    match error.downcast::<reqwest013::Error>() {
        Ok(error) if error.is_connect() || error.is_timeout() => Problem::Unreachable(chain(*error)),
        Ok(error) if !error.is_builder() => Problem::ConnectionLost(chain(*error)),
        Ok(_) | Err(_) => Problem::NotAnApi(UNSENDABLE),
    }
}

/// An error with its causes, without the address, which may hold credentials.
fn chain(error: reqwest013::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    one_line(&text, 400)
}

/// How the body is to be read. Servers that ignore `stream: true` answer with plain JSON, and some send events under
/// another name.
fn shape(headers: &HeaderMap) -> Result<Shape, Problem> {
    let value = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_lowercase();
    if !matches!(value(CONTENT_ENCODING).as_str(), "" | "identity") {
        return Err(Problem::NotAnApi("answers with compressed data that nobody asked for"));
    }
    match value(CONTENT_TYPE).as_str() {
        kind if kind.starts_with("text/event-stream") => Ok(Shape::Events),
        kind if kind.starts_with("text/html") => Err(Problem::NotAnApi("answers with a web page")),
        _ => Ok(Shape::Unknown),
    }
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let names = ["x-request-id", "request-id", "x-generation-id", "cf-ray"];
    let id = names.into_iter().find_map(|name| headers.get(name)?.to_str().ok())?;
    Some(id.chars().filter(char::is_ascii_graphic).take(80).collect())
}

async fn error_body(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let reading = async {
        while body.len() < MAX_ERROR_BYTES
            && let Ok(Some(bytes)) = response.chunk().await
        {
            body.extend_from_slice(&bytes);
        }
    };
    // A body that does not come leaves the status, which says enough.
    if tokio::time::timeout(ERROR_BODY, reading).await.is_err() {
        debug!("the body of an error did not come");
    }
    body.truncate(MAX_ERROR_BYTES);
    body
}
