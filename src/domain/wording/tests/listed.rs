//! Tasks in a line each, and what is said about messages and channels that change.

use super::{at, cancelled_by, done, here, in_each, running, shown, task};
use crate::domain::channel::PersonId;
use crate::domain::headline::Headline;
use crate::domain::usage::Progress;
use crate::domain::wording;

#[test]
fn lists_have_a_line_for_each_task() {
    let progress = |phase: &str| Progress { phase: phase.to_owned(), step: 2, ..Progress::default() };
    let headline = |language, phase: &str| {
        let status = shown(language, &running(1), None, Some(&progress(phase)));
        status.lines().next().unwrap().to_owned()
    };
    let tasks = [task(), running(1), done("x"), cancelled_by(None)].map(|task| Headline::of(&task));
    let ann = |person: &PersonId| Some(format!("Ann, {person}\n@all")).filter(|_| person.address() == "5");
    insta::assert_snapshot!(in_each(|language| vec![
        wording::active_tasks(language, &tasks[..2], &here(), at(20)),
        wording::active_tasks(language, &[], &here(), at(20)),
        wording::list(language, &tasks, &here(), at(20)),
        wording::list(language, &[], &here(), at(20)),
        wording::list_of_all(language, &tasks[2..3], ann, &here(), at(20)),
        wording::list_of_all(language, &tasks[3..], |_| None, &here(), at(20)),
        wording::list_of_all(language, &[], |_| None, &here(), at(20)),
        wording::suggestion(language, &tasks[0]),
        shown(language, &task(), Some(1), None).lines().next().unwrap().to_owned(),
        headline(language, "thinking"),
        headline(language, "waiting for the model"),
        headline(language, "asking the library"),
    ]), @"
    Your active tasks:
    #42 queued: Compare the three offers
    #42 running for 17 s: Compare the three offers
    You have no active task. Use /submit to hand one over, /list to see the ended ones.
    Your tasks, newest first:
    #42 queued: Compare the three offers
    #42 running for 17 s: Compare the three offers
    #42 done after 12 s: Compare the three offers
    #42 cancelled before it started: Compare the three offers
    Your tasks: none here. Use /submit to hand one over.
    Tasks of this channel, newest first:
    #42 done after 12 s, asked by Ann, chat:5 @all (chat:5): Compare the three offers
    Tasks of this channel, newest first:
    #42 cancelled before it started, asked by chat:5: Compare the three offers
    Tasks of this channel: none here. Use /submit to hand one over.
    #42 queued: Compare the three offers
    #42 queued: 1 task is ahead of it
    #42 running for 17 s, step 2: thinking
    #42 running for 17 s, step 2: waiting for the model
    #42 running for 17 s, step 2: asking the library

    Deine laufenden und wartenden Aufgaben:
    #42 wartet: Compare the three offers
    #42 läuft seit 17 s: Compare the three offers
    Bei dir läuft oder wartet gerade keine Aufgabe. Mit /submit gibst du eine ab, /list zeigt die beendeten.
    Deine Aufgaben, die neuesten zuerst:
    #42 wartet: Compare the three offers
    #42 läuft seit 17 s: Compare the three offers
    #42 fertig nach 12 s: Compare the three offers
    #42 abgebrochen vor dem Start: Compare the three offers
    Hier sind keine Aufgaben von dir. Mit /submit gibst du eine ab.
    Alle Aufgaben in diesem Kanal, die neuesten zuerst:
    #42 fertig nach 12 s, von Ann, chat:5 @all (chat:5): Compare the three offers
    Alle Aufgaben in diesem Kanal, die neuesten zuerst:
    #42 abgebrochen vor dem Start, von chat:5: Compare the three offers
    In diesem Kanal sind keine Aufgaben. Mit /submit gibst du eine ab.
    #42 wartet: Compare the three offers
    #42 wartet: 1 Aufgabe ist vor ihr dran
    #42 läuft seit 17 s, Schritt 2: denkt nach
    #42 läuft seit 17 s, Schritt 2: wartet auf das Modell
    #42 läuft seit 17 s, Schritt 2: asking the library
    ");
}

#[test]
fn a_changed_message_and_a_new_channel() {
    insta::assert_snapshot!(in_each(|language| vec![
        wording::already_made(language, &task()),
        wording::already_made(language, &running(1)),
        wording::already_made(language, &done("x")),
        wording::joined(language),
    ]), @"
    This message is already queued as #42. To change it, use /cancel 42 and submit the new text again.
    This message is already queued as #42. To change it, use /cancel 42 and submit the new text again.
    This message already made #42, which is done. To have the new text done, send it as a new message.
    Hello! I work on long tasks in the background. Hand one over with /submit and what is to be done; this channel hears when it starts and what came out. I answer commands only, and /help shows them.

    Aus dieser Nachricht ist schon #42 geworden. Um sie zu ändern, brich sie mit /cancel 42 ab und gib den neuen Text noch einmal ab.
    Aus dieser Nachricht ist schon #42 geworden. Um sie zu ändern, brich sie mit /cancel 42 ab und gib den neuen Text noch einmal ab.
    Aus dieser Nachricht ist schon #42 geworden (fertig). Schick den neuen Text als neue Nachricht, wenn er erledigt werden soll.
    Hallo! Ich erledige lange Aufgaben im Hintergrund. Mit /submit und dem, was zu tun ist, gibst du eine ab; in diesem Kanal steht dann, wann sie beginnt und was herauskommt. Ich antworte nur auf Befehle, und /help zeigt sie.
    ");
}
