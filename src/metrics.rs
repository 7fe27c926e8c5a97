//! What is counted and timed, in one registry that is passed along.
//!
//! No label ever holds a person, a channel or a text: labels are the platform's name, the method, the outcome. Counts of
//! tasks and notices by state are read from the ledger when somebody looks, so they cannot drift from it.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::domain::usage::Usage;

/// Labels of a request to a chat platform.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    platform: &'static str,
    method: String,
    outcome: &'static str,
}

/// Label of a count of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    kind: &'static str,
}

/// The process's counters and histograms. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    queue_wait: Histogram,
    run_time: Histogram,
    notice_lag: Histogram,
    platform_requests: Family<RequestLabels, Counter>,
    llm_tokens: Family<TokenLabels, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("legwork");
        let seconds = || Histogram::new(exponential_buckets(0.01, 2.0, 20));
        let (queue_wait, run_time, notice_lag) = (seconds(), seconds(), seconds());
        let platform_requests = Family::default();
        let llm_tokens = Family::default();
        registry.register("queue_wait_seconds", "Time from acceptance to the start of an attempt", queue_wait.clone());
        registry.register("run_seconds", "Time from the start of an attempt to its end", run_time.clone());
        registry.register("notice_lag_seconds", "Time from a transition to the delivery of its notice", notice_lag.clone());
        registry.register("platform_requests", "Requests to chat platforms", platform_requests.clone());
        registry.register("llm_tokens", "Tokens of model calls", llm_tokens.clone());
        Self { registry: Arc::new(registry), queue_wait, run_time, notice_lag, platform_requests, llm_tokens }
    }
}

impl Metrics {
    /// An attempt started, the first one of its task after waiting so long.
    pub fn started(&self, waited: Option<Duration>) {
        if let Some(waited) = waited {
            self.queue_wait.observe(waited.as_secs_f64());
        }
    }

    /// An attempt ended after running so long.
    pub fn ended(&self, ran: Duration, usage: &Usage) {
        self.run_time.observe(ran.as_secs_f64());
        self.llm_tokens.get_or_create(&TokenLabels { kind: "input" }).inc_by(usage.input);
        self.llm_tokens.get_or_create(&TokenLabels { kind: "output" }).inc_by(usage.output);
    }

    /// A notice was delivered so long after its transition.
    pub fn delivered(&self, lag: Duration) {
        self.notice_lag.observe(lag.as_secs_f64());
    }

    /// A chat platform answered a request. `outcome` is one of a few words: `ok`, `retry_after`, `rejected`,
    /// `unavailable`, `unknown`.
    pub fn platform_request(&self, platform: &'static str, method: impl Into<String>, outcome: &'static str) {
        let labels = RequestLabels { platform, method: method.into(), outcome };
        self.platform_requests.get_or_create(&labels).inc();
    }

    /// Everything in the text format of Prometheus (`OpenMetrics`), without the closing `# EOF`.
    ///
    /// # Errors
    /// When a metric cannot be written, which no metric here does.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode_registry(&mut text, &self.registry)?;
        Ok(text)
    }
}
