//! What the bot says, as it says it.

use std::time::Duration;

use crate::domain::channel::ChannelId;
use crate::domain::command::CommandName;
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::id::{Epoch, TaskId, TaskNumber, TaskRef, WorkerId};
use crate::domain::limits::Limits;
use crate::domain::notice::{Events, Notice, NoticeKind, NoticeState};
use crate::domain::origin::Origin;
use crate::domain::parse::ParseError;
use crate::domain::prompt::{InvalidPrompt, Prompt};
use crate::domain::queue::QueueFull;
use crate::domain::task::{CancelledBy, Event, NewTask, Outcome, RunSettings, Task};
use crate::domain::time::{Timestamp, from_millis};
use crate::domain::usage::{Progress, Usage};
use crate::domain::wording;

fn at(seconds: i64) -> Timestamp {
    from_millis(1_790_000_000_000 + seconds * 1000).unwrap()
}

fn task() -> Task {
    let channel: ChannelId = "chat:7".parse().unwrap();
    let new = NewTask {
        id: TaskId::parse("a-task").unwrap(),
        inbound: None,
        prompt: Prompt::parse("Compare the\nthree offers").unwrap(),
        origin: Origin { channel: Some(channel), person: Some("chat:5".parse().unwrap()), ..Origin::default() },
        deliver_to: Vec::new(),
        events: Events::default(),
        manner: crate::domain::preferences::Manner::default(),
        settings: RunSettings::default(),
        retry_of: None,
    };
    Task::accepted(new, TaskNumber(42), 0, at(0))
}

fn running(task: &mut Task, attempts: u64) {
    for _ in 0..attempts {
        let worker = WorkerId::parse("w").unwrap();
        task.apply(Event::Claimed { worker, lease_until: at(60) }, at(3)).unwrap();
        if task.epoch < Epoch(attempts) {
            task.apply(Event::LeaseLost { max_attempts: 9 }, at(3)).unwrap();
        }
    }
}

fn ended(outcome: Outcome) -> Task {
    let mut task = task();
    running(&mut task, 1);
    let usage = Usage { input: 1200, output: 934, ..Usage::default() };
    task.apply(Event::Finished { epoch: Epoch(1), outcome, usage }, at(15)).unwrap();
    task
}

fn notice(kind: NoticeKind, task: &Task, ahead: Option<usize>) -> String {
    let notice = Notice {
        id: crate::domain::id::NoticeId(1),
        task: task.new.id.clone(),
        number: task.number,
        kind,
        attempt: task.attempt,
        channel: "chat:7".parse().unwrap(),
        reply: None,
        created_at: at(0),
        state: NoticeState::Owed { due_at: at(0) },
        receipts: Vec::new(),
        in_flight_since: None,
        tries: 0,
        last_error: None,
    };
    wording::notice(&notice, task, ahead)
}

#[test]
fn notices_name_the_task_and_its_state() {
    let mut task = task();
    assert_eq!(notice(NoticeKind::Accepted, &task, Some(0)), "#42 queued: it is next.");
    assert_eq!(notice(NoticeKind::Accepted, &task, Some(2)), "#42 queued: 2 tasks are ahead of it.");
    running(&mut task, 1);
    assert_eq!(notice(NoticeKind::Started, &task, None), "#42 running.");
    let mut second = self::task();
    running(&mut second, 2);
    let again = "#42 running again (attempt 2), because the server stopped while it ran.";
    assert_eq!(notice(NoticeKind::Started, &second, None), again);
}

#[test]
fn ends_say_how_long_it_took_and_what_it_used() {
    let done = ended(Outcome::Done { result: "Take the second.".to_owned() });
    assert_eq!(notice(NoticeKind::Result, &done, None), "Result of #42:\n\nTake the second.");
    assert_eq!(notice(NoticeKind::Done, &done, None), "#42 done after 12 s (waited 3.0 s), 2.1k tokens.");
    let failure = Failure::new(FailureCode::TimedOut, "it used up its 30 min 0 s.");
    let failed = ended(Outcome::Failed { failure, partial: String::new() });
    let text = "#42 failed: timed_out: it used up its 30 min 0 s. That was after 12 s (waited 3.0 s), 2.1k tokens. Use /retry 42 to run it again.";
    assert_eq!(notice(NoticeKind::Failed, &failed, None), text);
}

#[test]
fn a_cancel_names_who_if_it_was_somebody_else() {
    let cancelled_by = |by: &str| {
        let mut task = task();
        task.apply(Event::CancelRequested { by: CancelledBy::Person(by.parse().unwrap()) }, at(1)).unwrap();
        notice(NoticeKind::Cancelled, &task, None)
    };
    assert_eq!(cancelled_by("chat:5"), "#42 cancelled before it started.");
    assert_eq!(cancelled_by("chat:6"), "#42 cancelled by an admin before it started.");
}

#[test]
fn a_status_shows_everything() {
    let mut task = task();
    running(&mut task, 1);
    let usage = Usage { input: 10, output: 20, estimated: true, ..Usage::default() };
    let progress = Progress { phase: "writing".to_owned(), step: 1, usage };
    let view = wording::StatusView {
        task: &task,
        ahead: None,
        progress: Some(&progress),
        notices: &[],
        held: &[],
        here: &"chat:7".parse().unwrap(),
        now: at(20),
    };
    insta::assert_snapshot!(wording::status(&view), @"
    #42 running for 17 s, step 1: writing
    Asked: Compare the three offers
    Submitted: 14:13:20 UTC (20 s ago)
    Started: 14:13:23 UTC (17 s ago), after 3.0 s in the queue
    Used: ~30 tokens, cost unknown
    ");
}

#[test]
fn refusals_say_what_to_do() {
    let limits = Limits::default();
    let said = [
        wording::queue_full(QueueFull::Everybody { waiting: 200 }, &limits),
        wording::queue_full(QueueFull::Person { waiting: 1 }, &limits),
        wording::not_found(&TaskRef::Number(TaskNumber(9))),
        wording::not_yours(TaskNumber(9)),
        wording::which_task(CommandName::Retry),
        wording::parse_error(&ParseError::Prompt(InvalidPrompt::Empty)),
        wording::parse_error(&ParseError::Unexpected { command: CommandName::List, text: "x".to_owned() }),
    ];
    insta::assert_snapshot!(said.join("\n"), @"
    The queue is full: 200 tasks wait, the limit is 200. Nothing was queued; try again in a few minutes.
    1 of your tasks waits already, the limit is 20. Nothing was queued; wait for one to start, or cancel one (/list shows them).
    There is no task #9. Use /list to see yours.
    #9 is not your task: only who asked for it, or an admin, may do that. Nothing has changed.
    Which task? Write it like /retry 42, or reply with /retry to a message of the task. Use /list to see yours.
    What is to be done? Write it after the command, like: /submit Compare these three offers: ...
    “x” does not belong there. Write it like this: /list [all]
    ");
}

#[test]
fn spans_are_short() {
    let spans = [0, 2_140, 59_999, 61_000, 3_725_000].map(|ms| wording::duration(Duration::from_millis(ms)));
    assert_eq!(spans, ["0.0 s", "2.1 s", "59 s", "1 min 1 s", "1 h 2 min"]);
}
