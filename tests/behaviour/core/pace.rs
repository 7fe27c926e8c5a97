//! How fast it goes and who goes first: budgets of chats and of the bot, priorities, and room kept for answers.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use legwork::background::channels::NoticePolicy;
use legwork::background::ports::{OutgoingMessage, Purpose, SendError, TypingIndicator};
use legwork::chat::inbound::Replies;
use legwork::delivery::budget::Budgets;
use legwork::delivery::live::{Live, LiveMessage, Shown};
use legwork::delivery::priority::Priority;
use legwork::delivery::typing::PacedTyping;
use legwork::domain::channel::ChannelId;
use legwork::domain::id::TaskNumber;
use legwork::domain::language::Language;
use legwork::domain::limits::Limits;
use legwork::domain::notice::Events;
use legwork::domain::pace::{Budget, Pace, Rate, SendKind};
use legwork::domain::preferences::Preferences;
use tokio::time::Instant;

use crate::support::desk::{Desk, Setup};
use crate::support::ports::{Heard, Recorder};

const fn of(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

/// One message a second in a chat, four at once; topics of a chat count together.
fn chats(channel: &ChannelId, _kind: SendKind) -> Pace {
    let key = channel.address().split('/').next().unwrap().to_owned();
    let rates = vec![Rate::Steady { every: Duration::from_secs(1), burst: of(4) }];
    Pace { chat: Budget { key: key.clone(), rates }, bot: None, hold: key, long: Some(500) }
}

/// Twenty in any minute.
fn groups(channel: &ChannelId, _kind: SendKind) -> Pace {
    let rates = vec![Rate::Window { count: of(20), span: Duration::from_mins(1), burst: of(15) }];
    Pace { chat: Budget { key: channel.to_string(), rates }, ..Pace::unlimited(channel) }
}

/// Ten a second in all.
fn bot(channel: &ChannelId, _kind: SendKind) -> Pace {
    let rates = vec![Rate::Steady { every: Duration::from_millis(100), burst: of(5) }];
    Pace { bot: Some(Budget { key: "bot".to_owned(), rates }), ..Pace::unlimited(channel) }
}

fn answer(channel: &str, text: &str) -> OutgoingMessage {
    let purpose = Purpose::Answer { private: false };
    OutgoingMessage::plain(channel.parse().unwrap(), purpose, Language::En, text.to_owned(), "k".to_owned())
}

/// A desk that takes in as much as one likes, and tells acceptance and result only.
fn busy(pace: fn(&ChannelId, SendKind) -> Pace) -> Desk {
    let limits = Limits {
        max_queued: 10_000,
        max_queued_per_person: 10_000,
        max_running: 1000,
        max_running_per_person: 1000,
        max_running_per_channel: 1000,
        ..Limits::default()
    };
    let policy = NoticePolicy {
        defaults: Preferences { events: Some(Events::none()), ..Preferences::default() },
        ..NoticePolicy::default()
    };
    let desk = Desk::with(Setup { limits, policy, ..Setup::default() });
    desk.recorder.has_pace(pace);
    desk
}

/// The most sends that fell into any span of this length.
fn most_within(log: &[Heard], span: Duration) -> usize {
    let in_span = |first: &Heard| log.iter().filter(|heard| heard.at >= first.at && heard.at < first.at + span).count();
    log.iter().map(in_span).max().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn a_chat_gets_a_burst_and_then_its_pace_in_order() {
    let desk = busy(chats);
    for _ in 0..10 {
        desk.submits("chat:1", "chat:ann", "say x").await;
    }
    desk.until("all is told", |desk| desk.recorder.heard("chat:1").len() == 20).await;
    let log = desk.recorder.log();
    let took = log[19].at - log[0].at;
    // Three at once, because the fourth is kept for an answer; then one a second.
    assert!(took >= Duration::from_secs(17) && took < Duration::from_millis(17_500), "{took:?}");
    assert!(most_within(&log, Duration::from_secs(5)) <= 8);
    let results: Vec<_> = log.iter().filter(|heard| heard.text.starts_with("Result")).map(|heard| heard.text.clone()).collect();
    let expected: Vec<_> = (1..=10).map(|number| format!("Result of #{number}:\n\nx")).collect();
    assert_eq!(results, expected);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_need_not_wait_for_what_is_owed() {
    let desk = busy(chats);
    for _ in 0..20 {
        desk.submits("chat:1", "chat:ann", "say x").await;
    }
    for round in 0..3 {
        desk.passes(Duration::from_secs(8)).await;
        let (asked, text) = (Instant::now(), format!("answer {round}"));
        desk.outbox.say(answer("chat:1", &text));
        desk.hears("chat:1", &text).await;
        assert!(asked.elapsed() < Duration::from_secs(2), "round {round}: {:?}", asked.elapsed());
    }
    assert!(desk.recorder.heard("chat:1").len() < 43, "there was more to be told");
    desk.until("all is told", |desk| desk.recorder.heard("chat:1").len() == 43).await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn who_hands_a_task_over_need_not_wait_for_results_either() {
    for pace in [chats, groups] {
        let desk = busy(pace);
        for _ in 0..20 {
            desk.submits("chat:1", "chat:ann", "say x").await;
        }
        desk.hears("chat:1", "Result of #3").await;
        let asked = Instant::now();
        desk.submits("chat:1", "chat:bob", "say y").await;
        desk.hears("chat:1", "#21 queued").await;
        assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
        desk.until("all is told", |desk| desk.recorder.heard("chat:1").len() == 42).await;
        let heard = desk.recorder.heard("chat:1");
        let results: Vec<_> = heard.iter().filter(|text| text.starts_with("Result")).cloned().collect();
        let expected: Vec<_> =
            (1..=21).map(|number| format!("Result of #{number}:\n\n{}", if number > 20 { "y" } else { "x" })).collect();
        assert_eq!(results, expected, "results keep their order");
        desk.closes().await;
    }
}

#[tokio::test(start_paused = true)]
async fn nor_for_those_of_other_topics() {
    let desk = busy(chats);
    for at in 0..20 {
        desk.submits(&format!("chat:1/{at}"), "chat:ann", "say x").await;
    }
    desk.hears("chat:1/3", "Result of #4").await;
    let asked = Instant::now();
    desk.submits("chat:1/99", "chat:bob", "say y").await;
    desk.hears("chat:1/99", "#21 queued").await;
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    desk.until("all is told", |desk| desk.recorder.log().len() == 42).await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn topics_share_the_budget_of_their_chat() {
    let desk = busy(chats);
    for at in 0..12 {
        desk.submits(&format!("chat:1/{}", at % 3), "chat:ann", "say x").await;
    }
    desk.until("all is told", |desk| desk.recorder.log().len() == 24).await;
    let log = desk.recorder.log();
    assert!(log[23].at - log[0].at >= Duration::from_secs(21));
    // No topic waits for all of another one.
    let first: Vec<_> = log[..9].iter().map(|heard| heard.channel.as_str()).collect();
    for topic in ["chat:1/0", "chat:1/1", "chat:1/2"] {
        assert!(first.contains(&topic), "{first:?}");
    }
    assert_eq!(desk.outbox.active_lanes(), 0);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_group_never_hears_more_than_its_window_holds() {
    let desk = busy(groups);
    for _ in 0..40 {
        desk.submits("chat:1", "chat:ann", "say x").await;
    }
    desk.until("all is told", |desk| desk.recorder.log().len() == 80).await;
    let log = desk.recorder.log();
    assert!(most_within(&log, Duration::from_mins(1)) <= 20);
    // 19 a minute, because the twentieth is kept for an answer, and none of them long after the one before.
    assert!(log[79].at - log[0].at < Duration::from_secs(4 * 60 + 30), "{:?}", log[79].at - log[0].at);
    // After the burst there is room for answers only, until it comes back.
    let gap = log[15..].windows(2).map(|pair| pair[1].at - pair[0].at).max();
    assert!(gap < Some(Duration::from_secs(5)), "{gap:?}");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn five_in_a_minute_who_ask_in_a_group_full_of_results_are_answered_at_once() {
    let desk = busy(groups);
    for _ in 0..80 {
        desk.submits("chat:1", "chat:ann", "say x").await;
    }
    let started = Instant::now();
    for number in 0..30_u32 {
        // At no regular time, and twice at once.
        let due = Duration::from_mins(u64::from(number / 5)) + Duration::from_secs([4, 9, 27, 27, 51][number as usize % 5]);
        let pause = due.saturating_sub(started.elapsed());
        if !pause.is_zero() {
            desk.passes(pause).await;
        }
        let (asked, text) = (Instant::now(), format!("answer {number}"));
        desk.outbox.say(answer("chat:1", &text));
        desk.hears("chat:1", &text).await;
        assert!(asked.elapsed() < Duration::from_millis(3500), "{number}: {:?}", asked.elapsed());
    }
    desk.until("all is told", |desk| desk.recorder.log().len() == 190).await;
    let log = desk.recorder.log();
    assert!(most_within(&log, Duration::from_mins(1)) <= 20);
    // As fast as the limit allows it: 19 a minute, one less than the group takes.
    let took = log[189].at - log[0].at;
    assert!(took < Duration::from_mins(10), "{took:?}");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn chats_take_turns_within_the_budget_of_the_bot() {
    let desk = busy(bot);
    for _ in 0..40 {
        desk.submits("chat:flood", "chat:ann", "say x").await;
    }
    desk.passes(Duration::from_millis(500)).await;
    let asked = Instant::now();
    desk.submits("chat:small", "chat:bob", "say y").await;
    desk.hears("chat:small", "Result of #41").await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    desk.until("all is told", |desk| desk.recorder.log().len() == 82).await;
    let log = desk.recorder.log();
    assert!(most_within(&log, Duration::from_secs(1)) <= 15, "{}", most_within(&log, Duration::from_secs(1)));
    assert!(log[81].at - log[0].at < Duration::from_millis(8_500), "{:?}", log[81].at - log[0].at);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn results_go_before_other_news() {
    let limits = Limits { max_running: 50, max_running_per_person: 50, max_queued_per_person: 50, ..Limits::default() };
    let desk = Desk::limited(limits);
    for at in 0..20 {
        desk.submits(&format!("chat:{at}"), "chat:ann", "hold x").await;
    }
    desk.until("all run", |desk| desk.recorder.log().len() == 40).await;
    desk.recorder.has_pace(bot);
    for _ in 0..20 {
        desk.runner.release();
    }
    desk.until("all is told", |desk| desk.recorder.log().len() == 80).await;
    let log = desk.recorder.log();
    // Four went at once, while there was room for anything.
    let is_result: Vec<bool> = log[44..].iter().map(|heard| heard.text.starts_with("Result")).collect();
    assert!(is_result.is_sorted_by(|before, after| before >= after), "{log:#?}");
    assert!(is_result[0] && !is_result[35]);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_long_text_takes_the_room_of_two() {
    let desk = busy(chats);
    for _ in 0..6 {
        desk.submits("chat:1", "chat:ann", &format!("say {}", "x".repeat(600))).await;
    }
    desk.until("all is told", |desk| desk.recorder.log().len() == 12).await;
    let log = desk.recorder.log();
    assert!(log[11].at - log[0].at >= Duration::from_secs(13), "{:?}", log[11].at - log[0].at);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_overtakes_what_rests_after_a_failure() {
    let desk = Desk::open();
    desk.recorder.refuses("chat:1", SendError::Unavailable("down".to_owned()));
    desk.submits("chat:1", "chat:ann", "say x").await;
    desk.passes(Duration::from_mins(5)).await;
    desk.recorder.heals("chat:1");
    let asked = Instant::now();
    desk.outbox.say(answer("chat:1", "an answer"));
    desk.hears("chat:1", "an answer").await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(desk.recorder.heard("chat:1"), ["an answer"]);
    desk.hears("chat:1", "#1 done").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_platform_asks_for_is_no_failed_try() {
    let desk = Desk::open();
    for _ in 0..30 {
        desk.recorder.fail_next(SendError::RetryAfter(Duration::from_secs(3)));
    }
    desk.submits("chat:1", "chat:ann", "say x").await;
    desk.until("most waits are over", |desk| desk.recorder.faults_left() < 3).await;
    let notices = desk.ledger.notices_of(&desk.task(TaskNumber(1)).await.new.id).await.unwrap();
    assert_eq!(notices[0].tries, 0);
    assert!(notices[0].last_error.as_deref().is_some_and(|error| error.contains("asks to wait")), "{notices:?}");
    desk.hears("chat:1", "#1 done").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_in_the_middle_of_a_pause_keeps_the_pause_and_the_tries() {
    let desk = Desk::open();
    desk.recorder.refuses("chat:1", SendError::Unavailable("down".to_owned()));
    desk.submits("chat:1", "chat:ann", "say x").await;
    desk.passes(Duration::from_secs(100)).await;
    let ledger = desk.ledger.clone();
    let (task, clock) = (desk.task(TaskNumber(1)).await, desk.clock.clone());
    let before = ledger.notices_of(&task.new.id).await.unwrap().remove(0);
    assert_eq!(before.tries, 7, "after 1, 2, 4, 8, 16 and 32 seconds");
    desk.breaks_off().await;
    let restarted = Instant::now();
    let desk = Desk::with(Setup { ledger: Some(ledger), clock: Some(clock), ..Setup::default() });
    desk.hears("chat:1", "#1 queued").await;
    // 64 seconds after the seventh try, which was 63 seconds after the first one.
    let waited = restarted.elapsed();
    assert!(waited > Duration::from_secs(26) && waited < Duration::from_secs(29), "{waited:?}");
    desk.hears("chat:1", "#1 done").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn typing_is_left_out_where_there_is_no_room() {
    let recorder = Arc::new(Recorder::default());
    recorder.has_pace(chats);
    let typing = PacedTyping::new(recorder.clone(), recorder.clone(), Budgets::default());
    let chat: ChannelId = "chat:1".parse().unwrap();
    assert!(typing.show_typing(&chat).await.is_ok());
    let Err(SendError::RetryAfter(wait)) = typing.show_typing(&chat).await else { panic!("there is room") };
    assert_eq!(recorder.typed("chat:1"), 1);
    tokio::time::advance(wait).await;
    assert!(typing.show_typing(&chat).await.is_ok());
}

/// One a second in a chat and all its parts, after a rest four at once.
fn four_at_once(channel: &ChannelId, _kind: SendKind) -> Pace {
    let rates = vec![Rate::Steady { every: Duration::from_secs(1), burst: NonZeroU32::new(4).unwrap() }];
    let whole = channel.whole().unwrap_or_else(|| channel.clone());
    Pace { chat: Budget { key: whole.to_string(), rates }, ..Pace::unlimited(channel) }
}

#[tokio::test(start_paused = true)]
async fn in_a_busy_chat_the_first_sign_of_typing_goes_before_the_next_one() {
    let recorder = Arc::new(Recorder::default());
    recorder.has_pace(four_at_once);
    let typing = PacedTyping::new(recorder.clone(), recorder.clone(), Budgets::default());
    let part = |name: &str| -> ChannelId { format!("chat:1/{name}").parse().unwrap() };
    for first in ["a", "b", "c"] {
        assert!(typing.show_typing(&part(first)).await.is_ok(), "{first}");
    }
    let wait = async |name: &str| match typing.show_typing(&part(name)).await {
        Err(SendError::RetryAfter(wait)) => wait,
        other => panic!("{name}: {other:?}"),
    };
    let (again, first) = (wait("a").await, wait("d").await);
    assert!(first <= Duration::from_secs(2) && first < again, "{first:?} {again:?}");
    tokio::time::advance(first).await;
    assert!(typing.show_typing(&part("d")).await.is_ok());
}

/// One a second in all, but answers count nowhere; a wait concerns one kind of send.
fn kinds(channel: &ChannelId, kind: SendKind) -> Pace {
    let rates = vec![Rate::Steady { every: Duration::from_secs(1), burst: NonZeroU32::MIN }];
    let bot = (kind != SendKind::Answer).then(|| Budget { key: "bot".to_owned(), rates });
    Pace { bot, hold: format!("{channel} {kind:?}"), ..Pace::unlimited(channel) }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_held_does_not_keep_its_lane_from_the_rest() {
    let desk = busy(kinds);
    desk.recorder.fail_next(SendError::RetryAfter(Duration::from_secs(30)));
    desk.outbox.say(answer("chat:1", "an answer"));
    desk.until("it is held", |desk| desk.recorder.faults_left() == 0).await;
    let held = Instant::now();
    // News of more for the lane, while it stands in line.
    for _ in 0..5 {
        desk.submits("chat:1", "chat:ann", "say x").await;
    }
    desk.until("all but the answer is told", |desk| desk.recorder.log().len() == 10).await;
    assert!(held.elapsed() < Duration::from_secs(12), "{:?}", held.elapsed());
    desk.hears("chat:1", "an answer").await;
    assert!(held.elapsed() >= Duration::from_secs(30), "{:?}", held.elapsed());
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_held_goes_before_what_matters_less_when_the_wait_is_over() {
    let desk = busy(kinds);
    for _ in 0..60 {
        desk.submits("chat:flood", "chat:ann", "say x").await;
    }
    desk.hears("chat:flood", "#3 queued").await;
    desk.recorder.refuses("chat:1", SendError::RetryAfter(Duration::from_secs(3)));
    desk.submits("chat:1", "chat:bob", "say y").await;
    // There is no room for a card while others have results.
    let live: Arc<dyn Live> = Arc::new(|| async { Ok(None) });
    let (channel, key) = ("chat:1".parse().unwrap(), "card".to_owned());
    let card = LiveMessage { key, channel, priority: Priority::Card, kind: SendKind::Edit, lifetime: None, live };
    let shown = desk.outbox.show(card);
    desk.passes(Duration::from_secs(10)).await;
    desk.recorder.heals("chat:1");
    let healed = Instant::now();
    desk.hears("chat:1", "#61 queued").await;
    desk.hears("chat:1", "Result of #61").await;
    assert!(healed.elapsed() < Duration::from_secs(12), "{:?}", healed.elapsed());
    assert!(desk.recorder.heard("chat:flood").len() < 60, "the others still had results");
    assert_eq!(shown.outcome().await, Shown::Sent(None));
    desk.until("all is told", |desk| desk.recorder.heard("chat:flood").len() == 120).await;
    desk.closes().await;
}
