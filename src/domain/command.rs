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
    /// What it means, at most 100 characters.
    pub description: &'static str,
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
    /// What it does, at most 100 characters.
    pub description: &'static str,
    /// How it is written, after the slash.
    pub usage: &'static str,
    /// Its options, the required ones first.
    pub options: &'static [OptionSpec],
}

const TASK_REQUIRED: OptionSpec =
    OptionSpec { name: "task", description: "The task, like 42 or #42", kind: OptionKind::Task, required: true };
const TASK: OptionSpec = OptionSpec { required: false, ..TASK_REQUIRED };

/// An option of [`CommandName::Notify`]; none of them is required.
const fn preference(name: &'static str, description: &'static str, kind: OptionKind) -> OptionSpec {
    OptionSpec { name, description, kind, required: false }
}

const NOTIFY: [OptionSpec; 7] = [
    preference("events", "What it hears of: started, done, failed, cancelled, all or none", OptionKind::Text),
    preference("silent", "Whether its notices come without a sound", OptionKind::Flag),
    preference("mention", "Whether who asked is mentioned when a task ends", OptionKind::Flag),
    preference("quiet", "When nothing is to come: 22:00-07:00 Europe/Berlin, or off", OptionKind::Text),
    preference("thread", "Whether each task gets a thread of its own", OptionKind::Flag),
    preference("to", "Channels that hear of its tasks too, me, or off", OptionKind::Text),
    preference("reset", "Forget everything that was set here", OptionKind::Flag),
];

/// Every command there is.
pub const CATALOGUE: [CommandSpec; 8] = [
    CommandSpec {
        name: CommandName::Submit,
        description: "Hand over a task; this channel hears when it starts and what came out",
        usage: "submit <prompt>",
        options: &[
            OptionSpec { name: "prompt", description: "What is to be done", kind: OptionKind::Text, required: true },
            OptionSpec {
                name: "to",
                description: "Another channel that hears of it too, or me",
                kind: OptionKind::Text,
                required: false,
            },
            OptionSpec {
                name: "private",
                description: "Only you see the result, in your direct chat with the bot",
                kind: OptionKind::Flag,
                required: false,
            },
            OptionSpec {
                name: "quiet",
                description: "Everything about it comes without a sound",
                kind: OptionKind::Flag,
                required: false,
            },
            OptionSpec {
                name: "timeout",
                description: "Give up after this time, like 90s or 10m",
                kind: OptionKind::Text,
                required: false,
            },
            OptionSpec { name: "model", description: "Ask this model instead", kind: OptionKind::Text, required: false },
        ],
    },
    CommandSpec {
        name: CommandName::Status,
        description: "One task in full, or your active tasks",
        usage: "status [#N]",
        options: &[TASK],
    },
    CommandSpec { name: CommandName::Cancel, description: "Stop a task", usage: "cancel [#N]", options: &[TASK] },
    CommandSpec {
        name: CommandName::List,
        description: "Your recent tasks",
        usage: "list [all]",
        options: &[OptionSpec {
            name: "all",
            description: "Everybody's in this channel (admins)",
            kind: OptionKind::Flag,
            required: false,
        }],
    },
    CommandSpec {
        name: CommandName::Result,
        description: "The whole result of a task again",
        usage: "result #N",
        options: &[TASK_REQUIRED],
    },
    CommandSpec {
        name: CommandName::Retry,
        description: "Run a finished task's prompt again, as a new task",
        usage: "retry #N",
        options: &[TASK_REQUIRED],
    },
    CommandSpec {
        name: CommandName::Notify,
        description: "What this channel hears of its tasks; admins of the channel can change it",
        usage: "notify [done failed ...] [silent on] [mention on] [quiet 22:00-07:00 Europe/Berlin] [thread on] [to me] [reset]",
        options: &NOTIFY,
    },
    CommandSpec { name: CommandName::Help, description: "What this is and what you may do here", usage: "help", options: &[] },
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
