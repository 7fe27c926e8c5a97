//! Whom a message would call: what `allowed_mentions` lets through of the mentions in its text.
//!
//! Mentions inside code are counted as well. That is stricter than Discord, and a bot that neutralises them everywhere
//! is right.

use serde_json::Value;

use super::refusal::FormFaults;
use super::world::list;

/// What may be mentioned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Allowed {
    /// Kinds of which every mention counts.
    kinds: Vec<Kind>,
    users: Vec<u64>,
    roles: Vec<u64>,
    replied_user: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Everyone,
    Users,
    Roles,
}

/// Who is called.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) everyone: bool,
    pub(super) users: Vec<u64>,
    /// Every mention that came through, as it was written.
    pub(super) names: Vec<String>,
}

impl Allowed {
    /// What holds for a message that says nothing about it.
    pub(super) fn everything() -> Self {
        Self { kinds: vec![Kind::Everyone, Kind::Users, Kind::Roles], ..Self::users() }
    }

    /// What holds for the answer to an interaction that says nothing about it.
    pub(super) fn users() -> Self {
        Self { kinds: vec![Kind::Users], replied_user: true, ..Self::default() }
    }

    fn all(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    pub(super) fn read(value: &Value, faults: &mut FormFaults) -> Self {
        let mut allowed = Self { replied_user: value["replied_user"].as_bool().unwrap_or(false), ..Self::default() };
        for (index, kind) in list(&value["parse"]).iter().enumerate() {
            match kind.as_str() {
                Some("everyone") => allowed.kinds.push(Kind::Everyone),
                Some("users") => allowed.kinds.push(Kind::Users),
                Some("roles") => allowed.kinds.push(Kind::Roles),
                _ => faults.add(
                    &format!("allowed_mentions.parse.{index}"),
                    "BASE_TYPE_CHOICES",
                    "Value must be one of ('users', 'roles', 'everyone').",
                ),
            }
        }
        allowed.users = ids(&value["users"]);
        allowed.roles = ids(&value["roles"]);
        let twice =
            (allowed.all(Kind::Users) && !allowed.users.is_empty()) || (allowed.all(Kind::Roles) && !allowed.roles.is_empty());
        if twice {
            faults.add(
                "allowed_mentions",
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                "parse:[\"users\"] and users: [ids...] are mutually exclusive.",
            );
        }
        allowed
    }
}

/// Finds the mentions that call somebody. `replied` is the person whose message is answered.
pub(super) fn heard(text: &str, allowed: &Allowed, replied: Option<u64>) -> Heard {
    let mut heard = Heard::default();
    for name in ["@everyone", "@here"] {
        if allowed.all(Kind::Everyone) && text.contains(name) {
            heard.everyone = true;
            heard.names.push(name.to_owned());
        }
    }
    for (is_role, id) in text.split("<@").skip(1).filter_map(mention) {
        if is_role && (allowed.all(Kind::Roles) || allowed.roles.contains(&id)) {
            heard.names.push(format!("<@&{id}>"));
        }
        if !is_role && (allowed.all(Kind::Users) || allowed.users.contains(&id)) {
            heard.users.push(id);
            heard.names.push(format!("<@{id}>"));
        }
    }
    if let Some(user) = replied.filter(|_| allowed.replied_user) {
        heard.users.push(user);
    }
    heard
}

/// The id after `<@`, and whether it is one of a role.
fn mention(rest: &str) -> Option<(bool, u64)> {
    let (inner, _) = rest.split_once('>')?;
    match inner.strip_prefix('&') {
        Some(role) => Some((true, role.parse().ok()?)),
        None => Some((false, inner.strip_prefix('!').unwrap_or(inner).parse().ok()?)),
    }
}

fn ids(value: &Value) -> Vec<u64> {
    list(value).iter().filter_map(|id| id.as_str()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Allowed, heard};
    use crate::simulator::discord::refusal::FormFaults;

    const TEXT: &str = "@everyone and @here, <@12>, <@!13> and <@&14>, not <@x>";

    fn names(allowed: &Allowed) -> Vec<String> {
        heard(TEXT, allowed, None).names
    }

    #[test]
    fn a_message_calls_everybody_unless_told_otherwise() {
        assert_eq!(names(&Allowed::everything()), ["@everyone", "@here", "<@12>", "<@13>", "<@&14>"]);
        assert_eq!(names(&Allowed::users()), ["<@12>", "<@13>"]);
    }

    #[test]
    fn an_empty_parse_calls_nobody() {
        let mut faults = FormFaults::default();
        assert!(names(&Allowed::read(&json!({ "parse": [] }), &mut faults)).is_empty());
        assert_eq!(names(&Allowed::read(&json!({ "parse": [], "users": ["13"] }), &mut faults)), ["<@13>"]);
        assert!(faults.finish().is_ok());
    }

    #[test]
    fn all_users_and_some_users_exclude_each_other() {
        let mut faults = FormFaults::default();
        Allowed::read(&json!({ "parse": ["users"], "users": ["13"] }), &mut faults);
        assert!(faults.finish().is_err());
    }
}
