### Everything the bot says to people, in English. Other languages have the same sentences with the same values; the
### tests prove it. A value in braces is filled in as it is. Commands are never translated, because people type them.
###
### Tone: what happened, to which task, what to do next. A notice begins with its task, `#42`, and names its state:
### queued, running, done, failed, cancelled.


## Notices: what a channel hears when a task moves.
## $task is its number, like #42; $number the same without the mark, as it is typed after a command.

# $place is one of the sentences "place-..."; $of the task that this one repeats.
notice-queued = { $task } queued: { $place }.
notice-queued-repeat = { $task } queued, a repeat of { $of }: { $place }.
notice-queued-again = { $task } queued again, because the server stopped while it ran: { $place }.
# How many tasks start before it; 0 means none.
place = { $ahead ->
    [0] it is next
    [one] 1 task is ahead of it
   *[other] { $ahead } tasks are ahead of it
}
# Stands below an acceptance.
waits-for-restart = The server is restarting; this starts when it is back.
notice-running = { $task } running.
notice-running-again = { $task } running again (attempt { $attempt }), because the server stopped while it ran.
notice-done = { $task } done { $account }.
# $code is a word for programs and for whoever asks the operator; $reason a clause without a full stop.
notice-failed = { $task } failed: { $code }: { $reason }. That was { $account }. Use /retry { $number } to run it again.
# Who cancelled it: whoever asked for it, an admin, or the operator.
notice-cancelled = { $by ->
    [admin] { $task } cancelled by an admin { $account }.
    [operator] { $task } cancelled by the operator { $account }.
   *[asker] { $task } cancelled { $account }.
}
# The end of a private task, in the channel that asked: nothing of its text.
notice-private-done = { $task } done after { $ran }. It is private: the result goes to who asked.
notice-private-failed = { $task } failed after { $ran }. It is private: who asked was told why.
# Stand above what a model wrote.
result-heading = Result of { $task }
result-heading-partial = What { $task } had written by then
result-see-file = The text goes on; all of it is in the file { $file }.
# Stands below a message that may have arrived before.
may-be-a-duplicate = (may be a duplicate)
# Stands for the name of somebody who is called, where that is not known.
somebody = @you
# What came up while a channel was quiet; below it one notice after the other.
digest-heading = While it was quiet here:
digest-more = { $count ->
    [one] and 1 more task
   *[other] and { $count } more tasks
}; /list shows them.
# The results come as messages of their own. $number is the task of the first.
digest-results = { $count ->
    [one] The result follows without a sound; /result { $number } gives it again.
   *[other] The results follow without a sound; /result { $number } gives the first again.
}

# How long a task took and what it used; these end the sentences above.
account = after { $ran }, { $tokens }
account-waited = after { $ran } (waited { $waited }), { $tokens }
# For a task that was interrupted, and so began more than once.
account-interrupted = { $since } after it was submitted, { $tokens }
account-never-ran = before it started


## Buttons

button-cancel = Cancel
button-retry = Retry
button-older = Older
button-full-result = Full result


## Cards: the one message about a task that changes as it moves; some of its lines are notices.

# $facts are how long it has been running, its step and its tokens, as far as they are known.
card-running = { $task } running: { $facts }
card-running-for = { $task } running for { $facts }
card-step = step { $step }
# $phase is what it has been doing for so many minutes.
card-still = still { $phase }, { $minutes } min
card-failed = { $task } failed { $account }: { $code }.
card-account = { $account }, cost unknown
# What was asked.
card-quote = “{ $prompt }”


## Times and counts

duration-tenths = { $seconds }.{ $tenths } s
duration-seconds = { $seconds } s
duration-minutes = { $minutes } min { $seconds } s
duration-hours = { $hours } h { $minutes } min
tokens = { $count ->
    [one] 1 token
   *[other] { $count } tokens
}
tokens-thousands = { $whole }.{ $tenths }k tokens
tokens-millions = { $whole }.{ $tenths }M tokens
estimated = ~{ $amount }
# A moment of today, and one of another day.
moment = { $time } UTC ({ $ago } ago)
moment-dated = { $year }-{ $month }-{ $day } { $time } UTC ({ $ago } ago)


