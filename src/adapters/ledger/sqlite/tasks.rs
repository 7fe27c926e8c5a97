//! Tasks as rows.

use std::time::Duration;

use rusqlite::{Connection, Params, Row, ToSql, params};

use crate::adapters::ledger::live::LiveRow;
use crate::background::ports::LedgerError;
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::failure::{Failure, FailureCode};
use crate::domain::id::{Epoch, InboundId, ReplyHandle, TaskId, TaskNumber, WorkerId};
use crate::domain::language::Language;
use crate::domain::notice::Events;
use crate::domain::origin::Origin;
use crate::domain::preferences::Manner;
use crate::domain::prompt::Prompt;
use crate::domain::queue::LiveTask;
use crate::domain::status::Status;
use crate::domain::task::{CancelledBy, NewTask, RunSettings, State, Task};
use crate::domain::time::{Timestamp, to_millis};
use crate::domain::usage::Usage;

use super::columns::{Columns, array_text, failed, stored};
use super::statements::Statements;

/// The columns of a task, in the order in which [`task_of`] reads them. A macro, so that every query is one literal.
macro_rules! select_task {
    ($rest:literal) => {
        concat!(
            "SELECT number, id, inbound, turn, status, attempt, epoch, submitted_at, started_at, completed_at, worker, lease_until, ",
            "cancelled_by, error_code, error_message, tokens_input, tokens_cached_input, tokens_output, tokens_reasoning, ",
            "tokens_estimated, person, channel, session, reply, deliver_to, events, model, timeout, retry_of, language, manner, ",
            "prompts.text, results.text FROM tasks LEFT JOIN texts prompts ON prompts.serial = prompt ",
            "LEFT JOIN texts results ON results.serial = result ",
            $rest
        )
    };
}
pub(super) use select_task;

/// The word that stands for the operator where a person could stand. No person is called so: theirs hold a colon.
const OPERATOR: &str = "operator";

/// As long as what a claim adds: two instants and the name of a worker.
const ROOM: &str = "                                                ";

/// The task with this number.
pub(super) fn by_number(connection: &Connection, number: TaskNumber) -> Result<Option<Task>, LedgerError> {
    by_row(connection, stored(number.0))
}

/// The same, for a number as the store keeps it.
pub(super) fn by_row(connection: &Connection, number: i64) -> Result<Option<Task>, LedgerError> {
    one(connection, select_task!("WHERE number = ?1"), [number])
}

/// The task with this id.
pub(super) fn by_id(connection: &Connection, id: &TaskId) -> Result<Option<Task>, LedgerError> {
    one(connection, select_task!("WHERE id = ?1"), [id.as_str()])
}

/// The task that this inbound message made.
pub(super) fn by_inbound(connection: &Connection, inbound: &InboundId) -> Result<Option<Task>, LedgerError> {
    one(connection, select_task!("WHERE inbound = ?1"), [inbound.as_str()])
}

/// The one task that a query finds, if it finds one.
pub(super) fn one(connection: &Connection, sql: &str, values: impl Params) -> Result<Option<Task>, LedgerError> {
    let mut statement = connection.prepare_cached(sql).map_err(failed("read a task"))?;
    let mut rows = statement.query(values).map_err(failed("read a task"))?;
    rows.next().map_err(failed("read a task"))?.map(task_of).transpose()
}

/// The tasks that are pending or running, lowest number first.
pub(super) fn live(connection: &Connection) -> Result<Vec<LiveRow>, LedgerError> {
    let sql = "SELECT number, person, channel, turn, status, epoch, lease_until FROM tasks INDEXED BY tasks_live \
               WHERE completed_at IS NULL ORDER BY number";
    let mut statement = connection.prepare_cached(sql).map_err(failed("read the live tasks"))?;
    let mut rows = statement.query([]).map_err(failed("read the live tasks"))?;
    let mut live = Vec::new();
    while let Some(row) = rows.next().map_err(failed("read the live tasks"))? {
        let mut columns = Columns::new(row, "tasks");
        let number = TaskNumber(columns.number("number")?);
        let person = columns.optional("person", |text| text.parse().ok())?;
        let channel = columns.optional("channel", |text| text.parse().ok())?;
        let turn = columns.number("turn")?;
        let running = status(&mut columns)? == Status::Running;
        let epoch = Epoch(columns.number("epoch")?);
        let lease = if running { Some((epoch, columns.instant("lease_until")?)) } else { None };
        live.push((LiveTask { number, person, channel, turn, running }, lease));
    }
    Ok(live)
}

