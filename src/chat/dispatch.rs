//! What a command does: from an inbound message to exactly one reply.
//!
//! No model is in this path. Everything an answer claims is durable when the answer is given, and whatever goes wrong
//! is an answer too.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use futures_util::FutureExt;

use crate::background::manager::{Cancelled, Manager, ResultOf, Retried, Submission, Submitted};
use crate::background::ports::{LedgerError, TaskFilter};
use crate::chat::access::{AccessPolicy, Role};
use crate::chat::completion;
use crate::chat::inbound::{Answer, Inbound, Inbox, Replies, Reply, Request, Typing};
use crate::chat::names::Names;
use crate::chat::router::Router;
use crate::chat::targets::{Naming, Refused};
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::command::{Action, Button, Command, CommandName, SubmitCommand};
use crate::domain::id::{TaskNumber, TaskRef};
use crate::domain::language::Language;
use crate::domain::notice::{Notice, NoticeKind, NoticeState};
use crate::domain::origin::Origin;
use crate::domain::status::Status;
use crate::domain::task::{CancelledBy, RunSettings, Task};
use crate::domain::text::Format;
use crate::domain::wording;

/// Tasks on one page of `/list`.
const PAGE: usize = 10;
/// Most active tasks that `/status` shows.
const ACTIVE: usize = 25;

/// Answers what arrives.
pub struct Dispatch {
    pub(super) manager: Manager,
    access: AccessPolicy,
    pub(super) router: Router,
    names: Names,
    /// What an answer to one channel takes that goes to another.
    pub(super) replies: Option<Arc<dyn Replies>>,
    /// Held while a press of a Retry button is carried out.
    repeating: tokio::sync::Mutex<()>,
}

/// Why there is no ordinary answer: what to say instead, to the person alone.
pub(super) enum Refusal {
    Say(String),
    Store(LedgerError),
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        Self::Store(error)
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Say(text) => Self::Say(text),
            Refused::Store(error) => Self::Store(error),
        }
    }
}

pub(super) type Answered = Result<Reply, Refusal>;

/// Who asks, and what that person is here.
pub(super) struct Asker<'a> {
    pub(super) inbound: &'a Inbound,
    pub(super) role: Role,
    /// The language to answer in.
    pub(super) language: Language,
    /// The task that turned out to be meant, if one is.
    pub(super) found: OnceLock<TaskNumber>,
}

impl Dispatch {
    /// Commands go to `manager`, within what `access` allows.
    #[must_use]
    pub fn new(manager: Manager, access: AccessPolicy, router: Router) -> Self {
        let (names, repeating) = (Names::default(), tokio::sync::Mutex::default());
        Self { manager, access, router, names, replies: None, repeating }
    }

    /// Sends private results that are asked for in a group to the direct chat of who asks. Without, they are refused.
    #[must_use]
    pub fn with_replies(mut self, replies: Arc<dyn Replies>) -> Self {
        self.replies = Some(replies);
        self
    }

    async fn answer(&self, inbound: &Inbound) -> Result<Reply, LedgerError> {
        let language = self.manager.language(inbound.language);
        let role = self.role(inbound);
        if role == Role::Stranger {
            return Ok(whisper(wording::not_allowed(language, &inbound.person.to_string(), &inbound.channel.to_string())));
        }
        if let Some(name) = &inbound.name {
            self.names.learn(&inbound.person, name);
        }
        if let Some(parent) = &inbound.parent {
            self.manager.channels().learn_parent(&inbound.channel, parent).await?;
        }
        let asker = Asker { inbound, role, language, found: OnceLock::new() };
        let answered = match &inbound.request {
            Request::Command(Err(error)) => refuse(wording::parse_error(language, error)),
            Request::Command(Ok(command)) => self.command(&asker, command).await,
            Request::Press(Err(_unknown)) => refuse(wording::unknown_button(language)),
            Request::Press(Ok(action)) => self.press(&asker, *action).await,
            Request::Joined => Ok(say(wording::joined(language))),
        };
        let reply = match answered {
            Ok(reply) => reply,
            Err(Refusal::Say(text)) => whisper(text),
            Err(Refusal::Store(error)) => return Err(error),
        };
        Ok(match reply {
            Reply::Say(answer) => Reply::Say(Answer { about: asker.about(), ..answer }),
            Reply::Owed => Reply::Owed,
        })
    }

