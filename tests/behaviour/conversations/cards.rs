//! The card: the answer to `/submit`, which follows its task from the queue to its end.

use std::time::Duration;

use tokio::time::Instant;

use crate::conversations::conversation;
use crate::support::chat::Place;
use crate::support::wait::Wait;
use crate::support::world::{ANN, BOB, World, id};

conversation!(a_card_follows_its_task_to_its_end, |config| config.tasks.limits.max_running = 1, |world, chat| {
    world.model.hold();
    let asked = Instant::now();
    chat.says("/submit Compare the three offers");
    let running = chat.card_shows(1, "#1 running").await;
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert_eq!(running.buttons, ["Cancel"]);
    chat.says("/submit second");
    chat.hears("#2 queued: it is next").await;
    chat.says("/submit third");
    assert_eq!(chat.hears("#3 queued: 1 task is ahead of it ... “third”").await.buttons, ["Cancel"]);
    chat.says("/cancel 2");
    chat.card_shows(2, "#2 cancelled before it started").await;
    chat.card_shows(3, "#3 queued: it is next").await;
    chat.card_shows(1, "#1 running for ... s, step 1, ... tokens ... waiting for the model ... “Compare the three offers”").await;
    world.model.release();
    chat.hears("#1 done").await;
    let ended = chat.card_shows(1, "#1 done after ... tokens, cost unknown. ... “Compare the three offers”").await;
    assert_eq!((ended.id, ended.buttons), (running.id, vec!["Full result".to_owned(), "Retry".to_owned()]));
    assert_eq!(chat.count("#1 running"), 1, "the start is told by the card alone");
    chat.hears("#3 done").await;
});

conversation!(the_buttons_of_an_ended_card_work_and_refuse_others, |world, chat| {
    chat.says("/submit Tell me more");
    let card = chat.card_shows(1, "#1 done").await;
    for button in ["Full result", "Retry"] {
        let refused = chat.of(BOB).presses(&card, button).await;
        assert!(refused.contains("#1 is not your task"), "{refused}");
    }
    chat.presses_quietly(&card, "Full result").await;
    world.until("the result is there again", |_| chat.count("Result of #1") == 2).await;
    let answer = chat.presses(&card, "Retry").await;
    assert!(answer.contains("#1 is queued again as #2"), "{answer}");
    chat.card_shows(2, "#2 done").await;
});

conversation!(a_card_that_somebody_deletes_does_no_harm, |config| config.tasks.limits.max_running = 1, |world, chat| {
    world.model.hold();
    chat.says("/submit first");
    chat.card_shows(1, "#1 running").await;
    chat.says("/submit second sleep 3s");
    let card = chat.hears("#2 queued").await;
    match chat.place {
        Place::Telegram { chat, .. } => world.telegram.removes(chat, id(card.id)),
        Place::Discord { channel } => world.discord.removes(channel, card.id),
    }
    world.model.release();
    chat.hears("#2 running.").await;
    chat.hears("Result of #2").await;
    chat.hears("#2 done").await;
    assert!(chat.card(2).is_none());
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_private_chat_the_answer_streams_and_ends_as_a_message() {
    let world = World::starts().await;
    let chat = world.telegram(ANN);
    chat.says("/submit talk 7s");
    let mut seen = Vec::new();
    let mut wait = Wait::begin();
    while chat.count("Result of #1") == 0 {
        let drafts = world.telegram.drafts(id(ANN));
        assert!(drafts.len() <= 1, "{drafts:?}");
        if let Some(draft) = drafts.into_iter().next()
            && seen.last() != Some(&draft.text)
        {
            seen.push(draft.text);
        }
        wait.goes_on(|| format!("no result comes after {seen:?}")).await;
    }
    assert!(seen.len() >= 2, "{seen:?}");
    assert!(seen.windows(2).all(|pair| pair[1].starts_with(&pair[0])), "{seen:?}");
    let calls = world.telegram.calls("sendMessageDraft");
    chat.card_shows(1, "#1 done").await;
    assert!(world.telegram.drafts(id(ANN)).is_empty(), "the message takes the draft's place");
    assert_eq!(world.telegram.calls("sendMessageDraft"), calls, "nothing is drafted after the result");
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_drafts_is_asked_once() {
    use legwork::simulator::telegram::{Fault, FaultKind};

    let world = World::starts().await;
    let unknown = FaultKind::Status(404, "Not Found".to_owned());
    world.telegram.fail(Fault::once("sendMessageDraft", unknown).times(usize::MAX));
    let chat = world.telegram(ANN);
    chat.says("/submit talk 5s");
    chat.hears("#1 done").await;
    assert_eq!(world.telegram.calls("sendMessageDraft"), 1);
    assert!(world.telegram_group(-100_200, ANN).sees().is_empty());
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_get_no_drafts() {
    let world = World::starts().await;
    let chat = world.telegram_group(-100_200, ANN);
    chat.says("/submit talk 4s");
    chat.hears("#1 done").await;
    assert_eq!(world.telegram.calls("sendMessageDraft"), 0);
    world.closes().await;
}

const BY_CHANNEL: &str = "PATCH /channels/{channel}/messages/{message}";
const BY_TOKEN: &str = "PATCH /webhooks/{app}/{token}/messages/{message}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_discord_a_card_is_edited_by_its_token_and_later_as_a_message_of_the_channel() {
    let world = World::starts().await;
    let chat = world.discord_channel(500, ANN);
    world.model.hold();
    chat.says("/submit Tell me");
    chat.card_shows(1, "#1 running").await;
    assert_eq!((world.discord.calls(BY_TOKEN), world.discord.calls(BY_CHANNEL)), (1, 0));
    let interaction = world.discord.interactions(500).last().unwrap().id;
    world.discord.expire_token(interaction);
    world.model.release();
    chat.card_shows(1, "#1 done").await;
    assert_eq!(world.discord.calls(BY_CHANNEL), 1);
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_discord_a_card_lives_where_the_bot_is_no_member() {
    let world = World::starts().await;
    let chat = world.discord_channel(500, ANN);
    world.discord.hide(500);
    chat.says("/submit Tell me");
    chat.card_shows(1, "#1 done").await;
    world.closes().await;
}
