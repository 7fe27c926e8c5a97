//! The `bg_*` tools a model may be given: submit, status, list, result, cancel.
//!
//! A tool is a name, a description, a JSON schema of its arguments, and a handler, so any agent framework can offer it.
//! All are scoped: a model sees and touches only the tasks of the channel and the person it works for, and anything
//! else is "not found".

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::background::manager::{Cancelled, Manager, ResultOf, Submission, Submitted};
use crate::background::ports::{LedgerError, TaskFilter};
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::id::{InboundId, TaskRef};
use crate::domain::language::Language;
use crate::domain::origin::Origin;
use crate::domain::prompt::{InvalidPrompt, Prompt};
use crate::domain::snapshot::TaskSnapshot;
use crate::domain::status::Status;
use crate::domain::task::{CancelledBy, Task};

/// Most tasks one `bg_list` shows.
const LIST_LIMIT: usize = 50;

/// For whom a model works: what its tools can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolScope {
    /// The channel.
    pub channel: ChannelId,
    /// The person.
    pub person: PersonId,
    /// The session its tasks belong to.
    pub session: String,
    /// The language that the person's notices speak.
    pub language: Language,
}

/// Why a tool call brought nothing. The text is meant for the model.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The arguments do not fit the schema.
    #[error("the arguments do not fit the schema: {0}")]
    Arguments(#[source] serde_json::Error),
    /// The prompt cannot be one.
    #[error("the prompt is refused")]
    Prompt(#[source] InvalidPrompt),
    /// No such task in this scope.
    #[error("there is no task {0} here")]
    NotFound(String),
    /// It was refused; the text says why and what to do.
    #[error("{0}")]
    Refused(String),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] LedgerError),
}

/// Does what one tool is for.
#[async_trait]
pub trait ToolHandler: Send + Sync {
    /// Calls the tool with arguments that should fit its schema.
    ///
    /// # Errors
    /// [`ToolError`], to be given to the model as the result.
    async fn call(&self, arguments: Value) -> Result<Value, ToolError>;
}

/// A tool that a model may call.
#[derive(Clone)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// What it does, for the model.
    pub description: &'static str,
    /// JSON schema of its arguments.
    pub schema: Value,
    /// What does it.
    pub handler: Arc<dyn ToolHandler>,
}

/// The five tools over `manager`, for one scope. `default_deliver_to` are the channels that hear of a submitted task
/// when the model names none, and besides the scope's own the only ones that it may name.
#[must_use]
pub fn build_tools(manager: &Manager, scope: &ToolScope, default_deliver_to: &[ChannelId]) -> Vec<Tool> {
    let tool = |verb: Verb| Tool {
        name: verb.name(),
        description: verb.description(),
        schema: verb.schema(),
        handler: Arc::new(Handler {
            verb,
            manager: manager.clone(),
            scope: scope.clone(),
            default_deliver_to: default_deliver_to.to_vec(),
        }),
    };
    [Verb::Submit, Verb::Status, Verb::List, Verb::Result, Verb::Cancel].map(tool).to_vec()
}

#[derive(Debug, Clone, Copy)]
enum Verb {
    Submit,
    Status,
    List,
    Result,
    Cancel,
}

impl Verb {
    const fn name(self) -> &'static str {
        match self {
            Self::Submit => "bg_submit",
            Self::Status => "bg_status",
            Self::List => "bg_list",
            Self::Result => "bg_result",
            Self::Cancel => "bg_cancel",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Submit => "Run a prompt as a background task. Returns at once with the task; the channel hears when it ends.",
            Self::Status => "How a background task stands.",
            Self::List => "The background tasks of this person in this channel, newest first.",
            Self::Result => "The result of a background task that has ended.",
            Self::Cancel => "Stop a background task.",
        }
    }

    fn schema(self) -> Value {
        let task = json!({ "type": "string", "description": "The task's number, like 42, or its id" });
        let (properties, required) = match self {
            Self::Submit => (
                json!({
                    "prompt": { "type": "string", "description": "What is to be done" },
                    "deliver_to": {
                        "type": "array", "items": { "type": "string" },
                        "description": "Channels that hear of it besides this one, like platform:address",
                    },
                    "key": { "type": "string", "description": "The same key again gives the same task instead of a second one" },
                }),
                json!(["prompt"]),
            ),
            Self::List => (json!({ "status": { "type": "string", "enum": Status::values().map(Status::as_str) } }), json!([])),
            Self::Status | Self::Result | Self::Cancel => (json!({ "task": task }), json!(["task"])),
        };
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }
}

