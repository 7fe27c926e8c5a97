//! The program as its operator meets it: what it prints, what it refuses, and with which exit code.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::process::{Ran, runs};
use crate::support::world::{API_KEY, DISCORD_TOKEN, TELEGRAM_TOKEN, World};

/// A mistake in the command line or the configuration (`EX_USAGE`).
const USAGE: i32 = 64;

impl Ran {
    /// Asserts the exit code and that stderr has all these words.
    fn complains(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "`{word}` is not in {}", self.err);
        }
    }

    /// Asserts that none of these is printed anywhere.
    fn hides(&self, secrets: &[&str]) {
        for secret in secrets {
            assert!(!self.out.contains(secret) && !self.err.contains(secret), "`{secret}` shows: {self:?}");
        }
    }
}

/// Runs the binary in an empty folder without any variable.
async fn runs_bare(arguments: &[&str]) -> Ran {
    runs(TempDir::new().unwrap().path(), arguments, &[]).await
}

impl World {
    /// Runs the binary over this world, with some variables set otherwise.
    async fn runs(&self, arguments: &[&str], otherwise: &[(&'static str, &str)]) -> Ran {
        let mut environment = self.environment();
        environment.extend(otherwise.iter().map(|(name, value)| (*name, (*value).to_owned())));
        runs(self.directory.path(), arguments, &environment).await
    }
}

fn write(folder: &TempDir, name: &str, text: &str) {
    std::fs::write(folder.path().join(name), text).unwrap();
}

#[tokio::test]
async fn it_says_what_it_can_do_and_which_version_it_is() {
    let help = runs_bare(&["--help"]).await;
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    for word in ["serve", "demo", "check", "config", "--set", "--listen"] {
        assert!(help.out.contains(word), "`{word}` is not in {}", help.out);
    }
    let version = runs_bare(&["--version"]).await;
    assert_eq!((version.code, version.out.trim()), (0, concat!("legwork ", env!("CARGO_PKG_VERSION"))));
    runs_bare(&["sreve"]).await.complains(USAGE, &["sreve", "serve"]);
}

#[tokio::test]
async fn the_example_is_the_file_of_the_repository() {
    let example = runs_bare(&["config", "--example"]).await;
    assert_eq!((example.code, example.err.as_str()), (0, ""));
    assert_eq!(example.out, include_str!("../../config.example.toml"));
    // It can be used as it is printed.
    let folder = TempDir::new().unwrap();
    write(&folder, "legwork.toml", &example.out);
    let effective = runs(folder.path(), &["config"], &[]).await;
    assert_eq!((effective.code, effective.err.as_str()), (0, ""));
}

#[tokio::test]
async fn the_configuration_in_effect_is_shown_without_its_secrets() {
    let world = World::stopped().await;
    let config = world.runs(&["config", "--set", "tasks.max_running=4"], &[]).await;
    assert_eq!(config.code, 0, "{config:?}");
    assert!(config.out.contains("max_running = 4") && config.out.contains("[redacted]"), "{}", config.out);
    config.hides(&[TELEGRAM_TOKEN, "telegram-secret", "discord-secret", API_KEY]);
    world.closes().await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let folder = TempDir::new().unwrap();
    write(&folder, "legwork.toml", "[tasks]\nmax_runing = 3\ndrain = 'soon'\n[telegram]\ntokn = 'hidden-1'\ntoken = 5\n");
    let environment = [("LEGWORK__LLM__MODLE", "x".to_owned()), ("LEGWORK__SERVER__ADMIN_TOKEN", "hidden 2".to_owned())];
    for arguments in [
        &["serve", "--set", "store.url=mysql://x"][..],
        &["--set", "store.url=mysql://x"],
        &["config", "--set", "store.url=mysql://x"],
    ] {
        let refused = runs(folder.path(), arguments, &environment).await;
        let keys =
            ["tasks.max_runing", "did you mean tasks.max_running?", "telegram.tokn", "llm.modle (from LEGWORK__LLM__MODLE)"];
        refused.complains(USAGE, &keys);
        refused.complains(USAGE, &["problems:", "tasks.drain = \"soon\" (in legwork.toml)", "telegram.token", "store.url"]);
        refused.hides(&["hidden"]);
    }
    let named = runs(folder.path(), &["serve", "--config", "absent.toml"], &[]).await;
    named.complains(USAGE, &["absent.toml"]);
    runs(folder.path(), &["config", "--example"], &[("RUST_LOG", "legwork=loud".to_owned())])
        .await
        .complains(USAGE, &["RUST_LOG"]);
}

#[tokio::test]
async fn without_a_platform_it_points_to_the_demo() {
    runs_bare(&[]).await.complains(USAGE, &["no chat platform is configured", "telegram.token", "discord.token", "legwork demo"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_ends_it_and_is_named_but_not_shown() {
    let world = World::stopped().await;
    let wrong = [("LEGWORK__TELEGRAM__TOKEN", "777:AAwrong-and-secret-half"), ("LEGWORK__DISCORD__TOKEN", "")];
    let telegram = world.runs(&["serve"], &wrong).await;
    telegram.complains(USAGE, &["legwork: Telegram does not accept the token; check telegram.token"]);
    telegram.hides(&["wrong-and-secret"]);
    let wrong = [("LEGWORK__DISCORD__TOKEN", "MTA.wrong.and-secret"), ("LEGWORK__TELEGRAM__TOKEN", "")];
    let discord = world.runs(&["serve"], &wrong).await;
    discord.complains(USAGE, &["legwork: Discord does not accept the token; check discord.token"]);
    discord.hides(&["MTA.wrong", "and-secret"]);
    assert_eq!(world.telegram.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_same_ledger_or_port_is_refused() {
    let world = World::stopped().await;
    let mut first = world.launches(&[]);
    first.is_ready().await;
    let ledger = world.config.store.path.display().to_string();
    world.runs(&["serve"], &[]).await.complains(1, &["cannot open the ledger (store.url)", &ledger, "in use by another process"]);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap().to_string();
    let taken = world.runs(&["serve", "--listen", &address], &[("LEGWORK__STORE__URL", "sqlite:other.db")]).await;
    taken.complains(1, &["cannot listen on", &address, "server.listen"]);
    first.signal("TERM");
    assert_eq!(first.ends().await.code(), Some(0));
    world.closes().await;
}

#[tokio::test]
async fn a_check_says_what_answers_and_what_does_not() {
    let world = World::stopped().await;
    let right = world.runs(&["check"], &[]).await;
    assert_eq!((right.code, right.err.as_str()), (0, ""), "{right:?}");
    for name in ["config", "ledger", "access", "telegram", "discord", "llm"] {
        assert!(right.out.lines().any(|line| line.starts_with(&format!("ok       {name}"))), "{name}: {}", right.out);
    }
    let proxied = world.runs(&["check"], &[("HTTP_PROXY", "http://127.0.0.1:9")]).await;
    assert_eq!(proxied.code, 0, "the server asks nothing on this machine through a proxy: {proxied:?}");
    let wrong = [("LEGWORK__TELEGRAM__TOKEN", "777:AAwrong-secret"), ("LEGWORK__LLM__API_KEY", "wrong-secret")];
    let refused = world.runs(&["check", "--set", "discord.api_url=http://127.0.0.1:9"], &wrong).await;
    assert_eq!(refused.code, 1, "{refused:?}");
    for words in
        ["FAILED   telegram  the token is not accepted", "FAILED   discord   not reachable", "FAILED   llm       the key"]
    {
        assert!(refused.out.contains(words), "`{words}` is not in {}", refused.out);
    }
    for ran in [&right, &refused] {
        ran.hides(&[TELEGRAM_TOKEN, DISCORD_TOKEN, API_KEY, "wrong-secret"]);
    }
    assert!(!Path::new(&world.config.store.path).exists(), "a check leaves nothing behind");
    world.closes().await;
}

#[tokio::test]
async fn a_check_knows_a_ledger_that_cannot_be_used() {
    let world = World::stopped().await;
    let path = &world.config.store.path;
    let ledger = async |words: &str| {
        let ran = world.runs(&["check"], &[]).await;
        assert!(ran.out.contains(words), "`{words}` is not in {}", ran.out);
        ran.code
    };
    std::fs::write(path, "no database at all, but long enough to be looked at as one").unwrap();
    assert_eq!(ledger("FAILED   ledger").await, 1);
    std::fs::write(path, "").unwrap();
    assert_eq!(ledger("ok       ledger").await, 0);
    let mut process = world.launches(&[]);
    process.is_ready().await;
    assert_eq!(ledger("ok       ledger").await, 0);
    process.signal("TERM");
    assert_eq!(process.ends().await.code(), Some(0));
    let files = || std::fs::read_dir(path.parent().unwrap()).unwrap().map(|file| file.unwrap().file_name()).collect::<Vec<_>>();
    let before = files().len();
    assert_eq!(ledger("ok       ledger").await, 0);
    assert_eq!(files().len(), before, "a check leaves nothing behind: {:?}", files());
    rusqlite::Connection::open(path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(ledger("has schema version 99, this program knows up to").await, 1);
    world.closes().await;
}

#[tokio::test]
async fn a_check_can_be_read_by_programs() {
    let world = World::stopped().await;
    let right = world.runs(&["check", "--json"], &[]).await;
    let report: Value = serde_json::from_str(&right.out).unwrap();
    assert_eq!((right.code, &report["ok"], &report["problems"]), (0, &Value::Bool(true), &Value::Array(Vec::new())));
    let wrong = world.runs(&["check", "--json", "--set", "tasks.max_running=0"], &[("LEGWORK__LLM__MODLE", "x")]).await;
    let report: Value = serde_json::from_str(&wrong.out).unwrap();
    assert_eq!((wrong.code, &report["ok"]), (USAGE, &Value::Bool(false)));
    let keys: Vec<_> = report["problems"].as_array().unwrap().iter().map(|problem| problem["key"].clone()).collect();
    assert!(keys.contains(&"tasks.max_running".into()) && keys.contains(&"llm.modle".into()), "{keys:?}");
    world.closes().await;
}

#[tokio::test]
async fn the_demo_plays_its_script_without_any_account() {
    let folder = TempDir::new().unwrap();
    let json = [("LEGWORK_LOG_FORMAT", "json".to_owned())];
    let demo = runs(folder.path(), &["demo", "--script", "--listen", "127.0.0.1:0"], &json).await;
    assert_eq!(demo.code, 0, "{demo:?}");
    for words in ["Ann: /submit", "#1 done", "#2 is not your task", "#2 cancelled", "steps did what they should"] {
        assert!(demo.out.contains(words), "`{words}` is not in {}", demo.out);
    }
    assert!(demo.err.lines().count() > 5, "it logs");
    for line in demo.err.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "not JSON: {line}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}
