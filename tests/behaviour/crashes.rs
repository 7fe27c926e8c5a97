//! kill -9 at random moments of the real binary: nothing accepted is lost, stuck or doubled.

mod deliveries;

use std::collections::BTreeMap;
use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::support::chat::{Chat, Heard};
use crate::support::wait::{PATIENCE, Wait};
use crate::support::world::{ANN, BOB, World};

const KILLS: usize = 50;

/// The number in `#7 queued...`.
fn number_in(text: &str, word: &str) -> Option<u64> {
    let (number, rest) = text.strip_prefix('#')?.split_once(' ')?;
    rest.starts_with(word).then(|| number.parse().ok()).flatten()
}

/// For each task, how often something was said about it, and how many of these messages say that they may be duplicates.
type Said = BTreeMap<u64, (usize, usize)>;

/// How often `about` found a task's number in what was said.
fn counted(texts: impl Iterator<Item = String>, about: impl Fn(&str) -> Option<u64>) -> Said {
    let mut said = Said::new();
    for text in texts {
        if let Some(number) = about(&text) {
            let (all, labelled) = said.entry(number).or_default();
            *all += 1;
            *labelled += usize::from(text.contains("may be a duplicate"));
        }
    }
    said
}

/// How often each task's end was announced.
fn ends(texts: impl Iterator<Item = String>) -> Said {
    counted(texts, |text| ["done", "failed", "cancelled"].into_iter().find_map(|word| number_in(text, word)))
}

/// How often each task's result was shown.
fn results(texts: impl Iterator<Item = String>) -> Said {
    counted(texts, |text| text.strip_prefix("Result of #")?.split_once(':')?.0.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_lose_nothing_and_double_nothing() {
    let world = World::stopped().await;
    // Interrupted tasks get as many attempts as it takes: the limit has a test of its own.
    let settings = [("LEGWORK__TASKS__MAX_ATTEMPTS", "1000"), ("LEGWORK__TASKS__MAX_QUEUED_PER_PERSON", "200")];
    let (telegram, discord) = (world.telegram(ANN), world.discord_channel(500, BOB));
    let mut process = world.launches(&settings);
    process.is_ready().await;
    let mut said = 0;
    for kill in 0..KILLS {
        // Half of the kills come at any moment of the start, the others at any moment of the work.
        if kill % 2 == 0 {
            process.is_ready().await;
        }
        // People go on writing whatever happens to the server; Telegram keeps what they write meanwhile.
        for _ in 0..2 {
            said += 1;
            telegram.says(&format!("/submit job {said} words 40"));
        }
        discord.says("/submit job words 40");
        let moment = Instant::now() + Duration::from_millis(fastrand::u64(0..400));
        let _came = timeout_at(moment, pending::<()>()).await;
        process.dies().await;
        process = world.launches(&settings);
    }
    process.is_ready().await;
    telegram.says("/submit the last one");
    said += 1;

    // Every message on Telegram becomes one task, whose end is announced.
    let mut wait = Wait::at_most(PATIENCE * 6);
    let notices = |chat: Chat<'_>| chat.sees().into_iter().filter(|heard| !heard.is_card()).map(|heard| heard.text);
    let ended = |world: &World| ends(notices(world.telegram(ANN)));
    while ended(&world).len() < said {
        wait.goes_on(|| format!("{} of {said} ended\n{}", ended(&world).len(), process.log())).await;
    }
    // On Discord those that were accepted are: the others were told that the bot did not respond.
    let texts = || notices(world.discord_channel(500, BOB));
    let cards = world.discord_channel(500, BOB).sees().into_iter().filter(Heard::is_card);
    let accepted: Vec<u64> = cards.filter_map(|card| number_in(card.first(), "queued")).collect();
    while !accepted.iter().all(|number| ends(texts()).contains_key(number)) {
        wait.goes_on(|| format!("not all of {accepted:?} ended\n{}", process.log())).await;
    }

    let summary = process.settles().await;
    assert_eq!((summary.failed, summary.notices_undeliverable), (0, 0), "{summary:?}");
    assert_eq!(summary.total, (ended(&world).len() + ends(texts()).len()) as u64, "an update made two tasks");
    // On Telegram, which has no idempotency key, at most one message of a kind is there without a label; on Discord there is
    // never a second one.
    let heard = || notices(world.telegram(ANN));
    for (number, (all, labelled)) in ends(heard()).into_iter().chain(results(heard())) {
        assert!(all - labelled <= 1, "#{number} was told {all} times, {labelled} of them labelled");
    }
    for (number, (all, _)) in ends(texts()).into_iter().chain(results(texts())) {
        assert_eq!(all, 1, "Discord prevents duplicates, but #{number} was told {all} times");
    }
    assert_eq!(results(heard()).len(), said, "a result is missing");
    // No card is left behind that says that its task lives. Of a card that was sent twice, because nobody knew whether the
    // first one had arrived, only the second is known.
    for chat in [world.telegram(ANN), world.discord_channel(500, BOB)] {
        let living = || living_cards(&chat);
        while !living().is_empty() {
            wait.goes_on(|| format!("{:#?} are left behind\n{}", living(), process.log())).await;
        }
    }
    process.stops().await;
    world.closes().await;
}

/// The cards here that show a task that lives, except those that were sent again as a possible duplicate.
fn living_cards(chat: &Chat<'_>) -> Vec<String> {
    let cards: Vec<Heard> = chat.sees().into_iter().filter(Heard::is_card).collect();
    let number = |card: &Heard| number_in(card.first(), "queued");
    let sent_again = |card: &Heard| cards.iter().any(|other| number(other) == number(card) && other.id > card.id);
    let living = cards.iter().filter(|card| card.buttons.contains(&"Cancel".to_owned()) && !sent_again(card));
    living.map(|card| card.text.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_leaves_no_card_behind_that_says_its_task_lives() {
    let world = World::stopped().await;
    let (telegram, discord) = (world.telegram(ANN), world.discord_channel(500, BOB));
    let mut process = world.launches(&[]);
    process.is_ready().await;
    telegram.says("/submit it ends just before");
    telegram.hears("#1 done").await;
    world.model.hold();
    telegram.says("/submit it runs");
    telegram.card_shows(2, "#2 running").await;
    discord.says("/submit it runs, too");
    let card = discord.card_shows(3, "#3 running").await;
    process.dies().await;

    let mut process = world.launches(&[]);
    process.is_ready().await;
    telegram.card_shows(2, "#2 running again (attempt 2), because the server stopped").await;
    discord.card_shows(3, "#3 running again (attempt 2), because the server stopped").await;
    // The buttons of a card from before the kill work.
    let refused = discord.of(ANN).presses(&card, "Cancel").await;
    assert!(refused.contains("#3 is not your task"), "{refused}");
    world.model.release();
    telegram.card_shows(1, "#1 done").await;
    telegram.card_shows(2, "#2 done").await;
    discord.card_shows(3, "#3 done").await;
    for chat in [telegram, discord] {
        assert_eq!(living_cards(&chat), Vec::<String>::new());
    }
    process.stops().await;
    world.closes().await;
}
