//! What the adapter says about itself: whether it can serve, and if not, why.

use std::sync::{Arc, Mutex, PoisonError};

use crate::lifecycle::Component;

/// The adapter's readiness, from its two halves. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Health {
    component: Component,
    trouble: Arc<Mutex<Trouble>>,
}

#[derive(Debug)]
struct Trouble {
    gateway: Option<String>,
    commands: Option<String>,
}

impl Health {
    /// Of an adapter that has not begun.
    pub(super) fn new(component: Component) -> Self {
        let trouble = Trouble {
            gateway: Some("not connected to Discord yet".to_owned()),
            commands: Some("its commands are not in Discord's menu yet".to_owned()),
        };
        Self { component, trouble: Arc::new(Mutex::new(trouble)) }
    }

    /// The gateway has a session.
    pub(super) fn connected(&self) {
        self.change(|trouble| trouble.gateway = None);
    }

    /// It has none, for this reason.
    pub(super) fn disconnected(&self, reason: impl Into<String>) {
        let reason = reason.into();
        self.change(|trouble| trouble.gateway = Some(reason));
    }

    /// The commands are in Discord's menu.
    pub(super) fn commands_registered(&self) {
        self.change(|trouble| trouble.commands = None);
    }

    /// They are not, for this reason.
    pub(super) fn commands_failed(&self, reason: String) {
        self.change(|trouble| trouble.commands = Some(reason));
    }

    fn change(&self, change: impl FnOnce(&mut Trouble)) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut trouble);
        match trouble.gateway.as_ref().or(trouble.commands.as_ref()) {
            Some(reason) => self.component.not_ready(reason),
            None => self.component.ready(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::Readiness;

    #[test]
    fn it_is_ready_when_both_halves_are() {
        let readiness = Readiness::default();
        let health = Health::new(readiness.component("discord"));
        health.connected();
        assert!(!readiness.waiting_for().is_empty(), "nobody can type a command yet");
        health.commands_registered();
        assert!(readiness.waiting_for().is_empty());
        health.commands_failed("no commands".to_owned());
        health.disconnected("no session");
        assert_eq!(readiness.waiting_for(), [("discord", "no session".to_owned())]);
        health.connected();
        assert_eq!(readiness.waiting_for(), [("discord", "no commands".to_owned())]);
        health.commands_registered();
        assert!(readiness.waiting_for().is_empty());
    }
}
