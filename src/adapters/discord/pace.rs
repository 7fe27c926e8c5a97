//! How fast Discord lets a bot talk, as far as it can be known beforehand.
//!
//! Known is the limit of the whole bot, 50 requests a second; answers to interactions do not count there. The limits of
//! the routes are told by Discord's answers only, so the restraint learns those, and a wait concerns one kind of
//! request in one channel.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::domain::channel::ChannelId;
use crate::domain::pace::{Budget, Pace, Rate, SendKind};

/// The whole bot. Requests that are no sends, like those at the start, count too; the restraint sees to those. The lanes
/// keep one place in each second for answers; answers do not count here, so that place is left to such requests.
const BOT: Rate = Rate::Window { count: COUNT, span: Duration::from_secs(1), burst: COUNT };
const COUNT: NonZeroU32 = NonZeroU32::MIN.saturating_add(49);

/// What a send of this kind to this channel uses up, where everything goes so many times faster.
pub(super) fn of_channel(channel: &ChannelId, kind: SendKind, faster: NonZeroU32) -> Pace {
    let (route, counted) = match kind {
        SendKind::Answer => ("answer", false),
        SendKind::Message | SendKind::Draft => ("message", true),
        SendKind::Edit => ("edit", true),
        SendKind::Typing => ("typing", true),
    };
    let bot = counted.then(|| Budget { key: channel.platform().to_owned(), rates: vec![BOT.faster(faster)] });
    Pace { hold: format!("{channel} {route}"), bot, ..Pace::unlimited(channel) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_count_nowhere_and_waits_concern_one_kind_of_request() {
        let channel: ChannelId = "discord:7".parse().expect("a channel");
        let [answer, message, edit] =
            [SendKind::Answer, SendKind::Message, SendKind::Edit].map(|kind| of_channel(&channel, kind, NonZeroU32::MIN));
        assert!(answer.bot.is_none() && message.bot.is_some() && message.bot == edit.bot);
        assert_eq!(answer.chat, message.chat, "one lane");
        assert_ne!(message.hold, edit.hold);
    }
}
