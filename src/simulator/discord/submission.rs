//! What came with a request: a JSON document, and files when it was sent as multipart.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Multipart};
use axum::http::{HeaderMap, Request, header};
use bytes::Bytes;
use serde_json::Value;

use super::refusal::Refusal;

/// The most that one request may carry.
const LARGEST_REQUEST: usize = 25 * 1024 * 1024;
/// The most that one file may have.
const LARGEST_FILE: usize = 10 * 1024 * 1024;

/// The body of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Submission {
    /// Null when there was none.
    pub(super) json: Value,
    pub(super) uploads: Vec<Upload>,
}

/// One file of a request.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    /// The n of `files[n]`, by which the JSON speaks of it.
    pub(super) index: u64,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) bytes: Bytes,
}

impl Submission {
    /// # Errors
    ///
    /// When it is too large, no JSON, or of an unknown kind.
    pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Refusal> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let bytes = to_bytes(body, LARGEST_REQUEST).await.map_err(|_| too_large())?;
        if bytes.is_empty() {
            Ok(Self::default())
        } else if kind.starts_with("multipart/form-data") {
            Self::read_multipart(&kind, bytes).await
        } else if kind.starts_with("application/json") {
            Ok(Self { json: parse(&bytes)?, uploads: Vec::new() })
        } else {
            let wanted = "Expected \"Content-Type\" header to be one of {'application/json', 'multipart/form-data'}.";
            Err(Refusal::field("", "CONTENT_TYPE_INVALID", wanted))
        }
    }

    async fn read_multipart(kind: &str, bytes: Bytes) -> Result<Self, Refusal> {
        let request = Request::builder().header(header::CONTENT_TYPE, kind).body(Body::from(bytes));
        let mut parts = Multipart::from_request(request.map_err(broken)?, &()).await.map_err(broken)?;
        let mut submission = Self::default();
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            let field = part.name().unwrap_or_default().to_owned();
            let name = part.file_name().map(str::to_owned);
            let content_type = part.content_type().map(str::to_owned);
            let bytes = part.bytes().await.map_err(broken)?;
            if field == "payload_json" {
                submission.json = parse(&bytes)?;
            } else if let (Some(index), Some(name)) = (file_index(&field), name) {
                if bytes.len() > LARGEST_FILE {
                    return Err(too_large());
                }
                submission.uploads.push(Upload { index, name, description: None, content_type, bytes });
            }
        }
        submission.uploads.sort_by_key(|upload| upload.index);
        Ok(submission)
    }
}

fn parse(bytes: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(bytes).map_err(|_| Refusal::blamed(400, 50109, "The request body contains invalid JSON."))
}

fn broken<E>(_: E) -> Refusal {
    Refusal::blamed(400, 50109, "The request body contains invalid multipart data.")
}

fn too_large() -> Refusal {
    Refusal::blamed(413, 40005, "Request entity too large")
}

fn file_index(field: &str) -> Option<u64> {
    field.strip_prefix("files[")?.strip_suffix(']')?.parse().ok()
}
