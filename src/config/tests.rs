//! What a configuration may say, and what is said about one that is wrong.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::ExposeSecret;
use tempfile::TempDir;

use crate::config::example::EXAMPLE;
use crate::config::problem::{ConfigError, Problem};
use crate::config::raw::{RawConfig, channel_schema, dotted_keys, schema};
use crate::config::{Config, effective};
use crate::domain::language::Language;
use crate::domain::limits::Limits;
use crate::domain::notice::Events;

/// A file, an environment and flags.
struct Setup {
    folder: TempDir,
    file: PathBuf,
    env: Vec<(String, String)>,
    flags: Vec<(String, String)>,
}

fn setup(text: &str) -> Setup {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("legwork.toml");
    std::fs::write(&file, text).expect("written");
    Setup { folder, file, env: Vec::new(), flags: Vec::new() }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl Setup {
    fn env(mut self, variables: &[(&str, &str)]) -> Self {
        self.env = pairs(variables);
        self
    }

    fn flags(mut self, flags: &[(&str, &str)]) -> Self {
        self.flags = pairs(flags);
        self
    }

    fn load(&self) -> Result<Config, ConfigError> {
        Config::load(Some(&self.file), self.env.clone().into_iter(), &self.flags)
    }

    fn problems(&self) -> Vec<Problem> {
        self.load().expect_err("there are problems").problems
    }

    fn keys(&self) -> Vec<String> {
        self.problems().into_iter().map(|problem| problem.key).collect()
    }
}

#[test]
fn nothing_at_all_gives_the_defaults() {
    let config = setup("").load().expect("valid");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8787");
    assert!(config.server.admin_token.is_none() && config.telegram.is_none() && config.discord.is_none());
    assert_eq!(config.store.path, PathBuf::from("legwork.db"));
    assert_eq!(config.store.retention, Duration::from_hours(24 * 30));
    assert_eq!(config.tasks.limits, Limits::default());
    assert_eq!(config.tasks.drain, Duration::from_secs(20));
    assert_eq!(config.llm.call_timeout, Duration::from_mins(15));
    assert_eq!(config.llm.max_output_tokens, None);
    assert_eq!(config.notify.defaults.events, Some(Events::default()));
    assert!(!config.access.open && config.access.people.is_empty());
}

#[test]
fn the_example_equals_the_defaults() {
    let example: RawConfig = toml::from_str(EXAMPLE).expect("the example is valid");
    assert_eq!(example, RawConfig::default());
}

#[test]
fn the_example_has_every_key() {
    let example: toml::Table = toml::from_str(EXAMPLE).expect("the example is TOML");
    let written: BTreeSet<String> = dotted_keys(&example).into_iter().collect();
    let mut known: BTreeSet<String> = dotted_keys(&schema().expect("a schema")).into_iter().collect();
    // Its table is a comment, because there is no channel by default.
    assert!(known.remove("channels"));
    assert_eq!(written, known);
}

#[test]
fn the_commented_channel_of_the_example_is_valid_and_has_every_key() {
    let (_, commented) = EXAMPLE.split_once("# [[channels]]").expect("the example shows a channel");
    let keys: Vec<&str> = commented.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let text = format!("[[channels]]\n{}", keys.join("\n"));
    let table: toml::Table = toml::from_str(&text).expect("TOML");
    let written: BTreeSet<String> = table["channels"][0].as_table().expect("a table").keys().cloned().collect();
    let known: BTreeSet<String> = channel_schema().expect("a schema").keys().cloned().collect();
    assert_eq!(written, known);
    let config = setup(&text).load().expect("valid");
    assert_eq!(config.notify.channels[0].id.to_string(), "telegram:-100123/7");
}

#[test]
fn later_layers_win_and_lists_are_replaced_as_a_whole() {
    let file = "[server]\nlisten = '127.0.0.1:1'\n[tasks]\nmax_running = 1\nmax_queued = 5\n[access]\npeople = ['discord:1', 'discord:2']";
    let setup = setup(file)
        .env(&[("LEGWORK__TASKS__MAX_RUNNING", "2"), ("LEGWORK__ACCESS__PEOPLE", "telegram:7"), ("HOME", "/root")])
        .flags(&[("server.listen", "127.0.0.1:3")]);
    let config = setup.load().expect("valid");
    assert_eq!(config.server.listen.port(), 3);
    assert_eq!(config.tasks.limits.max_running, 2);
    assert_eq!(config.tasks.limits.max_queued, 5);
    let people: Vec<String> = config.access.people.iter().map(ToString::to_string).collect();
    assert_eq!(people, ["telegram:7"]);
}

#[test]
fn the_environment_takes_lists_numbers_switches_and_tokens_that_look_like_numbers() {
    let env = [
        ("LEGWORK__ACCESS__ADMINS", "telegram:1, discord:2,"),
        ("LEGWORK__ACCESS__OPEN", "true"),
        ("LEGWORK__DISCORD__TOKEN", "0012"),
        ("LEGWORK__DISCORD__GUILDS", "41771983423143937"),
        ("LEGWORK__NOTIFY__EVENTS", ""),
    ];
    let config = setup("").env(&env).load().expect("valid");
    assert_eq!(config.access.admins.len(), 2);
    assert!(config.access.open);
    let discord = config.discord.expect("on");
    assert_eq!(discord.token.expose_secret(), "0012");
    assert_eq!(discord.guilds, [41_771_983_423_143_937]);
    assert_eq!(config.notify.defaults.events, Some(Events::none()));
}

#[test]
fn unknown_keys_are_refused_with_a_guess_and_without_their_value() {
    let file = "tassk = 1\n[tasks]\nmax_runing = 3\n[telegram]\ntokn = '123:secret'\nwebhook_secret = 'x'\n[[channels]]\nid = 'discord:1'\nsystem_promt = ''";
    let setup = setup(file).env(&[("LEGWORK__LLM__MODLE", "m"), ("LEGWORK__WEATHER", "1")]);
    let error = setup.load().expect_err("wrong");
    let text = error.to_string();
    for expected in [
        "tasks.max_runing (in ",
        "did you mean tasks.max_running?",
        "did you mean telegram.token?",
        "telegram.webhook_secret (in ",
        "not in this version; remove it",
        "did you mean channels[0].system_prompt?",
        "llm.modle (from LEGWORK__LLM__MODLE): there is no such key; did you mean llm.model?",
        "weather (from LEGWORK__WEATHER): there is no such key; see `legwork config --example`",
        "tassk (in ",
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    assert!(!text.contains("secret'") && !text.contains("123:"), "{text}");
    assert_eq!(error.problems.len(), 7);
}

#[test]
fn all_problems_are_found_at_once() {
    let file = "
        [server]\nlisten = 'everywhere'
        [store]\nurl = 'postgres://legwork:hunter2@db/legwork'\nretention = '2d'
        [tasks]\nmax_running = 0\nmax_queued = 'many'\ntimeout = 30
        [llm]\nbase_url = 'https://me:hunter2@host/v1'\nmodel = ''\nretries = 2.5
        [telegram]\nmode = 'webhook'
        [discord]\nmode = 'interactions'\nguilds = ['home']
        [access]\npeople = ['telegram:@me', 'matrix:1']\nopen = 'yes'
        [notify]\nevents = ['finished']\nquiet = 'at night'\ntime_zone = 'Europe/Atlantis'
        [[channels]]\nid = 'nowhere'\ndeliver_to = ['telegram:x']\nquiet = '7:00-7:00'\ntime_zone = 'MEZ?'";
    let setup = setup(file);
    let expected = [
        "tasks.max_queued",
        "tasks.timeout",
        "llm.retries",
        "access.open",
        "server.listen",
        "store.url",
        "store.retention",
        "tasks.max_running",
        "llm.base_url",
        "llm.model",
        "telegram.mode",
        "discord.mode",
        "discord.guilds[0]",
        "access.people[0]",
        "access.people[1]",
        "notify.events",
        "notify.quiet",
        "notify.time_zone",
        "channels[0].id",
        "channels[0].quiet",
        "channels[0].time_zone",
        "channels[0].deliver_to[0]",
    ];
    let found: BTreeSet<String> = setup.keys().into_iter().collect();
    assert_eq!(found, expected.iter().map(|key| (*key).to_owned()).collect());
    let text = setup.load().expect_err("wrong").to_string();
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("PostgreSQL is not in this version"), "{text}");
    assert!(text.contains("store.retention = \"2d\" (in "), "{text}");
}

#[test]
fn secrets_are_in_no_error_and_no_debug() {
    let secret = "123456:AAHsecretsecret";
    let broken = setup(&format!("[telegram]\ntoken = '{secret}\n"));
    let text = broken.load().expect_err("not TOML").to_string();
    assert!(text.contains(":2:") && !text.contains("secretsecret"), "{text}");
    let wrong_kind = setup("[telegram]\ntoken = ['123:secretsecret']\n[discord]\ntoken = 'two secretsecret words'");
    let text = wrong_kind.load().expect_err("wrong kind").to_string();
    assert!(text.contains("telegram.token") && text.contains("discord.token") && !text.contains("secretsecret"), "{text}");
    let right = setup(&format!("[telegram]\ntoken = ' {secret}\t'")).env(&[("OPENAI_API_KEY", "sk-secretsecret")]);
    let config = right.load().expect("valid");
    assert_eq!(config.telegram.as_ref().map(|telegram| telegram.token.expose_secret()), Some(secret));
    assert_eq!(config.secrets().len(), 2);
    assert!(!format!("{config:?}").contains("secretsecret"));
    let printed = effective(Some(&right.file), right.env.into_iter(), &[]).expect("valid");
    assert!(printed.contains("token = \"[redacted]\"") && printed.contains("api_key = \"[redacted]\""), "{printed}");
    assert!(!printed.contains("secretsecret"), "{printed}");
}

#[test]
fn a_secret_may_come_from_a_file() {
    let mut setup = setup("");
    let token = setup.folder.path().join("token");
    std::fs::write(&token, "123:abc\n").expect("written");
    setup.flags = pairs(&[("telegram.token_file", &token.display().to_string())]);
    let telegram = setup.load().expect("valid").telegram.expect("on");
    assert_eq!(telegram.token.expose_secret(), "123:abc");
    setup.flags.push(("telegram.token".to_owned(), "123:def".to_owned()));
    assert_eq!(setup.keys(), ["telegram.token_file"]);
    setup.flags = pairs(&[("discord.token_file", "/nowhere/at/all")]);
    assert_eq!(setup.keys(), ["discord.token_file"]);
}

#[test]
fn the_openai_key_is_the_last_resort() {
    let key = |setup: Setup| setup.load().expect("valid").llm.api_key.expose_secret().to_owned();
    let env = [("OPENAI_API_KEY", "from-env")];
    assert_eq!(key(setup("").env(&env)), "from-env");
    assert_eq!(key(setup("[llm]\napi_key = 'from-file'").env(&env)), "from-file");
    assert_eq!(key(setup("")), "");
}

#[test]
fn an_open_address_needs_a_token() {
    assert_eq!(setup("[server]\nlisten = '0.0.0.0:8787'").keys(), ["server.admin_token"]);
    assert!(setup("[server]\nlisten = '0.0.0.0:8787'\nadmin_token = 'letmein'").load().is_ok());
    assert!(setup("[server]\nlisten = '[::1]:8787'").load().is_ok());
    assert!(setup("[server]\nlisten = 'localhost:0'").load().is_ok());
}

#[test]
fn a_named_file_must_exist_and_the_default_one_need_not() {
    let named = Config::load(Some(std::path::Path::new("/nowhere/legwork.toml")), std::iter::empty(), &[]);
    let problems = named.expect_err("no such file").problems;
    assert_eq!(problems[0].key, "/nowhere/legwork.toml");
    assert!(Config::load(None, std::iter::empty(), &[]).is_ok());
}

#[test]
fn settings_alone_are_a_configuration_too() {
    let config = Config::of(&pairs(&[("telegram.token", "1:a"), ("access.open", "true")])).expect("valid");
    assert!(config.telegram.is_some() && config.access.open);
    assert_eq!(Config::of(&pairs(&[("access.opne", "true")])).expect_err("no such key").problems.len(), 1);
}

#[test]
fn addresses_lose_the_slash_at_their_end() {
    let config =
        setup("[telegram]\ntoken = '1:a'\napi_url = 'http://127.0.0.1:8081/'\n[llm]\nbase_url = 'http://[::1]:11434/v1/'");
    let config = config.load().expect("valid");
    assert_eq!(config.telegram.map(|telegram| telegram.api_url).as_deref(), Some("http://127.0.0.1:8081"));
    assert_eq!(config.llm.base_url, "http://[::1]:11434/v1");
}

#[test]
fn a_channel_has_one_table() {
    let table = "[[channels]]\nid = 'discord:1'\nevents = []\n";
    let config = setup(table).load().expect("valid");
    assert_eq!(config.notify.channels[0].preferences.events, Some(Events::none()));
    assert_eq!(setup(&format!("{table}{table}")).keys(), ["channels[1].id"]);
    assert_eq!(setup("[[channels]]\nmodel = 'm'").keys(), ["channels[0].id"]);
}

#[test]
fn a_channel_decides_about_what_it_gets_and_leaves_the_rest_open() {
    let file = "[notify]\nquiet = '22:00-07:00'\ntime_zone = 'Europe/Berlin'\n\
                [[channels]]\nid = 'discord:1'\nsilent = true\nmention = false\nthread = true\nquiet = 'off'\ndeliver_to = ['telegram:7']";
    let notify = setup(file).load().expect("valid").notify;
    assert_eq!(notify.defaults.quiet.map(|quiet| quiet.to_string()).as_deref(), Some("22:00-07:00"));
    assert_eq!(notify.defaults.time_zone.map(chrono_tz::Tz::name), Some("Europe/Berlin"));
    let channel = &notify.channels[0].preferences;
    assert_eq!((channel.silent, channel.mention, channel.thread), (Some(true), Some(false), Some(true)));
    assert_eq!(channel.quiet.map(|quiet| quiet.to_string()).as_deref(), Some("off"));
    assert_eq!((channel.events, channel.time_zone), (None, None));
    assert_eq!(channel.deliver_to.as_ref().map(Vec::len), Some(1));
}

#[test]
fn a_channel_cannot_be_its_own_target_have_one_twice_or_have_threads_on_telegram() {
    let file = "[[channels]]\nid = 'telegram:7'\nthread = true\ndeliver_to = ['discord:1', 'telegram:7', 'discord:1']";
    assert_eq!(setup(file).keys(), ["channels[0].deliver_to", "channels[0].deliver_to", "channels[0].thread"]);
}

#[test]
fn a_language_is_one_the_bot_speaks_or_everybodys_own() {
    let language = |value: &str| setup(&format!("[notify]\nlanguage = '{value}'"));
    assert_eq!(setup("").load().expect("valid").notify.language, None);
    assert_eq!(language("auto").load().expect("valid").notify.language, None);
    assert_eq!(language("de").load().expect("valid").notify.language, Some(Language::De));
    for wrong in ["tlh", "German", "", "de-AT"] {
        assert_eq!(language(wrong).keys(), ["notify.language"], "{wrong}");
    }
}
