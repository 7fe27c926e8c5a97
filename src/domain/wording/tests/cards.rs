//! Cards, as people read them.

use std::time::Duration;

use super::{at, cancelled_by, done, ended, in_each, running, shown, task};
use crate::domain::card::CardView;
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::id::TaskNumber;
use crate::domain::language::Language;
use crate::domain::task::{Event, Outcome, Task};
use crate::domain::usage::{Progress, Usage};

/// A card with its buttons, `seconds` after the task was accepted.
fn card(language: Language, task: &Task, ahead: Option<usize>, seconds: i64, news: Option<(&Progress, u64)>) -> String {
    let mut task = task.clone();
    task.new.origin.language = language;
    let mut view = CardView::of(&task, ahead, at(seconds));
    if let Some((progress, unchanged)) = news {
        (view.progress, view.unchanged) = (Some(progress), Duration::from_secs(unchanged));
    }
    let labels: Vec<String> = view.buttons().into_iter().map(|button| format!("[{}]", button.label)).collect();
    format!("{} {}", view.text(), labels.join(" "))
}

fn interrupted() -> Task {
    let mut task = running(1);
    task.apply(Event::LeaseLost { max_attempts: 3 }, at(10)).unwrap();
    task
}

#[test]
fn a_card_says_where_its_task_stands() {
    let mut repeat = task();
    repeat.new.retry_of = Some(TaskNumber(41));
    let usage = Usage { input: 1200, output: 934, estimated: true, ..Usage::default() };
    let progress = Progress { phase: "writing".to_owned(), step: 3, usage, ..Progress::default() };
    let slow = Failure::new(FailureCode::TimedOut, "it used up its 30 min 0 s.");
    let failed = ended(Outcome::Failed { failure: slow, partial: String::new() });
    let cancelled = ended(Outcome::Cancelled { partial: "Half a".to_owned() });
    insta::assert_snapshot!(in_each(|language| vec![
        card(language, &task(), Some(0), 0, None),
        card(language, &repeat, Some(2), 0, None),
        card(language, &running(1), None, 3, None),
        card(language, &running(1), None, 5, Some((&progress, 0))),
        card(language, &running(1), None, 51, Some((&progress, 10))),
        card(language, &running(1), None, 203, Some((&progress, 150))),
        card(language, &running(2), None, 4, None),
        card(language, &running(2), None, 51, Some((&progress, 0))),
        card(language, &interrupted(), Some(1), 11, None),
        card(language, &done("Take the second."), None, 20, None),
        card(language, &failed, None, 20, None),
        card(language, &cancelled, None, 20, None),
        card(language, &cancelled_by(Some("chat:6")), None, 20, None),
    ]), @"
    #42 queued: it is next.
    “Compare the three offers” [Cancel]
    #42 queued, a repeat of #41: 2 tasks are ahead of it.
    “Compare the three offers” [Cancel]
    #42 running.
    “Compare the three offers” [Cancel]
    #42 running, step 3, ~2.1k tokens
    writing
    “Compare the three offers” [Cancel]
    #42 running for 48 s, step 3, ~2.1k tokens
    writing
    “Compare the three offers” [Cancel]
    #42 running for 3 min 20 s, step 3, ~2.1k tokens
    still writing, 2 min
    “Compare the three offers” [Cancel]
    #42 running again (attempt 2), because the server stopped while it ran.
    “Compare the three offers” [Cancel]
    #42 running again (attempt 2), because the server stopped while it ran.
    48 s, step 3, ~2.1k tokens
    writing
    “Compare the three offers” [Cancel]
    #42 queued again, because the server stopped while it ran: 1 task is ahead of it.
    “Compare the three offers” [Cancel]
    #42 done after 12 s (waited 3.0 s), 2.1k tokens, cost unknown.
    “Compare the three offers” [Full result] [Retry]
    #42 failed after 12 s (waited 3.0 s), 2.1k tokens, cost unknown: timed_out.
    “Compare the three offers” [Retry]
    #42 cancelled by the operator after 12 s (waited 3.0 s), 2.1k tokens, cost unknown.
    “Compare the three offers” [Full result] [Retry]
    #42 cancelled by an admin before it started.
    “Compare the three offers” [Retry]

    #42 wartet: als Nächste dran.
    „Compare the three offers“ [Abbrechen]
    #42 wartet, eine Wiederholung von #41: 2 Aufgaben sind vor ihr dran.
    „Compare the three offers“ [Abbrechen]
    #42 läuft.
    „Compare the three offers“ [Abbrechen]
    #42 läuft, Schritt 3, ca. 2,1 Tsd. Token
    schreibt
    „Compare the three offers“ [Abbrechen]
    #42 läuft seit 48 s, Schritt 3, ca. 2,1 Tsd. Token
    schreibt
    „Compare the three offers“ [Abbrechen]
    #42 läuft seit 3 min 20 s, Schritt 3, ca. 2,1 Tsd. Token
    schreibt, seit 2 min unverändert
    „Compare the three offers“ [Abbrechen]
    #42 läuft noch einmal (2. Versuch), weil der Server währenddessen angehalten wurde.
    „Compare the three offers“ [Abbrechen]
    #42 läuft noch einmal (2. Versuch), weil der Server währenddessen angehalten wurde.
    48 s, Schritt 3, ca. 2,1 Tsd. Token
    schreibt
    „Compare the three offers“ [Abbrechen]
    #42 wartet noch einmal, weil der Server währenddessen angehalten wurde: 1 Aufgabe ist vor ihr dran.
    „Compare the three offers“ [Abbrechen]
    #42 fertig nach 12 s (Wartezeit 3,0 s), 2,1 Tsd. Token, Kosten unbekannt.
    „Compare the three offers“ [Ganzes Ergebnis] [Wiederholen]
    #42 fehlgeschlagen nach 12 s (Wartezeit 3,0 s), 2,1 Tsd. Token, Kosten unbekannt: timed_out.
    „Compare the three offers“ [Wiederholen]
    #42 vom Betreiber abgebrochen nach 12 s (Wartezeit 3,0 s), 2,1 Tsd. Token, Kosten unbekannt.
    „Compare the three offers“ [Ganzes Ergebnis] [Wiederholen]
    #42 von einem Admin abgebrochen vor dem Start.
    „Compare the three offers“ [Wiederholen]
    ");
}

#[test]
fn the_status_of_an_interrupted_task_does_not_say_that_it_runs() {
    insta::assert_snapshot!(in_each(|language| vec![shown(language, &interrupted(), Some(1), None)]), @"
    #42 queued: 1 task is ahead of it
    Asked: Compare the three offers
    Submitted: 14:13:20 UTC (20 s ago)
    Interrupted: it started 14:13:23 UTC (17 s ago) and was cut off when the server stopped; it will run again
    Used: 0 tokens, cost unknown

    #42 wartet: 1 Aufgabe ist vor ihr dran
    Auftrag: Compare the three offers
    Eingereicht: 14:13:20 UTC (vor 20 s)
    Unterbrochen: begonnen 14:13:23 UTC (vor 17 s) und abgebrochen, als der Server anhielt; sie läuft noch einmal
    Verbrauch: 0 Token, Kosten unbekannt
    ");
}