/// When the oldest waiting task was accepted.
pub(super) fn oldest_pending(connection: &Connection) -> Result<Option<Timestamp>, LedgerError> {
    let sql = "SELECT number, submitted_at FROM tasks INDEXED BY tasks_live \
               WHERE completed_at IS NULL AND status = 1 ORDER BY submitted_at LIMIT 1";
    let mut statement = connection.prepare_cached(sql).map_err(failed("look for the oldest task"))?;
    let mut rows = statement.query([]).map_err(failed("look for the oldest task"))?;
    let Some(row) = rows.next().map_err(failed("look for the oldest task"))? else { return Ok(None) };
    let mut columns = Columns::new(row, "tasks");
    columns.number::<u64>("number")?;
    columns.instant("submitted_at").map(Some)
}

/// Adds a task that was just accepted, unless there is one with its id or of its inbound message; tells whether it was added.
pub(super) fn insert(statements: &Statements<'_>, task: &Task) -> Result<bool, LedgerError> {
    let sql = "INSERT INTO tasks (number, id, inbound, turn, status, attempt, epoch, submitted_at, tokens_input, \
               tokens_cached_input, tokens_output, tokens_reasoning, tokens_estimated, person, channel, session, reply, \
               deliver_to, events, model, timeout, retry_of, language, room, manner, prompt) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, 0, 0, 0, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, \
               ?19, ?20, ?21) ON CONFLICT DO NOTHING";
    let (new, origin) = (&task.new, &task.new.origin);
    let prompt = add_text(statements, "add a prompt", new.prompt.as_str())?;
    let values: [&dyn ToSql; 21] = [
        &stored(task.number.0),
        &new.id.as_str(),
        &new.inbound.as_ref().map(InboundId::as_str),
        &stored(task.turn),
        &task.status().code(),
        &task.attempt,
        &stored(task.epoch.0),
        &to_millis(task.submitted_at),
        &origin.person.as_ref().map(PersonId::as_str),
        &origin.channel.as_ref().map(ChannelId::as_str),
        &origin.session,
        &origin.reply.as_ref().map(|reply| reply.0.as_str()),
        &array_text(&new.deliver_to),
        &new.events.words().join(" "),
        &new.settings.model,
        &new.settings.timeout.map(|timeout| i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX)),
        &new.retry_of.map(|number| stored(number.0)),
        &origin.language.as_str(),
        &ROOM,
        &manner_text(&new.manner),
        &prompt,
    ];
    if statements.execute("add a task", sql, values)? == 0 {
        statements.execute("forget a prompt", "DELETE FROM texts WHERE serial = ?1", [prompt])?;
        return Ok(false);
    }
    Ok(true)
}

