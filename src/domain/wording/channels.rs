//! What is said about what a channel gets: `/notify`, channels that are named and refused, private tasks, threads, and the
//! digest of what was held.

use std::fmt::Write as _;

use crate::domain::channel::ChannelId;
use crate::domain::id::TaskNumber;
use crate::domain::notice::{Notice, NoticeKind};
use crate::domain::preferences::{Decided, Plan, Source};
use crate::domain::status::Status;
use crate::domain::task::Task;
use crate::domain::text::one_line;
use crate::domain::time::{Timestamp, elapsed};
use crate::domain::wording::notices::notice as notice_text;
use crate::domain::wording::units::{counted, duration};

/// Lines of a digest, and characters of one.
const DIGEST_LINES: usize = 12;
const DIGEST_LINE: usize = 120;
/// Characters of a thread's title.
const TITLE: usize = 90;

/// What a channel gets and where that comes from. `threads` tells whether its platform has any.
#[must_use]
pub fn plan(plan: &Plan, changed: bool, may_change: bool, threads: bool, now: Timestamp) -> String {
    let mut text = if changed { "Done. This channel now gets:" } else { "This channel gets:" }.to_owned();
    let words = plan.events.value.words();
    let events = match words.len() {
        0 => "none, only acceptances and results".to_owned(),
        4 => "all (started, done, failed, cancelled)".to_owned(),
        _ => words.join(", "),
    };
    let quiet = match plan.quiet.value {
        None => "never".to_owned(),
        Some(hours) => match hours.end_of_quiet(now) {
            Some(end) => format!("{hours}, now for {} more", duration(elapsed(now, end))),
            None => hours.to_string(),
        },
    };
    let to = match plan.deliver_to.value.as_slice() {
        [] => "nowhere else".to_owned(),
        channels => channels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let mut line = |what: &str, value: String, source: Source| {
        let _written = write!(text, "\n{what}: {value} ({})", origin(source));
    };
    line("Events", events, plan.events.source);
    line("Silent", yes(plan.silent.value), plan.silent.source);
    line("Mentions who asked", yes(plan.mention.value), plan.mention.source);
    line("Quiet", quiet, plan.quiet.source);
    if threads {
        let Decided { value, source } = plan.thread;
        line("A thread for each task", yes(value), source);
    }
    line("Also sent to", to, plan.deliver_to.source);
    text.push_str("\n\nA task's acceptance is always answered and its result always delivered.");
    text.push_str(if may_change {
        " Change it like: /notify done failed, /notify quiet 22:00-07:00 Europe/Berlin, /notify reset."
    } else {
        " Only admins of this channel can change it."
    });
    text
}

fn origin(source: Source) -> &'static str {
    match source {
        Source::SetHere => "set here",
        Source::Configured => "configured for this channel",
        Source::SetForWhole => "set for the whole chat",
        Source::ConfiguredForWhole => "configured for the whole chat",
        Source::Default => "default",
    }
}

/// A change asked for by somebody who may not make it.
#[must_use]
pub fn notify_is_for_admins() -> String {
    "Only admins of this channel, and admins of this bot, can change what it gets. Nothing has changed; /notify shows what it gets."
        .to_owned()
}

/// Further channels set for this one by somebody who may not do that.
#[must_use]
pub fn notify_to_is_for_admins(channel: &ChannelId) -> String {
    format!(
        "Only admins of this bot can send this channel's news to {channel}; you can send them to your own direct chat (/notify to me). \
         Nothing has changed."
    )
}

/// Threads wanted where there are none.
#[must_use]
pub fn no_threads_here() -> String {
    "There are no threads on this platform that the bot could open. Nothing has changed.".to_owned()
}

/// A channel named by somebody who may not name it.
#[must_use]
pub fn to_is_for_admins(channel: &ChannelId) -> String {
    format!(
        "You may send a task's news to your own direct chat (me) and to the channels that this one is set up with; {channel} is \
         neither, so that takes an admin of this bot. Nothing was queued; send it again without it."
    )
}

/// A channel on a platform without a bot.
#[must_use]
pub fn unknown_platform(channel: &str) -> String {
    format!("Nothing can be sent to {channel}: no bot is configured for that platform. Nothing was done.")
}