## Words for the state of a task

state-pending = queued
state-running = running
state-done = done
state-failed = failed
state-cancelled = cancelled


## The status of one task

headline-waiting = { $task } queued
headline-queued = { $task } queued: { $place }
headline-running = { $task } running for { $ran }
headline-running-step = { $task } running for { $ran }, step { $step }: { $phase }
headline-ended = { $task } { $state } after { $ran }
headline-ended-unstarted = { $task } { $state } before it started
status-asked = Asked: { $prompt }
# Stands for the prompt of a private task where others read.
private-prompt = (private)
status-submitted = Submitted: { $moment }
status-started = Started: { $moment }, after { $waited } in the queue
status-started-again = Started: { $moment }, again after an interruption
status-interrupted = Interrupted: it started { $moment } and was cut off when the server stopped; it will run again
status-ended = Ended: { $moment }
status-attempts = Attempts: { $count }
status-error-private = Error: { $code }
status-error = Error: { $code }: { $reason }
status-used = Used: { $tokens }, cost unknown
status-repeats = Repeats: { $of }
status-notice = Notice “{ $kind }” to { $channel }: { $delivery }
# One that goes to the person because its channel does not take it.
status-notice-instead = Notice “{ $kind }” to { $channel } instead of { $meant }: { $delivery }

# What a notice reports.
kind-accepted = accepted
kind-started = started
kind-result = result
kind-done = done
kind-failed = failed
kind-cancelled = cancelled

# What became of a notice. $ids are the platform's numbers of its messages; $reason and $error are stored in English.
delivery-delivered = delivered { $moment } as message { $ids }
delivery-undeliverable = undeliverable: { $reason }
delivery-retrying = not yet delivered, { $tries ->
    [one] 1 try
   *[other] { $tries } tries
} so far: { $error }
delivery-on-its-way = on its way
# It is quiet in its channel; $left is how long that lasts.
delivery-held = held for { $left } more, it is quiet there

# What a running task does.
phase-waiting = waiting for the model
phase-thinking = thinking
phase-writing = writing
phase-quiet = no news from the model for { $minutes } min


## Lists

active-heading = Your active tasks:
active-none = You have no active task. Use /submit to hand one over, /list to see the ended ones.
list-heading = Your tasks, newest first:
list-none = Your tasks: none here. Use /submit to hand one over.
list-all-heading = Tasks of this channel, newest first:
list-all-none = Tasks of this channel: none here. Use /submit to hand one over.
list-row = { $headline }: { $prompt }
list-all-row = { $headline }, asked by { $asker }: { $prompt }
# What is offered while somebody types the number of a task; only its first 100 characters are shown.
suggestion = { $task } { $state }: { $prompt }


## Answers to commands and buttons

result-none = { $task } { $state }: it has no result. /status { $number } says why.
result-in-direct-chat = { $task } is private, so its result is in your direct chat with me.
repeated = { $of } is queued again as { $task }.
cancelled-now = { $task } cancelled after { $ran }.
cancelled-unstarted = { $task } cancelled before it started.
cancel-noted = { $task } is being stopped; this channel hears when it has ended.
already-finished = { $task } had already finished ({ $state }); nothing has changed.
still-working = Still working on it; the answer follows in the chat.
# A message without any text, where a platform takes no empty one.
empty = (empty)


## Messages that were changed, and channels that the bot was let into

edit-of-queued = This message is already queued as { $task }. To change it, use /cancel { $number } and submit the new text again.
edit-of-ended = This message already made { $task }, which is { $state }. To have the new text done, send it as a new message.
joined = Hello! I work on long tasks in the background. Hand one over with /submit and what is to be done; this channel hears when it starts and what came out. I answer commands only, and /help shows them.


