//! kill -9 aimed at deliveries: everything is finished and owed, and the process dies over and over while parts of results
//! and files are on their way, between two of them, and after a platform took one but before that is recorded.

use std::future::pending;
use std::time::Duration;

use fastrand::Rng;
use legwork::domain::notice::Events;
use legwork::simulator::discord::{Fault as DiscordFault, FaultKind as DiscordFaultKind};
use legwork::simulator::telegram::{Fault, FaultKind};
use tokio::time::{Instant, timeout_at};

use crate::crashes::KILLS;
use crate::support::chat::{Chat, Heard, Place};
use crate::support::owed::owes_results;
use crate::support::world::{ANN, BOB, World, id};

/// The same moments and the same slowness in every run, as far as the machine allows; every failure names it.
const SEED: u64 = 0x1e9_30c4;
const GROUP: i64 = -100_300;
/// Results for each of the four chats: more than can be delivered between the kills.
const RESULTS: usize = 90;
/// How many milliseconds a platform takes at most, before it does what it is asked or before it says so.
const SLOW: u64 = 60;
const DISCORD_MESSAGES: &str = "POST /channels/{id}/messages";

/// A result that is owed.
struct Owed {
    number: usize,
    place: Place,
    text: String,
}

/// What a platform shows of the results and ends, part by part.
#[derive(Default)]
struct Told {
    parts: Vec<Heard>,
    /// Parts that are there twice, the second time with the mark.
    doubled: usize,
    /// Parts with the mark that are there once: their first try died on its way.
    marked: usize,
}

/// Four chats, two on each platform.
fn places(world: &World) -> [Place; 4] {
    world.telegram.add_chat(id(ANN), "Ann");
    world.telegram.add_chat(GROUP, "A group");
    let discord = |channel| Place::Discord { channel: world.discord.channel(channel) };
    let telegram = |chat| Place::Telegram { chat, topic: None };
    [telegram(id(ANN)), telegram(GROUP), discord(500), discord(501)]
}

/// Results of one message, of three, and of a file, in turns and for each chat alike. Every line says whose it is and which,
/// so that none can be missing, doubled or misplaced unseen.
fn results(places: &[Place]) -> Vec<Owed> {
    let owed = |at: usize| {
        let (number, place) = (at + 1, places[at % places.len()]);
        let three_messages = if matches!(place, Place::Telegram { .. }) { 220 } else { 110 };
        let lines = [10, three_messages, 400][at / places.len() % 3];
        let line = |line| format!("Task {number} says line {line} of {lines} and goes on.");
        Owed { number, place, text: (1..=lines).map(line).collect::<Vec<_>>().join("\n\n") }
    };
    (0..RESULTS * places.len()).map(owed).collect()
}

/// From now on both platforms take their time, either before they act, so that what is cut off then is lost, or afterwards,
/// so that what is cut off then has arrived.
fn slow_down(world: &World, rng: &mut Rng) {
    for _ in 0..2_000 {
        let (acts, time) = (rng.bool(), Duration::from_millis(rng.u64(5..SLOW)));
        let telegram = if acts { FaultKind::AnswerLate(time) } else { FaultKind::ActLate(time) };
        let discord = if acts { DiscordFaultKind::AnswerLate(time) } else { DiscordFaultKind::ActLate(time) };
        for method in ["sendMessage", "sendDocument"] {
            world.telegram.fail(Fault::once(method, telegram.clone()));
        }
        world.discord.fail(DiscordFault { route: Some(DISCORD_MESSAGES.to_owned()), times: 1, kind: discord });
    }
}

