//! The rows of the ledger in memory: maps, and the indexes that find things in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::adapters::ledger::delivery::Kept;
use crate::adapters::ledger::live::Live;
use crate::adapters::ledger::owed::{Change, Owed};
use crate::adapters::ledger::steps::Rows;
use crate::adapters::ledger::totals::Totals;
use crate::background::ports::{CardMessage, LedgerError, Thread};
use crate::domain::channel::ChannelId;
use crate::domain::id::{InboundId, MessageId, NoticeId, TaskId, TaskNumber};
use crate::domain::notice::{Notice, NoticeDraft, NoticeKind, NoticeState};
use crate::domain::preferences::Preferences;
use crate::domain::status::Status;
use crate::domain::summary::MonitorSummary;
use crate::domain::task::Task;
use crate::domain::time::Timestamp;
use crate::domain::wording::deliveries::{Refusal, refusal};

/// How many tasks that ended and owe nothing are kept.
const FINISHED_KEPT: usize = 500;

/// A task and what belongs to it.
#[derive(Debug)]
struct Entry {
    task: Task,
    notices: Vec<NoticeId>,
    /// The answers about it.
    answers: Vec<(ChannelId, MessageId)>,
    owed: usize,
}

/// Everything a ledger holds.
#[derive(Debug, Default)]
pub(super) struct MemoryRows {
    tasks: BTreeMap<TaskNumber, Entry>,
    ids: HashMap<TaskId, TaskNumber>,
    inbound: HashMap<InboundId, TaskNumber>,
    notices: BTreeMap<NoticeId, Kept>,
    owed: Owed,
    messages: HashMap<(ChannelId, MessageId), TaskNumber>,
    /// Tasks that ended and owe nothing, the one that ended first in front.
    settled: BTreeSet<(Timestamp, TaskNumber)>,
    /// What was set in each channel.
    settings: BTreeMap<ChannelId, Preferences>,
    /// Channels that are a part of another one.
    parents: BTreeMap<ChannelId, ChannelId>,
    threads: HashMap<TaskNumber, Thread>,
    live: Live,
    totals: Totals,
    last_number: u64,
    last_notice: i64,
    /// Before which instant cards are settled, except those of these tasks.
    cards_settled: Option<(Timestamp, Vec<TaskNumber>)>,
}

impl MemoryRows {
    /// What is owed.
    pub(super) fn owed(&self) -> &Owed {
        &self.owed
    }

    /// Notices by their ids.
    pub(super) fn notices(&self, ids: &[NoticeId]) -> Vec<Notice> {
        ids.iter().filter_map(|id| self.notices.get(id)).map(|kept| kept.notice.clone()).collect()
    }

    /// The task that a delivered message is about.
    pub(super) fn task_of_message(&self, channel: &ChannelId, message: &MessageId) -> Option<&Task> {
        let number = self.messages.get(&(channel.clone(), message.clone()))?;
        self.tasks.get(number).map(|entry| &entry.task)
    }

    /// Notes the task that an answer was about.
    pub(super) fn note_answer(&mut self, channel: &ChannelId, message: &MessageId, task: TaskNumber) {
        if let Some(entry) = self.tasks.get_mut(&task) {
            let key = (channel.clone(), message.clone());
            entry.answers.push(key.clone());
            self.messages.insert(key, task);
        }
    }

    /// The notices of a task, oldest first.
    pub(super) fn notices_of(&self, task: &TaskId) -> impl Iterator<Item = &Notice> {
        let entry = self.ids.get(task).and_then(|number| self.tasks.get(number));
        let ids = entry.map(|entry| entry.notices.as_slice()).unwrap_or_default();
        ids.iter().filter_map(|id| self.notices.get(id)).map(|kept| &kept.notice)
    }

    /// Tasks with a lower number than this, newest first.
    pub(super) fn tasks_before(&self, before: Option<TaskNumber>) -> impl Iterator<Item = &Task> {
        let tasks = self.tasks.range(..before.unwrap_or(TaskNumber(u64::MAX)));
        tasks.rev().map(|(_, entry)| &entry.task)
    }

    /// What was set in each channel.
    pub(super) fn settings(&self) -> &BTreeMap<ChannelId, Preferences> {
        &self.settings
    }

    /// Replaces what was set in a channel.
    pub(super) fn set_channel(&mut self, channel: &ChannelId, preferences: &Preferences) {
        if preferences.is_empty() {
            self.settings.remove(channel);
        } else {
            self.settings.insert(channel.clone(), preferences.clone());
        }
    }

    /// The channels that are a part of another one, each with that other one.
    pub(super) fn parents(&self) -> &BTreeMap<ChannelId, ChannelId> {
        &self.parents
    }

    /// Notes that a channel is a part of another one.
    pub(super) fn set_parent(&mut self, channel: &ChannelId, parent: &ChannelId) {
        self.parents.insert(channel.clone(), parent.clone());
    }

    /// The thread of a task, if that is settled.
    pub(super) fn thread_of(&self, task: &TaskId) -> Option<&Thread> {
        self.ids.get(task).and_then(|number| self.threads.get(number))
    }

