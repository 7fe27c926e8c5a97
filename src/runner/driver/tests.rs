//! Whole runs: cancelling, progress, several calls, and who is asked.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::background::ports::{ProviderFault, RunReport};
use crate::domain::channel::ChannelId;
use crate::domain::failure::FailureCode;
use crate::domain::origin::Origin;
use crate::domain::task::{Outcome, RunSettings};
use crate::runner::driver::Persona;
use crate::runner::mock::{Act, Bench, Mock, config, end, error, good, piece, show, stream};

#[tokio::test]
async fn cancelling_closes_the_connection_at_once_and_keeps_what_came() {
    let mut mock = Mock::serve(vec![vec![stream(piece("half of it")), Act::Hang]]).await;
    let bench = Bench::new(config(&mock));
    let run = bench.run();
    let cancel = async {
        bench.diary.until("writing").await;
        bench.cancel.cancel();
        Instant::now()
    };
    let (outcome, cancelled_at) = tokio::join!(run, cancel);
    mock.over(1).await;
    assert!(cancelled_at.elapsed() < Duration::from_millis(500), "{:?}", cancelled_at.elapsed());
    assert_eq!(show(&outcome), "cancelled (half of it)");
    assert!(outcome.usage.estimated && outcome.usage.input > 0 && outcome.usage.output > 0);
}

