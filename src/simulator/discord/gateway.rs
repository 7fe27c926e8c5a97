//! The gateway's websocket: hello, identify or resume, heartbeats, and events until either side has enough.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, sleep_until, timeout};

use super::Shared;
use super::line::Line;
use super::session::{Intents, Push};
use super::world::{APPLICATION, GUILD, World};

/// The largest payload that a bot may send.
const LARGEST_PAYLOAD: usize = 4096;
/// A bot may send so many payloads a minute.
const MOST_PAYLOADS: usize = 120;
const PAYLOAD_WINDOW: Duration = Duration::from_mins(1);
/// How long the bot may take to answer a close frame.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// Close codes that a bot earns.
mod code {
    pub(super) const UNKNOWN_OPCODE: u16 = 4001;
    pub(super) const DECODE_ERROR: u16 = 4002;
    pub(super) const NOT_AUTHENTICATED: u16 = 4003;
    pub(super) const AUTHENTICATION_FAILED: u16 = 4004;
    pub(super) const ALREADY_AUTHENTICATED: u16 = 4005;
    pub(super) const RATE_LIMITED: u16 = 4008;
    pub(super) const TIMED_OUT: u16 = 4009;
    pub(super) const INVALID_INTENTS: u16 = 4013;
    pub(super) const DISALLOWED_INTENTS: u16 = 4014;
}

pub(super) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if shared.look(|world| world.gateway.refusing) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let tracker = shared.tracker.clone();
    upgrade.on_upgrade(move |socket| tracker.track_future(attend(shared, line, socket)))
}

/// The life of one connection.
async fn attend(shared: Arc<Shared>, line: Line, mut socket: WebSocket) {
    let (pushes, mut inbox) = unbounded_channel();
    let id = shared.act(|world| world.gateway.open(pushes));
    let patience = shared.look(|world| world.gateway.heartbeat) * 5 / 2;
    let mut pace = Pace::default();
    let mut deadline = Instant::now() + patience;
    let goodbye = loop {
        tokio::select! {
            () = shared.stop.cancelled() => {
                close(&mut socket, Some(1001)).await;
                break false;
            }
            () = sleep_until(deadline) => {
                shared.act(|world| world.gateway.expel(id, code::TIMED_OUT));
                deadline += patience;
            }
            push = inbox.recv() => match push {
                Some(Push::Text(text)) => if socket.send(Message::text(text)).await.is_err() { break false },
                Some(Push::Close(code)) => {
                    close(&mut socket, code).await;
                    break false;
                }
                Some(Push::Cut) | None => {
                    line.cut();
                    break false;
                }
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Close(frame))) => break frame.is_some_and(|frame| matches!(frame.code, 1000 | 1001)),
                Some(Ok(Message::Text(text))) => {
                    deadline = Instant::now() + patience;
                    let hurried = pace.hurries();
                    shared.act(|world| world.hear(id, &text, hurried));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break false,
            },
        }
    };
    shared.act(|world| world.gateway.gone(id, goodbye));
}

/// Says goodbye and waits a moment for the other side to do so too.
async fn close(socket: &mut WebSocket, code: Option<u16>) {
    let frame = code.map(|code| CloseFrame { code, reason: "".into() });
    if socket.send(Message::Close(frame)).await.is_ok() {
        let drained = async { while let Some(Ok(_)) = socket.recv().await {} };
        timeout(CLOSE_PATIENCE, drained).await.unwrap_or_default();
    }
}

/// How many payloads a bot sent lately.
#[derive(Debug, Default)]
struct Pace {
    since: Option<Instant>,
    count: usize,
}

impl Pace {
    fn hurries(&mut self) -> bool {
        let now = Instant::now();
        if self.since.is_none_or(|since| now.duration_since(since) >= PAYLOAD_WINDOW) {
            *self = Self { since: Some(now), count: 0 };
        }
        self.count += 1;
        self.count > MOST_PAYLOADS
    }
}