    /// Settles the thread of a task.
    pub(super) fn settle_thread(&mut self, task: &TaskId, thread: &Thread) {
        if let Some(number) = self.ids.get(task) {
            self.threads.insert(*number, thread.clone());
        }
    }

    /// The task whose thread this is.
    pub(super) fn task_of_thread(&self, channel: &ChannelId) -> Option<&Task> {
        let is_it = |thread: &Thread| matches!(thread, Thread::Open(open) if open == channel);
        let (number, _) = self.threads.iter().find(|(_, thread)| is_it(thread))?;
        self.tasks.get(number).map(|entry| &entry.task)
    }

    /// The cards that may still show something else than the end of their task.
    pub(super) fn open_cards(&self) -> Vec<CardMessage> {
        let open = |task: &Task| match (&self.cards_settled, task.completed_at()) {
            (Some((until, late)), Some(ended)) => ended >= *until || late.contains(&task.number),
            _ => true,
        };
        let open = self.tasks.values().filter(|entry| open(&entry.task));
        open.filter_map(|entry| self.card(entry)).collect()
    }

    /// Notes how far the cards are settled.
    pub(super) fn settle_cards(&mut self, until: Timestamp, late: &[TaskNumber]) {
        self.cards_settled = Some((until, late.to_vec()));
    }

    fn card(&self, entry: &Entry) -> Option<CardMessage> {
        let notices = entry.notices.iter().filter_map(|id| self.notices.get(id)).map(|kept| &kept.notice);
        let channel = entry.task.new.origin.channel.as_ref();
        let accepted = |notice: &&Notice| {
            notice.kind == NoticeKind::Accepted
                && matches!(notice.state, NoticeState::Delivered { .. })
                && Some(&notice.channel) == channel
        };
        CardMessage::delivered(notices.into_iter().find(accepted)?)
    }

    /// The counts.
    pub(super) fn summary(&self) -> MonitorSummary {
        let waiting = self.live.tasks().iter().filter(|task| !task.running);
        let submitted = waiting.filter_map(|task| self.tasks.get(&task.number)).map(|entry| entry.task.submitted_at);
        MonitorSummary { oldest_pending_at: submitted.min(), ..self.totals.0 }
    }

    /// Forgets what ended before this and owes nothing.
    pub(super) fn prune(&mut self, ended_before: Timestamp) -> u64 {
        let kept = self.settled.split_off(&(ended_before, TaskNumber(0)));
        let old = std::mem::replace(&mut self.settled, kept);
        let mut forgotten = 0;
        for (_, number) in old {
            self.forget(number);
            forgotten += 1;
        }
        forgotten
    }

    /// Forgets the oldest of the finished tasks beyond those that are kept.
    pub(super) fn forget_surplus(&mut self) {
        while self.settled.len() > FINISHED_KEPT {
            let Some((_, number)) = self.settled.pop_first() else { break };
            self.forget(number);
        }
    }

    /// Moves everything to a channel's new id; says how many notices moved.
    pub(super) fn move_channel(&mut self, from: &ChannelId, to: &ChannelId, now: Timestamp) -> Result<u64, LedgerError> {
        for entry in self.tasks.values_mut() {
            if entry.task.new.move_channel(from, to) && !entry.task.status().is_terminal() {
                self.live.remove(entry.task.number);
                self.live.follow(&entry.task);
            }
        }
        let settings: Vec<_> = self.settings.keys().filter_map(|old| Some((old.clone(), old.moved(from, to)?))).collect();
        for (old, new) in settings {
            // What was set under the new id already stays.
            if let Some(preferences) = self.settings.remove(&old) {
                self.settings.entry(new).or_insert(preferences);
            }
        }
        let mut moved = 0;
        let owed: Vec<Kept> = self.owed.all().iter().filter_map(|id| self.notices.get(id)).cloned().collect();
        for mut kept in owed {
            let Some(channel) = kept.notice.channel.moved(from, to) else { continue };
            if self.has_notice(kept.notice.number, kept.notice.kind, kept.notice.attempt, &channel) {
                let reason = refusal(&Refusal::AlreadyMoved);
                kept.notice.last_error = Some(reason.clone());
                kept.notice.in_flight_since = None;
                kept.notice.state = NoticeState::Undeliverable { at: now, reason };
            } else {
                self.owed.set_aside(kept.notice.id);
                (kept.notice.channel, kept.notice.reply) = (channel, None);
                kept.notice.state = NoticeState::Owed { due_at: now };
                moved += 1;
            }
            self.update_notice(kept, false)?;
        }
        Ok(moved)
    }

    /// Whether a task has this notice already, in whatever state.
    fn has_notice(&self, number: TaskNumber, kind: NoticeKind, attempt: u32, channel: &ChannelId) -> bool {
        let ids = self.tasks.get(&number).map(|entry| entry.notices.as_slice()).unwrap_or_default();
        let mut notices = ids.iter().filter_map(|id| self.notices.get(id)).map(|kept| &kept.notice);
        notices.any(|notice| notice.kind == kind && notice.attempt == attempt && notice.channel == *channel)
    }

