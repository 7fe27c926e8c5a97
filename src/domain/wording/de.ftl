### Alles, was der Bot auf Deutsch sagt. Vorlage ist en.ftl: dieselben Sätze mit denselben Werten. Anrede „du“. Befehle
### bleiben englisch, weil man sie so tippt. Eine „Aufgabe“ ist weiblich; ihre Nummer steht vorn: #42.


## Meldungen

notice-queued = { $task } wartet: { $place }.
notice-queued-repeat = { $task } wartet, eine Wiederholung von { $of }: { $place }.
notice-queued-again = { $task } wartet noch einmal, weil der Server währenddessen angehalten wurde: { $place }.
place = { $ahead ->
    [0] als Nächste dran
    [one] 1 Aufgabe ist vor ihr dran
   *[other] { $ahead } Aufgaben sind vor ihr dran
}
notice-running = { $task } läuft.
notice-running-again = { $task } läuft noch einmal ({ $attempt }. Versuch), weil der Server währenddessen angehalten wurde.
notice-done = { $task } fertig { $account }.
notice-failed = { $task } fehlgeschlagen ({ $code }): { $reason }. Das war { $account }. Mit /retry { $number } läuft sie noch einmal.
notice-cancelled = { $by ->
    [admin] { $task } von einem Admin abgebrochen { $account }.
    [operator] { $task } vom Betreiber abgebrochen { $account }.
   *[asker] { $task } abgebrochen { $account }.
}
result-heading = Ergebnis von { $task }
result-heading-partial = Was { $task } bis dahin geschrieben hatte
result-see-file = Der Text geht weiter; der ganze steht in der Datei { $file }.
may-be-a-duplicate = (möglicherweise doppelt)

account = nach { $ran }, { $tokens }
account-waited = nach { $ran } (Wartezeit { $waited }), { $tokens }
account-never-ran = vor dem Start


## Knöpfe

button-cancel = Abbrechen
button-retry = Wiederholen
button-older = Ältere
button-full-result = Ganzes Ergebnis


## Karten

card-running = { $task } läuft: { $facts }
card-running-for = { $task } läuft seit { $facts }
card-step = Schritt { $step }
card-still = seit { $minutes } min: { $phase }
card-failed = { $task } fehlgeschlagen { $account }: { $code }.
card-account = { $account }, Kosten unbekannt
card-quote = „{ $prompt }“


## Zeiten und Mengen

duration-tenths = { $seconds },{ $tenths } s
duration-seconds = { $seconds } s
duration-minutes = { $minutes } min { $seconds } s
duration-hours = { $hours } h { $minutes } min
tokens = { $count ->
    [one] 1 Token
   *[other] { $count } Token
}
tokens-thousands = { $whole },{ $tenths } Tsd. Token
tokens-millions = { $whole },{ $tenths } Mio. Token
estimated = ca. { $amount }
moment = { $time } UTC (vor { $ago })
moment-dated = { $day }.{ $month }.{ $year }, { $time } UTC (vor { $ago })


## Wörter für den Zustand einer Aufgabe

state-pending = wartet
state-running = läuft
state-done = fertig
state-failed = fehlgeschlagen
state-cancelled = abgebrochen


## Der Stand einer Aufgabe

headline-waiting = { $task } wartet
headline-queued = { $task } wartet: { $place }
headline-running = { $task } läuft seit { $ran }
headline-running-step = { $task } läuft seit { $ran }, Schritt { $step }: { $phase }
headline-ended = { $task } { $state } nach { $ran }
headline-ended-unstarted = { $task } { $state } vor dem Start
status-asked = Auftrag: { $prompt }
status-submitted = Eingereicht: { $moment }
status-started = Begonnen: { $moment }, nach { $waited } in der Warteschlange
status-interrupted = Unterbrochen: begonnen { $moment } und abgebrochen, als der Server anhielt; sie läuft noch einmal
status-ended = Beendet: { $moment }
status-attempts = Versuche: { $count }
status-error = Fehler: { $code }: { $reason }
status-used = Verbrauch: { $tokens }, Kosten unbekannt
status-repeats = Wiederholung von: { $of }
status-notice = Meldung „{ $kind }“ an { $channel }: { $delivery }
status-notice-instead = Meldung „{ $kind }“ an { $channel } statt an { $meant }: { $delivery }

kind-accepted = angenommen
kind-started = begonnen
kind-result = Ergebnis
kind-done = fertig
kind-failed = fehlgeschlagen
kind-cancelled = abgebrochen