impl World {
    /// Does what a payload of the bot says.
    fn hear(&mut self, socket: u64, text: &str, hurried: bool) {
        if hurried {
            return self.expel(socket, code::RATE_LIMITED, "more than 120 payloads in a minute");
        }
        let payload =
            Some(text).filter(|text| text.len() <= LARGEST_PAYLOAD).and_then(|text| serde_json::from_str::<Value>(text).ok());
        let Some(payload) = payload else {
            return self.expel(socket, code::DECODE_ERROR, "a payload that is too large or no JSON");
        };
        let body = &payload["d"];
        match payload["op"].as_u64() {
            Some(1) if self.gateway.silent => {}
            Some(1) => self.gateway.push(socket, &json!({ "op": 11, "d": null, "s": null, "t": null })),
            Some(2) if self.gateway.has_session(socket) => {
                self.expel(socket, code::ALREADY_AUTHENTICATED, "identified twice on one connection");
            }
            Some(2) => self.identify(socket, body),
            Some(6) => self.resume(socket, body),
            Some(3 | 4 | 8 | 31) if self.gateway.has_session(socket) => {}
            Some(3 | 4 | 8 | 31) => self.expel(socket, code::NOT_AUTHENTICATED, "a payload before identifying"),
            _ => self.expel(socket, code::UNKNOWN_OPCODE, "an unknown opcode"),
        }
    }

    fn identify(&mut self, socket: u64, body: &Value) {
        if !self.knows_token(body) {
            return self.expel(socket, code::AUTHENTICATION_FAILED, "identified with a wrong token");
        }
        let intents = match body["intents"].as_u64() {
            Some(intents) if intents & !Intents::KNOWN == 0 => intents,
            _ => return self.expel(socket, code::INVALID_INTENTS, "identified with unknown intents"),
        };
        if intents & Intents::PRIVILEGED & !self.gateway.granted != 0 {
            return self.expel(socket, code::DISALLOWED_INTENTS, "identified with intents that were not granted");
        }
        if !body["properties"].is_object() {
            return self.expel(socket, code::DECODE_ERROR, "identified without properties");
        }
        let session = self.gateway.identify(socket, intents);
        let ready = json!({
            "v": 10,
            "user": self.user_json(APPLICATION),
            "user_settings": {},
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "guild_join_requests": [],
            "guilds": [{ "id": GUILD.to_string(), "unavailable": true }],
            "session_id": session,
            "session_type": "normal",
            "resume_gateway_url": self.gateway_url(),
            "shard": body["shard"].as_array().map_or_else(|| json!([0, 1]), |shard| json!(shard)),
            "application": { "id": APPLICATION.to_string(), "flags": 0 },
        });
        self.gateway.dispatch_to(socket, "READY", Intents::NONE, &ready);
        let guild = self.guild_json();
        self.gateway.dispatch_to(socket, "GUILD_CREATE", Intents::GUILDS, &guild);
    }

    fn resume(&mut self, socket: u64, body: &Value) {
        if !self.knows_token(body) {
            return self.expel(socket, code::AUTHENTICATION_FAILED, "resumed with a wrong token");
        }
        let (session, seen) = (body["session_id"].as_str().unwrap_or_default(), body["seq"].as_u64().unwrap_or_default());
        if !self.gateway.resume(socket, session, seen) {
            self.gateway.push(socket, &json!({ "op": 9, "d": false, "s": null, "t": null }));
        }
    }

    fn knows_token(&self, body: &Value) -> bool {
        let token = body["token"].as_str().unwrap_or_default();
        token.strip_prefix("Bot ").unwrap_or(token) == self.token
    }

    fn expel(&mut self, socket: u64, code: u16, why: &str) {
        self.record.violation(format!("gateway: {code}, {why}"));
        self.gateway.expel(socket, code);
    }
}
