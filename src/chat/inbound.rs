//! What arrives from a platform, already freed of the platform's shapes, and what goes back at once.

use async_trait::async_trait;

use crate::background::ports::{OutgoingMessage, Purpose};
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::command::{Action, Button, Command, CommandName, UnknownAction};
use crate::domain::frame::Frame;
use crate::domain::id::{InboundId, MessageId, ReplyHandle, TaskNumber};
use crate::domain::language::Language;
use crate::domain::parse::ParseError;
use crate::domain::text::Format;

/// One thing a person did: wrote a command, pressed a button, let the bot in.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that the platform tells")]
pub struct Inbound {
    /// The platform's identity of it; the same when it is delivered again.
    pub id: InboundId,
    /// Where it happened.
    pub channel: ChannelId,
    /// The conversation, as runners key their memory; usually the channel's text form.
    pub session: String,
    /// The channel that this one is a part of, where its address does not say so: a thread has an id of its own.
    pub parent: Option<ChannelId>,
    /// Who did it.
    pub person: PersonId,
    /// What that person is called there. Anybody can be called anything, so it is only ever shown beside the id.
    pub name: Option<String>,
    /// The language that the person's own program speaks.
    pub language: Language,
    /// Whether the platform says that this person administers the channel.
    pub channel_admin: bool,
    /// Whether the channel is the direct chat of this person and the bot.
    pub direct: bool,
    /// How to answer it.
    pub reply: ReplyHandle,
    /// The message it replied to, when it is a reply.
    pub replied_to: Option<MessageId>,
    /// The identity of the message it replied to, in case that message asked for something itself.
    pub replied_request: Option<InboundId>,
    /// Whether a task can be named here by a reply to one of its messages.
    pub by_reply: bool,
    /// Whether the person changed a message that was there before. It has the identity of that message, so that what
    /// the message had made is not made again.
    pub edited: bool,
    /// What it asks for.
    pub request: Request,
}

/// What an inbound message asks for. A misunderstood one is carried along, because it too gets an answer.
#[derive(Debug, Clone)]
pub enum Request {
    /// A command, understood or not.
    Command(Result<Command, ParseError>),
    /// A press of a button, ours or not.
    Press(Result<Action, UnknownAction>),
    /// The bot was let into this channel by that person and introduces itself.
    Joined,
}

/// The name of a task that somebody is typing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typing {
    /// Who types.
    pub person: PersonId,
    /// The language that the person's own program speaks.
    pub language: Language,
    /// For which command.
    pub command: CommandName,
    /// What is there so far.
    pub typed: String,
}

/// What goes back to the message that asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one for each request, and nearly all of them say something")]
pub enum Reply {
    /// The adapter says this now.
    Say(Answer),
    /// The answer is a notice that the ledger already owes (the acceptance of a task), delivered from there.
    Owed,
}

/// An answer to be sent by the adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The text, not yet split.
    pub text: String,
    /// How the text is meant.
    pub format: Format,
    /// Words of ours around a text that a model wrote.
    pub frame: Option<Frame>,
    /// Buttons below it.
    pub buttons: Vec<Button>,
    /// Only the person who asked should see it, where the platform can do that.
    pub private: bool,
    /// The task that it is about, where a reply to it is to name the task.
    pub about: Option<TaskNumber>,
}

impl Answer {
    /// An answer in plain words, to be seen by everybody there.
    #[must_use]
    pub const fn plain(text: String) -> Self {
        Self { text, format: Format::Plain, frame: None, buttons: Vec::new(), private: false, about: None }
    }

    /// The message that this answer is, in answer to `reply`.
    #[must_use]
    pub fn to(self, channel: ChannelId, reply: Option<ReplyHandle>, language: Language, key: String) -> OutgoingMessage {
        let Self { text, format, frame, buttons, private, about } = self;
        let message = OutgoingMessage::plain(channel, Purpose::Answer { private }, language, text, key);
        OutgoingMessage { reply, format, frame, buttons, about, ..message }
    }
}

/// Answers what arrives. Implemented by the dispatcher, used by the adapters.
///
/// When the future is complete, everything the answer claims is durable, so an adapter may then tell its platform that
/// the message has been dealt with. Dropping the future leaves the request done or not done, never half done.
#[async_trait]
pub trait Inbox: Send + Sync + 'static {
    /// Whether this person may use the bot in this channel at all. No I/O, so an adapter can ask before it acknowledges.
    fn allows(&self, channel: &ChannelId, person: &PersonId) -> bool;

    /// In which language to answer somebody whose own program speaks this one: the same, unless the operator wants
    /// everybody to be answered in another.
    fn language(&self, spoken: Language) -> Language;

    /// Whether the request is about one task of the person's own, so that it does not matter who administers the channel, which
    /// an adapter may have to ask its platform.
    async fn is_about_own(&self, inbound: &Inbound) -> bool;

    /// Does what was asked and says what to answer. Never fails: a failure is an answer too.
    async fn handle(&self, inbound: Inbound) -> Reply;

    /// A channel goes on under another address, for good: what is owed to it and what it owns goes along.
    async fn channel_moved(&self, from: &ChannelId, to: &ChannelId);

    /// Tasks of the person that the command could be meant for, newest first, as (value, label), for platforms that
    /// complete what is being typed: those whose number begins with it, or whose prompt has all its words near its
    /// beginning. At most 25, and labels have at most 100 characters.
    async fn complete_task(&self, typing: Typing) -> Vec<(String, String)>;
}

/// Takes answers to inbound messages on to the lane of their channel, so that they keep their place among the notices
/// and share the channel's rate budget.
pub trait Replies: Send + Sync + 'static {
    /// Hands over an answer; never blocks. An answer is not durable: it is given up when the process stops.
    fn say(&self, message: OutgoingMessage);
}
