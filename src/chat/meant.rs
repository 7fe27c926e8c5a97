//! Which task is meant, whether who asks may touch it, and who may read what is private.

use crate::background::ports::{OutgoingMessage, Purpose, TaskFilter};
use crate::chat::dispatch::{Answered, Asker, Dispatch, Refusal, refuse, whisper};
use crate::chat::inbound::{Inbound, Request};
use crate::domain::command::{Action, Command, CommandName};
use crate::domain::id::{TaskNumber, TaskRef};
use crate::domain::preferences::may_read;
use crate::domain::status::Status;
use crate::domain::task::Task;
use crate::domain::text::Format;
use crate::domain::wording;

/// Of somebody's tasks that live, so many are looked at.
const LIVE: usize = 100;

impl Dispatch {
    /// Gives a private result to who asked for it, in their direct chat.
    pub(super) fn directly(&self, asker: &Asker<'_>, task: &Task) -> Answered {
        let language = asker.language;
        let Some(text) = task.text() else { return Ok(whisper(wording::no_result(language, task))) };
        let (Some(channel), Some(replies)) = (&task.new.manner.private, &self.replies) else {
            return refuse(wording::private_to_asker(language, task.number));
        };
        let key = OutgoingMessage::key_of(&asker.inbound.id.as_str());
        replies.say(OutgoingMessage {
            format: Format::Markdown,
            frame: Some(wording::result_frame(language, task)),
            about: asker.about(),
            ..OutgoingMessage::plain(channel.clone(), Purpose::Result, language, text.to_owned(), key)
        });
        Ok(whisper(wording::result_went_to_direct_chat(language, task.number)))
    }

    /// Whether the request is about one task without naming it: as a reply to its message, or in its thread.
    pub(super) async fn is_about_one(&self, asker: &Asker<'_>) -> Result<bool, Refusal> {
        let inbound = asker.inbound;
        Ok(inbound.replied_to.is_some() || self.manager.task_of_thread(&inbound.channel).await?.is_some())
    }

    /// As [`Dispatch::find`], of a task whose text the person may read: nobody but who asked reads a private one.
    pub(super) async fn readable(
        &self,
        asker: &Asker<'_>,
        command: CommandName,
        task: Option<&TaskRef>,
    ) -> Result<Task, Refusal> {
        let found = self.find(asker, command, task).await?;
        if may_read(&found.new.manner, found.new.origin.person.as_ref(), &asker.inbound.person) {
            Ok(found)
        } else {
            Err(Refusal::Say(wording::private_to_asker(asker.language, found.number)))
        }
    }

    /// The repeat of a task by the same person that has not ended yet.
    pub(super) async fn repeat_of(&self, asker: &Asker<'_>, task: &Task) -> Result<Option<TaskNumber>, Refusal> {
        let (person, statuses) = (Some(asker.inbound.person.clone()), vec![Status::Pending, Status::Running]);
        let live = TaskFilter { person, statuses, limit: LIVE, ..TaskFilter::default() };
        let mut live = self.manager.list(&live).await?.into_iter();
        Ok(live.find(|live| live.new.retry_of == Some(task.number)).map(|repeat| repeat.number))
    }

    /// Whether the task that is meant is the person's own. Not knowing counts as no.
    pub(super) async fn is_own(&self, inbound: &Inbound) -> bool {
        let named = match &inbound.request {
            Request::Command(Ok(
                Command::Status(task) | Command::Cancel(task) | Command::Result(task) | Command::Retry(task),
            )) => task.clone(),
            Request::Press(Ok(Action::Cancel(number) | Action::Retry(number) | Action::Result(number))) => {
                Some(TaskRef::Number(*number))
            }
            _ => return false,
        };
        let meant = self.meant(inbound, named.as_ref()).await.ok().flatten();
        meant.is_some_and(|task| task.new.origin.person.as_ref() == Some(&inbound.person))
    }

    /// The task named, else the one that is meant here.
    async fn meant(&self, inbound: &Inbound, named: Option<&TaskRef>) -> Result<Option<Task>, Refusal> {
        match named {
            Some(task) => Ok(self.manager.ledger().find(task).await?.map(|(found, _)| found)),
            None => self.task_here(inbound).await,
        }
    }

    /// The task that is meant: the one named, else the one whose message was replied to, else the one whose thread this
    /// is. Somebody else's is refused.
    pub(super) async fn find(&self, asker: &Asker<'_>, command: CommandName, task: Option<&TaskRef>) -> Result<Task, Refusal> {
        let inbound = asker.inbound;
        let Some(found) = self.meant(inbound, task).await? else {
            return Err(Refusal::Say(match task {
                Some(task) => wording::not_found(asker.language, task),
                None => wording::which_task(asker.language, command, inbound.by_reply),
            }));
        };
        asker.found.get_or_init(|| found.number);
        // Who administers a channel administers the threads of its tasks.
        let thread_of = self.manager.task_of_thread(&inbound.channel).await?.and_then(|task| task.new.origin.channel);
        let channel = thread_of.as_ref().unwrap_or(&inbound.channel);
        if asker.role.may_touch(&found, channel, &inbound.person) {
            Ok(found)
        } else {
            Err(Refusal::Say(wording::not_yours(asker.language, found.number)))
        }
    }

    /// The task that the message replied to is about, or that it made; else the one whose thread this is.
    async fn task_here(&self, inbound: &Inbound) -> Result<Option<Task>, Refusal> {
        if let Some(message) = &inbound.replied_to
            && let Some(found) = self.manager.task_of_message(&inbound.channel, message).await?
        {
            return Ok(Some(found));
        }
        if let Some(request) = &inbound.replied_request
            && let Some(found) = self.manager.ledger().find_inbound(request).await?
        {
            return Ok(Some(found));
        }
        Ok(self.manager.task_of_thread(&inbound.channel).await?)
    }
}