/// Writes what may have changed in a task whose status was `before`. Three statements, because a column that is named
/// in one has its indexes written even when its value stays.
pub(super) fn update(statements: &Statements<'_>, task: &Task, before: Status) -> Result<(), LedgerError> {
    let number = stored(task.number.0);
    let (worker, lease_until, cancelled_by) = match &task.state {
        State::Running { worker, lease_until, cancel_by } => {
            (Some(worker.as_str()), Some(to_millis(*lease_until)), cancel_by.as_ref())
        }
        State::Cancelled { by, .. } => (None, None, Some(by)),
        State::Pending | State::Done { .. } | State::Failed { .. } => (None, None, None),
    };
    let cancelled_by = cancelled_by.map(asker_text);
    if task.status() == before {
        let sql = "UPDATE tasks SET lease_until = ?2, cancelled_by = ?3 WHERE number = ?1";
        return statements.execute("update a lease", sql, params![number, lease_until, cancelled_by]).map(drop);
    }
    let usage = &task.usage;
    let moved: [&dyn ToSql; 13] = [
        &number,
        &task.status().code(),
        &task.attempt,
        &stored(task.epoch.0),
        &task.started_at.map(to_millis),
        &worker,
        &lease_until,
        &cancelled_by,
        &stored(usage.input),
        &stored(usage.cached_input),
        &stored(usage.output),
        &stored(usage.reasoning),
        &usage.estimated,
    ];
    let Some(completed_at) = task.completed_at() else {
        let sql = "UPDATE tasks SET status = ?2, attempt = ?3, epoch = ?4, started_at = ?5, worker = ?6, \
                   lease_until = ?7, cancelled_by = ?8, tokens_input = ?9, tokens_cached_input = ?10, \
                   tokens_output = ?11, tokens_reasoning = ?12, tokens_estimated = ?13, room = NULL WHERE number = ?1";
        return statements.execute("move a task", sql, moved).map(drop);
    };
    let result = task.text().map(|text| add_text(statements, "add a result", text)).transpose()?;
    let sql = "UPDATE tasks SET status = ?2, attempt = ?3, epoch = ?4, started_at = ?5, worker = ?6, \
               lease_until = ?7, cancelled_by = ?8, tokens_input = ?9, tokens_cached_input = ?10, \
               tokens_output = ?11, tokens_reasoning = ?12, tokens_estimated = ?13, room = NULL, completed_at = ?14, \
               error_code = ?15, error_message = ?16, result = ?17 WHERE number = ?1";
    let failure = task.failure();
    let ended: [&dyn ToSql; 4] = [
        &to_millis(completed_at),
        &failure.map(|failure| failure.code.as_str()),
        &failure.map(|failure| failure.message.as_str()),
        &result,
    ];
    let values: Vec<&dyn ToSql> = moved.into_iter().chain(ended).collect();
    statements.execute("end a task", sql, values.as_slice()).map(drop)
}

/// Adds a text; gives the serial by which its task finds it.
fn add_text(statements: &Statements<'_>, operation: &'static str, text: &str) -> Result<i64, LedgerError> {
    statements.execute(operation, "INSERT INTO texts (text) VALUES (?1)", [text])?;
    Ok(statements.connection().last_insert_rowid())
}

/// Writes every place in which a task names a channel.
pub(super) fn rewrite_channels(statements: &Statements<'_>, task: &Task) -> Result<(), LedgerError> {
    let (new, origin) = (&task.new, &task.new.origin);
    let sql = "UPDATE tasks SET person = ?2, channel = ?3, session = ?4, reply = ?5, deliver_to = ?6, manner = ?7 \
               WHERE number = ?1";
    let values: [&dyn ToSql; 7] = [
        &stored(task.number.0),
        &origin.person.as_ref().map(PersonId::as_str),
        &origin.channel.as_ref().map(ChannelId::as_str),
        &origin.session,
        &origin.reply.as_ref().map(|reply| reply.0.as_str()),
        &array_text(&new.deliver_to),
        &manner_text(&new.manner),
    ];
    statements.execute("move a task", sql, values).map(drop)
}

/// The task in a row whose columns `select_task` named.
fn task_of(row: &Row<'_>) -> Result<Task, LedgerError> {
    let mut columns = Columns::new(row, "tasks");
    let number = TaskNumber(columns.number("number")?);
    let id = columns.parsed("id", |text| TaskId::parse(text).ok())?;
    let inbound = columns.optional("inbound", |text| InboundId::parse(text).ok())?;
    let turn = columns.number("turn")?;
    let status = status(&mut columns)?;
    let attempt = columns.number("attempt")?;
    let epoch = Epoch(columns.number("epoch")?);
    let submitted_at = columns.instant("submitted_at")?;
    let started_at = columns.optional_instant("started_at")?;
    let found = state_columns(&mut columns)?;
    let usage = usage(&mut columns)?;
    let person = columns.optional("person", |text| text.parse().ok())?;
    let channel = columns.optional("channel", |text| text.parse().ok())?;
    let session = columns.value("session")?;
    let reply = columns.value::<Option<String>>("reply")?.map(ReplyHandle);
    let deliver_to = columns.optional("deliver_to", |text| serde_json::from_str(text).ok())?.unwrap_or_default();
    let events = columns.parsed("events", |text| Events::from_words(text.split_ascii_whitespace()).ok())?;
    let model = columns.value("model")?;
    let timeout = columns.optional_number("timeout")?.map(Duration::from_millis);
    let retry_of = columns.optional_number("retry_of")?.map(TaskNumber);
    // A language that is not spoken any more must not make a task unreadable.
    let language = columns.parsed("language", |tag| Some(Language::from_tag(tag)))?;
    let manner = columns.optional("manner", |text| serde_json::from_str(text).ok())?.unwrap_or_default();
    let prompt = columns.parsed("prompt", |text| Prompt::stored(text).ok())?;
    let result = columns.value::<Option<String>>("result")?.unwrap_or_default();
    let state = found.state(status, result, &columns)?;
    let origin = Origin { channel, session, person, reply, language };
    let settings = RunSettings { model, timeout };
    let new = NewTask { id, inbound, prompt, origin, deliver_to, events, manner, settings, retry_of };
    Ok(Task { new, number, turn, submitted_at, attempt, epoch, started_at, usage, state })
}