delivery-delivered = zugestellt { $moment } als Nachricht { $ids }
delivery-undeliverable = nicht zustellbar: { $reason }
delivery-retrying = noch nicht zugestellt, { $tries ->
    [one] 1 Versuch
   *[other] { $tries } Versuche
} bisher: { $error }
delivery-on-its-way = unterwegs

phase-waiting = wartet auf das Modell
phase-thinking = denkt nach
phase-writing = schreibt
phase-quiet = seit { $minutes } min nichts vom Modell gehört


## Listen

active-heading = Deine laufenden und wartenden Aufgaben:
active-none = Bei dir läuft oder wartet gerade keine Aufgabe. Mit /submit gibst du eine ab, /list zeigt die beendeten.
list-heading = Deine Aufgaben, die neuesten zuerst:
list-none = Hier sind keine Aufgaben von dir. Mit /submit gibst du eine ab.
list-all-heading = Alle Aufgaben in diesem Kanal, die neuesten zuerst:
list-all-none = In diesem Kanal sind keine Aufgaben. Mit /submit gibst du eine ab.
list-row = { $headline }: { $prompt }
list-all-row = { $headline }, von { $asker }: { $prompt }
suggestion = { $task } { $state }: { $prompt }


## Antworten auf Befehle und Knöpfe

result-none = { $task } { $state }: Es gibt kein Ergebnis. /status { $number } zeigt, warum.
repeated = { $of } wird als { $task } wiederholt und wartet, bis sie dran ist.
cancelled-now = { $task } abgebrochen nach { $ran }.
cancelled-unstarted = { $task } abgebrochen vor dem Start.
cancel-noted = { $task } wird gerade angehalten. Wenn sie beendet ist, steht es hier im Kanal.
already-finished = { $task } war schon beendet ({ $state }). Es hat sich nichts geändert.
still-working = Ich arbeite noch daran, die Antwort kommt gleich in den Chat.
empty = (leer)


## Geänderte Nachrichten, und Kanäle, in die der Bot geholt wurde

edit-of-queued = Aus dieser Nachricht ist schon { $task } geworden. Um sie zu ändern, brich sie mit /cancel { $number } ab und gib den neuen Text noch einmal ab.
edit-of-ended = Aus dieser Nachricht ist schon { $task } geworden ({ $state }). Schick den neuen Text als neue Nachricht, wenn er erledigt werden soll.
joined = Hallo! Ich erledige lange Aufgaben im Hintergrund. Mit /submit und dem, was zu tun ist, gibst du eine ab; in diesem Kanal steht dann, wann sie beginnt und was herauskommt. Ich antworte nur auf Befehle, und /help zeigt sie.


## Hilfe

help-intro =
    Ich übernehme Aufgaben, die etwas dauern, und erledige sie im Hintergrund. Du kannst die App schließen: Ich schreibe hier, wenn eine Aufgabe beginnt, und ihr Ergebnis kommt hierher, sobald sie fertig ist.

    Probier es aus:
    /submit Vergleiche drei E-Book-Reader und empfiehl mir einen
help-submit = /submit und was zu tun ist: eine Aufgabe abgeben
help-status =
    /status: wie es um deine Aufgaben steht
    /status 42: alles über Aufgabe #42
help-cancel = /cancel 42: sie abbrechen
help-list = /list: deine letzten Aufgaben
help-result = /result 42: ihr ganzes Ergebnis noch einmal
help-retry = /retry 42: sie noch einmal ausführen, als neue Aufgabe
help-help = /help: dieser Text
help-closing = 42 steht für die Nummer einer Aufgabe. Jede Nachricht zu einer Aufgabe nennt sie, etwa #42. Manches davon geht auch mit den Knöpfen unter den Nachrichten.
help-by-reply = Eine Antwort auf eine Nachricht zu einer Aufgabe braucht keine Nummer: /cancel als Antwort bricht sie ab.
help-admin = Du bist hier Admin: Du siehst alle Aufgaben in diesem Kanal (/list all) und kannst sie abbrechen.


## Befehle und ihre Optionen, wie sie in den Menüs stehen: höchstens 100 Zeichen

