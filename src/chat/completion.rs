//! What a platform offers while somebody types the name of a task.
//!
//! A suggestion has to be there before the next key is pressed, so nothing here reads a result, and of the tasks only
//! the newest are looked through. A number that is typed in full is found however old it is.

use crate::background::manager::Manager;
use crate::background::ports::{LedgerError, TaskFilter};
use crate::chat::inbound::Typing;
use crate::domain::command::CommandName;
use crate::domain::headline::Headline;
use crate::domain::id::TaskNumber;
use crate::domain::language::Language;
use crate::domain::status::Status;
use crate::domain::wording;

/// Most suggestions a platform shows.
pub const SUGGESTIONS: usize = 25;
/// So many of a person's newest tasks are looked through.
const LOOKED_THROUGH: usize = 200;

/// Tasks of a person that a command could be meant for, as (value, label).
///
/// # Errors
/// [`LedgerError`] when the store fails.
pub async fn suggestions(manager: &Manager, typing: &Typing) -> Result<Vec<(String, String)>, LedgerError> {
    let language = manager.language(typing.language);
    let typed = typing.typed.trim().trim_start_matches('#').to_lowercase();
    let (person, statuses) = (Some(typing.person.clone()), meant_by(typing.command));
    let all = TaskFilter { person, statuses, limit: LOOKED_THROUGH, ..TaskFilter::default() };
    let mut found = manager.headlines(&all).await?;
    found.retain(|headline| fits(language, headline, &typed));
    if let Ok(number) = typed.parse::<u64>() {
        // The newest of those up to this number is the one of this number, if there is one.
        let exact = TaskFilter { before: number.checked_add(1).map(TaskNumber), limit: 1, ..all };
        let exact = manager.headlines(&exact).await?.into_iter().find(|headline| headline.number.0 == number);
        found.retain(|headline| headline.number.0 != number);
        found.splice(0..0, exact);
    }
    let suggestion = |headline: &Headline| (headline.number.0.to_string(), wording::suggestion(language, headline));
    Ok(found.iter().take(SUGGESTIONS).map(suggestion).collect())
}

/// The states in which a command does something to a task; all when the list is empty.
fn meant_by(command: CommandName) -> Vec<Status> {
    let alive = |status: &Status| !status.is_terminal();
    match command {
        CommandName::Cancel => Status::values().into_iter().filter(alive).collect(),
        CommandName::Result | CommandName::Retry => Status::values().into_iter().filter(|status| !alive(status)).collect(),
        _ => Vec::new(),
    }
}

fn fits(language: Language, headline: &Headline, typed: &str) -> bool {
    if headline.number.0.to_string().starts_with(typed) {
        return true;
    }
    let line = format!("{} {}", wording::state(language, headline.status), headline.prompt.to_lowercase());
    typed.split_whitespace().all(|word| line.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headline(number: u64, prompt: &str) -> Headline {
        Headline {
            private: None,
            number: TaskNumber(number),
            status: Status::Running,
            person: None,
            prompt: prompt.to_owned(),
            started_at: None,
            completed_at: None,
        }
    }

    #[test]
    fn a_task_is_meant_by_its_number_or_by_words_of_its_prompt() {
        let task = headline(42, "Compare the three OFFERS from March");
        for typed in ["", "4", "42", "offers", "march compare", "comp", "running off"] {
            assert!(fits(Language::En, &task, typed), "{typed}");
        }
        for typed in ["2", "421", "offers april", "done"] {
            assert!(!fits(Language::En, &task, typed), "{typed}");
        }
    }

    #[test]
    fn only_tasks_are_offered_that_the_command_can_do_something_with() {
        assert_eq!(meant_by(CommandName::Cancel), [Status::Pending, Status::Running]);
        assert_eq!(meant_by(CommandName::Retry), [Status::Done, Status::Failed, Status::Cancelled]);
        assert!(meant_by(CommandName::Status).is_empty());
    }
}
