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
waits-for-restart = Der Server startet gerade neu; danach geht es damit los.
notice-running = { $task } läuft.
notice-running-again = { $task } läuft noch einmal ({ $attempt }. Versuch), weil der Server währenddessen angehalten wurde.
notice-done = { $task } fertig { $account }.
notice-failed = { $task } fehlgeschlagen ({ $code }): { $reason }. Das war { $account }. Mit /retry { $number } läuft sie noch einmal.
notice-cancelled = { $by ->
    [admin] { $task } von einem Admin abgebrochen { $account }.
    [operator] { $task } vom Betreiber abgebrochen { $account }.
   *[asker] { $task } abgebrochen { $account }.
}
notice-private-done = { $task } fertig nach { $ran }. Sie ist privat: Das Ergebnis geht an den, der sie abgegeben hat.
notice-private-failed = { $task } fehlgeschlagen nach { $ran }. Sie ist privat: Warum, weiß, wer sie abgegeben hat.
result-heading = Ergebnis von { $task }
result-heading-partial = Was { $task } bis dahin geschrieben hatte
result-see-file = Der Text geht weiter; vollständig steht er in der Datei { $file }.
may-be-a-duplicate = (möglicherweise doppelt)
somebody = @du
digest-heading = Während der Ruhezeit:
digest-more = { $count ->
    [one] und 1 weitere Aufgabe
   *[other] und { $count } weitere Aufgaben
}; /list zeigt sie.
digest-results = { $count ->
    [one] Das Ergebnis folgt ohne Ton; /result { $number } gibt es noch einmal.
   *[other] Die Ergebnisse folgen ohne Ton; /result { $number } gibt das erste noch einmal.
}

account = nach { $ran }, { $tokens }
account-waited = nach { $ran } (Wartezeit { $waited }), { $tokens }
account-interrupted = { $since } nach der Abgabe, { $tokens }
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
private-prompt = (privat)
status-submitted = Eingereicht: { $moment }
status-started = Begonnen: { $moment }, nach { $waited } in der Warteschlange
status-started-again = Begonnen: { $moment }, noch einmal nach einer Unterbrechung
status-interrupted = Unterbrochen: begonnen { $moment } und abgebrochen, als der Server anhielt; sie läuft noch einmal
status-ended = Beendet: { $moment }
status-attempts = Versuche: { $count }
status-error-private = Fehler: { $code }
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
delivery-held = noch { $left } zurückgehalten, dort ist Ruhezeit

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
result-in-direct-chat = { $task } ist privat, deshalb steht das Ergebnis in deinem direkten Chat mit mir.
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
help-notify = /notify: was dieser Kanal von seinen Aufgaben hört
help-help = /help: dieser Text
help-closing = 42 steht für die Nummer einer Aufgabe. Jede Nachricht zu einer Aufgabe nennt sie, etwa #42. Manches davon geht auch mit den Knöpfen unter den Nachrichten.
help-by-reply = Eine Antwort auf eine Nachricht zu einer Aufgabe braucht keine Nummer: /cancel als Antwort bricht sie ab. Antworte mit /submit auf irgendeinen Text, und es geht um den.
help-admin = Du bist hier Admin: Du siehst alle Aufgaben in diesem Kanal (/list all) und kannst sie abbrechen.


## Befehle und ihre Optionen, wie sie in den Menüs stehen: höchstens 100 Zeichen

command-submit = Eine Aufgabe abgeben; in diesem Kanal steht, wann sie beginnt und was herauskommt
command-status = Alles über eine Aufgabe, oder deine laufenden und wartenden
command-cancel = Eine Aufgabe abbrechen
command-list = Deine letzten Aufgaben
command-result = Das ganze Ergebnis einer Aufgabe noch einmal
command-retry = Eine beendete Aufgabe noch einmal ausführen, als neue Aufgabe
command-notify = Was dieser Kanal von seinen Aufgaben hört; seine Admins können es ändern
command-help = Was das hier ist und was du tun kannst

