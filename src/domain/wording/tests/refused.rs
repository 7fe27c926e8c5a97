//! What people hear when something cannot be, or went wrong.

use std::time::Duration;

use super::{at, ended, here, in_each};
use crate::domain::command::CommandName;
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::id::{TaskNumber, TaskRef};
use crate::domain::parse::ParseError;
use crate::domain::prompt::InvalidPrompt;
use crate::domain::status::Status;
use crate::domain::task::Outcome;
use crate::domain::wording;

#[test]
fn refusals_say_what_to_do() {
    let nine = TaskNumber(9);
    insta::assert_snapshot!(in_each(|language| vec![
        wording::not_allowed(language, "chat:5", "chat:7"),
        wording::not_yours(language, nine),
        wording::not_found(language, &TaskRef::Number(nine)),
        wording::which_task(language, CommandName::Retry, true),
        wording::which_task(language, CommandName::Retry, false),
        wording::not_finished(language, nine, Status::Pending),
        wording::retry_of_unfinished(language, nine, Status::Running),
        wording::list_all_is_for_admins(language),
        wording::model_is_for_admins(language),
        wording::timeout_too_long(language, Duration::from_mins(90)),
        wording::stopping(language),
        wording::store_trouble(language),
        wording::broken(language),
        wording::unknown_button(language),
    ]), @"
    You may not use this bot here. Ask its operator to let in chat:5, or this channel, chat:7.
    #9 is not your task: only who asked for it, or an admin, may do that. Nothing has changed.
    There is no task #9. Use /list to see yours.
    Which task? Write it like /retry 42, or reply with /retry to a message of the task. Use /list to see yours.
    Which task? Write it like /retry 42. Use /list to see yours.
    #9 is queued, it has no result yet. This channel hears when it ends; /status 9 shows how far it is.
    #9 is still running. Cancel it first (/cancel 9), or wait for its end.
    Only admins see everybody's tasks. Use /list to see yours.
    Only admins of this bot may choose the model. Nothing was queued; send it again without it.
    A task may run for 1 h 30 min here, not longer. Nothing was queued; send it again with a shorter timeout.
    The server is restarting and takes nothing new. Nothing was queued; try again in a minute.
    The server cannot reach its store, so nothing was done. Try again in a minute; if that does not help, tell the operator.
    Something went wrong here and nothing is known to be done. Try again; the operator finds the reason in the log.
    This button is not known any more. Use /list and /status instead.

    Du darfst diesen Bot hier nicht benutzen. Bitte seinen Betreiber, dich (chat:5) oder diesen Kanal (chat:7) freizugeben.
    #9 ist nicht deine Aufgabe: Das darf nur, wer sie abgegeben hat, oder ein Admin. Es hat sich nichts geändert.
    Es gibt keine Aufgabe #9. /list zeigt deine.
    Welche Aufgabe? Schreib zum Beispiel /retry 42, oder antworte mit /retry auf eine Nachricht zu der Aufgabe. /list zeigt deine.
    Welche Aufgabe? Schreib zum Beispiel /retry 42. /list zeigt deine.
    #9 wartet noch und hat kein Ergebnis. Wenn sie beendet ist, steht es hier im Kanal; /status 9 zeigt, wie weit sie ist.
    #9 läuft noch. Brich sie zuerst ab (/cancel 9) oder warte, bis sie beendet ist.
    Nur Admins sehen die Aufgaben von allen. /list zeigt deine.
    Nur Admins dieses Bots dürfen das Modell wählen. Nichts wurde angenommen; schick es noch einmal ohne das Modell.
    Eine Aufgabe darf hier höchstens 1 h 30 min laufen. Nichts wurde angenommen; schick es noch einmal mit einer kürzeren Zeit.
    Der Server startet gerade neu und nimmt nichts an. Versuch es in einer Minute noch einmal.
    Der Server erreicht seinen Speicher nicht, deshalb wurde nichts getan. Versuch es in einer Minute noch einmal; hilft das nicht, sag dem Betreiber Bescheid.
    Hier ist etwas schiefgegangen, und ob etwas getan wurde, ist nicht bekannt. Versuch es noch einmal; der Betreiber findet den Grund im Protokoll.
    Diesen Knopf gibt es nicht mehr. Nimm stattdessen /list und /status.
    ");
}

#[test]
fn what_was_not_understood_is_explained() {
    let unknown = |name: &str, did_you_mean| ParseError::UnknownCommand { name: name.to_owned(), did_you_mean };
    let value = |option, value: &str| ParseError::Value { option, value: value.to_owned() };
    let errors = [
        unknown("", None),
        unknown("weather", None),
        unknown("sumbit", Some(CommandName::Submit)),
        ParseError::Prompt(InvalidPrompt::Empty),
        ParseError::Prompt(InvalidPrompt::TooLong { bytes: 200_001 }),
        ParseError::Task { command: CommandName::Cancel, text: "it".to_owned() },
        value("to", "nowhere"),
        value("timeout", "soon"),
        value("model", "a b"),
        value("colour", "red"),
        ParseError::Unexpected { command: CommandName::List, text: "mine".to_owned() },
        ParseError::Unexpected { command: CommandName::Submit, text: "mine".to_owned() },
    ];
    insta::assert_snapshot!(in_each(|language| {
        errors.iter().map(|error| wording::parse_error(language, error)).collect()
    }), @"
    To hand over a task, write /submit and then what is to be done. /help shows what else there is.
    There is no command /weather. /help shows what there is.
    There is no command /sumbit. Did you mean /submit? /help shows all.
    What is to be done? Write it after the command, like: /submit Compare these three offers: ...
    The prompt is too long: 200001 bytes, the limit is 200000. Nothing was queued; shorten it and send it again.
    “it” is not a task. Write its number, like /cancel 42; /list shows yours.
    “nowhere” is not a value for “to”: it wants a channel, like telegram:123 or discord:456, or me. Nothing was queued.
    “soon” is not a value for “timeout”: it wants a time from 1s to 24h, like 90s or 10m. Nothing was queued.
    “a b” is not a value for “model”: it wants a model's name of at most 100 characters without spaces. Nothing was queued.
    “red” is not a value for “colour”. Nothing was queued.
    “mine” does not belong there. Write it like this: /list [all]
    “mine” does not belong there. Write it like this: /submit <what is to be done>

    Um eine Aufgabe abzugeben, schreib /submit und dahinter, was zu tun ist. /help zeigt, was es sonst noch gibt.
    Den Befehl /weather gibt es nicht. /help zeigt, welche es gibt.
    Den Befehl /sumbit gibt es nicht. Meintest du /submit? /help zeigt alle.
    Was ist zu tun? Schreib es hinter den Befehl, zum Beispiel: /submit Vergleiche diese drei Angebote: ...
    Der Auftrag ist zu lang: 200001 Bytes, die Grenze ist 200000. Nichts wurde angenommen; kürz ihn und schick ihn noch einmal.
    „it“ ist keine Aufgabe. Schreib ihre Nummer, zum Beispiel /cancel 42; /list zeigt deine.
    „nowhere“ passt nicht zu „to“: Dort gehört ein Kanal (etwa telegram:123 oder discord:456) oder me hin. Nichts wurde angenommen.
    „soon“ passt nicht zu „timeout“: Dort gehört eine Zeit von 1s bis 24h (etwa 90s oder 10m) hin. Nichts wurde angenommen.
    „a b“ passt nicht zu „model“: Dort gehört der Name eines Modells (höchstens 100 Zeichen, keine Leerzeichen) hin. Nichts wurde angenommen.
    „red“ passt nicht zu „colour“. Nichts wurde angenommen.
    „mine“ gehört dort nicht hin. Schreib es so: /list [all]
    „mine“ gehört dort nicht hin. Schreib es so: /submit <was zu tun ist>
    ");
}

#[test]
fn failures_are_explained_by_their_code_and_in_detail_by_the_ledger() {
    let reason = |language, code, message: &str| {
        let failure = Failure::new(code, message);
        let task = ended(Outcome::Failed { failure, partial: String::new() });
        let view =
            wording::StatusView { task: &task, ahead: None, progress: None, notices: &[], held: &[], here: &here(), now: at(20) };
        let status = wording::status(language, &view);
        status.lines().rev().nth(1).unwrap().to_owned()
    };
    insta::assert_snapshot!(in_each(|language| {
        let codes = FailureCode::values().into_iter().map(|code| reason(language, code, ""));
        codes
            .chain([
                reason(language, FailureCode::Auth, "x does not accept the key (HTTP 401); check llm.api_key."),
                reason(language, FailureCode::Empty, "the answer was empty"),
                reason(language, FailureCode::Interrupted, "the server stopped while it ran"),
                reason(language, FailureCode::Interrupted, "the server stopped while it ran, 3 times in all"),
            ])
            .collect()
    }), @"
    Error: timed_out: its time was up
    Error: interrupted: the server stopped while it ran
    Error: rate_limited: the model's provider takes no more requests for now
    Error: quota: the account at the model's provider has no credit left
    Error: auth: the model's provider does not accept the key
    Error: filtered: the provider's content filter refused the request or the answer
    Error: refused: the model refused
    Error: empty: the answer was empty
    Error: context_exhausted: the conversation is longer than the model can read
    Error: provider_down: the model's provider could not be reached or kept failing
    Error: bad_request: the model's provider did not accept the request
    Error: output_cap: the answer grew beyond all bounds and was stopped
    Error: degenerate: the model repeated the same words without end
    Error: internal: something broke on the way; the operator finds more in the log
    Error: auth: x does not accept the key (HTTP 401); check llm.api_key
    Error: empty: the answer was empty
    Error: interrupted: the server stopped while it ran
    Error: interrupted: the server stopped while it ran, 3 times in all

    Fehler: timed_out: ihre Zeit war um
    Fehler: interrupted: der Server wurde angehalten, während sie lief
    Fehler: rate_limited: der Anbieter des Modells nimmt gerade keine weiteren Anfragen an
    Fehler: quota: das Konto beim Anbieter des Modells hat kein Guthaben mehr
    Fehler: auth: der Anbieter des Modells nimmt den Schlüssel nicht an
    Fehler: filtered: der Inhaltsfilter des Anbieters hat die Anfrage oder die Antwort abgelehnt
    Fehler: refused: das Modell hat abgelehnt
    Fehler: empty: die Antwort war leer
    Fehler: context_exhausted: die Unterhaltung ist länger, als das Modell lesen kann
    Fehler: provider_down: der Anbieter des Modells war nicht erreichbar oder hat immer wieder versagt
    Fehler: bad_request: der Anbieter des Modells hat die Anfrage nicht angenommen
    Fehler: output_cap: die Antwort wuchs über alle Grenzen und wurde angehalten
    Fehler: degenerate: das Modell hat endlos dieselben Wörter wiederholt
    Fehler: internal: unterwegs ist etwas kaputtgegangen; der Betreiber findet mehr im Protokoll
    Fehler: auth: der Anbieter des Modells nimmt den Schlüssel nicht an (auf Englisch: „x does not accept the key (HTTP 401); check llm.api_key“)
    Fehler: empty: die Antwort war leer
    Fehler: interrupted: der Server wurde angehalten, während sie lief
    Fehler: interrupted: der Server wurde angehalten, während sie lief
    ");
}
