//! `/metrics`: the process's counters, and gauges read from the ledger when somebody looks.

use std::fmt::Write;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::domain::status::Status;
use crate::domain::summary::MonitorSummary;
use crate::domain::time::{Timestamp, elapsed};
use crate::web::WebState;
use crate::web::health::is_ready;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything in the `OpenMetrics` text format. When the ledger cannot be read its gauges are missing and
/// `legwork_ledger_up` is 0.
pub(super) async fn metrics(State(state): State<WebState>) -> Response {
    let mut text = state.metrics.encode().unwrap_or_default();
    let summary = state.tasks.summary().await;
    if let Err(error) = &summary {
        tracing::warn!(%error, "the ledger gave no counts for the metrics");
    }
    gauge(&mut text, "up", "Whether the process serves", &[("", 1.0)]);
    gauge(&mut text, "ready", "Whether every component can serve", &[("", if is_ready(&state) { 1.0 } else { 0.0 })]);
    let written = state.lifecycle.readiness.waiting_for().iter().all(|(component, _)| *component != "ledger");
    let up = if summary.is_ok() && written { 1.0 } else { 0.0 };
    gauge(&mut text, "ledger_up", "Whether the ledger can be read and written", &[("", up)]);
    if let Ok(summary) = summary {
        counts(&mut text, &summary, state.clock.now());
    }
    text.push_str("# EOF\n");
    ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response()
}

fn counts(text: &mut String, summary: &MonitorSummary, now: Timestamp) {
    let tasks: Vec<_> =
        Status::values().into_iter().map(|status| (format!("status=\"{status}\""), number(summary.of(status)))).collect();
    gauge(text, "tasks", "Tasks kept, by status", &tasks);
    let notices = [("state=\"owed\"", summary.notices_owed), ("state=\"undeliverable\"", summary.notices_undeliverable)];
    gauge(text, "notices", "Notices not delivered, by state", &notices.map(|(label, count)| (label, number(count))));
    let oldest = summary.oldest_pending_at.map_or(0.0, |accepted| elapsed(accepted, now).as_secs_f64());
    gauge(text, "oldest_pending_seconds", "Age of the oldest waiting task, 0 when none waits", &[("", oldest)]);
}

#[expect(clippy::cast_precision_loss, reason = "nobody keeps 2^53 tasks")]
fn number(count: u64) -> f64 {
    count as f64
}

/// Writes one family of gauges; each sample has its labels, empty for none.
fn gauge(text: &mut String, name: &str, help: &str, samples: &[(impl AsRef<str>, f64)]) {
    // Writing to a String cannot fail.
    write!(text, "# HELP legwork_{name} {help}.\n# TYPE legwork_{name} gauge\n").ok();
    for (labels, value) in samples {
        let labels = Some(labels.as_ref()).filter(|labels| !labels.is_empty());
        let labels = labels.map(|labels| format!("{{{labels}}}")).unwrap_or_default();
        writeln!(text, "legwork_{name}{labels} {value}").ok();
    }
}
