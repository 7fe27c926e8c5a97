//! One notifier over all platforms: looks at the platform's name and hands on.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::background::ports::{
    ChannelNotifier, DraftPreview, MessageEdit, OutgoingMessage, SendError, Sent, TargetCheck, Threads, TypingIndicator,
};
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::draft::Draft;
use crate::domain::id::{MessageId, TaskNumber};
use crate::domain::pace::{Pace, SendKind};

/// One platform's ways out.
#[derive(Clone)]
struct Platform {
    notifier: Arc<dyn ChannelNotifier>,
    typing: Arc<dyn TypingIndicator>,
    check: Option<Arc<dyn TargetCheck>>,
    threads: Option<Arc<dyn Threads>>,
    drafts: Option<Arc<dyn DraftPreview>>,
}

/// Hands messages and typing on to the platform that their channel names.
#[derive(Clone, Default)]
pub struct Router {
    platforms: HashMap<String, Platform>,
}

impl Router {
    /// Adds a platform under its name in channel ids.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, notifier: Arc<dyn ChannelNotifier>, typing: Arc<dyn TypingIndicator>) -> Self {
        self.platforms.insert(name.into(), Platform { notifier, typing, check: None, threads: None, drafts: None });
        self
    }

    /// Shows drafts on a platform that was added before.
    #[must_use]
    pub fn with_drafts(mut self, name: &str, drafts: Arc<dyn DraftPreview>) -> Self {
        if let Some(platform) = self.platforms.get_mut(name) {
            platform.drafts = Some(drafts);
        }
        self
    }

    /// Lets channels of a platform that was added be looked at before anything is promised there.
    #[must_use]
    pub fn with_check(mut self, name: &str, check: Arc<dyn TargetCheck>) -> Self {
        if let Some(platform) = self.platforms.get_mut(name) {
            platform.check = Some(check);
        }
        self
    }

    /// Opens threads on a platform that was added.
    #[must_use]
    pub fn with_threads(mut self, name: &str, threads: Arc<dyn Threads>) -> Self {
        if let Some(platform) = self.platforms.get_mut(name) {
            platform.threads = Some(threads);
        }
        self
    }

    /// Whether there are threads on the platform of this channel.
    #[must_use]
    pub fn has_threads(&self, channel: &ChannelId) -> bool {
        self.platforms.get(channel.platform()).is_some_and(|platform| platform.threads.is_some())
    }

    /// Whether messages to this channel can be sent at all.
    #[must_use]
    pub fn serves(&self, channel: &ChannelId) -> bool {
        self.platforms.contains_key(channel.platform())
    }

    fn platform(&self, channel: &ChannelId) -> Result<&Platform, SendError> {
        let platform = channel.platform();
        let missing = || SendError::Undeliverable(format!("no bot for {platform} is configured"));
        self.platforms.get(platform).ok_or_else(missing)
    }
}

#[async_trait]
impl ChannelNotifier for Router {
    async fn send(&self, message: &OutgoingMessage, part: usize) -> Result<Sent, SendError> {
        self.platform(&message.channel)?.notifier.send(message, part).await
    }

    async fn edit(&self, edit: &MessageEdit) -> Result<(), SendError> {
        self.platform(&edit.channel)?.notifier.edit(edit).await
    }

    fn pace(&self, channel: &ChannelId, kind: SendKind) -> Pace {
        // What no platform takes is refused at once, so it needs no pace.
        self.platform(channel).map_or_else(|_| Pace::unlimited(channel), |platform| platform.notifier.pace(channel, kind))
    }

    async fn direct_channel(&self, person: &PersonId) -> Result<Option<ChannelId>, SendError> {
        match self.platforms.get(person.platform()) {
            Some(platform) => platform.notifier.direct_channel(person).await,
            None => Ok(None),
        }
    }
}

#[async_trait]
impl DraftPreview for Router {
    fn takes_drafts(&self, channel: &ChannelId) -> bool {
        let platform = self.platforms.get(channel.platform());
        platform.and_then(|platform| platform.drafts.as_ref()).is_some_and(|drafts| drafts.takes_drafts(channel))
    }

    async fn show_draft(&self, channel: &ChannelId, number: TaskNumber, text: &Draft) -> Result<(), SendError> {
        match &self.platform(channel)?.drafts {
            Some(drafts) => drafts.show_draft(channel, number, text).await,
            None => Err(SendError::Undeliverable(format!("{} shows no drafts", channel.platform()))),
        }
    }
}

#[async_trait]
impl TypingIndicator for Router {
    async fn show_typing(&self, channel: &ChannelId) -> Result<Duration, SendError> {
        self.platform(channel)?.typing.show_typing(channel).await
    }
}

#[async_trait]
impl TargetCheck for Router {
    async fn check_target(&self, channel: &ChannelId) -> Result<(), SendError> {
        match &self.platform(channel)?.check {
            Some(check) => check.check_target(channel).await,
            // What cannot be looked at is found out when it is sent to.
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Threads for Router {
    async fn open_thread(&self, channel: &ChannelId, message: &MessageId, title: &str) -> Result<ChannelId, SendError> {
        match &self.platform(channel)?.threads {
            Some(threads) => threads.open_thread(channel, message, title).await,
            None => Err(SendError::Undeliverable(format!("{} has no threads", channel.platform()))),
        }
    }
}
