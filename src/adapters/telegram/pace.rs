//! How fast Telegram lets a bot talk.
//!
//! Telegram says: about one message a second in a chat, with short bursts; twenty a minute in a group; about thirty a
//! second in all. It counts changes and typing like messages, long messages for more, and all topics of a chat
//! together. How large a burst it takes it does not say; these are careful.

use std::num::NonZeroU32;
use std::time::Duration;

use teloxide::types::Recipient;

use crate::adapters::telegram::address::{PLATFORM, TelegramChat};
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::pace::{Budget, Pace, Rate};

/// In every chat.
const CHAT: Rate = Rate::Steady { every: Duration::from_secs(1), burst: of(4) };
/// In a group, besides.
const GROUP: Rate = Rate::Window { count: of(20), span: Duration::from_mins(1), burst: of(15) };
/// The whole bot.
const BOT: Rate = Rate::Steady { every: Duration::from_micros(33_400), burst: of(25) };
/// Longer messages meet the limits sooner.
const LONG: usize = 500;

const fn of(count: u32) -> NonZeroU32 {
    match NonZeroU32::new(count) {
        Some(count) => count,
        None => NonZeroU32::MIN,
    }
}

/// What a send to this channel uses up, whatever it is, where everything goes so many times faster.
pub(super) fn of_channel(channel: &ChannelId, faster: NonZeroU32) -> Pace {
    let Ok(target) = TelegramChat::try_from(channel) else { return Pace::unlimited(channel) };
    let is_private = matches!(target.chat, Recipient::Id(chat) if chat.is_user());
    let rates: &[Rate] = if is_private { &[CHAT] } else { &[CHAT, GROUP] };
    let rates = rates.iter().map(|rate| rate.faster(faster)).collect();
    let chat = format!("{PLATFORM}:{}", target.chat);
    let bot = Budget { key: PLATFORM.to_owned(), rates: vec![BOT.faster(faster)] };
    Pace { hold: chat.clone(), chat: Budget { key: chat, rates }, bot: Some(bot), long: Some(LONG) }
}

/// The private chat with a person; a group that speaks as a person has none.
pub(super) fn direct_channel(person: &PersonId) -> Option<ChannelId> {
    let user = person.address().parse::<u64>().ok().filter(|_| person.platform() == PLATFORM)?;
    ChannelId::new(PLATFORM, user).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(channel: &str) -> Pace {
        of_channel(&channel.parse().unwrap(), NonZeroU32::MIN)
    }

    #[test]
    fn all_topics_of_a_chat_share_its_budget() {
        assert_eq!(pace("telegram:-100/7"), pace("telegram:-100"));
        assert_ne!(pace("telegram:-100").chat, pace("telegram:-200").chat);
        assert_eq!(pace("telegram:-100").bot, pace("telegram:7").bot);
    }

    #[test]
    fn groups_and_public_channels_have_their_minute() {
        assert_eq!(pace("telegram:7").chat.rates, [CHAT]);
        for group in ["telegram:-100", "telegram:@news"] {
            assert_eq!(pace(group).chat.rates, [CHAT, GROUP], "{group}");
        }
    }

    #[test]
    fn only_people_have_a_private_chat() {
        let direct = |person: &str| direct_channel(&person.parse().unwrap()).map(|channel| channel.to_string());
        assert_eq!(direct("telegram:7"), Some("telegram:7".to_owned()));
        assert_eq!(direct("telegram:-100"), None);
        assert_eq!(direct("discord:7"), None);
    }
}
