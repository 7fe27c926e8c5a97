//! The gateway's sessions: what a bot identified as, every event since with its number, and the socket it listens on.
//!
//! A session outlives its socket: what happens in between is replayed when the bot resumes it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

/// After so many, Discord resets the token.
pub(super) const IDENTIFIES_A_DAY: usize = 1000;
/// How many events a session remembers for a resume.
const LONGEST_LOG: usize = 1000;

/// Which events a session wants, as bits.
#[derive(Debug)]
pub(super) struct Intents;

impl Intents {
    /// The event comes whatever was asked for.
    pub(super) const NONE: u64 = 0;
    pub(super) const GUILDS: u64 = 1;
    pub(super) const GUILD_MESSAGES: u64 = 1 << 9;
    pub(super) const DIRECT_MESSAGES: u64 = 1 << 12;
    pub(super) const MESSAGE_CONTENT: u64 = 1 << 15;
    /// Members, presences, content: Discord has to grant them.
    pub(super) const PRIVILEGED: u64 = 1 << 1 | 1 << 8 | Self::MESSAGE_CONTENT;
    pub(super) const KNOWN: u64 = ((1 << 17) - 1) | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25;
}

/// What a socket is to do next.
#[derive(Debug)]
pub(super) enum Push {
    Text(String),
    Close(Option<u16>),
    Cut,
}

#[derive(Debug)]
pub(super) struct Gateway {
    pub(super) identifies: usize,
    pub(super) resumes: usize,
    pub(super) refusing: bool,
    /// Heartbeats stay without an answer.
    pub(super) silent: bool,
    pub(super) heartbeat: Duration,
    /// The privileged intents that the bot may have.
    pub(super) granted: u64,
    sessions: Vec<Session>,
    sockets: BTreeMap<u64, UnboundedSender<Push>>,
    next: u64,
}

#[derive(Debug)]
struct Session {
    id: String,
    intents: u64,
    sequence: u64,
    log: VecDeque<(u64, String)>,
    socket: Option<u64>,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            identifies: 0,
            resumes: 0,
            refusing: false,
            silent: false,
            heartbeat: Duration::from_millis(41_250),
            granted: 0,
            sessions: Vec::new(),
            sockets: BTreeMap::new(),
            next: 1,
        }
    }
}

impl Gateway {
    /// Takes a new connection in; it still has to identify or resume.
    pub(super) fn open(&mut self, pushes: UnboundedSender<Push>) -> u64 {
        let socket = self.next;
        self.next += 1;
        self.sockets.insert(socket, pushes);
        self.push(socket, &json!({ "op": 10, "d": { "heartbeat_interval": millis(self.heartbeat) }, "s": null, "t": null }));
        socket
    }

    /// A connection is gone; if the bot said goodbye, so is its session.
    pub(super) fn gone(&mut self, socket: u64, goodbye: bool) {
        self.sockets.remove(&socket);
        self.sessions.retain(|session| !(goodbye && session.socket == Some(socket)));
        self.detach(socket);
    }

    pub(super) fn is_connected(&self) -> bool {
        self.sessions.iter().any(|session| session.socket.is_some())
    }

    pub(super) fn has_session(&self, socket: u64) -> bool {
        self.sessions.iter().any(|session| session.socket == Some(socket))
    }

    /// The intents of every session that listens.
    pub(super) fn intents(&self) -> Vec<u64> {
        self.sessions.iter().filter(|session| session.socket.is_some()).map(|session| session.intents).collect()
    }

    /// Starts a session; those that nobody listens to are forgotten.
    pub(super) fn identify(&mut self, socket: u64, intents: u64) -> String {
        self.identifies += 1;
        let id = format!("{:016x}{:016x}", fastrand::u64(..), self.next);
        self.sessions.retain(|session| session.socket.is_some());
        self.sessions.push(Session { id: id.clone(), intents, sequence: 0, log: VecDeque::new(), socket: Some(socket) });
        id
    }