    fn forget(&mut self, number: TaskNumber) {
        let Some(Entry { task, notices, answers, .. }) = self.tasks.remove(&number) else { return };
        self.ids.remove(&task.new.id);
        self.threads.remove(&number);
        if let Some(inbound) = &task.new.inbound {
            self.inbound.remove(inbound);
        }
        self.totals.task_forgotten(task.status());
        for id in notices {
            let Some(Kept { notice, .. }) = self.notices.remove(&id) else { continue };
            self.totals.notice_forgotten(matches!(notice.state, NoticeState::Undeliverable { .. }));
            for message in notice.receipts {
                self.forget_message(&(notice.channel.clone(), message), number);
            }
        }
        for answer in answers {
            self.forget_message(&answer, number);
        }
    }

    /// Forgets what a message is about, unless it is about another task by now.
    fn forget_message(&mut self, message: &(ChannelId, MessageId), number: TaskNumber) {
        if self.messages.get(message) == Some(&number) {
            self.messages.remove(message);
        }
    }

    /// Notes a task that has ended and owes nothing any more.
    fn settle(&mut self, number: TaskNumber) {
        if let Some(entry) = self.tasks.get(&number)
            && entry.owed == 0
            && let Some(ended) = entry.task.completed_at()
        {
            self.settled.insert((ended, number));
        }
    }

    fn task(&self, number: Option<&TaskNumber>) -> Option<Task> {
        number.and_then(|number| self.tasks.get(number)).map(|entry| entry.task.clone())
    }
}

impl Rows for MemoryRows {
    fn live(&self) -> &Live {
        &self.live
    }

    fn set_aside(&mut self, number: TaskNumber) {
        self.live.remove(number);
    }

    fn next_number(&self) -> TaskNumber {
        TaskNumber(self.last_number.saturating_add(1))
    }

    fn task_of_inbound(&self, inbound: &InboundId) -> Result<Option<Task>, LedgerError> {
        Ok(self.task(self.inbound.get(inbound)))
    }

    fn task_by_id(&self, id: &TaskId) -> Result<Option<Task>, LedgerError> {
        Ok(self.task(self.ids.get(id)))
    }

    fn task_by_number(&self, number: TaskNumber) -> Result<Option<Task>, LedgerError> {
        Ok(self.task(Some(&number)))
    }

    fn insert_task(&mut self, task: &Task) -> Result<bool, LedgerError> {
        let of_inbound = task.new.inbound.as_ref().and_then(|inbound| self.inbound.get(inbound));
        if of_inbound.is_some() || self.ids.contains_key(&task.new.id) {
            return Ok(false);
        }
        self.last_number = task.number.0;
        self.ids.insert(task.new.id.clone(), task.number);
        if let Some(inbound) = &task.new.inbound {
            self.inbound.insert(inbound.clone(), task.number);
        }
        self.live.follow(task);
        self.totals.task_added(task.status());
        self.tasks.insert(task.number, Entry { task: task.clone(), notices: Vec::new(), answers: Vec::new(), owed: 0 });
        Ok(true)
    }

    fn update_task(&mut self, task: &Task, before: Status) -> Result<(), LedgerError> {
        self.live.follow(task);
        self.totals.task_moved(before, task.status());
        if let Some(entry) = self.tasks.get_mut(&task.number) {
            entry.task = task.clone();
        }
        // A notice that the same step adds takes this back.
        self.settle(task.number);
        Ok(())
    }

    fn insert_notice(&mut self, task: &Task, draft: NoticeDraft, now: Timestamp) -> Result<(), LedgerError> {
        if self.has_notice(task.number, draft.kind, draft.attempt, &draft.channel) {
            return Ok(());
        }
        let Some(entry) = self.tasks.get_mut(&task.number) else { return Ok(()) };
        self.last_notice = self.last_notice.saturating_add(1);
        let id = NoticeId(self.last_notice);
        entry.notices.push(id);
        entry.owed += 1;
        if let Some(ended) = entry.task.completed_at() {
            self.settled.remove(&(ended, task.number));
        }
        let kept = Kept::owed(id, task, draft, now);
        self.owed.follow(Change::of(&kept.notice));
        self.totals.notice_owed();
        self.notices.insert(id, kept);
        Ok(())
    }

    fn notice(&self, id: NoticeId) -> Result<Option<Kept>, LedgerError> {
        Ok(self.notices.get(&id).cloned())
    }

    fn update_notice(&mut self, kept: Kept, receipt: bool) -> Result<(), LedgerError> {
        let (notice, settled) = (&kept.notice, !kept.is_owed());
        self.totals.notice_moved(&notice.state);
        self.owed.follow(Change::of(notice));
        let (id, number) = (notice.id, notice.number);
        if receipt && let Some(message) = notice.receipts.last() {
            self.messages.insert((notice.channel.clone(), message.clone()), number);
        }
        self.notices.insert(id, kept);
        if settled {
            if let Some(entry) = self.tasks.get_mut(&number) {
                entry.owed = entry.owed.saturating_sub(1);
            }
            self.settle(number);
        }
        Ok(())
    }
}
