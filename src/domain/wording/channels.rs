//! What is said about what a channel gets: `/notify`, channels that are named and refused, private tasks, threads, and the
//! digest of what was held.

use crate::domain::channel::ChannelId;
use crate::domain::id::TaskNumber;
use crate::domain::language::Language;
use crate::domain::notice::{Notice, NoticeKind};
use crate::domain::preferences::{Plan, Source};
use crate::domain::status::Status;
use crate::domain::task::Task;
use crate::domain::text::one_line;
use crate::domain::time::{Timestamp, elapsed};
use crate::domain::wording::notices::notice as notice_text;
use crate::domain::wording::sentence::{say, sentence};
use crate::domain::wording::units::duration;

/// Lines of a digest, and characters of one.
const DIGEST_LINES: usize = 12;
const DIGEST_LINE: usize = 120;
/// Characters of a thread's title.
const TITLE: usize = 90;

/// What is shown of what a channel gets.
#[derive(Debug)]
pub struct PlanView<'a> {
    /// Everything that is decided.
    pub plan: &'a Plan,
    /// Whether something was just changed.
    pub changed: bool,
    /// Whether who reads it may change it.
    pub may_change: bool,
    /// Whether the platform has threads.
    pub threads: bool,
    /// The time.
    pub now: Timestamp,
}

/// What a channel gets and where that comes from.
#[must_use]
pub fn plan(language: Language, view: &PlanView<'_>) -> String {
    let plan = view.plan;
    let line = |key: &'static str, value: String, source: Source| {
        sentence(language, key).with("value", value).with("source", say(language, origin(source))).text()
    };
    let events = plan.events.value.words();
    let events = if events.is_empty() { say(language, "plan-no-events") } else { events.join(", ") };
    let quiet = match plan.quiet.value {
        None => say(language, "plan-never"),
        Some(hours) => match hours.end_of_quiet(view.now) {
            None => hours.to_string(),
            Some(end) => {
                let left = duration(language, elapsed(view.now, end));
                sentence(language, "plan-quiet-now").with("hours", hours).with("left", left).text()
            }
        },
    };
    let to: Vec<String> = plan.deliver_to.value.iter().map(ToString::to_string).collect();
    let to = if to.is_empty() { say(language, "plan-nowhere-else") } else { to.join(", ") };
    let yes = |yes: bool| say(language, if yes { "plan-yes" } else { "plan-no" });
    let mut lines = vec![
        say(language, if view.changed { "plan-changed" } else { "plan-heading" }),
        line("plan-events", events, plan.events.source),
        line("plan-silent", yes(plan.silent.value), plan.silent.source),
        line("plan-mention", yes(plan.mention.value), plan.mention.source),
        line("plan-quiet", quiet, plan.quiet.source),
    ];
    if view.threads {
        lines.push(line("plan-thread", yes(plan.thread.value), plan.thread.source));
    }
    lines.push(line("plan-to", to, plan.deliver_to.source));
    lines.push(String::new());
    lines.push(say(language, "plan-always"));
    lines.push(say(language, if view.may_change { "plan-how-to-change" } else { "plan-who-may-change" }));
    lines.join("\n")
}

const fn origin(source: Source) -> &'static str {
    match source {
        Source::SetHere => "source-set-here",
        Source::Configured => "source-configured",
        Source::SetForWhole => "source-set-for-whole",
        Source::ConfiguredForWhole => "source-configured-for-whole",
        Source::Default => "source-default",
    }
}

/// A change asked for by somebody who may not make it.
#[must_use]
pub fn notify_is_for_admins(language: Language) -> String {
    say(language, "refusal-notify-is-for-admins")
}

/// Further channels set for this one by somebody who may not do that.
#[must_use]
pub fn notify_to_is_for_admins(language: Language, channel: &ChannelId) -> String {
    sentence(language, "refusal-notify-to-is-for-admins").with("channel", channel).text()
}

/// Threads wanted where there are none.
#[must_use]
pub fn no_threads_here(language: Language) -> String {
    say(language, "refusal-no-threads-here")
}

/// A channel named by somebody who may not name it.
#[must_use]
pub fn to_is_for_admins(language: Language, channel: &ChannelId) -> String {
    sentence(language, "refusal-to-is-for-admins").with("channel", channel).text()
}