    /// What the person is in the channel, or in the channel that it is a part of.
    fn role(&self, inbound: &Inbound) -> Role {
        let role = |channel| self.access.role(channel, &inbound.person, inbound.channel_admin);
        match (role(&inbound.channel), &inbound.parent) {
            (Role::Stranger, Some(parent)) => role(parent),
            (role, _) => role,
        }
    }

    async fn command(&self, asker: &Asker<'_>, command: &Command) -> Answered {
        match command {
            Command::Submit(submit) => self.submit(asker, submit).await,
            Command::Status(None) if !self.is_about_one(asker).await? => self.active(asker).await,
            Command::Status(task) => self.status(asker, task.as_ref()).await,
            Command::Cancel(task) => {
                let task = self.find(asker, CommandName::Cancel, task.as_ref()).await?;
                Ok(say(self.cancel(asker, &task).await?))
            }
            Command::List { all, before } => self.list(asker, *all, *before).await,
            Command::Result(task) => self.result(asker, task.as_ref()).await,
            Command::Retry(task) => {
                let task = self.readable(asker, CommandName::Retry, task.as_ref()).await?;
                self.retry(asker, &task).await.map(|_new| Reply::Owed)
            }
            Command::Notify(wish) => self.notify(asker, wish).await,
            Command::Help => Ok(whisper(wording::help(asker.language, asker.role.is_admin(), asker.inbound.by_reply))),
        }
    }

    /// A press of a button. Its outcome is for the presser alone; the channel hears through the notices.
    async fn press(&self, asker: &Asker<'_>, action: Action) -> Answered {
        match action {
            Action::Cancel(number) => {
                let task = self.find(asker, CommandName::Cancel, Some(&TaskRef::Number(number))).await?;
                Ok(whisper(self.cancel(asker, &task).await?))
            }
            Action::Retry(number) => {
                let task = self.readable(asker, CommandName::Retry, Some(&TaskRef::Number(number))).await?;
                // One at a time, so that the second tap finds what the first one made.
                let _turn = self.repeating.lock().await;
                let new = match self.repeat_of(asker, &task).await? {
                    Some(new) => new,
                    None => self.retry(asker, &task).await?,
                };
                Ok(whisper(wording::repeated(asker.language, number, new)))
            }
            Action::Result(number) => self.result(asker, Some(&TaskRef::Number(number))).await,
            Action::Page { before, all } => self.list(asker, all, Some(before)).await,
        }
    }

    async fn submit(&self, asker: &Asker<'_>, submit: &SubmitCommand) -> Answered {
        if submit.model.is_some() && asker.role != Role::Admin {
            return refuse(wording::model_is_for_admins(asker.language));
        }
        let longest = self.manager.limits().timeout;
        if submit.timeout.is_some_and(|timeout| timeout > longest) {
            return refuse(wording::timeout_too_long(asker.language, longest));
        }
        if submit.private && !submit.to.is_empty() {
            return refuse(wording::private_and_elsewhere(asker.language));
        }
        let naming = Naming { router: &self.router, inbound: asker.inbound, role: asker.role, language: asker.language };
        let free = self.manager.channels().plan(&asker.inbound.channel).await?.deliver_to.value;
        let submission = Submission {
            inbound: Some(asker.inbound.id.clone()),
            deliver_to: naming.resolve(&submit.to, &free, wording::to_is_for_admins).await?,
            private: if submit.private { Some(naming.direct_chat().await?) } else { None },
            silent: submit.quiet,
            direct: asker.inbound.direct,
            settings: RunSettings { model: submit.model.clone(), timeout: submit.timeout },
            ..Submission::new(submit.prompt.clone(), asker.origin())
        };
        let wanted = submission.clone();
        let submitted = self.manager.submit(submission).await?;
        self.accepted(asker, |task| wanted.asks_for(task, &free), submitted).map(|_number| Reply::Owed)
    }

