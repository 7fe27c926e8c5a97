//! Default deny, and admins.

use legwork::config::Config;

use crate::conversations::conversation;
use crate::support::chat::Place;
use crate::support::world::{ANN, BOB};

fn closed(config: &mut Config) {
    config.access.open = false;
    config.access.people = ["telegram", "discord"].map(|platform| format!("{platform}:{ANN}").parse().unwrap()).to_vec();
    config.access.admins = ["telegram", "discord"].map(|platform| format!("{platform}:{BOB}").parse().unwrap()).to_vec();
}

const STRANGER: u64 = 6666;

conversation!(a_stranger_is_refused_and_told_what_to_ask_for, super::closed, |world, chat| {
    let stranger = chat.of(STRANGER);
    stranger.says("/submit Let me in");
    stranger.hears("You may not use this bot here. ... let in").await;
    assert_eq!(world.summary().await.total, 0);
    chat.says("/submit I may");
    chat.hears("#1 done").await;
});

conversation!(an_admin_sees_and_cancels_what_others_may_not, super::closed, |world, chat| {
    world.model.hold();
    chat.says("/submit Something long");
    let accepted = chat.hears("#1 queued").await;
    chat.hears("#1 running").await;
    let refused = chat.of(STRANGER).presses(&accepted, "Cancel").await;
    assert!(refused.contains("You may not use this bot here"), "{refused}");
    chat.of(BOB).says("/list all");
    chat.of(BOB).hears("Tasks of this channel ... #1 running").await;
    chat.of(BOB).says("/cancel 1");
    chat.hears("#1 cancelled by an admin").await;
    world.model.release();
});

conversation!(only_admins_list_everybodys_tasks, |_world, chat| {
    chat.says("/list all");
    chat.hears("Only admins see everybody's tasks").await;
});

conversation!(only_admins_choose_the_model, super::closed, |world, chat| {
    let says = |chat: crate::support::chat::Chat<'_>| match chat.place {
        Place::Telegram { .. } => chat.says("/submit --model dear Think hard"),
        Place::Discord { .. } => chat.says("/submit prompt: Think hard model: dear"),
    };
    world.model.offer(&["demo", "dear"]);
    says(chat);
    chat.hears("Only admins of this bot may choose the model. Nothing was queued").await;
    says(chat.of(BOB));
    chat.of(BOB).hears("#1 done").await;
    assert_eq!(world.model.calls()[0].model, "dear");
});