/// How often the bot has begun to send something.
fn sends(world: &World) -> usize {
    world.telegram.calls("sendMessage") + world.telegram.calls("sendDocument") + world.discord.calls(DISCORD_MESSAGES)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_during_deliveries_lose_nothing_and_double_only_what_says_so() {
    let world = World::stopped().await;
    let mut rng = Rng::with_seed(SEED);
    let places = places(&world);
    let chat = |place| Chat { world: &world, place, person: BOB };
    let owed = results(&places);
    let seeds: Vec<_> = owed.iter().map(|owed| (chat(owed.place).channel(), owed.text.clone())).collect();
    owes_results(&world, &seeds, Events { done: true, ..Events::none() }).await;
    // A server that knows rich messages takes all of these in one piece.
    world.telegram.know_rich_messages(false);
    slow_down(&world, &mut rng);

    let mut process = world.launches(&[]);
    for kill in 0..KILLS {
        let before = sends(&world);
        world.until("parts are on their way again", |world| sends(world) > before).await;
        let moment = Instant::now() + Duration::from_millis(rng.u64(0..2 * SLOW));
        let _came = timeout_at(moment, pending::<()>()).await;
        process.dies().await;
        let last = owed.last().unwrap();
        let ended = chat(last.place).count(&format!("#{} done", last.number));
        assert_eq!(ended, 0, "all was delivered before kill {kill}; seed {SEED:#x}");
        process = world.launches(&[]);
    }
    world.telegram.heal();
    world.discord.heal();
    process.is_ready().await;
    let summary = process.settles().await;
    assert_eq!((summary.notices_undeliverable, summary.total), (0, owed.len() as u64), "{summary:?}; seed {SEED:#x}");

    let (mut doubled, mut marked) = (0, 0);
    for place in places {
        let told = Told::in_chat(&chat(place));
        told.is_whole(owed.iter().filter(|owed| owed.place == place));
        if let Place::Discord { .. } = place {
            assert_eq!((told.doubled, told.marked), (0, 0), "Discord prevents duplicates; seed {SEED:#x}");
        }
        (doubled, marked) = (doubled + told.doubled, marked + told.marked);
    }
    // The kills met both: parts that had arrived, and parts that never did.
    assert!(doubled > 0 && marked > 0, "{doubled} doubled and {marked} marked; seed {SEED:#x}");
    process.stops().await;
    world.closes().await;
}

impl Told {
    /// What this chat was told. A part may be there twice only in succession, and only if the second one says so.
    fn in_chat(chat: &Chat<'_>) -> Self {
        let mut told = Self::default();
        for mut heard in chat.sees() {
            let unmarked = heard.text.strip_suffix("\n(may be a duplicate)").map(ToOwned::to_owned);
            let is_marked = unmarked.is_some();
            heard.text = unmarked.unwrap_or(heard.text);
            let same = |other: &Heard| other.text == heard.text && other.files == heard.files;
            if told.parts.last().is_some_and(same) {
                assert!(is_marked, "told twice without a word of it; seed {SEED:#x}: {heard:#?}");
                told.doubled += 1;
                continue;
            }
            assert!(!told.parts.iter().any(same), "told again later; seed {SEED:#x}: {heard:#?}");
            told.marked += usize::from(is_marked);
            told.parts.push(heard);
        }
        told
    }

    /// It is all of these results, each whole and followed by its end, in their order, and nothing else.
    fn is_whole<'o>(&self, owed: impl Iterator<Item = &'o Owed>) {
        let mut parts = self.parts.iter();
        for Owed { number, text, .. } in owed {
            let end = format!("#{number} done");
            let mut told = Vec::new();
            for part in parts.by_ref() {
                told.push(part);
                if part.text.starts_with(&end) {
                    break;
                }
            }
            // Beside a file stands only how it begins.
            let written = |part: &&'_ Heard| part.files.first().map_or(part.text.clone(), |(_, file)| file.clone());
            let said: Vec<String> = told.iter().flat_map(|part| lines(&written(part))).collect();
            let heads: Vec<_> = told.iter().map(|part| part.text.lines().next()).collect();
            assert!(said == lines(text), "#{number} is not whole, or out of its turn; seed {SEED:#x}: {heads:#?}");
        }
        assert_eq!(parts.as_slice(), [], "there is more than was owed; seed {SEED:#x}");
    }
}

/// The lines of results in a text.
fn lines(text: &str) -> Vec<String> {
    text.lines().filter(|line| line.starts_with("Task ")).map(ToOwned::to_owned).collect()
}
