//! The queue of updates: what waits for the bot, what it confirmed, and who is polling.

use std::collections::VecDeque;

use serde_json::{Value, json};

/// Updates that a bot gets only when it names them.
const NOT_BY_DEFAULT: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// One thing that happened.
#[derive(Debug, Clone)]
struct Update {
    id: i64,
    json: Value,
}

/// A webhook, stored and shown, but never called.
#[derive(Debug, Clone)]
pub(super) struct Webhook {
    pub(super) url: String,
    pub(super) max_connections: i64,
}

/// What waits for the bot.
#[derive(Debug, Default)]
pub(super) struct Updates {
    last_id: i64,
    pending: VecDeque<Update>,
    confirmed: Vec<Update>,
    /// Delivered once more with the next poll, whatever it confirms.
    again: Vec<Update>,
    /// The kinds asked for; none before the first call that names them.
    pub(super) allowed: Option<Vec<String>>,
    pub(super) webhook: Option<Webhook>,
    /// How many polls began.
    pub(super) polls: u64,
    /// How many of them wait now.
    pub(super) open_polls: usize,
}

impl Updates {
    /// Ids begin here: high enough that nobody takes one for a count.
    const FIRST_ID: i64 = 700_000_000;

    /// Queues an update of a kind, unless the bot does not want it; says its id.
    pub(super) fn push(&mut self, kind: &str, body: Value) -> Option<i64> {
        let wanted = match &self.allowed {
            Some(kinds) => kinds.iter().any(|allowed| allowed == kind),
            None => !NOT_BY_DEFAULT.contains(&kind),
        };
        wanted.then(|| self.push_raw(Value::Object([(kind.to_owned(), body)].into_iter().collect())))
    }

    /// Queues an update as it stands, with an id unless it has one.
    pub(super) fn push_raw(&mut self, mut json: Value) -> i64 {
        let id = json.get("update_id").and_then(Value::as_i64).unwrap_or(self.last_id.max(Self::FIRST_ID) + 1);
        json["update_id"] = json!(id);
        self.last_id = self.last_id.max(id);
        self.pending.push_back(Update { id, json });
        id
    }

    /// Sets which kinds are wanted from now on; an empty list means the usual ones.
    pub(super) fn allow(&mut self, kinds: &Value) {
        let kinds: Vec<String> =
            kinds.as_array().into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect();
        self.allowed = (!kinds.is_empty()).then_some(kinds);
    }

    /// Forgets what the offset confirms. A negative one keeps that many of the newest.
    pub(super) fn confirm(&mut self, offset: i64) {
        let keep_from = match usize::try_from(offset.unsigned_abs()) {
            Ok(newest) if offset < 0 => self.pending.len().saturating_sub(newest),
            _ => self.pending.iter().position(|update| update.id >= offset).unwrap_or(self.pending.len()),
        };
        self.confirmed.extend(self.pending.drain(..keep_from));
    }

    /// Forgets everything that waits.
    pub(super) fn drop_pending(&mut self) {
        self.confirmed.extend(self.pending.drain(..));
    }

    /// What a poll gets now.
    pub(super) fn batch(&mut self, limit: usize) -> Vec<Value> {
        let again = self.again.drain(..).map(|update| update.json);
        again.chain(self.pending.iter().map(|update| update.json.clone())).take(limit).collect()
    }

    /// Delivers a confirmed update once more; one that waits is delivered again anyway.
    pub(super) fn redeliver(&mut self, id: i64) -> bool {
        if self.pending.iter().any(|update| update.id == id) {
            return true;
        }
        let found = self.confirmed.iter().find(|update| update.id == id).cloned();
        self.again.extend(found.clone());
        found.is_some()
    }

    /// How many wait for their confirmation.
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// The newest update's id.
    pub(super) fn newest(&self) -> Option<i64> {
        (self.last_id != 0).then_some(self.last_id)
    }

    /// The id of the newest update that matches.
    pub(super) fn find(&self, matches: impl Fn(&Value) -> bool) -> Option<i64> {
        let all = self.confirmed.iter().chain(&self.pending);
        all.filter(|update| matches(&update.json)).map(|update| update.id).max()
    }
}