struct Handler {
    verb: Verb,
    manager: Manager,
    scope: ToolScope,
    default_deliver_to: Vec<ChannelId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmitArguments {
    prompt: String,
    deliver_to: Option<Vec<ChannelId>>,
    key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListArguments {
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskArguments {
    task: String,
}

#[async_trait]
impl ToolHandler for Handler {
    async fn call(&self, arguments: Value) -> Result<Value, ToolError> {
        match self.verb {
            Verb::Submit => self.submit(read(arguments)?).await,
            Verb::List => self.list(read(arguments)?).await,
            Verb::Status => self.find(read(arguments)?).await.map(|(task, ahead)| json!(TaskSnapshot::of(&task, ahead))),
            Verb::Result => self.result(read(arguments)?).await,
            Verb::Cancel => self.cancel(read(arguments)?).await,
        }
    }
}

fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, ToolError> {
    // Models send nothing at all where they mean an empty object.
    let arguments = if arguments.is_null() { json!({}) } else { arguments };
    serde_json::from_value(arguments).map_err(ToolError::Arguments)
}

impl Handler {
    async fn submit(&self, arguments: SubmitArguments) -> Result<Value, ToolError> {
        let prompt = Prompt::parse(&arguments.prompt).map_err(ToolError::Prompt)?;
        let scope = &self.scope;
        let origin = Origin {
            channel: Some(scope.channel.clone()),
            session: scope.session.clone(),
            person: Some(scope.person.clone()),
            reply: None,
            language: scope.language,
        };
        let mut submission = Submission::new(prompt, origin);
        submission.deliver_to = self.targets(arguments.deliver_to)?;
        if let Some(key) = arguments.key {
            let id = InboundId::parse(format!("tool:{}:{}:{key}", scope.channel, scope.person));
            submission.inbound = Some(id.map_err(|_| ToolError::Refused("the key must be short and without spaces".to_owned()))?);
        }
        match self.manager.submit(submission).await.map_err(ToolError::Store)? {
            Submitted::Accepted { task, ahead } => Ok(json!(TaskSnapshot::of(&task, Some(ahead)))),
            Submitted::Duplicate(task) => Ok(json!(TaskSnapshot::of(&task, None))),
            Submitted::Full(full) => Err(ToolError::Refused(format!("{full}; wait for a task to end, or cancel one"))),
            Submitted::Stopping => Err(ToolError::Refused("the server is stopping; try again in a minute".to_owned())),
        }
    }

    /// The further channels that a submission is for. What a model was told to write must not get it into channels of others.
    fn targets(&self, named: Option<Vec<ChannelId>>) -> Result<Vec<ChannelId>, ToolError> {
        let Some(named) = named else { return Ok(self.default_deliver_to.clone()) };
        let ours = |channel: &&ChannelId| **channel == self.scope.channel || self.default_deliver_to.contains(channel);
        match named.iter().find(|channel| !ours(channel)) {
            None => Ok(named),
            Some(other) => Err(ToolError::Refused(format!("`{other}` cannot be written to from here; leave `deliver_to` out"))),
        }
    }

    async fn list(&self, arguments: ListArguments) -> Result<Value, ToolError> {
        let statuses = match arguments.status {
            None => Vec::new(),
            Some(word) => vec![
                Status::values()
                    .into_iter()
                    .find(|status| status.as_str() == word)
                    .ok_or_else(|| ToolError::Refused(format!("`{word}` is not a status")))?,
            ],
        };
        let filter = TaskFilter {
            person: Some(self.scope.person.clone()),
            channel: Some(self.scope.channel.clone()),
            statuses,
            before: None,
            limit: LIST_LIMIT,
        };
        let tasks = self.manager.list(&filter).await.map_err(ToolError::Store)?;
        Ok(json!(tasks.iter().map(|task| TaskSnapshot::of(task, None)).collect::<Vec<_>>()))
    }

    async fn result(&self, arguments: TaskArguments) -> Result<Value, ToolError> {
        let (task, _) = self.find(arguments).await?;
        match self.manager.result(&TaskRef::Id(task.new.id.clone())).await.map_err(ToolError::Store)? {
            ResultOf::Ended(task) => Ok(json!(TaskSnapshot::of(&task, None))),
            ResultOf::Unfinished(task) => Err(ToolError::Refused(format!("{} is {}: no result yet", task.number, task.status()))),
            ResultOf::NotFound => Err(ToolError::NotFound(task.number.to_string())),
        }
    }

    async fn cancel(&self, arguments: TaskArguments) -> Result<Value, ToolError> {
        let (task, _) = self.find(arguments).await?;
        let by = CancelledBy::Person(self.scope.person.clone());
        match self.manager.cancel(&TaskRef::Id(task.new.id.clone()), by).await.map_err(ToolError::Store)? {
            Cancelled::Cancelled(task) | Cancelled::Stopping(task) | Cancelled::AlreadyFinished(task) => {
                Ok(json!(TaskSnapshot::of(&task, None)))
            }
            Cancelled::NotFound => Err(ToolError::NotFound(task.number.to_string())),
        }
    }

    /// A task of this scope; one of somebody else does not exist here.
    async fn find(&self, arguments: TaskArguments) -> Result<(Task, Option<usize>), ToolError> {
        let not_found = || ToolError::NotFound(arguments.task.clone());
        let task: TaskRef = arguments.task.parse().map_err(|_| not_found())?;
        let found = self.manager.ledger().find(&task).await.map_err(ToolError::Store)?;
        let ours = |task: &Task| {
            let origin = &task.new.origin;
            origin.channel.as_ref() == Some(&self.scope.channel) && origin.person.as_ref() == Some(&self.scope.person)
        };
        found.filter(|(task, _)| ours(task)).ok_or_else(not_found)
    }
}
