//! A model's server made of a raw socket, which can misbehave in every way a real one does, and what tests need beside it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::background::ports::{AgentRunner, Clock, Progress, ProgressSink, RunControl, RunOutcome, RunRequest};
use crate::config::LlmConfig;
use crate::domain::channel::ChannelId;
use crate::domain::id::TaskId;
use crate::domain::origin::Origin;
use crate::domain::prompt::Prompt;
use crate::domain::task::{Outcome, RunSettings};
use crate::domain::time::{Timestamp, from_millis};
use crate::runner::call::Backoff;
use crate::runner::driver::{LlmRunner, Persona};

/// What the server does with a request, step by step. At the end of its script it closes the connection.
#[derive(Clone)]
pub(crate) enum Act {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Sends bytes again and again, until the client goes away.
    Repeat(&'static [u8], Duration),
    /// Says nothing until the client goes away.
    Hang,
    /// Breaks the connection with a RST.
    Reset,
}

/// A running server.
pub(crate) struct Mock {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    left: watch::Receiver<usize>,
}

impl Mock {
    /// Serves the first request by the first script and so on, and all further ones by the last.
    pub(crate) async fn serve(scripts: Vec<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (leave, left) = watch::channel(0);
        let seen = Arc::clone(&requests);
        let tracker = TaskTracker::new();
        let inner = tracker.clone();
        tracker.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read_request(&mut stream).await;
                let number = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(request);
                    seen.len() - 1
                };
                let script = scripts.get(number).or(scripts.last()).unwrap().clone();
                let leave = leave.clone();
                inner.spawn(async move {
                    play(stream, script).await;
                    leave.send_modify(|left| *left += 1);
                });
            }
        });
        Self { address, requests, left }
    }

    /// The address as it is configured.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Requests so far, as they came in.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The body of request number `n`.
    pub(crate) fn body(&self, n: usize) -> Value {
        let request = self.requests()[n].clone();
        serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// Waits until so many requests came to the end of their script or were left by the client.
    pub(crate) async fn over(&mut self, requests: usize) {
        self.left.wait_for(|left| *left >= requests).await.unwrap();
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return text,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
        }
    }
}

async fn play(mut stream: TcpStream, script: Vec<Act>) {
    stream.set_nodelay(true).unwrap();
    for act in script {
        match act {
            Act::Send(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Act::Repeat(bytes, every) => {
                let mut every = tokio::time::interval(every);
                while stream.write_all(bytes).await.is_ok() {
                    every.tick().await;
                }
            }
            Act::Hang => while matches!(stream.read(&mut [0; 64]).await, Ok(n) if n > 0) {},
            Act::Reset => {
                stream.set_zero_linger().unwrap();
                return;
            }
        }
    }
}

/// Headers of a good answer that is a stream, then `body`.
pub(crate) fn stream(body: impl AsRef<[u8]>) -> Act {
    answer("200 OK", "content-type: text/event-stream\r\n", body)
}

/// A whole answer of this status with these headers, each ending in CRLF.
pub(crate) fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Act {
    let mut bytes = format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body.as_ref());
    Act::Send(bytes)
}

/// One event with a piece of text.
pub(crate) fn piece(text: &str) -> String {
    format!("data: {}\n\n", serde_json::json!({ "choices": [{ "index": 0, "delta": { "content": text } }] }))
}

/// The events that end an answer.
pub(crate) fn end(reason: &str) -> String {
    let finish = serde_json::json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] });
    let usage =
        serde_json::json!({ "choices": [], "usage": { "prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14 } });
    format!("data: {finish}\n\ndata: {usage}\n\ndata: [DONE]\n\n")
}

/// A good answer.
pub(crate) fn good(text: &str) -> Vec<Act> {
    vec![stream(piece(text) + &end("stop"))]
}

/// An error with a JSON body.
pub(crate) fn error(status: &str, headers: &str, error: &Value) -> Vec<Act> {
    vec![answer(status, headers, serde_json::json!({ "error": error }).to_string())]
}

/// Settings of a runner that asks this server, with limits that end a test soon.
pub(crate) fn config(mock: &Mock) -> LlmConfig {
    LlmConfig {
        base_url: mock.base_url(),
        api_key: SecretString::from("sk-secret-key\n".to_owned()),
        model: "test-model".to_owned(),
        system_prompt: "Be brief.".to_owned(),
        max_output_tokens: None,
        retries: 4,
        first_token: Some(Duration::from_secs(5)),
        byte_idle: Duration::from_secs(5),
        event_idle: Duration::from_secs(5),
        call_timeout: Duration::from_secs(20),
    }
}

/// Pauses that do not slow a test down.
pub(crate) const SOON: Backoff =
    Backoff { least: Duration::from_millis(1), first: Duration::from_millis(1), most: Duration::from_millis(1) };

/// A clock that stands still.
pub(crate) struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        // 2015-10-21 07:28:00 UTC
        from_millis(1_445_412_480_000).unwrap()
    }

    fn new_id(&self) -> TaskId {
        TaskId::parse("task").unwrap()
    }
}

