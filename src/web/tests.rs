//! The HTTP server on a model of the core: what callers ask and what they are told.

mod world;

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::domain::id::{TaskNumber, TaskRef};
use crate::web::tests::world::{FakeTasks, world, world_with};

#[tokio::test]
async fn a_task_is_submitted_run_and_read() {
    let world = world();
    let body = json!({"prompt": "count", "deliver_to": ["discord:5"], "timeout": "10m", "model": "m"});
    let answer = world.post("/api/v1/tasks", body).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::CREATED, "/api/v1/tasks/1"));
    assert_eq!((answer.json()["status"].clone(), answer.json()["queue_position"].clone()), (json!(1), json!(1)));
    let task = world.tasks.copy(&TaskRef::Number(TaskNumber(1))).expect("a task");
    assert_eq!(task.new.deliver_to.len(), 1);
    assert_eq!(task.new.settings.timeout, Some(Duration::from_mins(10)));

    assert_eq!(world.get("/api/v1/tasks/1/result").await.problem(409), "not-finished");
    world.tasks.claim(1);
    world.tasks.finish(1, "# One, two");
    for name in ["1", "%231", "id-1"] {
        assert_eq!(world.get(&format!("/api/v1/tasks/{name}")).await.json()["status_text"], "done", "{name}");
    }
    let result = world.get("/api/v1/tasks/1/result").await;
    assert_eq!((result.text.as_str(), result.header("content-type")), ("# One, two", "text/markdown; charset=utf-8"));
    assert_eq!(result.header("legwork-task-status"), "done");
}

#[tokio::test]
async fn tasks_are_cancelled_and_retried_as_their_state_allows() {
    let world = world();
    for prompt in ["a", "b"] {
        world.post("/api/v1/tasks", json!({"prompt": prompt})).await;
    }
    assert_eq!(world.post("/api/v1/tasks/1/retry", json!({})).await.problem(409), "not-finished");
    assert_eq!(world.post("/api/v1/tasks/1/cancel", json!({})).await.status, StatusCode::OK);
    let again = world.post("/api/v1/tasks/1/cancel", json!({})).await;
    assert_eq!(again.problem(409), "already-finished");
    assert_eq!(again.json()["task_status"], "cancelled");
    assert_eq!(world.get("/api/v1/tasks/1/result").await.problem(404), "not-found");
    world.tasks.claim(2);
    assert_eq!(world.post("/api/v1/tasks/2/cancel", json!({})).await.status, StatusCode::ACCEPTED);
    let retried = world.post("/api/v1/tasks/1/retry", json!({})).await;
    assert_eq!((retried.status, retried.json()["retry_of"].clone()), (StatusCode::CREATED, json!(1)));
    for path in ["/api/v1/tasks/9/cancel", "/api/v1/tasks/9/retry"] {
        assert_eq!(world.post(path, json!({})).await.problem(404), "not-found");
    }
    assert_eq!(world.get("/api/v1/tasks/%23x").await.problem(400), "bad-request");
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let world = world();
    for prompt in ["a", "b", "c"] {
        world.post("/api/v1/tasks", json!({"prompt": prompt})).await;
    }
    world.tasks.claim(2);
    let numbers = |page: &Value| page["tasks"].as_array().expect("a list").iter().map(|task| task["number"].clone()).collect();
    let page: Value = world.get("/api/v1/tasks?limit=2").await.json();
    let seen: Vec<Value> = numbers(&page);
    assert_eq!((seen, page["next_before"].clone()), (vec![json!(3), json!(2)], json!(2)));
    let page = world.get("/api/v1/tasks?limit=2&before=2").await.json();
    let seen: Vec<Value> = numbers(&page);
    assert_eq!((seen, page["next_before"].clone()), (vec![json!(1)], Value::Null));
    let seen: Vec<Value> = numbers(&world.get("/api/v1/tasks?status=pending,2").await.json());
    assert_eq!(seen.len(), 3);
    let seen: Vec<Value> = numbers(&world.get("/api/v1/tasks?status=running").await.json());
    assert_eq!(seen, [json!(2)]);
    for wrong in ["status=lost", "limit=0", "limit=201", "limit=x", "before=id-1", "page=2"] {
        assert_eq!(world.get(&format!("/api/v1/tasks?{wrong}")).await.problem(400), "bad-request", "{wrong}");
    }
}

