//! A ledger that owes: tasks that have ended before the server starts, whose news nobody has been told.

use legwork::adapters::clock::SystemClock;
use legwork::adapters::ledger::sqlite::SqliteLedger;
use legwork::background::ports::{Acceptance, Clock, Delivery, Lease, Ledger, nobody_is_quiet};
use legwork::domain::id::{MessageId, TaskId, WorkerId};
use legwork::domain::limits::Limits;
use legwork::domain::notice::Events;
use legwork::domain::origin::Origin;
use legwork::domain::preferences::Manner;
use legwork::domain::prompt::Prompt;
use legwork::domain::task::{NewTask, Outcome, RunSettings};
use legwork::domain::usage::Usage;

use crate::support::world::World;

/// Lets the ledger of a world that has not started owe these results to these channels, in this order, and of their tasks
/// what `events` say. The tasks are numbered from 1.
pub async fn owes_results(world: &World, results: &[(String, String)], events: Events) {
    let now = SystemClock.now();
    let ledger = SqliteLedger::open(&world.config.store.path).unwrap();
    let limits = Limits { max_queued: 100_000, max_queued_per_person: 100_000, max_running: 100_000, ..Limits::default() };
    let limits = Limits { max_running_per_person: 100_000, max_running_per_channel: 100_000, ..limits };
    for (at, (channel, _)) in results.iter().enumerate() {
        let new = NewTask {
            id: TaskId::parse(format!("seed-{at}")).unwrap(),
            inbound: None,
            prompt: Prompt::parse("Tell me").unwrap(),
            origin: Origin { channel: Some(channel.parse().unwrap()), session: channel.clone(), ..Origin::default() },
            deliver_to: Vec::new(),
            events,
            manner: Manner::default(),
            settings: RunSettings::default(),
            retry_of: None,
        };
        assert!(matches!(ledger.accept(new, &limits, now).await.unwrap(), Acceptance::Accepted { .. }));
    }
    // Their acceptance was told long ago.
    for notice in ledger.due_notices(&[], &nobody_is_quiet(), results.len(), now).await.unwrap() {
        ledger.begin_delivery(notice.id, &notice.channel, now).await.unwrap();
        let message = MessageId::parse(format!("told-{}", notice.id.0)).unwrap();
        ledger.record_delivery(notice.id, Delivery::Part { message, last: true }, now).await.unwrap();
    }
    let mut claimed = ledger.claim(&WorkerId::parse("w").unwrap(), &limits, results.len(), now, now).await.unwrap();
    claimed.sort_by_key(|task| task.number);
    for (task, (_, result)) in claimed.into_iter().zip(results) {
        let lease = Lease { task: task.new.id.clone(), epoch: task.epoch };
        ledger.finish(&lease, Outcome::Done { result: result.clone() }, Usage::default(), now).await.unwrap();
    }
    let each = 1 + events.words().len();
    assert_eq!(ledger.summary().await.unwrap().notices_owed, u64::try_from(results.len() * each).unwrap());
    ledger.close().await;
}
