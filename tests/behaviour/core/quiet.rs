//! Quiet hours: what falls into them is held and told in one message when they are over.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use legwork::adapters::ledger::memory::MemoryLedger;
use legwork::background::channels::NoticePolicy;
use legwork::background::ports::SendError;
use legwork::domain::channel::ChannelId;
use legwork::domain::id::TaskNumber;
use legwork::domain::notice::NoticeState;
use legwork::domain::pace::{Budget, Pace, Rate, SendKind};
use legwork::domain::preferences::Preferences;
use legwork::domain::status::Status;

use crate::support::desk::{Desk, Setup};
use crate::support::log::Log;

const CHAT: &str = "chat:1";
const ANN: &str = "chat:ann";

/// The clock of a desk begins at 14:13:20 UTC.
const UNTIL_THE_END: Duration = Duration::from_mins(47);

fn policy(json: &str) -> NoticePolicy {
    let preferences: Preferences = serde_json::from_str(json).unwrap();
    NoticePolicy { channels: [(CHAT.parse().unwrap(), preferences)].into(), ..NoticePolicy::default() }
}

fn quiet_desk() -> Desk {
    Desk::with(Setup { policy: policy(r#"{"quiet":"14:00-15:00"}"#), ..Setup::default() })
}

/// Two tasks that end while it is quiet, of which the channel has heard the acceptances.
async fn two_tasks_in_the_quiet(desk: &Desk) {
    desk.submits(CHAT, ANN, "say one").await;
    desk.until_status(TaskNumber(1), Status::Done).await;
    desk.submits(CHAT, ANN, "fail").await;
    desk.until_status(TaskNumber(2), Status::Failed).await;
    desk.hears(CHAT, "#2 queued").await;
    tokio::time::advance(Duration::from_mins(40)).await;
    desk.submits("chat:other", ANN, "say there").await;
    desk.hears("chat:other", "#3 done").await;
    assert_eq!(desk.recorder.heard(CHAT).len(), 2, "{:#?}", desk.recorder.heard(CHAT));
}

#[tokio::test(start_paused = true)]
async fn what_falls_into_quiet_hours_comes_as_one_digest_and_silent_results() {
    let desk = quiet_desk();
    two_tasks_in_the_quiet(&desk).await;
    tokio::time::advance(UNTIL_THE_END.saturating_sub(Duration::from_mins(40))).await;
    let digest = desk.hears(CHAT, "While it was quiet here: ... #1 done ... #2 failed: provider_down").await;
    assert!(digest.contains("/result 1 gives it again") && !digest.contains("running"), "{digest}");
    desk.hears(CHAT, "Result of #1: ... one").await;
    assert_eq!(desk.recorder.heard(CHAT).len(), 4, "{:#?}", desk.recorder.heard(CHAT));
    assert_eq!(desk.recorder.silent(CHAT), [false, false, false, true]);
    // What comes later comes as always.
    desk.submits(CHAT, ANN, "say two").await;
    desk.hears(CHAT, "#4 done").await;
    assert_eq!(desk.recorder.heard(CHAT).len(), 8);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn each_held_notice_is_delivered_with_the_digest() {
    let desk = quiet_desk();
    two_tasks_in_the_quiet(&desk).await;
    tokio::time::advance(UNTIL_THE_END).await;
    desk.hears(CHAT, "Result of #1").await;
    let mut ids = Vec::new();
    for number in [1, 2] {
        let notices = desk.ledger.notices_of(&desk.task(TaskNumber(number)).await.new.id).await.unwrap();
        let news = notices.into_iter().filter(|notice| !["accepted", "result"].contains(&notice.kind.as_str()));
        ids.extend(news.map(|notice| notice.receipts));
    }
    assert_eq!(ids.len(), 4);
    assert!(ids.iter().all(|receipts| receipts.len() == 1 && *receipts == ids[0]), "{ids:?}");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_keeps_what_is_held() {
    let ledger = Arc::new(MemoryLedger::new());
    let policy = || policy(r#"{"quiet":"14:00-15:00"}"#);
    let desk = Desk::with(Setup { policy: policy(), ledger: Some(ledger.clone()), ..Setup::default() });
    two_tasks_in_the_quiet(&desk).await;
    desk.breaks_off().await;
    // The clock of another desk begins at 14:13:20 again.
    let desk = Desk::with(Setup { policy: policy(), ledger: Some(ledger), ..Setup::default() });
    desk.submits(CHAT, ANN, "say three").await;
    desk.hears(CHAT, "#4 queued").await;
    desk.until_status(TaskNumber(4), Status::Done).await;
    assert_eq!(desk.recorder.heard(CHAT).len(), 1);
    tokio::time::advance(UNTIL_THE_END).await;
    desk.hears(CHAT, "While it was quiet here: ... #1 done ... #2 failed ... #4 done").await;
    desk.hears(CHAT, "Result of #4").await;
    assert_eq!(desk.recorder.heard(CHAT).len(), 4, "{:#?}", desk.recorder.heard(CHAT));
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_digest_that_cannot_be_sent_is_tried_again_and_says_when_it_may_be_a_duplicate() {
    let desk = quiet_desk();
    two_tasks_in_the_quiet(&desk).await;
    desk.recorder.fail_next(SendError::RetryAfter(Duration::from_secs(30)));
    desk.recorder.fail_next(SendError::Unknown("no answer".to_owned()));
    tokio::time::advance(UNTIL_THE_END).await;
    let digest = desk.hears(CHAT, "While it was quiet here").await;
    assert!(digest.ends_with("(may be a duplicate)"), "{digest}");
    desk.hears(CHAT, "Result of #1").await;
    assert_eq!(desk.recorder.heard(CHAT).len(), 4, "{:#?}", desk.recorder.heard(CHAT));
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_digest_that_nobody_can_get_settles_its_notices() {
    let desk = quiet_desk();
    two_tasks_in_the_quiet(&desk).await;
    for _message in ["the digest", "the result"] {
        desk.recorder.fail_next(SendError::Undeliverable("blocked".to_owned()));
    }
    tokio::time::advance(UNTIL_THE_END).await;
    desk.until("nothing is owed", |desk| desk.outbox.active_lanes() == 0).await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_digest_goes_along_when_its_channel_moves_and_is_no_duplicate_there() {
    let desk = Desk::with(Setup::default());
    let quiet: Preferences = serde_json::from_str(r#"{"quiet":"14:00-15:00"}"#).unwrap();
    desk.manager.channels().set(&CHAT.parse().unwrap(), quiet).await.unwrap();
    two_tasks_in_the_quiet(&desk).await;
    desk.recorder.refuses(CHAT, SendError::Moved { from: CHAT.parse().unwrap(), to: "chat:-100".parse().unwrap() });
    tokio::time::advance(UNTIL_THE_END).await;
    let digest = desk.hears("chat:-100", "While it was quiet here: ... #1 done ... #2 failed").await;
    assert!(!digest.contains("duplicate"), "{digest}");
    desk.hears("chat:-100", "Result of #1").await;
    desk.settles().await;
    assert_eq!(desk.recorder.heard("chat:-100").len(), 2, "{:#?}", desk.recorder.heard("chat:-100"));
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_digest_is_given_up_after_a_day_with_its_reason() {
    let desk = quiet_desk();
    two_tasks_in_the_quiet(&desk).await;
    desk.recorder.refuses(CHAT, SendError::Unavailable("down".to_owned()));
    desk.passes(Duration::from_hours(23)).await;
    let second = || async { desk.ledger.notices_of(&desk.task(TaskNumber(2)).await.new.id).await.unwrap().pop().unwrap() };
    assert!(matches!(second().await.state, NoticeState::Owed { .. }));
    desk.passes(Duration::from_hours(3)).await;
    let said = "given up after 24 hours: the platform is not available: down";
    let given_up = second().await;
    assert!(matches!(&given_up.state, NoticeState::Undeliverable { reason, .. } if reason == said), "{given_up:?}");
    desk.settles().await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn the_log_names_the_tasks_of_a_digest_that_are_given_up_and_no_others() {
    let log = Log::begins();
    let desk = quiet_desk();
    two_tasks_in_the_quiet(&desk).await;
    desk.recorder.refuses(CHAT, SendError::Unavailable("down".to_owned()));
    // Until the quiet of the next day, when acceptances come all the same.
    desk.passes(Duration::from_mins(23 * 60 + 30)).await;
    desk.recorder.heals(CHAT);
    desk.submits(CHAT, ANN, "say late").await;
    desk.hears(CHAT, "#4 queued").await;
    desk.recorder.refuses(CHAT, SendError::Unavailable("down".to_owned()));
    desk.passes(Duration::from_hours(2)).await;
    desk.recorder.heals(CHAT);
    desk.hears(CHAT, "While it was quiet here: ... #4 done").await;
    let given_up = log.with("notices are given up");
    assert!(given_up.len() == 1 && given_up[0].contains("tasks={1, 2} channel=chat:1 "), "{given_up:#?}");
    assert!(log.with("a message is tried again later").iter().all(|line| line.contains(" channel=chat:1 ")));
    desk.hears(CHAT, "Result of #4").await;
    desk.settles().await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_wants_no_sound_gets_none_and_an_end_makes_one_sound() {
    let desk = Desk::with(Setup { policy: policy(r#"{"silent":true}"#), ..Setup::default() });
    desk.submits(CHAT, ANN, "say x").await;
    desk.hears(CHAT, "#1 done").await;
    assert_eq!(desk.recorder.silent(CHAT), [true; 4]);
    desk.submits("chat:loud", ANN, "say x").await;
    desk.hears("chat:loud", "#2 done").await;
    assert_eq!(desk.recorder.silent("chat:loud"), [false, false, false, true], "the status follows its result quietly");
    let mut quiet = Desk::submission("chat:loud", ANN, "say y");
    quiet.silent = true;
    let _submitted = desk.manager.submit(quiet).await.unwrap();
    desk.hears("chat:loud", "#3 done").await;
    assert_eq!(desk.recorder.silent("chat:loud")[4..], [true; 4], "a quiet task is silent everywhere");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn who_asked_is_called_once_and_never_in_a_direct_chat() {
    let desk = Desk::with(Setup { policy: policy(r#"{"mention":true}"#), ..Setup::default() });
    desk.submits(CHAT, ANN, "say x").await;
    desk.hears(CHAT, "#1 done").await;
    assert_eq!(desk.recorder.mentions(), [ANN]);
    desk.submits(CHAT, ANN, "fail").await;
    desk.hears(CHAT, "#2 failed").await;
    assert_eq!(desk.recorder.mentions(), [ANN, ANN]);
    let mut direct = Desk::submission(CHAT, ANN, "say y");
    direct.direct = true;
    let _submitted = desk.manager.submit(direct).await.unwrap();
    desk.hears(CHAT, "#3 done").await;
    desk.submits("chat:other", ANN, "say z").await;
    desk.hears("chat:other", "#4 done").await;
    assert_eq!(desk.recorder.mentions(), [ANN, ANN]);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_set_in_a_channel_counts_at_once_and_after_a_restart() {
    let ledger = Arc::new(MemoryLedger::new());
    let desk = Desk::with(Setup { ledger: Some(ledger.clone()), ..Setup::default() });
    let none: Preferences = serde_json::from_str(r#"{"events":[]}"#).unwrap();
    desk.manager.channels().set(&CHAT.parse().unwrap(), none).await.unwrap();
    desk.submits(CHAT, ANN, "say x").await;
    desk.hears(CHAT, "Result of #1").await;
    desk.closes().await;
    let desk = Desk::with(Setup { ledger: Some(ledger), ..Setup::default() });
    // A topic gets what its chat gets, as long as it says nothing else.
    let topic = format!("{CHAT}/5");
    desk.submits(&topic, ANN, "say y").await;
    desk.hears(&topic, "Result of #2").await;
    desk.manager.channels().reset(&CHAT.parse().unwrap()).await.unwrap();
    desk.submits(&topic, ANN, "say z").await;
    desk.hears(&topic, "#3 done").await;
    assert_eq!(desk.recorder.heard(&topic).len(), 2 + 4, "{:#?}", desk.recorder.heard(&topic));
    desk.closes().await;
}

/// One message in half a minute.
fn slow(channel: &ChannelId, _kind: SendKind) -> Pace {
    let rate = Rate::Steady { every: Duration::from_secs(30), burst: NonZeroU32::MIN };
    let budget = Budget { key: channel.to_string(), rates: vec![rate] };
    Pace { chat: budget, ..Pace::unlimited(channel) }
}

/// Asks for a result with a part for each of these letters.
fn long(letters: &[&str]) -> String {
    format!("say {}", letters.iter().map(|letter| letter.repeat(900)).collect::<Vec<_>>().join(" "))
}

#[tokio::test(start_paused = true)]
async fn a_result_that_has_begun_to_arrive_goes_on_when_quiet_hours_begin() {
    // The quiet begins 40 seconds after the clock.
    let policy = || policy(r#"{"quiet":"14:14-15:00","events":[]}"#);
    let ledger = Arc::new(MemoryLedger::new());
    let desk = Desk::with(Setup { policy: policy(), ledger: Some(ledger.clone()), ..Setup::default() });
    desk.recorder.has_pace(slow);
    desk.submits(CHAT, ANN, &long(&["a", "b", "c", "d"])).await;
    desk.hears(CHAT, "Result of #1").await;
    desk.submits(CHAT, ANN, "say more").await;
    desk.hears(CHAT, "ccc").await;
    desk.breaks_off().await;
    // After a restart the last part is due, too. The clock of another desk begins at 14:13:20 again.
    let desk = Desk::with(Setup { policy: policy(), ledger: Some(ledger), ..Setup::default() });
    tokio::time::advance(Duration::from_mins(5)).await;
    desk.hears(CHAT, "ddd").await;
    desk.submits(CHAT, ANN, "say nothing").await;
    desk.hears(CHAT, "#3 queued").await;
    desk.until_status(TaskNumber(3), Status::Done).await;
    assert_eq!(desk.recorder.heard(CHAT).len(), 2, "{:#?}", desk.recorder.heard(CHAT));
    tokio::time::advance(UNTIL_THE_END).await;
    desk.hears(CHAT, "nothing").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn the_parts_of_a_held_result_fit_together_although_a_restart_comes_between() {
    let policy = || policy(r#"{"quiet":"14:00-15:00","events":[],"mention":true}"#);
    let ledger = Arc::new(MemoryLedger::new());
    let desk = Desk::with(Setup { policy: policy(), ledger: Some(ledger.clone()), ..Setup::default() });
    desk.recorder.has_pace(slow);
    let text = ["a", "b", "c"].map(|letter| letter.repeat(900)).concat();
    desk.submits(CHAT, ANN, &format!("say {text}")).await;
    desk.until_status(TaskNumber(1), Status::Done).await;
    tokio::time::advance(UNTIL_THE_END).await;
    desk.hears(CHAT, "ab").await;
    desk.hears(CHAT, "bc").await;
    let before = desk.recorder.heard(CHAT).into_iter().skip(1).collect::<String>();
    desk.breaks_off().await;
    // The clock of another desk begins at 14:13:20 again.
    let desk = Desk::with(Setup { policy: policy(), ledger: Some(ledger), ..Setup::default() });
    desk.recorder.fail_next(SendError::RetryAfter(Duration::from_secs(10)));
    tokio::time::advance(Duration::from_hours(1)).await;
    desk.hears(CHAT, "cc").await;
    let after = desk.recorder.heard(CHAT).concat().replace(" (may be a duplicate)", "");
    // The last part before the break may come again, but whole.
    let whole = |text: &str| text.matches('a').count() == 900 && text.matches('c').count() == 900;
    assert!(whole(&(before.clone() + &after)) || whole(&(before.trim_end_matches('c').to_owned() + &after)), "{before}|{after}");
    assert_eq!(desk.recorder.mentions(), [""; 0]);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_digest_of_several_parts_arrives_whole_and_settles_its_notices() {
    let desk = quiet_desk();
    for number in 1..=12 {
        desk.submits(CHAT, ANN, &format!("fail {number}")).await;
        desk.until_status(TaskNumber(number), Status::Failed).await;
    }
    tokio::time::advance(UNTIL_THE_END).await;
    desk.hears(CHAT, "While it was quiet here").await;
    desk.until("nothing is owed", |desk| desk.outbox.active_lanes() == 0).await;
    let heard = desk.recorder.heard(CHAT);
    let digest: Vec<_> = heard.iter().filter(|text| text.contains("failed: provider_down")).collect();
    assert!(digest.len() > 1, "it is one part: {digest:#?}");
    for number in 1..=12 {
        let line = format!("#{number} failed: provider_down");
        assert_eq!(digest.iter().map(|text| text.matches(&line).count()).sum::<usize>(), 1, "{line} in {digest:#?}");
        let notices = desk.ledger.notices_of(&desk.task(TaskNumber(number)).await.new.id).await.unwrap();
        assert!(notices.iter().all(|notice| matches!(notice.state, NoticeState::Delivered { .. })), "{notices:#?}");
    }
    desk.closes().await;
}
