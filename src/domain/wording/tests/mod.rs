//! What the bot says, as it says it, in every language.

mod cards;
mod channels;
mod files;
mod listed;
mod odd;
mod refused;
mod spoken;
mod units;

use crate::domain::channel::ChannelId;
use crate::domain::id::{Epoch, MessageId, NoticeId, TaskId, TaskNumber, WorkerId};
use crate::domain::language::Language;
use crate::domain::notice::{Events, Notice, NoticeKind, NoticeState};
use crate::domain::origin::Origin;
use crate::domain::preferences::Manner;
use crate::domain::prompt::Prompt;
use crate::domain::task::{CancelledBy, Event, NewTask, Outcome, RunSettings, Task};
use crate::domain::time::{Timestamp, from_millis};
use crate::domain::usage::{Progress, Usage};
use crate::domain::wording;

const LANGUAGES: [Language; 2] = [Language::En, Language::De];

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
        manner: Manner::default(),
        settings: RunSettings::default(),
        retry_of: None,
    };
    Task::accepted(new, TaskNumber(42), 0, at(0))
}

fn running(attempts: u64) -> Task {
    let mut task = task();
    for _ in 0..attempts {
        let worker = WorkerId::parse("w").unwrap();
        task.apply(Event::Claimed { worker, lease_until: at(60) }, at(3)).unwrap();
        if task.epoch < Epoch(attempts) {
            task.apply(Event::LeaseLost { max_attempts: 9 }, at(3)).unwrap();
        }
    }
    task
}

fn ended(outcome: Outcome) -> Task {
    let mut task = running(1);
    let usage = Usage { input: 1200, output: 934, ..Usage::default() };
    task.apply(Event::Finished { epoch: Epoch(1), outcome, usage }, at(15)).unwrap();
    task
}

fn done(result: &str) -> Task {
    ended(Outcome::Done { result: result.to_owned() })
}

/// A task that this person cancelled before it started; the operator when there is none.
fn cancelled_by(person: Option<&str>) -> Task {
    let mut task = task();
    let by = person.map_or(CancelledBy::Operator, |person| CancelledBy::Person(person.parse().unwrap()));
    task.apply(Event::CancelRequested { by }, at(1)).unwrap();
    task
}

fn notice_of(kind: NoticeKind, task: &Task) -> Notice {
    Notice {
        id: NoticeId(1),
        task: task.new.id.clone(),
        number: task.number,
        kind,
        attempt: task.attempt,
        channel: "chat:7".parse().unwrap(),
        reply: None,
        instead_of: None,
        created_at: at(0),
        state: NoticeState::Owed { due_at: at(0) },
        receipts: Vec::new(),
        in_flight_since: None,
        tries: 0,
        last_error: None,
    }
}

/// The channel that the tasks here come from.
fn here() -> ChannelId {
    "chat:7".parse().unwrap()
}

fn receipt(text: &str) -> MessageId {
    MessageId::parse(text).unwrap()
}

fn notice(language: Language, kind: NoticeKind, task: &Task, ahead: Option<usize>) -> String {
    wording::notice(language, &notice_of(kind, task), task, ahead)
}

/// What is said in each language, one above the other.
fn in_each(said: impl Fn(Language) -> Vec<String>) -> String {
    let texts: Vec<String> = LANGUAGES.into_iter().map(|language| said(language).join("\n")).collect();
    for text in texts.iter().flat_map(|text| text.lines()) {
        assert!(!text.contains(['{', '}', '$', '\u{2068}', '\u{2069}']), "not filled in: {text}");
    }
    texts.join("\n\n")
}

/// The status of a task without any notice.
fn shown(language: Language, task: &Task, ahead: Option<usize>, progress: Option<&Progress>) -> String {
    wording::status(language, &wording::StatusView { task, ahead, progress, notices: &[], held: &[], here: &here(), now: at(20) })
}
