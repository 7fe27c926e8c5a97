//! The gateway's bad days: whatever ends a connection, the bot is back, and the rest of the process does not feel it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use legwork::adapters::discord::{Discord, DiscordError};
use legwork::config::DiscordConfig;
use legwork::simulator::discord::{Fault, FaultKind};
use tokio::time::Instant;

use super::bench::{Bench, TOKEN};

/// The longest time in which the test's own runtime did nothing.
struct Ticker {
    worst_ms: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Ticker {
    fn start(tracker: &tokio_util::task::TaskTracker) -> Self {
        let worst_ms = Arc::new(AtomicU64::new(0));
        let worst = worst_ms.clone();
        let task = tracker.spawn(async move {
            let mut last = Instant::now();
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tick.tick().await;
                let gap = u64::try_from(last.elapsed().as_millis()).unwrap_or(u64::MAX);
                worst.fetch_max(gap, Ordering::Relaxed);
                last = Instant::now();
            }
        });
        Self { worst_ms, task }
    }

    fn stop(self) -> Duration {
        self.task.abort();
        Duration::from_millis(self.worst_ms.load(Ordering::Relaxed))
    }
}

/// Ends the connection, and expects a command given afterwards to be answered, with the runtime alive all the while.
async fn survives(bench: &Bench, end: impl Fn(&Bench)) {
    let tracker = tokio_util::task::TaskTracker::new();
    let ticker = Ticker::start(&tracker);
    let sessions = |bench: &Bench| bench.server.identifies() + bench.server.resumes();
    let before = sessions(bench);
    end(bench);
    bench.until("back", |bench| sessions(bench) > before && bench.server.connected()).await;
    let id = bench.runs("help", &[]);
    bench.answer(id).await;
    let worst = ticker.stop();
    assert!(worst < Duration::from_secs(5), "the runtime stood still for {worst:?}");
}

#[tokio::test]
async fn many_commands_at_once_are_no_reason_to_connect_anew() {
    let bench = Bench::ready().await;
    let (identified, resumed) = (bench.server.identifies(), bench.server.resumes());
    let mut beat = tokio::time::interval(Duration::from_millis(10));
    let mut ids = Vec::new();
    for _ in 0..100 {
        beat.tick().await;
        ids.push(bench.runs("help", &[]));
    }
    for id in ids {
        bench.answer(id).await;
    }
    assert_eq!((bench.server.identifies(), bench.server.resumes()), (identified, resumed));
    assert!(bench.server.connected());
    bench.end_well().await;
}

#[tokio::test]
async fn breaks_that_leave_the_session_are_resumed() {
    let bench = Bench::ready().await;
    survives(&bench, |bench| bench.server.close_gateway(Some(4000))).await;
    survives(&bench, |bench| bench.server.drop_gateway()).await;
    survives(&bench, |bench| bench.server.ask_reconnect()).await;
    survives(&bench, |bench| bench.server.invalid_session(true)).await;
    assert_eq!((bench.server.identifies(), bench.server.resumes()), (1, 4));
    bench.end_well().await;
}

#[tokio::test]
async fn a_session_that_is_lost_is_begun_anew() {
    let bench = Bench::ready().await;
    survives(&bench, |bench| bench.server.invalid_session(false)).await;
    assert_eq!(bench.server.identifies(), 2);
    bench.end_well().await;
}

#[tokio::test]
async fn a_close_without_a_code_is_survived_long_before_a_heartbeat() {
    let bench = Bench::ready().await;
    let begun = Instant::now();
    survives(&bench, |bench| bench.server.close_gateway(None)).await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    bench.until_ready().await;
    bench.end_well().await;
}