fn status(columns: &mut Columns<'_, '_>) -> Result<Status, LedgerError> {
    let code = columns.number::<u8>("status")?;
    Status::from_code(code).ok_or_else(|| columns.bad("status"))
}

fn usage(columns: &mut Columns<'_, '_>) -> Result<Usage, LedgerError> {
    Ok(Usage {
        input: columns.number("tokens_input")?,
        cached_input: columns.number("tokens_cached_input")?,
        output: columns.number("tokens_output")?,
        reasoning: columns.number("tokens_reasoning")?,
        estimated: columns.value("tokens_estimated")?,
    })
}

/// The columns that exist only in some states.
struct StateColumns {
    completed_at: Option<Timestamp>,
    worker: Option<WorkerId>,
    lease_until: Option<Timestamp>,
    cancelled_by: Option<CancelledBy>,
    error_code: Option<FailureCode>,
    error_message: Option<String>,
}

fn state_columns(columns: &mut Columns<'_, '_>) -> Result<StateColumns, LedgerError> {
    Ok(StateColumns {
        completed_at: columns.optional_instant("completed_at")?,
        worker: columns.optional("worker", |text| WorkerId::parse(text).ok())?,
        lease_until: columns.optional_instant("lease_until")?,
        cancelled_by: columns.optional("cancelled_by", asker)?,
        error_code: columns.optional("error_code", FailureCode::from_text)?,
        error_message: columns.value("error_message")?,
    })
}

impl StateColumns {
    /// The state of a task with this status; bad data when a column that it needs is empty.
    fn state(self, status: Status, text: String, columns: &Columns<'_, '_>) -> Result<State, LedgerError> {
        let bad = |column| move || columns.bad(column);
        let completed_at = self.completed_at.ok_or_else(bad("completed_at"));
        Ok(match status {
            Status::Pending => State::Pending,
            Status::Running => State::Running {
                worker: self.worker.ok_or_else(bad("worker"))?,
                lease_until: self.lease_until.ok_or_else(bad("lease_until"))?,
                cancel_by: self.cancelled_by,
            },
            Status::Done => State::Done { result: text, completed_at: completed_at? },
            Status::Failed => {
                let code = self.error_code.ok_or_else(bad("error_code"))?;
                let message = self.error_message.ok_or_else(bad("error_message"))?;
                State::Failed { failure: Failure { code, message }, partial: text, completed_at: completed_at? }
            }
            Status::Cancelled => {
                let by = self.cancelled_by.ok_or_else(bad("cancelled_by"))?;
                State::Cancelled { by, partial: text, completed_at: completed_at? }
            }
        })
    }
}

fn asker(text: &str) -> Option<CancelledBy> {
    if text == OPERATOR { Some(CancelledBy::Operator) } else { text.parse().ok().map(CancelledBy::Person) }
}

fn asker_text(by: &CancelledBy) -> &str {
    match by {
        CancelledBy::Person(person) => person.as_str(),
        CancelledBy::Operator => OPERATOR,
    }
}

/// How notices go out as JSON; none when in the usual way.
fn manner_text(manner: &Manner) -> Option<String> {
    let unusual = Some(manner).filter(|manner| **manner != Manner::default());
    unusual.and_then(|manner| serde_json::to_string(manner).ok())
}
