//! The composition root: the only file that names concrete adapters. It puts the parts together and knows the order in
//! which they stop; it decides nothing else.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::adapters::clock::SystemClock;
use crate::adapters::discord::{Discord, DiscordError};
use crate::adapters::ledger::sqlite::SqliteLedger;
use crate::adapters::telegram::{Telegram, TelegramError};
use crate::background::cards::Cards;
use crate::background::channels::NoticePolicy;
use crate::background::manager::Manager;
use crate::background::notification::Notification;
use crate::background::ports::{Clock, Ledger};
use crate::background::retention;
use crate::chat::access::AccessPolicy;
use crate::chat::dispatch::Dispatch;
use crate::chat::inbound::{Inbox, Replies};
use crate::chat::router::Router;
use crate::config::value::is_numbered;
use crate::config::{AccessConfig, Config, NotifyConfig};
use crate::delivery::budget::Budgets;
use crate::delivery::card::CardKeeper;
use crate::delivery::outbox::Outbox;
use crate::delivery::typing::PacedTyping;
use crate::lifecycle::Lifecycle;
use crate::metrics::Metrics;
use crate::runner::{LlmRunner, Persona};
use crate::web;

/// How long the chat platforms may take to be left, beyond the drain.
const LEAVE_LIMIT: Duration = Duration::from_millis(1500);
/// How long what is owed may still be delivered after the drain.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);
/// How long everything may take to end after that.
const END_LIMIT: Duration = Duration::from_millis(500);
/// What has not ended so long after the drain does not end: one of them is stuck.
const OVERDUE: Duration = Duration::from_secs(4);
/// How long a whole stop may take beyond the drain; the ledger gets what is left of it to be closed.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// A server, put together and not yet running.
pub struct App {
    lifecycle: Lifecycle,
    clock: Arc<dyn Clock>,
    ledger: Arc<SqliteLedger>,
    manager: Manager,
    outbox: Outbox,
    keeper: CardKeeper,
    inbox: Arc<dyn Inbox>,
    telegram: Option<Telegram>,
    discord: Option<Discord>,
    listener: TcpListener,
    pages: axum::Router,
    drain: Duration,
    retention: Duration,
}

/// Pages served beside the server's own.
#[derive(Debug, Default)]
pub struct Pages {
    /// What serves them.
    pub router: axum::Router,
    /// Links to them on the server's front page: path and text.
    pub links: &'static [(&'static str, &'static str)],
}

impl App {
    /// Opens the ledger, binds the port and puts everything together. `extra` pages are served too.
    ///
    /// # Errors
    /// When the ledger cannot be opened, the port cannot be bound, or a setting cannot be used; the text says which and
    /// what to do.
    pub async fn build(config: Config, lifecycle: Lifecycle, extra: Pages) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let metrics = Metrics::default();
        let listener = TcpListener::bind(config.server.listen)
            .await
            .with_context(|| format!("cannot listen on {} (server.listen)", config.server.listen))?;
        let ready = lifecycle.readiness.component("ledger");
        let store = Arc::new(SqliteLedger::open(&config.store.path).context("cannot open the ledger (store.url)")?);
        store.report_to(ready);
        let ledger: Arc<dyn Ledger> = store.clone();

        let readiness = &lifecycle.readiness;
        let telegram = config
            .telegram
            .map(|section| Telegram::new(section, Arc::clone(&clock), metrics.clone(), readiness.component("telegram")));
        let telegram = telegram.transpose()?;
        let discord = config
            .discord
            .map(|section| Discord::new(section, Arc::clone(&clock), metrics.clone(), readiness.component("discord")));
        let discord = discord.transpose()?;
        let mut router = Router::default();
        if let Some(telegram) = &telegram {
            let notifier = telegram.notifier();
            router = router.with("telegram", notifier.clone(), telegram.typing()).with_check("telegram", notifier);
            router = router.with_drafts("telegram", telegram.drafts());
        }
        if let Some(discord) = &discord {
            let notifier = Arc::new(discord.notifier());
            router = router.with("discord", notifier.clone(), Arc::new(discord.typing()));
            router = router.with_check("discord", notifier.clone()).with_threads("discord", notifier);
        }