/// The very channel that is written in, named as a further one.
#[must_use]
pub fn target_is_here(channel: &ChannelId) -> String {
    format!("{channel} is this channel, which hears of its tasks anyway. Nothing was done; send it again without it.")
}

/// A channel that is named twice.
#[must_use]
pub fn target_twice(channel: &ChannelId) -> String {
    format!("{channel} is named twice. Nothing was done; name it once.")
}

/// A channel that the bot cannot write to.
#[must_use]
pub fn target_refused(channel: &ChannelId, reason: &str) -> String {
    format!("Nothing can be sent to {channel}: {reason}. Nothing was done; let the bot in there first, or leave it out.")
}

/// A channel that could not be looked at.
#[must_use]
pub fn target_unknown(channel: &ChannelId) -> String {
    format!("It cannot be found out now whether {channel} takes messages. Nothing was done; try again in a minute.")
}

/// A direct chat with somebody whom the bot cannot write to.
#[must_use]
pub fn no_direct_chat() -> String {
    "I cannot write to you directly. Open a direct chat with me and write /start there (or allow direct messages from this \
     server), then send it again. Nothing was queued."
        .to_owned()
}

/// A direct chat that could not be looked at.
#[must_use]
pub fn direct_chat_unknown() -> String {
    "It cannot be found out now whether I can write to you directly. Nothing was queued; try again in a minute.".to_owned()
}

/// A private task that is to be heard of elsewhere.
#[must_use]
pub fn private_and_elsewhere() -> String {
    "A private task goes to you alone, so it cannot go to another channel as well. Nothing was queued; leave one of the two out."
        .to_owned()
}

/// A private task, asked about by somebody else.
#[must_use]
pub fn private_to_asker(task: TaskNumber) -> String {
    format!("{task} is private: only who asked for it can read it.")
}

/// A private result, asked for where others would read it.
#[must_use]
pub fn result_went_to_direct_chat(task: TaskNumber) -> String {
    format!("{task} is private, so its result is in your direct chat with me.")
}

/// What stands for somebody who is called and whose name is not known.
pub const WITHOUT_A_NAME: &str = "@you";

/// What stands for the prompt of a private task where others read.
pub const PRIVATE_PROMPT: &str = "(private)";

/// The end of a private task, for those who may not read it.
pub(super) fn private_end(task: &Task) -> Option<String> {
    let ran = match (task.started_at, task.completed_at()) {
        (Some(started), Some(ended)) => format!("after {}", duration(elapsed(started, ended))),
        _ => "before it started".to_owned(),
    };
    let number = task.number;
    match task.status() {
        Status::Done => Some(format!("{number} done {ran}. It is private: the result went to who asked.")),
        Status::Failed => Some(format!("{number} failed {ran}. It is private: who asked was told why.")),
        Status::Pending | Status::Running | Status::Cancelled => None,
    }
}

/// The title of a task's own thread.
#[must_use]
pub fn thread_title(task: &Task) -> String {
    one_line(&format!("{} {}", task.number, task.new.prompt.as_str()), TITLE)
}

/// What came up while a channel was quiet: of each task the newest news.
#[must_use]
pub fn digest(news: &[&(Notice, Task)]) -> String {
    let mut text = "While it was quiet here:".to_owned();
    for (notice, task) in news.iter().take(DIGEST_LINES) {
        let _written = write!(text, "\n{}", one_line(&notice_text(notice, task, None), DIGEST_LINE));
    }
    if news.len() > DIGEST_LINES {
        let more = counted(news.len() - DIGEST_LINES, "more task", "more tasks");
        let _written = write!(text, "\nand {more}; /list shows them.");
    }
    let open = |(notice, task): &&&(Notice, Task)| {
        notice.kind != NoticeKind::Started && task.text().is_some() && task.is_open_to(&notice.channel)
    };
    let with_text: Vec<_> = news.iter().filter(open).collect();
    match with_text.as_slice() {
        [] => {}
        [(_, task)] => {
            let _written = write!(text, "\n\nThe result follows without a sound. /result {} gives it again.", task.number.0);
        }
        _ => text.push_str("\n\nThe results follow without a sound. /result and a number gives one again."),
    }
    text
}

/// A notice that waits for the end of quiet hours.
pub(super) fn held(end: Timestamp, now: Timestamp) -> String {
    format!("held for {} more: it is quiet there", duration(elapsed(now, end)))
}
