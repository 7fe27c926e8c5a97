//! What is said about what channels get.

use super::{at, done, ended, in_each, notice_of, running};
use crate::domain::channel::ChannelId;
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::headline::Headline;
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
    }), @"
    Changed. This channel now gets:
    Events: done, failed (set here)
    Silent: yes (configured for the whole chat)
    Mentions who asked: no (default)
    Quiet: 14:00-07:00 Europe/Berlin, now for 14 h 46 min more (set here)
    A thread for each task: no (default)
    Also sent to: chat:9 (configured for the whole chat)

    The acceptance of a task is always answered and its result always delivered.
    Change it like this: /notify done failed, /notify quiet 22:00-07:00 Europe/Berlin, /notify reset
    This channel gets:
    Events: started, done, failed, cancelled (default)
    Silent: no (default)
    Mentions who asked: no (default)
    Quiet: never (default)
    Also sent to: nowhere else (default)

    The acceptance of a task is always answered and its result always delivered.
    Only admins of this channel can change it.

    Geändert. Dieser Kanal bekommt jetzt:
    Ereignisse: done, failed (hier eingestellt)
    Ohne Ton: ja (für den ganzen Chat konfiguriert)
    Erwähnt, wer gefragt hat: nein (Vorgabe)
    Ruhezeit: 14:00-07:00 Europe/Berlin, gerade noch 14 h 46 min (hier eingestellt)
    Ein Thread für jede Aufgabe: nein (Vorgabe)
    Geht auch an: chat:9 (für den ganzen Chat konfiguriert)

    Die Annahme einer Aufgabe wird immer beantwortet, ihr Ergebnis immer zugestellt.
    Ändern geht so: /notify done failed, /notify quiet 22:00-07:00 Europe/Berlin, /notify reset
    Dieser Kanal bekommt:
    Ereignisse: started, done, failed, cancelled (Vorgabe)
    Ohne Ton: nein (Vorgabe)
    Erwähnt, wer gefragt hat: nein (Vorgabe)
    Ruhezeit: nie (Vorgabe)
    Geht auch an: sonst niemanden (Vorgabe)

    Die Annahme einer Aufgabe wird immer beantwortet, ihr Ergebnis immer zugestellt.
    Nur Admins dieses Kanals können das ändern.
    ");
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
    ]), @"
    Only admins of this channel and admins of this bot can change what it gets. Nothing has changed; /notify shows what it gets.
    Only admins of this bot can send this channel's news to chat:9. You can send them to your own direct chat: /notify to me. Nothing has changed.
    There are no threads here that the bot could open. Nothing has changed.
    You may send a task's news to your own direct chat (me) and to the channels that this one is set up with. chat:9 is neither, so that takes an admin of this bot. Nothing was queued; send it again without it.
    Nothing can be sent to chat:9: no bot is configured for that platform. Nothing was done.
    chat:9 is this channel, which hears of its tasks anyway. Nothing was done; send it again without it.
    chat:9 is named twice. Nothing was done; name it once.
    Nothing can be sent to chat:9: the bot was removed from the chat. Nothing was done; let the bot write there first, or leave it out.
    It cannot be found out now whether chat:9 takes messages. Nothing was done; try again in a minute.
    I cannot write to you directly. Open a direct chat with me and write /start there, or allow direct messages from this server; then send it again. Nothing was queued.
    It cannot be found out now whether I can write to you directly. Nothing was queued; try again in a minute.
    A private task goes to you alone, so it cannot go to another channel as well. Nothing was queued; leave one of the two out.
    #7 is private: only who asked for it can read or repeat it.
    #7 is private, so its result is in your direct chat with me.
    @you
    “finished” does not belong there: it wants events, or one of silent, mention, thread, quiet, to, reset. Nothing has changed; /notify alone shows what this channel gets.
    Something is missing: on or off. Nothing has changed; /notify alone shows what this channel gets.

    Was dieser Kanal bekommt, können nur seine Admins und die Admins dieses Bots ändern. Es hat sich nichts geändert; /notify zeigt, was er bekommt.
    Nur Admins dieses Bots können die Meldungen dieses Kanals an chat:9 schicken. An deinen direkten Chat kannst du sie schicken: /notify to me. Es hat sich nichts geändert.
    Hier gibt es keine Threads, die der Bot öffnen könnte. Es hat sich nichts geändert.
    Du darfst die Meldungen einer Aufgabe an deinen direkten Chat (me) und an die Kanäle schicken, die für diesen eingerichtet sind. chat:9 ist keins davon, das darf nur ein Admin dieses Bots. Nichts wurde angenommen; schick es noch einmal ohne den Kanal.
    An chat:9 kann nichts geschickt werden: Für diese Plattform ist kein Bot eingerichtet. Nichts wurde getan.
    chat:9 ist dieser Kanal und hört ohnehin von seinen Aufgaben. Nichts wurde getan; schick es noch einmal ohne ihn.
    chat:9 steht zweimal da. Nichts wurde getan; nenn ihn einmal.
    An chat:9 kann nichts geschickt werden (auf Englisch: „the bot was removed from the chat“). Nichts wurde getan; lass den Bot dort erst schreiben oder lass den Kanal weg.
    Ob chat:9 Nachrichten annimmt, lässt sich gerade nicht feststellen. Nichts wurde getan; versuch es in einer Minute noch einmal.
    Ich kann dir nicht direkt schreiben. Öffne einen direkten Chat mit mir und schreib dort /start, oder erlaube Direktnachrichten von diesem Server; dann schick es noch einmal. Nichts wurde angenommen.
    Ob ich dir direkt schreiben kann, lässt sich gerade nicht feststellen. Nichts wurde angenommen; versuch es in einer Minute noch einmal.
    Eine private Aufgabe geht nur an dich und kann nicht auch in einen anderen Kanal gehen. Nichts wurde angenommen; lass eins von beiden weg.
    #7 ist privat: Nur wer sie abgegeben hat, kann sie lesen oder wiederholen.
    #7 ist privat, deshalb steht das Ergebnis in deinem direkten Chat mit mir.
    @du
    „finished“ gehört dort nicht hin. Dort geht: Ereignisse, oder eins von silent, mention, thread, quiet, to, reset. Es hat sich nichts geändert; /notify allein zeigt, was dieser Kanal bekommt.
    Da fehlt etwas: on oder off. Es hat sich nichts geändert; /notify allein zeigt, was dieser Kanal bekommt.
    ");
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
            here: task.new.origin.channel.as_ref().unwrap(),
            now: at(20),
        };
        let here = "chat:7".parse().unwrap();
        let said = vec![
            wording::notice(language, &notice_of(NoticeKind::Done, &task), &task, None),
            wording::notice(language, &notice_of(NoticeKind::Failed, &failure), &failure, None),
            wording::status(language, &view(&failure)),
            wording::list(language, &[Headline::of(&task)], &here, at(20)),
        ];
        assert!(said.iter().all(|text| !text.contains("offers") && !text.contains("secret") && !text.contains("was empty")));
        said
    }), @"
    #42 done after 12 s. It is private: the result goes to who asked.
    #42 failed after 12 s. It is private: who asked was told why.
    #42 failed after 12 s
    Asked: (private)
    Submitted: 14:13:20 UTC (20 s ago)
    Started: 14:13:23 UTC (17 s ago), after 3.0 s in the queue
    Ended: 14:13:35 UTC (5.0 s ago)
    Error: empty
    Used: 2.1k tokens, cost unknown
    Your tasks, newest first:
    #42 done after 12 s: (private)

    #42 fertig nach 12 s. Sie ist privat: Das Ergebnis geht an den, der sie abgegeben hat.
    #42 fehlgeschlagen nach 12 s. Sie ist privat: Warum, weiß, wer sie abgegeben hat.
    #42 fehlgeschlagen nach 12 s
    Auftrag: (privat)
    Eingereicht: 14:13:20 UTC (vor 20 s)
    Begonnen: 14:13:23 UTC (vor 17 s), nach 3,0 s in der Warteschlange
    Beendet: 14:13:35 UTC (vor 5,0 s)
    Fehler: empty
    Verbrauch: 2,1 Tsd. Token, Kosten unbekannt
    Deine Aufgaben, die neuesten zuerst:
    #42 fertig nach 12 s: (privat)
    ");
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
    }), @"
    While it was quiet here:
    #3 done after 12 s (waited 3.0 s), 2.1k tokens.
    #4 failed: empty: the answer was empty. That was after 12 s (waited 3.0 s), 2.1k tokens. Use /retry 4 to run it again.
    #5 running.

    The result follows without a sound; /result 3 gives it again.
    #12 done after 12 s (waited 3.0 s), 2.1k tokens.
    and 2 more tasks; /list shows them.

    The results follow without a sound; /result 1 gives the first again.

    Während der Ruhezeit:
    #3 fertig nach 12 s (Wartezeit 3,0 s), 2,1 Tsd. Token.
    #4 fehlgeschlagen (empty): die Antwort war leer. Das war nach 12 s (Wartezeit 3,0 s), 2,1 Tsd. Token. Mit /retry 4 läuf…
    #5 läuft.

    Das Ergebnis folgt ohne Ton; /result 3 gibt es noch einmal.
    #12 fertig nach 12 s (Wartezeit 3,0 s), 2,1 Tsd. Token.
    und 2 weitere Aufgaben; /list zeigt sie.

    Die Ergebnisse folgen ohne Ton; /result 1 gibt das erste noch einmal.
    ");
}