option-prompt = Was zu tun ist
option-to = Ein weiterer Kanal, der davon hört, oder me
option-private = Nur du siehst das Ergebnis, in deinem direkten Chat mit dem Bot
option-quiet = Alles dazu kommt ohne Ton
option-events = Wovon er hört: started, done, failed, cancelled, all oder none
option-silent = Ob seine Meldungen ohne Ton kommen
option-mention = Ob am Ende einer Aufgabe erwähnt wird, wer sie abgegeben hat
option-thread = Ob jede Aufgabe einen eigenen Thread bekommt
option-reset = Alles vergessen, was hier eingestellt wurde
option-notify-quiet = Wann nichts kommen soll, etwa 22:00-07:00 Europe/Berlin; oder off
option-notify-to = Kanäle, die von seinen Aufgaben auch hören, me oder off
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
usage-notify = /notify [done failed] [silent on] [mention on] [thread on] [quiet 22:00-07:00 Europe/Berlin] [to me] [reset]
usage-help = /help


## Was ein Kanal bekommt

plan-heading = Dieser Kanal bekommt:
plan-changed = Geändert. Dieser Kanal bekommt jetzt:
plan-events = Ereignisse: { $value } ({ $source })
plan-silent = Ohne Ton: { $value } ({ $source })
plan-mention = Erwähnt, wer gefragt hat: { $value } ({ $source })
plan-quiet = Ruhezeit: { $value } ({ $source })
plan-thread = Ein Thread für jede Aufgabe: { $value } ({ $source })
plan-to = Geht auch an: { $value } ({ $source })
plan-no-events = keine
plan-never = nie
plan-quiet-now = { $hours }, gerade noch { $left }
plan-nowhere-else = sonst niemanden
plan-yes = ja
plan-no = nein
plan-always = Die Annahme einer Aufgabe wird immer beantwortet, ihr Ergebnis immer zugestellt.
plan-how-to-change = Ändern geht so: /notify done failed, /notify quiet 22:00-07:00 Europe/Berlin, /notify reset
plan-who-may-change = Nur Admins dieses Kanals können das ändern.
source-set-here = hier eingestellt
source-configured = für diesen Kanal konfiguriert
source-set-for-whole = für den ganzen Chat eingestellt
source-configured-for-whole = für den ganzen Chat konfiguriert
source-default = Vorgabe


## Ablehnungen

