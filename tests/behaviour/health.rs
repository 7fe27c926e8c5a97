//! How the server is: what it says of itself while a platform is in trouble, and that one's trouble is not the other's.

use std::time::Duration;

use legwork::simulator::discord::{Fault as DiscordFault, FaultKind as DiscordFaultKind};
use legwork::simulator::telegram::{Fault, FaultKind};
use tokio::time::Instant;

use crate::support::wait::{PATIENCE, Wait};
use crate::support::world::{ANN, BOB, TELEGRAM_TOKEN, World};

/// What an answer may take on a busy machine while something else is broken; a stalled runtime takes longer.
const QUICK: Duration = Duration::from_secs(4);

impl World {
    /// Waits until `/readyz` says no, with this component and these words in its reason.
    async fn is_unready(&self, component: &str, words: &str) {
        let mut wait = Wait::begin();
        loop {
            let (status, body) = self.gets("/readyz").await;
            if status == 503 && body.contains(&format!("\"component\":\"{component}\"")) && body.contains(words) {
                return;
            }
            wait.goes_on(|| format!("{component} is not said to be in trouble ({words}): {status} {body}")).await;
        }
    }

    /// Waits until `/readyz` says yes.
    async fn is_ready(&self) {
        let mut wait = Wait::at_most(PATIENCE * 2);
        loop {
            let (status, body) = self.gets("/readyz").await;
            if status == 200 {
                return;
            }
            wait.goes_on(|| format!("it does not get ready again: {body}")).await;
        }
    }

    /// A whole task on Telegram, which must not take long.
    async fn telegram_is_quick(&self) {
        let chat = self.telegram(ANN);
        let (asked, ended) = (Instant::now(), chat.count("done after"));
        chat.says("/submit quick");
        self.until("the task is done", |_| chat.count("done after") > ended).await;
        assert!(asked.elapsed() < QUICK, "a task on Telegram took {:?}", asked.elapsed());
    }

    /// A whole task on Discord.
    async fn discord_works(&self) {
        let chat = self.discord_channel(500, BOB);
        let ended = chat.count("done after");
        chat.says("/submit quick");
        self.until("the task is done", |_| chat.count("done after") > ended).await;
    }

    /// Breaks the gateway, and has people on Telegram work on until it is back, and then those on Discord.
    async fn survives(&self, what: &str, breaks: impl Fn(&Self)) {
        let sessions = |world: &Self| world.discord.identifies() + world.discord.resumes();
        let (before, broken) = (sessions(self), Instant::now());
        breaks(self);
        loop {
            self.telegram_is_quick().await;
            if sessions(self) > before && self.discord.connected() {
                break;
            }
            assert!(broken.elapsed() < PATIENCE, "the gateway is not back after {what}");
        }
        self.discord_works().await;
    }

