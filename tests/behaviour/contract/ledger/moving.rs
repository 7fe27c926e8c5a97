//! Notices that go elsewhere: to the person alone when a channel refuses, and along with a channel that moves.

use std::time::Duration;

use legwork::domain::id::ReplyHandle;
use legwork::domain::notice::{NoticeKind, NoticeState};
use legwork::domain::task::NewTask;
use legwork::domain::time::later;

use super::contract;
use super::desk::{Desk, answer, channel, message_id, part, person, refused, retry};

contract! {
    what_has_moved_does_not_begin_at_its_old_place,
    what_a_channel_refuses_is_owed_to_the_person_alone,
    what_does_not_matter_goes_nowhere_else,
    a_fallback_has_no_fallback,
    a_person_who_is_told_already_is_not_told_twice,
    what_lives_moves_with_its_channel,
    what_is_owed_moves_with_its_channel,
    a_channel_moves_with_its_parts_and_no_other_does,
    what_is_owed_at_both_ids_goes_there_once,
}

const DIRECT: &str = "telegram:7";

/// A task that is done, and told so far that its result is the next thing owed.
async fn done_in(desk: &Desk, place: &str) -> legwork::domain::task::Task {
    let task = desk.running(desk.task_in(place)).await;
    desk.deliver_all().await;
    desk.finish(&task, answer("12 boats")).await
}

async fn what_has_moved_does_not_begin_at_its_old_place(desk: Desk) {
    desk.accept(desk.task_in("telegram:-1")).await;
    let old = desk.due().await.remove(0);
    desk.ledger.move_channel(&channel("telegram:-1"), &channel("telegram:-100"), desk.now()).await.unwrap();
    assert_eq!(desk.begin(&old).await, None);
    assert_eq!(desk.ledger.begin_together(&[old.id], &old.channel, desk.now()).await.unwrap(), []);
    assert_eq!(desk.ledger.owed_in(&old.channel).await.unwrap(), []);
    let new = desk.due().await;
    assert_eq!(new.len(), 1, "it is owed in one place: {new:?}");
    let new = new.first().unwrap();
    assert_eq!((new.id, new.channel.to_string()), (old.id, "telegram:-100".to_owned()));
    assert_eq!(desk.begin(new).await.unwrap().in_flight_since, None, "nobody was at it");
}

async fn what_a_channel_refuses_is_owed_to_the_person_alone(desk: Desk) {
    let task = done_in(&desk, "telegram:-1").await;
    let due = desk.due().await;
    for notice in &due {
        desk.begin(notice).await.unwrap();
        desk.record(notice, refused("removed", Some(DIRECT))).await;
    }
    let now = desk.due().await;
    let told: Vec<_> = now.iter().map(|notice| (notice.kind, notice.channel.to_string(), notice.attempt)).collect();
    assert_eq!(told, [(NoticeKind::Result, DIRECT.to_owned(), 1), (NoticeKind::Done, DIRECT.to_owned(), 1)]);
    assert!(now.iter().all(|notice| notice.instead_of == Some(channel("telegram:-1")) && notice.reply.is_none()), "{now:?}");
    let all = desk.notices(&task).await;
    let undeliverable = |state: &NoticeState| matches!(state, NoticeState::Undeliverable { reason, .. } if reason == "removed");
    assert_eq!(all.iter().filter(|notice| undeliverable(&notice.state)).count(), 2);
    let summary = desk.ledger.summary().await.unwrap();
    assert_eq!((summary.notices_owed, summary.notices_undeliverable), (2, 2));
    desk.deliver_all().await;
    assert_eq!(desk.ledger.find_by_message(&channel(DIRECT), &message_id(&format!("m{}", now[0].id))).await.unwrap(), Some(task));
    assert_eq!(desk.ledger.summary().await.unwrap().notices_owed, 0);
}

async fn what_does_not_matter_goes_nowhere_else(desk: Desk) {
    desk.running(desk.task_in("telegram:-1")).await;
    for notice in desk.due().await {
        desk.begin(&notice).await.unwrap();
        desk.record(&notice, refused("removed", Some(DIRECT))).await;
    }
    assert_eq!(desk.due().await, []);
}

async fn a_fallback_has_no_fallback(desk: Desk) {
    done_in(&desk, "telegram:-1").await;
    for direct in [DIRECT, "discord:9"] {
        for notice in desk.due().await {
            desk.begin(&notice).await.unwrap();
            desk.record(&notice, refused("blocked", Some(direct))).await;
        }
    }
    assert_eq!(desk.due().await, []);
    assert_eq!(desk.ledger.summary().await.unwrap().notices_undeliverable, 4);
}

async fn a_person_who_is_told_already_is_not_told_twice(desk: Desk) {
    let new = NewTask { deliver_to: vec![channel("discord:1")], ..desk.task_in(DIRECT) };
    let task = desk.running(new).await;
    desk.deliver_all().await;
    desk.finish(&task, answer("12 boats")).await;
    for notice in desk.due().await.into_iter().filter(|notice| notice.channel == channel("discord:1")) {
        desk.begin(&notice).await.unwrap();
        desk.record(&notice, refused("no access", Some(DIRECT))).await;
    }
    assert_eq!(desk.due().await.len(), 2, "what it is owed anyway");
}

