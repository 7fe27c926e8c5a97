//! The real binary as a process of its own, over the simulator in this one: it can be killed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use legwork::domain::summary::MonitorSummary;
use secrecy::ExposeSecret;
use tokio::process::{Child, Command};

use crate::support::wait::{PATIENCE, Wait};
use crate::support::world::{API_KEY, DISCORD_TOKEN, TELEGRAM_TOKEN, World};

/// A running `legwork serve`. Killed when dropped.
pub struct Process {
    child: Child,
    log: PathBuf,
    port: u16,
}

impl World {
    /// Starts the binary over this world's platforms and ledger. `settings` are further variables of its environment.
    pub fn launches(&self, settings: &[(&str, &str)]) -> Process {
        let log = self.directory.path().join(format!("log-{}", fastrand::u64(..)));
        let port = free_port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_legwork"));
        command
            .arg("serve")
            .current_dir(self.directory.path())
            .env_clear()
            .envs(self.environment())
            .env("LEGWORK__SERVER__LISTEN", format!("127.0.0.1:{port}"))
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .kill_on_drop(true);
        Process { child: command.spawn().unwrap(), log, port }
    }

    /// The variables with which the binary works over this world's platforms and ledger, on a port of its choice.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let config = &self.config;
        let (telegram, discord) = (config.telegram.as_ref().unwrap(), config.discord.as_ref().unwrap());
        assert_eq!(telegram.token.expose_secret(), TELEGRAM_TOKEN);
        assert_eq!(discord.token.expose_secret(), DISCORD_TOKEN);
        vec![
            ("LEGWORK__SERVER__LISTEN", "127.0.0.1:0".to_owned()),
            ("LEGWORK__STORE__URL", format!("sqlite:{}", config.store.path.display())),
            ("LEGWORK__TELEGRAM__API_URL", telegram.api_url.clone()),
            ("LEGWORK__TELEGRAM__TOKEN", TELEGRAM_TOKEN.to_owned()),
            ("LEGWORK__DISCORD__API_URL", discord.api_url.clone()),
            ("LEGWORK__DISCORD__TOKEN", DISCORD_TOKEN.to_owned()),
            ("LEGWORK__TELEGRAM__PACE", telegram.pace.to_string()),
            ("LEGWORK__DISCORD__PACE", discord.pace.to_string()),
            ("LEGWORK__LLM__BASE_URL", config.llm.base_url.clone()),
            ("LEGWORK__LLM__API_KEY", API_KEY.to_owned()),
            ("LEGWORK__LLM__MODEL", "demo".to_owned()),
            ("LEGWORK__ACCESS__OPEN", "true".to_owned()),
        ]
    }
}

impl Process {
    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// A GET of its HTTP interface: status and body; none while nobody listens.
    pub async fn gets(&self, path: &str) -> Option<(u16, String)> {
        let client = reqwest012::Client::builder().no_proxy().build().unwrap();
        let response = client.get(format!("http://127.0.0.1:{}{path}", self.port)).send().await.ok()?;
        Some((response.status().as_u16(), response.text().await.ok()?))
    }

    /// A POST of JSON to its HTTP interface: status and body; none while nobody listens.
    pub async fn posts(&self, path: &str, body: &str) -> Option<(u16, String)> {
        let client = reqwest012::Client::builder().no_proxy().build().unwrap();
        let request = client.post(format!("http://127.0.0.1:{}{path}", self.port));
        let response = request.header("content-type", "application/json").body(body.to_owned()).send().await.ok()?;
        Some((response.status().as_u16(), response.text().await.ok()?))
    }

    /// Waits until it says that it is draining.
    pub async fn drains(&self) {
        self.is_unready("draining").await;
    }

    /// Waits until it says that it cannot serve, with these words in its reasons.
    pub async fn is_unready(&self, words: &str) {
        let mut wait = Wait::begin();
        while !matches!(self.gets("/readyz").await, Some((503, body)) if body.contains(words)) {
            wait.goes_on(|| format!("it does not say `{words}`: {}", self.log())).await;
        }
    }

    /// The counts, as the API shows them.
    pub async fn summary(&self) -> MonitorSummary {
        serde_json::from_str(&self.gets("/api/v1/summary").await.unwrap().1).unwrap()
    }

    /// Waits until the counts are as wanted, and gives them.
    pub async fn until_summary(&self, what: &str, wanted: impl Fn(&MonitorSummary) -> bool) -> MonitorSummary {
        let mut wait = Wait::at_most(PATIENCE * 4);
        loop {
            let summary = self.summary().await;
            if wanted(&summary) {
                return summary;
            }
            wait.goes_on(|| format!("it did not come to pass that {what}: {summary:?}\n{}", self.log())).await;
        }
    }

    /// Waits until no task lives and no notice is owed, and gives the counts.
    pub async fn settles(&self) -> MonitorSummary {
        self.until_summary("nothing is left over", |summary| summary.active() == 0 && summary.notices_owed == 0).await
    }

    /// Asks it to end, which it must do well.
    pub async fn stops(mut self) {
        self.signal("TERM");
        assert_eq!(self.ends().await.code(), Some(0), "{}", self.log());
    }

    /// Waits until it says that it is ready.
    pub async fn is_ready(&mut self) {
        let mut wait = Wait::begin();
        loop {
            if self.gets("/readyz").await.is_some_and(|(status, _)| status == 200) {
                return;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "it ended: {}", self.log());
            wait.goes_on(|| format!("it is not ready: {}", self.log())).await;
        }
    }

    /// kill -9, and waits until it is gone.
    pub async fn dies(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let process = self.child.id().unwrap().to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &process]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end by itself.
    pub async fn ends(&mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap()
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What the binary did that ran to its end.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs the binary with these arguments and variables, and no others, to its end.
pub async fn runs(directory: &Path, arguments: &[&str], environment: &[(&'static str, String)]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_legwork"));
    let environment = environment.iter().map(|(name, value)| (*name, value));
    command.args(arguments).current_dir(directory).env_clear().envs(environment).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}