#[tokio::test]
async fn the_adapter_is_ready_when_it_hears_and_says_why_when_it_does_not() {
    let mut bench = Bench::idle().await;
    bench.server.refuse_gateway(true);
    bench.server.fail(Fault {
        route: Some("GET /users/@me".to_owned()),
        times: 1,
        kind: FaultKind::Status(503, 0, "down".to_owned()),
    });
    bench.connect();
    let reason = |bench: &Bench| bench.readiness.waiting_for().first().map(|(_, reason)| reason.clone()).unwrap_or_default();
    bench.until("unreachable", |bench| reason(bench).contains("Discord answers with status 503")).await;
    bench.until("without a session", |bench| reason(bench).contains("gives no session")).await;
    bench.server.refuse_gateway(false);
    bench.until_ready().await;
    assert!(bench.server.connected());
    assert_eq!(bench.server.intents(), [0]);
    bench.server.refuse_gateway(true);
    bench.server.drop_gateway();
    bench.until("not ready", |bench| !reason(bench).is_empty()).await;
    bench.end_well().await;
}

#[tokio::test]
async fn a_gateway_that_cannot_be_found_is_asked_for_again() {
    let mut bench = Bench::idle().await;
    bench.server.fail(Fault { route: Some("GET /gateway/bot".to_owned()), times: 1, kind: FaultKind::NotJson(500) });
    bench.connect();
    bench.until_ready().await;
    assert!(bench.server.connected());
    bench.end_well().await;
}

#[tokio::test]
async fn a_refused_token_ends_the_adapter() {
    let mut bench = Bench::idle_with("MTAwMA.other.token", Vec::new()).await;
    bench.connect();
    let error = bench.adapter_ends(true).await.expect_err("a refusal");
    assert!(matches!(error, DiscordError::Unauthorized));
    assert_eq!(error.to_string(), "Discord does not accept the token; check discord.token");
    assert_eq!(bench.readiness.waiting_for(), [("discord", error.to_string())]);
    assert_eq!(bench.server.identifies(), 0);
    bench.end().await;
}

#[tokio::test]
async fn closes_that_a_human_must_mend_end_the_adapter() {
    for code in [4004, 4013, 4014] {
        let mut bench = Bench::ready().await;
        bench.server.close_gateway(Some(code));
        let error = bench.adapter_ends(true).await.expect_err("a refusal");
        assert!(matches!((code, error), (4004, DiscordError::Unauthorized) | (_, DiscordError::Intents)), "{code}");
        bench.end().await;
    }
}

#[tokio::test]
async fn a_stop_says_goodbye_and_finishes_what_was_asked() {
    let mut bench = Bench::ready().await;
    bench.inbox.is_open(false);
    let id = bench.runs("submit", &[("prompt", "count the ships")]);
    bench.until("heard", |bench| bench.inbox.heard().len() == 1).await;
    let inbox = bench.inbox.clone();
    let server = bench.server.clone();
    let opener = async move {
        let mut changes = server.changed();
        while server.connected() {
            changes.changed().await.expect("a running server");
        }
        inbox.is_open(true);
    };
    let (ended, ()) = tokio::join!(bench.adapter_ends(false), opener);
    ended.expect("a clean end");
    assert_eq!(bench.answer(id).await.text, "understood");
    assert_eq!(bench.readiness.waiting_for(), [("discord", "stopping".to_owned())]);
    bench.end_well().await;
}

#[test]
fn a_configuration_that_cannot_be_right_is_refused() {
    let discord = |token: &str, api_url: &str| {
        let config =
            DiscordConfig { token: token.into(), api_url: api_url.to_owned(), pace: NonZeroU32::MIN, guilds: Vec::new() };
        let (clock, component) = (Arc::new(super::bench::MovableClock::default()), legwork::lifecycle::Readiness::default());
        Discord::new(config, clock, legwork::metrics::Metrics::default(), component.component("discord")).err()
    };
    assert!(discord(TOKEN, "http://127.0.0.1:1").is_none());
    for token in ["", "  ", "two words", "newline\n.inside", "\u{e9}"] {
        assert!(matches!(discord(token, "http://127.0.0.1:1"), Some(DiscordError::MalformedToken)), "{token:?}");
    }
    for api_url in ["", "discord.com", "ftp://discord.com"] {
        assert!(matches!(discord(TOKEN, api_url), Some(DiscordError::ApiUrl)), "{api_url:?}");
    }
}
