//! What a plain HTTP client sees of this server.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::simulator::model::{CallEnd, ModelServer, Reply, Step};

struct World {
    model: ModelServer,
    client: reqwest012::Client,
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl World {
    async fn start() -> Self {
        let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
        let model = ModelServer::start(&tracker, stop.clone()).await.unwrap();
        model.pace(Duration::ZERO);
        let client = reqwest012::Client::builder().no_proxy().build().unwrap();
        Self { model, client, stop, tracker }
    }

    async fn send(&self, prompt: &str) -> reqwest012::Response {
        let body = json!({
            "model": "demo",
            "messages": [{ "role": "system", "content": "Be brief." }, { "role": "user", "content": prompt }],
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        self.post(&body).await
    }

    async fn post(&self, body: &Value) -> reqwest012::Response {
        self.client.post(format!("{}/chat/completions", self.model.url())).json(body).send().await.unwrap()
    }

    fn last_end(&self) -> Option<CallEnd> {
        self.model.calls().last().unwrap().ended
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The text, the finish reason, whether there was a usage, and whether the stream was `[DONE]`.
async fn read(response: reqwest012::Response) -> (String, String, bool, bool) {
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    let body = response.text().await.unwrap();
    let (mut text, mut finish, mut usage, mut done) = (String::new(), String::new(), false, false);
    for data in body.lines().filter_map(|line| line.strip_prefix("data: ")) {
        if data == "[DONE]" {
            done = true;
            continue;
        }
        let event: Value = serde_json::from_str(data).unwrap();
        text.push_str(event["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
        finish.push_str(event["choices"][0]["finish_reason"].as_str().unwrap_or_default());
        usage |= event["usage"]["total_tokens"].as_i64().is_some_and(|tokens| tokens > 0);
    }
    (text, finish, usage, done)
}

#[tokio::test]
async fn the_demo_model_says_what_it_is_and_what_was_asked() {
    let world = World::start().await;
    let (text, finish, usage, done) = read(world.send("count the stars").await).await;
    assert!(text.contains("demo model") && text.contains("count the stars"), "{text}");
    assert_eq!((finish.as_str(), usage, done), ("stop", true, true));
    let call = world.model.calls().pop().unwrap();
    assert_eq!((call.prompt.as_str(), call.model.as_str(), call.status), ("count the stars", "demo", Some(200)));
    assert_eq!((call.ended, call.sent), (Some(CallEnd::Completed), text.chars().count()));

    let body = json!({ "model": "demo", "messages": [{ "role": "user", "content": [{ "type": "text", "text": "words 3" }] }] });
    let whole: Value = world.post(&body).await.json().await.unwrap();
    assert_eq!(whole["choices"][0]["message"]["content"], "This sentence is");
    assert_eq!(whole["object"], "chat.completion");
}

#[tokio::test]
async fn words_in_the_prompt_steer_it() {
    let world = World::start().await;
    let answer = async |prompt: &str| read(world.send(prompt).await).await;
    assert_eq!(answer("words 500").await.0.split_whitespace().count(), 500);
    assert_eq!(answer("chars 9000").await.0.chars().count(), 9000);
    assert_eq!(answer("emoji 20").await.0.encode_utf16().count(), 40);
    assert!(answer("markdown").await.0.contains("```rust"));
    assert_eq!(answer("words 5 length").await.1, "length");
    assert_eq!(answer("filter").await, (String::new(), "content_filter".to_owned(), true, true));
    assert_eq!(answer("empty").await, (String::new(), "stop".to_owned(), true, true));
    assert_eq!(answer("refuse").await, (String::new(), "stop".to_owned(), true, true));
    let (_, finish, usage, done) = answer("words 5 truncate").await;
    assert_eq!((finish.as_str(), usage, done), ("", false, false));
    assert_eq!(answer("words 5 error").await.1, "");
    assert!(answer("think 10ms comments 10ms sleep 10ms talk 10ms").await.0.starts_with("This"));
}

#[tokio::test]
async fn errors_look_like_openai_s() {
    let world = World::start().await;
    let response = world.send("status 429 retry 7 times 1").await;
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"]["code"], "rate_limit_exceeded");
    assert_eq!(world.send("status 429 retry 7 times 1").await.status().as_u16(), 200);

    for body in [json!({ "model": "demo" }), json!({ "messages": [{ "role": "user", "content": "x" }] }), json!([])] {
        assert_eq!(world.post(&body).await.status().as_u16(), 400, "{body}");
    }
    world.model.require_key("sk-demo");
    assert_eq!(world.send("hello").await.status().as_u16(), 401);
    let models = || world.client.get(format!("{}/models", world.model.url()));
    assert_eq!(models().send().await.unwrap().status().as_u16(), 401);
    let list: Value = models().bearer_auth("sk-demo").send().await.unwrap().json().await.unwrap();
    assert_eq!(list["data"][0]["id"], "demo");
    assert_eq!(world.last_end(), Some(CallEnd::Completed));
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_at_once() {
    let world = World::start().await;
    for prompt in ["stall", "sleep 60s", "hang"] {
        let left = tokio::time::timeout(Duration::from_millis(100), async { world.send(prompt).await.text().await });
        assert!(left.await.is_err());
        let noticed = world.model.until(|model| (model.running() == 0).then_some(()));
        tokio::time::timeout(Duration::from_millis(500), noticed).await.unwrap();
        assert_eq!(world.last_end(), Some(CallEnd::ClientGone), "{prompt}");
    }
}

#[tokio::test]
async fn a_cut_comes_after_what_was_sent() {
    let world = World::start().await;
    let mut response = world.send("words 40 cut").await;
    let mut received = Vec::new();
    let broken = loop {
        match response.chunk().await {
            Ok(Some(bytes)) => received.extend_from_slice(&bytes),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken && String::from_utf8(received).unwrap().contains("filler"));
    assert_eq!(world.last_end(), Some(CallEnd::Cut));
}

#[tokio::test]
async fn held_answers_wait_for_their_release() {
    let world = World::start().await;
    world.model.hold();
    let answers = async { tokio::join!(world.send("words 1"), world.send("words 2")) };
    let (one, two) = answers.await;
    assert_eq!(world.model.running(), 2);
    world.model.release();
    assert_eq!((read(one).await.0.as_str(), read(two).await.0.as_str()), ("This", "This sentence"));
    assert_eq!(world.model.running(), 0);
}

#[tokio::test]
async fn scripts_are_followed_to_the_letter() {
    let world = World::start().await;
    world.model.script(vec![
        Step::Open,
        Step::Gate("first".to_owned()),
        Step::Raw("data: {\"choi".into()),
        Step::Raw("ces\":[]}\r\n\r\n".into()),
        Step::Chunk(json!({ "error": { "code": 502 } })),
    ]);
    world.model.next_reply(Reply::error(402, "billing", "Pay").header("x-a", "b"));
    world.model.reply_to("special", "a special answer");
    assert_eq!(read(world.send("something special").await).await.0, "a special answer");
    let response = world.send("anything").await;
    world.model.open_gate("first");
    let text = response.text().await.unwrap();
    assert_eq!(text, "data: {\"choices\":[]}\r\n\r\ndata: {\"error\":{\"code\":502}}\n\n");
    let response = world.send("anything").await;
    assert_eq!((response.status().as_u16(), &response.headers()["x-a"]), (402, &"b".parse().unwrap()));
}

#[tokio::test]
async fn stopping_ends_streams_at_once() {
    let world = World::start().await;
    let response = world.send("stall").await;
    world.stop.cancel();
    world.tracker.close();
    tokio::time::timeout(Duration::from_secs(1), world.tracker.wait()).await.unwrap();
    assert!(response.text().await.is_err());
}
