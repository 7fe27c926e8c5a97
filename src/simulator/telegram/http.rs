//! From an HTTP request to its answer: the path, the token, faults, the log, then the method.

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State as Handle};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::simulator::connection::Connection;
use crate::simulator::telegram::TelegramServer;
use crate::simulator::telegram::faults::FaultKind;
use crate::simulator::telegram::methods::{self, Method};
use crate::simulator::telegram::params::Params;
use crate::simulator::telegram::refusal::Refusal;
use crate::simulator::telegram::state::LoggedRequest;

/// Uploads end at 50 MB; a little more is read, so that the refusal can be the platform's own.
const BODY_LIMIT: usize = 52 * 1024 * 1024;

/// Every path leads to one handler, since the token is in the path's first segment.
pub(super) fn router(server: TelegramServer) -> Router {
    Router::new().fallback(answer).layer(DefaultBodyLimit::max(BODY_LIMIT)).with_state(server)
}

async fn answer(
    Handle(server): Handle<TelegramServer>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response<Body> {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    if let Some(file) = path.strip_prefix("file/") {
        // Clients differ in whether they encode the slashes of a path that they were given.
        let file = file.replace("%2F", "/").replace("%3A", ":");
        return match check_token(&server, &file).map(|path| server.file_bytes(path)) {
            Ok(Some(bytes)) => respond(200, "application/octet-stream", Body::from(bytes)),
            Ok(None) => refuse(&Refusal::not_found()),
            Err(refusal) => refuse(&refusal),
        };
    }
    let name = match check_token(&server, &path) {
        Ok(name) => name.to_owned(),
        Err(refusal) => return refuse(&refusal),
    };
    match call(&server, &connection, &name, request).await {
        Ok(result) => json_response(200, &json!({ "ok": true, "result": result })),
        Err(Failure::Refused(refusal)) => refuse(&refusal),
        Err(Failure::Garbled(status)) => {
            let page = "<html><head><title>Bad Gateway</title></head><body><h1>nginx</h1></body></html>";
            respond(status, "text/html", Body::from(page))
        }
    }
}

/// The rest of a path after `bot<token>/`, if the token is the right one.
fn check_token<'a>(server: &TelegramServer, path: &'a str) -> Result<&'a str, Refusal> {
    let (token, rest) = path.strip_prefix("bot").and_then(|path| path.split_once('/')).ok_or_else(Refusal::not_found)?;
    let well_formed = token.split_once(':').is_some_and(|(id, secret)| id.parse::<u64>().is_ok() && !secret.is_empty());
    if !well_formed {
        return Err(Refusal::not_found());
    }
    if server.read(|state| state.token != token) {
        return Err(Refusal::new(401, "Unauthorized"));
    }
    Ok(rest)
}

/// What goes back instead of a result.
enum Failure {
    Refused(Refusal),
    Garbled(u16),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

async fn call(server: &TelegramServer, connection: &Connection, name: &str, request: Request) -> Result<Value, Failure> {
    let fault = server.change(|state| state.faults.take(name));
    if fault == Some(FaultKind::CutBefore) {
        return connection.cut_and_end().await;
    }
    let method = Method::named(name);
    let canonical = method.map_or_else(|| name.to_owned(), |method| method.name.to_owned());
    let params = match Params::read(request).await {
        Ok(params) => params,
        Err(refusal) => return Err(note(server, &canonical, refusal).into()),
    };
    server.change(|state| {
        let log = LoggedRequest { method: canonical.clone(), params: params.to_json(), at: Instant::now() };
        state.requests.push(log);
    });
    match fault {
        Some(FaultKind::Status(status, description)) => return Err(Refusal::new(status, description).into()),
        Some(FaultKind::RetryAfter(seconds)) => return Err(Refusal::retry_after(seconds).into()),
        Some(FaultKind::NotJson(status)) => return Err(Failure::Garbled(status)),
        Some(FaultKind::Conflict409) => return Err(Refusal::other_poll().into()),
        Some(FaultKind::Hang) => return std::future::pending().await,
        Some(FaultKind::ActLate(time)) => tokio::time::sleep(time).await,
        Some(FaultKind::CutBefore | FaultKind::CutAfter | FaultKind::NotJsonAfter(_) | FaultKind::AnswerLate(_)) | None => {}
    }
    let Some(method) = method else {
        server.change(|state| state.violations.push(format!("{canonical}: unknown method")));
        return Err(Refusal::not_found().into());
    };
    let unknown: Vec<String> = params.names().filter(|name| !method.knows(name)).map(ToOwned::to_owned).collect();
    if !unknown.is_empty() {
        let note = format!("{canonical}: unknown parameters {}", unknown.join(", "));
        server.change(|state| state.violations.push(note));
    }
    let result = methods::call(server, method, &params).await;
    match fault {
        Some(FaultKind::CutAfter) => return connection.cut_and_end().await,
        Some(FaultKind::NotJsonAfter(status)) => return Err(Failure::Garbled(status)),
        Some(FaultKind::AnswerLate(time)) => tokio::time::sleep(time).await,
        _ => {}
    }
    result.map_err(|refusal| note(server, &canonical, refusal).into())
}

/// Keeps a refusal that the client brought upon itself.
fn note(server: &TelegramServer, method: &str, refusal: Refusal) -> Refusal {
    if refusal.malformed {
        server.change(|state| state.violations.push(format!("{method}: {}", refusal.description)));
    }
    refusal
}

fn refuse(refusal: &Refusal) -> Response<Body> {
    json_response(refusal.status, &refusal.to_json())
}

fn json_response(status: u16, body: &Value) -> Response<Body> {
    respond(status, "application/json", Body::from(body.to_string()))
}

fn respond(status: u16, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, axum::http::HeaderValue::from_static(content_type));
    response
}
