//! From what was heard to exactly one answer.
//!
//! An update counts as handled when [`Answering::take`] returns, and only then may the offset pass it. Answers to commands
//! take their place in the lane of their chat. A press has a spinner that Telegram stops waiting for, so it is
//! answered directly, within seconds, exactly once; what does not fit there follows in the chat.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use teloxide::payloads::AnswerCallbackQuery;
use teloxide::payloads::AnswerCallbackQuerySetters;
use teloxide::types::{CallbackQueryId, ChatId};
use tokio::time;
use tokio_util::task::TaskTracker;

use crate::adapters::telegram::address::TelegramChat;
use crate::adapters::telegram::admins::Admins;
use crate::adapters::telegram::api::Api;
use crate::adapters::telegram::error::CallError;
use crate::adapters::telegram::forums::Forums;
use crate::adapters::telegram::inbound;
use crate::adapters::telegram::inbound::{Asked, Heard, Identity};
use crate::adapters::telegram::membership::Membership;
use crate::adapters::telegram::update::Arrived;
use crate::background::ports::OutgoingMessage;
use crate::chat::inbound::{Answer, Inbox, Replies, Reply};
use crate::domain::channel::ChannelId;
use crate::domain::id::ReplyHandle;
use crate::domain::language::Language;
use crate::domain::text::Unit;
use crate::domain::wording;

/// How long a press may spin before it is told that the answer follows.
const SPINNER: Duration = Duration::from_secs(5);
/// Longest text of the answer to a press, in UTF-16 units.
const ALERT: usize = 200;
/// Tries to answer a press while the server cannot be reached, and how long one may take.
const TRIES: u32 = 3;
const TRY: Duration = Duration::from_secs(5);
const BETWEEN_TRIES: Duration = Duration::from_millis(300);

/// Takes updates to the inbox and its answers back.
pub(super) struct Answering {
    pub(super) api: Arc<Api>,
    pub(super) inbox: Arc<dyn Inbox>,
    pub(super) replies: Arc<dyn Replies>,
    pub(super) admins: Admins,
    pub(super) forums: Arc<Forums>,
    pub(super) me: Identity,
    /// Answers to presses that are on their way. Nobody is kept waiting for them: everything is durable by then.
    pub(super) presses: TaskTracker,
}

impl Answering {
    /// Handles one update to its end: when this returns, everything it asked for is durable. If our own code breaks over
    /// it, it is passed over, because it would come again and again, and break it each time.
    pub(super) async fn take(&self, arrived: &Arrived) {
        if AssertUnwindSafe(self.handle(arrived)).catch_unwind().await.is_err() {
            tracing::error!(update.id = arrived.id, "a Telegram update broke our code and is passed over");
        }
    }

    async fn handle(&self, arrived: &Arrived) {
        if let Some(membership) = &arrived.membership {
            return self.note(arrived.id, membership).await;
        }
        let Some(update) = &arrived.update else {
            return tracing::debug!("a Telegram update of an unknown kind is passed over");
        };
        if let Some((chat, is_forum)) = inbound::forum(update) {
            self.forums.learn(chat, is_forum);
        }
        match inbound::hear(update, arrived.files, &self.me) {
            Some(Heard::Asked(asked)) => match asked.query.clone() {
                Some(query) => self.answer_press(*asked, query).await,
                None => self.answer_command(*asked).await,
            },
            Some(Heard::StrayPress(query)) => self.stop_spinner(query, None, None),
            Some(Heard::Moved { from, to }) => self.moved(from, to).await,
            None => {}
        }
    }

    /// Notes what befell the bot. Where it was let in by somebody who may use it, it says once what to do; to others it
    /// says nothing, so that nobody can make it write into groups that are not its own.
    async fn note(&self, update: i64, membership: &Membership) {
        let chat = membership.chat.id;
        if membership.left() {
            return tracing::info!(chat, "the bot was shut out of a Telegram chat; what is owed there is undeliverable");
        }
        let Some(asked) = inbound::hear_membership(update, membership, &self.me) else { return };
        let welcome = self.inbox.allows(&asked.inbound.channel, &asked.inbound.person);
        tracing::info!(chat, welcome, "the bot was let into a Telegram group");
        if welcome {
            self.answer_command(asked).await;
        }
    }

    /// A group goes on as a supergroup: what is owed to it, and whose tasks are whose there, goes along.
    async fn moved(&self, from: ChatId, to: ChatId) {
        let (Ok(from), Ok(to)) = (TelegramChat::whole(from).channel(), TelegramChat::whole(to).channel()) else { return };
        self.inbox.channel_moved(&from, &to).await;
    }

