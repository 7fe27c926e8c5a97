//! Other channels: who may name which, and what is refused at once.

use legwork::config::Config;

use crate::conversations::conversation;
use crate::support::world::{ANN, BOB};

/// A group on Telegram and a channel on Discord that are known to the bot.
const THERE: [&str; 2] = ["telegram:-100300", "discord:600"];

fn bob_is_admin(config: &mut Config) {
    config.access.admins = ["telegram", "discord"].map(|platform| format!("{platform}:{BOB}").parse().unwrap()).to_vec();
}

fn known(world: &crate::support::world::World) {
    world.telegram.add_chat(-100_300, "Readers");
    world.discord.channel(600);
}

conversation!(an_admin_sends_to_other_channels_across_platforms, super::bob_is_admin, |world, chat| {
    known(world);
    let admin = chat.of(BOB);
    for (number, there) in (1..).zip(THERE) {
        admin.says_as(&format!("/submit --to {there} Tell them"), &format!("/submit prompt: Tell them to: {there}"));
        admin.hears(&format!("#{number} done")).await;
    }
    for (number, target) in [(1, world.telegram_group(-100_300, ANN)), (2, world.discord_channel(600, ANN))] {
        target.hears(&format!("Result of #{number}")).await;
        let running = target.hears(&format!("#{number} running")).await;
        assert_eq!(running.buttons, [""; 0], "nobody there may cancel it, and the message stays as it is");
    }
});

conversation!(everybody_sends_to_their_own_direct_chat, |world, chat| {
    let direct = chat.direct();
    direct.says_as("/start", "/help");
    direct.hears("/submit").await;
    chat.says_as("/submit --to me Tell me", "/submit prompt: Tell me to: me");
    chat.hears("#1 done").await;
    direct.hears("Result of #1").await;
    direct.hears("#1 done").await;
    world.settles().await;
    assert_eq!(direct.count("#1 queued"), 0, "the acceptance is for who asked");
});

conversation!(bad_targets_are_refused_at_once_with_the_reason, super::bob_is_admin, |world, chat| {
    known(world);
    world.telegram.kick(-100_300);
    world.discord.forbid(600);
    let admin = chat.of(BOB);
    let to = |who: &crate::support::chat::Chat<'_>, there: &str| {
        who.says_as(&format!("/submit --to {there} Tell"), &format!("/submit prompt: Tell to: {there}"));
    };
    to(&chat, THERE[0]);
    chat.hears("You may send a task's news to your own direct chat (me) ... telegram:-100300 is neither").await;
    to(&admin, THERE[0]);
    admin.hears("Nothing can be sent to telegram:-100300: the bot was removed from the chat").await;
    to(&admin, THERE[1]);
    admin.hears("Nothing can be sent to discord:600: the bot may not write in this chat").await;
    to(&admin, "telegram:-100999");
    admin.hears("Nothing can be sent to telegram:-100999: the chat does not exist or the bot is not in it").await;
    to(&admin, "discord:7");
    admin.hears("Nothing can be sent to discord:7: the channel does not exist any more").await;
    to(&admin, "matrix:7");
    admin.hears("Nothing can be sent to matrix:7: no bot is configured for that platform").await;
    let here = chat.channel();
    to(&admin, &here);
    admin.hears(&format!("{here} is this channel, which hears of its tasks anyway")).await;
    assert_eq!(world.summary().await.total, 0);
});

conversation!(a_channels_news_go_on_to_others_by_its_settings, super::bob_is_admin, |world, chat| {
    known(world);
    let to = |who: &crate::support::chat::Chat<'_>, there: &str| {
        who.says_as(&format!("/notify to {there}"), &format!("/notify to: {there}"));
    };
    let ann = chat.administers();
    to(&ann, THERE[1]);
    ann.hears("Only admins of this bot can send this channel's news to discord:600").await;
    to(&chat.of(BOB), THERE[1]);
    chat.of(BOB).hears("Also sent to: discord:600 (set here)").await;
    // What the channel is set up with may be named by everybody, and is told once.
    ann.says_as("/submit --to discord:600 Tell", "/submit prompt: Tell to: discord:600");
    ann.hears("#1 done").await;
    world.discord_channel(600, ANN).hears("#1 done").await;
    world.settles().await;
    assert_eq!(world.discord_channel(600, ANN).count("Result of #1"), 1);
    to(&ann, "off");
    ann.hears("Also sent to: nowhere else (set here)").await;
});