/// Keeps all progress.
#[derive(Default)]
pub(crate) struct Diary {
    entries: Mutex<Vec<Progress>>,
    written: tokio::sync::Notify,
}

impl ProgressSink for Diary {
    fn report(&self, progress: Progress) {
        self.entries.lock().unwrap().push(progress);
        self.written.notify_one();
    }
}

impl Diary {
    /// All phases reported, doubles in a row left out.
    pub(crate) fn phases(&self) -> Vec<String> {
        let mut phases: Vec<String> = self.entries.lock().unwrap().iter().map(|entry| entry.phase.clone()).collect();
        phases.dedup();
        phases
    }

    /// Everything reported.
    pub(crate) fn entries(&self) -> Vec<Progress> {
        self.entries.lock().unwrap().clone()
    }

    /// Waits for a phase that begins so.
    pub(crate) async fn until(&self, phase: &str) {
        while !self.entries.lock().unwrap().iter().any(|entry| entry.phase.starts_with(phase)) {
            self.written.notified().await;
        }
    }
}

/// A runner, the diary of its runs and the token that cancels them.
pub(crate) struct Bench {
    runner: LlmRunner,
    /// What was reported.
    pub(crate) diary: Arc<Diary>,
    /// Cancels the runs.
    pub(crate) cancel: CancellationToken,
    /// The time of each run.
    time: Duration,
}

impl Bench {
    /// A bench whose runner is configured so.
    pub(crate) fn new(config: LlmConfig) -> Self {
        let runner = LlmRunner::with_backoff(config, Arc::new(StoppedClock), SOON).unwrap();
        Self { runner, diary: Arc::default(), cancel: CancellationToken::new(), time: Duration::from_mins(30) }
    }

    /// The same with another time for each run.
    pub(crate) fn with_time(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    /// The same with channels that differ.
    pub(crate) fn with_personas(self, personas: Vec<Persona>) -> Self {
        Self { runner: self.runner.with_personas(personas), ..self }
    }

    /// Runs one task.
    pub(crate) async fn run(&self) -> RunOutcome {
        self.run_for(Origin::default(), RunSettings::default()).await
    }

    /// Runs one task from somewhere, with settings of its own.
    pub(crate) async fn run_for(&self, origin: Origin, settings: RunSettings) -> RunOutcome {
        let task = TaskId::parse("task-1").unwrap();
        let prompt = Prompt::parse("the prompt").unwrap();
        let control = RunControl {
            cancel: self.cancel.clone(),
            deadline: tokio::time::Instant::now() + self.time,
            progress: Arc::<Diary>::clone(&self.diary),
        };
        let whole = origin.channel.as_ref().and_then(ChannelId::whole);
        self.runner.run(RunRequest { task, attempt: 1, origin, whole, prompt, settings }, control).await
    }
}

/// Runs one task against scripts with a configuration changed so, and shows how it ended. Nothing secret may show.
pub(crate) async fn outcome(scripts: Vec<Vec<Act>>, change: impl FnOnce(&mut LlmConfig)) -> String {
    let mock = Mock::serve(scripts).await;
    let mut config = config(&mock);
    change(&mut config);
    let outcome = Bench::new(config).run().await;
    let shown = show(&outcome);
    assert!(!shown.contains("secret") && !shown.contains("the prompt"), "{shown}");
    shown.replace(&mock.address.to_string(), "HOST")
}

/// An outcome on one line.
pub(crate) fn show(outcome: &RunOutcome) -> String {
    match &outcome.outcome {
        Outcome::Done { result } => format!("done: {result}"),
        Outcome::Failed { failure, partial } if partial.is_empty() => format!("{}: {}", failure.code, failure.message),
        Outcome::Failed { failure, partial } => format!("{}: {} ({partial})", failure.code, failure.message),
        Outcome::Cancelled { partial } => format!("cancelled ({partial})"),
    }
}
