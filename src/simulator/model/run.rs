//! A reply on its way: its steps one by one, as a stream or, for clients that asked for none, in one piece.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};

use crate::simulator::connection::Connection;
use crate::simulator::model::ModelServer;
use crate::simulator::model::calls::{CallEnd, RunningCall};
use crate::simulator::model::http;
use crate::simulator::model::reply::{Reply, Step};
use crate::simulator::model::wire::{self, Answer};

/// One call and what is left of its reply.
pub(super) struct Run {
    server: ModelServer,
    connection: Connection,
    call: RunningCall,
    steps: VecDeque<Step>,
    answer: Answer,
    streams: bool,
    wants_usage: bool,
    /// The first chunk names the role.
    role_sent: bool,
}

impl Run {
    pub(super) fn new(server: ModelServer, connection: Connection, call: RunningCall, request: &Value, reply: Reply) -> Self {
        let answer = Answer {
            id: format!("chatcmpl-demo-{}", call.number()),
            model: request["model"].as_str().unwrap_or_default().to_owned(),
            asked: wire::asked(&request["messages"]),
            answered: 0,
        };
        let streams = request["stream"] == json!(true);
        let wants_usage = http::wants_usage(request);
        Self { server, connection, call, steps: reply.steps.into(), answer, streams, wants_usage, role_sent: false }
    }

    /// Waits as long as the first steps say, then sends the status line.
    pub(super) async fn respond(mut self) -> Response<Body> {
        while self.steps.front().is_some_and(is_silent) {
            if let Some(step) = self.steps.pop_front() {
                self.wait(step).await;
            }
        }
        let id = http::request_id(self.call.number());
        if let Some(Step::Status(status, mut headers, body)) = self.take_status() {
            self.call.answered(status);
            self.call.end(CallEnd::Completed);
            headers.push(id);
            return http::respond(status, &headers, Body::from(body));
        }
        if !self.streams {
            return self.in_one_piece().await;
        }
        self.call.answered(200);
        let headers = [
            ("content-type".to_owned(), "text/event-stream; charset=utf-8".to_owned()),
            ("cache-control".to_owned(), "no-cache".to_owned()),
            id,
        ];
        let pieces = stream::unfold(self, async |mut run| {
            let piece = run.next_piece().await?;
            Some((Ok::<_, Infallible>(piece), run))
        });
        http::respond(200, &headers, Body::from_stream(pieces))
    }

    fn take_status(&mut self) -> Option<Step> {
        self.steps.pop_front_if(|step| matches!(step, Step::Status(..)))
    }

    /// The next bytes of the stream; none at its end.
    async fn next_piece(&mut self) -> Option<Bytes> {
        loop {
            let Some(step) = self.steps.pop_front() else {
                self.call.end(CallEnd::Completed);
                return None;
            };
            if is_silent(&step) {
                self.wait(step).await;
            } else if let Some(bytes) = self.bytes_of(step) {
                return Some(bytes);
            }
        }
    }

    fn bytes_of(&mut self, step: Step) -> Option<Bytes> {
        let text = match step {
            Step::Text(text) => self.delta("content", &text),
            Step::Reasoning(text) => self.delta("reasoning_content", &text),
            Step::Finish(reason) => {
                let mut text = wire::event(&self.answer.chunk(&json!({}), Some(&reason)));
                if self.wants_usage {
                    text.push_str(&wire::event(&self.answer.usage_chunk()));
                }
                text
            }
            Step::Chunk(json) => wire::event(&json),
            Step::Raw(bytes) => return Some(bytes),
            Step::Done => {
                // The client may leave as soon as it has read this.
                self.call.end(CallEnd::Completed);
                self.steps.clear();
                "data: [DONE]\n\n".to_owned()
            }
            // The others send nothing, and a status cannot be sent twice.
            _ => return None,
        };
        Some(Bytes::from(text))
    }

    fn delta(&mut self, field: &str, text: &str) -> String {
        let mut delta = json!({ field: text });
        if !std::mem::replace(&mut self.role_sent, true) {
            delta["role"] = json!("assistant");
        }
        let characters = text.chars().count();
        self.answer.answered += characters;
        self.call.sent(characters);
        wire::event(&self.answer.chunk(&delta, None))
    }

    async fn wait(&mut self, step: Step) {
        match step {
            Step::Wait(time) => tokio::time::sleep(time).await,
            Step::Gate(name) => {
                self.server.until(|server| server.read(|state| state.open_gates.contains(&name).then_some(()))).await;
            }
            Step::Hold => self.server.until(|server| server.read(|state| (!state.held).then_some(()))).await,
            Step::Stall => std::future::pending().await,
            Step::Cut => {
                // What was sent before goes out first: the connection hands it on while this waits.
                tokio::time::sleep(Duration::from_millis(5)).await;
                self.call.end(CallEnd::Cut);
                self.connection.cut_and_end::<()>().await;
            }
            _ => {}
        }
    }

    async fn in_one_piece(mut self) -> Response<Body> {
        let (mut text, mut finish_reason) = (String::new(), "stop".to_owned());
        while let Some(step) = self.steps.pop_front() {
            match step {
                Step::Text(piece) => {
                    self.call.sent(piece.chars().count());
                    text.push_str(&piece);
                }
                Step::Chunk(json) => text.push_str(json["choices"][0]["delta"]["content"].as_str().unwrap_or_default()),
                Step::Finish(reason) => finish_reason = reason,
                step => self.wait(step).await,
            }
        }
        self.answer.answered = text.chars().count();
        self.call.answered(200);
        self.call.end(CallEnd::Completed);
        let body = self.answer.whole(&text, &finish_reason).to_string();
        http::respond(200, &[http::request_id(self.call.number())], Body::from(body))
    }
}

/// Steps that send nothing.
fn is_silent(step: &Step) -> bool {
    matches!(step, Step::Wait(_) | Step::Gate(_) | Step::Hold | Step::Stall | Step::Cut)
}
