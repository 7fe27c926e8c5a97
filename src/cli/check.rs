//! `legwork check`: is the configuration right, and does everything it names answer?
//!
//! It asks each service one harmless question with the configured key and leaves nothing behind. Its sentences name keys
//! of the configuration, never their values, and no addresses, because an address of Telegram holds the token.

use std::fmt::Write;
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use reqwest012::{Client, RequestBuilder, StatusCode, Url, redirect};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;

use crate::cli::{CheckArgs, Environment, USAGE, print, success};
use crate::config::problem::{ConfigError, Problem};
use crate::config::{AccessConfig, Config, DiscordConfig, LlmConfig, TelegramConfig};

/// How long one service may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the check introduces itself to Discord, in the form that Discord asks for.
const DISCORD_AGENT: &str = concat!("DiscordBot (legwork, ", env!("CARGO_PKG_VERSION"), ")");

/// How one check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It works.
    Ok,
    /// It does not.
    Failed,
    /// There was nothing to check.
    Skipped,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What: `config`, `ledger`, `access`, `telegram`, `discord`, `llm`.
    pub name: &'static str,
    /// How it ended.
    pub status: Verdict,
    /// What was found, as a clause.
    pub detail: String,
    /// What to do, as a sentence; none when there is nothing to do.
    pub fix: Option<String>,
}

/// Everything that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing failed.
    pub ok: bool,
    /// Each check.
    pub checks: Vec<Check>,
    /// What is wrong with the configuration.
    pub problems: Vec<Problem>,
}

/// Says what is wrong with a ledger that is there.
pub type Examine = fn(&Path) -> anyhow::Result<()>;

impl CheckArgs {
    /// Does `legwork check`: prints the report; 64 when the configuration is wrong, 1 when something else failed.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub async fn run(&self, env: Environment, examine: Examine) -> Result<ExitCode, reqwest012::Error> {
        let (report, code) = match self.source.load(env) {
            Ok(config) => {
                let report = inspect(&config, &Clients::new()?, examine).await;
                let code = success(report.ok);
                (report, code)
            }
            Err(error) => (misconfigured(error), ExitCode::from(USAGE)),
        };
        let text = if self.json { serde_json::to_string_pretty(&report).unwrap_or_default() } else { report.to_text() };
        Ok(if print(&text) { code } else { ExitCode::FAILURE })
    }
}

/// The report on a configuration that cannot be used.
#[must_use]
pub fn misconfigured(error: ConfigError) -> Report {
    let detail = format!("problems found: {}", error.problems.len());
    let config = failed("config", detail, "Correct what is listed below; nothing else was checked.");
    Report { ok: false, checks: vec![config], problems: error.problems }
}

/// Asks as the server does: what is on this machine is asked without the environment's proxy, and Discord always is, because
/// its gateway can be reached in no other way.
#[derive(Debug)]
pub struct Clients {
    direct: Client,
    proxied: Client,
}

impl Clients {
    /// Clients that give up soon and follow no redirect.
    ///
    /// # Errors
    /// When none can be made.
    pub fn new() -> Result<Self, reqwest012::Error> {
        let client = || Client::builder().timeout(PATIENCE).redirect(redirect::Policy::none()).user_agent("legwork-check");
        Ok(Self { direct: client().no_proxy().build()?, proxied: client().build()? })
    }

    /// The one for this address.
    fn towards(&self, address: &str) -> &Client {
        let host =
            address.parse::<Url>().ok().and_then(|url| url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned()));
        let is_here = |host: String| host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if host.is_some_and(is_here) { &self.direct } else { &self.proxied }
    }
}

/// Checks everything a valid configuration names.
pub async fn inspect(config: &Config, clients: &Clients, examine: Examine) -> Report {
    let (telegram, discord, llm) = tokio::join!(
        telegram(config.telegram.as_ref(), clients),
        discord(config.discord.as_ref(), &clients.direct),
        llm(&config.llm, clients),
    );
    let valid = ok("config", "every value is valid");
    let checks = vec![valid, ledger(&config.store.path, examine), access(&config.access), telegram, discord, llm];
    Report { ok: checks.iter().all(|check| check.status != Verdict::Failed), checks, problems: Vec::new() }
}

impl Report {
    /// The report for people, a line per check.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for Check { name, status, detail, fix } in &self.checks {
            let status = match status {
                Verdict::Ok => "ok",
                Verdict::Failed => "FAILED",
                Verdict::Skipped => "skipped",
            };
            // Writing to a String cannot fail.
            writeln!(text, "{status:<8} {name:<9} {detail}").ok();
            if let Some(fix) = fix {
                writeln!(text, "{:18} {fix}", "").ok();
            }
        }
        for problem in &self.problems {
            writeln!(text, "  {problem}").ok();
        }
        text
    }
}

fn ok(name: &'static str, detail: impl Into<String>) -> Check {
    Check { name, status: Verdict::Ok, detail: detail.into(), fix: None }
}

