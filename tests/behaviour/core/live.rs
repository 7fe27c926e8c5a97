//! Live messages: only the newest version counts, they yield to what is owed, and their owners learn what became of them.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use legwork::background::ports::SendError;
use legwork::delivery::live::{LiveMessage, Shown};
use legwork::delivery::priority::Priority;
use legwork::domain::channel::ChannelId;
use legwork::domain::id::MessageId;
use legwork::domain::pace::{Budget, Pace, Rate, SendKind};
use tokio::time::Instant;

use crate::support::desk::Desk;

const CHAT: &str = "chat:1";

/// One message a second and no more.
fn slow(channel: &ChannelId, _kind: SendKind) -> Pace {
    let rates = vec![Rate::Steady { every: Duration::from_secs(1), burst: NonZeroU32::MIN }];
    Pace { chat: Budget { key: channel.to_string(), rates }, ..Pace::unlimited(channel) }
}

/// What was shown, and how the next ones fare.
#[derive(Default, Clone)]
struct Screen {
    shown: Arc<Mutex<Vec<String>>>,
    faults: Arc<Mutex<Vec<SendError>>>,
}

impl Screen {
    fn shows(&self) -> Vec<String> {
        self.shown.lock().unwrap().clone()
    }

    fn version(&self, key: &str, text: &str) -> LiveMessage {
        let (screen, text) = (self.clone(), text.to_owned());
        LiveMessage {
            key: key.to_owned(),
            channel: CHAT.parse().unwrap(),
            priority: Priority::Card,
            kind: SendKind::Edit,
            lifetime: None,
            live: Arc::new(move || {
                let (screen, text) = (screen.clone(), text.clone());
                async move {
                    if let Some(error) = screen.faults.lock().unwrap().pop() {
                        return Err(error);
                    }
                    screen.shown.lock().unwrap().push(text);
                    Ok(MessageId::parse("m1").ok())
                }
            }),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_newest_version_is_sent() {
    let (desk, screen) = (Desk::open(), Screen::default());
    desk.recorder.has_pace(slow);
    let first = desk.outbox.show(screen.version("a", "a0"));
    assert_eq!(first.outcome().await, Shown::Sent(MessageId::parse("m1").ok()));
    let started = Instant::now();
    let versions: Vec<_> = (1..=100).map(|at| desk.outbox.show(screen.version("a", &format!("a{at}")))).collect();
    let other = desk.outbox.show(screen.version("b", "b1"));
    let mut outcomes = Vec::new();
    for version in versions {
        outcomes.push(version.outcome().await);
    }
    assert!(outcomes[..99].iter().all(|outcome| *outcome == Shown::Replaced));
    assert!(matches!(outcomes[99], Shown::Sent(_)));
    assert!(matches!(other.outcome().await, Shown::Sent(_)));
    assert_eq!(screen.shows(), ["a0", "a100", "b1"]);
    assert!(started.elapsed() >= Duration::from_millis(1900), "they share the budget: {:?}", started.elapsed());
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_owed_goes_first_and_what_cannot_wait_is_dropped() {
    let (desk, screen) = (Desk::open(), Screen::default());
    desk.recorder.has_pace(slow);
    desk.submits(CHAT, "chat:ann", "hold x").await;
    desk.hears(CHAT, "#1 running").await;
    desk.outbox.show(screen.version("first", "first")).outcome().await;
    let card = desk.outbox.show(screen.version("card", "card"));
    let progress = LiveMessage { priority: Priority::Progress, ..screen.version("progress", "progress") };
    let short = desk.outbox.show(LiveMessage { lifetime: Some(Duration::from_millis(500)), ..screen.version("x", "x") });
    let progress = desk.outbox.show(progress);
    desk.runner.release();
    desk.hears(CHAT, "#1 done").await;
    assert_eq!(screen.shows(), ["first"], "the result and the end came before");
    assert_eq!(short.outcome().await, Shown::Dropped);
    let (_card, _progress) = (card.outcome().await, progress.outcome().await);
    assert_eq!(screen.shows(), ["first", "card", "progress"]);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_waited_out_and_the_newest_version_is_sent_then() {
    let (desk, screen) = (Desk::open(), Screen::default());
    screen.faults.lock().unwrap().push(SendError::RetryAfter(Duration::from_secs(30)));
    let started = Instant::now();
    let old = desk.outbox.show(screen.version("a", "old"));
    desk.passes(Duration::from_secs(5)).await;
    let new = desk.outbox.show(screen.version("a", "new"));
    assert_eq!(old.outcome().await, Shown::Replaced);
    assert!(matches!(new.outcome().await, Shown::Sent(_)));
    assert!(started.elapsed() >= Duration::from_secs(30));
    assert_eq!(screen.shows(), ["new"]);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn failures_and_panics_are_told_and_cost_nobody_else_anything() {
    let (desk, screen) = (Desk::open(), Screen::default());
    screen.faults.lock().unwrap().push(SendError::Undeliverable("gone".to_owned()));
    let failed = desk.outbox.show(screen.version("a", "a")).outcome().await;
    assert_eq!(failed, Shown::Failed(SendError::Undeliverable("gone".to_owned())));
    let panicking = || -> std::future::Ready<Result<Option<MessageId>, SendError>> { panic!("as asked") };
    let broken = LiveMessage { live: Arc::new(panicking), ..screen.version("a", "a") };
    assert_eq!(desk.outbox.show(broken).outcome().await, Shown::Dropped);
    assert!(matches!(desk.outbox.show(screen.version("a", "well")).outcome().await, Shown::Sent(_)));
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_withdrawn_is_not_shown() {
    let (desk, screen) = (Desk::open(), Screen::default());
    desk.recorder.has_pace(slow);
    desk.outbox.show(screen.version("a", "a")).outcome().await;
    let draft = desk.outbox.show(screen.version("draft", "draft"));
    desk.outbox.withdraw(&CHAT.parse().unwrap(), "draft");
    assert_eq!(draft.outcome().await, Shown::Replaced);
    assert_eq!(screen.shows(), ["a"]);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_withdrawn_leaves_its_turn_to_others() {
    let (desk, screen) = (Desk::open(), Screen::default());
    desk.recorder.has_pace(slow);
    desk.outbox.show(screen.version("a", "a")).outcome().await;
    let started = Instant::now();
    let _draft = desk.outbox.show(screen.version("draft", "draft"));
    desk.passes(Duration::from_millis(100)).await;
    desk.outbox.withdraw(&CHAT.parse().unwrap(), "draft");
    desk.passes(Duration::from_millis(100)).await;
    assert_eq!(desk.outbox.active_lanes(), 0, "nothing is waited for");
    let (_draft, next) = (desk.outbox.show(screen.version("draft", "draft")), desk.outbox.show(screen.version("b", "b")));
    desk.passes(Duration::from_millis(100)).await;
    desk.outbox.withdraw(&CHAT.parse().unwrap(), "draft");
    assert!(matches!(next.outcome().await, Shown::Sent(_)));
    assert!(started.elapsed() < Duration::from_millis(1100), "{:?}", started.elapsed());
    desk.closes().await;
}
