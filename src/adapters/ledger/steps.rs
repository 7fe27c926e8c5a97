//! The steps of a ledger, written once for every store.
//!
//! Each step reads the rows it needs, lets [`Task::apply`] decide, and writes the task together with the notices its
//! transition owes. A store runs a step in one transaction and keeps nothing of it when it fails. What can fail because of
//! what a row holds is read before the first write.

use crate::background::ports::{Acceptance, CancelRequest, Delivery, Finish, Lease, LedgerError, Renewal};
use crate::domain::channel::ChannelId;
use crate::domain::id::{InboundId, NoticeId, TaskId, TaskNumber, WorkerId};
use crate::domain::limits::Limits;
use crate::domain::notice::{Notice, NoticeDraft, fallback, owed, owed_at_acceptance};
use crate::domain::queue::{admit, ahead_of, claimable, turn};
use crate::domain::status::Status;
use crate::domain::task::{CancelledBy, Event, NewTask, Outcome, State, Task};
use crate::domain::time::Timestamp;
use crate::domain::usage::Usage;

use super::delivery::Kept;
use super::live::Live;

/// The rows that steps read and write.
pub(super) trait Rows {
    /// The live tasks, as the writes so far left them.
    fn live(&self) -> &Live;

    /// Leaves a live task alone from now on, because its row cannot be read.
    fn set_aside(&mut self, number: TaskNumber);

    /// A number that no task ever had.
    fn next_number(&self) -> TaskNumber;

    /// The task that this inbound message made.
    fn task_of_inbound(&self, inbound: &InboundId) -> Result<Option<Task>, LedgerError>;

    /// The task with this id.
    fn task_by_id(&self, id: &TaskId) -> Result<Option<Task>, LedgerError>;

    /// The task with this number.
    fn task_by_number(&self, number: TaskNumber) -> Result<Option<Task>, LedgerError>;

    /// Adds a task, unless there is one with its id or of its inbound message; tells whether it was added.
    fn insert_task(&mut self, task: &Task) -> Result<bool, LedgerError>;

    /// Writes what may change in a task; `before` is its status until now.
    fn update_task(&mut self, task: &Task, before: Status) -> Result<(), LedgerError>;

    /// Adds a notice, unless the task owes or owed the same one: an attempt that is handed back and starts again is
    /// not announced twice.
    fn insert_notice(&mut self, task: &Task, draft: NoticeDraft, now: Timestamp) -> Result<(), LedgerError>;

    /// A notice.
    fn notice(&self, id: NoticeId) -> Result<Option<Kept>, LedgerError>;

    /// Writes what may change in a notice that was owed until now; `receipt` tells that a receipt was added.
    fn update_notice(&mut self, kept: Kept, receipt: bool) -> Result<(), LedgerError>;
}

/// What a step brings: its value, and who should look again once it is durable.
#[derive(Debug)]
pub(super) struct Step<T> {
    /// What the caller gets.
    pub(super) value: T,
    /// Whether a task may be waiting for a worker.
    pub(super) work: bool,
    /// Whether a notice may be owed, or a channel free for its next one.
    pub(super) notices: bool,
}

impl<T> Step<T> {
    /// Nothing that anybody waits for has happened.
    pub(super) const fn quiet(value: T) -> Self {
        Self { value, work: false, notices: false }
    }

    /// Workers and lanes should look again.
    const fn loud(value: T) -> Self {
        Self { value, work: true, notices: true }
    }
}

/// The id of a new task belongs to another one.
#[derive(Debug, thiserror::Error)]
#[error("the id `{0}` belongs to another task")]
struct IdTaken(TaskId);

/// Takes a task in.
pub(super) fn accept(
    rows: &mut impl Rows,
    new: &NewTask,
    limits: &Limits,
    now: Timestamp,
) -> Result<Step<Acceptance>, LedgerError> {
    if let Err(full) = admit(rows.live().tasks(), new.origin.person.as_ref(), limits) {
        // What was taken in before is no new task, however full it is now.
        return Ok(Step::quiet(taken_in(rows, new)?.map_or(Acceptance::Full(full), Acceptance::Duplicate)));
    }
    let turn = turn(rows.live().tasks(), new.origin.person.as_ref());
    let task = Task::accepted(new.clone(), rows.next_number(), turn, now);
    if !rows.insert_task(&task)? {
        let id_taken = || LedgerError::Store { operation: "accept a task", source: Box::new(IdTaken(new.id.clone())) };
        return taken_in(rows, new)?.map(|task| Step::quiet(Acceptance::Duplicate(task))).ok_or_else(id_taken);
    }
    for draft in owed_at_acceptance(&task) {
        rows.insert_notice(&task, draft, now)?;
    }
    let ahead = ahead_of(rows.live().tasks(), task.number).unwrap_or_default();
    Ok(Step::loud(Acceptance::Accepted { task, ahead }))
}

