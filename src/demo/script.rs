//! The fixed conversation of `legwork demo --script`: what a person would try first, on both platforms.
//!
//! Each step says something and waits for what should be heard; the first one that is not heard in time ends the play.
//! It is the smoke test of a build: everything between the keyboard and the model is the real thing.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::timeout;

use crate::cli::say;
use crate::lifecycle::Lifecycle;
use crate::simulator::platforms::Platforms;

/// How long a step may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Ann writes in a private chat on Telegram.
const ANN: i64 = 1001;
/// Bob and Cleo share a channel on Discord.
const BOB: u64 = 2002;
const CLEO: u64 = 2003;
const CHANNEL: u64 = 500;

/// Why the play ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    /// Something that should have come did not.
    #[error("step {step} failed: {waited_for} did not come to pass within {PATIENCE:?}")]
    NotHeard {
        /// The step.
        step: usize,
        /// What should have come.
        waited_for: String,
    },
    /// A person could not do what the script asks.
    #[error("step {step} failed: {reason}")]
    CannotDo {
        /// The step.
        step: usize,
        /// Why.
        reason: String,
    },
    /// The bot broke rules of a platform.
    #[error("the bot broke rules: {0:?}")]
    Violations(Vec<String>),
}

/// Plays all steps and prints the transcript; how many there were.
pub(super) async fn play(stage: &Platforms, lifecycle: &Lifecycle) -> Result<usize, Failed> {
    let mut play = Play { stage, step: 0 };
    play.waits("the server is ready on both platforms", || lifecycle.readiness.waiting_for().is_empty()).await?;
    play.submits_on_telegram().await?;
    play.cancels_on_discord().await?;
    let mut violations = stage.telegram.violations();
    violations.extend(stage.discord.violations());
    if violations.is_empty() { Ok(play.step) } else { Err(Failed::Violations(violations)) }
}

struct Play<'s> {
    stage: &'s Platforms,
    step: usize,
}

impl Play<'_> {
    async fn submits_on_telegram(&mut self) -> Result<(), Failed> {
        let (telegram, model) = (&self.stage.telegram, &self.stage.model);
        self.ann("/submit Compare the three offers and recommend one. sleep 1s");
        self.ann_hears("#1 queued").await?;
        self.ann_hears("#1 running").await?;
        let at_work = || telegram.is_typing(ANN, None) || !telegram.drafts(ANN).is_empty();
        self.waits("Ann sees that the bot types, or what it writes", at_work).await?;
        self.ann("/status 1");
        self.ann_hears("#1 running for").await?;
        self.ann_hears("Result of #1").await?;
        self.ann_hears("#1 done").await?;
        self.waits("the model has nothing to do", || model.running() == 0).await?;
        self.ann("/list");
        self.ann_hears("Your tasks, newest first:").await
    }

    async fn cancels_on_discord(&mut self) -> Result<(), Failed> {
        let (discord, model) = (&self.stage.discord, &self.stage.model);
        let channel = discord.channel(CHANNEL);
        self.bob("/submit Something that takes for ever. hang")?;
        self.bob_hears("#2 queued").await?;
        self.bob_hears("#2 running").await?;
        self.waits("the model is asked", || model.running() == 1).await?;
        let found = discord.messages(channel).into_iter().find(|message| message.buttons.iter().any(|label| label == "Cancel"));
        let Some(message) = found else { return Err(self.cannot("there is no message with a Cancel button")) };
        say("Discord   Cleo presses [Cancel]");
        let press = discord.presses(channel, CLEO, message.id, "Cancel").map_err(|error| self.cannot(error))?;
        self.sees_alone(press, "#2 is not your task").await?;
        say("Discord   Bob presses [Cancel]");
        let press = discord.presses(channel, BOB, message.id, "Cancel").map_err(|error| self.cannot(error))?;
        self.sees_alone(press, "#2 cancelled").await?;
        self.bob_hears("#2 cancelled").await?;
        self.waits("the model's connection is dropped", || model.running() == 0).await?;
        self.bob("/retry 1")?;
        self.bob_hears("#1 is not your task").await?;
        self.bob("/submit A short poem about patience.")?;
        self.bob_hears("#3 done").await
    }

    fn ann(&self, text: &str) {
        say(&format!("Telegram  Ann: {text}"));
        self.stage.telegram.says(ANN, ANN, text);
    }

    fn bob(&self, text: &str) -> Result<(), Failed> {
        say(&format!("Discord   Bob: {text}"));
        self.stage.discord.types(CHANNEL, BOB, text).map(drop).map_err(|error| self.cannot(error))
    }

    fn cannot(&self, reason: impl Display) -> Failed {
        Failed::CannotDo { step: self.step + 1, reason: reason.to_string() }
    }

    async fn ann_hears(&mut self, start: &str) -> Result<(), Failed> {
        let telegram = &self.stage.telegram;
        let said = || telegram.said(ANN).into_iter();
        let texts = || said().flat_map(|message| message.earlier.into_iter().chain([message.text])).collect();
        self.hears("Telegram", start, texts).await
    }

    async fn bob_hears(&mut self, start: &str) -> Result<(), Failed> {
        let discord = &self.stage.discord;
        let texts = || {
            let messages = discord.messages(CHANNEL).into_iter().filter(|message| message.author_is_bot && !message.loading);
            messages.flat_map(|message| message.earlier.into_iter().chain([message.text])).collect()
        };
        self.hears("Discord", start, texts).await
    }

    /// What only the person who pressed a button sees.
    async fn sees_alone(&mut self, press: u64, start: &str) -> Result<(), Failed> {
        let discord = &self.stage.discord;
        let texts = || {
            let view = discord.interaction(press).filter(|view| view.ephemeral);
            view.and_then(|view| view.original).map(|message| message.text).into_iter().collect()
        };
        self.hears("Discord", start, texts).await
    }

    /// Waits for a message that begins like this, and prints it.
    async fn hears(&mut self, platform: &str, start: &str, texts: impl Fn() -> Vec<String>) -> Result<(), Failed> {
        let find = || texts().into_iter().rfind(|text| text.starts_with(start));
        self.waits(&format!("a message `{start}...` on {platform}"), || find().is_some()).await?;
        for line in find().unwrap_or_default().lines() {
            say(&format!("{platform:<9} | {line}"));
        }
        Ok(())
    }

    /// Waits until something holds on the platforms.
    async fn waits(&mut self, what: &str, ready: impl Fn() -> bool) -> Result<(), Failed> {
        self.step += 1;
        let come = async {
            let mut tick = tokio::time::interval(Duration::from_millis(10));
            while !ready() {
                tick.tick().await;
            }
        };
        let late = |_| Failed::NotHeard { step: self.step, waited_for: what.to_owned() };
        timeout(PATIENCE, come).await.map_err(late)
    }
}
