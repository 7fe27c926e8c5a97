//! What a person sees who asks how things are, or for something that is done at once.

use crate::domain::channel::ChannelId;
use crate::domain::id::{MessageId, NoticeId, TaskNumber};
use crate::domain::language::Language;
use crate::domain::notice::{Notice, NoticeState};
use crate::domain::status::Status;
use crate::domain::task::Task;
use crate::domain::time::{Timestamp, elapsed};
use crate::domain::usage::Progress;
use crate::domain::wording::channels::{held, prompt_here};
use crate::domain::wording::deliveries;
use crate::domain::wording::failure::reason;
use crate::domain::wording::notices::place;
use crate::domain::wording::sentence::{say, sentence};
use crate::domain::wording::units::{duration, moment, phase, state, tokens};

/// Everything `/status #N` shows.
#[derive(Debug)]
pub struct StatusView<'a> {
    /// The task.
    pub task: &'a Task,
    /// How many are before it, when it waits.
    pub ahead: Option<usize>,
    /// What its attempt does now, when it runs in this process.
    pub progress: Option<&'a Progress>,
    /// Every notice about it.
    pub notices: &'a [Notice],
    /// The notices that are held while their channels are quiet, and until when.
    pub held: &'a [(NoticeId, Timestamp)],
    /// Where it is read: a private task shows its text only in the direct chat of who asked.
    pub here: &'a ChannelId,
    /// The time.
    pub now: Timestamp,
}

/// One task in full.
#[must_use]
pub fn status(language: Language, view: &StatusView<'_>) -> String {
    let (task, now) = (view.task, view.now);
    let open = task.is_open_to(view.here);
    let moment = |at| moment(language, at, now);
    let one = |key, name, value: String| sentence(language, key).with(name, value).text();
    let mut lines = vec![
        headline(language, task, view.ahead.unwrap_or_default(), view.progress.filter(|_| open), now),
        one("status-asked", "prompt", prompt_here(language, task, view.here, 200)),
        one("status-submitted", "moment", moment(task.submitted_at)),
    ];
    if let Some(started) = task.started_at.filter(|_| task.status() == Status::Pending) {
        lines.push(one("status-interrupted", "moment", moment(started)));
    } else if let Some(started) = task.started_at {
        lines.push(match task.waited().map(|waited| duration(language, waited)) {
            Some(waited) => sentence(language, "status-started").with("moment", moment(started)).with("waited", waited).text(),
            None => one("status-started-again", "moment", moment(started)),
        });
    }
    if let Some(ended) = task.completed_at() {
        lines.push(one("status-ended", "moment", moment(ended)));
    }
    if task.attempt > 1 {
        lines.push(one("status-attempts", "count", task.attempt.to_string()));
    }
    if let Some(failure) = task.failure() {
        let key = if open { "status-error" } else { "status-error-private" };
        let reason = reason(language, failure);
        lines.push(sentence(language, key).with("code", failure.code).with("reason", reason).text());
    }
    if task.started_at.is_some() {
        lines.push(one("status-used", "tokens", tokens(language, &task.used(view.progress))));
    }
    if let Some(of) = task.new.retry_of {
        lines.push(one("status-repeats", "of", of.to_string()));
    }
    lines.extend(view.notices.iter().map(|notice| {
        let until = view.held.iter().find(|(id, _)| *id == notice.id).map(|(_, until)| *until);
        status_of_notice(language, notice, until, now)
    }));
    lines.join("\n")
}

/// The first line of a status: number, state and how far it is.
fn headline(language: Language, task: &Task, ahead: usize, progress: Option<&Progress>, now: Timestamp) -> String {
    let named = |key| sentence(language, key).with("task", task.number);
    let ran = |until| task.started_at.map(|started| duration(language, elapsed(started, until)));
    match task.status() {
        Status::Pending => named("headline-queued").with("place", place(language, ahead)).text(),
        Status::Running => {
            let ran = ran(now).unwrap_or_default();
            match progress.filter(|progress| !progress.phase.is_empty()) {
                Some(progress) => {
                    let named = named("headline-running-step").with("ran", ran).with("step", progress.step);
                    named.with("phase", phase(language, &progress.phase)).text()
                }
                None => named("headline-running").with("ran", ran).text(),
            }
        }
        status => {
            let state = state(language, status);
            match ran(task.completed_at().unwrap_or(now)) {
                Some(ran) => named("headline-ended").with("state", state).with("ran", ran).text(),
                None => named("headline-ended-unstarted").with("state", state).text(),
            }
        }
    }
}

/// Where and when a notice arrived, or why not.
fn status_of_notice(language: Language, notice: &Notice, held_until: Option<Timestamp>, now: Timestamp) -> String {
    let delivery = match &notice.state {
        NoticeState::Delivered { at } => {
            let ids: Vec<&str> = notice.receipts.iter().map(MessageId::as_str).collect();
            let delivered = sentence(language, "delivery-delivered").with("moment", moment(language, *at, now));
            delivered.with("ids", ids.join(", ")).text()
        }
        NoticeState::Undeliverable { reason, .. } => {
            sentence(language, "delivery-undeliverable").with("reason", deliveries::reason(language, reason)).text()
        }
        NoticeState::Owed { .. } => match &notice.last_error {
            Some(error) => {
                let tries = usize::try_from(notice.tries).unwrap_or(usize::MAX);
                sentence(language, "delivery-retrying")
                    .counting("tries", tries)
                    .with("error", deliveries::reason(language, error))
                    .text()
            }
            None => held_until.map_or_else(|| say(language, "delivery-on-its-way"), |until| held(language, until, now)),
        },
    };
    let line = match &notice.instead_of {
        Some(channel) => sentence(language, "status-notice-instead").with("meant", channel),
        None => sentence(language, "status-notice"),
    };
    line.with("kind", say(language, &format!("kind-{}", notice.kind)))
        .with("channel", &notice.channel)
        .with("delivery", delivery)
        .text()
}

/// A task that was repeated by a button, for who pressed it.
#[must_use]
pub fn repeated(language: Language, of: TaskNumber, new: TaskNumber) -> String {
    sentence(language, "repeated").with("of", of).with("task", new).text()
}

/// A cancel that took effect.
#[must_use]
pub fn cancelled_now(language: Language, task: &Task) -> String {
    match (task.started_at, task.completed_at()) {
        (Some(started), Some(ended)) => {
            let ran = duration(language, elapsed(started, ended));
            sentence(language, "cancelled-now").with("task", task.number).with("ran", ran).text()
        }
        _ => sentence(language, "cancelled-unstarted").with("task", task.number).text(),
    }
}

/// A cancel that is durable and not yet carried out.
#[must_use]
pub fn cancel_noted(language: Language, task: TaskNumber) -> String {
    sentence(language, "cancel-noted").with("task", task).text()
}

/// A cancel that came too late.
#[must_use]
pub fn already_finished(language: Language, task: &Task) -> String {
    let state = state(language, task.status());
    sentence(language, "already-finished").with("task", task.number).with("state", state).text()
}

/// A press of a button that takes long.
#[must_use]
pub fn still_working(language: Language) -> String {
    say(language, "still-working")
}

/// A message without any text, where a platform takes no empty one.
#[must_use]
pub fn empty(language: Language) -> String {
    say(language, "empty")
}
