//! What each channel gets: the configuration, and above it what was set in the channels themselves.
//!
//! What was set is read from the ledger once and then kept, because it is asked for with every notice and changes a few
//! times a year. A change is durable before it is kept.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::background::ports::{IsQuiet, Ledger, LedgerError};
use crate::domain::channel::ChannelId;
use crate::domain::language::Language;
use crate::domain::notice::Events;
use crate::domain::origin::Origin;
use crate::domain::preferences::{Manner, Plan, Preferences, Source};
use crate::domain::quiet::QuietHours;
use crate::domain::time::Timestamp;

/// What channels get, as configured.
#[derive(Debug, Clone, Default)]
pub struct NoticePolicy {
    /// What a channel gets unless it says otherwise.
    pub defaults: Preferences,
    /// Where notices go when a task has no channel of its own.
    pub default_deliver_to: Vec<ChannelId>,
    /// Channels that differ.
    pub channels: HashMap<ChannelId, Preferences>,
    /// The language that everybody hears; none when each hears their own.
    pub language: Option<Language>,
}

/// What a person asked of the notices of a task.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    /// Further channels that hear of it.
    pub(crate) deliver_to: Vec<ChannelId>,
    /// Everything about it comes without a sound.
    pub(crate) silent: bool,
    /// Its text goes to this direct chat alone.
    pub(crate) private: Option<ChannelId>,
    /// Whether the channel that asks is the direct chat of who asks: nobody is called by name there.
    pub(crate) direct: bool,
}

/// How the notices of a task go, as fixed at its acceptance.
pub(crate) struct Route {
    pub(crate) events: Events,
    pub(crate) deliver_to: Vec<ChannelId>,
    pub(crate) manner: Manner,
}

/// What every channel gets. Cheap to clone; all clones know the same.
#[derive(Clone)]
pub struct Channels {
    inner: Arc<Inner>,
}

struct Inner {
    ledger: Arc<dyn Ledger>,
    policy: Arc<NoticePolicy>,
    known: RwLock<Option<Arc<Book>>>,
    /// Held by who changes something, so that two changes of one channel at the same time are both kept.
    changing: tokio::sync::Mutex<()>,
}

/// Everything that decides, at one moment.
#[derive(Debug)]
pub struct Book {
    policy: Arc<NoticePolicy>,
    set: HashMap<ChannelId, Preferences>,
    /// Channels that are a part of another one though their ids do not say so.
    parents: HashMap<ChannelId, ChannelId>,
    /// Whether any channel could be quiet at all.
    any_quiet: bool,
}

impl Channels {
    /// `policy`, and above it what is set in the channels of `ledger`.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>, policy: NoticePolicy) -> Self {
        let (policy, changing) = (Arc::new(policy), tokio::sync::Mutex::default());
        Self { inner: Arc::new(Inner { ledger, policy, known: RwLock::default(), changing }) }
    }

    /// The language that everybody hears; none when each hears their own.
    #[must_use]
    pub fn language(&self) -> Option<Language> {
        self.inner.policy.language
    }

    /// Everything that is decided now.
    ///
    /// # Errors
    /// [`LedgerError`] when it is not known yet and the store fails.
    pub async fn book(&self) -> Result<Arc<Book>, LedgerError> {
        if let Some(book) = self.inner.known.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return Ok(Arc::clone(book));
        }
        // Not while somebody changes something: what is read would be older than what they keep.
        let _changing = self.inner.changing.lock().await;
        self.read_again().await
    }

    /// What this channel gets.
    ///
    /// # Errors
    /// As [`Channels::book`].
    pub async fn plan(&self, channel: &ChannelId) -> Result<Plan, LedgerError> {
        Ok(self.book().await?.plan(channel))
    }

    /// The channel that this one is a part of, as far as that is known.
    pub(crate) async fn whole(&self, channel: &ChannelId) -> Option<ChannelId> {
        match self.book().await {
            Ok(book) => book.whole(channel),
            Err(error) => {
                tracing::warn!(error = %error.chain(), "it cannot be read which channels are a part of others");
                channel.whole()
            }
        }
    }

    /// Which channels are quiet at this moment.
    ///
    /// # Errors
    /// As [`Channels::book`].
    pub async fn quiet(&self, now: Timestamp) -> Result<IsQuiet, LedgerError> {
        let book = self.book().await?;
        Ok(Arc::new(move |channel| book.end_of_quiet(channel, now).is_some()))
    }

    /// Sets some things in a channel and leaves the others; what it gets then.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails; nothing is set then.
    pub async fn set(&self, channel: &ChannelId, newer: Preferences) -> Result<Plan, LedgerError> {
        let _changing = self.inner.changing.lock().await;
        let set = self.inner.ledger.channel_settings().await?;
        let before = set.into_iter().find(|(other, _)| other == channel).map(|(_, before)| before).unwrap_or_default();
        self.inner.ledger.set_channel(channel, &before.with(newer)).await?;
        Ok(self.read_again().await?.plan(channel))
    }

    /// Forgets everything that was set in a channel; what it gets then.
    ///
    /// # Errors
    /// As [`Channels::set`].
    pub async fn reset(&self, channel: &ChannelId) -> Result<Plan, LedgerError> {
        let _changing = self.inner.changing.lock().await;
        self.inner.ledger.set_channel(channel, &Preferences::default()).await?;
        Ok(self.read_again().await?.plan(channel))
    }

    /// Learns that a channel is a part of another one though its id does not say so: what it leaves open is as there.
    ///
    /// # Errors
    /// As [`Channels::set`].
    pub async fn learn_parent(&self, channel: &ChannelId, parent: &ChannelId) -> Result<(), LedgerError> {
        if self.book().await?.parents.get(channel) == Some(parent) {
            return Ok(());
        }
        let _changing = self.inner.changing.lock().await;
        self.inner.ledger.set_channel_parent(channel, parent).await?;
        self.read_again().await.map(drop)
    }

    /// How the notices of a task from `origin` go.
    pub(crate) async fn route(&self, origin: &Origin, wishes: Wishes) -> Result<Route, LedgerError> {
        Ok(self.book().await?.route(origin, wishes))
    }

    /// A channel goes on under another id: what is stored of it moves, what was set there included. How many notices it is
    /// owed.
    pub(crate) async fn moved(&self, from: &ChannelId, to: &ChannelId, now: Timestamp) -> Result<u64, LedgerError> {
        let _changing = self.inner.changing.lock().await;
        // Whoever asks from now on waits for the move and reads what is set then: what is owed there comes up at once, and the
        // new channel may be quiet.
        *self.inner.known.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.inner.ledger.move_channel(from, to, now).await
    }

    async fn read_again(&self) -> Result<Arc<Book>, LedgerError> {
        let set: HashMap<_, _> = self.inner.ledger.channel_settings().await?.into_iter().collect();
        let parents = self.inner.ledger.channel_parents().await?.into_iter().collect();
        let book = Arc::new(Book::new(Arc::clone(&self.inner.policy), set, parents));
        *self.inner.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&book));
        Ok(book)
    }
}