    /// The number of a submitted task, or why it was not accepted. The acceptance itself is answered by its notice.
    fn accepted(&self, asker: &Asker<'_>, is_same: impl Fn(&Task) -> bool, submitted: Submitted) -> Result<TaskNumber, Refusal> {
        match submitted {
            // Who asks for the same has sent the same message once more, and its acceptance is answered already.
            Submitted::Duplicate(task) if asker.inbound.edited && !is_same(&task) => {
                Err(Refusal::Say(wording::already_made(asker.language, &task)))
            }
            Submitted::Accepted { task, .. } | Submitted::Duplicate(task) => Ok(task.number),
            Submitted::Full(full) => Err(Refusal::Say(wording::queue_full(asker.language, full, self.manager.limits()))),
            Submitted::Stopping => Err(Refusal::Say(wording::stopping(asker.language))),
        }
    }

    async fn retry(&self, asker: &Asker<'_>, task: &Task) -> Result<TaskNumber, Refusal> {
        let origin = match asker.inbound.request {
            // The acceptance of a repeat by button is news to the channel, not the answer to the presser.
            Request::Press(_) => Origin { reply: None, ..asker.origin() },
            Request::Command(_) | Request::Joined => asker.origin(),
        };
        let id = TaskRef::Id(task.new.id.clone());
        match self.manager.retry(&id, origin, Some(asker.inbound.id.clone())).await? {
            Retried::Submitted(submitted) => self.accepted(asker, |made| made.new.prompt == task.new.prompt, submitted),
            Retried::Unfinished(task) => {
                Err(Refusal::Say(wording::retry_of_unfinished(asker.language, task.number, task.status())))
            }
            Retried::NotFound => Err(Refusal::Say(wording::not_found(asker.language, &id))),
        }
    }

    async fn cancel(&self, asker: &Asker<'_>, task: &Task) -> Result<String, Refusal> {
        let by = CancelledBy::Person(asker.inbound.person.clone());
        let id = TaskRef::Id(task.new.id.clone());
        Ok(match self.manager.cancel(&id, by).await? {
            Cancelled::Cancelled(task) => wording::cancelled_now(asker.language, &task),
            Cancelled::Stopping(task) => wording::cancel_noted(asker.language, task.number),
            Cancelled::AlreadyFinished(task) => wording::already_finished(asker.language, &task),
            Cancelled::NotFound => wording::not_found(asker.language, &id),
        })
    }

    async fn status(&self, asker: &Asker<'_>, task: Option<&TaskRef>) -> Answered {
        let task = self.find(asker, CommandName::Status, task).await?;
        let id = TaskRef::Id(task.new.id);
        let Some(details) = self.manager.details(&id).await? else { return refuse(wording::not_found(asker.language, &id)) };
        let (now, book) = (self.manager.now(), self.manager.channels().book().await?);
        let until = |notice: &Notice| {
            let owed = matches!(notice.state, NoticeState::Owed { .. }) && notice.kind != NoticeKind::Accepted;
            book.end_of_quiet(&notice.channel, now).filter(|_| owed).map(|end| (notice.id, end))
        };
        let held: Vec<_> = details.notices.iter().filter_map(until).collect();
        let view = wording::StatusView {
            task: &details.task,
            ahead: details.ahead,
            progress: details.progress.as_ref(),
            notices: &details.notices,
            held: &held,
            here: &asker.inbound.channel,
            now,
        };
        let alive = !details.task.status().is_terminal();
        let buttons = if alive { vec![wording::cancel_button(asker.language, details.task.number)] } else { Vec::new() };
        let text = wording::status(asker.language, &view);
        Ok(Reply::Say(Answer { buttons, private: true, ..Answer::plain(text) }))
    }

    async fn active(&self, asker: &Asker<'_>) -> Answered {
        let filter = TaskFilter {
            person: Some(asker.inbound.person.clone()),
            statuses: vec![Status::Pending, Status::Running],
            limit: ACTIVE,
            ..TaskFilter::default()
        };
        let tasks = self.manager.headlines(&filter).await?;
        Ok(whisper(wording::active_tasks(asker.language, &tasks, &asker.inbound.channel, self.manager.now())))
    }