fn failed(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Check {
    Check { name, status: Verdict::Failed, detail: detail.into(), fix: Some(fix.into()) }
}

fn skipped(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Check {
    Check { name, status: Verdict::Skipped, detail: detail.into(), fix: Some(fix.into()) }
}

/// Whether the ledger's file is one and can be written, or can be made where it does not exist yet.
fn ledger(path: &Path, examine: Examine) -> Check {
    let shown = path.display();
    if path.exists() {
        return match std::fs::OpenOptions::new().append(true).open(path) {
            Ok(_) => match examine(path) {
                Ok(()) => ok("ledger", format!("{shown} can be written")),
                Err(error) => failed(
                    "ledger",
                    format!("{error:#}"),
                    "Name the right file in store.url, or start the program that wrote it.",
                ),
            },
            Err(error) => {
                let detail = format!("{shown} cannot be written ({})", error.kind());
                failed("ledger", detail, "Let this user write the file, or name another one in store.url.")
            }
        };
    }
    let mut probe = path.as_os_str().to_owned();
    probe.push(".probe");
    let made = std::fs::OpenOptions::new().write(true).create_new(true).open(&probe);
    match made.map(drop).and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) => ok("ledger", format!("{shown} will be made by the first start")),
        Err(error) => {
            let detail = format!("{shown} cannot be made ({})", error.kind());
            failed("ledger", detail, "Make its folder and let this user write to it, or name another file in store.url.")
        }
    }
}

fn access(access: &AccessConfig) -> Check {
    let (people, channels) = (access.admins.len() + access.people.len(), access.channels.len());
    if access.open {
        ok("access", "everybody may use the bot")
    } else if people + channels == 0 {
        let fix = "List people in access.people, channels in access.channels, or set access.open.";
        skipped("access", "nobody may use the bot yet", fix)
    } else {
        ok("access", format!("people who may use the bot: {people}; channels where everybody may: {channels}"))
    }
}

async fn telegram(config: Option<&TelegramConfig>, clients: &Clients) -> Check {
    let name = "telegram";
    let Some(config) = config else { return skipped(name, "off", "Set telegram.token to turn it on.") };
    let url = format!("{}/bot{}/getMe", config.api_url, config.token.expose_secret());
    match ask(clients.towards(&config.api_url).get(url)).await {
        Err(why) => failed(name, why, "Check telegram.api_url and the network, then try again."),
        Ok((StatusCode::OK, body)) if body["ok"] == true && body["result"].is_object() => {
            let bot = body["result"]["username"].as_str().unwrap_or("the bot");
            let privacy = if body["result"]["can_read_all_group_messages"] == true {
                "off: in groups it is sent every message, and answers commands only"
            } else {
                "on: in groups it is sent commands and replies only, which is all it needs"
            };
            ok(name, format!("@{bot} answers; group privacy mode is {privacy}"))
        }
        Ok((StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND, _)) => {
            failed(name, "the token is not accepted", "Copy telegram.token again from @BotFather.")
        }
        Ok((status, _)) => failed(name, odd(status), "Check that telegram.api_url is the root of a Bot API server."),
    }
}

async fn discord(config: Option<&DiscordConfig>, client: &Client) -> Check {
    let name = "discord";
    let Some(config) = config else { return skipped(name, "off", "Set discord.token to turn it on.") };
    let url = format!("{}/api/v10/users/@me", config.api_url);
    // Discord's edge turns away clients that do not name themselves as bots.
    let request = client.get(url).header("User-Agent", DISCORD_AGENT);
    let request = request.header("Authorization", format!("Bot {}", config.token.expose_secret()));
    match ask(request).await {
        Err(why) => failed(name, why, "Check discord.api_url and the network, then try again."),
        Ok((StatusCode::OK, body)) if body["id"].is_string() => {
            ok(name, format!("{} answers", body["username"].as_str().unwrap_or("the bot")))
        }
        Ok((StatusCode::UNAUTHORIZED, _)) => {
            failed(name, "the token is not accepted", "Copy discord.token again from the developer portal, tab Bot.")
        }
        Ok((status, _)) => failed(name, odd(status), "Check that discord.api_url is the root of Discord's API."),
    }
}

async fn llm(config: &LlmConfig, clients: &Clients) -> Check {
    let name = "llm";
    let mut request = clients.towards(&config.base_url).get(format!("{}/models", config.base_url));
    if !config.api_key.expose_secret().is_empty() {
        request = request.bearer_auth(config.api_key.expose_secret());
    }
    match ask(request).await {
        Err(why) => failed(name, why, "Check llm.base_url and the network, then try again."),
        Ok((StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _)) => {
            failed(name, "the key is not accepted", "Set llm.api_key (or OPENAI_API_KEY) to a valid key.")
        }
        Ok((StatusCode::OK, body)) => {
            let listed = body["data"].as_array().map(|models| models.iter().any(|model| model["id"] == config.model.as_str()));
            ok(
                name,
                match listed {
                    Some(true) => format!("the server answers and has the model {}", config.model),
                    Some(false) => format!("the server answers; it does not list the model {}, so try one task", config.model),
                    None => "the server answers; it does not list its models".to_owned(),
                },
            )
        }
        // Not every compatible server has a list of models.
        Ok((StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED, _)) => {
            let fix = "This is right for servers without a list of models; otherwise llm.base_url usually ends in /v1.";
            skipped(name, "the server answers but has no list of models", fix)
        }
        Ok((status, _)) => failed(name, odd(status), "Check that llm.base_url is the root of an OpenAI-compatible API."),
    }
}

fn odd(status: StatusCode) -> String {
    format!("the server answered with status {} and nothing expected", status.as_u16())
}

/// Sends a question. The body is null when it is not JSON; an error is a clause without address and key.
async fn ask(request: RequestBuilder) -> Result<(StatusCode, Value), String> {
    let answer = async {
        let response = request.send().await?;
        let status = response.status();
        let body = response.bytes().await?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    };
    answer.await.map_err(|error: reqwest012::Error| {
        if error.is_timeout() {
            return format!("no answer within {} s", PATIENCE.as_secs());
        }
        // The address, which may hold a token, is in the outermost error only; the innermost tells the cause.
        let mut cause: &dyn std::error::Error = &error.without_url();
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        format!("not reachable: {cause}")
    })
}

#[cfg(test)]
mod tests;
