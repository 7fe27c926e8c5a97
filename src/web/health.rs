//! Is the process alive, and can it serve?

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::web::WebState;

#[derive(Serialize)]
struct Alive {
    status: &'static str,
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    waiting_for: Vec<Waiting>,
}

#[derive(Serialize)]
struct Waiting {
    component: &'static str,
    reason: String,
}

/// `/healthz`: the process answers, so it lives.
pub(super) async fn healthz() -> Response {
    Json(Alive { status: "ok" }).into_response()
}

/// `/readyz`: 200 when every component can serve and the process is not stopping, 503 with what is waited for otherwise.
pub(super) async fn readyz(State(state): State<WebState>) -> Response {
    let waiting_for = waiting(&state);
    let status = if waiting_for.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Ready { ready: waiting_for.is_empty(), waiting_for })).into_response()
}

/// Whether `/readyz` would say yes.
pub(super) fn is_ready(state: &WebState) -> bool {
    waiting(state).is_empty()
}

fn waiting(state: &WebState) -> Vec<Waiting> {
    let lifecycle = &state.lifecycle;
    let stopping = lifecycle.soft.is_cancelled() || lifecycle.hard.is_cancelled();
    let draining = stopping.then(|| Waiting { component: "server", reason: "draining".to_owned() });
    let starting = lifecycle.readiness.waiting_for().into_iter().map(|(component, reason)| Waiting { component, reason });
    draining.into_iter().chain(starting).collect()
}
