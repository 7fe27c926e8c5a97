//! Who may do what: default deny, own tasks only, admins everything in their channel.

use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::task::Task;

/// Who may use the bot.
#[derive(Debug, Clone, Default)]
pub struct AccessPolicy {
    /// Everybody may.
    pub open: bool,
    /// These see and cancel everything, everywhere.
    pub admins: Vec<PersonId>,
    /// These may, everywhere.
    pub people: Vec<PersonId>,
    /// Everybody in these channels may.
    pub channels: Vec<ChannelId>,
}

/// What one person is in one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nobody: may not use the bot.
    Stranger,
    /// May have tasks, and see and cancel their own.
    Member,
    /// Sees and cancels everybody's tasks of this channel.
    ChannelAdmin,
    /// Sees and cancels everything.
    Admin,
}

impl AccessPolicy {
    /// What `person` is in `channel`; `channel_admin` is what the platform says.
    #[must_use]
    pub fn role(&self, channel: &ChannelId, person: &PersonId, channel_admin: bool) -> Role {
        if self.admins.contains(person) {
            return Role::Admin;
        }
        let may = self.open || self.people.contains(person) || self.channels.iter().any(|entry| covers(entry, channel));
        match (may, channel_admin) {
            (false, _) => Role::Stranger,
            (true, true) => Role::ChannelAdmin,
            (true, false) => Role::Member,
        }
    }
}

/// An entry covers its channel and the parts of it: `platform:1` covers `platform:1/5`.
fn covers(entry: &ChannelId, channel: &ChannelId) -> bool {
    let rest = channel.address().strip_prefix(entry.address());
    entry.platform() == channel.platform() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Role {
    /// Whether somebody in this role may see and change `task` from `channel`.
    #[must_use]
    pub fn may_touch(self, task: &Task, channel: &ChannelId, person: &PersonId) -> bool {
        let origin = &task.new.origin;
        match self {
            Self::Stranger => false,
            Self::Member => origin.person.as_ref() == Some(person),
            Self::ChannelAdmin => origin.person.as_ref() == Some(person) || origin.channel.as_ref() == Some(channel),
            Self::Admin => true,
        }
    }

    /// Whether this role sees the tasks of others at all.
    #[must_use]
    pub const fn is_admin(self) -> bool {
        matches!(self, Self::ChannelAdmin | Self::Admin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(policy: &AccessPolicy, channel: &str) -> Role {
        policy.role(&channel.parse().unwrap(), &"chat:5".parse().unwrap(), false)
    }

    #[test]
    fn everybody_is_a_stranger_until_let_in() {
        assert_eq!(role(&AccessPolicy::default(), "chat:1"), Role::Stranger);
        assert_eq!(role(&AccessPolicy { open: true, ..AccessPolicy::default() }, "chat:1"), Role::Member);
        let people = vec!["chat:5".parse().unwrap()];
        assert_eq!(role(&AccessPolicy { people, ..AccessPolicy::default() }, "chat:1"), Role::Member);
        let admins = vec!["chat:5".parse().unwrap()];
        assert_eq!(role(&AccessPolicy { admins, ..AccessPolicy::default() }, "chat:1"), Role::Admin);
    }

    #[test]
    fn a_channel_lets_its_topics_in_and_no_other() {
        let policy = AccessPolicy { channels: vec!["chat:-10".parse().unwrap()], ..AccessPolicy::default() };
        assert_eq!(role(&policy, "chat:-10"), Role::Member);
        assert_eq!(role(&policy, "chat:-10/7"), Role::Member);
        assert_eq!(role(&policy, "chat:-100"), Role::Stranger);
        assert_eq!(role(&policy, "talk:-10"), Role::Stranger);
    }
}
