//! What a channel decides about what it gets, and how the decisions of several layers become one plan.
//!
//! Each layer (what was set in the channel, what the configuration says of it, the defaults) may leave anything open;
//! what is left open comes from the layer below. [`Decided`] remembers which layer it was, because people ask.

use serde::{Deserialize, Serialize};

use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::notice::Events;
use crate::domain::quiet::{QuietHours, Span, Tz};

/// What one layer decides; what is none is left open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Preferences {
    /// Which moves of a task it hears of.
    #[serde(skip_serializing_if = "Option::is_none", with = "as_words")]
    pub events: Option<Events>,
    /// Whether its notices come without a sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silent: Option<bool>,
    /// Whether who asked is mentioned at the end of a task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mention: Option<bool>,
    /// Whether each task gets a thread of its own, where the platform has threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<bool>,
    /// When it is quiet.
    #[serde(skip_serializing_if = "Option::is_none", with = "as_text")]
    pub quiet: Option<Quiet>,
    /// The time zone of the quiet hours.
    #[serde(skip_serializing_if = "Option::is_none", with = "as_text")]
    pub time_zone: Option<Tz>,
    /// Channels that hear of its tasks too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliver_to: Option<Vec<ChannelId>>,
}

impl Preferences {
    /// These, with what `newer` decides instead.
    #[must_use]
    pub fn with(self, newer: Self) -> Self {
        Self {
            events: newer.events.or(self.events),
            silent: newer.silent.or(self.silent),
            mention: newer.mention.or(self.mention),
            thread: newer.thread.or(self.thread),
            quiet: newer.quiet.or(self.quiet),
            time_zone: newer.time_zone.or(self.time_zone),
            deliver_to: newer.deliver_to.or(self.deliver_to),
        }
    }

    /// Whether everything is left open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether and when a channel is quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quiet {
    /// Never.
    Off,
    /// In this span of every day.
    Daily(Span),
}

impl std::fmt::Display for Quiet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Daily(span) => span.fmt(f),
        }
    }
}

impl std::str::FromStr for Quiet {
    type Err = crate::domain::quiet::InvalidSpan;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().eq_ignore_ascii_case("off") { Ok(Self::Off) } else { text.parse().map(Self::Daily) }
    }
}

/// Where a decision comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Somebody set it in this very channel.
    SetHere,
    /// The configuration says so of this channel.
    Configured,
    /// Somebody set it for the whole chat that this is a part of.
    SetForWhole,
    /// The configuration says so of the whole chat that this is a part of.
    ConfiguredForWhole,
    /// It holds for every channel that does not decide otherwise.
    Default,
}

/// A decision and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided<T> {
    /// What is decided.
    pub value: T,
    /// By what.
    pub source: Source,
}

/// Everything decided about what one channel gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which moves of a task it hears of.
    pub events: Decided<Events>,
    /// Whether its notices come without a sound.
    pub silent: Decided<bool>,
    /// Whether who asked is mentioned at the end of a task.
    pub mention: Decided<bool>,
    /// Whether each task gets a thread of its own.
    pub thread: Decided<bool>,
    /// When it is quiet.
    pub quiet: Decided<Option<QuietHours>>,
    /// Channels that hear of its tasks too.
    pub deliver_to: Decided<Vec<ChannelId>>,
    /// The time zone of quiet hours that name none.
    pub time_zone: Tz,
}

impl Plan {
    /// What the layers decide together, the first that decides a thing wins.
    #[must_use]
    pub fn of(layers: &[(Source, &Preferences)]) -> Self {
        let time_zone = decided(layers, |layer| layer.time_zone).map_or(Tz::UTC, |zone| zone.value);
        let quiet = decided(layers, |layer| layer.quiet).map(|Decided { value, source }| {
            let hours = |span| QuietHours { span, zone: time_zone };
            Decided { value: if let Quiet::Daily(span) = value { Some(hours(span)) } else { None }, source }
        });
        Self {
            events: decided(layers, |layer| layer.events).unwrap_or_default(),
            silent: decided(layers, |layer| layer.silent).unwrap_or_default(),
            mention: decided(layers, |layer| layer.mention).unwrap_or_default(),
            thread: decided(layers, |layer| layer.thread).unwrap_or_default(),
            quiet: quiet.unwrap_or_default(),
            deliver_to: decided(layers, |layer| layer.deliver_to.clone()).unwrap_or_default(),
            time_zone,
        }
    }
}

