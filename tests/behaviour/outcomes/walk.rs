//! One outcome along all paths: everybody asks, some paths break, all tasks end alike, and everything said is looked at.

use std::collections::BTreeSet;

use legwork::domain::notice::NoticeKind;
use legwork::domain::receipt::{Receipt, ReceiptState};
use legwork::simulator::model::{Reply, Step};
use serde_json::Value;

use super::path::{Path, Spot};
use super::{Audience, End, Outcome};
use crate::support::chat::{Chat, Heard};
use crate::support::desk::has_words;
use crate::support::process::Process;
use crate::support::world::World;

/// An admin of the bot, who may ask how everybody's tasks are.
const ADMIN: u64 = 1999;
/// What the timed out tasks were given: enough to see each of them run, and to hear half of an answer.
const TIME: &str = "5s";
/// Opens when every task runs and its path is as it will be at the end.
const GATE: &str = "the paths are broken";
const PULSE: &str = "POST /channels/{id}/typing";

/// Ends a task on each path like this, and asserts what is heard where.
///
/// Typing has ended where it does not show any more and nothing is asked of the platforms any more to show it; that no loop
/// is left, for a channel that is gone either, is among what a world asserts when it closes.
pub async fn walk(end: &End, paths: &[(Path, Audience)]) {
    let mut world = World::stopped().await;
    world.config.access.admins = vec![format!("telegram:{ADMIN}").parse().unwrap()];
    world.config.tasks.limits.max_running = paths.len();
    let process = if end.outcome == Outcome::Interrupted {
        let mut process = world.launches(&[("LEGWORK__TASKS__MAX_RUNNING", "20")]);
        process.is_ready().await;
        Some(process)
    } else {
        world.serves().await;
        None
    };
    let spots: Vec<(Spot, Audience)> =
        (1..).zip(paths).map(|(number, (path, audience))| (path.opens(&world, number), *audience)).collect();
    // One after the other, so that a path is broken long before its task has used up its time.
    for (spot, _) in &spots {
        runs(&world, spot, end.outcome).await;
        if spot.lets_type() {
            world.until(&format!("{:?} shows typing", spot.path), |world| spot.here(world).typing()).await;
        }
        spot.breaks(&world);
    }
    ends(&mut world, end.outcome, &spots, process).await;
    world.settles().await;

    for (spot, audience) in &spots {
        is_heard(&world, end, spot, *audience).await;
    }
    let typed = pulses(&world);
    for (spot, audience) in &spots {
        is_known(&world, end, spot, *audience).await;
    }
    assert_eq!(pulses(&world), typed, "{:?}: somebody still types", end.outcome);
    world.closes().await;
}

/// Hands over a task and waits until its card shows that it runs.
async fn runs(world: &World, spot: &Spot, outcome: Outcome) {
    let (chat, number) = (spot.here(world), spot.number);
    let half = || Step::Text("half of the answer".to_owned());
    let reply = match outcome {
        Outcome::Done => Reply::text("the whole answer").behind(GATE),
        Outcome::Failed => Reply::error(401, "invalid_api_key", "Incorrect API key provided").behind(GATE),
        Outcome::TimedOut => Reply::of(vec![half(), Step::Stall]),
        Outcome::Cancelled | Outcome::Interrupted => Reply::of(vec![Step::Stall]),
    };
    let prompt = format!("Tell me ({number})");
    world.model.reply_to(&format!("({number})"), reply);
    match outcome {
        Outcome::TimedOut => {
            chat.says_as(&format!("/submit --timeout {TIME} {prompt}"), &format!("/submit prompt: {prompt} timeout: {TIME}"));
        }
        _ => chat.says(&format!("/submit {prompt}")),
    }
    chat.card_shows(number, &format!("#{number} running")).await;
}

/// Lets all tasks end.
async fn ends(world: &mut World, outcome: Outcome, spots: &[(Spot, Audience)], process: Option<Process>) {
    world.until("the model is asked by all", |world| world.model.calls().len() == spots.len()).await;
    match outcome {
        Outcome::Done | Outcome::Failed => world.model.open_gate(GATE),
        // Their time ends by itself.
        Outcome::TimedOut => {}
        Outcome::Cancelled => {
            for (spot, _) in spots {
                let (status, answer) = world.posts(&format!("/api/v1/tasks/{}/cancel", spot.number)).await;
                assert_eq!(status, 200, "{answer}");
            }
        }
        Outcome::Interrupted => {
            let process = process.unwrap();
            // What was told before is recorded as told, too.
            process.until_summary("nothing is owed", |summary| summary.notices_owed == 0).await;
            process.dies().await;
            world.config.tasks.limits.max_attempts = 1;
            world.serves().await;
        }
    }
}

