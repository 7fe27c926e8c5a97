//! Cards, as people read them.

use std::time::Duration;

use super::{cancelled_by, done, ended, in_each, running, task};
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::id::TaskNumber;
use crate::domain::language::Language;
use crate::domain::task::{Outcome, Task};
use crate::domain::usage::{Progress, Usage};
use crate::domain::wording;

fn again() -> Task {
    let mut task = running(1);
    task.apply(crate::domain::task::Event::LeaseLost { max_attempts: 9 }, super::at(5)).unwrap();
    task
}

#[test]
fn a_card_of_a_waiting_task() {
    let mut repeat = task();
    repeat.new.retry_of = Some(TaskNumber(41));
    insta::assert_snapshot!(in_each(|language| vec![
        wording::card_queued(language, &task(), Some(2)),
        wording::card_queued(language, &repeat, Some(1)),
        wording::card_queued(language, &again(), Some(0)),
        wording::card_quote(language, &task()),
    ]), @"
    #42 queued: 2 tasks are ahead of it.
    #42 queued, a repeat of #41: 1 task is ahead of it.
    #42 queued again, because the server stopped while it ran: it is next.
    “Compare the three offers”

    #42 wartet: 2 Aufgaben sind vor ihr dran.
    #42 wartet, eine Wiederholung von #41: 1 Aufgabe ist vor ihr dran.
    #42 wartet noch einmal, weil der Server währenddessen angehalten wurde: als Nächste dran.
    „Compare the three offers“
    ");
}

#[test]
fn a_card_of_a_running_task() {
    let usage = Usage { input: 1200, output: 934, ..Usage::default() };
    let card = |language, attempts, seconds, phase: &str, unchanged| {
        let step = u32::from(!phase.is_empty());
        let progress = Progress {
            phase: phase.to_owned(),
            step,
            usage: if step > 0 { usage } else { Usage::default() },
            ..Progress::default()
        };
        let (ran, unchanged) = (Duration::from_secs(seconds), Duration::from_secs(unchanged));
        wording::card_running(language, &running(attempts), ran, &progress, unchanged).join(" / ")
    };
    insta::assert_snapshot!(in_each(|language| vec![
        card(language, 1, 0, "", 0),
        card(language, 1, 1, "writing", 0),
        card(language, 1, 48, "thinking", 0),
        card(language, 1, 480, "waiting for the model", 200),
        card(language, 1, 480, "no news from the model for 3 min", 10),
        card(language, 2, 0, "", 0),
        card(language, 2, 48, "asking the library", 0),
    ]), @"
    #42 running.
    #42 running: step 1, 2.1k tokens / writing
    #42 running for 48 s, step 1, 2.1k tokens / thinking
    #42 running for 8 min 0 s, step 1, 2.1k tokens / still waiting for the model, 3 min
    #42 running for 8 min 0 s, step 1, 2.1k tokens / no news from the model for 3 min
    #42 running again (attempt 2), because the server stopped while it ran.
    #42 running again (attempt 2), because the server stopped while it ran. / 48 s, step 1, 2.1k tokens / asking the library

    #42 läuft.
    #42 läuft: Schritt 1, 2,1 Tsd. Token / schreibt
    #42 läuft seit 48 s, Schritt 1, 2,1 Tsd. Token / denkt nach
    #42 läuft seit 8 min 0 s, Schritt 1, 2,1 Tsd. Token / seit 3 min: wartet auf das Modell
    #42 läuft seit 8 min 0 s, Schritt 1, 2,1 Tsd. Token / seit 3 min nichts vom Modell gehört
    #42 läuft noch einmal (2. Versuch), weil der Server währenddessen angehalten wurde.
    #42 läuft noch einmal (2. Versuch), weil der Server währenddessen angehalten wurde. / 48 s, Schritt 1, 2,1 Tsd. Token / asking the library
    ");
}

#[test]
fn a_card_of_a_task_that_has_ended() {
    let failed = ended(Outcome::Failed { failure: Failure::new(FailureCode::TimedOut, "x"), partial: String::new() });
    let stopped = ended(Outcome::Cancelled { partial: String::new() });
    let buttons = |language: Language| {
        let buttons = [wording::full_result_button(language, TaskNumber(1)), wording::retry_button(language, TaskNumber(1))];
        buttons.map(|button| button.label).join(" | ")
    };
    insta::assert_snapshot!(in_each(|language| vec![
        wording::card_ended(language, &done("x")),
        wording::card_ended(language, &failed),
        wording::card_ended(language, &stopped),
        wording::card_ended(language, &cancelled_by(Some("chat:5"))),
        wording::card_ended(language, &cancelled_by(Some("chat:6"))),
        buttons(language),
    ]), @"
    #42 done after 12 s (waited 3.0 s), 2.1k tokens, cost unknown.
    #42 failed after 12 s (waited 3.0 s), 2.1k tokens, cost unknown: timed_out.
    #42 cancelled by the operator after 12 s (waited 3.0 s), 2.1k tokens, cost unknown.
    #42 cancelled before it started.
    #42 cancelled by an admin before it started.
    Full result | Retry

    #42 fertig nach 12 s (Wartezeit 3,0 s), 2,1 Tsd. Token, Kosten unbekannt.
    #42 fehlgeschlagen nach 12 s (Wartezeit 3,0 s), 2,1 Tsd. Token, Kosten unbekannt: timed_out.
    #42 vom Betreiber abgebrochen nach 12 s (Wartezeit 3,0 s), 2,1 Tsd. Token, Kosten unbekannt.
    #42 abgebrochen vor dem Start.
    #42 von einem Admin abgebrochen vor dem Start.
    Ganzes Ergebnis | Wiederholen
    ");
}
