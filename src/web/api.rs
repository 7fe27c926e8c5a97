//! `/api/v1`: tasks for programs.
//!
//! A task is named in a path by its number (`42`, `%2342`) or its canonical id. Bodies are JSON and must say so: a page of
//! another site can send forms unasked, but not JSON.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::background::ports::TaskFilter;
use crate::domain::command::{Command, CommandName, SubmitCommand};
use crate::domain::id::{InboundId, TaskNumber, TaskRef};
use crate::domain::language::Language;
use crate::domain::parse::{ParseError, from_options};
use crate::domain::preferences::Target;
use crate::domain::receipt::Receipt;
use crate::domain::snapshot::TaskSnapshot;
use crate::domain::status::Status;
use crate::domain::summary::MonitorSummary;
use crate::domain::wording;
use crate::web::WebState;
use crate::web::problem::Problem;
use crate::web::service::{Cancel, Retry, Submission, Submitted};

/// Tasks on one page unless the caller asks for another number.
const PAGE: usize = 50;

/// Tasks on one page at most.
const MAX_PAGE: usize = 200;

/// What `POST /api/v1/tasks` takes. Its `timeout` may be longer than `tasks.timeout`, which bounds what people ask for: who
/// uses the API is the operator.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmitBody {
    prompt: String,
    #[serde(default)]
    deliver_to: Vec<String>,
    timeout: Option<String>,
    model: Option<String>,
}

/// What `GET /api/v1/tasks` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    status: Option<String>,
    limit: Option<usize>,
    before: Option<String>,
}

/// A page of tasks.
#[derive(Serialize)]
pub(super) struct TaskPage {
    /// The tasks, newest first.
    tasks: Vec<TaskSnapshot>,
    /// What to send as `before` for the next page; null on the last one.
    next_before: Option<TaskNumber>,
}

/// One task with its notices.
#[derive(Serialize)]
pub(super) struct TaskInFull {
    #[serde(flatten)]
    task: TaskSnapshot,
    /// Oldest first.
    notices: Vec<Receipt>,
}

/// `GET /api/v1/summary`
pub(super) async fn summary(State(state): State<WebState>) -> Result<Json<MonitorSummary>, Problem> {
    Ok(Json(state.tasks.summary().await?))
}

/// `GET /api/v1/tasks?status=pending,running&limit=50&before=42`
pub(super) async fn list(
    State(state): State<WebState>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<TaskPage>, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let limit = query.limit.unwrap_or(PAGE);
    if limit == 0 || limit > MAX_PAGE {
        return Err(Problem::bad_request(format!("`limit` is {limit}; it can be 1 to {MAX_PAGE}.")));
    }
    let statuses = query.status.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    let statuses = statuses.map(status).collect::<Result<Vec<_>, _>>()?;
    let before = match query.before.as_deref().map(str::parse::<TaskRef>) {
        None => None,
        Some(Ok(TaskRef::Number(number))) => Some(number),
        Some(_) => return Err(Problem::bad_request("`before` is the number of a task, like 42.")),
    };
    // One more than asked for tells whether there is a next page.
    let filter = TaskFilter { statuses, before, limit: limit + 1, ..TaskFilter::default() };
    let mut tasks = state.tasks.list(&filter).await?;
    let more = tasks.len() > limit;
    tasks.truncate(limit);
    let next_before = tasks.last().map(|task| task.number).filter(|_| more);
    Ok(Json(TaskPage { tasks, next_before }))
}

fn status(word: &str) -> Result<Status, Problem> {
    let by_code = word.parse().ok().and_then(Status::from_code);
    let by_word = || Status::values().into_iter().find(|status| status.as_str() == word.to_ascii_lowercase());
    by_code.or_else(by_word).ok_or_else(|| {
        let known = Status::values().map(Status::as_str).join(", ");
        Problem::bad_request(format!("`status` has a word that is none of {known}."))
    })
}

/// `POST /api/v1/tasks`
pub(super) async fn submit(
    State(state): State<WebState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    state.takes_work()?;
    let submission = Submission { command: submit_command(&state, &headers, body)?, inbound: idempotency_key(&headers)? };
    let prompt = submission.command.prompt.clone();
    match state.tasks.submit(submission).await? {
        Submitted::Accepted(task) => Ok(created(task)),
        Submitted::Duplicate(task) if task.prompt != prompt.as_str() => {
            let detail = format!("This `Idempotency-Key` made task {} of another prompt; nothing was accepted.", task.number);
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", detail);
            Err(problem.with("task_number", task.number.0))
        }
        Submitted::Duplicate(task) => {
            let id = TaskRef::Id(task.id.clone());
            Ok(Json(state.tasks.get(&id).await?.unwrap_or(task)).into_response())
        }
        Submitted::Full(full) => Err(full.into()),
    }
}

fn created(task: TaskSnapshot) -> Response {
    let location = format!("/api/v1/tasks/{}", task.number.0);
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(task)).into_response()
}