async fn what_lives_moves_with_its_channel(desk: Desk) {
    let mut new = desk.task_in("telegram:-1");
    "telegram:-1".clone_into(&mut new.origin.session);
    new.origin.person = Some(person("telegram:-1"));
    new.deliver_to = vec![channel("telegram:-1/3"), channel("discord:1")];
    let running = desk.running(new).await;
    let waiting = desk.accept(desk.task_in("telegram:-1")).await;
    desk.ledger.move_channel(&channel("telegram:-1"), &channel("telegram:-100"), desk.now()).await.unwrap();
    let moved = desk.reread(&running).await;
    let origin = &moved.new.origin;
    assert_eq!((origin.channel.clone(), origin.session.as_str()), (Some(channel("telegram:-100")), "telegram:-100"));
    assert_eq!((origin.person.clone(), origin.reply.clone()), (Some(person("telegram:-100")), None));
    assert_eq!(moved.new.deliver_to, [channel("telegram:-100/3"), channel("discord:1")]);
    assert_eq!(desk.reread(&waiting).await.new.origin.person, Some(person("telegram:7")));
    // The limit of a channel counts what came from its old id.
    let limits = legwork::domain::limits::Limits { max_running_per_channel: 1, ..desk.limits };
    let worker = legwork::domain::id::WorkerId::parse("w").unwrap();
    desk.accept(desk.task_in("telegram:-100")).await;
    let until = later(desk.now(), Duration::from_secs(30));
    assert_eq!(desk.ledger.claim(&worker, &limits, 9, until, desk.now()).await.unwrap(), []);
    let ended = desk.finish(&moved, answer("12 boats")).await;
    let kinds = desk.kinds(&ended).await;
    let last: Vec<_> = kinds.iter().rev().take(6).map(|(_, channel)| channel.as_str()).collect();
    assert!(last.contains(&"telegram:-100") && last.contains(&"telegram:-100/3"), "{kinds:?}");
    assert!(!last.contains(&"telegram:-1"), "{kinds:?}");
}

async fn what_is_owed_moves_with_its_channel(desk: Desk) {
    let task = desk.accept(desk.task_in("telegram:-1")).await;
    desk.accept(desk.task_in("telegram:2")).await;
    let notice = desk.due().await.remove(0);
    assert_eq!(notice.reply, Some(ReplyHandle("message 5".to_owned())));
    desk.begin(&notice).await.unwrap();
    desk.record(&notice, part("a", false)).await;
    desk.record(&notice, retry(later(desk.now(), Duration::from_mins(5)), false)).await;
    let moved = desk.ledger.move_channel(&channel("telegram:-1"), &channel("telegram:-100"), desk.now()).await.unwrap();
    assert_eq!(moved, 1);
    let now = desk.notices(&task).await.remove(0);
    assert_eq!((now.channel.to_string(), now.reply.clone()), ("telegram:-100".to_owned(), None));
    assert_eq!((now.receipts.clone(), now.tries), (vec![message_id("a")], 1));
    assert_eq!(now.state, NoticeState::Owed { due_at: desk.now() }, "it is tried there at once");
    assert_eq!(desk.due().await.len(), 2);
    assert_eq!(desk.ledger.summary().await.unwrap().notices_owed, 2);
    desk.deliver_all().await;
    assert_eq!(desk.ledger.summary().await.unwrap().notices_owed, 0);
}

async fn a_channel_moves_with_its_parts_and_no_other_does(desk: Desk) {
    let done = done_in(&desk, "telegram:-1/3").await;
    desk.deliver_all().await;
    for place in ["telegram:-1", "telegram:-1/3", "telegram:-10", "telegram:-1/44", "discord:-1"] {
        desk.accept(desk.task_in(place)).await;
    }
    desk.ledger.move_channel(&channel("telegram:-1"), &channel("telegram:-100"), desk.now()).await.unwrap();
    let filter = legwork::background::ports::TaskFilter { limit: 9, ..Default::default() };
    let places: Vec<_> =
        desk.ledger.list(&filter).await.unwrap().into_iter().map(|task| task.new.origin.channel.unwrap().to_string()).collect();
    let expected = ["discord:-1", "telegram:-100/44", "telegram:-10", "telegram:-100/3", "telegram:-100", "telegram:-100/3"];
    assert_eq!(places, expected);
    assert_eq!(desk.reread(&done).await.new.origin.channel, Some(channel("telegram:-100/3")), "what has ended, too");
}

async fn what_is_owed_at_both_ids_goes_there_once(desk: Desk) {
    let new = NewTask { deliver_to: vec![channel("telegram:-100")], ..desk.task_in("telegram:-1") };
    let task = desk.running(new).await;
    desk.deliver_all().await;
    desk.finish(&task, answer("12 boats")).await;
    assert_eq!(desk.due().await.len(), 4);
    let moved = desk.ledger.move_channel(&channel("telegram:-1"), &channel("telegram:-100"), desk.now()).await.unwrap();
    assert_eq!(moved, 0);
    let due = desk.due().await;
    assert_eq!(due.iter().map(|notice| notice.channel.to_string()).collect::<Vec<_>>(), ["telegram:-100"; 2]);
    let summary = desk.ledger.summary().await.unwrap();
    assert_eq!((summary.notices_owed, summary.notices_undeliverable), (2, 2));
}