    /// The value of a sample in `/metrics`, by its name and labels as they are written there.
    async fn metric(&self, sample: &str) -> String {
        let (status, text) = self.gets("/metrics").await;
        assert_eq!(status, 200, "{text}");
        let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("`{sample}` is not in {text}")).to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_poller_of_the_token_shows_and_is_outlived() {
    let world = World::starts().await;
    assert_eq!(world.gets("/readyz").await, (200, r#"{"ready":true,"waiting_for":[]}"#.to_owned()));
    world.until("a poll waits", |world| world.telegram.open_polls() == 1).await;
    let other = format!("{}/bot{TELEGRAM_TOKEN}/getUpdates", world.telegram.url());
    let client = reqwest012::Client::builder().no_proxy().build().unwrap();
    assert!(client.get(other).send().await.unwrap().status().is_success());
    world.is_unready("telegram", "another instance polls with this token").await;
    assert_eq!(world.gets("/healthz").await.0, 200, "a restart would not help");
    world.telegram(ANN).says("/submit meanwhile");
    world.discord_works().await;
    world.is_ready().await;
    world.telegram(ANN).hears("done after").await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telegram_that_fails_shows_and_is_waited_out() {
    let world = World::starts().await;
    for kind in [FaultKind::Status(500, "Internal Server Error".to_owned()), FaultKind::NotJson(502), FaultKind::CutBefore] {
        world.telegram.fail(Fault::once("getUpdates", kind).times(usize::MAX));
        world.telegram(ANN).says("/help");
        world.is_unready("telegram", "").await;
        world.discord_works().await;
        world.telegram.heal();
        world.is_ready().await;
    }
    world.telegram_is_quick().await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn breaks_of_the_gateway_are_survived_and_not_felt_on_telegram() {
    let world = World::starts().await;
    world.survives("a close with 4000", |world| world.discord.close_gateway(Some(4000))).await;
    world.survives("op 7", |world| world.discord.ask_reconnect()).await;
    world.survives("op 9, resumable", |world| world.discord.invalid_session(true)).await;
    world.survives("a drop", |world| world.discord.drop_gateway()).await;
    world.is_ready().await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_lost_is_survived_and_not_felt_on_telegram() {
    let world = World::starts().await;
    world.survives("op 9", |world| world.discord.invalid_session(false)).await;
    world.is_ready().await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_without_a_code_is_survived_and_not_felt_on_telegram() {
    let world = World::starts().await;
    world.survives("a close without a code", |world| world.discord.close_gateway(None)).await;
    world.is_ready().await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discord_that_stays_away_shows_and_results_arrive_all_the_same() {
    let world = World::starts().await;
    let chat = world.discord_channel(500, BOB);
    world.model.hold();
    chat.says("/submit long");
    chat.hears("#1 running").await;
    world.discord.refuse_gateway(true);
    world.discord.drop_gateway();
    world.is_unready("discord", "gateway").await;
    world.model.release();
    chat.hears("#1 done").await;
    world.telegram_is_quick().await;
    world.discord.refuse_gateway(false);
    world.is_ready().await;
    world.discord_works().await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_tell_what_happened() {
    let world = World::with(|config| config.tasks.limits.max_running = 1).await;
    let chat = world.telegram(ANN);
    world.model.hold();
    chat.says("/submit first");
    chat.hears("#1 running").await;
    chat.says("/submit second");
    chat.hears("#2 queued").await;
    assert_eq!(world.metric(r#"legwork_tasks{status="running"}"#).await, "1");
    assert_eq!(world.metric(r#"legwork_tasks{status="pending"}"#).await, "1");
    let oldest: f64 = world.metric("legwork_oldest_pending_seconds").await.parse().unwrap();
    assert!(oldest > 0.0 && oldest < 60.0, "{oldest}");
    world.model.release();
    chat.hears("#2 done").await;
    chat.says("/submit hang");
    chat.hears("#3 running").await;
    chat.says("/cancel 3");
    chat.hears("#3 cancelled after").await;
    world.settles().await;

    for (sample, value) in [
        (r#"legwork_tasks{status="pending"}"#, "0"),
        (r#"legwork_tasks{status="running"}"#, "0"),
        (r#"legwork_tasks{status="done"}"#, "2"),
        (r#"legwork_tasks{status="failed"}"#, "0"),
        (r#"legwork_tasks{status="cancelled"}"#, "1"),
        (r#"legwork_notices{state="owed"}"#, "0"),
        (r#"legwork_notices{state="undeliverable"}"#, "0"),
        ("legwork_oldest_pending_seconds", "0"),
        ("legwork_queue_wait_seconds_count", "3"),
        ("legwork_run_seconds_count", "3"),
        // Queued, running and its end for each; two have a result too.
        ("legwork_notice_lag_seconds_count", "11"),
        ("legwork_ready", "1"),
        // The notices but the starts, which cards show, and the answer to the cancel.
        (r#"legwork_platform_requests_total{platform="telegram",method="sendMessage",outcome="ok"}"#, "9"),
        (r#"legwork_platform_requests_total{platform="telegram",method="getMe",outcome="ok"}"#, "1"),
    ] {
        assert_eq!(world.metric(sample).await, value, "{sample}");
    }
    for sum in ["legwork_queue_wait_seconds_sum", "legwork_run_seconds_sum", "legwork_notice_lag_seconds_sum"] {
        let seconds: f64 = world.metric(sum).await.parse().unwrap();
        assert!(seconds > 0.0 && seconds < 60.0, "{sum} is {seconds}");
    }
    for kind in ["input", "output"] {
        let tokens = world.metric(&format!("legwork_llm_tokens_total{{kind=\"{kind}\"}}")).await;
        assert!(tokens.parse::<u64>().unwrap() > 0, "{kind}: {tokens}");
    }
    let (_, text) = world.gets("/metrics").await;
    assert!(!text.contains(&ANN.to_string()), "no label is a person: {text}");
    assert_eq!(world.gets("/healthz").await, (200, r#"{"status":"ok"}"#.to_owned()));
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_refuses_the_token_leaves_the_other_one_alone() {
    let world = World::stopped().await;
    let telegram = world.telegram(ANN);
    world.discord.fail(DiscordFault {
        route: Some("GET /users/@me".to_owned()),
        times: 1,
        kind: DiscordFaultKind::Status(401, 0, "401: Unauthorized".to_owned()),
    });
    let mut process = world.launches(&[]);
    process.is_unready("check discord.token").await;
    telegram.says("/submit first");
    telegram.hears("#1 done").await;
    assert!(process.log().contains("a platform is left until the next start"), "{}", process.log());
    process.signal("TERM");
    assert_eq!(process.ends().await.code(), Some(0));

    let mut process = world.launches(&[]);
    process.is_ready().await;
    world.discord.close_gateway(Some(4004));
    process.is_unready("check discord.token").await;
    telegram.says("/submit second");
    telegram.hears("#2 done").await;
    process.signal("TERM");
    assert_eq!(process.ends().await.code(), Some(0));
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_cannot_be_written_shows_until_it_can() {
    let world = World::starts().await;
    let chat = world.telegram(ANN);
    chat.says("/submit first");
    chat.hears("#1 done").await;
    world.settles().await;
    assert_eq!(world.metric("legwork_ledger_up").await, "1");
    let shell = rusqlite::Connection::open(&world.config.store.path).unwrap();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    world
        .is_unready("ledger", "it cannot be written: the ledger's store failed to begin a transaction: database is locked")
        .await;
    assert_eq!(world.metric("legwork_ledger_up").await, "0");
    drop(shell);
    world.is_ready().await;
    assert_eq!(world.metric("legwork_ledger_up").await, "1");
    chat.says("/submit second");
    chat.hears("#2 done").await;
    world.closes().await;
}