impl<T: Default> Default for Decided<T> {
    fn default() -> Self {
        Self { value: T::default(), source: Source::Default }
    }
}

fn decided<T>(layers: &[(Source, &Preferences)], pick: impl Fn(&Preferences) -> Option<T>) -> Option<Decided<T>> {
    layers.iter().find_map(|(source, layer)| pick(layer).map(|value| Decided { value, source: *source }))
}

/// How the notices of one task go out: fixed when the task is accepted, so that a later change of a channel's
/// preferences never sends half of a task's news one way and half another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Manner {
    /// Everything about it comes without a sound.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// Who asked is mentioned in the channel that asked when it ends.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mention: bool,
    /// It has a thread of its own below its acceptance.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub thread: bool,
    /// The text of prompt and result is for who asked alone: the result goes to this channel, and only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private: Option<ChannelId>,
    /// What further channels hear, where that is not what the task's own channel hears.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<(ChannelId, Events)>,
}

/// Another channel as a person names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The direct chat of who says it: `me`.
    Me,
    /// This channel.
    Channel(ChannelId),
}

impl std::str::FromStr for Target {
    type Err = crate::domain::channel::InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().eq_ignore_ascii_case("me") { Ok(Self::Me) } else { text.parse().map(Self::Channel) }
    }
}

/// Who may be told what of a private task.
#[must_use]
pub fn may_read(manner: &Manner, asker: Option<&PersonId>, reader: &PersonId) -> bool {
    manner.private.is_none() || asker == Some(reader)
}

/// Options of things that have a text form, kept as that.
mod as_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(super) fn serialize<T: Display, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| D::Error::custom("not a value of this preference"))
    }
}

/// Events as the words of the configuration.
mod as_words {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::domain::notice::Events;

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(value: &Option<Events>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(Events::words).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Events>, D::Error> {
        let Some(words) = Option::<Vec<String>>::deserialize(deserializer)? else { return Ok(None) };
        Events::from_words(words.iter().map(String::as_str)).map(Some).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferences(json: &str) -> Preferences {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_text_form_survives_the_way_out_and_back() {
        let text =
            r#"{"events":["done"],"silent":true,"quiet":"22:00-07:00","time_zone":"Europe/Berlin","deliver_to":["chat:5"]}"#;
        assert_eq!(serde_json::to_string(&preferences(text)).unwrap(), text);
        assert_eq!(serde_json::to_string(&preferences(r#"{"quiet":"off"}"#)).unwrap(), r#"{"quiet":"off"}"#);
        assert!(preferences("{}").is_empty());
    }

    #[test]
    fn the_first_layer_that_decides_wins_for_each_thing() {
        let here = preferences(r#"{"silent":false,"quiet":"off"}"#);
        let config = preferences(r#"{"silent":true,"mention":true,"quiet":"22:00-07:00","events":[]}"#);
        let plan = Plan::of(&[(Source::SetHere, &here), (Source::Configured, &config)]);
        assert_eq!(plan.silent, Decided { value: false, source: Source::SetHere });
        assert_eq!(plan.mention, Decided { value: true, source: Source::Configured });
        assert_eq!(plan.quiet, Decided { value: None, source: Source::SetHere });
        assert_eq!(plan.events, Decided { value: Events::none(), source: Source::Configured });
        assert_eq!(plan.thread, Decided { value: false, source: Source::Default });
    }

    #[test]
    fn quiet_hours_take_the_zone_of_whichever_layer_names_one() {
        let here = preferences(r#"{"quiet":"22:00-07:00"}"#);
        let defaults = preferences(r#"{"time_zone":"Asia/Tokyo"}"#);
        let plan = Plan::of(&[(Source::SetHere, &here), (Source::Default, &defaults)]);
        assert_eq!(plan.quiet.value.map(|quiet| quiet.to_string()).as_deref(), Some("22:00-07:00 Asia/Tokyo"));
    }
}
