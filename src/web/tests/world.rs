//! The server over a model of the core, and how tests talk to it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use secrecy::SecretString;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::background::ports::{Clock, TaskFilter};
use crate::domain::command::SubmitCommand;
use crate::domain::id::{InboundId, TaskId, TaskNumber, TaskRef, WorkerId};
use crate::domain::notice::Events;
use crate::domain::origin::Origin;
use crate::domain::preferences::Target;
use crate::domain::queue::QueueFull;
use crate::domain::receipt::Receipt;
use crate::domain::snapshot::TaskSnapshot;
use crate::domain::status::Status;
use crate::domain::summary::MonitorSummary;
use crate::domain::task::{CancelledBy, Event, NewTask, Outcome, RunSettings, Task};
use crate::domain::time::{Timestamp, from_millis, later};
use crate::domain::usage::Usage;
use crate::lifecycle::Lifecycle;
use crate::metrics::Metrics;
use crate::web::service::{Cancel, Retry, ServiceError, Submission, Submitted, TaskService};
use crate::web::{WebState, router};

fn start() -> Timestamp {
    from_millis(1_700_000_000_000).expect("in the calendar")
}

/// Shows a time 90 seconds after the start.
struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        later(start(), Duration::from_secs(90))
    }

    fn new_id(&self) -> TaskId {
        TaskId::parse("fixed").expect("an id")
    }
}

/// A model of the core: tasks in memory, moved by the real transitions.
#[derive(Default)]
pub(super) struct FakeTasks {
    pub(super) tasks: Mutex<Vec<Task>>,
    pub(super) limit: usize,
    pub(super) broken: bool,
}

impl FakeTasks {
    fn add(&self, command: SubmitCommand, inbound: Option<InboundId>, retry_of: Option<TaskNumber>) -> Submitted {
        let mut tasks = self.tasks.lock().expect("not poisoned");
        if let Some(task) = tasks.iter().find(|task| inbound.is_some() && task.new.inbound == inbound) {
            return Submitted::Duplicate(TaskSnapshot::of(task, None));
        }
        let waiting = tasks.iter().filter(|task| task.status() == Status::Pending).count();
        if waiting >= self.limit {
            return Submitted::Full(QueueFull::Everybody { waiting });
        }
        let number = TaskNumber(tasks.len() as u64 + 1);
        let new = NewTask {
            id: TaskId::parse(format!("id-{}", number.0)).expect("an id"),
            inbound,
            prompt: command.prompt,
            origin: Origin::default(),
            deliver_to: command
                .to
                .into_iter()
                .filter_map(|to| if let Target::Channel(to) = to { Some(to) } else { None })
                .collect(),
            events: Events::default(),
            manner: crate::domain::preferences::Manner::default(),
            settings: RunSettings { model: command.model, timeout: command.timeout },
            retry_of,
        };
        let task = Task::accepted(new, number, 0, start());
        tasks.push(task.clone());
        Submitted::Accepted(TaskSnapshot::of(&task, Some(waiting)))
    }

    fn apply(&self, number: u64, event: impl FnOnce(&Task) -> Event) {
        let mut tasks = self.tasks.lock().expect("not poisoned");
        let task = tasks.iter_mut().find(|task| task.number.0 == number).expect("a task");
        let event = event(task);
        task.apply(event, start()).expect("allowed");
    }

    pub(super) fn claim(&self, number: u64) {
        let worker = WorkerId::parse("worker").expect("an id");
        self.apply(number, |_| Event::Claimed { worker, lease_until: start() });
    }

    pub(super) fn finish(&self, number: u64, result: &str) {
        let outcome = Outcome::Done { result: result.to_owned() };
        self.apply(number, |task| Event::Finished { epoch: task.epoch, outcome, usage: Usage::default() });
    }

    pub(super) fn copy(&self, reference: &TaskRef) -> Option<Task> {
        let is_it = |task: &&Task| match reference {
            TaskRef::Number(number) => task.number == *number,
            TaskRef::Id(id) => task.new.id == *id,
        };
        self.tasks.lock().expect("not poisoned").iter().find(is_it).cloned()
    }
}

#[async_trait]
impl TaskService for FakeTasks {
    async fn submit(&self, submission: Submission) -> Result<Submitted, ServiceError> {
        if self.broken { Err(ServiceError::Stopping) } else { Ok(self.add(submission.command, submission.inbound, None)) }
    }

    async fn get(&self, task: &TaskRef) -> Result<Option<TaskSnapshot>, ServiceError> {
        Ok(self.copy(task).map(|task| TaskSnapshot::of(&task, None)))
    }

