//! What can be made to go wrong: on REST requests, one after another, and on the gateway; and how strict the server is.

use std::time::Duration;

use super::DiscordServer;
use super::record::key;
use super::route::Route;

/// A failure of the next requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Which requests: those of this route (`POST /channels/{id}/messages`); or, if this is no whole route, those whose
    /// method and route contain it (`@original`, `PATCH /webhooks`). `None`: all.
    pub route: Option<String>,
    /// How many requests it meets.
    pub times: usize,
    /// What happens to them.
    pub kind: FaultKind,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultKind {
    /// It is refused with this status, Discord's code and message, and not done.
    Status(u16, u32, String),
    /// It is refused with 429: wait so many seconds; `true` for the global limit.
    RetryAfter(f64, bool),
    /// The connection ends before it is done.
    CutBefore,
    /// It is done, and the connection ends without an answer.
    CutAfter,
    /// It is not done, and no answer ever comes.
    Hang,
    /// It is done so much later, and is lost when the client has gone by then.
    ActLate(Duration),
    /// It is done at once, and the answer comes so much later.
    AnswerLate(Duration),
    /// It is not done; the answer has this status and a page instead of JSON, as a proxy gives it.
    NotJson(u16),
    /// It is done, and the answer is such a page.
    NotJsonAfter(u16),
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub(super) struct Faults {
    planned: Vec<Fault>,
    /// Whether an answer was ever cut off: the bot may then ask again what has been done.
    pub(super) swallowed: bool,
}

impl Faults {
    /// The fault that meets this request.
    pub(super) fn strike(&mut self, method: &str, template: &str) -> Option<FaultKind> {
        let route = key(&format!("{method} {template}"));
        let meets = |fault: &Fault| fault.route.as_ref().is_none_or(|wanted| meets(&key(wanted), &route));
        let index = self.planned.iter().position(meets)?;
        let fault = self.planned.get_mut(index)?;
        let kind = fault.kind.clone();
        self.swallowed |= matches!(kind, FaultKind::CutAfter | FaultKind::NotJsonAfter(_));
        fault.times = fault.times.saturating_sub(1);
        if fault.times == 0 {
            self.planned.remove(index);
        }
        Some(kind)
    }
}

fn meets(wanted: &str, route: &str) -> bool {
    wanted == route || (!Route::exists(wanted) && route.contains(wanted))
}

impl DiscordServer {
    /// Makes requests fail; several faults meet in the order they were planned.
    pub fn fail(&self, fault: Fault) {
        if fault.times > 0 {
            self.act(|world| world.faults.planned.push(fault));
        }
    }

    /// Lets everything that was planned with [`Self::fail`] be.
    pub fn heal(&self) {
        self.act(|world| world.faults.planned.clear());
    }

    /// Holds the bot to Discord's limits: beyond them it gets 429, and a violation is noted.
    pub fn enforce_limits(&self, enforced: bool) {
        self.act(|world| world.limits.enforced = enforced);
    }

    /// Closes the gateway connection with a code, or with a close frame that has none.
    pub fn close_gateway(&self, code: Option<u16>) {
        self.act(|world| world.gateway.close(code));
    }

    /// Ends the gateway's TCP connection without a close frame.
    pub fn drop_gateway(&self) {
        self.act(|world| world.gateway.cut());
    }

    /// Asks the bot to reconnect and resume (op 7).
    pub fn ask_reconnect(&self) {
        self.act(|world| world.gateway.ask_reconnect());
    }

    /// Tells the bot that its session is invalid (op 9).
    pub fn invalid_session(&self, resumable: bool) {
        self.act(|world| world.gateway.invalidate(resumable));
    }

    /// Refuses new gateway connections.
    pub fn refuse_gateway(&self, refused: bool) {
        self.act(|world| world.gateway.refusing = refused);
    }

    /// The pace of heartbeats asked of new connections; 41.25 s unless said otherwise.
    pub fn set_heartbeat(&self, interval: Duration) {
        self.act(|world| world.gateway.heartbeat = interval);
    }

    /// Lets bots have these privileged intents, as a switch on the developer page does.
    pub fn grant_intents(&self, intents: u64) {
        self.act(|world| world.gateway.granted = intents);
    }

    /// Leaves heartbeats without an answer.
    pub fn stop_heartbeat_acks(&self, stopped: bool) {
        self.act(|world| world.gateway.silent = stopped);
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, FaultKind, Faults};

    #[test]
    fn a_fault_meets_its_route_as_often_as_planned() {
        let mut faults = Faults::default();
        faults.planned.push(Fault { route: Some("POST /channels/{id}/messages".to_owned()), times: 2, kind: FaultKind::Hang });
        assert_eq!(faults.strike("GET", "/channels/{channel}/messages"), None);
        assert_eq!(faults.strike("POST", "/channels/{channel}/messages/{message}/threads"), None, "another route");
        assert_eq!(faults.strike("POST", "/channels/{channel}/messages"), Some(FaultKind::Hang));
        assert_eq!(faults.strike("POST", "/channels/{channel}/messages"), Some(FaultKind::Hang));
        assert_eq!(faults.strike("POST", "/channels/{channel}/messages"), None);
    }

    #[test]
    fn a_fault_can_meet_many_routes() {
        let mut faults = Faults::default();
        faults.planned.push(Fault { route: Some("/webhooks".to_owned()), times: 1, kind: FaultKind::Hang });
        assert_eq!(faults.strike("PATCH", "/webhooks/{app}/{token}/messages/@original"), Some(FaultKind::Hang));
    }
}
