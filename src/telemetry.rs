//! Logs: one subscriber, to stderr, that cannot be talked into showing a secret.
//!
//! `RUST_LOG` chooses what is logged, but only below two things it cannot lift. `caps` bounds every crate that is not
//! ours, because some of them log request bodies, addresses with tokens in them, or interaction tokens as fields of spans.
//! And whatever is written goes through a [`Redactor`] that knows the configured secrets. Neither prompts nor results
//! are secrets that a redactor could know, so the caps leave out every statement found to print a body at any level.
//!
//! Names used in spans and events, the same for the same thing everywhere: `task.id`, `task.number`, `task.status`,
//! `attempt`, `channel.platform`, `method`, `outcome`, `elapsed_ms`, `error`. Spans are `area.verb`: `task.run`,
//! `llm.complete`, `telegram.handle`.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, ParseError, Targets};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// Secrets shorter than this are left alone: they guard nothing, and their letters occur in ordinary words.
const SHORTEST_SECRET: usize = 4;

/// What stands in the place of a secret.
const REDACTED: &str = "[redacted]";

/// Why there are no logs.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `LEGWORK_LOG_FORMAT` is neither of its two words.
    #[error("LEGWORK_LOG_FORMAT is `{0}`; expected `text` or `json`")]
    Format(String),
    /// `RUST_LOG` is not a filter.
    #[error("RUST_LOG is not a filter like `info` or `legwork=debug`")]
    Filter(#[source] ParseError),
    /// Something else in the process logs already.
    #[error("a subscriber for logs is installed already")]
    Installed(#[source] TryInitError),
}

/// How to log.
#[derive(Debug, Clone, Default)]
pub struct LogSettings {
    /// `LEGWORK_LOG_FORMAT`: `text` (also when absent or empty) or `json`.
    pub format: Option<String>,
    /// `RUST_LOG`; `info` when absent or empty.
    pub filter: Option<String>,
    /// Colours, for terminals.
    pub colours: bool,
}

impl LogSettings {
    /// The settings of the environment. Colours are used on a terminal, unless `NO_COLOR` is set.
    pub fn from_env(env: impl Iterator<Item = (String, String)>) -> Self {
        let mut settings = Self { colours: io::stderr().is_terminal(), ..Self::default() };
        for (name, value) in env {
            match name.as_str() {
                "LEGWORK_LOG_FORMAT" => settings.format = Some(value),
                "RUST_LOG" => settings.filter = Some(value),
                "NO_COLOR" if !value.is_empty() => settings.colours = false,
                _ => {}
            }
        }
        settings
    }
}

/// Installs the subscriber and the report of panics for the whole process.
///
/// # Errors
/// [`TelemetryError`], before anything is installed.
pub fn init(settings: &LogSettings, redactor: &Redactor) -> Result<(), TelemetryError> {
    subscriber(settings, redactor, io::stderr)?.try_init().map_err(TelemetryError::Installed)?;
    std::panic::set_hook(Box::new(|panic| {
        // The message of a panic may quote what people wrote (a cut inside a character does), so only the place is told.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(panic.location = place, "a part of the program panicked; its message is withheld");
    }));
    Ok(())
}

/// The subscriber, writing to `writer` what filter, caps and redactor leave.
fn subscriber<W>(settings: &LogSettings, redactor: &Redactor, writer: W) -> Result<impl Subscriber + Send + Sync, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = settings.filter.as_deref().map(str::trim).filter(|filter| !filter.is_empty()).unwrap_or("info");
    let filter = EnvFilter::try_new(filter).map_err(TelemetryError::Filter)?;
    let writer = RedactingWriter { redactor: redactor.clone(), inner: writer };
    let lines = fmt::layer().with_writer(writer).with_ansi(settings.colours);
    let lines: Box<dyn Layer<_> + Send + Sync> = match settings.format.as_deref().unwrap_or_default() {
        "" | "text" => Box::new(lines.compact()),
        "json" => Box::new(lines.with_ansi(false).json()),
        other => return Err(TelemetryError::Format(other.to_owned())),
    };
    // Both filters bind every layer after them, so an event must pass both.
    Ok(tracing_subscriber::registry().with(caps()).with(filter).with(lines))
}

/// What other crates may log at most: warnings, and less where even those hold bodies or tokens.
///
/// A crate that is not named here is capped too, so a new dependency cannot leak before somebody has looked at it.
fn caps() -> Targets {
    Targets::new().with_default(LevelFilter::WARN).with_target("legwork", LevelFilter::TRACE).with_targets([
        // Logs the body of what it cannot parse, as an error.
        ("async_openai", LevelFilter::OFF),
        // Logs whole updates and errors with raw bodies; the adapter says itself what went wrong.
        ("teloxide", LevelFilter::OFF),
        ("teloxide_core", LevelFilter::OFF),
        // Logs the payload of what it cannot parse, and addresses with interaction tokens.
        ("serenity::gateway::ws", LevelFilter::OFF),
        ("serenity::http", LevelFilter::OFF),
        ("serenity::model", LevelFilter::OFF),
        ("serenity::utils", LevelFilter::OFF),
        ("tungstenite", LevelFilter::OFF),
        ("tokio_tungstenite", LevelFilter::OFF),
    ])
}

/// Knows the secrets of the process and takes them out of texts. Clones share what they know.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Arc<RwLock<Vec<String>>>,
}