/// The body as a command, through the same checks as a command of a person.
fn submit_command(state: &WebState, headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<SubmitCommand, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        let detail = "Send JSON with `Content-Type: application/json`.";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", detail));
    }
    let body = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body has more than 256 KiB.")
        }
        _ => Problem::bad_request("The body could not be read."),
    })?;
    let body: SubmitBody = serde_json::from_slice(&body).map_err(|error| bad_body(&error))?;
    let mut options = BTreeMap::from([("prompt".to_owned(), body.prompt)]);
    options.extend(body.timeout.map(|timeout| ("timeout".to_owned(), timeout)));
    options.extend(body.model.map(|model| ("model".to_owned(), model)));
    let command = from_options(CommandName::Submit.as_str(), &options).map_err(|error| invalid(&error))?;
    let Command::Submit(mut command) = command else { return Err(Problem::bad_request("The body is not a submission.")) };
    for channel in body.deliver_to {
        let channel = channel.parse().ok().filter(|channel| (state.serves)(channel));
        let wrong = || invalid(&ParseError::Value { option: "deliver_to", value: String::new() });
        command.to.push(Target::Channel(channel.ok_or_else(wrong)?));
    }
    Ok(command)
}

/// Tells where the JSON is wrong without quoting it.
fn bad_body(error: &serde_json::Error) -> Problem {
    let place = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Data => {
            let detail = "The body needs `prompt` (text) and may have `deliver_to` (list of channels), `timeout` (like `10m`) and \
                          `model` (text), nothing else";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-task", format!("{detail}; see {place}."))
        }
        _ => Problem::bad_request(format!("The body is not JSON at {place}.")),
    }
}

fn invalid(error: &ParseError) -> Problem {
    let detail = match error {
        ParseError::Prompt(wrong) => format!("Nothing was accepted: {wrong}."),
        ParseError::Value { option: "deliver_to", .. } => {
            "`deliver_to` is not right; it takes channels of the platforms that are configured, like `telegram:-100123` or \
             `discord:456`."
                .to_owned()
        }
        ParseError::Value { option, .. } => {
            let wanted = wording::value_wanted(Language::En, option).unwrap_or_default();
            format!("`{option}` is not right; it takes {wanted}.")
        }
        _ => "The task cannot be understood.".to_owned(),
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-task", detail)
}

/// The caller's own name for this request, which makes it safe to repeat.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<InboundId>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let wrong = || Problem::bad_request("`Idempotency-Key` has 1 to 100 printable ASCII characters without spaces.");
    let key = key.to_str().ok().filter(|key| !key.is_empty() && key.len() <= 100).ok_or_else(wrong)?;
    InboundId::parse(format!("api:{key}")).map(Some).map_err(|_| wrong())
}

/// `GET /api/v1/tasks/{id}`: the task, and what became of its notices.
pub(super) async fn get(State(state): State<WebState>, Path(id): Path<String>) -> Result<Json<TaskInFull>, Problem> {
    let task = find(&state, &id).await?;
    let notices = state.tasks.receipts(&task.id).await?;
    Ok(Json(TaskInFull { task, notices }))
}

/// `GET /api/v1/tasks/{id}/result`: what was written, whole or in part, as Markdown.
pub(super) async fn result(State(state): State<WebState>, Path(id): Path<String>) -> Result<Response, Problem> {
    let task = find(&state, &id).await?;
    if !task.status.is_terminal() {
        let detail = format!("Task {} is {}; it has no result yet.", task.number, task.status);
        return Err(Problem::conflict("not-finished", detail).with("task_status", task.status.as_str()));
    }
    if task.result.is_empty() {
        let detail = format!("Task {} is {} and has no result.", task.number, task.status);
        return Err(Problem::not_found(detail).with("task_status", task.status.as_str()));
    }
    let headers =
        [(header::CONTENT_TYPE.as_str(), "text/markdown; charset=utf-8"), ("legwork-task-status", task.status.as_str())];
    Ok((headers, task.result).into_response())
}

/// `POST /api/v1/tasks/{id}/cancel`
pub(super) async fn cancel(State(state): State<WebState>, Path(id): Path<String>) -> Result<Response, Problem> {
    match state.tasks.cancel(&reference(&id)?).await? {
        Cancel::Cancelled(task) => Ok(Json(task).into_response()),
        Cancel::Noted(task) => Ok((StatusCode::ACCEPTED, Json(task)).into_response()),
        Cancel::AlreadyFinished(task) => {
            let detail = format!("Task {} had already finished: {}.", task.number, task.status);
            Err(Problem::conflict("already-finished", detail).with("task_status", task.status.as_str()))
        }
        Cancel::NotFound => Err(no_such_task()),
    }
}

/// `POST /api/v1/tasks/{id}/retry`
pub(super) async fn retry(State(state): State<WebState>, Path(id): Path<String>) -> Result<Response, Problem> {
    state.takes_work()?;
    match state.tasks.retry(&reference(&id)?).await? {
        Retry::Accepted(task) => Ok(created(task)),
        Retry::NotFinished(task) => {
            let detail = format!("Task {} is {}; cancel it first, or wait for its end.", task.number, task.status);
            Err(Problem::conflict("not-finished", detail).with("task_status", task.status.as_str()))
        }
        Retry::Full(full) => Err(full.into()),
        Retry::NotFound => Err(no_such_task()),
    }
}

async fn find(state: &WebState, id: &str) -> Result<TaskSnapshot, Problem> {
    state.tasks.get(&reference(id)?).await?.ok_or_else(no_such_task)
}

fn reference(id: &str) -> Result<TaskRef, Problem> {
    id.parse().map_err(|_| Problem::bad_request("A task is named by its number, like 42, or by its id."))
}

fn no_such_task() -> Problem {
    Problem::not_found("There is no such task; it may have been pruned.")
}
