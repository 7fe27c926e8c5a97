//! How the bot gets its updates: long polls, of which only the newest survives, and the webhook that forbids them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::simulator::telegram::TelegramServer;
use crate::simulator::telegram::params::Params;
use crate::simulator::telegram::refusal::Refusal;
use crate::simulator::telegram::state::State;
use crate::simulator::telegram::updates::Webhook;

/// The platform answers a poll after this time, whatever the client asked for.
const LONGEST_POLL: i64 = 50;

/// A poll that waits; it stops counting when it is answered or its client leaves.
struct OpenPoll<'a> {
    server: &'a TelegramServer,
    number: u64,
}

impl Drop for OpenPoll<'_> {
    fn drop(&mut self) {
        self.server.change(|state| state.updates.open_polls -= 1);
    }
}

impl TelegramServer {
    pub(super) async fn get_updates(&self, params: &Params) -> Result<Value, Refusal> {
        let limit = usize::try_from(params.integer("limit").unwrap_or(100)).unwrap_or(100).clamp(1, 100);
        let timeout = u64::try_from(params.integer("timeout").unwrap_or(0).clamp(0, LONGEST_POLL)).unwrap_or_default();
        let deadline = Instant::now() + Duration::from_secs(timeout);
        let mut changed = self.changed();
        let poll = self.begin_poll(params)?;
        loop {
            changed.mark_unchanged();
            if self.read(|state| state.updates.polls != poll.number) {
                return Err(Refusal::other_poll());
            }
            let updates = self.quietly(|state| state.updates.batch(limit));
            if !updates.is_empty() {
                return Ok(Value::Array(updates));
            }
            tokio::select! {
                Ok(()) = changed.changed() => {}
                () = tokio::time::sleep_until(deadline) => return Ok(json!([])),
            }
        }
    }

    fn begin_poll(&self, params: &Params) -> Result<OpenPoll<'_>, Refusal> {
        let allowed = params.json("allowed_updates")?;
        let number = self.change(|state| {
            if state.updates.webhook.is_some() {
                return Err(Refusal::new(
                    409,
                    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the \
                     webhook first",
                ));
            }
            if let Some(kinds) = &allowed {
                state.updates.allow(kinds);
            }
            if let Some(offset) = params.integer("offset").filter(|offset| *offset != 0) {
                state.updates.confirm(offset);
            }
            state.updates.polls += 1;
            state.updates.open_polls += 1;
            Ok(state.updates.polls)
        })?;
        Ok(OpenPoll { server: self, number })
    }
}

impl State {
    pub(super) fn set_webhook(&mut self, params: &Params) -> Result<Value, Refusal> {
        let url = params.text("url").unwrap_or_default();
        if url.is_empty() {
            return Ok(self.delete_webhook(params));
        }
        if !url.starts_with("https://") {
            return Err(Refusal::malformed("bad webhook: An HTTPS URL must be provided for webhook"));
        }
        let secret = params.text("secret_token").unwrap_or_default();
        if secret.len() > 256 || secret.contains(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')) {
            return Err(Refusal::malformed("secret token contains unallowed characters"));
        }
        if let Some(kinds) = params.json("allowed_updates")? {
            self.updates.allow(&kinds);
        }
        self.drop_pending_if_asked(params);
        let max_connections = params.integer("max_connections").unwrap_or(40);
        self.updates.webhook = Some(Webhook { url, max_connections });
        Ok(json!(true))
    }

    pub(super) fn delete_webhook(&mut self, params: &Params) -> Value {
        self.updates.webhook = None;
        self.drop_pending_if_asked(params);
        json!(true)
    }

    pub(super) fn get_webhook_info(&self) -> Value {
        let mut info = json!({
            "url": "",
            "has_custom_certificate": false,
            "pending_update_count": self.updates.pending(),
        });
        if let Some(webhook) = &self.updates.webhook {
            info["url"] = json!(webhook.url);
            info["max_connections"] = json!(webhook.max_connections);
        }
        if let Some(kinds) = &self.updates.allowed {
            info["allowed_updates"] = json!(kinds);
        }
        info
    }

    fn drop_pending_if_asked(&mut self, params: &Params) {
        if params.flag("drop_pending_updates") {
            self.updates.drop_pending();
        }
    }
}
