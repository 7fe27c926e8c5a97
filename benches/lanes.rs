//! How close delivery comes to what the platforms allow: a thousand results at once, against servers that enforce
//! their limits with the platforms' own clock.
//!
//! The ledger owes 1,000 results to 100 private chats and 3 groups when the server starts; meanwhile people ask
//! `/status`, each in another chat. The table says how long it took, how long the limits make the fastest bot need,
//! the ratio of the two, the slowest answer, and how many requests were refused for haste (none, or the bench fails).
//!
//! `cargo bench --bench lanes` takes about a minute; `-- --full` adds eight more, for a row in which the three groups get
//! a third.
#![expect(clippy::print_stdout, reason = "printing the table is what it is for")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use legwork::adapters::ledger::sqlite::SqliteLedger;
use legwork::app::{App, Pages};
use legwork::background::ports::{Delivery, Lease, Ledger, nobody_is_quiet};
use legwork::config::Config;
use legwork::domain::id::{MessageId, TaskId, WorkerId};
use legwork::domain::limits::Limits;
use legwork::domain::notice::Events;
use legwork::domain::origin::Origin;
use legwork::domain::prompt::Prompt;
use legwork::domain::task::{NewTask, Outcome, RunSettings};
use legwork::domain::time::{Timestamp, from_millis};
use legwork::domain::usage::Usage;
use legwork::lifecycle::Lifecycle;
use legwork::simulator::discord::DiscordServer;
use legwork::simulator::platforms::Platforms;
use legwork::simulator::telegram::TelegramServer;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

type Anything<T> = Result<T, Box<dyn Error + Send + Sync>>;

const RESULTS: usize = 1000;
const PEOPLE: i64 = 100;
const GROUPS: [i64; 3] = [-1_001, -1_002, -1_003];
/// The number in the names of people who only ask.
const ASKERS: i64 = 5_000;

fn main() -> Anything<()> {
    let full = std::env::args().any(|argument| argument == "--full");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!("{:<34} {:>9} {:>9} {:>7} {:>15} {:>8}", "1,000 results", "took", "allowed", "ratio", "slowest answer", "refused");
    let people = || 2_000..2_000 + PEOPLE;
    let evenly: Vec<i64> = people().chain(GROUPS).collect();
    runtime.block_on(telegram("Telegram, 100 chats and 3 groups", &evenly))?;
    runtime.block_on(discord("Discord, 103 channels"))?;
    if full {
        // A third of everything goes to the groups.
        let third = (0..50).flat_map(|_| GROUPS).chain(people().chain(people()).chain(people()));
        runtime.block_on(telegram("Telegram, a third to the groups", &third.collect::<Vec<_>>()))?;
    }
    Ok(())
}

/// Everything a row needs, put together and torn down again.
struct Stage {
    telegram: TelegramServer,
    discord: DiscordServer,
    config: Config,
    servers: TaskTracker,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn set() -> Anything<Self> {
        let (servers, stop) = (TaskTracker::new(), CancellationToken::new());
        let platforms = Platforms::start(&servers, &stop).await?;
        let folder = tempfile::tempdir()?;
        let config = Config::of(&platforms.settings(folder.path(), "127.0.0.1:0"))?;
        let Platforms { telegram, discord, .. } = platforms;
        Ok(Self { telegram, discord, config, servers, stop, _folder: folder })
    }

    /// Lets the server deliver what the ledger owes, asking for the status all the while. How long it took, and how long
    /// the slowest answer took.
    async fn delivers(
        &self,
        told: impl Fn() -> usize,
        mut ask: impl AsyncFnMut(i64) -> Duration,
    ) -> Anything<(Duration, Duration)> {
        let lifecycle = Lifecycle::default();
        let app = App::build(self.config.clone(), lifecycle.clone(), Pages::default()).await?;
        let started = Instant::now();
        let served = self.servers.spawn(Box::pin(app.run()));
        let mut slowest = Duration::ZERO;
        let mut asked = 0;
        while told() < RESULTS {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let due = started.elapsed() > Duration::from_secs(3 * (asked + 1));
            if due && told() < RESULTS * 9 / 10 {
                slowest = slowest.max(ask(i64::try_from(asked)?).await);
                asked += 1;
            }
        }
        let took = started.elapsed();
        lifecycle.soft.cancel();
        served.await??;
        Ok((took, slowest))
    }

    async fn strike(self) {
        self.stop.cancel();
        self.servers.close();
        self.servers.wait().await;
    }
}