    async fn receipts(&self, _task: &TaskId) -> Result<Vec<Receipt>, ServiceError> {
        Ok(Vec::new())
    }

    async fn list(&self, filter: &TaskFilter) -> Result<Vec<TaskSnapshot>, ServiceError> {
        let tasks = self.tasks.lock().expect("not poisoned");
        let wanted = tasks.iter().rev().filter(|task| {
            let status = filter.statuses.is_empty() || filter.statuses.contains(&task.status());
            status && filter.before.is_none_or(|before| task.number < before)
        });
        Ok(wanted.take(filter.limit).map(|task| TaskSnapshot::of(task, None)).collect())
    }

    async fn cancel(&self, reference: &TaskRef) -> Result<Cancel, ServiceError> {
        let Some(task) = self.copy(reference) else { return Ok(Cancel::NotFound) };
        if task.status().is_terminal() {
            return Ok(Cancel::AlreadyFinished(TaskSnapshot::of(&task, None)));
        }
        self.apply(task.number.0, |_| Event::CancelRequested { by: CancelledBy::Operator });
        let after = TaskSnapshot::of(&self.copy(reference).unwrap_or(task), None);
        Ok(if after.status.is_terminal() { Cancel::Cancelled(after) } else { Cancel::Noted(after) })
    }

    async fn retry(&self, reference: &TaskRef) -> Result<Retry, ServiceError> {
        let Some(task) = self.copy(reference) else { return Ok(Retry::NotFound) };
        if !task.status().is_terminal() {
            return Ok(Retry::NotFinished(TaskSnapshot::of(&task, None)));
        }
        let to = task.new.deliver_to.into_iter().map(Target::Channel).collect();
        let command = SubmitCommand { prompt: task.new.prompt, to, private: false, quiet: false, timeout: None, model: None };
        Ok(match self.add(command, None, Some(task.number)) {
            Submitted::Accepted(task) | Submitted::Duplicate(task) => Retry::Accepted(task),
            Submitted::Full(full) => Retry::Full(full),
        })
    }

    async fn summary(&self) -> Result<MonitorSummary, ServiceError> {
        if self.broken {
            return Err(ServiceError::Failed("disk I/O error at /var/lib".into()));
        }
        let tasks = self.tasks.lock().expect("not poisoned");
        let pending = tasks.iter().filter(|task| task.status() == Status::Pending).count() as u64;
        let oldest_pending_at = (pending > 0).then(start);
        Ok(MonitorSummary { pending, oldest_pending_at, notices_owed: 2, notices_undeliverable: 1, ..Default::default() })
    }
}

/// The server over the model.
pub(super) struct World {
    pub(super) router: Router,
    pub(super) tasks: Arc<FakeTasks>,
    pub(super) lifecycle: Lifecycle,
}

pub(super) fn world_with(tasks: FakeTasks, token: Option<&str>) -> World {
    let (tasks, lifecycle) = (Arc::new(tasks), Lifecycle::default());
    let state = WebState {
        tasks: Arc::<FakeTasks>::clone(&tasks),
        lifecycle: lifecycle.clone(),
        serves: Arc::new(|channel| channel.platform() == "discord"),
        metrics: Metrics::default(),
        clock: Arc::new(FixedClock),
        admin_token: token.map(SecretString::from),
        links: &[("/demo", "The demo")],
    };
    World { router: router(state), tasks, lifecycle }
}

pub(super) fn world() -> World {
    world_with(FakeTasks { limit: 10, ..FakeTasks::default() }, None)
}

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: axum::http::HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// Checks that this is a problem document and returns the last part of its type.
    pub(super) fn problem(&self, status: u16) -> String {
        let problem = self.json();
        assert_eq!((self.status.as_u16(), &problem["status"]), (status, &json!(status)), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert!(problem["title"].is_string() && problem["detail"].is_string() && problem["instance"].is_string());
        problem["type"].as_str().and_then(|kind| kind.strip_prefix("urn:legwork:problem:")).expect("a type").to_owned()
    }
}

impl World {
    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response = self.router.clone().oneshot(request).await.expect("never fails");
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        Answer { status, headers, text: String::from_utf8(body.to_vec()).expect("text") }
    }

    pub(super) async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:8787");
        for (name, value) in headers {
            request = if *name == "host" {
                Request::builder().method(method).uri(path).header(header::HOST, *value)
            } else {
                request.header(*name, *value)
            };
        }
        self.send(request.body(body.into()).expect("a request")).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], Body::empty()).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, &[("content-type", "application/json")], body.to_string()).await
    }
}