/// What is said of the end on this path: these messages in this order, where they belong, and nothing else anywhere.
async fn is_heard(world: &World, end: &End, spot: &Spot, audience: Audience) {
    let what = format!("{:?} on {:?}", end.outcome, spot.path);
    let (here, alone) = (spot.here(world), spot.alone(world));
    let numbered = |words: &str| words.replace('#', &format!("#{}", spot.number));
    let says: Vec<String> = end.says.iter().map(|words| numbered(words)).collect();
    match audience {
        Audience::Here => {
            let card = here.card_shows(spot.number, &numbered(end.card)).await;
            assert!(!card.buttons.contains(&"Cancel".to_owned()), "{what}: {card:#?}");
            assert_said(&what, &here, &says);
            if !spot.is_direct() {
                assert_said(&what, &alone, &[]);
            }
            world.until(&format!("{what}: typing has ended"), |_| !here.typing()).await;
        }
        Audience::Alone(why) => {
            let why = format!("Meant for {}, which does not take it: {why}.", here.channel());
            assert_said(&what, &alone, &says.iter().map(|said| format!("{why} ... {said}")).collect::<Vec<_>>());
            assert_said(&what, &here, &[]);
        }
        Audience::Nobody(_) => {
            assert_said(&what, &here, &[]);
            assert_said(&what, &alone, &[]);
        }
    }
    let cards: Vec<String> = here.sees().into_iter().filter(Heard::is_card).map(|heard| heard.text).collect();
    // One that cannot be changed any more goes on saying what was true last; a topic takes its messages along.
    let last = if audience == Audience::Here { numbered(end.card) } else { numbered("# running") };
    let expected = usize::from(spot.path != Path::TopicDeleted);
    assert!(cards.len() == expected && cards.iter().all(|card| has_words(card, &last)), "{what}: {cards:#?}");
    if let Some(elsewhere) = spot.elsewhere(world) {
        assert_said(&what, &elsewhere, &[]);
    }
}

/// These are the bot's messages here besides the card, in this order.
fn assert_said(what: &str, chat: &Chat<'_>, says: &[String]) {
    let said: Vec<String> = chat.sees().into_iter().filter(|heard| !heard.is_card()).map(|heard| heard.text).collect();
    let as_it_should = said.len() == says.len() && said.iter().zip(says).all(|(said, words)| has_words(said, words));
    assert!(as_it_should, "{what}: {} should have heard {says:#?}, but it heard {said:#?}", chat.channel());
}

/// What the API says of the notices, and what an admin is told who asks for the task's state.
async fn is_known(world: &World, end: &End, spot: &Spot, audience: Audience) {
    let what = format!("{:?} on {:?}", end.outcome, spot.path);
    let task: Value = serde_json::from_str(&world.gets(&format!("/api/v1/tasks/{}", spot.number)).await.1).unwrap();
    let notices: Vec<Receipt> = serde_json::from_value(task["notices"].clone()).unwrap();
    let tells_end = |notice: &&Receipt| !matches!(notice.kind, NoticeKind::Accepted | NoticeKind::Started);
    let (ends, before): (Vec<&Receipt>, Vec<&Receipt>) = notices.iter().partition(tells_end);
    assert_eq!(before.len(), 2, "{what}: {notices:#?}");
    assert!(before.iter().all(|notice| notice.state == ReceiptState::Delivered), "{what}: {notices:#?}");
    let (here, alone) = (spot.here(world).channel(), spot.alone(world).channel());
    let known: Vec<String> = ends.into_iter().map(described).collect();
    let each = |form: &dyn Fn(&str) -> Vec<String>| end.kinds.iter().flat_map(|kind| form(kind)).collect::<BTreeSet<_>>();
    let expected = match audience {
        Audience::Here => each(&|kind| vec![format!("{kind} to {here}: delivered")]),
        Audience::Alone(why) => each(&|kind| {
            let instead = format!("{kind} to {alone} instead of {here}: delivered");
            vec![format!("{kind} to {here}: undeliverable: {why}"), instead]
        }),
        Audience::Nobody(why) if spot.is_direct() => each(&|kind| vec![format!("{kind} to {here}: undeliverable: {why}")]),
        Audience::Nobody(why) => each(&|kind| {
            let instead =
                format!("{kind} to {alone} instead of {here}: undeliverable: this person takes no direct messages from the bot");
            vec![format!("{kind} to {here}: undeliverable: {why}"), instead]
        }),
    };
    assert_eq!(known.iter().cloned().collect::<BTreeSet<_>>(), expected, "{what}");
    assert_eq!(known.len(), expected.len(), "{what}: {known:#?}");
    let admin = world.telegram(ADMIN);
    admin.says(&format!("/status {}", spot.number));
    let status = admin.hears(&format!("#{} ... Asked: Tell me ({})", spot.number, spot.number)).await;
    for notice in &known {
        // People read the kind in quotes, and the time behind what was delivered.
        let (kind, rest) = notice.split_once(' ').unwrap();
        assert!(status.text.contains(&format!("Notice “{kind}” {rest}")), "{what}: `{notice}` is not in {}", status.text);
    }
}

/// A notice in the words of `/status`.
fn described(notice: &Receipt) -> String {
    let instead = notice.instead_of.as_ref().map(|meant| format!(" instead of {meant}")).unwrap_or_default();
    let state = match (notice.state, &notice.reason) {
        (ReceiptState::Undeliverable, Some(reason)) => format!("undeliverable: {reason}"),
        (ReceiptState::Delivered, _) => "delivered".to_owned(),
        other => format!("{other:?}"),
    };
    format!("{} to {}{instead}: {state}", notice.kind, notice.channel)
}

/// How often the bot has asked the platforms to show that it is busy, whatever they answered.
fn pulses(world: &World) -> usize {
    world.telegram.calls("sendChatAction") + world.discord.calls(PULSE)
}
