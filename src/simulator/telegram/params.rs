//! The parameters of a call, from JSON, a form, a multipart body or the query, read as leniently as the platform does.

use std::collections::BTreeMap;

use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::{Form, Multipart, Query, Request};
use axum::http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use crate::simulator::telegram::refusal::Refusal;

/// A file that came with a call.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) name: String,
    pub(super) bytes: Bytes,
}

/// What a call was given.
#[derive(Debug, Clone, Default)]
pub(super) struct Params {
    values: Map<String, Value>,
    files: BTreeMap<String, Upload>,
}

impl Params {
    /// Reads them from a request.
    pub(super) async fn read(request: Request) -> Result<Self, Refusal> {
        let mut params = Self::default();
        if let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(request.uri()) {
            params.insert_texts(pairs);
        }
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if content_type.starts_with("application/json") {
            params.read_json(request).await?;
        } else if content_type.starts_with("multipart/form-data") {
            params.read_multipart(request).await?;
        } else if content_type.starts_with("application/x-www-form-urlencoded") && request.method() != "GET" {
            let Form(pairs): Form<Vec<(String, String)>> =
                request.extract().await.map_err(|_| Refusal::malformed("can't parse the form"))?;
            params.insert_texts(pairs);
        }
        Ok(params)
    }

    async fn read_json(&mut self, request: Request) -> Result<(), Refusal> {
        let bytes: Bytes = request.extract().await.map_err(|_| Refusal::new(413, "Request Entity Too Large"))?;
        if bytes.is_empty() {
            return Ok(());
        }
        match serde_json::from_slice(&bytes) {
            // The platform does not tell a null from a parameter that is not there.
            Ok(Value::Object(map)) => self.values.extend(map.into_iter().filter(|(_, value)| !value.is_null())),
            _ => return Err(Refusal::malformed("can't parse the JSON object")),
        }
        Ok(())
    }

    async fn read_multipart(&mut self, request: Request) -> Result<(), Refusal> {
        let broken = |_| Refusal::malformed("can't parse the multipart body");
        let mut parts: Multipart = request.extract().await.map_err(|_| Refusal::malformed("no multipart boundary"))?;
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            let name = part.name().unwrap_or_default().to_owned();
            if let Some(file) = part.file_name().map(ToOwned::to_owned) {
                let bytes = part.bytes().await.map_err(|_| Refusal::new(413, "Request Entity Too Large"))?;
                self.files.insert(name, Upload { name: file, bytes });
            } else {
                let text = part.text().await.map_err(broken)?;
                self.insert_text(name, text);
            }
        }
        Ok(())
    }

    fn insert_texts(&mut self, pairs: Vec<(String, String)>) {
        for (name, value) in pairs {
            self.insert_text(name, value);
        }
    }

    /// A parameter that came as text: what is not meant as text is decoded, so that it looks the same however it came.
    fn insert_text(&mut self, name: String, text: String) {
        const TEXTS: [&str; 10] = [
            "text",
            "caption",
            "parse_mode",
            "action",
            "callback_query_id",
            "url",
            "document",
            "file_id",
            "language_code",
            "secret_token",
        ];
        let decoded = if TEXTS.contains(&name.as_str()) { None } else { serde_json::from_str(&text).ok() };
        self.values.insert(name, decoded.unwrap_or(Value::String(text)));
    }

    /// The names of everything that was given; files that only another parameter refers to are not among them.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let attached: Vec<&str> =
            self.values.values().filter_map(Value::as_str).filter_map(|text| text.strip_prefix("attach://")).collect();
        let files = self.files.keys().map(String::as_str).filter(move |name| !attached.contains(name));
        self.values.keys().map(String::as_str).chain(files)
    }

    /// As JSON, for the log of requests; a file is its name and size.
    pub(super) fn to_json(&self) -> Value {
        let mut map = self.values.clone();
        for (name, file) in &self.files {
            map.insert(name.clone(), json!({ "file_name": file.name, "file_size": file.bytes.len() }));
        }
        Value::Object(map)
    }

    /// A text; numbers count as their digits.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.values.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A whole number, also from its digits.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        match self.values.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A switch; off when absent.
    pub(super) fn flag(&self, name: &str) -> bool {
        match self.values.get(name) {
            Some(Value::Bool(value)) => *value,
            Some(Value::String(text)) => ["true", "yes", "1"].contains(&text.to_ascii_lowercase().as_str()),
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            _ => false,
        }
    }

    /// An object or array, also from its JSON text; absent when empty.
    pub(super) fn json(&self, name: &str) -> Result<Option<Value>, Refusal> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text)
                .map(Some)
                .map_err(|_| Refusal::malformed(format!("can't parse {} JSON object", name.replace('_', " ")))),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// A file given in place, or by `attach://name`.
    pub(super) fn file(&self, name: &str) -> Option<&Upload> {
        if let Some(file) = self.files.get(name) {
            return Some(file);
        }
        let attached = self.values.get(name)?.as_str()?.strip_prefix("attach://")?;
        self.files.get(attached)
    }
}
