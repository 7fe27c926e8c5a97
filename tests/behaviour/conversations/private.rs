//! Private tasks: the group sees that there is one, who asked gets its text.

use crate::conversations::conversation;
use crate::support::chat::{Chat, Place};
use crate::support::world::{ANN, BOB};

const SECRET: &str = "the colour of the roof";

fn asks_privately(chat: &Chat<'_>) {
    chat.says_as(&format!("/submit --private {SECRET}"), &format!("/submit prompt: {SECRET} private: true"));
}

/// A direct chat in which the bot may write.
async fn opened(chat: Chat<'_>) -> Chat<'_> {
    let direct = chat.direct();
    direct.says_as("/start", "/help");
    direct.hears("/submit").await;
    direct
}

conversation!(a_private_result_goes_to_who_asked_alone, |world, chat| {
    let direct = opened(chat).await;
    asks_privately(&chat);
    chat.hears("#1 queued").await;
    chat.hears("#1 done after ... It is private: the result goes to who asked").await;
    direct.hears("Result of #1: ... roof").await;
    direct.hears("#1 done").await;
    world.settles().await;
    // Whoever asks in the group is told nothing of it, and who may read it reads it elsewhere.
    for words in ["/status 1", "/list", "/result 1"] {
        chat.says(words);
    }
    chat.hears("#1 done after ... Asked: (private)").await;
    chat.hears("Your tasks, newest first: ... (private)").await;
    chat.hears("#1 is private, so its result is in your direct chat with me").await;
    world.until("it is there again", |_| direct.count("Result of #1") == 2).await;
    direct.says("/status 1");
    direct.hears(&format!("Asked: {SECRET}")).await;
    let all = [chat.sees(), chat.of(BOB).sees()].concat();
    assert!(all.iter().all(|heard| !heard.text.contains("roof")), "{all:#?}");
});

conversation!(nobody_else_reads_or_repeats_a_private_task_and_its_admins_may_stop_it, |world, chat| {
    let direct = opened(chat).await;
    let admin = chat.of(BOB).administers();
    world.model.hold();
    asks_privately(&chat);
    let accepted = chat.hears("#1 queued").await;
    chat.hears("#1 running").await;
    admin.says("/result 1");
    admin.hears("#1 is private: only who asked for it can read or repeat it").await;
    admin.says_as("/list all", "/list all: true");
    admin.hears("Tasks of this channel ... #1 running ... (private)").await;
    let pressed = admin.presses(&accepted, "Cancel").await;
    assert!(pressed.starts_with("#1 cancelled"), "{pressed}");
    let cancelled = chat.hears("#1 cancelled by an admin").await;
    direct.hears("#1 cancelled by an admin").await;
    let pressed = admin.presses(&cancelled, "Retry").await;
    assert!(pressed.contains("#1 is private"), "{pressed}");
    world.model.release();
    let all = chat.of(BOB).sees();
    assert!(all.iter().all(|heard| !heard.text.contains("roof")), "{all:#?}");
});

conversation!(without_a_direct_chat_nothing_private_is_accepted, |world, chat| {
    if let Place::Discord { .. } = chat.place {
        world.discord.forbid(world.discord.dm(ANN));
    }
    asks_privately(&chat);
    chat.hears("I cannot write to you directly. ... /start ... Nothing was queued").await;
    assert_eq!(world.summary().await.total, 0);
    if let Place::Discord { .. } = chat.place {
        world.discord.allow(world.discord.dm(ANN));
    }
    let direct = opened(chat).await;
    asks_privately(&chat);
    direct.hears("Result of #1").await;
});

conversation!(in_a_direct_chat_private_changes_nothing, |world, chat| {
    let direct = opened(chat).await;
    asks_privately(&direct);
    direct.hears("#1 queued").await;
    direct.hears("Result of #1").await;
    direct.hears("#1 done after ... tokens").await;
    world.settles().await;
    assert_eq!(direct.count("Result of #1"), 1);
    assert_eq!(chat.sees(), []);
});

conversation!(private_and_elsewhere_is_a_contradiction, |world, chat| {
    chat.says_as("/submit --private --to me Tell me", "/submit prompt: Tell me private: true to: me");
    chat.hears("A private task goes to you alone").await;
    assert_eq!(world.summary().await.total, 0);
});