impl Book {
    fn new(policy: Arc<NoticePolicy>, set: HashMap<ChannelId, Preferences>, parents: HashMap<ChannelId, ChannelId>) -> Self {
        let any_quiet = policy.channels.values().chain(set.values()).chain([&policy.defaults]).any(|layer| layer.quiet.is_some());
        Self { policy, set, parents, any_quiet }
    }

    /// What this channel gets.
    #[must_use]
    pub fn plan(&self, channel: &ChannelId) -> Plan {
        Plan::of(&self.layers(channel, self.whole(channel).as_ref()))
    }

    /// The channel that this one is a part of, as a topic is of its chat and a thread of its channel; none for a whole one.
    #[must_use]
    pub fn whole(&self, channel: &ChannelId) -> Option<ChannelId> {
        channel.whole().or_else(|| self.parents.get(channel).cloned())
    }

    /// When the quiet ends that this channel has at this moment; none when it has none.
    #[must_use]
    pub fn end_of_quiet(&self, channel: &ChannelId, at: Timestamp) -> Option<Timestamp> {
        self.quiet_hours(channel)?.end_of_quiet(at)
    }

    fn quiet_hours(&self, channel: &ChannelId) -> Option<QuietHours> {
        if !self.any_quiet {
            return None;
        }
        self.plan(channel).quiet.value
    }

    /// Who decides about this channel, in this order. A part that leaves something open gets what the whole gets.
    fn layers<'a>(&'a self, channel: &ChannelId, whole: Option<&ChannelId>) -> Vec<(Source, &'a Preferences)> {
        let whole = whole.into_iter().flat_map(|whole| {
            [(Source::SetForWhole, self.set.get(whole)), (Source::ConfiguredForWhole, self.policy.channels.get(whole))]
        });
        let own = [(Source::SetHere, self.set.get(channel)), (Source::Configured, self.policy.channels.get(channel))];
        let layers = own.into_iter().chain(whole).chain([(Source::Default, Some(&self.policy.defaults))]);
        layers.filter_map(|(source, layer)| layer.map(|layer| (source, layer))).collect()
    }

    fn route(&self, origin: &Origin, wishes: Wishes) -> Route {
        let plan = origin.channel.as_ref().map(|channel| self.plan(channel));
        let events = plan.as_ref().map_or_else(|| self.policy.defaults.events.unwrap_or_default(), |plan| plan.events.value);
        let decided = |pick: fn(&Plan) -> bool| plan.as_ref().is_some_and(pick);
        let mut manner = Manner {
            silent: wishes.silent,
            mention: decided(|plan| plan.mention.value) && !wishes.direct && origin.person.is_some(),
            // A thread has no threads.
            thread: decided(|plan| plan.thread.value)
                && !origin.channel.as_ref().is_some_and(|here| self.parents.contains_key(here)),
            private: wishes.private.filter(|private| origin.channel.as_ref() != Some(private)),
            elsewhere: Vec::new(),
        };
        if let Some(private) = &manner.private {
            // The channel that asked hears little of it, so what it wants to hear must not keep the end from who asked.
            manner.elsewhere.push((private.clone(), self.plan(private).events.value));
            return Route { events, deliver_to: Vec::new(), manner };
        }
        let mut deliver_to: Vec<ChannelId> = Vec::new();
        for wanted in wishes.deliver_to.into_iter().chain(plan.into_iter().flat_map(|plan| plan.deliver_to.value)) {
            // A repeat asks for what the policy had added to the first one.
            if !deliver_to.contains(&wanted) && origin.channel.as_ref() != Some(&wanted) {
                deliver_to.push(wanted);
            }
        }
        if origin.channel.is_none() && deliver_to.is_empty() {
            deliver_to.clone_from(&self.policy.default_deliver_to);
        }
        for channel in &deliver_to {
            let own = self.plan(channel).events;
            // A channel that says itself what it hears, hears that; any other hears what the channel that asked hears.
            if own.source != Source::Default && own.value != events {
                manner.elsewhere.push((channel.clone(), own.value));
            }
        }
        Route { events, deliver_to, manner }
    }
}