impl Redactor {
    /// Learns secrets, in all the forms in which a log could show them.
    pub fn learn<'a>(&self, secrets: impl IntoIterator<Item = &'a SecretString>) {
        let mut known = self.secrets.write().unwrap_or_else(PoisonError::into_inner);
        for secret in secrets {
            known.extend(forms(secret.expose_secret()));
        }
        // Longer ones first, so that no part of one remains beside the part that another one matched.
        known.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        known.dedup();
    }

    /// The text without any secret.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let known = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().fold(text.to_owned(), |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), REDACTED) } else { text }
        })
    }
}

/// Shows how many secrets it knows and none of them.
impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known = self.secrets.read().map_or(0, |known| known.len());
        write!(f, "Redactor({known} forms)")
    }
}

/// A secret, and the part of it after a colon (the secret part of a Telegram token), each as it is, escaped as in JSON or
/// in Debug, escaped as both, and percent-encoded.
fn forms(secret: &str) -> Vec<String> {
    let secret = secret.trim();
    let tail = secret.split_once(':').map_or("", |(_, tail)| tail);
    let mut forms: Vec<String> = Vec::new();
    for plain in [secret, tail] {
        let escaped = escape(plain);
        forms.extend([plain.to_owned(), escape(&escaped), escaped, percent_encode(plain)]);
    }
    forms.retain(|form| form.len() >= SHORTEST_SECRET);
    forms
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text + &char::from(byte).to_string(),
        byte => format!("{text}%{byte:02X}"),
    })
}

/// Makes writers that redact.
struct RedactingWriter<W> {
    redactor: Redactor,
    inner: W,
}

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for RedactingWriter<W> {
    type Writer = RedactedLine<'a, W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        RedactedLine { redactor: &self.redactor, inner: self.inner.make_writer(), line: Vec::new() }
    }
}

/// One event, collected whole, because a secret could be written in two pieces.
struct RedactedLine<'a, W: Write> {
    redactor: &'a Redactor,
    inner: W,
    line: Vec<u8>,
}

impl<W: Write> Write for RedactedLine<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.inner.write_all(self.redactor.redact(&String::from_utf8_lossy(&line)).as_bytes())?;
        self.inner.flush()
    }
}

impl<W: Write> Drop for RedactedLine<'_, W> {
    fn drop(&mut self) {
        // When stderr is closed there is nobody left to be told.
        self.flush().ok();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Where the tests' lines end up.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, format: &str, secrets: &[&str], act: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let redactor = Redactor::default();
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        redactor.learn(&secrets);
        let settings = LogSettings { format: Some(format.to_owned()), filter: Some(filter.to_owned()), colours: false };
        let subscriber = subscriber(&settings, &redactor, move || writer.clone()).expect("valid settings");
        tracing::subscriber::with_default(subscriber, act);
        String::from_utf8(lines.0.lock().expect("not poisoned").clone()).expect("text")
    }

    fn chatter() {
        tracing::trace!(target: "legwork::chat", "ours");
        tracing::error!(target: "async_openai::error", "failed deserialization of: the prompt");
        tracing::warn!(target: "serenity::gateway::ws", "Err deserializing text: the prompt");
        tracing::error!(target: "teloxide::error_handlers", "the prompt");
        tracing::info!(target: "hyper_util::client::legacy", "https://api/botTOKEN/getMe");
        tracing::debug!(target: "a_crate_nobody_looked_at", "the prompt");
        let span = tracing::info_span!(target: "serenity::http::client", "request", body = "the prompt");
        span.in_scope(|| tracing::info!(target: "legwork", "inside"));
        tracing::warn!(target: "rustls", "early data");
    }

    #[test]
    fn no_filter_lifts_the_caps() {
        let all = "trace,async_openai=trace,serenity::gateway::ws=trace,hyper_util=trace,teloxide=trace,serenity=trace";
        for format in ["text", "json"] {
            let text = logged(all, format, &[], chatter);
            for expected in ["ours", "inside", "early data"] {
                assert!(text.contains(expected), "{expected} is not in {text}");
            }
            assert!(!text.contains("the prompt") && !text.contains("TOKEN"), "{text}");
        }
    }

    #[test]
    fn the_filter_is_obeyed_below_the_caps() {
        assert!(!logged("info", "text", &[], chatter).contains("ours"));
        assert_eq!(logged("off", "json", &[], chatter), "");
        assert!(logged("", "text", &[], || tracing::info!(target: "legwork", "hello")).contains("hello"));
    }

    #[test]
    fn known_secrets_are_taken_out_in_every_form() {
        let token = "123456:AAH\"secret\\part";
        let act = || {
            tracing::info!(target: "legwork", url = "https://host/bot123456:AAH\"secret\\part/getMe", "calling");
            tracing::info!(target: "legwork", error = ?"123456:AAH\"secret\\part", "debugged");
            tracing::info!(target: "legwork", "123456%3AAAH%22secret%5Cpart and AAH\"secret\\part alone");
        };
        for format in ["text", "json"] {
            let text = logged("trace", format, &[token, "", "abc"], act);
            assert!(text.matches(REDACTED).count() >= 4, "{text}");
            assert!(!text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn what_is_no_setting_is_refused() {
        let refused = |format: &str, filter: &str| {
            let settings = LogSettings { format: Some(format.into()), filter: Some(filter.into()), colours: false };
            subscriber(&settings, &Redactor::default(), io::sink).err().map(|error| error.to_string())
        };
        assert!(refused("xml", "info").is_some_and(|text| text.contains("`xml`")));
        assert!(refused("json", "legwork=loud").is_some_and(|text| text.contains("RUST_LOG")));
    }
}
