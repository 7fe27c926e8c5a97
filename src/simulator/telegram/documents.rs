//! Files that were sent, and how the bot gets them back.

use axum::body::Bytes;
use serde_json::{Value, json};

use crate::simulator::telegram::TelegramServer;
use crate::simulator::telegram::params::Params;
use crate::simulator::telegram::refusal::Refusal;
use crate::simulator::telegram::state::State;

/// Larger files cannot be downloaded by bots.
const DOWNLOAD_LIMIT: usize = 20 * 1024 * 1024;

impl State {
    pub(super) fn get_file(&self, params: &Params) -> Result<Value, Refusal> {
        let id = params.text("file_id").unwrap_or_default();
        let file = self.files.get(&id).ok_or_else(|| Refusal::malformed("invalid file_id"))?;
        if file.bytes.len() > DOWNLOAD_LIMIT {
            return Err(Refusal::bad_request("file is too big"));
        }
        Ok(json!({
            "file_id": file.file_id,
            "file_unique_id": file.unique_id(),
            "file_size": file.bytes.len(),
            "file_path": format!("documents/{}", file.file_id),
        }))
    }
}

impl TelegramServer {
    /// The bytes behind a path that `getFile` told.
    pub(super) fn file_bytes(&self, path: &str) -> Option<Bytes> {
        let id = path.strip_prefix("documents/")?;
        self.read(|state| state.files.get(id).map(|file| file.bytes.clone()))
    }
}