        let tracker = lifecycle.tracker.clone();
        let ways_out = Arc::new(router.clone());
        let (budgets, cards) = (Budgets::default(), Cards::default());
        let typing = Arc::new(PacedTyping::new(ways_out.clone(), ways_out.clone(), budgets.clone()));
        let notification = Notification::new(Arc::clone(&ledger), ways_out, typing, Arc::clone(&clock), tracker.clone())
            .with_threads(Arc::new(router.clone()))
            .with_metrics(metrics.clone())
            .with_cards(cards.clone());
        let runner = LlmRunner::new(config.llm, Arc::clone(&clock))?.with_personas(personas(&config.notify));
        let notification = notification.with_policy(policy(config.notify));
        let manager = Manager::builder(ledger, Arc::new(runner), Arc::clone(&clock), tracker.clone())
            .with_limits(config.tasks.limits)
            .with_notification(notification.clone())
            .with_metrics(metrics.clone())
            .build();
        let outbox = Outbox::sharing(budgets, notification.clone(), tracker, lifecycle.hard.clone());
        let keeper = CardKeeper::new(cards, manager.clone(), notification, outbox.clone(), Arc::new(router.clone()));
        let ways = router.clone();
        let inbox: Arc<dyn Inbox> =
            Arc::new(Dispatch::new(manager.clone(), access(config.access), router).with_replies(Arc::new(outbox.clone())));
        let state = web::WebState {
            serves: Arc::new(move |channel| ways.serves(channel) && is_numbered(channel)),
            tasks: Arc::new(manager.clone()),
            lifecycle: lifecycle.clone(),
            metrics,
            clock: Arc::clone(&clock),
            admin_token: config.server.admin_token,
            links: extra.links,
        };
        Ok(Self {
            pages: web::router(state).merge(extra.router),
            clock,
            ledger: store,
            manager,
            outbox,
            keeper,
            inbox,
            telegram,
            discord,
            listener,
            drain: config.tasks.drain,
            retention: config.store.retention,
            lifecycle,
        })
    }

    /// Where the HTTP server listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until the lifecycle's soft token is cancelled, then stops in order: nothing new is started, what runs may
    /// finish while people are still heard, the rest is handed back, what is owed is delivered, the ledger is closed.
    ///
    /// # Errors
    /// When a component ended by itself: a refused token, a port that failed.
    pub async fn run(self) -> anyhow::Result<()> {
        let Self {
            lifecycle,
            clock,
            ledger,
            manager,
            outbox,
            keeper,
            inbox,
            telegram,
            discord,
            listener,
            pages,
            drain,
            retention,
        } = self;
        let (soft, hard, tracker) = (&lifecycle.soft, &lifecycle.hard, &lifecycle.tracker);
        // The HTTP server and the outbox outlive the drain: people may watch it, and notices are still owed.
        let last = CancellationToken::new();
        // The cards' loop ends with the work, so that nothing new comes up while what is owed is delivered.
        let worked = CancellationToken::new();
        // People are heard while anything runs that they could cancel; what they submit meanwhile waits for the next start.
        let leave = CancellationToken::new();
        let platforms = usize::from(telegram.is_some()) + usize::from(discord.is_some());
        let endings = Endings { lifecycle: &lifecycle, platforms: AtomicUsize::new(platforms), failure: Mutex::default() };
        let replies: Arc<dyn Replies> = Arc::new(outbox.clone());

        let telegram = async {
            if let Some(telegram) = telegram {
                let run = telegram.run(Arc::clone(&inbox), Arc::clone(&replies), leave.clone());
                endings.of_platform("telegram", run.await.map_err(Into::into));
            }
        };
        let discord = async {
            if let Some(discord) = discord {
                let run = discord.run(Arc::clone(&inbox), Arc::clone(&replies), leave.clone());
                endings.of_platform("discord", run.await.map_err(Into::into));
            }
        };
        let work = async {
            let drained = async {
                let drained = manager.run(soft.clone(), hard.clone(), drain).await;
                leave.cancel();
                drained
            };
            // Adapters finish the answers they are giving, so the flush after them covers those too.
            let adapters = async {
                tokio::select! {
                    ((), ()) = async { tokio::join!(telegram, discord) } => {}
                    () = time_to_leave(&lifecycle, drain, &leave) => {}
                }
            };
            let (drained, ()) = tokio::join!(drained, adapters);
            // Cards of what has just ended or was handed back say so.
            worked.cancel();
            keeper.last_look().await;
            let flushed = hard.run_until_cancelled(tokio::time::timeout(FLUSH_LIMIT, outbox.flush())).await;
            let all_delivered = matches!(flushed, Some(Ok(())));
            tracing::info!(handed_back = drained.handed_back, all_delivered, "drained");
            keeper.settle().await;
            last.cancel();
        };
        let pages = async {
            // A client that keeps its request open must not keep the process alive.
            let patience = async {
                last.cancelled().await;
                tokio::time::sleep(END_LIMIT).await;
            };
            tokio::select! {
                served = web::serve(listener, pages, last.clone()) => endings.of("http", served.map_err(Into::into)),
                () = patience => {}
            }
        };
        let store: Arc<dyn Ledger> = ledger.clone();
        let delivery = async { tokio::join!(outbox.run(last.clone()), keeper.run(worked.clone())) };
        let retention = retention::run(store, clock, retention, soft.clone());
        let asked_to_stop = async {
            soft.cancelled().await;
            Instant::now()
        };
        let (patience, deadline) = tokio::select! {
            biased;
            ((), (), _both, (), asked) = async { tokio::join!(work, pages, delivery, retention, asked_to_stop) } => {
                (END_LIMIT, if hard.is_cancelled() { asked } else { asked + drain + STOP_LIMIT })
            }
            () = overdue(&lifecycle, drain) => {
                tracing::error!("not everything ended in time; what is not written yet is as after a crash");
                (Duration::ZERO, Instant::now())
            }
        };
        hard.cancel();
        tracker.close();
        if tokio::time::timeout(patience, tracker.wait()).await.is_err() {
            tracing::warn!(left = tracker.len(), "some futures did not end in time");
        }
        close(ledger, deadline.saturating_duration_since(Instant::now()).max(END_LIMIT)).await;
        endings.failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }
}