/// The task that the inbound message of a new one made before.
fn taken_in(rows: &impl Rows, new: &NewTask) -> Result<Option<Task>, LedgerError> {
    new.inbound.as_ref().map_or(Ok(None), |inbound| rows.task_of_inbound(inbound))
}

/// Leases tasks to a worker.
pub(super) fn claim(
    rows: &mut impl Rows,
    worker: &WorkerId,
    limits: &Limits,
    free: usize,
    lease_until: Timestamp,
    now: Timestamp,
) -> Result<Step<Vec<Task>>, LedgerError> {
    let mut claimed = Vec::new();
    let mut chosen = Vec::new();
    // What is set aside leaves its place to another task.
    while chosen.len() < free {
        let numbers = claimable(rows.live().tasks(), limits, free);
        let wanted = numbers.len();
        chosen = readable(rows, numbers)?;
        if chosen.len() == wanted {
            break;
        }
    }
    for task in chosen {
        let event = Event::Claimed { worker: worker.clone(), lease_until };
        claimed.extend(apply(rows, task, event, now)?);
    }
    let notices = !claimed.is_empty();
    Ok(Step { value: claimed, work: false, notices })
}

/// Prolongs leases.
pub(super) fn renew(
    rows: &mut impl Rows,
    leases: &[Lease],
    lease_until: Timestamp,
    now: Timestamp,
) -> Result<Step<Renewal>, LedgerError> {
    let mut renewal = Renewal::default();
    for lease in leases {
        let event = Event::Renewed { epoch: lease.epoch, lease_until };
        match apply_to(rows, &lease.task, event, now) {
            Ok(Some(task)) if is_to_be_cancelled(&task) => renewal.cancelled.push(lease.task.clone()),
            Ok(Some(_)) => {}
            // An attempt whose row cannot be read cannot write either; the others keep their leases.
            Ok(None) | Err(LedgerError::BadData { .. }) => renewal.lost.push(lease.task.clone()),
            Err(error) => return Err(error),
        }
    }
    Ok(Step::quiet(renewal))
}

const fn is_to_be_cancelled(task: &Task) -> bool {
    matches!(task.state, State::Running { cancel_by: Some(_), .. })
}

/// Ends an attempt.
pub(super) fn finish(
    rows: &mut impl Rows,
    lease: &Lease,
    outcome: &Outcome,
    usage: Usage,
    now: Timestamp,
) -> Result<Step<Finish>, LedgerError> {
    end(rows, &lease.task, Event::Finished { epoch: lease.epoch, outcome: outcome.clone(), usage }, now)
}

/// Hands an attempt back.
pub(super) fn release(rows: &mut impl Rows, lease: &Lease, usage: Usage, now: Timestamp) -> Result<Step<Finish>, LedgerError> {
    end(rows, &lease.task, Event::Released { epoch: lease.epoch, usage }, now)
}

fn end(rows: &mut impl Rows, id: &TaskId, event: Event, now: Timestamp) -> Result<Step<Finish>, LedgerError> {
    let ended = apply_to(rows, id, event, now)?;
    Ok(ended.map_or_else(|| Step::quiet(Finish::Stale), |task| Step::loud(Finish::Recorded(task))))
}

/// Cancels a task, or notes that it should be.
pub(super) fn request_cancel(
    rows: &mut impl Rows,
    id: &TaskId,
    by: &CancelledBy,
    now: Timestamp,
) -> Result<Step<CancelRequest>, LedgerError> {
    let Some(task) = rows.task_by_id(id)? else { return Ok(Step::quiet(CancelRequest::NotFound)) };
    if task.status().is_terminal() {
        return Ok(Step::quiet(CancelRequest::AlreadyFinished(task)));
    }
    let Some(task) = apply(rows, task, Event::CancelRequested { by: by.clone() }, now)? else {
        return Ok(Step::quiet(CancelRequest::NotFound));
    };
    let cancelled = task.status() == Status::Cancelled;
    Ok(Step::loud(if cancelled { CancelRequest::Cancelled(task) } else { CancelRequest::Noted(task) }))
}

/// Takes back attempts that nobody works on any more.
pub(super) fn recover(rows: &mut impl Rows, limits: &Limits, now: Timestamp) -> Result<Step<Vec<Task>>, LedgerError> {
    let mut recovered = Vec::new();
    let lost = rows.live().lost(now);
    for task in readable(rows, lost)? {
        recovered.extend(apply(rows, task, Event::LeaseLost { max_attempts: limits.max_attempts }, now)?);
    }
    let moved = !recovered.is_empty();
    Ok(Step { value: recovered, work: moved, notices: moved })
}

