//! Throughput of the ledgers: whole lives of tasks per second, at growing numbers of stored tasks.
//!
//! A life is: accepted, claimed, finished with a result, and both notices that this owes (the result and "done") found due,
//! begun and recorded as delivered. A hundred tasks of a hundred persons are in flight, driven as the server drives them:
//! one loop claims, one loop looks for due notices, and each channel is served by one lane at a time. Every step is durable
//! before the next one begins, so beside the table stands how often this machine can sync a file at all.
//!
//! `cargo bench --bench ledger` takes a minute; `-- --full` adds the row with a million stored tasks.
#![expect(clippy::print_stdout, reason = "printing the table is what it is for")]

use std::collections::HashSet;
use std::error::Error;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use legwork::adapters::ledger::memory::MemoryLedger;
use legwork::adapters::ledger::sqlite::SqliteLedger;
use legwork::background::ports::{Acceptance, Delivery, Lease, Ledger, nobody_is_quiet};
use legwork::domain::channel::ChannelId;
use legwork::domain::id::{InboundId, MessageId, TaskId, WorkerId};
use legwork::domain::limits::Limits;
use legwork::domain::notice::{Events, Notice, NoticeKind};
use legwork::domain::origin::Origin;
use legwork::domain::prompt::Prompt;
use legwork::domain::task::{NewTask, Outcome, RunSettings, Task};
use legwork::domain::time::{Timestamp, from_millis};
use legwork::domain::usage::Usage;
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

type Failure = Box<dyn Error + Send + Sync>;
type Anything<T> = Result<T, Failure>;

const IN_FLIGHT: usize = 100;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(5);
const PERSONS: u64 = 100;
const TEMPLATE: u64 = 1_000;

fn main() -> Anything<()> {
    let full = std::env::args().any(|argument| argument == "--full");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;

    println!("syncs of 4 KiB per second: {:.0}", syncs_per_second(folder.path())?);
    println!("{IN_FLIGHT} tasks in flight, {} s per row", MEASURED.as_secs());
    println!("{:<8} {:>12} {:>12} {:>14} {:>14}", "ledger", "stored", "lives/s", "of first row", "of memory");

    let memory = runtime.block_on(lives_per_second(Arc::new(MemoryLedger::new())))?;
    println!("{:<8} {:>12} {memory:>12.0} {:>14} {:>14}", "memory", "-", "-", "1.00");

    let sizes: &[u64] = if full { &[1_000, 100_000, 1_000_000] } else { &[1_000, 100_000] };
    let mut first = None;
    for stored in sizes {
        let path = folder.path().join(format!("{stored}.db"));
        runtime.block_on(fill(&path, *stored))?;
        let ledger = Arc::new(SqliteLedger::open(&path)?);
        let lives = runtime.block_on(lives_per_second(Arc::clone(&ledger) as Arc<dyn Ledger>))?;
        runtime.block_on(ledger.close());
        let of_first = lives / *first.get_or_insert(lives);
        println!("{:<8} {stored:>12} {lives:>12.0} {of_first:>14.2} {:>14.2}", "sqlite", lives / memory);
    }
    Ok(())
}

