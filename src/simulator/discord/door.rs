//! The front door of the REST API: every request is counted, met by its fault, checked for the token and the limits,
//! read, answered, and what was wrong with it noted.

use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::Shared;
use super::fault::FaultKind;
use super::limit::TooMany;
use super::line::Line;
use super::message::StoredFile;
use super::refusal::Refusal;
use super::route::{Call, Guard, Route};
use super::submission::Submission;
use super::world::World;

const API: &str = "/api/v10";

/// Answers any request that is not for the gateway's websocket.
pub(super) async fn enter(State(shared): State<Arc<Shared>>, ConnectInfo(line): ConnectInfo<Line>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    if let Some(file) = path.strip_prefix("/attachments/") {
        return shared.look(|world| download(world, file));
    }
    let Some((route, params)) = path.strip_prefix(API).and_then(|path| Route::find(method, path)) else {
        let refusal = Refusal::unknown_route();
        shared.act(|world| world.record.violation(format!("{method} {path}: {}", refusal.describe())));
        return refusal.into_response();
    };
    let fault = shared.act(|world| {
        world.record.arrived(route.method, route.template);
        world.faults.strike(route.method, route.template)
    });
    match fault {
        None | Some(FaultKind::CutAfter | FaultKind::NotJsonAfter(_) | FaultKind::AnswerLate(_)) => {}
        Some(FaultKind::ActLate(time)) => tokio::time::sleep(time).await,
        Some(FaultKind::Status(status, code, message)) => return Refusal::unlucky(status, code, &message).into_response(),
        Some(FaultKind::RetryAfter(retry_after, global)) => return TooMany::arbitrary(retry_after, global).into_response(),
        Some(FaultKind::NotJson(status)) => return page(status),
        Some(FaultKind::CutBefore) => {
            line.cut();
            return StatusCode::BAD_GATEWAY.into_response();
        }
        Some(FaultKind::Hang) => {
            shared.stop.cancelled().await;
            line.cut();
            return StatusCode::BAD_GATEWAY.into_response();
        }
    }
    let submission = Submission::read(&parts.headers, body).await;
    let query = parts.uri.query().unwrap_or_default();
    let response = shared.act(|world| world.serve(route, params, query, &parts.headers, submission));
    match fault {
        Some(FaultKind::CutAfter) => line.cut(),
        Some(FaultKind::NotJsonAfter(status)) => return page(status),
        Some(FaultKind::AnswerLate(time)) => tokio::time::sleep(time).await,
        _ => {}
    }
    response
}

impl World {
    fn serve(
        &mut self,
        route: &Route,
        params: Vec<String>,
        query: &str,
        headers: &HeaderMap,
        submission: Result<Submission, Refusal>,
    ) -> Response {
        let (method, template) = (route.method, route.template);
        self.check_agent(route, headers);
        let allowance = match self.limits.take(route, &params) {
            Ok(allowance) => allowance,
            Err(too_many) => {
                self.record.violation(format!("{method} {template}: 429, one request too many: {too_many:?}"));
                return too_many.into_response();
            }
        };
        let outcome = self.check_token(route, headers).and(submission).and_then(|submission| {
            self.record.said(method, template, &submission.json);
            route.answer(self, &Call::new(route, params, query, submission))
        });
        let mut response = match outcome {
            Ok(answer) => answer.into_response(),
            Err(refusal) => {
                if refusal.blamed {
                    self.record.violation(format!("{method} {template}: {}", refusal.describe()));
                }
                refusal.into_response()
            }
        };
        allowance.mark(&mut response);
        response
    }

    fn check_token(&self, route: &Route, headers: &HeaderMap) -> Result<(), Refusal> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let right = given.strip_prefix("Bot ") == Some(self.token.as_str());
        if right || route.guard != Guard::Bot { Ok(()) } else { Err(Refusal::unauthorized()) }
    }

    /// Discord's edge blocks clients that do not name themselves as bots.
    fn check_agent(&mut self, route: &Route, headers: &HeaderMap) {
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !agent.starts_with("DiscordBot (") {
            self.record.violation(format!("{} {}: the user agent `{agent}` is no DiscordBot", route.method, route.template));
        }
    }
}

/// What a proxy in front of Discord says when it is broken.
fn page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, Html(format!("<html><head><title>{status}</title></head><body>cloudflare</body></html>"))).into_response()
}

/// A file of a message, found by `channel/attachment/name`.
fn download(world: &World, path: &str) -> Response {
    let mut segments = path.split('/').map(|segment| segment.parse::<u64>().ok());
    let (Some(Some(channel)), Some(Some(id))) = (segments.next(), segments.next()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let messages = world.channels.get(&channel).into_iter().flat_map(|channel| &channel.messages);
    match messages.flat_map(|message| &message.files).find(|file| file.id == id) {
        Some(StoredFile { upload, .. }) => {
            let kind = upload.content_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
            ([(header::CONTENT_TYPE, kind)], upload.bytes.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