/// Whether the server could go on with this ledger; the error says what is wrong with it.
///
/// # Errors
/// When the file is no ledger, was written by a newer program, or cannot be read.
pub fn examine_ledger(path: &std::path::Path) -> anyhow::Result<()> {
    Ok(SqliteLedger::examine(path)?)
}

/// What becomes of the server when parts of it end by themselves.
struct Endings<'a> {
    lifecycle: &'a Lifecycle,
    /// Those that are left.
    platforms: AtomicUsize,
    /// Why the server stops, if it does so by itself.
    failure: Mutex<Option<anyhow::Error>>,
}

impl Endings<'_> {
    /// Without this part there is no server.
    fn of(&self, name: &'static str, ended: anyhow::Result<()>) {
        if let Err(error) = ended {
            tracing::error!(component = name, error = format!("{error:#}"), "a component ended; stopping");
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            self.lifecycle.soft.cancel();
        }
    }

    /// A platform that refuses the bot is no reason to leave those alone who use another one.
    fn of_platform(&self, name: &'static str, ended: anyhow::Result<()>) {
        match ended {
            Err(error) if self.platforms.fetch_sub(1, Ordering::Relaxed) > 1 => {
                let reason = format!("{error:#}");
                tracing::error!(
                    component = name,
                    error = reason,
                    "a platform is left until the next start; the other one goes on"
                );
                self.lifecycle.readiness.component(name).not_ready(reason);
            }
            ended => self.of(name, ended),
        }
    }
}

/// Whether this is about the configuration, so that starting again does not help: a platform does not take the bot as it is.
#[must_use]
pub fn is_misconfigured(error: &anyhow::Error) -> bool {
    let telegram = error.downcast_ref::<TelegramError>().is_some_and(TelegramError::is_misconfigured);
    telegram || error.downcast_ref::<DiscordError>().is_some_and(DiscordError::is_misconfigured)
}

/// Closes the ledger within this time. A disk that hangs must not keep the process: then nothing more is waited for, and
/// what was not written yet is as after a crash.
async fn close(ledger: Arc<SqliteLedger>, limit: Duration) {
    if tokio::time::timeout(limit, ledger.close()).await.is_err() {
        tracing::error!(?limit, "the ledger did not close in time; what it has not written yet is lost");
        // Dropping it would wait for its thread.
        std::mem::forget(ledger);
    }
}

/// Has the chat platforms left when the drain is over, and completes when they are to be left whether or not everything is
/// answered there.
async fn time_to_leave(lifecycle: &Lifecycle, drain: Duration, leave: &CancellationToken) {
    lifecycle.soft.cancelled().await;
    let patience = async {
        tokio::time::sleep(drain).await;
        leave.cancel();
        tokio::time::sleep(LEAVE_LIMIT).await;
    };
    if lifecycle.hard.run_until_cancelled(patience).await.is_some() {
        tracing::warn!("the chat platforms are left before everything was answered");
    }
}

/// Completes when everything should have ended long ago: a ledger that does not answer must not keep the process. There is
/// time left then to close what can be closed.
async fn overdue(lifecycle: &Lifecycle, drain: Duration) {
    lifecycle.soft.cancelled().await;
    let at_once = async {
        lifecycle.hard.cancelled().await;
        tokio::time::sleep(LEAVE_LIMIT + END_LIMIT).await;
    };
    drop(tokio::time::timeout(drain.saturating_add(OVERDUE), at_once).await);
}

fn access(config: AccessConfig) -> AccessPolicy {
    AccessPolicy { open: config.open, admins: config.admins, people: config.people, channels: config.channels }
}

fn policy(config: NotifyConfig) -> NoticePolicy {
    NoticePolicy {
        defaults: config.defaults,
        default_deliver_to: config.default_deliver_to,
        channels: config.channels.into_iter().map(|channel| (channel.id, channel.preferences)).collect(),
        language: config.language,
    }
}

fn personas(config: &NotifyConfig) -> Vec<Persona> {
    let channels = config.channels.iter().filter(|channel| channel.model.is_some() || channel.system_prompt.is_some());
    channels
        .map(|channel| Persona {
            channel: channel.id.clone(),
            model: channel.model.clone(),
            system_prompt: channel.system_prompt.clone(),
        })
        .collect()
}
