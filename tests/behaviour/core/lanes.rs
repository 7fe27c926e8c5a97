//! A lane blocks nobody for ever: not by a notifier that breaks, a row that cannot be read, or a platform that is away.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use legwork::adapters::ledger::memory::MemoryLedger;
use legwork::adapters::ledger::sqlite::SqliteLedger;
use legwork::background::ports::{Ledger, OutgoingMessage, Purpose, SendError};
use legwork::chat::inbound::Replies;
use legwork::domain::channel::ChannelId;
use legwork::domain::id::{TaskId, TaskNumber};
use legwork::domain::language::Language;
use legwork::domain::limits::Limits;
use legwork::domain::notice::{Events, NoticeKind, NoticeState};
use legwork::domain::pace::{Budget, Pace, Rate, SendKind};
use legwork::domain::prompt::Prompt;
use legwork::domain::status::Status;
use legwork::domain::task::{NewTask, RunSettings};
use legwork::domain::time::from_millis;
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use crate::support::desk::{Desk, Setup};

const CHAT: &str = "chat:1";
const ANN: &str = "chat:ann";

fn answer(text: &str) -> OutgoingMessage {
    let purpose = Purpose::Answer { private: true };
    OutgoingMessage::plain(CHAT.parse().unwrap(), purpose, Language::En, text.to_owned(), "k".to_owned())
}

/// A ledger that took a task in long ago and has told nobody.
async fn long_ago(ledger: Arc<dyn Ledger>) -> Arc<dyn Ledger> {
    let new = NewTask {
        id: TaskId::parse("old").unwrap(),
        inbound: None,
        prompt: Prompt::parse("say old").unwrap(),
        origin: Desk::submission(CHAT, ANN, "x").origin,
        deliver_to: Vec::new(),
        events: Events::default(),
        manner: legwork::domain::preferences::Manner::default(),
        settings: RunSettings::default(),
        retry_of: None,
    };
    ledger.accept(new, &Limits::default(), from_millis(1_780_000_000_000).unwrap()).await.unwrap();
    ledger
}