    async fn list(&self, asker: &Asker<'_>, all: bool, before: Option<TaskNumber>) -> Answered {
        if all && !asker.role.is_admin() {
            return refuse(wording::list_all_is_for_admins(asker.language));
        }
        let filter = TaskFilter {
            person: (!all).then(|| asker.inbound.person.clone()),
            channel: all.then(|| asker.inbound.channel.clone()),
            statuses: Vec::new(),
            before,
            limit: PAGE + 1,
        };
        let mut tasks = self.manager.headlines(&filter).await?;
        let more = tasks.len() > PAGE;
        tasks.truncate(PAGE);
        let last = tasks.last().filter(|_| more);
        let buttons =
            last.map(|task| wording::older_button(asker.language, task.number, all)).into_iter().collect::<Vec<Button>>();
        let (language, here, now) = (asker.language, &asker.inbound.channel, self.manager.now());
        let text = if all {
            wording::list_of_all(language, &tasks, |person| self.names.of(person), here, now)
        } else {
            wording::list(language, &tasks, here, now)
        };
        Ok(Reply::Say(Answer { buttons, private: true, ..Answer::plain(text) }))
    }

    async fn result(&self, asker: &Asker<'_>, task: Option<&TaskRef>) -> Answered {
        let task = self.readable(asker, CommandName::Result, task).await?;
        let id = TaskRef::Id(task.new.id.clone());
        match self.manager.result(&id).await? {
            ResultOf::Ended(task) if !task.is_open_to(&asker.inbound.channel) => self.directly(asker, &task),
            ResultOf::Ended(task) => {
                let Some(text) = task.text() else { return Ok(say(wording::no_result(asker.language, &task))) };
                let frame = Some(wording::result_frame(asker.language, &task));
                Ok(Reply::Say(Answer { format: Format::Markdown, frame, ..Answer::plain(text.to_owned()) }))
            }
            ResultOf::Unfinished(task) => refuse(wording::not_finished(asker.language, task.number, task.status())),
            ResultOf::NotFound => refuse(wording::not_found(asker.language, &id)),
        }
    }
}

impl Asker<'_> {
    /// The task that the answer is about, where a reply to the answer can name it.
    pub(super) fn about(&self) -> Option<TaskNumber> {
        self.found.get().copied().filter(|_| self.inbound.by_reply)
    }

    fn origin(&self) -> Origin {
        Origin {
            channel: Some(self.inbound.channel.clone()),
            session: self.inbound.session.clone(),
            person: Some(self.inbound.person.clone()),
            reply: Some(self.inbound.reply.clone()),
            language: self.language,
        }
    }
}

pub(super) fn say(text: String) -> Reply {
    Reply::Say(Answer::plain(text))
}

pub(super) fn whisper(text: String) -> Reply {
    Reply::Say(Answer { private: true, ..Answer::plain(text) })
}

pub(super) fn refuse(text: String) -> Answered {
    Err(Refusal::Say(text))
}

#[async_trait]
impl Inbox for Dispatch {
    async fn is_about_own(&self, inbound: &Inbound) -> bool {
        self.is_own(inbound).await
    }

    fn allows(&self, channel: &ChannelId, person: &PersonId) -> bool {
        self.access.role(channel, person, false) != Role::Stranger
    }

    fn language(&self, spoken: Language) -> Language {
        self.manager.language(spoken)
    }

    async fn handle(&self, inbound: Inbound) -> Reply {
        let language = self.manager.language(inbound.language);
        match AssertUnwindSafe(self.answer(&inbound)).catch_unwind().await {
            Ok(Ok(reply)) => reply,
            Err(_panic) => {
                tracing::error!(inbound = %inbound.id, "handling a request panicked");
                whisper(wording::broken(language))
            }
            Ok(Err(error)) => {
                tracing::error!(error = %error, inbound = %inbound.id, "a request could not be carried out");
                whisper(wording::store_trouble(language))
            }
        }
    }

    async fn channel_moved(&self, from: &ChannelId, to: &ChannelId) {
        match self.manager.channels().moved(from, to, self.manager.now()).await {
            Ok(owed) => {
                tracing::info!(channel = %from, channel.new = %to, owed, "a channel has moved, and all of it in the ledger");
            }
            // What is owed there is moved all the same as soon as the platform refuses to take it at the old place.
            Err(error) => tracing::error!(%error, channel = %from, "a channel has moved and the ledger could not follow"),
        }
        if self.access.channels.contains(from) {
            tracing::warn!(channel = %from, channel.new = %to, "access.channels names a channel that has moved; name the new one");
        }
    }

    async fn complete_task(&self, typing: Typing) -> Vec<(String, String)> {
        completion::suggestions(&self.manager, &typing).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "tasks cannot be offered for completion");
            Vec::new()
        })
    }
}