command-submit = Eine Aufgabe abgeben; in diesem Kanal steht, wann sie beginnt und was herauskommt
command-status = Alles über eine Aufgabe, oder deine laufenden und wartenden
command-cancel = Eine Aufgabe abbrechen
command-list = Deine letzten Aufgaben
command-result = Das ganze Ergebnis einer Aufgabe noch einmal
command-retry = Eine beendete Aufgabe noch einmal ausführen, als neue Aufgabe
command-help = Was das hier ist und was du tun kannst

option-prompt = Was zu tun ist
option-to = Ein weiterer Kanal, der davon hört
option-timeout = Nach dieser Zeit aufgeben, etwa 90s oder 10m
option-model = Stattdessen dieses Modell fragen
option-task = Die Aufgabe, etwa 42 oder #42
option-all = Die von allen in diesem Kanal (nur für Admins)

usage-submit = /submit <was zu tun ist>
usage-status = /status [#N]
usage-cancel = /cancel [#N]
usage-list = /list [all]
usage-result = /result #N
usage-retry = /retry #N
usage-help = /help


## Ablehnungen

refusal-not-allowed = Du darfst diesen Bot hier nicht benutzen. Bitte seinen Betreiber, dich ({ $person }) oder diesen Kanal ({ $channel }) freizugeben.
refusal-not-yours = { $task } ist nicht deine Aufgabe: Das darf nur, wer sie abgegeben hat, oder ein Admin. Es hat sich nichts geändert.
refusal-not-found = Es gibt keine Aufgabe { $task }. /list zeigt deine.
refusal-which-task = Welche Aufgabe? Schreib zum Beispiel /{ $command } 42. /list zeigt deine.
refusal-which-task-or-reply = Welche Aufgabe? Schreib zum Beispiel /{ $command } 42, oder antworte mit /{ $command } auf eine Nachricht zu der Aufgabe. /list zeigt deine.
refusal-not-finished = { $task } { $state } noch und hat kein Ergebnis. Wenn sie beendet ist, steht es hier im Kanal; /status { $number } zeigt, wie weit sie ist.
refusal-retry-unfinished = { $task } { $state } noch. Brich sie zuerst ab (/cancel { $number }) oder warte, bis sie beendet ist.
refusal-to-is-for-admins = Nur Admins dieses Bots dürfen Ergebnisse in einen anderen Kanal schicken. Nichts wurde angenommen; schick es noch einmal ohne den Kanal.
refusal-unknown-platform = An { $channel } kann nichts geschickt werden: Für diese Plattform ist kein Bot eingerichtet. Nichts wurde angenommen.
refusal-list-all-is-for-admins = Nur Admins sehen die Aufgaben von allen. /list zeigt deine.
refusal-model-is-for-admins = Nur Admins dieses Bots dürfen das Modell wählen. Nichts wurde angenommen; schick es noch einmal ohne das Modell.
refusal-timeout-too-long = Eine Aufgabe darf hier höchstens { $longest } laufen. Nichts wurde angenommen; schick es noch einmal mit einer kürzeren Zeit.
refusal-queue-full = Die Warteschlange ist voll: { $waiting ->
    [one] 1 Aufgabe wartet
   *[other] { $waiting } Aufgaben warten
}, die Grenze ist { $limit }. Nichts wurde angenommen; versuch es in ein paar Minuten noch einmal.
refusal-own-queue-full = { $waiting ->
    [one] 1 deiner Aufgaben wartet
   *[other] { $waiting } deiner Aufgaben warten
} schon, die Grenze ist { $limit }. Nichts wurde angenommen; warte, bis eine beginnt, oder brich eine ab (/list zeigt sie).
refusal-stopping = Der Server startet gerade neu und nimmt nichts an. Versuch es in einer Minute noch einmal.
refusal-store-trouble = Der Server erreicht seinen Speicher nicht, deshalb wurde nichts getan. Versuch es in einer Minute noch einmal; hilft das nicht, sag dem Betreiber Bescheid.
refusal-broken = Hier ist etwas schiefgegangen, und ob etwas getan wurde, ist nicht bekannt. Versuch es noch einmal; der Betreiber findet den Grund im Protokoll.
refusal-unknown-button = Diesen Knopf gibt es nicht mehr. Nimm stattdessen /list und /status.
refusal-no-command = Um eine Aufgabe abzugeben, schreib /submit und dahinter, was zu tun ist. /help zeigt, was es sonst noch gibt.
refusal-unknown-command = Den Befehl /{ $name } gibt es nicht. /help zeigt, welche es gibt.
refusal-unknown-command-meant = Den Befehl /{ $name } gibt es nicht. Meintest du /{ $meant }? /help zeigt alle.
refusal-empty-prompt = Was ist zu tun? Schreib es hinter den Befehl, zum Beispiel: /submit Vergleiche diese drei Angebote: ...
refusal-long-prompt = Der Auftrag ist zu lang: { $bytes } Bytes, die Grenze ist { $limit }. Nichts wurde angenommen; kürz ihn und schick ihn noch einmal.
refusal-not-a-task = „{ $text }“ ist keine Aufgabe. Schreib ihre Nummer, zum Beispiel /{ $command } 42; /list zeigt deine.
refusal-value = „{ $value }“ passt nicht zu „{ $option }“: Dort gehört { $expected } hin. Nichts wurde angenommen.
refusal-no-value = Hinter --{ $option } gehört { $expected }. Nichts wurde angenommen.
refusal-value-other = „{ $value }“ passt nicht zu „{ $option }“. Nichts wurde angenommen.
refusal-unexpected = „{ $text }“ gehört dort nicht hin. Schreib es so: { $usage }

value-to = ein Kanal (etwa telegram:123 oder discord:456)
value-timeout = eine Zeit von 1s bis 24h (etwa 90s oder 10m)
value-model = der Name eines Modells (höchstens 100 Zeichen, keine Leerzeichen)


## Warum Aufgaben fehlschlagen

failure-timed_out = ihre Zeit war um
failure-interrupted = der Server wurde währenddessen zu oft angehalten
failure-rate_limited = der Anbieter des Modells nimmt gerade keine weiteren Anfragen an
failure-quota = das Konto beim Anbieter des Modells hat kein Guthaben mehr
failure-auth = der Anbieter des Modells nimmt den Schlüssel nicht an
failure-filtered = der Inhaltsfilter des Anbieters hat die Anfrage oder die Antwort abgelehnt
failure-refused = das Modell hat abgelehnt
failure-empty = die Antwort war leer
failure-context_exhausted = die Unterhaltung ist länger, als das Modell lesen kann
failure-provider_down = der Anbieter des Modells war nicht erreichbar oder hat immer wieder versagt
failure-bad_request = der Anbieter des Modells hat die Anfrage nicht angenommen
failure-output_cap = die Antwort wuchs über alle Grenzen und wurde angehalten
failure-degenerate = das Modell hat endlos dieselben Wörter wiederholt
failure-internal = unterwegs ist etwas kaputtgegangen; der Betreiber findet mehr im Protokoll
failure-in-detail = { $reason } (auf Englisch: „{ $detail }“)


## Warum ein Kanal eine Nachricht nie annehmen wird

refused-blocked = diese Person hat den Bot blockiert
refused-removed = der Bot wurde aus dem Chat entfernt
refused-account-gone = das Konto dieser Person gibt es nicht mehr
refused-never-started = diese Person hat den Bot nie gestartet
refused-no-direct-messages = diese Person nimmt keine Direktnachrichten vom Bot an
refused-is-bot = Bots können Bots nicht schreiben
refused-no-such-chat = den Chat gibt es nicht, oder der Bot ist nicht darin
refused-channel-gone = den Kanal gibt es nicht mehr
refused-group-gone = die Gruppe gibt es nicht mehr
refused-topic-gone = das Thema gibt es nicht mehr
refused-topic-closed = das Thema ist geschlossen
refused-no-access = der Bot hat keinen Zugang zu dem Kanal
refused-no-permission = der Bot darf in diesem Chat nicht schreiben
refused-filtered = ein Filter des Chats hat die Nachricht abgewiesen
refused-too-long = die Nachricht ist zu lang für die Plattform
refused-empty = die Plattform hält die Nachricht für leer
refused-too-late = die Zeit, diesen Befehl zu beantworten, ist vorbei
refused-outside-too-late = der Bot ist dort kein Mitglied, und die Zeit, den Befehl zu beantworten, ist vorbei
refused-no-more-answers = die Plattform nimmt keine Antworten auf diesen Befehl mehr an
refused-already-moved = der Chat ist umgezogen, und dort steht es schon
refused-said = die Plattform lehnt die Nachricht ab: { $said }
given-up = nach 24 Stunden aufgegeben: { $reason }
in-english = (auf Englisch) { $text }

redirected = Eigentlich für { $channel }.
redirected-because = Eigentlich für { $channel }, aber dort kommt es nicht an: { $reason }.
