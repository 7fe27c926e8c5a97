//! Legwork: hand long prompts to a bot in Telegram or Discord, an LLM does the legwork in the background, and the
//! channel that asked hears when it starts, how far it is, and what came out.
//!
//! This is the map of the crate; the binary `legwork` is a thin `main` over it.
//!
//! # Modules
//! - [`domain`]: values and rules: tasks, notices, commands, fairness, every sentence the bot says. No I/O, no clock.
//! - [`background`]: the use cases over [ports](background::ports): [`Manager`](background::manager::Manager),
//!   [`Monitor`](background::monitor::Monitor), [`Notification`](background::notification::Notification), and
//!   [`build_tools`](background::tools::build_tools). This is the Go package `background`, ported.
//! - [`chat`]: from an inbound message to exactly one reply: [access](chat::access), [dispatch](chat::dispatch),
//!   [completion](chat::completion), and the [router](chat::router) over all platforms.
//! - [`delivery`]: from owed notices to delivered messages: one ordered lane per chat, one budget per chat and per bot;
//!   and the [cards](delivery::card), one live message per task.
//! - [`runner`]: the LLM agent: transport, decoding, retries, the pure state machine, the driver.
//! - [`adapters`]: Telegram, Discord, the ledgers (memory and SQLite), the system's clock.
//! - [`web`]: health, metrics and the HTTP API. [`simulator`]: Telegram, Discord and a model on loopback ports.
//! - [`config`], [`metrics`], [`lifecycle`], [`telemetry`], [`cli`]: leaves that the rest stands on.
//! - [`app`]: the composition root, the only file that names concrete adapters. [`demo`]: the same over the simulator.
//!
//! # How data flows
//! In: a platform's adapter → [`chat`] → `Manager` → the ledger (accepted, durable) → the same adapter's reply.
//! Out: the ledger (claimed) → an attempt → the runner; its end and the notices it owes are one transaction →
//! [`delivery`] → [`chat::router`] → the adapter.
//!
//! # What never happens
//! - The domain never waits, reads a clock or names a platform; only [`Task::apply`](domain::task::Task::apply) changes
//!   a state.
//! - An answer never claims what is not durable: `/submit` is answered after the commit.
//! - Nothing but the platform's message id ever counts as delivered.
//! - A transition never happens without the notices it owes: they are the same transaction.
//! - A late worker never changes anything: every write carries the fence of its attempt.
//! - The core never holds a lock that blocks a thread across a wait, and never spawns what nobody owns.
//! - The simulator never shares code with the adapters it checks.
//!
//! # As a library
//! A manager over the memory ledger, with a runner, a notifier and a projection of your own:
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use async_trait::async_trait;
//! use legwork::adapters::clock::SystemClock;
//! use legwork::adapters::ledger::memory::MemoryLedger;
//! use legwork::background::manager::{Manager, Submission};
//! use legwork::background::notification::Notification;
//! use legwork::background::ports::*;
//! use legwork::delivery::outbox::Outbox;
//! use legwork::domain::{channel::{ChannelId, PersonId}, id::{MessageId, TaskId}, origin::Origin, prompt::Prompt};
//! use legwork::domain::pace::{Pace, SendKind};
//! use legwork::domain::{snapshot::TaskSnapshot, task::Outcome, usage::Usage};
//! use tokio_util::{sync::CancellationToken, task::TaskTracker};
//!
//! /// Does the work: here it only counts letters.
//! struct Counter;
//!
//! #[async_trait]
//! impl AgentRunner for Counter {
//!     async fn run(&self, request: RunRequest, _control: RunControl) -> RunOutcome {
//!         let result = format!("{} letters", request.prompt.as_str().len());
//!         RunOutcome::new(Outcome::Done { result }, Usage::default())
//!     }
//! }
//!
//! /// Tells people: here it hands every message to a queue.
//! struct Mailbox(tokio::sync::mpsc::UnboundedSender<String>);
//!
//! #[async_trait]
//! impl ChannelNotifier for Mailbox {
//!     async fn send(&self, message: &OutgoingMessage, _part: usize) -> Result<Sent, SendError> {
//!         let gone = |_| SendError::Undeliverable("nobody listens".to_owned());
//!         self.0.send(message.text.clone()).map_err(gone)?;
//!         let message = MessageId::parse(message.key.as_str()).map_err(|e| SendError::Unavailable(e.to_string()))?;
//!         Ok(Sent { message, more: false })
//!     }
//!     async fn edit(&self, _edit: &MessageEdit) -> Result<(), SendError> {
//!         Err(SendError::Undeliverable("what is in a mailbox stays as it is".to_owned()))
//!     }
//!     fn pace(&self, channel: &ChannelId, _kind: SendKind) -> Pace {
//!         Pace::unlimited(channel)
//!     }
//!     async fn direct_channel(&self, _person: &PersonId) -> Result<Option<ChannelId>, SendError> {
//!         Ok(None)
//!     }
//! }
//!
//! #[async_trait]
//! impl TypingIndicator for Mailbox {
//!     async fn show_typing(&self, _channel: &ChannelId) -> Result<Duration, SendError> {
//!         Ok(Duration::from_secs(5))
//!     }
//! }
//!
//! /// Mirrors tasks somewhere else.
//! struct Mirror;
//!
//! #[async_trait]
//! impl Projection for Mirror {
//!     async fn prepare_task(&self, _prompt: &Prompt, _origin: &Origin) -> Result<Option<TaskId>, HookError> {
//!         Ok(Some(TaskId::parse("TICKET-7")?))
//!     }
//!     async fn sync_task(&self, snapshot: &TaskSnapshot) -> Result<(), HookError> {
//!         println!("{} is {}", snapshot.id, snapshot.status);
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
//! let (ledger, clock) = (Arc::new(MemoryLedger::new()), Arc::new(SystemClock));
//! let (sender, mut mail) = tokio::sync::mpsc::unbounded_channel();
//! let mailbox = Arc::new(Mailbox(sender));
//! let notification = Notification::new(ledger.clone(), mailbox.clone(), mailbox, clock.clone(), tracker.clone());
//! let manager = Manager::builder(ledger, Arc::new(Counter), clock, tracker.clone())
//!     .with_notification(notification.clone())
//!     .with_projection(Arc::new(Mirror))
//!     .build();
//! let outbox = Outbox::new(notification, tracker.clone(), stop.clone());
//!
//! let channel = "mail:me".parse()?;
//! let origin = Origin { channel: Some(channel), ..Origin::default() };
//! let _submitted = manager.submit(Submission::new(Prompt::parse("How long am I?")?, origin)).await?;
//!
//! let (soft, hard) = (CancellationToken::new(), CancellationToken::new());
//! let read = async {
//!     let mut heard = Vec::new();
//!     while let Some(text) = mail.recv().await {
//!         heard.push(text);
//!         if heard.len() == 4 {
//!             soft.cancel();
//!             stop.cancel();
//!             break;
//!         }
//!     }
//!     heard
//! };
//! let work = manager.run(soft.clone(), hard, Duration::from_secs(1));
//! let (_drained, (), heard) = tokio::join!(work, outbox.run(stop.clone()), read);
//! assert!(heard[0].starts_with("#1 queued: it is next."));
//! assert_eq!(heard[2], "14 letters");
//! # Ok(())
//! # }
//! ```

pub mod adapters;
pub mod app;
pub mod background;
pub mod chat;
pub mod cli;
pub mod config;
pub mod delivery;
pub mod demo;
pub mod domain;
pub mod lifecycle;
pub mod metrics;
pub mod runner;
pub mod simulator;
pub mod telemetry;
pub mod web;