## Help

help-intro =
    I take tasks that need a while and work on them in the background. You can close the app: I write here when a task starts, and its result comes here when it is done.

    Try it:
    /submit Compare three e-book readers and recommend one
# 42 stands for any task's number.
help-submit = /submit and what is to be done: hand over a task
help-status =
    /status: how your tasks are doing
    /status 42: everything about task #42
help-cancel = /cancel 42: stop it
help-list = /list: your recent tasks
help-result = /result 42: its whole result again
help-retry = /retry 42: run it once more, as a new task
help-notify = /notify: what this channel hears of its tasks
help-help = /help: this text
help-closing = 42 stands for the number of a task. Every message about a task names it, like #42. Some of this works with the buttons below the messages, too.
help-by-reply = A reply to a message about a task needs no number: /cancel as a reply stops that task. Reply to any text with /submit to have something done with it.
help-admin = You are an admin here: you see and cancel everybody's tasks in this channel, and /list all shows them.


## Commands and their options, as platforms show them in their menus: at most 100 characters each

command-submit = Hand over a task; this channel hears when it starts and what came out
command-status = One task in full, or your active tasks
command-cancel = Stop a task
command-list = Your recent tasks
command-result = The whole result of a task again
command-retry = Run a finished task's prompt again, as a new task
command-notify = What this channel hears of its tasks; its admins can change that
command-help = What this is and what you may do here

option-prompt = What is to be done
option-to = Another channel that hears of it too, or me
option-private = Only you see the result, in your direct chat with the bot
option-quiet = Everything about it comes without a sound
option-events = What it hears of: started, done, failed, cancelled, all or none
option-silent = Whether its notices come without a sound
option-mention = Whether who asked is mentioned when a task ends
option-thread = Whether each task gets a thread of its own
option-reset = Forget everything that was set here
# Options of /notify that mean something else than those of the same name elsewhere.
option-notify-quiet = When nothing is to come, like 22:00-07:00 Europe/Berlin; or off
option-notify-to = Channels that hear of its tasks too, me, or off
option-timeout = Give up after this time, like 90s or 10m
option-model = Ask this model instead
option-task = The task, like 42 or #42
option-all = Everybody's in this channel (admins)

