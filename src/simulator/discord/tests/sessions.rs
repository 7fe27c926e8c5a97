//! The gateway, met by serenity: what it hears, how it comes back, and what ends it. What serenity cannot bear (a
//! close frame without a code makes it spin) is looked at on the wire.

use std::time::Duration;

use serenity::all::GatewayIntents;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{ADA, Bench, Bot, CHANNEL, Heard, PATIENCE, TOKEN};

#[tokio::test]
async fn a_bot_that_wants_guilds_hears_of_the_guild() {
    let bench = Bench::start().await;
    let mut bot = Bot::connect(&bench, GatewayIntents::GUILDS).await;
    assert!(matches!(bot.hears().await, Heard::Guild(name) if name == "Demo"));
    assert!(bench.server.connected());
    assert_eq!((bench.server.identifies(), bench.server.intents()), (1, vec![1]));
    bot.leave().await;
    bench.until(|server| !server.connected()).await;
    bench.end().await;
}

#[tokio::test]
async fn a_broken_connection_is_resumed_and_replayed() {
    let bench = Bench::start().await;
    bench.register().await;
    let mut bot = Bot::connect(&bench, GatewayIntents::empty()).await;
    let breaks: [fn(&Bench); 4] = [
        |bench| bench.server.close_gateway(Some(4000)),
        |bench| bench.server.drop_gateway(),
        |bench| bench.server.ask_reconnect(),
        |bench| bench.server.invalid_session(true),
    ];
    for (nth, end) in breaks.into_iter().enumerate() {
        end(&bench);
        let missed = bench.server.runs(CHANNEL, ADA, "status", &[]).expect("a command");
        assert_eq!(bot.hears_interaction().await.id().get(), missed);
        bench.until(|server| server.connected() && server.resumes() == nth + 1).await;
    }
    assert_eq!(bench.server.identifies(), 1);
    bot.leave().await;
    bench.end().await;
}

#[tokio::test]
async fn an_invalid_session_is_started_anew() {
    let bench = Bench::start().await;
    let mut wire = Wire::identified(&bench).await;
    bench.server.invalid_session(false);
    assert!(!bench.server.connected());
    assert!(wire.hears("\"op\":9").await.contains("\"d\":false"));
    wire.say(&identify(TOKEN)).await;
    wire.hears("READY").await;
    assert_eq!((bench.server.identifies(), bench.server.resumes()), (2, 0));
    bench.end().await;
}

#[tokio::test]
async fn heartbeats_are_answered_until_told_otherwise() {
    let bench = Bench::start().await;
    let mut wire = Wire::identified(&bench).await;
    wire.say("{\"op\":1,\"d\":1}").await;
    wire.hears("\"op\":11").await;
    bench.server.stop_heartbeat_acks(true);
    wire.say("{\"op\":1,\"d\":1}").await;
    wire.say("{\"op\":99}").await;
    assert_eq!(wire.frame().await, (8, 4001_u16.to_be_bytes().to_vec()), "the heartbeat had no answer");
    bench.end().await;
}

#[tokio::test]
async fn a_bot_without_heartbeats_is_sent_away() {
    let bench = Bench::start().await;
    bench.server.set_heartbeat(Duration::from_millis(20));
    let mut wire = Wire::connect(&bench).await.expect("a websocket");
    wire.hears("heartbeat_interval\":20").await;
    assert_eq!(wire.frame().await, (8, 4009_u16.to_be_bytes().to_vec()));
    bench.end().await;
}

#[tokio::test]
async fn a_wrong_token_ends_the_bot() {
    let bench = Bench::start().await;
    let ended = Bot::start(&bench, "MTAwMA.other.token", GatewayIntents::empty()).await.end().await;
    assert!(ended.contains("InvalidAuthentication"), "{ended}");
    bench.end().await;
}

#[tokio::test]
async fn an_intent_must_be_granted() {
    let bench = Bench::start().await;
    let ended = Bot::start(&bench, TOKEN, GatewayIntents::MESSAGE_CONTENT).await.end().await;
    assert!(ended.contains("DisallowedGatewayIntents"), "{ended}");
    bench.server.grant_intents(GatewayIntents::MESSAGE_CONTENT.bits());
    Bot::connect(&bench, GatewayIntents::MESSAGE_CONTENT).await.leave().await;
    bench.end().await;
}

