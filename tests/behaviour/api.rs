//! The HTTP API as a program uses it, with the whole server behind it: what it hands over is done and delivered to chats.

use reqwest012::{Client, Method, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::wait::Wait;
use crate::support::world::{ANN, BOB, World};

/// What came back.
#[derive(Debug)]
struct Response {
    status: StatusCode,
    kind: String,
    text: String,
}

impl Response {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The last part of the problem's type, after asserting that it is a problem document of this status.
    fn problem(&self, status: u16) -> String {
        assert_eq!((self.status.as_u16(), self.kind.as_str()), (status, "application/problem+json"), "{self:?}");
        let document = self.json();
        for member in ["type", "title", "detail", "instance"] {
            assert!(document[member].as_str().is_some_and(|text| !text.is_empty()), "no {member} in {document}");
        }
        assert_eq!(document["status"], status);
        document["type"].as_str().unwrap().rsplit(':').next().unwrap().to_owned()
    }
}

impl World {
    async fn calls(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Response {
        let client = Client::builder().no_proxy().build().unwrap();
        let mut request = client.request(method, self.url() + path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        Response { status: response.status(), kind: kind.unwrap_or_default(), text: response.text().await.unwrap() }
    }

    async fn get(&self, path: &str) -> Response {
        self.calls(Method::GET, path, None, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Response {
        self.calls(Method::POST, path, None, Some(body)).await
    }

    /// Hands a prompt over, which must be accepted; the task.
    async fn submit(&self, body: Value) -> Value {
        let response = self.post("/api/v1/tasks", body).await;
        assert_eq!(response.status, StatusCode::CREATED, "{response:?}");
        response.json()
    }

    /// Waits until the task has this status; the task.
    async fn task_is(&self, number: u64, status: &str) -> Value {
        let mut wait = Wait::begin();
        loop {
            let task = self.get(&format!("/api/v1/tasks/{number}")).await.json();
            if task["status_text"] == status {
                return task;
            }
            wait.goes_on(|| format!("not {status}: {task}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_of_the_api_is_delivered_to_the_chats_it_names() {
    let world = World::starts().await;
    let (telegram, discord) = (world.telegram(ANN), world.discord_channel(500, BOB));
    telegram.says("/help");
    telegram.hears("Try it: ... /submit ... /help").await;
    let task = world.submit(json!({"prompt": "Compare the offers", "deliver_to": [telegram.channel(), discord.channel()]})).await;
    assert_eq!(
        (&task["number"], &task["prompt"], &task["origin_channel"]),
        (&json!(1), &json!("Compare the offers"), &json!(""))
    );
    for chat in [telegram, discord] {
        chat.hears("#1 done after").await;
        chat.hears("Result of #1: ... demo").await;
        assert_eq!(chat.count("#1 done"), 1);
    }
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_read_by_its_number_and_by_its_id() {
    let world = World::starts().await;
    world.model.next_reply("# The answer\n\n42");
    let accepted = world.submit(json!({"prompt": "What is it?"})).await;
    let done = world.task_is(1, "done").await;
    let id = accepted["id"].as_str().unwrap();
    for name in [id, "1", "%231"] {
        let response = world.get(&format!("/api/v1/tasks/{name}")).await;
        assert_eq!((response.status, response.json()), (StatusCode::OK, done.clone()), "{name}");
    }
    // The Go package's TaskSnapshot, field for field, and what there is besides.
    for (member, value) in [
        ("id", json!(id)),
        ("status", json!(3)),
        ("status_text", json!("done")),
        ("prompt", json!("What is it?")),
        ("result", json!("# The answer\n\n42")),
        ("error", json!("")),
        ("origin_channel", json!("")),
        ("origin_session", json!("")),
        ("number", json!(1)),
        ("attempt", json!(1)),
        ("queue_position", Value::Null),
        ("error_code", Value::Null),
    ] {
        assert_eq!(done[member], value, "{member}");
    }
    for moment in ["started_at", "completed_at", "submitted_at"] {
        assert!(done[moment].as_str().is_some_and(|moment| moment.ends_with('Z')), "{moment}: {done}");
    }
    assert!(done["tokens_used"].as_u64().unwrap() > 0);
    let result = world.get("/api/v1/tasks/1/result").await;
    assert_eq!((result.kind.as_str(), result.text.as_str()), ("text/markdown; charset=utf-8", "# The answer\n\n42"));
    let mut done = done;
    assert_eq!(done.as_object_mut().unwrap().remove("notices"), Some(json!([])), "a task without a channel tells nobody");
    let list = world.get("/api/v1/tasks").await.json();
    assert_eq!(list, json!({"tasks": [done], "next_before": null}));
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_cancels_and_retries_tasks_of_people() {
    let world = World::starts().await;
    let chat = world.discord_channel(500, ANN);
    world.model.hold();
    chat.says("/submit Something long");
    chat.hears("#1 running").await;
    world.until("the model is asked", |world| world.model.running() == 1).await;
    assert_eq!(world.get("/api/v1/tasks/1/result").await.problem(409), "not-finished");
    assert_eq!(world.post("/api/v1/tasks/1/retry", json!({})).await.problem(409), "not-finished");
    let cancelled = world.post("/api/v1/tasks/1/cancel", json!({})).await;
    assert_eq!((cancelled.status, cancelled.json()["status_text"].clone()), (StatusCode::OK, json!("cancelled")));
    world.until("the call to the model is gone", |world| world.model.running() == 0).await;
    chat.hears("#1 cancelled by the operator after").await;
    assert_eq!(world.post("/api/v1/tasks/1/cancel", json!({})).await.problem(409), "already-finished");
    world.model.release();
    let again = world.post("/api/v1/tasks/1/retry", json!({})).await;
    assert_eq!((again.status, again.json()["retry_of"].clone()), (StatusCode::CREATED, json!(1)));
    chat.hears("#2 queued, a repeat of #1").await;
    chat.hears("#2 done").await;
    // It is still the person's own.
    chat.says("/result 2");
    world.until("the result is there again", |_| chat.count("Result of #2") == 2).await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_summary_counts_every_state() {
    let world = World::with(|config| config.tasks.limits.max_running = 1).await;
    for (prompt, end) in [("quick", "done"), ("status 401", "failed")] {
        let task = world.submit(json!({"prompt": prompt})).await;
        world.task_is(task["number"].as_u64().unwrap(), end).await;
    }
    world.model.hold();
    world.submit(json!({"prompt": "long"})).await;
    world.task_is(3, "running").await;
    world.submit(json!({"prompt": "waits"})).await;
    world.submit(json!({"prompt": "unwanted"})).await;
    world.post("/api/v1/tasks/5/cancel", json!({})).await;
    let summary = world.get("/api/v1/summary").await.json();
    for (member, count) in [("total", 5), ("pending", 1), ("running", 1), ("done", 1), ("failed", 1), ("cancelled", 1)] {
        assert_eq!(summary[member], count, "{member}: {summary}");
    }
    let waiting = world.get("/api/v1/tasks/4").await.json();
    assert_eq!((&waiting["queue_position"], &waiting["submitted_at"]), (&json!(1), &summary["oldest_pending_at"]));
    let listed = world.get("/api/v1/tasks").await.json();
    let places: Vec<_> = listed["tasks"].as_array().unwrap().iter().map(|task| task["queue_position"].as_u64()).collect();
    assert_eq!(places, [None, Some(1), None, None, None], "{listed}");
    world.model.release();
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_is_a_problem_document() {
    let world = World::with(|config| config.tasks.limits.max_queued = 0).await;
    assert_eq!(world.get("/api/v1/tasks/7").await.problem(404), "not-found");
    assert_eq!(world.get("/api/v1/tasks/x%20y").await.problem(400), "bad-request");
    assert_eq!(world.get("/api/v1/nothing").await.problem(404), "not-found");
    assert_eq!(world.calls(Method::DELETE, "/api/v1/tasks/7", None, None).await.problem(405), "method-not-allowed");
    assert_eq!(world.post("/api/v1/tasks", json!({"prompt": " "})).await.problem(422), "invalid-task");
    assert_eq!(world.post("/api/v1/tasks", json!({"prompt": "x", "colour": "red"})).await.problem(422), "invalid-task");
    assert_eq!(world.summary().await.total, 0);
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_admin_token_only_who_knows_it_is_served() {
    let secret = "the-admin-token";
    let mut world = World::with(|config| config.server.admin_token = Some(SecretString::from(secret))).await;
    for token in [None, Some("another"), Some("the-admin-toke")] {
        for path in ["/api/v1/summary", "/api/v1/tasks", "/api/v1/tasks/1", "/metrics"] {
            let refused = world.calls(Method::GET, path, token, None).await;
            assert_eq!(refused.problem(401), "unauthorized", "{path}");
            assert!(!refused.text.contains(secret));
        }
        let refused = world.calls(Method::POST, "/api/v1/tasks", token, Some(json!({"prompt": "x"}))).await;
        assert_eq!(refused.problem(401), "unauthorized");
    }
    let summary = world.calls(Method::GET, "/api/v1/summary", Some(secret), None).await;
    assert_eq!((summary.status, summary.json()["total"].clone()), (StatusCode::OK, json!(0)));
    for open in ["/healthz", "/readyz"] {
        assert_eq!(world.get(open).await.status, StatusCode::OK, "{open}");
    }
    world.stops().await;
    world.closes().await;
}
