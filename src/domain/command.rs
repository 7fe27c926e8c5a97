//! What people can ask for: one catalogue of commands, from which the parser, the help, and each platform's native
//! registration are made.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::id::{TaskNumber, TaskRef};
use crate::domain::preferences::{Preferences, Target};
use crate::domain::prompt::Prompt;

/// A command, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Queue a task.
    Submit(SubmitCommand),
    /// One task in full, or one's active ones.
    Status(Option<TaskRef>),
    /// Stop a task; without a name, the one that the message replied to is about.
    Cancel(Option<TaskRef>),
    /// One's recent tasks, or everybody's for admins.
    List {
        /// Everybody's.
        all: bool,
        /// Only tasks with a lower number: the next page.
        before: Option<TaskNumber>,
    },
    /// The whole result again.
    Result(Option<TaskRef>),
    /// Run a finished task's prompt again.
    Retry(Option<TaskRef>),
    /// What this channel gets, to be shown or changed.
    Notify(NotifyCommand),
    /// What this is and what one may do.
    Help,
}

/// What `/notify` was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotifyCommand {
    /// Show what this channel gets.
    Show,
    /// Forget everything that was set here.
    Reset,
    /// Set some things and leave the others.
    Set {
        /// What is to be as given, but where notices go besides.
        preferences: Preferences,
        /// Channels that are to hear of this channel's tasks too, instead of those until now.
        to: Option<Vec<Target>>,
    },
}

/// What `/submit` was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmitCommand {
    /// What is asked.
    pub prompt: Prompt,
    /// Further channels that hear of it.
    pub to: Vec<Target>,
    /// Its text is for who asked alone.
    pub private: bool,
    /// Everything about it comes without a sound.
    pub quiet: bool,
    /// Active time of one attempt.
    pub timeout: Option<Duration>,
    /// The model to ask.
    pub model: Option<String>,
}

/// The names of commands, apart from what they are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommandName {
    /// `/submit`
    Submit,
    /// `/status`
    Status,
    /// `/cancel`
    Cancel,
    /// `/list`
    List,
    /// `/result`
    Result,
    /// `/retry`
    Retry,
    /// `/notify`
    Notify,
    /// `/help`
    Help,
}

/// What kind of value an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionKind {
    /// Any text.
    Text,
    /// A task: `42`, `#42` or its canonical id. Adapters that can, complete it.
    Task,
    /// Yes or no.
    Flag,
}

/// One option of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionSpec {
    /// Its name, lower case.
    pub name: &'static str,
    /// What it takes.
    pub kind: OptionKind,
    /// Whether the command needs it.
    pub required: bool,
}

/// One command of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandSpec {
    /// Which one.
    pub name: CommandName,
    /// Its options, the required ones first.
    pub options: &'static [OptionSpec],
}

/// Never required: in the thread of a task, and as a reply to a message of it, there is nothing to name.
const TASK: OptionSpec = optional("task", OptionKind::Task);

const fn optional(name: &'static str, kind: OptionKind) -> OptionSpec {
    OptionSpec { name, kind, required: false }
}

/// Every command there is. What they and their options mean is said by
/// [`wording`](crate::domain::wording::command_description).
pub const CATALOGUE: [CommandSpec; 8] = [
    CommandSpec {
        name: CommandName::Submit,
        options: &[
            OptionSpec { name: "prompt", kind: OptionKind::Text, required: true },
            optional("to", OptionKind::Text),
            optional("private", OptionKind::Flag),
            optional("quiet", OptionKind::Flag),
            optional("timeout", OptionKind::Text),
            optional("model", OptionKind::Text),
        ],
    },
    CommandSpec { name: CommandName::Status, options: &[TASK] },
    CommandSpec { name: CommandName::Cancel, options: &[TASK] },
    CommandSpec { name: CommandName::List, options: &[optional("all", OptionKind::Flag)] },
    CommandSpec { name: CommandName::Result, options: &[TASK] },
    CommandSpec { name: CommandName::Retry, options: &[TASK] },
    CommandSpec {
        name: CommandName::Notify,
        options: &[
            optional("events", OptionKind::Text),
            optional("silent", OptionKind::Flag),
            optional("mention", OptionKind::Flag),
            optional("quiet", OptionKind::Text),
            optional("thread", OptionKind::Flag),
            optional("to", OptionKind::Text),
            optional("reset", OptionKind::Flag),
        ],
    },
    CommandSpec { name: CommandName::Help, options: &[] },
];

impl CommandName {
    /// The word after the slash.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Status => "status",
            Self::Cancel => "cancel",
            Self::List => "list",
            Self::Result => "result",
            Self::Retry => "retry",
            Self::Notify => "notify",
            Self::Help => "help",
        }
    }

    /// Whether only those have use for it who administer the channel.
    #[must_use]
    pub const fn is_for_admins(self) -> bool {
        match self {
            Self::Submit | Self::Status | Self::Cancel | Self::List | Self::Result | Self::Retry | Self::Help => false,
            // Others may look at it, but have no reason to find it in a menu.
            Self::Notify => true,
        }
    }

    /// The command of this word; `start` is another word for help.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        if text == "start" {
            return Some(Self::Help);
        }
        CATALOGUE.iter().map(|spec| spec.name).find(|name| name.as_str() == text)
    }
}

impl fmt::Display for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a press of a button asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Stop this task.
    Cancel(TaskNumber),
    /// Run this task's prompt again.
    Retry(TaskNumber),
    /// The whole result of this task again.
    Result(TaskNumber),
    /// The next page of a list, tasks below this number; `all` as in `/list all`.
    Page {
        /// Tasks below this number.
        before: TaskNumber,
        /// Everybody's.
        all: bool,
    },
}

/// The compact text a platform carries for us in a button, at most 64 bytes: `cancel:42`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancel(task) => write!(f, "cancel:{}", task.0),
            Self::Retry(task) => write!(f, "retry:{}", task.0),
            Self::Result(task) => write!(f, "result:{}", task.0),
            Self::Page { before, all: false } => write!(f, "page:{}", before.0),
            Self::Page { before, all: true } => write!(f, "pageall:{}", before.0),
        }
    }
}

/// A button text that is not ours, or of another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this button is not known any more")]
pub struct UnknownAction;

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        let (verb, number) = text.split_once(':').ok_or(UnknownAction)?;
        let number = TaskNumber(number.parse().map_err(|_| UnknownAction)?);
        match verb {
            "cancel" => Ok(Self::Cancel(number)),
            "retry" => Ok(Self::Retry(number)),
            "result" => Ok(Self::Result(number)),
            "page" => Ok(Self::Page { before: number, all: false }),
            "pageall" => Ok(Self::Page { before: number, all: true }),
            _ => Err(UnknownAction),
        }
    }
}

/// A button below a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What is written on it.
    pub label: String,
    /// What it asks for.
    pub action: Action,
}
