//! What is said about what channels get.

use super::{at, done, ended, in_each, notice_of, running};
use crate::domain::channel::ChannelId;
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::id::TaskNumber;
use crate::domain::notice::{Notice, NoticeKind};
use crate::domain::parse::ParseError;
use crate::domain::preferences::{Plan, Preferences, Source};
use crate::domain::task::{Outcome, Task};
use crate::domain::wording::{self, PlanView};

fn there() -> ChannelId {
    "chat:9".parse().unwrap()
}

fn numbered(number: u64, kind: NoticeKind, mut task: Task) -> (Notice, Task) {
    task.number = TaskNumber(number);
    (notice_of(kind, &task), task)
}

fn failed() -> Task {
    ended(Outcome::Failed { failure: Failure::new(FailureCode::Empty, "the answer was empty"), partial: String::new() })
}

#[test]
fn what_a_channel_gets_is_shown_with_where_it_comes_from() {
    let here: Preferences = serde_json::from_str(r#"{"events":["done","failed"],"quiet":"14:00-07:00"}"#).unwrap();
    let config: Preferences =
        serde_json::from_str(r#"{"silent":true,"deliver_to":["chat:9"],"time_zone":"Europe/Berlin"}"#).unwrap();
    let plan = Plan::of(&[(Source::SetHere, &here), (Source::ConfiguredForWhole, &config)]);
    let default = Plan::of(&[]);
    insta::assert_snapshot!(in_each(|language| {
        let view = PlanView { plan: &plan, changed: true, may_change: true, threads: true, now: at(0) };
        let other = PlanView { plan: &default, changed: false, may_change: false, threads: false, now: at(0) };
        vec![wording::plan(language, &view), wording::plan(language, &other)]
    }), @"");
}

#[test]
fn refusals_about_channels_say_what_to_do() {
    let seven = TaskNumber(7);
    insta::assert_snapshot!(in_each(|language| vec![
        wording::notify_is_for_admins(language),
        wording::notify_to_is_for_admins(language, &there()),
        wording::no_threads_here(language),
        wording::to_is_for_admins(language, &there()),
        wording::unknown_platform(language, &there()),
        wording::target_is_here(language, &there()),
        wording::target_twice(language, &there()),
        wording::target_refused(language, &there(), "the bot was removed from the chat"),
        wording::target_unknown(language, &there()),
        wording::no_direct_chat(language),
        wording::direct_chat_unknown(language),
        wording::private_and_elsewhere(language),
        wording::private_to_asker(language, seven),
        wording::result_went_to_direct_chat(language, seven),
        wording::somebody(language),
        wording::parse_error(language, &ParseError::Preference { text: "finished".to_owned(), wanted: "setting" }),
        wording::parse_error(language, &ParseError::Preference { text: String::new(), wanted: "switch" }),
    ]), @"");
}

#[test]
fn a_private_task_shows_its_text_to_who_asked_only() {
    let private = |mut task: Task| {
        task.new.manner.private = Some(there());
        task
    };
    let (task, failure) = (private(done("secret result")), private(failed()));
    insta::assert_snapshot!(in_each(|language| {
        let view = |task| wording::StatusView {
            task,
            ahead: None,
            progress: None,
            notices: &[],
            held: &[],
            here: &task.new.origin.channel.as_ref().unwrap(),
            now: at(20),
        };
        let here = "chat:7".parse().unwrap();
        let said = vec![
            wording::notice(language, &notice_of(NoticeKind::Done, &task), &task, None),
            wording::notice(language, &notice_of(NoticeKind::Failed, &failure), &failure, None),
            wording::status(language, &view(&failure)),
            wording::list(language, &[task.clone()], false, &here, at(20)),
        ];
        assert!(said.iter().all(|text| !text.contains("offers") && !text.contains("secret") && !text.contains("was empty")));
        said
    }), @"");
    let direct = Notice { channel: there(), ..notice_of(NoticeKind::Result, &task) };
    assert!(wording::notice(super::LANGUAGES[0], &direct, &task, None).contains("secret result"));
}

#[test]
fn a_digest_is_short_and_names_every_task() {
    let few = [
        numbered(3, NoticeKind::Done, done("x")),
        numbered(4, NoticeKind::Failed, failed()),
        numbered(5, NoticeKind::Started, running(1)),
    ];
    let many: Vec<_> = (1..=14).map(|number| numbered(number, NoticeKind::Done, done("x"))).collect();
    insta::assert_snapshot!(in_each(|language| {
        let digest = wording::digest(language, &many.iter().collect::<Vec<_>>());
        assert!(digest.len() < 1800, "{}", digest.len());
        vec![wording::digest(language, &few.iter().collect::<Vec<_>>()), digest.lines().skip(12).collect::<Vec<_>>().join("\n")]
    }), @"");
}