/// How often a second this machine makes a page durable.
fn syncs_per_second(folder: &Path) -> Anything<f64> {
    let mut file = File::create(folder.join("sync"))?;
    let started = Instant::now();
    let mut syncs = 0_u32;
    while started.elapsed() < Duration::from_secs(1) {
        file.seek(SeekFrom::Start(u64::from(syncs % 256) * 4096))?;
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(f64::from(syncs) / started.elapsed().as_secs_f64())
}

/// Makes a file with so many finished tasks: a thousand real lives, copied with other names.
async fn fill(path: &Path, stored: u64) -> Anything<()> {
    let ledger = Arc::new(SqliteLedger::open(path)?);
    Drive::new(Arc::clone(&ledger) as Arc<dyn Ledger>).run(Until::Lives(TEMPLATE)).await?;
    ledger.close().await;
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN;
         CREATE TEMP TABLE task AS SELECT * FROM tasks;
         CREATE TEMP TABLE text AS SELECT * FROM texts;
         CREATE TEMP TABLE notice AS SELECT * FROM notices;
         CREATE TEMP TABLE message AS SELECT * FROM messages;",
    )?;
    for _ in 1..stored / TEMPLATE {
        connection.execute_batch(
            "UPDATE task SET number = number + 1000, id = 'copy-' || (number + 1000), inbound = 'copy-' || (number + 1000),
                 prompt = prompt + 2000, result = result + 2000;
             UPDATE text SET serial = serial + 2000;
             UPDATE notice SET id = id + 2000, task = task + 1000;
             UPDATE message SET task = task + 1000, message = message + 2000;
             INSERT INTO tasks SELECT * FROM task;
             INSERT INTO texts SELECT * FROM text;
             INSERT INTO notices SELECT * FROM notice;
             INSERT INTO messages SELECT * FROM message;",
        )?;
    }
    connection.execute_batch(
        "UPDATE totals SET last_number = (SELECT max(number) FROM tasks), last_notice = (SELECT max(id) FROM notices),
             done = (SELECT count(*) FROM tasks);
         COMMIT;",
    )?;
    Ok(())
}

async fn lives_per_second(ledger: Arc<dyn Ledger>) -> Anything<f64> {
    Drive::new(Arc::clone(&ledger)).run(Until::Elapsed(WARM_UP)).await?;
    let started = Instant::now();
    let lives = Drive::new(ledger).run(Until::Elapsed(MEASURED)).await?;
    Ok(f64::from(u32::try_from(lives)?) / started.elapsed().as_secs_f64())
}

/// When to stop handing over tasks.
#[derive(Debug, Clone, Copy)]
enum Until {
    Lives(u64),
    Elapsed(Duration),
}

/// Drives tasks through a ledger as the server does.
struct Drive {
    ledger: Arc<dyn Ledger>,
    tracker: TaskTracker,
    /// One permit for each task in flight.
    places: Arc<Semaphore>,
    held: Mutex<Vec<OwnedSemaphorePermit>>,
    served: Mutex<HashSet<ChannelId>>,
    ended: AtomicBool,
    failure: Mutex<Option<Failure>>,
    lives: AtomicU64,
    began: Instant,
    limits: Limits,
}

impl Drive {
    fn new(ledger: Arc<dyn Ledger>) -> Arc<Self> {
        let limits = Limits { max_queued: 10_000, max_running_per_person: 100, ..Limits::default() };
        Arc::new(Self {
            ledger,
            tracker: TaskTracker::new(),
            places: Arc::new(Semaphore::new(IN_FLIGHT)),
            held: Mutex::default(),
            served: Mutex::default(),
            ended: AtomicBool::new(false),
            failure: Mutex::default(),
            lives: AtomicU64::new(0),
            began: Instant::now(),
            limits,
        })
    }

    /// Returns how many lives were lived to their end.
    async fn run(self: Arc<Self>, until: Until) -> Anything<u64> {
        self.spawn(Arc::clone(&self).claim());
        self.spawn(Arc::clone(&self).look());
        let submitted = self.submit(until).await;
        self.ended.store(true, Ordering::Relaxed);
        self.ledger.hints().work.notify_one();
        self.ledger.hints().notices.notify_one();
        self.tracker.close();
        self.tracker.wait().await;
        match lock(&self.failure).take() {
            Some(failure) => Err(failure),
            None => submitted.map(|()| self.lives.load(Ordering::Relaxed)),
        }
    }

    /// Hands over tasks as places get free, and waits until all of them have lived.
    async fn submit(self: &Arc<Self>, until: Until) -> Anything<()> {
        let mut submitted = 0;
        while match until {
            Until::Lives(lives) => submitted < lives,
            Until::Elapsed(time) => self.began.elapsed() < time,
        } {
            let place = Arc::clone(&self.places).acquire_owned().await?;
            submitted += 1;
            lock(&self.held).push(place);
            self.spawn(Arc::clone(self).accept());
        }
        drop(self.places.acquire_many(u32::try_from(IN_FLIGHT)?).await?);
        Ok(())
    }