    /// Takes a session up again and replays what it missed; false when there is no such session.
    pub(super) fn resume(&mut self, socket: u64, id: &str, seen: u64) -> bool {
        let Some(session) = self.sessions.iter_mut().find(|session| session.id == id) else { return false };
        let complete = session.log.front().is_none_or(|(first, _)| *first <= seen + 1);
        if seen > session.sequence || !complete {
            return false;
        }
        self.resumes += 1;
        session.socket = Some(socket);
        if let Some(pushes) = self.sockets.get(&socket) {
            for (_, text) in session.log.iter().filter(|(sequence, _)| *sequence > seen) {
                send(pushes, Push::Text(text.clone()));
            }
        }
        session.dispatch("RESUMED", &json!({ "_trace": [] }), &self.sockets);
        true
    }

    /// Sends an event to every session that wants it.
    pub(super) fn dispatch(&mut self, event: &str, intent: u64, body: &Value) {
        for session in self.sessions.iter_mut().filter(|session| session.intents & intent == intent) {
            session.dispatch(event, body, &self.sockets);
        }
    }

    /// Sends an event to the session on this socket.
    pub(super) fn dispatch_to(&mut self, socket: u64, event: &str, intent: u64, body: &Value) {
        let wanted = |session: &&mut Session| session.socket == Some(socket) && session.intents & intent == intent;
        if let Some(session) = self.sessions.iter_mut().find(wanted) {
            session.dispatch(event, body, &self.sockets);
        }
    }

    /// Sends a payload that is no event.
    pub(super) fn push(&self, socket: u64, payload: &Value) {
        if let Some(pushes) = self.sockets.get(&socket) {
            send(pushes, Push::Text(payload.to_string()));
        }
    }

    /// Closes one connection because of what the bot did.
    pub(super) fn expel(&self, socket: u64, code: u16) {
        if let Some(pushes) = self.sockets.get(&socket) {
            send(pushes, Push::Close(Some(code)));
        }
    }

    pub(super) fn close(&mut self, code: Option<u16>) {
        self.end_sockets(|| Push::Close(code));
        if code.is_some_and(ends_session) {
            self.sessions.clear();
        }
    }

    pub(super) fn cut(&mut self) {
        self.end_sockets(|| Push::Cut);
    }

    pub(super) fn ask_reconnect(&self) {
        for socket in self.sockets.keys() {
            self.push(*socket, &json!({ "op": 7, "d": null, "s": null, "t": null }));
        }
    }

    pub(super) fn invalidate(&mut self, resumable: bool) {
        for socket in self.sockets.keys() {
            self.push(*socket, &json!({ "op": 9, "d": resumable, "s": null, "t": null }));
        }
        if resumable {
            self.sessions.iter_mut().for_each(|session| session.socket = None);
        } else {
            self.sessions.clear();
        }
    }

    /// From here on the sockets hear nothing more: what happens now belongs into the replay.
    fn end_sockets(&mut self, push: impl Fn() -> Push) {
        for pushes in self.sockets.values() {
            send(pushes, push());
        }
        self.sessions.iter_mut().for_each(|session| session.socket = None);
    }

    fn detach(&mut self, socket: u64) {
        for session in self.sessions.iter_mut().filter(|session| session.socket == Some(socket)) {
            session.socket = None;
        }
    }
}

impl Session {
    fn dispatch(&mut self, event: &str, body: &Value, sockets: &BTreeMap<u64, UnboundedSender<Push>>) {
        self.sequence += 1;
        let text = json!({ "op": 0, "t": event, "s": self.sequence, "d": body }).to_string();
        if let Some(pushes) = self.socket.and_then(|socket| sockets.get(&socket)) {
            send(pushes, Push::Text(text.clone()));
        }
        self.log.push_back((self.sequence, text));
        if self.log.len() > LONGEST_LOG {
            self.log.pop_front();
        }
    }
}

/// A socket that is closing no longer listens, and need not.
fn send(pushes: &UnboundedSender<Push>, push: Push) {
    pushes.send(push).unwrap_or_default();
}

/// Close codes after which a session cannot be resumed.
fn ends_session(code: u16) -> bool {
    matches!(code, 1000 | 1001 | 4003 | 4004 | 4007 | 4009..=4014)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
