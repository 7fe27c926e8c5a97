//! Every sentence, as people read it.

use super::{at, cancelled_by, done, ended, here, in_each, notice, notice_of, receipt, running, shown, task};
use crate::domain::card::CardView;
use crate::domain::command::{Button, CommandName};
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::id::{Epoch, TaskNumber, WorkerId};
use crate::domain::language::Language;
use crate::domain::notice::{NoticeKind, NoticeState};
use crate::domain::status::Status;
use crate::domain::task::{Event, Outcome, Task};
use crate::domain::usage::{Progress, Usage};
use crate::domain::wording;

/// A result with the words around it.
fn framed(language: Language, task: &Task) -> String {
    let text = notice(language, NoticeKind::Result, task, None);
    wording::result_frame(language, task).around(&text)
}

#[test]
fn a_card_says_for_as_long_as_it_is_so_that_its_task_waits_for_a_restart() {
    let said = |task: &Task| CardView { restarting: true, ..CardView::of(task, Some(0), at(0)) }.text();
    assert!(said(&task()).ends_with(&wording::waits_for_restart(Language::En)));
    assert!(!said(&running(1)).contains("restarting"));
}

#[test]
fn notices_of_a_task_on_its_way() {
    let mut repeat = task();
    repeat.new.retry_of = Some(TaskNumber(41));
    insta::assert_snapshot!(in_each(|language| vec![
        notice(language, NoticeKind::Accepted, &task(), Some(0)),
        notice(language, NoticeKind::Accepted, &repeat, Some(2)),
        notice(language, NoticeKind::Accepted, &running(1), None),
        notice(language, NoticeKind::Started, &running(1), None),
        notice(language, NoticeKind::Started, &running(2), None),
        wording::may_be_a_duplicate(language),
        wording::waits_for_restart(language),
    ]), @"
    #42 queued: it is next.
    “Compare the three offers”
    #42 queued, a repeat of #41: 2 tasks are ahead of it.
    “Compare the three offers”
    #42 queued: it is next.
    “Compare the three offers”
    #42 running.
    #42 running again (attempt 2), because the server stopped while it ran.

    (may be a duplicate)

    The server is restarting; this starts when it is back.

    #42 wartet: als Nächste dran.
    „Compare the three offers“
    #42 wartet, eine Wiederholung von #41: 2 Aufgaben sind vor ihr dran.
    „Compare the three offers“
    #42 wartet: als Nächste dran.
    „Compare the three offers“
    #42 läuft.
    #42 läuft noch einmal (2. Versuch), weil der Server währenddessen angehalten wurde.

    (möglicherweise doppelt)

    Der Server startet gerade neu; danach geht es damit los.
    ");
}

#[test]
fn notices_of_ends() {
    let partial = || Outcome::Cancelled { partial: "Half a".to_owned() };
    let slow = Failure::new(FailureCode::TimedOut, "it used up its 30 min 0 s.");
    insta::assert_snapshot!(in_each(|language| vec![
        framed(language, &done("Take the second.")),
        notice(language, NoticeKind::Done, &done("x"), None),
        framed(language, &ended(partial())),
        notice(language, NoticeKind::Failed, &ended(Outcome::Failed { failure: slow.clone(), partial: String::new() }), None),
        notice(language, NoticeKind::Cancelled, &cancelled_by(Some("chat:5")), None),
        notice(language, NoticeKind::Cancelled, &cancelled_by(Some("chat:6")), None),
        notice(language, NoticeKind::Cancelled, &cancelled_by(None), None),
        notice(language, NoticeKind::Cancelled, &ended(partial()), None),
    ]), @"
    Result of #42:

    Take the second.
    #42 done after 12 s (waited 3.0 s), 2.1k tokens.
    What #42 had written by then:

    Half a
    #42 failed: timed_out: it used up its 30 min 0 s. That was after 12 s (waited 3.0 s), 2.1k tokens. Use /retry 42 to run it again.
    #42 cancelled before it started.
    #42 cancelled by an admin before it started.
    #42 cancelled by the operator before it started.
    #42 cancelled by the operator after 12 s (waited 3.0 s), 2.1k tokens.

    Ergebnis von #42:

    Take the second.
    #42 fertig nach 12 s (Wartezeit 3,0 s), 2,1 Tsd. Token.
    Was #42 bis dahin geschrieben hatte:

    Half a
    #42 fehlgeschlagen (timed_out): ihre Zeit war um (auf Englisch: „it used up its 30 min 0 s“). Das war nach 12 s (Wartezeit 3,0 s), 2,1 Tsd. Token. Mit /retry 42 läuft sie noch einmal.
    #42 abgebrochen vor dem Start.
    #42 von einem Admin abgebrochen vor dem Start.
    #42 vom Betreiber abgebrochen vor dem Start.
    #42 vom Betreiber abgebrochen nach 12 s (Wartezeit 3,0 s), 2,1 Tsd. Token.
    ");
}

#[test]
fn buttons() {
    let label = |button: Button| button.label;
    insta::assert_snapshot!(in_each(|language| {
        let failed = notice_of(NoticeKind::Failed, &task());
        let mut labels: Vec<String> = wording::notice_buttons(language, &failed, &task()).into_iter().map(label).collect();
        labels.push(label(wording::cancel_button(language, TaskNumber(1))));
        labels.push(label(wording::older_button(language, TaskNumber(1), false)));
        vec![labels.join(" | ")]
    }), @"
    Retry | Cancel | Older

    Wiederholen | Abbrechen | Ältere
    ");
}

#[test]
fn the_status_of_an_interrupted_task_does_not_say_that_it_runs() {
    let mut task = running(1);
    task.apply(Event::LeaseLost { max_attempts: 9 }, at(10)).unwrap();
    insta::assert_snapshot!(in_each(|language| vec![shown(language, &task, Some(1), None)]), @"
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

#[test]
fn after_an_interruption_all_tokens_count_and_no_run_counts_as_waiting() {
    let mut task = running(1);
    let usage = Usage { input: 1000, output: 500, ..Usage::default() };
    task.apply(Event::Released { epoch: Epoch(1), usage }, at(10)).unwrap();
    task.apply(Event::Claimed { worker: WorkerId::parse("w").unwrap(), lease_until: at(60) }, at(12)).unwrap();
    let progress = Progress { usage, ..Progress::default() };
    let (again, outcome) = (task.clone(), Outcome::Done { result: "x".to_owned() });
    task.apply(Event::Finished { epoch: Epoch(2), outcome, usage }, at(15)).unwrap();
    let status = shown(Language::En, &again, None, Some(&progress));
    assert!(status.contains("Started: 14:13:32 UTC (8.0 s ago), again after an interruption\n"), "{status}");
    assert!(status.contains("Used: 3.0k tokens"), "{status}");
    assert_eq!(notice(Language::En, NoticeKind::Done, &task, None), "#42 done 15 s after it was submitted, 3.0k tokens.");
}

#[test]
fn a_status_shows_everything() {
    let usage = Usage { input: 10, output: 20, estimated: true, ..Usage::default() };
    let progress = Progress { phase: "writing".to_owned(), step: 1, usage, ..Progress::default() };
    insta::assert_snapshot!(in_each(|language| vec![shown(language, &running(2), None, Some(&progress))]), @"
    #42 running for 17 s, step 1: writing
    Asked: Compare the three offers
    Submitted: 14:13:20 UTC (20 s ago)
    Started: 14:13:23 UTC (17 s ago), again after an interruption
    Attempts: 2
    Used: ~30 tokens, cost unknown

    #42 läuft seit 17 s, Schritt 1: schreibt
    Auftrag: Compare the three offers
    Eingereicht: 14:13:20 UTC (vor 20 s)
    Begonnen: 14:13:23 UTC (vor 17 s), noch einmal nach einer Unterbrechung
    Versuche: 2
    Verbrauch: ca. 30 Token, Kosten unbekannt
    ");
}

#[test]
fn a_status_tells_where_every_notice_is() {
    let failure = Failure::new(FailureCode::ProviderDown, "the model's server x could not be reached in 5 attempts");
    let mut task = ended(Outcome::Failed { failure, partial: String::new() });
    task.new.retry_of = Some(TaskNumber(41));
    let states = [
        (NoticeKind::Accepted, NoticeState::Delivered { at: at(1) }, 0),
        (
            NoticeKind::Started,
            NoticeState::Undeliverable { at: at(1), reason: "the bot was blocked by this person".to_owned() },
            1,
        ),
        (NoticeKind::Failed, NoticeState::Owed { due_at: at(1) }, 2),
        (NoticeKind::Result, NoticeState::Owed { due_at: at(1) }, 1),
        (NoticeKind::Done, NoticeState::Owed { due_at: at(1) }, 0),
    ];
    let notices = states.map(|(kind, state, tries)| {
        let mut notice = notice_of(kind, &task);
        notice.last_error = (tries > 0).then(|| "no answer".to_owned());
        notice.receipts = vec![receipt("5"), receipt("6")];
        notice.instead_of = (kind == NoticeKind::Done).then(|| "chat:8".parse().unwrap());
        (notice.state, notice.tries) = (state, tries);
        notice
    });
    let view = |language| {
        wording::status(
            language,
            &wording::StatusView {
                task: &task,
                ahead: None,
                progress: None,
                notices: &notices,
                held: &[],
                here: &here(),
                now: at(20),
            },
        )
    };
    insta::assert_snapshot!(in_each(|language| vec![view(language)]), @"
    #42 failed after 12 s
    Asked: Compare the three offers
    Submitted: 14:13:20 UTC (20 s ago)
    Started: 14:13:23 UTC (17 s ago), after 3.0 s in the queue
    Ended: 14:13:35 UTC (5.0 s ago)
    Error: provider_down: the model's server x could not be reached in 5 attempts
    Used: 2.1k tokens, cost unknown
    Repeats: #41
    Notice “accepted” to chat:7: delivered 14:13:21 UTC (19 s ago) as message 5, 6
    Notice “started” to chat:7: undeliverable: the bot was blocked by this person
    Notice “failed” to chat:7: not yet delivered, 2 tries so far: no answer
    Notice “result” to chat:7: not yet delivered, 1 try so far: no answer
    Notice “done” to chat:7 instead of chat:8: on its way

    #42 fehlgeschlagen nach 12 s
    Auftrag: Compare the three offers
    Eingereicht: 14:13:20 UTC (vor 20 s)
    Begonnen: 14:13:23 UTC (vor 17 s), nach 3,0 s in der Warteschlange
    Beendet: 14:13:35 UTC (vor 5,0 s)
    Fehler: provider_down: der Anbieter des Modells war nicht erreichbar oder hat immer wieder versagt (auf Englisch: „the model's server x could not be reached in 5 attempts“)
    Verbrauch: 2,1 Tsd. Token, Kosten unbekannt
    Wiederholung von: #41
    Meldung „angenommen“ an chat:7: zugestellt 14:13:21 UTC (vor 19 s) als Nachricht 5, 6
    Meldung „begonnen“ an chat:7: nicht zustellbar: diese Person hat den Bot blockiert
    Meldung „fehlgeschlagen“ an chat:7: noch nicht zugestellt, 2 Versuche bisher: (auf Englisch) no answer
    Meldung „Ergebnis“ an chat:7: noch nicht zugestellt, 1 Versuch bisher: (auf Englisch) no answer
    Meldung „fertig“ an chat:7 statt an chat:8: unterwegs
    ");
}

#[test]
fn answers_to_commands_and_buttons() {
    let failure = Failure::new(FailureCode::Empty, "the answer was empty");
    let empty = ended(Outcome::Failed { failure, partial: String::new() });
    let partial = ended(Outcome::Cancelled { partial: "Half a".to_owned() });
    insta::assert_snapshot!(in_each(|language| vec![
        wording::result_frame(language, &partial).see_file,
        wording::no_result(language, &empty),
        wording::repeated(language, TaskNumber(41), TaskNumber(42)),
        wording::cancelled_now(language, &partial),
        wording::cancelled_now(language, &cancelled_by(None)),
        wording::cancel_noted(language, TaskNumber(42)),
        wording::already_finished(language, &empty),
        wording::still_working(language),
        wording::empty(language),
        wording::state(language, Status::Pending),
    ]), @"
    The text goes on; all of it is in the file task-42.md.
    #42 failed: it has no result. /status 42 says why.
    #41 is queued again as #42.
    #42 cancelled after 12 s.
    #42 cancelled before it started.
    #42 is being stopped; this channel hears when it has ended.
    #42 had already finished (failed); nothing has changed.
    Still working on it; the answer follows in the chat.
    (empty)
    queued

    Der Text geht weiter; vollständig steht er in der Datei task-42.md.
    #42 fehlgeschlagen: Es gibt kein Ergebnis. /status 42 zeigt, warum.
    #41 wird als #42 wiederholt und wartet, bis sie dran ist.
    #42 abgebrochen nach 12 s.
    #42 abgebrochen vor dem Start.
    #42 wird gerade angehalten. Wenn sie beendet ist, steht es hier im Kanal.
    #42 war schon beendet (fehlgeschlagen). Es hat sich nichts geändert.
    Ich arbeite noch daran, die Antwort kommt gleich in den Chat.
    (leer)
    wartet
    ");
}

#[test]
fn help_is_for_somebody_who_reads_it_for_the_first_time() {
    insta::assert_snapshot!(in_each(|language| vec![wording::help(language, true, true)]), @"
    I take tasks that need a while and work on them in the background. You can close the app: I write here when a task starts, and its result comes here when it is done.

    Try it:
    /submit Compare three e-book readers and recommend one

    /submit and what is to be done: hand over a task
    /status: how your tasks are doing
    /status 42: everything about task #42
    /cancel 42: stop it
    /list: your recent tasks
    /result 42: its whole result again
    /retry 42: run it once more, as a new task
    /notify: what this channel hears of its tasks
    /help: this text

    42 stands for the number of a task. Every message about a task names it, like #42. Some of this works with the buttons below the messages, too. A reply to a message about a task needs no number: /cancel as a reply stops that task. Reply to any text with /submit to have something done with it.
    You are an admin here: you see and cancel everybody's tasks in this channel, and /list all shows them.

    Ich übernehme Aufgaben, die etwas dauern, und erledige sie im Hintergrund. Du kannst die App schließen: Ich schreibe hier, wenn eine Aufgabe beginnt, und ihr Ergebnis kommt hierher, sobald sie fertig ist.

    Probier es aus:
    /submit Vergleiche drei E-Book-Reader und empfiehl mir einen

    /submit und was zu tun ist: eine Aufgabe abgeben
    /status: wie es um deine Aufgaben steht
    /status 42: alles über Aufgabe #42
    /cancel 42: sie abbrechen
    /list: deine letzten Aufgaben
    /result 42: ihr ganzes Ergebnis noch einmal
    /retry 42: sie noch einmal ausführen, als neue Aufgabe
    /notify: was dieser Kanal von seinen Aufgaben hört
    /help: dieser Text

    42 steht für die Nummer einer Aufgabe. Jede Nachricht zu einer Aufgabe nennt sie, etwa #42. Manches davon geht auch mit den Knöpfen unter den Nachrichten. Eine Antwort auf eine Nachricht zu einer Aufgabe braucht keine Nummer: /cancel als Antwort bricht sie ab. Antworte mit /submit auf irgendeinen Text, und es geht um den.
    Du bist hier Admin: Du siehst alle Aufgaben in diesem Kanal (/list all) und kannst sie abbrechen.
    ");
    assert!(wording::help(Language::En, true, false).starts_with(&wording::help(Language::En, false, false)));
}

#[test]
fn menus() {
    insta::assert_snapshot!(in_each(|language| {
        let specs = crate::domain::command::CATALOGUE;
        let option = |command, name: &str| format!("  {name}: {}", wording::option_description(language, command, name));
        let command = |name: CommandName| format!("{name}: {}", wording::command_description(language, name));
        specs
            .iter()
            .flat_map(|spec| std::iter::once(command(spec.name)).chain(spec.options.iter().map(|given| option(spec.name, given.name))))
            .collect()
    }), @"
    submit: Hand over a task; this channel hears when it starts and what came out
      prompt: What is to be done
      to: Another channel that hears of it too, or me
      private: Only you see the result, in your direct chat with the bot
      quiet: Everything about it comes without a sound
      timeout: Give up after this time, like 90s or 10m
      model: Ask this model instead
    status: One task in full, or your active tasks
      task: The task, like 42 or #42
    cancel: Stop a task
      task: The task, like 42 or #42
    list: Your recent tasks
      all: Everybody's in this channel (admins)
    result: The whole result of a task again
      task: The task, like 42 or #42
    retry: Run a finished task's prompt again, as a new task
      task: The task, like 42 or #42
    notify: What this channel hears of its tasks; its admins can change that
      events: What it hears of: started, done, failed, cancelled, all or none
      silent: Whether its notices come without a sound
      mention: Whether who asked is mentioned when a task ends
      quiet: When nothing is to come, like 22:00-07:00 Europe/Berlin; or off
      thread: Whether each task gets a thread of its own
      to: Channels that hear of its tasks too, me, or off
      reset: Forget everything that was set here
    help: What this is and what you may do here

    submit: Eine Aufgabe abgeben; in diesem Kanal steht, wann sie beginnt und was herauskommt
      prompt: Was zu tun ist
      to: Ein weiterer Kanal, der davon hört, oder me
      private: Nur du siehst das Ergebnis, in deinem direkten Chat mit dem Bot
      quiet: Alles dazu kommt ohne Ton
      timeout: Nach dieser Zeit aufgeben, etwa 90s oder 10m
      model: Stattdessen dieses Modell fragen
    status: Alles über eine Aufgabe, oder deine laufenden und wartenden
      task: Die Aufgabe, etwa 42 oder #42
    cancel: Eine Aufgabe abbrechen
      task: Die Aufgabe, etwa 42 oder #42
    list: Deine letzten Aufgaben
      all: Die von allen in diesem Kanal (nur für Admins)
    result: Das ganze Ergebnis einer Aufgabe noch einmal
      task: Die Aufgabe, etwa 42 oder #42
    retry: Eine beendete Aufgabe noch einmal ausführen, als neue Aufgabe
      task: Die Aufgabe, etwa 42 oder #42
    notify: Was dieser Kanal von seinen Aufgaben hört; seine Admins können es ändern
      events: Wovon er hört: started, done, failed, cancelled, all oder none
      silent: Ob seine Meldungen ohne Ton kommen
      mention: Ob am Ende einer Aufgabe erwähnt wird, wer sie abgegeben hat
      quiet: Wann nichts kommen soll, etwa 22:00-07:00 Europe/Berlin; oder off
      thread: Ob jede Aufgabe einen eigenen Thread bekommt
      to: Kanäle, die von seinen Aufgaben auch hören, me oder off
      reset: Alles vergessen, was hier eingestellt wurde
    help: Was das hier ist und was du tun kannst
    ");
}
