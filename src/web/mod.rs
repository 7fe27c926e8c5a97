//! The HTTP server: health, metrics, the API and a page.
//!
//! It knows the core by one small port ([`TaskService`]) and holds no state of its own. Health and the
//! page are open; everything that shows or moves tasks passes the guard.

mod api;
mod guard;
mod health;
mod manager;
mod page;
mod problem;
mod scrape;
pub mod service;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::background::ports::Clock;
use crate::domain::channel::ChannelId;
use crate::lifecycle::Lifecycle;
use crate::metrics::Metrics;
use crate::web::service::{ServiceError, TaskService};

/// Largest body of a request, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// What the handlers need. Cheap to clone.
#[derive(Clone)]
pub struct WebState {
    /// The core.
    pub tasks: Arc<dyn TaskService>,
    /// Who can serve, and whether the process is stopping.
    pub lifecycle: Lifecycle,
    /// Whether anything can be sent to this channel at all.
    pub serves: Arc<dyn Fn(&ChannelId) -> bool + Send + Sync>,
    /// The process's counters.
    pub metrics: Metrics,
    /// The time, for ages.
    pub clock: Arc<dyn Clock>,
    /// What callers of the API and the metrics must know; when there is none, only requests of this machine are taken.
    pub admin_token: Option<SecretString>,
    /// Further links on the page: path and text, both fixed at compile time.
    pub links: &'static [(&'static str, &'static str)],
}

impl WebState {
    /// Refuses new work while the process stops. What people submit then waits for the next start; a program is told at once
    /// instead, because it can try again.
    fn takes_work(&self) -> Result<(), ServiceError> {
        if self.lifecycle.soft.is_cancelled() { Err(ServiceError::Stopping) } else { Ok(()) }
    }
}

/// All paths of the server. Further routers may be merged into it, if they have no fallback of their own.
pub fn router(state: WebState) -> Router {
    let guarded = Router::new()
        .route("/metrics", get(scrape::metrics))
        .route("/api/v1/summary", get(api::summary))
        .route("/api/v1/tasks", get(api::list).post(api::submit))
        .route("/api/v1/tasks/{id}", get(api::get))
        .route("/api/v1/tasks/{id}/result", get(api::result))
        .route("/api/v1/tasks/{id}/cancel", post(api::cancel))
        .route("/api/v1/tasks/{id}/retry", post(api::retry))
        .method_not_allowed_fallback(problem::no_such_method)
        .route_layer(from_fn_with_state(state.clone(), guard::guard));
    Router::new()
        .route("/", get(page::index))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .method_not_allowed_fallback(problem::no_such_method)
        .merge(guarded)
        .fallback(problem::no_such_path)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(problem::render))
        .with_state(state)
}

/// Serves until `shutdown` is cancelled and the requests under way are answered.
///
/// # Errors
/// When the listener fails for good.
///
/// # Cancel safety
/// Dropping the future closes the listener; requests under way are cut off.
pub async fn serve(listener: tokio::net::TcpListener, router: Router, shutdown: CancellationToken) -> std::io::Result<()> {
    axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned()).await
}
