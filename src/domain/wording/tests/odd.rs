//! Values nobody has thought of.

use std::time::Duration;

use proptest::prelude::*;

use super::{LANGUAGES, at, done, ended, here, notice_of, running, task};
use crate::domain::command::CommandName;
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::headline::Headline;
use crate::domain::id::{TaskNumber, TaskRef};
use crate::domain::language::Language;
use crate::domain::limits::Limits;
use crate::domain::notice::{NoticeKind, NoticeState};
use crate::domain::parse::ParseError;
use crate::domain::prompt::Prompt;
use crate::domain::queue::QueueFull;
use crate::domain::task::{Outcome, Task};
use crate::domain::usage::{Progress, Usage};
use crate::domain::wording;

/// Everything that is said about a task with this text wherever a text can be.
fn said(language: Language, mut task: Task, count: u64, odd: &str) -> Vec<String> {
    task.number = TaskNumber(count);
    let small = usize::try_from(count).unwrap_or(usize::MAX);
    let mut notices: Vec<_> = NoticeKind::values().map(|kind| notice_of(kind, &task)).to_vec();
    for notice in &mut notices {
        (notice.last_error, notice.tries) = (Some(odd.to_owned()), u32::try_from(count).unwrap_or(u32::MAX));
    }
    notices[0].state = NoticeState::Undeliverable { at: at(0), reason: odd.to_owned() };
    let usage = Usage { input: count, output: count, estimated: true, ..Usage::default() };
    let progress = Progress { phase: odd.to_owned(), step: u32::MAX, usage, ..Progress::default() };
    let view = wording::StatusView {
        task: &task,
        ahead: Some(small),
        progress: Some(&progress),
        notices: &notices,
        held: &[],
        here: &here(),
        now: at(20),
    };
    let mut said: Vec<String> = notices.iter().map(|notice| wording::notice(language, notice, &task, Some(small))).collect();
    said.extend([
        wording::status(language, &view),
        wording::list_of_all(language, &[Headline::of(&task)], |_| Some(odd.to_owned()), &here(), at(-20)),
        wording::suggestion(language, &Headline::of(&task)),
        wording::result_frame(language, &task).around(odd),
        wording::not_allowed(language, odd, odd),
        wording::target_refused(language, &here(), odd),
        wording::not_found(language, &TaskRef::Number(TaskNumber(count))),
        wording::queue_full(language, QueueFull::Person { waiting: small }, &Limits::default()),
        wording::duration(language, Duration::from_millis(count)),
        wording::duration(language, Duration::from_secs(count)),
        wording::tokens(language, &usage),
        wording::parse_error(language, &ParseError::UnknownCommand { name: odd.to_owned(), did_you_mean: None }),
        wording::parse_error(language, &ParseError::Value { option: "to", value: odd.to_owned() }),
        wording::option_description(language, CommandName::Submit, odd),
    ]);
    said
}

proptest! {
    #[test]
    fn whatever_the_values_something_is_said(count in any::<u64>(), odd in "(\\PC|\n|\\{|\\}|\\$|[\u{202a}-\u{202e}]){0,80}") {
        for language in LANGUAGES {
            let failure = Failure::new(FailureCode::BadRequest, odd.clone());
            let mut first = task();
            if let Ok(prompt) = Prompt::parse(&odd) {
                first.new.prompt = prompt;
            }
            let failed = ended(Outcome::Failed { failure, partial: odd.clone() });
            for task in [first, running(3), done(&odd), failed] {
                let said = said(language, task, count, &odd);
                prop_assert!(said.iter().filter(|text| text.is_empty()).count() <= 1, "{said:?}");
                let number = format!("#{count}");
                prop_assert!(said[..2].iter().all(|text| text.starts_with(&number)), "{said:?}");
            }
        }
    }
}
