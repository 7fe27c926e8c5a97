//! The HTTP side: who may call, what a call must have, and which reply it gets.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, State as Handle};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::simulator::connection::Connection;
use crate::simulator::model::calls::RunningCall;
use crate::simulator::model::reply::{Reply, Step};
use crate::simulator::model::run::Run;
use crate::simulator::model::{ModelServer, demo, wire};

pub(super) fn router(server: ModelServer) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat_completions))
        .route("/v1/models", get(models))
        .fallback(async || respond_error(404, "invalid_request_error", "Unknown request URL"))
        .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
        .with_state(server)
}

async fn models(Handle(server): Handle<ModelServer>, headers: HeaderMap) -> Response<Body> {
    match check_key(&server, &headers) {
        Err(reply) => respond_whole(&reply),
        Ok(()) => respond(200, &[], server.read(|state| wire::models(&state.models)).to_string().into()),
    }
}

async fn chat_completions(
    Handle(server): Handle<ModelServer>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let request: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let model = request["model"].as_str().unwrap_or_default().to_owned();
    let prompt = wire::last_prompt(&request["messages"]);
    let call = RunningCall::begin(&server, model, prompt.clone(), request.clone());
    let reply = match check_key(&server, &headers).and_then(|()| check_request(&request)) {
        Err(reply) => reply,
        Ok(()) => choose(&server, &prompt),
    };
    Run::new(server, connection, call, &request, reply).respond().await
}

fn check_key(server: &ModelServer, headers: &HeaderMap) -> Result<(), Reply> {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let fits = server.read(|state| state.key.as_deref().is_none_or(|key| given == Some(key)));
    if fits { Ok(()) } else { Err(Reply::error(401, "invalid_api_key", "Incorrect API key provided.")) }
}

fn check_request(request: &Value) -> Result<(), Reply> {
    let refuse = |message: &str| Err(Reply::error(400, "invalid_request_error", message));
    if !request.is_object() {
        return refuse("We could not parse the JSON body of your request.");
    }
    if request["model"].as_str().is_none_or(str::is_empty) {
        return refuse("you must provide a model parameter");
    }
    let Some(messages) = request["messages"].as_array().filter(|messages| !messages.is_empty()) else {
        return refuse("Missing required parameter: 'messages'.");
    };
    let roles = ["developer", "system", "user", "assistant", "tool", "function"];
    match messages.iter().position(|message| !message["role"].as_str().is_some_and(|role| roles.contains(&role))) {
        Some(index) => refuse(&format!("Invalid value for 'messages[{index}].role'.")),
        None => Ok(()),
    }
}

/// A scripted reply if there is one, else what the demo model says.
fn choose(server: &ModelServer, prompt: &str) -> Reply {
    let scripted = server.change(|state| match state.to_prompts.iter().position(|(fragment, _)| prompt.contains(fragment)) {
        Some(index) => Some(state.to_prompts.remove(index).1),
        None => state.next.pop_front(),
    });
    scripted.unwrap_or_else(|| demo::reply(server, prompt))
}

fn respond_whole(reply: &Reply) -> Response<Body> {
    match reply.steps.first() {
        Some(Step::Status(status, headers, body)) => respond(*status, headers, body.clone().into()),
        _ => respond(500, &[], Body::empty()),
    }
}

fn respond_error(status: u16, code: &str, message: &str) -> Response<Body> {
    respond(status, &[], wire::error(code, message).to_string().into())
}

/// A response of JSON unless a header says otherwise.
pub(super) fn respond(status: u16, headers: &[(String, String)], body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The request id that real servers send along.
pub(super) fn request_id(number: usize) -> (String, String) {
    ("x-request-id".to_owned(), format!("req_demo_{number}"))
}

/// Whether the usage is wanted in the stream.
pub(super) fn wants_usage(request: &Value) -> bool {
    request["stream_options"]["include_usage"] == json!(true)
}
