//! What came up while a channel was quiet, told in one message when the quiet is over.
//!
//! Nothing marks a notice as held: it is one whose transition fell into quiet hours that are over. So holding costs the
//! ledger nothing, and a restart changes nothing. Whichever of a channel's held notices comes first brings the digest of
//! all of them, and the message's id is the receipt of each. Results are no part of it: they follow by themselves,
//! without a sound, because whoever wants to read one in the morning wants it whole.

use std::time::Duration;

use crate::background::channels::Book;
use crate::background::notification::{Notification, Notified, Told};
use crate::background::ports::{Delivery, LedgerError, OutgoingMessage, Purpose};
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::id::{NoticeId, TaskRef};
use crate::domain::notice::{Notice, NoticeKind, NoticeState};
use crate::domain::task::Task;
use crate::domain::time::{Timestamp, elapsed};
use crate::domain::wording;

const ZERO: Duration = Duration::ZERO;

impl Notification {
    /// Whether a notice has to do with quiet hours of its channel. An acceptance never has: it is an answer.
    pub(super) async fn quiet_about(&self, notice: &Notice) -> Result<Quietness, LedgerError> {
        let book = self.channels().book().await?;
        Ok(Quietness::of(&book, notice, self.now()))
    }

    /// Tells what was held in this channel, in one message, as a part of what is to be sent there. None when nothing that
    /// belongs into one is owed any more.
    pub(super) async fn tell_held(&self, channel: &ChannelId) -> Result<Option<Told>, LedgerError> {
        let (book, now) = (self.channels().book().await?, self.now());
        let mut held = self.ledger().owed_in(channel).await?;
        held.retain(|notice| notice.kind != NoticeKind::Result && Quietness::of(&book, notice, now) == Quietness::WasHeld);
        if held.iter().any(|notice| !notice.receipts.is_empty()) {
            // A digest of several parts goes on, and what came up since has one of its own.
            held.retain(|notice| !notice.receipts.is_empty());
        }
        let wait =
            held.iter().map(|notice| if let NoticeState::Owed { due_at } = notice.state { elapsed(now, due_at) } else { ZERO });
        if let Some(wait) = wait.max().filter(|wait| *wait > ZERO) {
            return Ok(Some(Told::nothing(Notified::Later(wait))));
        }
        let told = self.with_tasks(held).await?;
        let ids: Vec<NoticeId> = told.iter().map(|(notice, _)| notice.id).collect();
        let begun = self.ledger().begin_together(&ids, channel, now).await?;
        let Some(since) = begun.iter().map(|notice| notice.in_flight_since).reduce(Option::or) else { return Ok(None) };
        let message = digest(channel, &told, since, book.plan(channel).silent.value);
        let outcome = self.send_digest(&message, &begun).await?;
        Ok(Some(Told { outcome, length: message.text.chars().count() }))
    }

    /// The notices with their tasks; those whose task is gone or cannot be read are given up by themselves later.
    async fn with_tasks(&self, notices: Vec<Notice>) -> Result<Vec<(Notice, Task)>, LedgerError> {
        let mut found = Vec::new();
        for notice in notices {
            match self.ledger().find(&TaskRef::Id(notice.task.clone())).await {
                Ok(task) => found.extend(task.map(|(task, _)| (notice, task))),
                Err(LedgerError::BadData { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn send_digest(&self, message: &OutgoingMessage, notices: &[Notice]) -> Result<Notified, LedgerError> {
        let ids: Vec<NoticeId> = notices.iter().map(|notice| notice.id).collect();
        let part = notices.iter().map(|notice| notice.receipts.len()).max().unwrap_or_default();
        let tries = notices.iter().map(|notice| notice.tries).max().unwrap_or_default();
        match self.send(message, part, tries).await {
            Ok(sent) => {
                let last = !sent.more;
                let record = || {
                    let delivery = Delivery::Part { message: sent.message.clone(), last };
                    self.ledger().record_together(&ids, delivery, self.now())
                };
                self.persist(record).await?;
                self.typing().show_again(&message.channel);
                // Whichever notice brought it may have to follow by itself.
                Ok(Notified::Part)
            }
            Err(error) => Ok(match self.failed(notices, error).await? {
                // The notice that brought it is looked at once more, by itself.
                Notified::Undeliverable => Notified::Part,
                outcome => outcome,
            }),
        }
    }
}

/// What quiet hours have to do with a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quietness {
    /// Nothing.
    None,
    /// It is quiet in its channel now.
    Now,
    /// It came up in quiet hours that are over.
    WasHeld,
}

impl Quietness {
    fn of(book: &Book, notice: &Notice, now: Timestamp) -> Self {
        if notice.kind == NoticeKind::Accepted {
            return Self::None;
        }
        let ended = book.end_of_quiet(&notice.channel, notice.created_at).is_some_and(|end| end <= now);
        match book.end_of_quiet(&notice.channel, now) {
            // What has begun to arrive goes on, and as it began.
            Some(_) if notice.receipts.is_empty() => Self::Now,
            _ if ended => Self::WasHeld,
            _ => Self::None,
        }
    }
}

/// The message: of each task only the newest of what came up.
fn digest(channel: &ChannelId, told: &[(Notice, Task)], in_flight_since: Option<Timestamp>, silent: bool) -> OutgoingMessage {
    let mut newest: Vec<&(Notice, Task)> = Vec::new();
    for entry in told {
        newest.retain(|(_, task)| task.number != entry.1.number);
        newest.push(entry);
    }
    // Whoever asked first is as good as anybody to speak to.
    let language = newest.first().map(|(_, task)| task.new.origin.language).unwrap_or_default();
    let silent = silent || newest.iter().all(|(_, task)| task.new.manner.silent);
    let (text, mention) = (wording::digest(language, &newest), only_asker(channel, &newest).filter(|_| !silent));
    let message = OutgoingMessage::plain(channel.clone(), Purpose::Notice, language, text, key(channel, told));
    OutgoingMessage { silent, mention, in_flight_since, ..message }
}

/// Who is to be called by name, if that is one person only.
fn only_asker(channel: &ChannelId, newest: &[&(Notice, Task)]) -> Option<PersonId> {
    let calls = |task: &&&(Notice, Task)| {
        task.1.new.manner.mention && task.1.status().is_terminal() && task.1.new.origin.channel.as_ref() == Some(channel)
    };
    let mut askers = newest.iter().filter(calls).filter_map(|(_, task)| task.new.origin.person.as_ref());
    let first = askers.next()?;
    askers.all(|other| other == first).then(|| first.clone())
}

/// The same for every try of the same digest. When some of its notices are settled without the others, given up or refused, what
/// is left is another digest, with another key.
fn key(channel: &ChannelId, told: &[(Notice, Task)]) -> String {
    let identity = |(notice, _): &(Notice, Task)| (notice.task.as_str().to_owned(), notice.kind.as_str(), notice.attempt);
    OutgoingMessage::key_of(&(channel.to_string(), told.iter().map(identity).collect::<Vec<_>>()))
}