#[tokio::test]
async fn an_answer_that_is_whole_wins_over_a_cancel_although_more_may_follow() {
    let whole = stream(format!("{}{}", piece("all of it"), end("stop")));
    let mut mock = Mock::serve(vec![vec![whole, Act::Hang]]).await;
    let bench = Bench::new(config(&mock));
    let began = Instant::now();
    let cancel = async {
        bench.diary.until("writing").await;
        bench.cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(bench.run(), cancel);
    mock.over(1).await;
    assert_eq!(show(&outcome), "done: all of it");
    assert!(outcome.usage.output > 0);
    assert!(began.elapsed() < Duration::from_secs(4), "the report of usage was waited for: {:?}", began.elapsed());
}

#[tokio::test]
async fn a_part_of_an_answer_that_is_whole_is_kept_once_when_the_run_is_cancelled() {
    let cut = stream(format!("{}{}", piece("a part"), end("length").replace("data: [DONE]\n\n", "")));
    let mock = Mock::serve(vec![vec![cut, Act::Hang]]).await;
    let bench = Bench::new(config(&mock));
    let cancel = async {
        bench.diary.until("writing").await;
        bench.cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(bench.run(), cancel);
    assert_eq!(show(&outcome), "cancelled (a part)");
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test]
async fn cancelling_works_before_the_answer_begins_and_between_requests() {
    let mut mock = Mock::serve(vec![vec![Act::Hang]]).await;
    let bench = Bench::new(config(&mock));
    let cancel = async {
        while mock.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        bench.cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(bench.run(), cancel);
    assert_eq!(show(&outcome), "cancelled ()");
    mock.over(1).await;

    let again = show(&bench.run().await);
    assert_eq!((again.as_str(), mock.requests().len()), ("cancelled ()", 1), "a cancelled run makes no call");
}

#[tokio::test]
async fn a_long_wait_for_the_provider_ends_when_the_run_is_cancelled() {
    let limited = error("429 X", "retry-after: 100\r\n", &serde_json::json!("x"));
    let mock = Mock::serve(vec![vec![stream(piece("kept"))], limited]).await;
    let bench = Bench::new(config(&mock));
    let cancel = async {
        bench.diary.until("the provider asks to slow down, attempt 3 of 5 in 100 s").await;
        bench.cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(bench.run(), cancel);
    assert_eq!(show(&outcome), "cancelled (kept)");
}

#[tokio::test]
async fn progress_tells_phase_step_and_tokens() {
    let first = stream(piece("one ") + "data: {\"choices\":[{\"delta\":{\"reasoning\":\"hm\"}}]}\n\n" + &end("length"));
    let mock = Mock::serve(vec![vec![first], good("two")]).await;
    let bench = Bench::new(config(&mock));
    assert_eq!(show(&bench.run().await), "done: one two");
    let entries = bench.diary.entries();
    let first = entries.first().unwrap();
    assert_eq!((first.phase.as_str(), first.step), ("waiting for the model", 1));
    assert!(first.usage.estimated && first.usage.input > 0, "{first:?}");
    let second = entries.iter().find(|entry| entry.step == 2).unwrap();
    assert_eq!((second.phase.as_str(), second.usage.output), ("waiting for the model", 3));
    assert!(entries.iter().any(|entry| entry.phase == "writing"), "{entries:?}");
    let continued = mock.body(1);
    let messages = continued["messages"].as_array().unwrap();
    assert_eq!((messages.len(), &messages[2]["content"]), (4, &"one ".into()));
    assert_eq!(messages[2]["reasoning"], "hm", "fields of its own go back to the same server");
}

#[tokio::test]
async fn when_the_time_is_nearly_up_the_model_is_asked_for_a_last_word() {
    let mock = Mock::serve(vec![vec![stream(piece("half") + &end("length"))], good("The rest is missing.")]).await;
    let outcome = Bench::new(config(&mock)).with_time(Duration::ZERO).run().await;
    let Outcome::Failed { failure, partial } = outcome.outcome else { panic!("it did not fail") };
    assert_eq!((failure.code, partial.as_str()), (FailureCode::TimedOut, "half\n\nThe rest is missing."));
    let asked = mock.body(1);
    assert!(asked["messages"][3]["content"].as_str().is_some_and(|text| text.starts_with("The time for this task")), "{asked}");
}

#[tokio::test]
async fn many_pieces_give_few_reports() {
    let body: String = (0..500).map(|n| piece(&format!("{n} "))).collect();
    let mock = Mock::serve(vec![vec![stream(body + &end("stop"))]]).await;
    let bench = Bench::new(config(&mock));
    bench.run().await;
    assert!(bench.diary.entries().len() < 10, "{}", bench.diary.entries().len());
}

#[tokio::test]
async fn usage_of_all_calls_is_added() {
    let mock = Mock::serve(vec![vec![stream(piece("one") + &end("length"))], good("two")]).await;
    let usage = Bench::new(config(&mock)).run().await.usage;
    assert_eq!((usage.input, usage.output, usage.estimated), (22, 6, false));
}

#[tokio::test]
async fn a_run_reports_which_model_answered_and_after_how_many_calls() {
    let named = |text: &str, finish: &str| {
        let piece = json!({ "model": "test-model-2026", "choices": [{ "delta": { "content": text } }] });
        vec![stream(format!("data: {piece}\n\n{}", end(finish)))]
    };
    let mock = Mock::serve(vec![named("Hel", "length"), vec![Act::Reset], named("lo", "stop")]).await;
    let ended = Bench::new(config(&mock)).run().await;
    assert_eq!(show(&ended), "done: Hello");
    let RunReport { model, calls, duration, fault } = ended.report;
    assert_eq!((model.as_deref(), calls, fault), (Some("test-model-2026"), 2, None));
    assert!(!duration.is_zero());
}

#[tokio::test]
async fn a_run_that_fails_reports_what_the_providers_support_asks_for() {
    let fault = async |script: Vec<Act>| {
        let mock = Mock::serve(vec![script]).await;
        let mut config = config(&mock);
        (config.retries, config.first_token) = (0, Some(Duration::from_millis(60)));
        let RunReport { model, calls, fault, .. } = Bench::new(config).run().await.report;
        assert_eq!((model.as_deref(), calls), (Some("test-model"), 1));
        let ProviderFault { status, code, request_id, retryable } = fault.unwrap();
        (status, code, request_id, retryable)
    };
    let circles = stream(piece("again ").repeat(150));
    let mock = Mock::serve(vec![vec![circles], good("better")]).await;
    let ended = Bench::new(config(&mock)).run().await;
    assert_eq!((show(&ended).as_str(), ended.report.calls, ended.report.fault), ("done: better", 2, None));
    let overloaded = error("529 X", "x-request-id: req-7\r\n", &json!({ "type": "overloaded_error" }));
    assert_eq!(fault(overloaded).await, (Some(529), "overloaded_error".to_owned(), Some("req-7".to_owned()), true));
    let unknown = error("404 X", "", &json!({ "message": "no such model", "code": "model_not_found" }));
    assert_eq!(fault(unknown).await, (Some(404), "model_not_found".to_owned(), None, false));
    assert_eq!(fault(vec![Act::Hang]).await, (None, "stalled_first".to_owned(), None, true));
}

#[tokio::test]
async fn the_persons_choice_goes_before_the_channels_and_that_before_the_configured() {
    let channel: ChannelId = "chat:1".parse().unwrap();
    let persona = Persona {
        channel: channel.clone(),
        model: Some("channel-model".to_owned()),
        system_prompt: Some("Be a pirate.".to_owned()),
    };
    let mock = Mock::serve(vec![good("Hi")]).await;
    let bench = Bench::new(config(&mock)).with_personas(vec![persona]);
    let there = Origin { channel: Some(channel), ..Origin::default() };
    bench.run().await;
    bench.run_for(there.clone(), RunSettings::default()).await;
    bench.run_for(there, RunSettings { model: Some("my-model".to_owned()), ..RunSettings::default() }).await;
    let asked: Vec<_> = (0..3).map(|n| mock.body(n)).map(|body| (body["model"].clone(), body["messages"][0].clone())).collect();
    assert_eq!((&asked[0].0, &asked[0].1["content"]), (&"test-model".into(), &"Be brief.".into()));
    assert_eq!((&asked[1].0, &asked[1].1["content"]), (&"channel-model".into(), &"Be a pirate.".into()));
    assert_eq!((&asked[2].0, &asked[2].1["content"]), (&"my-model".into(), &"Be a pirate.".into()));
}

#[tokio::test]
async fn a_topic_is_as_its_chat_in_what_it_leaves_open() {
    let persona = |channel: &str, model: Option<&str>, system: Option<&str>| Persona {
        channel: channel.parse().unwrap(),
        model: model.map(ToOwned::to_owned),
        system_prompt: system.map(ToOwned::to_owned),
    };
    let personas =
        vec![persona("chat:1", Some("of-the-chat"), Some("Be a pirate.")), persona("chat:1/7", Some("of-the-topic"), None)];
    let mock = Mock::serve(vec![good("Hi")]).await;
    let bench = Bench::new(config(&mock)).with_personas(personas);
    for channel in ["chat:1/7", "chat:1/8"] {
        bench.run_for(Origin { channel: channel.parse().ok(), ..Origin::default() }, RunSettings::default()).await;
    }
    let asked: Vec<_> = (0..2).map(|n| mock.body(n)).map(|body| (body["model"].clone(), body["messages"][0].clone())).collect();
    assert_eq!((&asked[0].0, &asked[0].1["content"]), (&"of-the-topic".into(), &"Be a pirate.".into()));
    assert_eq!((&asked[1].0, &asked[1].1["content"]), (&"of-the-chat".into(), &"Be a pirate.".into()));
}

/// Takes everything that is logged in this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_tell_of_every_request_and_hold_no_key_no_prompt_and_no_body() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    let guard = tracing::subscriber::set_default(subscriber.with_writer(move || writer.clone()).finish());
    // With a single subscriber, tests in other threads, which have none, could switch callsites off for this one too.
    let second = tracing::Dispatch::new(tracing_subscriber::registry());
    let says = "no room for “the prompt”, secret-key or Brief things: 5.6 GiB are needed";
    let body = serde_json::json!({ "message": says, "code": "a secret", "param": "messages[0].content" });
    let refused = error("500 X", "x-request-id: req-7\r\n", &body);
    let garbage = vec![stream(piece("an answer that failed") + "data: a secret that is not JSON\n\n")];
    let mock = Mock::serve(vec![refused, garbage, vec![Act::Reset], good("an answer")]).await;
    assert_eq!(show(&Bench::new(config(&mock)).run().await), "done: an answer");
    drop((guard, second));
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for needed in [
        "llm.complete",
        "task.id=task-1",
        "req-7",
        "status=500",
        "messages[0]",
        "no room for “[…]”, […]-[…] or […] things: 5.6 GiB are needed",
        "incomplete_stream",
        "connection_lost",
        "request=4",
    ] {
        assert!(log.contains(needed), "no `{needed}` in\n{log}");
    }
    for forbidden in ["secret", "the prompt", "Be brief", "an answer"] {
        assert!(!log.contains(forbidden), "`{forbidden}` in\n{log}");
    }
}
