//! Which messages are cards that may still change.

use std::time::Duration;

use legwork::background::ports::CardMessage;
use legwork::domain::id::TaskNumber;
use legwork::domain::task::Task;
use legwork::domain::time::earlier;

use super::contract;
use super::desk::{Desk, channel, message_id, part};

contract!(
    a_card_is_open_from_its_delivery_on,
    a_settled_card_is_not_open_any_more,
    late_cards_stay_open_until_they_are_settled,
    only_the_channel_that_asked_has_a_card,
    live_tasks_are_told_lowest_number_first,
);

/// The acceptance of this task arrives as this message.
async fn answered(desk: &Desk, task: &Task, message: &str) {
    desk.record(&desk.notices(task).await[0], part(message, true)).await;
}

async fn open(desk: &Desk) -> Vec<u64> {
    desk.ledger.open_cards().await.unwrap().iter().map(|card| card.number.0).collect()
}

async fn a_card_is_open_from_its_delivery_on(desk: Desk) {
    let task = desk.accept(desk.new_task()).await;
    assert_eq!(open(&desk).await, [0; 0], "nobody knows its message yet");
    answered(&desk, &task, "m1").await;
    let card = CardMessage {
        task: task.new.id.clone(),
        number: task.number,
        channel: channel("telegram:1"),
        message: message_id("m1"),
        reply: task.new.origin.reply.clone(),
    };
    assert_eq!(desk.ledger.open_cards().await.unwrap(), [card]);
    desk.cancel(&task).await;
    assert_eq!(open(&desk).await, [1], "it may not show the end yet");
}

async fn a_settled_card_is_not_open_any_more(desk: Desk) {
    let (ended, living) = (desk.done(desk.new_task()).await, desk.accept(desk.new_task()).await);
    answered(&desk, &ended, "m1").await;
    answered(&desk, &living, "m2").await;
    desk.ledger.settle_cards(desk.now(), &[]).await.unwrap();
    assert_eq!(open(&desk).await, [1, 2], "it ended at that instant and not before it");
    desk.pass(Duration::from_millis(1));
    desk.ledger.settle_cards(desk.now(), &[]).await.unwrap();
    assert_eq!(open(&desk).await, [2]);
    desk.cancel(&living).await;
    assert_eq!(open(&desk).await, [2], "what ends later is open again");
}

async fn late_cards_stay_open_until_they_are_settled(desk: Desk) {
    for message in ["m1", "m2", "m3"] {
        let ended = desk.done(desk.new_task()).await;
        answered(&desk, &ended, message).await;
    }
    desk.pass(Duration::from_mins(1));
    desk.ledger.settle_cards(desk.now(), &[TaskNumber(1), TaskNumber(3)]).await.unwrap();
    assert_eq!(open(&desk).await, [1, 3]);
    desk.ledger.settle_cards(earlier(desk.now(), Duration::from_secs(90)), &[TaskNumber(1)]).await.unwrap();
    assert_eq!(open(&desk).await, [1, 2, 3], "each once");
    desk.ledger.settle_cards(desk.now(), &[]).await.unwrap();
    assert_eq!(open(&desk).await, [0; 0]);
}

async fn only_the_channel_that_asked_has_a_card(desk: Desk) {
    let mut elsewhere = desk.new_task();
    elsewhere.deliver_to = vec![channel("discord:1")];
    let running = desk.running(elsewhere).await;
    for (index, notice) in desk.notices(&running).await.iter().enumerate() {
        desk.record(notice, part(&format!("m{index}"), true)).await;
    }
    let silent = desk.running(desk.silent_task()).await;
    assert_eq!(desk.notices(&silent).await, []);
    let cards = desk.ledger.open_cards().await.unwrap();
    let cards: Vec<_> = cards.iter().map(|card| (card.number, card.message.as_str(), card.channel.to_string())).collect();
    assert_eq!(cards, [(running.number, "m0", "telegram:1".to_owned())]);
}

async fn live_tasks_are_told_lowest_number_first(desk: Desk) {
    desk.done(desk.new_task()).await;
    let (running, waiting) = (desk.running(desk.new_task()).await, desk.accept(desk.new_task()).await);
    let live = desk.ledger.live_tasks().await.unwrap();
    let live: Vec<_> = live.iter().map(|task| (task.number, task.running)).collect();
    assert_eq!(live, [(running.number, true), (waiting.number, false)]);
}
