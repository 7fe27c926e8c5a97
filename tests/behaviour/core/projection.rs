//! The user's own mirror sees every transition in order, and can harm nothing.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use legwork::background::ports::{HookError, Projection};
use legwork::domain::id::{TaskId, TaskNumber};
use legwork::domain::origin::Origin;
use legwork::domain::prompt::Prompt;
use legwork::domain::snapshot::TaskSnapshot;
use legwork::domain::status::Status;

use crate::support::desk::{Desk, Setup};

/// A mirror that writes down what it sees, after failing so many times.
#[derive(Default)]
struct Mirror {
    seen: Mutex<Vec<(TaskNumber, Status)>>,
    failures: AtomicU32,
    prepared: AtomicU32,
    hangs: bool,
}

#[async_trait]
impl Projection for Mirror {
    async fn prepare_task(&self, prompt: &Prompt, _origin: &Origin) -> Result<Option<TaskId>, HookError> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        assert!(!prompt.as_str().contains("panic early"), "the mirror breaks");
        if prompt.as_str().contains("unprepared") {
            return Err("the tracker is down".into());
        }
        let count = self.prepared.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Some(TaskId::parse(format!("TRACK-{count}"))?))
    }

    async fn sync_task(&self, snapshot: &TaskSnapshot) -> Result<(), HookError> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        if self.failures.load(Ordering::SeqCst) > 0 {
            self.failures.fetch_sub(1, Ordering::SeqCst);
            return Err("the tracker is down".into());
        }
        assert!(!(snapshot.prompt.contains("panic late") && snapshot.status == Status::Running), "the mirror breaks");
        self.seen.lock().unwrap().push((snapshot.number, snapshot.status));
        Ok(())
    }
}

fn desk_with(mirror: &Arc<Mirror>) -> Desk {
    Desk::with(Setup { projection: Some(mirror.clone()), ..Setup::default() })
}

#[tokio::test(start_paused = true)]
async fn it_gives_the_canonical_id_and_sees_every_transition_in_order() {
    let mirror = Arc::new(Mirror::default());
    let desk = desk_with(&mirror);
    let number = desk.submits("chat:1", "chat:ann", "say x").await;
    desk.hears("chat:1", "#1 done").await;
    assert_eq!(desk.task(number).await.new.id.as_str(), "TRACK-1");
    desk.closes().await;
    let life = [Status::Pending, Status::Running, Status::Done].map(|status| (number, status));
    assert_eq!(*mirror.seen.lock().unwrap(), life);
}

#[tokio::test(start_paused = true)]
async fn a_failing_mirror_is_tried_again_and_misses_nothing() {
    let mirror = Arc::new(Mirror { failures: AtomicU32::new(4), ..Mirror::default() });
    let desk = desk_with(&mirror);
    let number = desk.submits("chat:1", "chat:ann", "say unprepared").await;
    desk.hears("chat:1", "#1 done").await;
    desk.closes().await;
    let life = [Status::Pending, Status::Running, Status::Done].map(|status| (number, status));
    assert_eq!(*mirror.seen.lock().unwrap(), life);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_mirror_holds_up_no_task() {
    let mirror = Arc::new(Mirror { hangs: true, ..Mirror::default() });
    let desk = desk_with(&mirror);
    let (one, two) = tokio::join!(desk.submits("chat:1", "chat:ann", "say x"), desk.submits("chat:2", "chat:bob", "say y"));
    desk.until_status(one, Status::Done).await;
    desk.until_status(two, Status::Done).await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_mirror_that_breaks_misses_one_transition_and_harms_nothing() {
    let mirror = Arc::new(Mirror::default());
    let desk = desk_with(&mirror);
    desk.submits("chat:1", "chat:ann", "say panic early").await;
    desk.hears("chat:1", "#1 done").await;
    let late = desk.submits("chat:1", "chat:ann", "say panic late").await;
    desk.hears("chat:1", "#2 done").await;
    desk.closes().await;
    let seen: Vec<Status> =
        mirror.seen.lock().unwrap().iter().filter(|(number, _)| *number == late).map(|(_, status)| *status).collect();
    assert_eq!(seen, [Status::Pending, Status::Done]);
}
