//! The card of a task: one message that is edited as the task moves.

use std::sync::Arc;
use std::time::Duration;

use legwork::background::ports::{Clock, Ledger, MessageEdit, SendError};
use legwork::domain::channel::ChannelId;
use legwork::domain::id::TaskNumber;
use legwork::domain::limits::Limits;
use legwork::domain::notice::{NoticeKind, NoticeState};
use legwork::domain::pace::{Pace, SendKind};
use legwork::domain::status::Status;
use tokio::time::Instant;

use crate::support::desk::{Desk, Setup, has_words};

const CHAT: &str = "chat:1";
const ANN: &str = "chat:ann";

fn desk(limits: Limits) -> Desk {
    Desk::with(Setup { cards: true, limits, ..Setup::default() })
}

fn one_at_a_time() -> Limits {
    Limits { max_running: 1, ..Limits::default() }
}

/// The edits of a task's card so far, and how long after `since` they came.
fn edits(desk: &Desk, task: u64, since: Instant) -> Vec<(Duration, MessageEdit)> {
    let edits = desk.recorder.edits().into_iter();
    let mine = edits.filter(|(_, edit)| edit.text.starts_with(&format!("#{task} ")));
    mine.map(|(at, edit)| (at.saturating_duration_since(since), edit)).collect()
}

