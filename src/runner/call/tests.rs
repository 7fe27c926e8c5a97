//! Who is asked again, how often and when; and what is remembered between calls.

use std::sync::Arc;
use std::time::Duration;

use reqwest013::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use secrecy::SecretString;
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::background::ports::Clock;
use crate::runner::call::{Allowance, Backoff, Caller, Tally};
use crate::runner::endpoint::Endpoint;
use crate::runner::mock::{
    Act, Bench, Diary, Mock, StoppedClock, answer, config, end, error, good, outcome, piece, show, stream,
};
use crate::runner::patience::Patience;
use crate::runner::problem::Problem;
use crate::runner::progress::Reporter;
use crate::runner::rejection::Rejection;
use crate::runner::transport::Transport;

fn server_error() -> Vec<Act> {
    error("500 Oops", "", &json!({ "message": "x" }))
}

#[tokio::test]
async fn a_server_that_only_fails_is_asked_once_and_then_as_often_as_there_are_retries() {
    let mock = Mock::serve(vec![server_error()]).await;
    let bench = Bench::new(config(&mock));
    let shown = show(&bench.run().await);
    assert_eq!(mock.requests().len(), 5);
    assert!(shown.starts_with("provider_down: ") && shown.ends_with("failed with HTTP 500, in 5 attempts"), "{shown}");
    let phases = bench.diary.phases();
    assert_eq!(phases[0], "waiting for the model");
    assert_eq!(phases[1], "the provider failed (HTTP 500), attempt 2 of 5");
    assert_eq!(phases[4], "the provider failed (HTTP 500), attempt 5 of 5");
}

#[tokio::test]
async fn a_run_makes_no_more_than_twelve_further_tries_however_many_a_call_may() {
    let mock = Mock::serve(vec![error("429 Slow", "", &json!({ "message": "x" }))]).await;
    let mut config = config(&mock);
    config.retries = 20;
    assert!(show(&Bench::new(config).run().await).starts_with("rate_limited: "));
    assert_eq!(mock.requests().len(), 13);
}

#[tokio::test(start_paused = true)]
async fn a_run_waits_no_longer_than_five_minutes_in_all() {
    let transport = Transport::new(Endpoint::new("http://127.0.0.1:9/v1", &SecretString::default()).unwrap()).unwrap();
    let patience = Patience { first_token: None, byte_idle: Duration::MAX, event_idle: Duration::MAX, call: Duration::MAX };
    let caller = Caller::new(transport, patience, 20, Backoff::USUAL, Arc::new(StoppedClock));
    let reporter = Reporter::new(Arc::<Diary>::default(), CancellationToken::new());
    let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("100"))]);
    let slow = Problem::Rejected(Rejection::of_answer(429, &headers, b"", StoppedClock.now()));
    let tally = Tally { attempts: 1, ..Tally::default() };
    let (mut allowance, began) = (Allowance::default(), Instant::now());
    while let Some(pause) = caller.pause(&slow, &tally, &allowance) {
        caller.sleep(pause, &mut allowance, &reporter, "waiting").await;
    }
    assert_eq!(began.elapsed(), Duration::from_mins(5));
}

#[tokio::test]
async fn what_may_pass_is_asked_again_and_the_text_replaced() {
    let cut = vec![stream(piece("lost text"))];
    let reset = vec![Act::Reset];
    let overloaded = vec![stream("data: {\"error\":{\"code\":503}}\n\n")];
    let limited = error("429 Slow", "", &json!({ "message": "x" }));
    let mock = Mock::serve(vec![cut, reset, overloaded, limited, good("Hello")]).await;
    let bench = Bench::new(config(&mock));
    assert_eq!(show(&bench.run().await), "done: Hello");
    assert_eq!(mock.requests().len(), 5);
    let phases = bench.diary.phases();
    assert!(phases.contains(&"connection lost, attempt 2 of 5".to_owned()), "{phases:?}");
    assert!(phases.contains(&"the provider asks to slow down, attempt 5 of 5".to_owned()), "{phases:?}");
}

#[tokio::test]
async fn what_will_not_pass_is_asked_once() {
    for status in ["400 X", "401 X", "402 X", "403 X", "404 X", "413 X", "422 X", "501 X"] {
        let mock = Mock::serve(vec![vec![answer(status, "", "{}")]]).await;
        Bench::new(config(&mock)).run().await;
        assert_eq!(mock.requests().len(), 1, "{status}");
    }
    let quota = error("429 X", "retry-after: 0\r\n", &json!({ "code": "insufficient_quota" }));
    let mock = Mock::serve(vec![quota]).await;
    Bench::new(config(&mock)).run().await;
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test]
async fn every_passing_status_is_asked_again() {
    for status in ["408 X", "409 X", "425 X", "429 X", "500 X", "502 X", "503 X", "504 X", "529 X"] {
        let shown = outcome(vec![vec![answer(status, "", "")], good("Hi")], |_| {}).await;
        assert_eq!(shown, "done: Hi", "{status}");
    }
}

#[tokio::test]
async fn a_wait_the_provider_asks_for_is_kept() {
    let body = json!({ "message": "Please try again in 60ms." });
    for headers in ["retry-after-ms: 60\r\n", "retry-after: 0.06\r\n", ""] {
        let started = std::time::Instant::now();
        let limited = if headers.is_empty() { error("429 X", "", &body) } else { error("429 X", headers, &json!("slow down")) };
        assert_eq!(outcome(vec![limited, good("Hi")], |_| {}).await, "done: Hi");
        assert!(started.elapsed() >= Duration::from_millis(60), "{headers}: {:?}", started.elapsed());
    }
    let past = error("429 X", "retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n", &json!("slow down"));
    assert_eq!(outcome(vec![past, good("Hi")], |_| {}).await, "done: Hi");
}