/// Notes that the next part of a notice is about to be handed over.
pub(super) fn begin_delivery(
    rows: &mut impl Rows,
    id: NoticeId,
    channel: &ChannelId,
    now: Timestamp,
) -> Result<Step<Option<Notice>>, LedgerError> {
    let Some(mut kept) = rows.notice(id)?.filter(|kept| kept.notice.channel == *channel) else {
        return Ok(Step::quiet(None));
    };
    let before = kept.begin(now);
    if before.is_some() {
        rows.update_notice(kept, false)?;
    }
    Ok(Step::quiet(before))
}

/// Notes how a try to deliver ended.
pub(super) fn record_delivery(
    rows: &mut impl Rows,
    id: NoticeId,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Step<()>, LedgerError> {
    let Some(mut kept) = rows.notice(id)?.filter(Kept::is_owed) else { return Ok(Step::quiet(())) };
    let receipt = matches!(delivery, Delivery::Part { .. });
    let instead = match delivery {
        Delivery::Undeliverable { fallback: Some(direct), .. } => fallback(&kept.notice, direct),
        _ => None,
    };
    let task = if instead.is_some() { rows.task_by_id(&kept.notice.task)? } else { None };
    kept.record(delivery.clone(), now);
    let settled = !kept.is_owed();
    rows.update_notice(kept, receipt)?;
    if let (Some(task), Some(draft)) = (task, instead) {
        rows.insert_notice(&task, draft, now)?;
    }
    Ok(Step { value: (), work: false, notices: settled })
}

/// Notes that several notices are about to be handed over as one message.
pub(super) fn begin_together(
    rows: &mut impl Rows,
    ids: &[NoticeId],
    channel: &ChannelId,
    now: Timestamp,
) -> Result<Step<Vec<Notice>>, LedgerError> {
    let mut begun = Vec::with_capacity(ids.len());
    for mut kept in owed_of(rows, ids)?.into_iter().filter(|kept| kept.notice.channel == *channel) {
        begun.extend(kept.begin(now));
        rows.update_notice(kept, false)?;
    }
    Ok(Step::quiet(begun))
}

/// Notes how the try to deliver several notices as one message ended.
pub(super) fn record_together(
    rows: &mut impl Rows,
    ids: &[NoticeId],
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Step<()>, LedgerError> {
    let owed = owed_of(rows, ids)?;
    // A message about several tasks names none of them when somebody replies to it.
    let about_one = owed.windows(2).all(|pair| matches!(pair, [one, other] if one.notice.number == other.notice.number));
    let receipt = matches!(delivery, Delivery::Part { .. }) && about_one;
    let mut settled = false;
    for mut kept in owed {
        kept.record(delivery.clone(), now);
        settled |= !kept.is_owed();
        rows.update_notice(kept, receipt)?;
    }
    Ok(Step { value: (), work: false, notices: settled })
}

/// Those of the notices that are still owed, read before anything is written.
fn owed_of(rows: &impl Rows, ids: &[NoticeId]) -> Result<Vec<Kept>, LedgerError> {
    let mut owed = Vec::with_capacity(ids.len());
    for id in ids {
        owed.extend(rows.notice(*id)?.filter(Kept::is_owed));
    }
    Ok(owed)
}

/// The tasks with these numbers, read before anything is written. One row that nobody can read must not stop all
/// the others, so it is set aside, and the log names it.
fn readable(rows: &mut impl Rows, numbers: Vec<TaskNumber>) -> Result<Vec<Task>, LedgerError> {
    let mut tasks = Vec::with_capacity(numbers.len());
    for number in numbers {
        match rows.task_by_number(number) {
            Ok(Some(task)) => tasks.push(task),
            Ok(None) => rows.set_aside(number),
            Err(LedgerError::BadData { table, column, row }) => {
                tracing::error!(table, column, row, "a task is left alone, its row cannot be read");
                rows.set_aside(number);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(tasks)
}

fn apply_to(rows: &mut impl Rows, id: &TaskId, event: Event, now: Timestamp) -> Result<Option<Task>, LedgerError> {
    match rows.task_by_id(id)? {
        Some(task) => apply(rows, task, event, now),
        None => Ok(None),
    }
}

/// Lets an event happen to a task and writes what follows; none when the task refuses it.
fn apply(rows: &mut impl Rows, mut task: Task, event: Event, now: Timestamp) -> Result<Option<Task>, LedgerError> {
    let before = task.status();
    let Ok(transition) = task.apply(event, now) else { return Ok(None) };
    rows.update_task(&task, before)?;
    for draft in owed(&task, transition) {
        rows.insert_notice(&task, draft, now)?;
    }
    Ok(Some(task))
}