async fn telegram(name: &str, chats: &[i64]) -> Anything<()> {
    let stage = Stage::set().await?;
    let mut counts: BTreeMap<i64, u32> = BTreeMap::new();
    let answers: Mutex<BTreeMap<i64, u32>> = Mutex::default();
    let order: Vec<i64> = chats.iter().copied().cycle().take(RESULTS).collect();
    for chat in &order {
        *counts.entry(*chat).or_default() += 1;
        stage.telegram.add_chat(*chat, "A chat");
    }
    let channels: Vec<String> = order.iter().map(|chat| format!("telegram:{chat}")).collect();
    owe(&stage.config, &channels).await?;
    stage.telegram.enforce_limits(true);
    let told = || counts.keys().map(|chat| results_in(&stage.telegram, *chat)).sum();
    let ask = async |number: i64| {
        // Somebody new, somebody whose chat is busy, and somebody in a group, one after the other.
        let (chat, person) = match number % 3 {
            0 => (ASKERS + number, ASKERS + number),
            1 => (2_000 + number, 2_000 + number),
            _ => (GROUPS[0], 2_000 + number),
        };
        *answers.lock().unwrap_or_else(PoisonError::into_inner).entry(chat).or_default() += 1;
        let said = stage.telegram.says(chat, person, "/status");
        let asked = Instant::now();
        while !stage.telegram.said(chat).iter().any(|message| message.reply_to == Some(said)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        asked.elapsed()
    };
    let (took, slowest) = stage.delivers(told, ask).await?;
    let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    let answered = |chat: &i64| answers.get(chat).copied().unwrap_or_default();
    let allowed = counts.iter().map(|(chat, count)| allowed_in(*chat, count + answered(chat))).max().unwrap_or_default();
    // Thirty at once and one each 33 ms, as the server enforces it.
    let overall = Duration::from_millis(33) * (u32::try_from(RESULTS)? - 30);
    print(name, took, allowed.max(overall), slowest, &stage.telegram.violations())?;
    stage.strike().await;
    Ok(())
}

/// How long the limits of a chat make so many messages take: five at once and one a second, or twenty a minute.
fn allowed_in(chat: i64, count: u32) -> Duration {
    if chat > 0 {
        return Duration::from_secs(u64::from(count.saturating_sub(5)));
    }
    Duration::from_mins(u64::from(count.saturating_sub(1) / 20))
}

fn results_in(server: &TelegramServer, chat: i64) -> usize {
    server.said(chat).iter().filter(|message| message.text.starts_with("Result")).count()
}

async fn discord(name: &str) -> Anything<()> {
    let stage = Stage::set().await?;
    let direct: Vec<u64> = (0..103).map(|at| stage.discord.dm(3_000 + at)).collect();
    let channels: Vec<String> = direct.iter().cycle().take(RESULTS).map(|channel| format!("discord:{channel}")).collect();
    owe(&stage.config, &channels).await?;
    stage.discord.enforce_limits(true);
    let results =
        |channel: u64| stage.discord.messages(channel).iter().filter(|message| message.text.starts_with("-# Result")).count();
    let told = || direct.iter().map(|channel| results(*channel)).sum();
    let ask = async |number: i64| {
        let at = usize::try_from(number).unwrap_or_default();
        let (channel, person) = (direct[at], 3_000 + number.unsigned_abs());
        let answered = |interaction| {
            let view = stage.discord.interaction(interaction);
            view.and_then(|view| view.original).is_some_and(|answer| !answer.loading)
        };
        // Until the menu is registered there is nothing to choose from.
        let interaction = loop {
            match stage.discord.types(channel, person, "/status") {
                Ok(interaction) => break interaction,
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        let asked = Instant::now();
        while !answered(interaction) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        asked.elapsed()
    };
    let (took, slowest) = stage.delivers(told, ask).await?;
    // Fifty in each second; five in five seconds to each channel, which gets ten.
    let allowed = Duration::from_secs(u64::try_from(RESULTS / 50)? - 1);
    print(name, took, allowed, slowest, &stage.discord.violations())?;
    stage.strike().await;
    Ok(())
}

fn print(name: &str, took: Duration, allowed: Duration, slowest: Duration, violations: &[String]) -> Anything<()> {
    let ratio = took.as_secs_f64() / allowed.as_secs_f64();
    let (took, allowed, slowest) = (took.as_secs_f64(), allowed.as_secs_f64(), slowest.as_secs_f64());
    println!("{name:<34} {took:>7.1} s {allowed:>7.1} s {ratio:>7.3} {slowest:>13.2} s {:>8}", violations.len());
    if violations.is_empty() { Ok(()) } else { Err(format!("the bot broke rules: {violations:?}").into()) }
}

/// Long before the server starts.
fn then() -> Anything<Timestamp> {
    from_millis(1_790_000_000_000).ok_or_else(|| "no such moment".into())
}

/// Lets the ledger owe one result to each of these channels, in this order.
async fn owe(config: &Config, channels: &[String]) -> Anything<()> {
    let ledger = SqliteLedger::open(&config.store.path)?;
    let limits = Limits {
        max_queued: RESULTS,
        max_queued_per_person: RESULTS,
        max_running: RESULTS,
        max_running_per_person: RESULTS,
        max_running_per_channel: RESULTS,
        ..Limits::default()
    };
    for (at, channel) in channels.iter().enumerate() {
        let new = NewTask {
            id: TaskId::parse(format!("bench-{at}"))?,
            inbound: None,
            prompt: Prompt::parse("Tell me")?,
            origin: Origin { channel: Some(channel.parse()?), session: channel.clone(), ..Origin::default() },
            deliver_to: Vec::new(),
            events: Events::none(),
            manner: legwork::domain::preferences::Manner::default(),
            settings: RunSettings::default(),
            retry_of: None,
        };
        ledger.accept(new, &limits, then()?).await?;
    }
    for notice in ledger.due_notices(&[], &nobody_is_quiet(), channels.len(), then()?).await? {
        ledger.begin_delivery(notice.id, &notice.channel, then()?).await?;
        let message = MessageId::parse(format!("told-{}", notice.id.0))?;
        ledger.record_delivery(notice.id, Delivery::Part { message, last: true }, then()?).await?;
    }
    let claimed = ledger.claim(&WorkerId::parse("w")?, &limits, channels.len(), then()?, then()?).await?;
    for task in claimed {
        let lease = Lease { task: task.new.id.clone(), epoch: task.epoch };
        let outcome = Outcome::Done { result: "The second of the three offers is the best.".to_owned() };
        ledger.finish(&lease, outcome, Usage::default(), then()?).await?;
    }
    ledger.close().await;
    Ok(())
}
