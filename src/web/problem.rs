//! Errors of the HTTP server as problem documents (RFC 9457).
//!
//! A handler returns a [`Problem`], which knows nothing of the request; [`render`] runs around all handlers and writes the
//! document, with the path that was asked for. So the framework's own refusals get the same form.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::domain::queue::QueueFull;
use crate::web::service::ServiceError;

/// One refusal. Its detail is for the caller and never quotes secrets or internals.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    status: StatusCode,
    kind: &'static str,
    detail: String,
    members: Map<String, Value>,
    retry_after: Option<u32>,
}

impl Problem {
    /// A problem of a stable kind, the last part of its `type`.
    pub(super) fn new(status: StatusCode, kind: &'static str, detail: impl Into<String>) -> Self {
        Self { status, kind, detail: detail.into(), members: Map::new(), retry_after: None }
    }

    /// The request cannot be understood, or asks for something that cannot be.
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// There is nothing of this name.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// The task's state does not allow it.
    pub(super) fn conflict(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, kind, detail)
    }

    /// With a further member of the document.
    #[must_use]
    pub(super) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// With advice when to try again, in seconds.
    #[must_use]
    pub(super) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    fn document(&self, instance: &str) -> Response {
        let mut document = self.members.clone();
        document.insert("type".to_owned(), json!(format!("urn:legwork:problem:{}", self.kind)));
        document.insert("title".to_owned(), json!(self.status.canonical_reason().unwrap_or_default()));
        document.insert("status".to_owned(), json!(self.status.as_u16()));
        document.insert("detail".to_owned(), json!(self.detail));
        document.insert("instance".to_owned(), json!(instance));
        let mut response = (self.status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"legwork\""));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match &error {
            ServiceError::Stopping => {
                let detail = "The server is stopping and takes no new work; try again when it is back.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", detail).retry_after(10)
            }
            ServiceError::Failed(source) => {
                tracing::error!(error = %source, "the ledger failed a request of the API");
                let detail = "The ledger failed; nothing has changed. The server's log says more.";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "ledger-failed", detail)
            }
        }
    }
}

impl From<QueueFull> for Problem {
    fn from(full: QueueFull) -> Self {
        let detail = format!("Nothing was accepted: {full}. Try again when some of them have ended.");
        let (QueueFull::Everybody { waiting } | QueueFull::Person { waiting }) = full;
        Self::new(StatusCode::TOO_MANY_REQUESTS, "queue-full", detail).with("waiting", waiting).retry_after(30)
    }
}

/// Writes problem documents where handlers or the framework refused, and adds the headers every response has.
pub(super) async fn render(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    if let Some(problem) = refusal(&mut response) {
        let allowed = response.headers_mut().remove(header::ALLOW);
        response = problem.document(&path);
        if let Some(allowed) = allowed {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
    }
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The problem a handler returned, or one made from a refusal of the framework, which writes plain text.
fn refusal(response: &mut Response) -> Option<Problem> {
    let status = response.status();
    let plain = response.headers().get(header::CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let problem = response.extensions_mut().remove::<Problem>();
    let framework = (status.is_client_error() || status.is_server_error()) && plain;
    problem.or_else(|| framework.then(|| Problem::new(status, "refused", "The request cannot be understood.")))
}

/// There is nothing at this path.
pub(super) async fn no_such_path() -> Problem {
    Problem::not_found("There is nothing here; the API begins at /api/v1.")
}

/// The path is right and the method is not.
pub(super) async fn no_such_method() -> Problem {
    let detail = "This path does not take this method; the Allow header says which ones it takes.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
}
