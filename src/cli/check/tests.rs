//! What `legwork check` reports about services that work, refuse, are odd, or are not there.

use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio_util::task::TaskTracker;

use super::{Clients, Report, Verdict, inspect, misconfigured};
use crate::config::Config;

const TOKEN: &str = "123456:AAHsecretsecret";

/// Telegram, Discord and a model behind one address, each with one right key.
fn services() -> Router {
    let telegram = json!({"ok": true, "result": {"username": "legwork_bot", "can_read_all_group_messages": false}});
    let keyed = |headers: &HeaderMap, key: &str| headers.get("authorization").is_some_and(|value| value == key);
    Router::new()
        .route(&format!("/bot{TOKEN}/getMe"), get(move || async move { Json(telegram) }))
        .route(
            "/api/v10/users/@me",
            get(move |headers: HeaderMap| async move {
                let right = keyed(&headers, "Bot dc-secret");
                right.then_some(Json(json!({"id": "1", "username": "legwork"}))).ok_or(axum::http::StatusCode::UNAUTHORIZED)
            }),
        )
        .route(
            "/v1/models",
            get(move |headers: HeaderMap| async move {
                let right = keyed(&headers, "Bearer sk-secret");
                right.then_some(Json(json!({"data": [{"id": "gpt-5-mini"}]}))).ok_or(axum::http::StatusCode::UNAUTHORIZED)
            }),
        )
}

/// The report on a configuration whose services are at `root`.
async fn report(root: &str, keys: &[(&str, &str)]) -> Report {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = format!("sqlite:{}", folder.path().join("legwork.db").display());
    let v1 = format!("{root}/v1");
    let fixed = [("telegram.api_url", root), ("discord.api_url", root), ("llm.base_url", &v1), ("store.url", &ledger)];
    let set: Vec<_> = fixed.iter().chain(keys).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let report = match Config::of(&set) {
        Ok(config) => inspect(&config, &Clients::new().expect("clients"), |_| Ok(())).await,
        Err(error) => misconfigured(error),
    };
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left behind");
    let text = report.to_text() + &serde_json::to_string(&report).expect("JSON");
    assert!(!text.contains("secret"), "{text}");
    report
}

/// The same with the services running.
async fn report_with_services(keys: &[(&str, &str)]) -> Report {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let root = format!("http://{}", listener.local_addr().expect("an address"));
    let tracker = TaskTracker::new();
    let server = tracker.spawn(async move { axum::serve(listener, services()).await });
    let report = report(&root, keys).await;
    server.abort();
    report
}

fn found(report: &Report, name: &str) -> (Verdict, String) {
    let check = report.checks.iter().find(|check| check.name == name).expect("checked");
    (check.status, format!("{} {}", check.detail, check.fix.as_deref().unwrap_or_default()))
}

#[tokio::test]
async fn everything_works() {
    let keys = [("telegram.token", TOKEN), ("discord.token", "dc-secret"), ("llm.api_key", "sk-secret"), ("access.open", "true")];
    let report = report_with_services(&keys).await;
    assert!(report.ok && report.checks.iter().all(|check| check.status == Verdict::Ok), "{}", report.to_text());
    assert!(found(&report, "telegram").1.contains("@legwork_bot answers; group privacy mode is on"));
    assert!(found(&report, "llm").1.contains("has the model gpt-5-mini"));
}

#[tokio::test]
async fn wrong_keys_are_told_apart_from_missing_services() {
    let keys = [("telegram.token", "1:secret"), ("discord.token", "other-secret"), ("llm.api_key", "x-secret")];
    let refused = report_with_services(&keys).await;
    assert!(!refused.ok);
    for name in ["telegram", "discord", "llm"] {
        let (verdict, text) = found(&refused, name);
        assert!(verdict == Verdict::Failed && text.contains("not accepted"), "{name}: {text}");
    }
    // Port 9 of loopback: nothing listens there.
    let absent = report("http://127.0.0.1:9", &keys).await;
    for name in ["telegram", "discord", "llm"] {
        let (verdict, text) = found(&absent, name);
        assert!(verdict == Verdict::Failed && text.contains("not reachable"), "{name}: {text}");
    }
}

#[tokio::test]
async fn what_is_off_is_skipped() {
    let report = report_with_services(&[("llm.api_key", "sk-secret")]).await;
    assert!(report.ok);
    for name in ["telegram", "discord", "access"] {
        assert_eq!(found(&report, name).0, Verdict::Skipped, "{name}");
    }
}

#[tokio::test]
async fn a_ledger_that_cannot_be_written_fails() {
    let report = report_with_services(&[("store.url", "sqlite:/nowhere/at/all/legwork.db")]).await;
    assert_eq!(found(&report, "ledger").0, Verdict::Failed);
}

#[tokio::test]
async fn a_wrong_configuration_is_all_that_is_reported() {
    let report = report("http://127.0.0.1:9", &[("tasks.max_running", "0"), ("llm.modle", "x")]).await;
    assert_eq!((report.ok, report.checks.len(), report.problems.len()), (false, 1, 2));
    assert!(report.to_text().contains("did you mean llm.model?"), "{}", report.to_text());
}