/// A channel on a platform without a bot.
#[must_use]
pub fn unknown_platform(language: Language, channel: &ChannelId) -> String {
    sentence(language, "refusal-unknown-platform").with("channel", channel).text()
}

/// The very channel that is written in, named as a further one.
#[must_use]
pub fn target_is_here(language: Language, channel: &ChannelId) -> String {
    sentence(language, "refusal-target-is-here").with("channel", channel).text()
}

/// A channel that is named twice.
#[must_use]
pub fn target_twice(language: Language, channel: &ChannelId) -> String {
    sentence(language, "refusal-target-twice").with("channel", channel).text()
}

/// A channel that the bot cannot write to.
#[must_use]
pub fn target_refused(language: Language, channel: &ChannelId, reason: &str) -> String {
    sentence(language, "refusal-target").with("channel", channel).with("reason", reason).text()
}

/// A channel that could not be looked at.
#[must_use]
pub fn target_unknown(language: Language, channel: &ChannelId) -> String {
    sentence(language, "refusal-target-unknown").with("channel", channel).text()
}

/// A direct chat with somebody whom the bot cannot write to.
#[must_use]
pub fn no_direct_chat(language: Language) -> String {
    say(language, "refusal-no-direct-chat")
}

/// A direct chat that could not be looked at.
#[must_use]
pub fn direct_chat_unknown(language: Language) -> String {
    say(language, "refusal-direct-chat-unknown")
}

/// A private task that is to be heard of elsewhere.
#[must_use]
pub fn private_and_elsewhere(language: Language) -> String {
    say(language, "refusal-private-and-elsewhere")
}

/// A private task, asked about by somebody else.
#[must_use]
pub fn private_to_asker(language: Language, task: TaskNumber) -> String {
    sentence(language, "refusal-private-to-asker").with("task", task).text()
}

/// A private result, asked for where others would read it.
#[must_use]
pub fn result_went_to_direct_chat(language: Language, task: TaskNumber) -> String {
    sentence(language, "result-in-direct-chat").with("task", task).text()
}

/// What was asked, where that may be read.
pub(super) fn prompt_here(language: Language, task: &Task, here: &ChannelId, length: usize) -> String {
    if task.is_open_to(here) { one_line(task.new.prompt.as_str(), length) } else { say(language, "private-prompt") }
}

/// What stands for somebody who is called and whose name is not known.
#[must_use]
pub fn somebody(language: Language) -> String {
    say(language, "somebody")
}

/// The end of a private task, for those who may not read it.
pub(super) fn private_end(language: Language, task: &Task) -> Option<String> {
    let key = match task.status() {
        Status::Done => "notice-private-done",
        Status::Failed => "notice-private-failed",
        Status::Pending | Status::Running | Status::Cancelled => return None,
    };
    let ran = task.started_at.zip(task.completed_at()).map(|(started, ended)| elapsed(started, ended));
    Some(sentence(language, key).with("task", task.number).with("ran", duration(language, ran.unwrap_or_default())).text())
}

/// The title of a task's own thread.
#[must_use]
pub fn thread_title(task: &Task) -> String {
    one_line(&format!("{} {}", task.number, task.new.prompt.as_str()), TITLE)
}

/// What came up while a channel was quiet: of each task the newest news.
#[must_use]
pub fn digest(language: Language, news: &[&(Notice, Task)]) -> String {
    let mut lines = vec![say(language, "digest-heading")];
    let line = |(notice, task): &&(Notice, Task)| one_line(&notice_text(language, notice, task, None), DIGEST_LINE);
    lines.extend(news.iter().take(DIGEST_LINES).map(line));
    if news.len() > DIGEST_LINES {
        lines.push(sentence(language, "digest-more").counting("count", news.len() - DIGEST_LINES).text());
    }
    let open = |(notice, task): &&&(Notice, Task)| {
        notice.kind != NoticeKind::Started && task.text().is_some() && task.is_open_to(&notice.channel)
    };
    let with_text: Vec<_> = news.iter().filter(open).collect();
    if let Some((_, first)) = with_text.first() {
        let results = sentence(language, "digest-results").counting("count", with_text.len());
        lines.extend([String::new(), results.with("number", first.number.0).text()]);
    }
    lines.join("\n")
}

/// A notice that waits for the end of quiet hours.
pub(super) fn held(language: Language, end: Timestamp, now: Timestamp) -> String {
    sentence(language, "delivery-held").with("left", duration(language, elapsed(now, end))).text()
}