    /// What fails ends the whole drive.
    fn spawn(self: &Arc<Self>, part: impl Future<Output = Anything<()>> + Send + 'static) {
        let drive = Arc::clone(self);
        self.tracker.spawn(async move {
            if let Err(failure) = part.await {
                lock(&drive.failure).get_or_insert(failure);
                drive.places.close();
            }
        });
    }

    async fn accept(self: Arc<Self>) -> Anything<()> {
        let accepted = self.ledger.accept(new_task()?, &self.limits, self.now()?).await?;
        if matches!(accepted, Acceptance::Accepted { .. }) { Ok(()) } else { Err("not accepted".into()) }
    }

    async fn claim(self: Arc<Self>) -> Anything<()> {
        let (worker, work) = (WorkerId::parse("bench")?, self.ledger.hints().work);
        while !self.ended.load(Ordering::Relaxed) {
            work.notified().await;
            let now = self.now()?;
            let claimed = self.ledger.claim(&worker, &self.limits, IN_FLIGHT, now + Duration::from_secs(30), now).await?;
            for task in claimed {
                self.spawn(Arc::clone(&self).finish(task));
            }
        }
        Ok(())
    }

    async fn finish(self: Arc<Self>, task: Task) -> Anything<()> {
        let lease = Lease { task: task.new.id, epoch: task.epoch };
        let usage = Usage { input: 900, output: 400, ..Usage::default() };
        self.ledger.finish(&lease, Outcome::Done { result: "the answer ".repeat(190) }, usage, self.now()?).await?;
        Ok(())
    }

    async fn look(self: Arc<Self>) -> Anything<()> {
        let notices = self.ledger.hints().notices;
        while !self.ended.load(Ordering::Relaxed) {
            notices.notified().await;
            let skip: Vec<ChannelId> = lock(&self.served).iter().cloned().collect();
            let mut due = self.ledger.due_notices(&skip, &nobody_is_quiet(), 2 * IN_FLIGHT, self.now()?).await?;
            due.sort_by(|a, b| a.channel.cmp(&b.channel).then(a.id.cmp(&b.id)));
            for lane in due.chunk_by(|a, b| a.channel == b.channel) {
                let Some(first) = lane.first() else { continue };
                lock(&self.served).insert(first.channel.clone());
                self.spawn(Arc::clone(&self).deliver(lane.to_vec()));
            }
        }
        Ok(())
    }

    async fn deliver(self: Arc<Self>, lane: Vec<Notice>) -> Anything<()> {
        for notice in &lane {
            self.ledger.begin_delivery(notice.id, &notice.channel, self.now()?).await?;
            let delivery = Delivery::Part { message: MessageId::parse(notice.id.to_string())?, last: true };
            self.ledger.record_delivery(notice.id, delivery, self.now()?).await?;
            if notice.kind == NoticeKind::Done {
                self.lives.fetch_add(1, Ordering::Relaxed);
                lock(&self.held).pop();
            }
        }
        if let Some(notice) = lane.first() {
            lock(&self.served).remove(&notice.channel);
        }
        self.ledger.hints().notices.notify_one();
        Ok(())
    }

    fn now(&self) -> Anything<Timestamp> {
        let elapsed = i64::try_from(self.began.elapsed().as_millis())?;
        Ok(from_millis(1_800_000_000_000 + elapsed).ok_or("beyond the calendar")?)
    }
}

/// A task as it comes from a chat, heard of in one channel: its result and its end.
fn new_task() -> Anything<NewTask> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    Ok(NewTask {
        id: TaskId::parse(format!("0199a3b2-0000-7000-8000-{next:012x}"))?,
        inbound: Some(InboundId::parse(format!("telegram:{next}"))?),
        prompt: Prompt::parse(&"do the legwork ".repeat(70))?,
        origin: Origin { person: Some(format!("telegram:{}", next % PERSONS).parse()?), ..Origin::default() },
        deliver_to: vec![format!("telegram:{}", next % PERSONS).parse()?],
        events: Events { done: true, ..Events::none() },
        manner: legwork::domain::preferences::Manner::default(),
        settings: RunSettings::default(),
        retry_of: None,
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