    async fn answer_command(&self, asked: Asked) {
        let to = self.addressee(&asked);
        if let Reply::Say(answer) = self.ask(asked).await {
            self.say(to, answer);
        }
    }

    async fn answer_press(&self, asked: Asked, query: CallbackQueryId) {
        let to = self.addressee(&asked);
        let mut work = std::pin::pin!(self.ask(asked));
        let Ok(reply) = time::timeout(SPINNER, &mut work).await else {
            self.stop_spinner(query, Some(Toast { text: wording::still_working(to.language), alert: false }), None);
            if let Reply::Say(answer) = work.await {
                self.say(to, answer);
            }
            return;
        };
        match reply {
            Reply::Say(answer) if answer.private && fits_over_the_chat(&answer) => {
                let toast = Toast { text: answer.text.clone(), alert: true };
                // A press of hours ago, delivered after an outage, can no longer be answered in its own way.
                self.stop_spinner(query, Some(toast), Some((to, answer)));
            }
            Reply::Say(answer) => {
                self.say(to, answer);
                self.stop_spinner(query, None, None);
            }
            Reply::Owed => self.stop_spinner(query, None, None),
        }
    }

    /// Asks the inbox. If its code panics, that is this request's failure and not the adapter's: the person is told, and the
    /// update is not delivered again to do the same once more.
    async fn ask(&self, asked: Asked) -> Reply {
        let Asked { mut inbound, member, .. } = asked;
        let language = self.inbox.language(inbound.language);
        if let Some((chat, user)) = member
            && self.inbox.allows(&inbound.channel, &inbound.person)
            && !self.inbox.is_about_own(&inbound).await
        {
            inbound.channel_admin = self.admins.includes(chat, user).await;
        }
        AssertUnwindSafe(self.inbox.handle(inbound)).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!("handling a Telegram update panicked");
            let text = wording::broken(language);
            Reply::Say(Answer { private: true, ..Answer::plain(text) })
        })
    }

    fn addressee(&self, asked: &Asked) -> Addressee {
        let inbound = &asked.inbound;
        Addressee {
            channel: inbound.channel.clone(),
            reply: (!asked.unasked()).then(|| inbound.reply.clone()),
            key: asked.key.clone(),
            language: self.inbox.language(inbound.language),
        }
    }

    fn say(&self, to: Addressee, answer: Answer) {
        self.replies.say(to.message(answer));
    }

    /// Answers a press, in its own time; when Telegram does not take that, `otherwise` is said in the chat.
    fn stop_spinner(&self, query: CallbackQueryId, toast: Option<Toast>, otherwise: Option<(Addressee, Answer)>) {
        let mut answer = AnswerCallbackQuery::new(query);
        if let Some(toast) = toast {
            answer = answer.text(toast.text).show_alert(toast.alert);
        }
        let (api, replies) = (Arc::clone(&self.api), Arc::clone(&self.replies));
        self.presses.spawn(async move {
            if !is_taken(&api, &answer).await
                && let Some((to, answer)) = otherwise
            {
                replies.say(to.message(answer));
            }
        });
    }
}

/// Sends the answer to a press; says whether Telegram took it.
async fn is_taken(api: &Api, answer: &AnswerCallbackQuery) -> bool {
    for tried in 1..=TRIES {
        match api.call(answer, TRY).await {
            Ok(_) => return true,
            // A second answer to a press does no harm.
            Err(CallError::Unavailable(_) | CallError::Unknown(_)) if tried < TRIES => time::sleep(BETWEEN_TRIES).await,
            // Nobody knows whether it was answered, and saying it in the chat might be a second one to the person.
            Err(CallError::Unknown(reason)) => {
                tracing::debug!(error = %reason, "the answer to a press may be lost");
                return true;
            }
            Err(error) => {
                tracing::debug!(%error, "a press cannot be answered");
                return false;
            }
        }
    }
    false
}

/// Where an answer goes.
struct Addressee {
    channel: ChannelId,
    reply: Option<ReplyHandle>,
    key: String,
    language: Language,
}

impl Addressee {
    fn message(self, answer: Answer) -> OutgoingMessage {
        answer.to(self.channel, self.reply, self.language, self.key)
    }
}

/// What appears over the chat when a press is answered.
struct Toast {
    text: String,
    /// Stays until it is closed.
    alert: bool,
}

/// Whether nothing of an answer is lost when it appears over the chat: there is little room, and none for buttons.
fn fits_over_the_chat(answer: &Answer) -> bool {
    answer.buttons.is_empty() && Unit::Utf16.length(&answer.text) <= ALERT
}
