//! The real binary as a process of its own, over the simulator in this one: it can be killed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use legwork::domain::summary::MonitorSummary;
use secrecy::ExposeSecret;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::support::world::{API_KEY, DISCORD_TOKEN, PATIENCE, TELEGRAM_TOKEN, World, ticks};

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
        let config = &self.config;
        let (telegram, discord) = (config.telegram.as_ref().unwrap(), config.discord.as_ref().unwrap());
        assert_eq!(telegram.token.expose_secret(), TELEGRAM_TOKEN);
        assert_eq!(discord.token.expose_secret(), DISCORD_TOKEN);
        let mut command = Command::new(env!("CARGO_BIN_EXE_legwork"));
        command
            .arg("serve")
            .current_dir(self.directory.path())
            .env_clear()
            .env("LEGWORK__SERVER__LISTEN", format!("127.0.0.1:{port}"))
            .env("LEGWORK__STORE__URL", format!("sqlite:{}", config.store.path.display()))
            .env("LEGWORK__TELEGRAM__API_URL", &telegram.api_url)
            .env("LEGWORK__TELEGRAM__TOKEN", TELEGRAM_TOKEN)
            .env("LEGWORK__DISCORD__API_URL", &discord.api_url)
            .env("LEGWORK__DISCORD__TOKEN", DISCORD_TOKEN)
            .env("LEGWORK__LLM__BASE_URL", &config.llm.base_url)
            .env("LEGWORK__LLM__API_KEY", API_KEY)
            .env("LEGWORK__LLM__MODEL", "demo")
            .env("LEGWORK__ACCESS__OPEN", "true")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .kill_on_drop(true);
        Process { child: command.spawn().unwrap(), log, port }
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

    /// The counts, as the API shows them.
    pub async fn summary(&self) -> MonitorSummary {
        serde_json::from_str(&self.gets("/api/v1/summary").await.unwrap().1).unwrap()
    }

    /// Waits until it says that it is ready.
    pub async fn is_ready(&mut self) {
        let started = Instant::now();
        let mut tick = ticks();
        loop {
            if self.gets("/readyz").await.is_some_and(|(status, _)| status == 200) {
                return;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "it ended: {}", self.log());
            assert!(started.elapsed() < PATIENCE, "it is not ready: {}", self.log());
            tick.tick().await;
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

/// Runs the binary with these arguments and environment to its end: exit code, stdout, stderr.
pub async fn runs(directory: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_legwork"));
    command.args(arguments).current_dir(directory).env_clear().envs(environment.iter().copied()).stdin(Stdio::null());
    let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}