async fn shows(desk: &Desk, task: u64, words: &str) -> MessageEdit {
    let newest = |desk: &Desk| edits(desk, task, Instant::now()).pop().map(|(_, edit)| edit);
    let shown = |desk: &Desk| newest(desk).is_some_and(|edit| has_words(&edit.text, words));
    desk.until(&format!("the card of #{task} shows `{words}`"), shown).await;
    newest(desk).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_task_has_one_card_from_its_acceptance_to_its_end() {
    let desk = desk(Limits::default());
    let asked = Instant::now();
    desk.submits(CHAT, ANN, "hold Take the second.").await;
    let running = shows(&desk, 1, "#1 running").await;
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert_eq!(running.buttons.iter().map(|button| button.label.as_str()).collect::<Vec<_>>(), ["Cancel"]);
    desk.runner.release();
    let ended = shows(&desk, 1, "#1 done after ... 123 tokens, cost unknown. ... “hold Take the second.”").await;
    assert_eq!(ended.buttons.iter().map(|button| button.label.as_str()).collect::<Vec<_>>(), ["Full result", "Retry"]);
    assert_eq!((ended.message.as_str(), running.message.as_str()), ("m1", "m1"), "it is the message that was sent first");
    let sent = desk.recorder.order().into_iter().filter(|said| said.starts_with("send"));
    let expected = ["send #1 queued", "send Result of #1", "send #1 done"];
    for (said, expected) in sent.zip(expected) {
        assert!(said.starts_with(expected), "{said}");
    }
    let order = desk.recorder.order();
    assert!(order.last().unwrap().starts_with("edit #1 done"), "the card ends after the result: {order:#?}");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_waiting_task_moves_up_as_those_before_it_start() {
    let desk = desk(one_at_a_time());
    for task in 1..=4 {
        desk.submits(CHAT, ANN, &format!("hold {task}")).await;
    }
    desk.hears(CHAT, "#4 queued: 2 tasks are ahead of it").await;
    desk.runner.release();
    shows(&desk, 4, "#4 queued: 1 task is ahead of it").await;
    let cancelled = desk.cancels(ANN, TaskNumber(3)).await;
    drop(cancelled);
    shows(&desk, 3, "#3 cancelled before it started").await;
    shows(&desk, 4, "#4 queued: it is next").await;
    desk.runner.release();
    desk.runner.release();
    shows(&desk, 4, "#4 done").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn without_change_the_card_beats_once_a_minute_and_says_what_is_still_going_on() {
    let desk = desk(Limits { timeout: Duration::from_hours(1), ..Limits::default() });
    let asked = Instant::now();
    desk.submits(CHAT, ANN, "hold x").await;
    shows(&desk, 1, "#1 running for 4 min ... still working, 4 min").await;
    let beats: Vec<u64> = edits(&desk, 1, asked).iter().map(|(at, _)| at.as_secs()).collect();
    let pauses: Vec<u64> = beats.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // The start may have been shown before the first news of the run.
    assert!(beats.len() <= 6 && pauses.iter().filter(|pause| **pause < 55).count() <= 1, "{beats:?}");
    assert!(pauses.iter().all(|pause| *pause <= 62), "{beats:?}");
    desk.runner.release();
    shows(&desk, 1, "#1 done").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn changes_are_shown_at_most_every_ten_seconds() {
    let desk = desk(Limits::default());
    let asked = Instant::now();
    desk.submits(CHAT, ANN, &format!("write {}", "word ".repeat(50))).await;
    shows(&desk, 1, "#1 done").await;
    let running = edits(&desk, 1, asked).into_iter().filter(|(_, edit)| edit.text.starts_with("#1 running"));
    let at: Vec<Duration> = running.map(|(at, _)| at).collect();
    assert!((5..=7).contains(&at.len()), "{at:?}");
    assert!(at.windows(2).all(|pair| pair[1].saturating_sub(pair[0]) >= Duration::from_secs(10)), "{at:?}");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_draft_shows_what_is_written_and_never_after_the_result() {
    let desk = desk(Limits::default());
    desk.submits("drafts:1", ANN, &format!("write {}", "word ".repeat(20).trim_end())).await;
    shows(&desk, 1, "#1 done").await;
    let order = desk.recorder.order();
    let result = order.iter().position(|said| said.starts_with("send Result of #1")).unwrap();
    let drafts: Vec<usize> = (0..order.len()).filter(|place| order[*place].starts_with("draft #1 word")).collect();
    assert!((7..=11).contains(&drafts.len()), "one every two seconds: {order:#?}");
    assert!(drafts.iter().all(|draft| *draft < result), "{order:#?}");
    assert!(order[drafts[1]].len() > order[drafts[0]].len(), "{order:#?}");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn channels_without_drafts_get_none() {
    let desk = desk(Limits::default());
    desk.submits(CHAT, ANN, "write one two three four five").await;
    shows(&desk, 1, "#1 done").await;
    assert!(!desk.recorder.order().iter().any(|said| said.starts_with("draft")), "{:#?}", desk.recorder.order());
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_card_that_was_deleted_does_no_harm() {
    let desk = desk(Limits::default());
    desk.recorder.lose_messages();
    desk.submits(CHAT, ANN, "hold x").await;
    desk.hears(CHAT, "#1 running.").await;
    desk.runner.release();
    desk.hears(CHAT, "#1 done").await;
    let sent = desk.recorder.order().into_iter().map(|said| said.chars().take(12).collect::<String>());
    assert_eq!(sent.collect::<Vec<_>>(), ["send #1 queu", "send #1 runn", "send Result ", "send #1 done"]);
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_handed_back_at_a_stop_says_that_it_waits_again() {
    let desk = desk(Limits::default());
    desk.submits(CHAT, ANN, "hang").await;
    shows(&desk, 1, "#1 running").await;
    let recorder = Arc::clone(&desk.recorder);
    let (drained, ledger) = desk.stops().await;
    assert_eq!(drained.handed_back, 1);
    let last = recorder.edits().pop().unwrap().1;
    assert!(has_words(&last.text, "#1 queued again, because the server stopped while it ran"), "{}", last.text);

    let desk = Desk::with(Setup { cards: true, ledger: Some(ledger), ..Setup::default() });
    let again = shows(&desk, 1, "#1 running").await;
    assert_eq!(again.message, last.message);
    let cancelled = desk.cancels(ANN, TaskNumber(1)).await;
    drop(cancelled);
    shows(&desk, 1, "#1 cancelled ... after it was submitted").await;
    desk.closes().await;
}

/// No limit; a wait concerns one kind of request.
fn kinds(channel: &ChannelId, kind: SendKind) -> Pace {
    Pace { hold: format!("{channel} {kind:?}"), ..Pace::unlimited(channel) }
}

#[tokio::test(start_paused = true)]
async fn a_start_waits_with_the_edits_and_an_acceptance_does_not() {
    let desk = desk(Limits { timeout: Duration::from_hours(1), ..Limits::default() });
    desk.recorder.has_pace(kinds);
    desk.submits(CHAT, ANN, "hold x").await;
    shows(&desk, 1, "#1 running").await;
    let wait = Duration::from_secs(30);
    desk.recorder.fail_next_edit(SendError::RetryAfter(wait));
    desk.until("the platform has asked to wait", |desk| desk.recorder.edit_faults_left() == 0).await;
    let held = Instant::now();
    desk.submits(CHAT, ANN, "hold y").await;
    desk.hears(CHAT, "#2 queued").await;
    assert!(held.elapsed() < Duration::from_secs(1), "{:?}", held.elapsed());
    shows(&desk, 2, "#2 running").await;
    assert!(held.elapsed() + Duration::from_millis(20) >= wait, "{:?}", held.elapsed());
    desk.runner.release();
    desk.runner.release();
    shows(&desk, 2, "#2 done").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_start_that_comes_late_does_not_bring_an_ended_card_back() {
    let desk = desk(Limits::default());
    // The keeper has begun to look.
    desk.passes(Duration::from_secs(2)).await;
    desk.recorder.fail_next_edit(SendError::Unavailable("down".to_owned()));
    let task = desk.submits(CHAT, ANN, "hang").await;
    desk.until("the start was tried in vain", |desk| desk.recorder.edit_faults_left() == 0).await;
    let cancelled = desk.cancels(ANN, task).await;
    drop(cancelled);
    shows(&desk, 1, "#1 cancelled after").await;
    desk.settles().await;
    let edits: Vec<String> = desk.recorder.edits().into_iter().map(|(_, edit)| edit.text).collect();
    assert!(edits.last().is_some_and(|text| text.starts_with("#1 cancelled")), "{edits:#?}");
    let notices = desk.ledger.notices_of(&desk.task(task).await.new.id).await.unwrap();
    let started = notices.iter().find(|notice| notice.kind == NoticeKind::Started).unwrap();
    assert!(matches!(started.state, NoticeState::Delivered { .. }), "{started:?}");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_start_that_comes_after_a_restart_leaves_the_card_at_its_end_though_that_was_noted() {
    let before = desk(Limits::default());
    let (ledger, clock) = (Arc::clone(&before.ledger), Arc::clone(&before.clock));
    before.recorder.fail_next_edit(SendError::Unavailable("down".to_owned()));
    let task = before.submits(CHAT, ANN, "hang").await;
    before.until("the start was tried in vain", |desk| desk.recorder.edit_faults_left() == 0).await;
    let cancelled = before.cancels(ANN, task).await;
    drop(cancelled);
    before.breaks_off().await;
    // The start comes up again at once then, and before the cards of the ledger are on the new board.
    tokio::time::advance(Duration::from_secs(2)).await;
    ledger.settle_cards(clock.now(), &[]).await.unwrap();
    assert_eq!(ledger.open_cards().await.unwrap(), []);
    let desk = Desk::with(Setup { cards: true, ledger: Some(Arc::clone(&ledger)), clock: Some(clock), ..Setup::default() });
    desk.settles().await;
    shows(&desk, 1, "#1 running").await;
    shows(&desk, 1, "#1 cancelled after").await;
    desk.closes().await;
    assert_eq!(ledger.open_cards().await.unwrap(), [], "it is known to show the end");
}

/// A ledger of a server that went away after the task had ended and before its card said so.
async fn abandoned() -> Arc<dyn Ledger> {
    let desk = desk(Limits::default());
    let ledger = Arc::clone(&desk.ledger);
    let task = desk.submits(CHAT, ANN, "hold x").await;
    shows(&desk, 1, "#1 running").await;
    desk.runner.release();
    desk.until_status(task, Status::Done).await;
    desk.breaks_off().await;
    ledger
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_the_cards_of_ended_tasks_reach_their_end() {
    let ledger = abandoned().await;
    assert_eq!(ledger.open_cards().await.unwrap().len(), 1);
    let desk = Desk::with(Setup { cards: true, ledger: Some(Arc::clone(&ledger)), ..Setup::default() });
    let ended = shows(&desk, 1, "#1 done after").await;
    assert_eq!(ended.message.as_str(), "m1");
    desk.closes().await;
    assert_eq!(ledger.open_cards().await.unwrap(), [], "it is known to show the end");
    let desk = Desk::with(Setup { cards: true, ledger: Some(ledger), ..Setup::default() });
    let started = Instant::now();
    desk.until("the keeper has looked", |_| started.elapsed() > Duration::from_secs(5)).await;
    assert_eq!(edits(&desk, 1, Instant::now()).len(), 0, "it is not shown again");
    desk.closes().await;
}
