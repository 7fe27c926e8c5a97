//! Faults as a client meets them, and the limits.

use std::time::Duration;

use reqwest012::Method;
use serde_json::json;
use tokio::time::timeout;

use super::{ADA, Bench, CHANNEL};
use crate::simulator::discord::{Fault, FaultKind};

const CREATE: &str = "POST /channels/{id}/messages";

impl Bench {
    fn fails(&self, kind: FaultKind) {
        self.server.fail(Fault { route: Some(CREATE.to_owned()), times: 1, kind });
    }
}

#[tokio::test]
async fn a_cut_before_does_nothing_and_a_cut_after_does_it() {
    let bench = Bench::start().await;
    let path = format!("/channels/{CHANNEL}/messages");
    let body = json!({ "content": "x" });
    // The first request warms the connection up: a cut one in the pool must not be tried again unseen.
    bench.says(body.clone()).await;
    for (kind, count) in [(FaultKind::CutBefore, 1), (FaultKind::CutAfter, 2)] {
        bench.fails(kind);
        let error = bench.try_send(Method::POST, &path, Some(&body)).await.expect_err("no answer");
        assert!(error.status().is_none() && !error.is_timeout(), "{error}");
        assert_eq!(bench.server.messages(CHANNEL).len(), count);
    }
    assert_eq!(bench.server.calls(CREATE), 3);
    assert_eq!(bench.says(body).await.0, 200);
    bench.end().await;
}

#[tokio::test]
async fn a_request_can_hang_be_refused_or_get_a_page() {
    let bench = Bench::start().await;
    let body = || json!({ "content": "x" });
    bench.fails(FaultKind::Status(503, 0, "503: Service Unavailable".to_owned()));
    assert_eq!(bench.says(body()).await, (503, json!({ "message": "503: Service Unavailable", "code": 0 })));

    bench.fails(FaultKind::NotJson(502));
    let (status, page) = bench.says(body()).await;
    assert_eq!((status, page.as_str().is_some_and(|page| page.contains("<html>"))), (502, true));

    bench.fails(FaultKind::RetryAfter(1.5, true));
    let answer = bench.send(Method::POST, &format!("/channels/{CHANNEL}/messages"), Some(&body())).await;
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    assert_eq!(answer.status(), 429);
    assert_eq!((header("retry-after").as_deref(), header("x-ratelimit-scope").as_deref()), (Some("2"), Some("global")));
    let said: serde_json::Value = answer.json().await.expect("JSON");
    assert_eq!((&said["retry_after"], &said["global"]), (&json!(1.5), &json!(true)));

    bench.fails(FaultKind::Hang);
    assert!(timeout(Duration::from_millis(100), bench.says(body())).await.is_err());
    assert!(bench.server.messages(CHANNEL).is_empty());
    assert_eq!(bench.server.violations(), Vec::<String>::new());
    bench.end().await;
}

#[tokio::test]
async fn a_hanging_request_does_not_keep_the_server() {
    let bench = Bench::start().await;
    bench.fails(FaultKind::Hang);
    let path = format!("/channels/{CHANNEL}/messages");
    let body = json!({ "content": "x" });
    let hangs = bench.try_send(Method::POST, &path, Some(&body));
    let stops = async {
        bench.until(|server| server.calls(CREATE) == 1).await;
        bench.stop.cancel();
    };
    let (answer, ()) = tokio::join!(hangs, stops);
    assert!(answer.is_err());
    bench.end().await;
}

#[tokio::test]
async fn enforced_limits_refuse_the_sixth_message() {
    let bench = Bench::start().await;
    bench.server.enforce_limits(true);
    let path = format!("/channels/{CHANNEL}/messages");
    for nth in 0..6_u64 {
        let answer = bench.send(Method::POST, &path, Some(&json!({ "content": "x" }))).await;
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        assert_eq!(header("x-ratelimit-limit").as_deref(), Some("5"));
        assert_eq!(header("x-ratelimit-remaining"), Some(4_u64.saturating_sub(nth).to_string()));
        assert!(header("x-ratelimit-bucket").is_some());
        assert_eq!(answer.status().as_u16(), if nth < 5 { 200 } else { 429 });
    }
    assert_eq!(bench.server.violations().len(), 1);
    bench.server.channel(501);
    let (status, _) = bench.call(Method::POST, "/channels/501/messages", Some(json!({ "content": "x" }))).await;
    assert_eq!(status, 200, "another channel has a limit of its own");
    bench.end().await;
}

#[tokio::test]
async fn interactions_are_exempt_from_the_global_limit() {
    let bench = Bench::start().await;
    bench.register().await;
    bench.server.enforce_limits(true);
    let me = || bench.call(Method::GET, "/users/@me", None);
    while me().await.0 == 200 {}
    let id = bench.server.runs(CHANNEL, ADA, "status", &[]).expect("a command");
    let token = bench.server.interaction(id).expect("known").event["token"].as_str().expect("a token").to_owned();
    let callback = format!("/interactions/{id}/{token}/callback");
    assert_eq!(bench.call(Method::POST, &callback, Some(json!({ "type": 5 }))).await.0, 204);
    bench.end().await;
}