#[tokio::test]
async fn an_interaction_is_delivered_again_on_demand() {
    let bench = Bench::start().await;
    bench.register().await;
    let mut bot = Bot::connect(&bench, GatewayIntents::empty()).await;
    let id = bench.server.runs(CHANNEL, ADA, "status", &[]).expect("a command");
    let first = bot.hears_interaction().await.command().expect("a command");
    bench.server.redeliver(id);
    let second = bot.hears_interaction().await.command().expect("a command");
    assert_eq!(first.id, second.id);
    first.defer(&bot.http).await.expect("deferred");
    assert!(second.defer(&bot.http).await.is_err());
    assert_eq!(bench.server.violations(), Vec::<String>::new(), "the bot could not know");
    bot.leave().await;
    bench.end().await;
}

#[tokio::test]
async fn a_close_frame_can_come_without_a_code() {
    let bench = Bench::start().await;
    let mut wire = Wire::connect(&bench).await.expect("a websocket");
    wire.hears("heartbeat_interval").await;
    bench.server.close_gateway(None);
    assert_eq!(wire.frame().await, (8, Vec::new()));
    bench.server.refuse_gateway(true);
    assert!(Wire::connect(&bench).await.is_none());
    bench.end().await;
}

#[tokio::test]
async fn payloads_before_identifying_are_punished() {
    let bench = Bench::start().await;
    for (payload, code) in [("{\"op\":3,\"d\":{}}", 4003_u16), ("{\"op\":99}", 4001), ("nonsense", 4002)] {
        let mut wire = Wire::connect(&bench).await.expect("a websocket");
        wire.frame().await;
        wire.say(payload).await;
        assert_eq!(wire.frame().await, (8, code.to_be_bytes().to_vec()));
    }
    assert_eq!(bench.server.violations().len(), 3);
    bench.end().await;
}

fn identify(token: &str) -> String {
    serde_json::json!({ "op": 2, "d": { "token": token, "intents": 0, "properties": {} } }).to_string()
}

/// A websocket by hand: frames that fit into 64 KiB, nothing else.
struct Wire(TcpStream);

impl Wire {
    async fn connect(bench: &Bench) -> Option<Self> {
        let address = bench.server.url().trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).await.expect("a connection");
        let hello = format!(
            "GET /gateway?v=10 HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(hello.as_bytes()).await.expect("written");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.expect("an answer"));
        }
        answer.starts_with(b"HTTP/1.1 101").then_some(Self(stream))
    }

    async fn identified(bench: &Bench) -> Self {
        let mut wire = Self::connect(bench).await.expect("a websocket");
        wire.hears("heartbeat_interval").await;
        wire.say(&identify(TOKEN)).await;
        wire.hears("READY").await;
        wire
    }

    /// The next frame, which must contain this.
    async fn hears(&mut self, wanted: &str) -> String {
        let (opcode, payload) = self.frame().await;
        let text = String::from_utf8_lossy(&payload).into_owned();
        assert!(opcode == 1 && text.contains(wanted), "{opcode}: {text}");
        text
    }

    /// The opcode and the payload of the next frame.
    async fn frame(&mut self) -> (u8, Vec<u8>) {
        let read = async {
            let (opcode, short) = (self.0.read_u8().await? & 15, usize::from(self.0.read_u8().await? & 127));
            let length = if short < 126 { short } else { usize::from(self.0.read_u16().await?) };
            let mut payload = vec![0; length];
            self.0.read_exact(&mut payload).await?;
            std::io::Result::Ok((opcode, payload))
        };
        tokio::time::timeout(PATIENCE, read).await.expect("a frame in time").expect("a frame")
    }

    /// Sends a text, masked with zeros as a client must.
    async fn say(&mut self, text: &str) {
        let length = u8::try_from(text.len()).expect("a short text");
        let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
        frame.extend_from_slice(text.as_bytes());
        self.0.write_all(&frame).await.expect("written");
    }
}
