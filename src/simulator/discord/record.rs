//! What the bot did, kept for those who check it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::DiscordServer;

/// Counts, last bodies, and what a correct bot would not have done.
#[derive(Debug, Default)]
pub(super) struct Record {
    calls: BTreeMap<String, usize>,
    last: BTreeMap<String, Value>,
    pub(super) violations: Vec<String>,
    pub(super) pings: Vec<String>,
}

impl Record {
    /// Notes that a request arrived, whatever becomes of it.
    pub(super) fn arrived(&mut self, method: &str, template: &str) {
        *self.calls.entry(key(&format!("{method} {template}"))).or_default() += 1;
    }

    /// Notes what it said.
    pub(super) fn said(&mut self, method: &str, template: &str, json: &Value) {
        self.last.insert(key(&format!("{method} {template}")), json.clone());
    }

    pub(super) fn violation(&mut self, what: String) {
        self.violations.push(what);
    }
}

/// A route by which requests are counted: the names of its parameters do not matter.
pub(super) fn key(route: &str) -> String {
    let mut key = String::with_capacity(route.len());
    let mut inside = false;
    for letter in route.chars() {
        inside = (inside || letter == '{') && letter != '}';
        if !inside || letter == '{' {
            key.push(letter);
        }
    }
    key
}

impl DiscordServer {
    /// How many requests arrived at a route, like `POST /channels/{id}/messages`; those that a fault swallowed count.
    pub fn calls(&self, route: &str) -> usize {
        self.look(|world| world.record.calls.get(&key(route)).copied().unwrap_or_default())
    }

    /// The JSON of the last request to a route; null when it had no body.
    pub fn last_request(&self, route: &str) -> Option<Value> {
        self.look(|world| world.record.last.get(&key(route)).cloned())
    }

    /// What the bot did that a correct one would not do: malformed requests, broken rates, a broken gateway protocol.
    /// Refusals that the world causes (a deleted channel) and injected faults are not among them.
    pub fn violations(&self) -> Vec<String> {
        self.look(|world| world.record.violations.clone())
    }

    /// The mentions so far, which are forgotten: those who expected some look at them so.
    pub fn take_pings(&self) -> Vec<String> {
        self.act(|world| std::mem::take(&mut world.record.pings))
    }

    /// Every mention in a message of the bot that called somebody, as "`@everyone` in message 1 of channel 2".
    pub fn pings(&self) -> Vec<String> {
        self.look(|world| world.record.pings.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn names_of_parameters_do_not_matter() {
        assert_eq!(key("GET /channels/{id}/messages/{mid}"), "GET /channels/{}/messages/{}");
        assert_eq!(key("GET /channels/{id}/messages/{mid}"), key("GET /channels/{channel}/messages/{message}"));
        assert_eq!(key("GET /webhooks/{app}/{token}/messages/@original"), "GET /webhooks/{}/{}/messages/@original");
    }
}