#[tokio::test]
async fn a_key_makes_a_submission_safe_to_repeat() {
    let world = world();
    let headers = [("content-type", "application/json"), ("idempotency-key", "order-7")];
    let first = world.call("POST", "/api/v1/tasks", &headers, r#"{"prompt":"x"}"#).await;
    let second = world.call("POST", "/api/v1/tasks", &headers, r#"{"prompt":"x"}"#).await;
    assert_eq!((first.status, second.status), (StatusCode::CREATED, StatusCode::OK));
    assert_eq!(first.json()["number"], second.json()["number"]);
    let other = world.call("POST", "/api/v1/tasks", &headers, r#"{"prompt":"y"}"#).await;
    assert_eq!(other.problem(422), "idempotency-key-reused");
    assert_eq!(other.json()["task_number"], first.json()["number"]);
    let odd = [("content-type", "application/json"), ("idempotency-key", "a b")];
    assert_eq!(world.call("POST", "/api/v1/tasks", &odd, r#"{"prompt":"x"}"#).await.problem(400), "bad-request");
}

#[tokio::test]
async fn bad_submissions_say_what_would_be_right() {
    let world = world();
    let check = async |body: Value, status: u16, word: &str| {
        let answer = world.post("/api/v1/tasks", body).await;
        answer.problem(status);
        assert!(answer.text.contains(word), "{word} is not in {}", answer.text);
    };
    check(json!({"prompt": " "}), 422, "empty").await;
    check(json!({"deliver_to": []}), 422, "prompt").await;
    check(json!({"prompt": "x", "colour": "red"}), 422, "nothing else").await;
    check(json!({"prompt": "x", "timeout": "soon"}), 422, "10m").await;
    check(json!({"prompt": "x", "deliver_to": ["nowhere"]}), 422, "deliver_to").await;
    check(json!({"prompt": "x", "deliver_to": ["discord:5", "slack:5"]}), 422, "deliver_to").await;
    check(json!({"prompt": "x", "model": "a b"}), 422, "model").await;
    check(json!({"prompt": "x".repeat(300_000)}), 413, "256 KiB").await;
    let json = [("content-type", "application/json; charset=utf-8")];
    assert_eq!(world.call("POST", "/api/v1/tasks", &json, "{").await.problem(400), "bad-request");
    let form = [("content-type", "text/plain")];
    assert_eq!(world.call("POST", "/api/v1/tasks", &form, r#"{"prompt":"x"}"#).await.problem(415), "not-json");
    assert!(world.tasks.tasks.lock().expect("not poisoned").is_empty());
}

#[tokio::test]
async fn a_full_queue_and_a_stopping_server_say_when_to_come_back() {
    let world = world_with(FakeTasks { limit: 0, ..FakeTasks::default() }, None);
    let full = world.post("/api/v1/tasks", json!({"prompt": "x"})).await;
    assert_eq!((full.problem(429).as_str(), full.header("retry-after")), ("queue-full", "30"));
    let world = world_with(FakeTasks { broken: true, ..FakeTasks::default() }, None);
    let stopping = world.post("/api/v1/tasks", json!({"prompt": "x"})).await;
    assert_eq!((stopping.problem(503).as_str(), stopping.header("retry-after")), ("stopping", "10"));
    let failed = world.get("/api/v1/summary").await;
    assert_eq!(failed.problem(500), "ledger-failed");
    assert!(!failed.text.contains("/var/lib"));
}

#[tokio::test]
async fn with_a_token_only_who_knows_it_may_call() {
    let world = world_with(FakeTasks::default(), Some("s3cret"));
    for path in ["/api/v1/summary", "/api/v1/tasks", "/api/v1/tasks/1", "/metrics"] {
        let answer = world.get(path).await;
        assert_eq!(answer.problem(401), "unauthorized", "{path}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        let wrong = world.call("GET", path, &[("authorization", "Bearer s3cre")], Body::empty()).await;
        assert_eq!(wrong.problem(401), "unauthorized", "{path}");
    }
    let known = [("host", "legwork.example"), ("authorization", "bearer s3cret")];
    assert_eq!(world.call("GET", "/api/v1/summary", &known, Body::empty()).await.status, StatusCode::OK);
    for open in ["/", "/healthz", "/readyz"] {
        assert_eq!(world.get(open).await.status, StatusCode::OK, "{open}");
    }
}

#[tokio::test]
async fn without_a_token_pages_of_other_sites_are_refused() {
    let world = world();
    let check = async |headers: &[(&str, &str)], allowed: bool| {
        let answer = world.call("GET", "/api/v1/tasks", headers, Body::empty()).await;
        assert_eq!(answer.status == StatusCode::OK, allowed, "{headers:?}");
        if !allowed {
            assert_eq!(answer.problem(403), "foreign-request");
        }
    };
    check(&[("host", "localhost:8787"), ("origin", "http://localhost:8787")], true).await;
    check(&[("sec-fetch-site", "none")], true).await;
    check(&[("host", "evil.example:8787")], false).await;
    check(&[("origin", "https://evil.example")], false).await;
    check(&[("origin", "http://127.0.0.1:3000")], false).await;
    check(&[("origin", "null")], false).await;
    check(&[("sec-fetch-site", "cross-site")], false).await;
    let bare = Request::builder().uri("/metrics").body(Body::empty()).expect("a request");
    assert_eq!(world.send(bare).await.problem(403), "foreign-request");
}

#[tokio::test]
async fn ready_means_that_everything_started_and_nothing_stops() {
    let world = world();
    let telegram = world.lifecycle.readiness.component("telegram");
    let answer = world.get("/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json(), json!({"ready": false, "waiting_for": [{"component": "telegram", "reason": "starting"}]}));
    telegram.ready();
    assert_eq!(world.get("/readyz").await.json(), json!({"ready": true, "waiting_for": []}));
    world.lifecycle.soft.cancel();
    let answer = world.get("/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["waiting_for"][0]["reason"], "draining");
    assert_eq!(world.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_program_is_told_at_once_that_the_server_stops() {
    let world = world();
    world.post("/api/v1/tasks", json!({"prompt": "in time"})).await;
    assert_eq!(world.post("/api/v1/tasks/1/cancel", json!({})).await.status, StatusCode::OK);
    world.lifecycle.soft.cancel();
    assert_eq!(world.post("/api/v1/tasks", json!({"prompt": "late"})).await.problem(503), "stopping");
    assert_eq!(world.post("/api/v1/tasks/1/retry", json!({})).await.problem(503), "stopping");
    assert_eq!(world.get("/api/v1/tasks/1").await.status, StatusCode::OK);
}

#[tokio::test]
async fn metrics_show_what_the_ledger_holds() {
    let world = world();
    world.post("/api/v1/tasks", json!({"prompt": "x"})).await;
    let answer = world.get("/metrics").await;
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    for line in [
        "legwork_tasks{status=\"pending\"} 1\n",
        "legwork_tasks{status=\"done\"} 0\n",
        "legwork_notices{state=\"owed\"} 2\n",
        "legwork_notices{state=\"undeliverable\"} 1\n",
        "legwork_oldest_pending_seconds 90\n",
        "legwork_up 1\n",
        "legwork_ready 1\n",
        "# TYPE legwork_run_seconds histogram\n",
    ] {
        assert!(answer.text.contains(line), "{line} is not in {}", answer.text);
    }
    assert!(answer.text.ends_with("# EOF\n") && answer.text.matches("# EOF").count() == 1);
    let broken = world_with(FakeTasks { broken: true, ..FakeTasks::default() }, None).get("/metrics").await;
    assert!(broken.text.contains("legwork_ledger_up 0\n") && !broken.text.contains("legwork_tasks{"));
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_document_too() {
    let world = world();
    let answer = world.get("/api/v2/tasks").await;
    assert_eq!((answer.problem(404).as_str(), answer.json()["instance"].clone()), ("not-found", json!("/api/v2/tasks")));
    let answer = world.call("DELETE", "/api/v1/tasks/1", &[], Body::empty()).await;
    assert_eq!((answer.problem(405).as_str(), answer.header("allow")), ("method-not-allowed", "GET,HEAD"));
    assert_eq!(world.get("/api/v1/tasks/%FF").await.problem(400), "refused");
    let page = world.get("/").await;
    assert!(page.text.contains("<a href=\"/demo\">The demo</a>"));
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
}

#[tokio::test]
async fn the_server_stops_when_it_is_told_to() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let shutdown = tokio_util::sync::CancellationToken::new();
    let server = crate::web::serve(listener, world().router, shutdown.clone());
    shutdown.cancel();
    server.await.expect("stopped in order");
}