#[tokio::test]
async fn a_provider_that_asks_for_a_long_wait_ends_the_run_with_the_time() {
    for header in ["retry-after: 3600\r\n", "retry-after: Wed, 21 Oct 2015 08:28:00 GMT\r\n", "retry-after-ms: 3600000\r\n"] {
        let mock = Mock::serve(vec![error("429 X", header, &json!("slow down"))]).await;
        let shown = show(&Bench::new(config(&mock)).run().await);
        assert!(shown.starts_with("rate_limited: "), "{shown}");
        assert!(shown.ends_with("does not take more requests for now; try again after 2015-10-21 08:28 UTC"), "{shown}");
        assert_eq!(mock.requests().len(), 1);
    }
    let shown = outcome(vec![error("503 X", "retry-after: 121\r\n", &json!("x"))], |_| {}).await;
    assert!(shown.starts_with("rate_limited: ") && shown.contains("2015-10-21 07:31 UTC"), "{shown}");
}

#[tokio::test]
async fn a_first_word_that_does_not_come_is_waited_for_twice_more_and_longer() {
    let mock = Mock::serve(vec![vec![Act::Hang]]).await;
    let mut config = config(&mock);
    config.first_token = Some(Duration::from_millis(40));
    let started = std::time::Instant::now();
    let bench = Bench::new(config);
    let shown = show(&bench.run().await);
    assert!(bench.diary.phases().contains(&"no answer from the model, attempt 3 of 3".to_owned()));
    assert!(shown.ends_with("did not begin to answer in time, in 3 attempts"), "{shown}");
    assert_eq!(mock.requests().len(), 3);
    assert!(started.elapsed() >= Duration::from_millis(40 + 80 + 160), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_server_that_knows_no_report_of_usage_is_asked_without_and_that_is_remembered() {
    let refused = error("400 X", "", &json!({ "message": "Unrecognized request argument: stream_options" }));
    let mock = Mock::serve(vec![refused, good("one"), good("two")]).await;
    let mut config = config(&mock);
    config.retries = 0;
    let bench = Bench::new(config);
    assert_eq!(show(&bench.run().await), "done: one");
    assert_eq!(show(&bench.run().await), "done: two");
    let asked: Vec<bool> = (0..3).map(|n| mock.body(n).get("stream_options").is_some()).collect();
    assert_eq!(asked, [true, false, false]);
}

#[tokio::test]
async fn a_refusal_for_another_reason_changes_nothing_for_later_runs() {
    let refused = error("400 X", "", &json!({ "message": "`explain stream_options to me` is not allowed" }));
    let mock = Mock::serve(vec![refused.clone(), refused, good("two")]).await;
    let bench = Bench::new(config(&mock));
    assert!(show(&bench.run().await).starts_with("bad_request: "));
    assert_eq!(show(&bench.run().await), "done: two");
    let asked: Vec<bool> = (0..3).map(|n| mock.body(n).get("stream_options").is_some()).collect();
    assert_eq!(asked, [true, false, true]);
}

#[tokio::test]
async fn the_output_limit_is_sent_under_the_name_the_server_knows() {
    let refused = error("400 X", "", &json!({ "message": "Unsupported", "param": "max_tokens" }));
    let mock = Mock::serve(vec![refused.clone(), good("one"), refused.clone(), refused]).await;
    let mut config = config(&mock);
    config.max_output_tokens = Some(99);
    let bench = Bench::new(config);
    assert_eq!(show(&bench.run().await), "done: one");
    assert_eq!(mock.body(0)["max_tokens"], 99);
    assert_eq!((&mock.body(1)["max_completion_tokens"], &mock.body(1)["max_tokens"]), (&json!(99), &json!(null)));
    // A server that refuses both names is not asked for ever.
    assert!(show(&bench.run().await).starts_with("bad_request: "));
    assert_eq!(mock.requests().len(), 4);
}

#[tokio::test]
async fn tokens_of_failed_requests_are_counted_when_the_provider_worked() {
    let mock = Mock::serve(vec![server_error(), vec![stream(piece("lost"))], good("Hi")]).await;
    let usage = Bench::new(config(&mock)).run().await.usage;
    // The refused request is free, the cut one is estimated, the good one is reported as 11 and 3.
    assert!(usage.estimated && usage.input > 11 && usage.input < 40, "{usage:?}");
    assert_eq!(usage.output, 4);
}

#[tokio::test]
async fn reported_usage_is_exact_and_the_last_report_counts() {
    let running = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":1}}\n\n";
    let mock = Mock::serve(vec![vec![stream(piece("Hi") + running + &end("stop"))]]).await;
    let usage = Bench::new(config(&mock)).run().await.usage;
    assert_eq!((usage.input, usage.output, usage.estimated), (11, 3, false));
}

#[tokio::test]
async fn after_many_failures_new_calls_wait_before_they_ask() {
    let mock =
        Mock::serve(vec![server_error(), server_error(), server_error(), server_error(), server_error(), good("Hi")]).await;
    let bench = Bench::new(config(&mock));
    bench.run().await;
    let waiting = bench.run();
    tokio::select! {
        _ = waiting => panic!("it did not wait"),
        () = bench.diary.until("the provider keeps failing, trying again in ") => {}
    }
    assert_eq!(mock.requests().len(), 5);
}

#[test]
fn pauses_grow_within_their_bounds() {
    for retry in 0..40 {
        let top = Duration::from_millis(500).saturating_mul(2_u32.saturating_pow(retry)).min(Duration::from_secs(30));
        for _ in 0..50 {
            let pause = Backoff::USUAL.draw(retry);
            assert!(pause >= Duration::from_millis(100) && pause <= top, "{retry}: {pause:?}");
        }
    }
}