refusal-not-allowed = Du darfst diesen Bot hier nicht benutzen. Bitte seinen Betreiber, dich ({ $person }) oder diesen Kanal ({ $channel }) freizugeben.
refusal-not-yours = { $task } ist nicht deine Aufgabe: Das darf nur, wer sie abgegeben hat, oder ein Admin. Es hat sich nichts geändert.
refusal-not-found = Es gibt keine Aufgabe { $task }. /list zeigt deine.
refusal-which-task = Welche Aufgabe? Schreib zum Beispiel /{ $command } 42. /list zeigt deine.
refusal-which-task-or-reply = Welche Aufgabe? Schreib zum Beispiel /{ $command } 42, oder antworte mit /{ $command } auf eine Nachricht zu der Aufgabe. /list zeigt deine.
refusal-not-finished = { $task } { $state } noch und hat kein Ergebnis. Wenn sie beendet ist, steht es hier im Kanal; /status { $number } zeigt, wie weit sie ist.
refusal-retry-unfinished = { $task } { $state } noch. Brich sie zuerst ab (/cancel { $number }) oder warte, bis sie beendet ist.
refusal-to-is-for-admins = Du darfst die Meldungen einer Aufgabe an deinen direkten Chat (me) und an die Kanäle schicken, die für diesen eingerichtet sind. { $channel } ist keins davon, das darf nur ein Admin dieses Bots. Nichts wurde angenommen; schick es noch einmal ohne den Kanal.
refusal-target-is-here = { $channel } ist dieser Kanal und hört ohnehin von seinen Aufgaben. Nichts wurde getan; schick es noch einmal ohne ihn.
refusal-target-twice = { $channel } steht zweimal da. Nichts wurde getan; nenn ihn einmal.
refusal-target = An { $channel } kann nichts geschickt werden (auf Englisch: „{ $reason }“). Nichts wurde getan; lass den Bot dort erst schreiben oder lass den Kanal weg.
refusal-target-unknown = Ob { $channel } Nachrichten annimmt, lässt sich gerade nicht feststellen. Nichts wurde getan; versuch es in einer Minute noch einmal.
refusal-no-direct-chat = Ich kann dir nicht direkt schreiben. Öffne einen direkten Chat mit mir und schreib dort /start, oder erlaube Direktnachrichten von diesem Server; dann schick es noch einmal. Nichts wurde angenommen.
refusal-direct-chat-unknown = Ob ich dir direkt schreiben kann, lässt sich gerade nicht feststellen. Nichts wurde angenommen; versuch es in einer Minute noch einmal.
refusal-private-and-elsewhere = Eine private Aufgabe geht nur an dich und kann nicht auch in einen anderen Kanal gehen. Nichts wurde angenommen; lass eins von beiden weg.
refusal-private-to-asker = { $task } ist privat: Nur wer sie abgegeben hat, kann sie lesen oder wiederholen.
refusal-notify-is-for-admins = Was dieser Kanal bekommt, können nur seine Admins und die Admins dieses Bots ändern. Es hat sich nichts geändert; /notify zeigt, was er bekommt.
refusal-notify-to-is-for-admins = Nur Admins dieses Bots können die Meldungen dieses Kanals an { $channel } schicken. An deinen direkten Chat kannst du sie schicken: /notify to me. Es hat sich nichts geändert.
refusal-no-threads-here = Hier gibt es keine Threads, die der Bot öffnen könnte. Es hat sich nichts geändert.
refusal-unknown-platform = An { $channel } kann nichts geschickt werden: Für diese Plattform ist kein Bot eingerichtet. Nichts wurde getan.
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
refusal-file = Dateien werden hier nicht gelesen, auch keine Bilder und Aufnahmen: Nur Text erreicht das Modell. Nichts wurde angenommen; schick als Text, worauf es ankommt.
refusal-not-a-task = „{ $text }“ ist keine Aufgabe. Schreib ihre Nummer, zum Beispiel /{ $command } 42; /list zeigt deine.
refusal-value = „{ $value }“ passt nicht zu „{ $option }“: Dort gehört { $expected } hin. Nichts wurde angenommen.
refusal-no-value = Hinter --{ $option } gehört { $expected }. Nichts wurde angenommen.
refusal-flag = „{ $text }“ ist keine Angabe. Meintest du --{ $meant }? Nichts wurde angenommen; vor einen Text, der so beginnt, gehört --.
refusal-value-other = „{ $value }“ passt nicht zu „{ $option }“. Nichts wurde angenommen.
refusal-preference = „{ $text }“ gehört dort nicht hin. Dort geht: { $expected }. Es hat sich nichts geändert; /notify allein zeigt, was dieser Kanal bekommt.
refusal-preference-missing = Da fehlt etwas: { $expected }. Es hat sich nichts geändert; /notify allein zeigt, was dieser Kanal bekommt.
refusal-unexpected = „{ $text }“ gehört dort nicht hin. Schreib es so: { $usage }

value-to = ein Kanal (etwa telegram:123 oder discord:456) oder me
value-events = started, done, failed, cancelled, all oder none
value-switch = on oder off
value-quiet = eine Spanne (etwa 22:00-07:00) und dahinter eine Zeitzone (etwa Europe/Berlin), oder off
value-targets = off, ein Kanal (etwa telegram:123 oder discord:456) oder me
value-setting = Ereignisse, oder eins von silent, mention, thread, quiet, to, reset
value-timeout = eine Zeit von 1s bis 24h (etwa 90s oder 10m)
value-model = der Name eines Modells (höchstens 100 Zeichen, keine Leerzeichen)


## Warum Aufgaben fehlschlagen

failure-timed_out = ihre Zeit war um
failure-interrupted = der Server wurde angehalten, während sie lief
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
