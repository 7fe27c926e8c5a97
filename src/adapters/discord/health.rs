//! What the adapter says about itself: whether it can serve, and if not, why.

use std::sync::{Arc, Mutex, PoisonError};

use crate::lifecycle::Component;

/// The adapter's readiness, from its parts. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Health {
    component: Component,
    trouble: Arc<Mutex<Trouble>>,
}

#[derive(Debug)]
struct Trouble {
    token: Option<String>,
    gateway: Option<String>,
    commands: Option<String>,
}

impl Health {
    /// Of an adapter that has not begun.
    pub(super) fn new(component: Component) -> Self {
        let trouble = Trouble {
            token: None,
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

    /// Discord refused the token, and for a while nothing is asked of it. Said once, until it is accepted again.
    pub(super) fn token_refused(&self) {
        let reason = "Discord does not accept the token; it is tried again every five minutes, check discord.token";
        if self.exchange_token(Some(reason.to_owned())).is_none() {
            tracing::error!(error = reason, "Discord refuses the bot");
        }
    }

    /// Discord accepted the token.
    pub(super) fn token_accepted(&self) {
        if self.exchange_token(None).is_some() {
            tracing::info!("Discord accepts the token again");
        }
    }

    /// What was said about the token before.
    fn exchange_token(&self, reason: Option<String>) -> Option<String> {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut trouble.token, reason);
        if before != trouble.token {
            self.tell(&trouble);
        }
        before
    }

    fn change(&self, change: impl FnOnce(&mut Trouble)) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut trouble);
        self.tell(&trouble);
    }

    fn tell(&self, trouble: &Trouble) {
        let reasons = [&trouble.gateway, &trouble.token, &trouble.commands];
        match reasons.into_iter().flatten().next() {
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
        health.token_refused();
        health.token_refused();
        assert!(readiness.waiting_for()[0].1.contains("check discord.token"));
        health.token_accepted();
        assert!(readiness.waiting_for().is_empty());
    }
}