# How commands are written.
usage-submit = /submit <what is to be done>
usage-status = /status [#N]
usage-cancel = /cancel [#N]
usage-list = /list [all]
usage-result = /result #N
usage-retry = /retry #N
usage-notify = /notify [done failed] [silent on] [mention on] [thread on] [quiet 22:00-07:00 Europe/Berlin] [to me] [reset]
usage-help = /help


## What a channel gets, as /notify shows it. $value is one of the words below or a list, $source one of the sources.

plan-heading = This channel gets:
plan-changed = Changed. This channel now gets:
plan-events = Events: { $value } ({ $source })
plan-silent = Silent: { $value } ({ $source })
plan-mention = Mentions who asked: { $value } ({ $source })
plan-quiet = Quiet: { $value } ({ $source })
plan-thread = A thread for each task: { $value } ({ $source })
plan-to = Also sent to: { $value } ({ $source })
plan-no-events = none
plan-never = never
plan-quiet-now = { $hours }, now for { $left } more
plan-nowhere-else = nowhere else
plan-yes = yes
plan-no = no
plan-always = The acceptance of a task is always answered and its result always delivered.
plan-how-to-change = Change it like this: /notify done failed, /notify quiet 22:00-07:00 Europe/Berlin, /notify reset
plan-who-may-change = Only admins of this channel can change it.
source-set-here = set here
source-configured = configured for this channel
source-set-for-whole = set for the whole chat
source-configured-for-whole = configured for the whole chat
source-default = default


## Refusals: what was not done, why, and what to do

refusal-not-allowed = You may not use this bot here. Ask its operator to let in { $person }, or this channel, { $channel }.
refusal-not-yours = { $task } is not your task: only who asked for it, or an admin, may do that. Nothing has changed.
refusal-not-found = There is no task { $task }. Use /list to see yours.
refusal-which-task = Which task? Write it like /{ $command } 42. Use /list to see yours.
refusal-which-task-or-reply = Which task? Write it like /{ $command } 42, or reply with /{ $command } to a message of the task. Use /list to see yours.
refusal-not-finished = { $task } is { $state }, it has no result yet. This channel hears when it ends; /status { $number } shows how far it is.
refusal-retry-unfinished = { $task } is still { $state }. Cancel it first (/cancel { $number }), or wait for its end.
refusal-to-is-for-admins = You may send a task's news to your own direct chat (me) and to the channels that this one is set up with. { $channel } is neither, so that takes an admin of this bot. Nothing was queued; send it again without it.
refusal-target-is-here = { $channel } is this channel, which hears of its tasks anyway. Nothing was done; send it again without it.
refusal-target-twice = { $channel } is named twice. Nothing was done; name it once.
# $reason is a clause in English.
refusal-target = Nothing can be sent to { $channel }: { $reason }. Nothing was done; let the bot write there first, or leave it out.
refusal-target-unknown = It cannot be found out now whether { $channel } takes messages. Nothing was done; try again in a minute.
refusal-no-direct-chat = I cannot write to you directly. Open a direct chat with me and write /start there, or allow direct messages from this server; then send it again. Nothing was queued.
refusal-direct-chat-unknown = It cannot be found out now whether I can write to you directly. Nothing was queued; try again in a minute.
refusal-private-and-elsewhere = A private task goes to you alone, so it cannot go to another channel as well. Nothing was queued; leave one of the two out.
refusal-private-to-asker = { $task } is private: only who asked for it can read or repeat it.
refusal-notify-is-for-admins = Only admins of this channel and admins of this bot can change what it gets. Nothing has changed; /notify shows what it gets.
refusal-notify-to-is-for-admins = Only admins of this bot can send this channel's news to { $channel }. You can send them to your own direct chat: /notify to me. Nothing has changed.
refusal-no-threads-here = There are no threads here that the bot could open. Nothing has changed.
refusal-unknown-platform = Nothing can be sent to { $channel }: no bot is configured for that platform. Nothing was done.
refusal-list-all-is-for-admins = Only admins see everybody's tasks. Use /list to see yours.
refusal-model-is-for-admins = Only admins of this bot may choose the model. Nothing was queued; send it again without it.
refusal-timeout-too-long = A task may run for { $longest } here, not longer. Nothing was queued; send it again with a shorter timeout.
refusal-queue-full = The queue is full: { $waiting ->
    [one] 1 task waits
   *[other] { $waiting } tasks wait
}, the limit is { $limit }. Nothing was queued; try again in a few minutes.
refusal-own-queue-full = { $waiting ->
    [one] 1 of your tasks waits
   *[other] { $waiting } of your tasks wait
} already, the limit is { $limit }. Nothing was queued; wait for one to start, or cancel one (/list shows them).
refusal-stopping = The server is restarting and takes nothing new. Nothing was queued; try again in a minute.
refusal-store-trouble = The server cannot reach its store, so nothing was done. Try again in a minute; if that does not help, tell the operator.
refusal-broken = Something went wrong here and nothing is known to be done. Try again; the operator finds the reason in the log.
refusal-unknown-button = This button is not known any more. Use /list and /status instead.
refusal-no-command = To hand over a task, write /submit and then what is to be done. /help shows what else there is.
refusal-unknown-command = There is no command /{ $name }. /help shows what there is.
refusal-unknown-command-meant = There is no command /{ $name }. Did you mean /{ $meant }? /help shows all.
refusal-empty-prompt = What is to be done? Write it after the command, like: /submit Compare these three offers: ...
refusal-long-prompt = The prompt is too long: { $bytes } bytes, the limit is { $limit }. Nothing was queued; shorten it and send it again.
refusal-file = Files are not read here, pictures and recordings neither: only text reaches the model. Nothing was queued; send what matters as text.
refusal-not-a-task = “{ $text }” is not a task. Write its number, like /{ $command } 42; /list shows yours.
refusal-value = “{ $value }” is not a value for “{ $option }”: it wants { $expected }. Nothing was queued.
refusal-no-value = After --{ $option } comes { $expected }. Nothing was queued.
refusal-flag = “{ $text }” is no flag. Did you mean --{ $meant }? Nothing was queued; write -- before a prompt that begins so.
refusal-value-other = “{ $value }” is not a value for “{ $option }”. Nothing was queued.
refusal-preference = “{ $text }” does not belong there: it wants { $expected }. Nothing has changed; /notify alone shows what this channel gets.
refusal-preference-missing = Something is missing: { $expected }. Nothing has changed; /notify alone shows what this channel gets.
refusal-unexpected = “{ $text }” does not belong there. Write it like this: { $usage }

# What an option wants, within the sentence above.
value-to = a channel, like telegram:123 or discord:456, or me
value-events = started, done, failed, cancelled, all or none
value-switch = on or off
value-quiet = a span like 22:00-07:00 with a time zone like Europe/Berlin behind it, or off
value-targets = off, a channel, like telegram:123 or discord:456, or me
value-setting = events, or one of silent, mention, thread, quiet, to, reset
value-timeout = a time from 1s to 24h, like 90s or 10m
value-model = a model's name of at most 100 characters without spaces


## Why tasks fail, by code: clauses without a full stop.
## The ledger keeps a more exact sentence in English; these stand where it does not, and before it in other languages.

failure-timed_out = its time was up
failure-interrupted = the server stopped while it ran
failure-rate_limited = the model's provider takes no more requests for now
failure-quota = the account at the model's provider has no credit left
failure-auth = the model's provider does not accept the key
failure-filtered = the provider's content filter refused the request or the answer
failure-refused = the model refused
failure-empty = the answer was empty
failure-context_exhausted = the conversation is longer than the model can read
failure-provider_down = the model's provider could not be reached or kept failing
failure-bad_request = the model's provider did not accept the request
failure-output_cap = the answer grew beyond all bounds and was stopped
failure-degenerate = the model repeated the same words without end
failure-internal = something broke on the way; the operator finds more in the log
# A clause of the above and the sentence of the ledger.
failure-in-detail = { $reason } ({ $detail })


## Why a channel will never take a message: clauses without a full stop.
## The ledger keeps these in English, and they are recognised there and said in other languages.

refused-blocked = the bot was blocked by this person
refused-removed = the bot was removed from the chat
refused-account-gone = this person's account does not exist any more
refused-never-started = this person has never started the bot
refused-no-direct-messages = this person takes no direct messages from the bot
refused-is-bot = bots cannot write to bots
refused-no-such-chat = the chat does not exist or the bot is not in it
refused-channel-gone = the channel does not exist any more
refused-group-gone = the group does not exist any more
refused-topic-gone = the topic does not exist any more
refused-topic-closed = the topic is closed
refused-no-access = the bot has no access to the channel
refused-no-permission = the bot may not write in this chat
refused-filtered = a filter of the chat blocked the message
refused-too-long = the message is too long for the platform
refused-empty = the platform takes the message for empty
refused-too-late = the time to answer this command is over
refused-outside-too-late = the bot is no member there, and the time to answer the command is over
refused-no-more-answers = the platform takes no more answers to this command
refused-already-moved = the chat has moved, and this is already told there
refused-said = the platform refuses the message: { $said }
given-up = given up after 24 hours: { $reason }
# Words of the ledger that are not among these, in a language that is not English.
in-english = (in English) { $text }

# Stands above a notice that comes to the person alone because the channel it was meant for does not take it.
redirected = Meant for { $channel }.
redirected-because = Meant for { $channel }, which does not take it: { $reason }.
