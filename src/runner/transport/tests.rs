//! What real connections do to one request, and what becomes of it. Every run here has no retries.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::config::LlmConfig;
use crate::runner::mock::{Act, Mock, answer, end, error, good, outcome, piece, stream};

/// A limit that is to be met: nothing is sent within it.
const SHORT: Duration = Duration::from_millis(60);
/// A limit that is not to be met: many times the pause between two pieces, so that a busy machine does not meet it either.
const LONG: Duration = Duration::from_millis(600);
/// The pause between two pieces.
const STEADY: Duration = Duration::from_millis(10);

async fn once(script: Vec<Act>) -> String {
    outcome(vec![script], |config| config.retries = 0).await
}

async fn with(script: Vec<Act>, change: impl FnOnce(&mut LlmConfig)) -> String {
    outcome(vec![script], |config| {
        config.retries = 0;
        change(config);
    })
    .await
}

#[tokio::test]
async fn a_good_answer_is_the_result() {
    assert_eq!(once(good("Hello")).await, "done: Hello");
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_fails_within_its_limit() {
    let started = Instant::now();
    let shown = with(vec![Act::Hang], |config| config.first_token = Some(SHORT)).await;
    assert_eq!(shown, "provider_down: the model “test-model” at HOST did not begin to answer in time, in 1 attempt");
    assert!(started.elapsed() < Duration::from_millis(1500), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_stream_that_stalls_is_given_up_by_its_bytes() {
    let before = with(vec![stream(": hello\n\n"), Act::Hang], |config| config.first_token = Some(SHORT)).await;
    assert!(before.contains("did not begin to answer"), "{before}");
    let after = with(vec![stream(piece("half")), Act::Hang], |config| config.byte_idle = SHORT).await;
    assert_eq!(
        after,
        "provider_down: the model “test-model” at HOST fell silent in the middle of its answer, in 1 attempt (half)"
    );
}

#[tokio::test]
async fn comments_extend_the_wait_for_the_first_word_but_only_to_its_double() {
    let started = Instant::now();
    let comments = Act::Repeat(b": PROCESSING\n\n", STEADY);
    let shown = with(vec![stream(""), comments], |config| config.first_token = Some(LONG)).await;
    assert!(shown.contains("did not begin to answer"), "{shown}");
    assert!(started.elapsed() >= 2 * LONG, "{:?}", started.elapsed());
}

#[tokio::test]
async fn comments_count_as_life_between_words_but_not_for_ever() {
    let comments = Act::Repeat(b": ping\n\n", STEADY);
    let started = Instant::now();
    let shown = with(vec![stream(piece("half")), comments], |config| {
        config.byte_idle = LONG;
        config.event_idle = 2 * LONG;
    })
    .await;
    assert!(shown.contains("fell silent"), "{shown}");
    assert!(started.elapsed() >= 2 * LONG, "{:?}", started.elapsed());
    let comments = vec![stream(": one\n\n: two\n\n"), Act::Send((piece("Hi") + &end("stop")).into_bytes())];
    assert_eq!(once(comments).await, "done: Hi");
}

#[tokio::test]
async fn a_call_that_takes_longer_than_any_call_may_is_stopped() {
    let words = Act::Repeat(b"data: {\"choices\":[{\"delta\":{\"content\":\"w \"}}]}\n\n", STEADY);
    let shown = with(vec![stream(""), words], |config| config.call_timeout = LONG).await;
    assert!(shown.starts_with("timed_out: the model “test-model” took longer"), "{shown}");
    assert!(shown.ends_with("w )"), "{shown}");
}

#[tokio::test]
async fn a_cut_is_never_a_success_unless_the_answer_had_ended() {
    let text = "provider_down: the connection to the model's server HOST broke off before the answer was whole, in 1 attempt";
    assert_eq!(once(vec![stream(piece("half"))]).await, format!("{text} (half)"));
    let mut cut = piece("half") + &piece("lost");
    cut.truncate(cut.len() - 9);
    assert_eq!(once(vec![stream(cut)]).await, format!("{text} (half)"));
    assert_eq!(once(vec![stream("")]).await, text);
    assert_eq!(once(vec![answer("200 OK", "content-length: 900\r\n", piece("half"))]).await, format!("{text} (half)"));
    let finish = r#"data: {"choices":[{"delta":{"content":"whole"},"finish_reason":"stop"}]}"#;
    assert_eq!(once(vec![stream(finish)]).await, "done: whole");
    assert_eq!(once(vec![stream(format!("{finish}\n\n")), Act::Reset]).await, "done: whole");
    assert_eq!(once(vec![stream(piece("done") + "data: [DONE]\n\n"), Act::Hang]).await, "done: done");
}

#[tokio::test]
async fn an_end_is_not_waited_for_longer_than_bytes_may_be_silent() {
    let finish = "data: {\"choices\":[{\"delta\":{\"content\":\"whole\"},\"finish_reason\":\"stop\"}]}\n\n";
    let shown = with(vec![stream(finish), Act::Hang], |config| config.byte_idle = SHORT).await;
    assert_eq!(shown, "done: whole");
}

#[tokio::test]
async fn a_reset_connection_and_a_refused_one_are_told_apart() {
    assert!(once(vec![Act::Reset]).await.contains("broke off"));
    let nobody = with(vec![], |config| config.base_url = "http://127.0.0.1:9/v1".to_owned()).await;
    assert_eq!(nobody, "provider_down: the model's server 127.0.0.1:9 could not be reached in 1 attempt");
}

/// This one takes the ten seconds that a connection may take; others run meanwhile.
#[tokio::test]
async fn a_server_that_takes_no_connection_is_not_waited_for_as_for_a_first_word() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(connected) = timeout(LONG, TcpStream::connect(address)).await {
        waiting.push(connected.unwrap());
    }
    let shown = with(vec![], |config| {
        config.base_url = format!("http://{address}/v1");
        config.first_token = Some(Duration::from_secs(20));
    });
    assert_eq!(shown.await, format!("provider_down: the model's server {address} could not be reached in 1 attempt"));
}

#[tokio::test]
async fn errors_of_every_shape_keep_their_status() {
    let json = "content-type: application/json\r\n";
    let plain = "content-type: text/plain\r\n";
    let cases = [
        (
            "401 Unauthorized",
            json,
            r#"{"error":{"message":"bad key sk-secret"}}"#,
            "auth: the model's provider HOST does not accept",
        ),
        (
            "402 Payment Required",
            json,
            r#"{"error":{"code":402}}"#,
            "quota: the account at the model's provider HOST has no credit",
        ),
        ("403 Forbidden", plain, "no", "auth: "),
        ("404 Not Found", plain, "404 page not found", "bad_request: HOST does not know the model “test-model” (HTTP 404)"),
        ("429 Too Many", "content-type: text/html\r\n", "<html>slow</html>", "rate_limited: the model's provider HOST"),
        ("429 Too Many", json, r#"{"error":{"code":"insufficient_quota"}}"#, "quota: "),
        ("429 Too Many", json, r#"{"error":{"type":"insufficient_quota"}}"#, "quota: "),
        (
            "500 Oops",
            json,
            r#"{"error":{"code":500,"message":"x"}}"#,
            "provider_down: the model's provider HOST failed with HTTP 500",
        ),
        ("503 Oops", json, r#"[{"error":{"code":503,"status":"UNAVAILABLE"}}]"#, "provider_down: "),
        (
            "400 Bad",
            json,
            r#"{"error":{"code":400,"type":"exceed_context_size_error","message":"the request exceeds the available context size"}}"#,
            "context_exhausted: ",
        ),
        ("400 Bad", json, r#"{"error":{"code":"content_filter"}}"#, "filtered: "),
        (
            "400 Bad",
            json,
            r#"{"error":{"code":"invalid_value","message":"secret"}}"#,
            "bad_request: the model's provider HOST did not accept the request for the model “test-model” (HTTP 400, “invalid_value”)",
        ),
        ("422 No", json, r#"{"detail":[{"msg":"secret"}]}"#, "bad_request: "),
        ("302 Found", "location: http://example.org/\r\n", "", "bad_request: "),
        (
            "200 OK",
            json,
            r#"{"error":{"message":"secret","code":502}}"#,
            "provider_down: the model's provider HOST failed with error 502 in its answer",
        ),
        ("200 OK", "content-type: text/html\r\n", "<html></html>", "bad_request: HOST answers with a web page"),
        ("200 OK", "content-encoding: gzip\r\n", "xx", "bad_request: HOST answers with compressed data"),
    ];
    for (status, headers, body, expected) in cases {
        let shown = once(vec![answer(status, headers, body)]).await;
        assert!(shown.starts_with(expected), "{status} {body}\n{shown}");
    }
}

#[tokio::test]
async fn an_error_within_a_stream_keeps_the_text_before_it() {
    let body = piece("half") + "data: {\"error\":{\"code\":400,\"message\":\"secret\"}}\n\n";
    assert!(once(vec![stream(body)]).await.ends_with("(error 400 in its answer) (half)"));
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    let whole =
        json!({ "choices": [{ "message": { "content": "Hello" } }], "usage": { "prompt_tokens": 4, "completion_tokens": 1 } });
    for headers in ["content-type: application/json\r\n", ""] {
        assert_eq!(once(vec![answer("200 OK", headers, format!("\n {whole}"))]).await, "done: Hello");
        assert_eq!(once(vec![answer("200 OK", headers, piece("Hello") + &end("stop"))]).await, "done: Hello");
    }
    let cut = &whole.to_string()[..60];
    assert!(once(vec![answer("200 OK", "content-type: application/json\r\n", cut)]).await.starts_with("provider_down"));
}

#[tokio::test]
async fn bytes_may_come_in_any_pieces() {
    let body = "\u{feff}".to_owned() + &piece("Grüße 世界 👩‍👩‍👧").replace('\n', "\r\n") + &end("stop");
    let mut script = vec![stream("")];
    script.extend(body.bytes().map(|byte| Act::Send(vec![byte])));
    assert_eq!(once(script).await, "done: Grüße 世界 👩‍👩‍👧");
}

#[tokio::test]
async fn an_event_beyond_all_bounds_stops_the_stream_and_keeps_what_came() {
    let huge = piece(&"x".repeat(5 * 1024 * 1024));
    let shown = once(vec![stream(piece("start") + &huge)]).await;
    assert_eq!(shown, "output_cap: the answer grew beyond all bounds (one piece of the answer) and was stopped (start)");
}

#[tokio::test]
async fn the_key_is_sent_trimmed_and_only_where_it_belongs() {
    let mock = Mock::serve(vec![good("Hi")]).await;
    let bench = crate::runner::mock::Bench::new(crate::runner::mock::config(&mock));
    bench.run().await;
    let request = mock.requests().remove(0);
    assert!(request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Bearer sk-secret-key\r\n"), "{request}");
    let body = mock.body(0);
    assert_eq!(body["stream_options"]["include_usage"], true);
    assert_eq!(body["messages"][0], json!({ "role": "system", "content": "Be brief." }));
    assert_eq!(body["messages"][1], json!({ "role": "user", "content": "the prompt" }));
    assert!(!body.to_string().contains("secret"), "{body}");
}

#[tokio::test]
async fn a_header_with_an_error_never_reaches_people() {
    let shown = once(error("400 Bad", "x-secret: secret\r\n", &json!({ "message": "secret", "code": "se cret" }))).await;
    assert!(shown.ends_with("(HTTP 400)"), "{shown}");
}