#[tokio::test(start_paused = true)]
async fn a_notifier_that_breaks_costs_one_message_and_no_channel() {
    let desk = Desk::open();
    desk.recorder.panics_at("poison");
    desk.submits(CHAT, ANN, "say poison").await;
    desk.hears(CHAT, "#1 done").await;
    desk.outbox.say(answer("an answer with poison"));
    desk.outbox.say(answer("an answer"));
    desk.hears(CHAT, "an answer").await;
    let notices = desk.ledger.notices_of(&desk.task(TaskNumber(1)).await.new.id).await.unwrap();
    let result = notices.iter().find(|notice| notice.kind == NoticeKind::Result).unwrap();
    assert!(matches!(&result.state, NoticeState::Undeliverable { reason, .. } if reason.contains("broke")), "{result:?}");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_notifier_that_breaks_over_a_person_costs_no_channel_either() {
    let desk = Desk::open();
    desk.recorder.refuses(CHAT, SendError::Undeliverable("nobody is there".to_owned()));
    desk.submits(CHAT, "chat:poison", "say one").await;
    desk.until_status(TaskNumber(1), Status::Done).await;
    desk.settles().await;
    desk.recorder.heals(CHAT);
    desk.submits(CHAT, ANN, "say two").await;
    desk.hears(CHAT, "#2 done").await;
    desk.closes().await;
}

static PACES: AtomicU32 = AtomicU32::new(0);

/// Breaks once, over the first answer and in its lane.
fn breaks(channel: &ChannelId, kind: SendKind) -> Pace {
    assert!(kind != SendKind::Answer || PACES.fetch_add(1, Ordering::SeqCst) != 1, "the notifier breaks");
    Pace::unlimited(channel)
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_breaks_goes_on_with_what_is_said_after_that() {
    let desk = Desk::open();
    desk.recorder.has_pace(breaks);
    desk.outbox.say(answer("an answer that breaks it"));
    desk.until("it has broken", |_| PACES.load(Ordering::SeqCst) > 1).await;
    desk.outbox.say(answer("an answer"));
    desk.hears(CHAT, "an answer").await;
    desk.submits(CHAT, ANN, "say one").await;
    desk.hears(CHAT, "#1 done").await;
    assert_eq!(desk.recorder.heard(CHAT)[0], "an answer");
    desk.closes().await;
}

#[tokio::test]
async fn a_task_that_cannot_be_read_blocks_no_channel() {
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("legwork.db");
    let ledger = long_ago(Arc::new(SqliteLedger::open(&file).unwrap())).await;
    Connection::open(&file).unwrap().execute("UPDATE tasks SET events = 'nonsense'", []).unwrap();
    let desk = Desk::with(Setup { ledger: Some(ledger), ..Setup::default() });
    desk.submits(CHAT, ANN, "say x").await;
    desk.hears(CHAT, "#2 done").await;
    let _stopped = desk.stops().await;
}

#[tokio::test(start_paused = true)]
async fn a_long_outage_of_ours_is_not_held_against_a_notice() {
    let ledger = long_ago(Arc::new(MemoryLedger::new())).await;
    let desk = Desk::with(Setup { ledger: Some(ledger), ..Setup::default() });
    desk.recorder.fail_next(SendError::RetryAfter(Duration::from_secs(3)));
    desk.recorder.fail_next(SendError::Unavailable("down".to_owned()));
    desk.hears(CHAT, "#1 queued").await;
    desk.hears(CHAT, "#1 done").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_may_have_arrived_is_given_again_and_says_so_but_not_for_ever() {
    let desk = Desk::open();
    desk.recorder.fail_next(SendError::Unavailable("down".to_owned()));
    desk.outbox.say(answer("certain"));
    assert!(!desk.hears(CHAT, "certain").await.contains("may be a duplicate"));
    desk.recorder.fail_next(SendError::Unknown("cut".to_owned()));
    desk.outbox.say(answer("perhaps"));
    assert!(desk.hears(CHAT, "perhaps").await.contains("may be a duplicate"));
    for _ in 0..5 {
        desk.recorder.fail_next(SendError::Unknown("cut".to_owned()));
    }
    desk.outbox.say(answer("hopeless"));
    desk.until("it is given up", |desk| desk.outbox.active_lanes() == 0).await;
    desk.outbox.say(answer("last"));
    assert!(!desk.hears(CHAT, "last").await.contains("may be a duplicate"));
    assert_eq!(desk.recorder.heard(CHAT).iter().filter(|text| text.contains("hopeless")).count(), 0);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_waited_too_long_is_not_given_any_more() {
    let desk = Desk::open();
    desk.recorder.fail_next(SendError::RetryAfter(Duration::from_hours(1)));
    desk.submits(CHAT, ANN, "say x").await;
    desk.until("the channel is held", |desk| desk.outbox.active_lanes() > 0).await;
    desk.outbox.say(answer("stale"));
    tokio::time::advance(Duration::from_mins(58)).await;
    desk.outbox.say(answer("fresh"));
    desk.hears(CHAT, "fresh").await;
    assert!(!desk.recorder.heard(CHAT).contains(&"stale".to_owned()));
    desk.closes().await;
}

/// One message in eight minutes.
fn hardly_any(channel: &ChannelId, _kind: SendKind) -> Pace {
    let rates = vec![Rate::Steady { every: Duration::from_mins(8), burst: NonZeroU32::MIN }];
    Pace { chat: Budget { key: channel.to_string(), rates }, ..Pace::unlimited(channel) }
}

#[tokio::test(start_paused = true)]
async fn an_answer_whose_turn_comes_too_late_is_not_given_any_more() {
    let desk = Desk::open();
    desk.recorder.has_pace(hardly_any);
    desk.outbox.say(answer("in time"));
    desk.hears(CHAT, "in time").await;
    desk.outbox.say(answer("stale"));
    desk.passes(Duration::from_mins(4)).await;
    desk.outbox.say(answer("fresh"));
    desk.hears(CHAT, "fresh").await;
    assert_eq!(desk.recorder.heard(CHAT), ["in time", "fresh"]);
    desk.outbox.say(answer("stale again"));
    desk.passes(Duration::from_mins(6)).await;
    assert_eq!(desk.outbox.active_lanes(), 0, "nobody waits for it any more");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_hard_stop_leaves_many_owed_notices_alone() {
    let desk = Desk::limited(Limits { max_queued: 1000, max_running: 1, ..Limits::default() });
    for at in 0..300 {
        desk.recorder.fail_next(SendError::RetryAfter(Duration::from_hours(1)));
        desk.submits(&format!("chat:{at}"), &format!("chat:p{at}"), "hang").await;
    }
    desk.until("all channels are held", |desk| desk.outbox.active_lanes() == 300).await;
    desk.hard.cancel();
    desk.outbox.run(CancellationToken::new()).await;
    desk.breaks_off().await;
}
