//! What each channel is still owed, as those look at it who deliver.
//!
//! Lanes look for what is due after every commit, and mostly find little that is not being served already. So every store
//! keeps this small picture in memory beside its rows, as it does of the live tasks, and looking needs no query. The
//! picture holds no text: whoever finds something reads its row.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};

use crate::background::ports::IsQuiet;
use crate::domain::channel::ChannelId;
use crate::domain::id::NoticeId;
use crate::domain::notice::{Notice, NoticeKind, NoticeState};
use crate::domain::time::Timestamp;

/// A notice that is owed.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    due_at: Timestamp,
    /// An answer.
    acceptance: bool,
    /// A part of it has arrived.
    begun: bool,
}

/// What became of one notice, as far as its channel waits for it.
#[derive(Debug, Clone)]
pub(super) struct Change {
    channel: ChannelId,
    id: NoticeId,
    /// None when it is not owed any more.
    waiting: Option<Waiting>,
}

impl Change {
    /// What this notice is now.
    pub(super) fn of(notice: &Notice) -> Self {
        match notice.state {
            NoticeState::Owed { due_at } => {
                Self::owed(notice.channel.clone(), notice.id, notice.kind, due_at, !notice.receipts.is_empty())
            }
            NoticeState::Delivered { .. } | NoticeState::Undeliverable { .. } => {
                Self { channel: notice.channel.clone(), id: notice.id, waiting: None }
            }
        }
    }

    /// A notice that is owed; `begun` when a part of it has arrived.
    pub(super) fn owed(channel: ChannelId, id: NoticeId, kind: NoticeKind, due_at: Timestamp, begun: bool) -> Self {
        Self { channel, id, waiting: Some(Waiting { due_at, acceptance: kind == NoticeKind::Accepted, begun }) }
    }
}

/// What is owed, by channel, oldest first.
#[derive(Debug, Default)]
pub(super) struct Owed {
    channels: BTreeMap<ChannelId, BTreeMap<NoticeId, Waiting>>,
}

impl Owed {
    /// Takes over what a notice is now. One that has moved is to be [set aside](Owed::set_aside) first.
    pub(super) fn follow(&mut self, change: Change) {
        let Change { channel, id, waiting } = change;
        if let Some(waiting) = waiting {
            self.channels.entry(channel).or_default().insert(id, waiting);
        } else if let Some(rest) = self.channels.get_mut(&channel) {
            rest.remove(&id);
            if rest.is_empty() {
                self.channels.remove(&channel);
            }
        }
    }

    /// Forgets a notice, in whatever channel it was owed.
    pub(super) fn set_aside(&mut self, id: NoticeId) {
        self.channels.retain(|_, waiting| {
            waiting.remove(&id);
            !waiting.is_empty()
        });
    }

    /// All notices that are owed, oldest first.
    pub(super) fn all(&self) -> Vec<NoticeId> {
        let mut all: Vec<NoticeId> = self.channels.values().flat_map(BTreeMap::keys).copied().collect();
        all.sort_unstable();
        all
    }

    /// The notices that a channel is owed, oldest first.
    pub(super) fn of(&self, channel: &ChannelId) -> Vec<NoticeId> {
        self.channels.get(channel).map(|waiting| waiting.keys().copied().collect()).unwrap_or_default()
    }

    /// The acceptances that are due, as the port says.
    pub(super) fn acceptances(&self, channels: &[ChannelId], known: &[NoticeId], now: Timestamp) -> Vec<NoticeId> {
        let waiting = channels.iter().filter_map(|channel| self.channels.get(channel)).flatten();
        let due = waiting.filter(|(id, waiting)| waiting.acceptance && waiting.due_at <= now && !known.contains(id));
        let mut due: Vec<NoticeId> = due.map(|(id, _)| *id).collect();
        due.sort_unstable();
        due.dedup();
        due
    }

    /// The notices that are due, as the port says. Goes from channel to channel and merges what is due in them, so what a
    /// look costs grows with the channels that are owed something and with `limit`, not with how much each of them is owed.
    pub(super) fn due(&self, skip: &[ChannelId], quiet: &IsQuiet, limit: usize, now: Timestamp) -> Vec<NoticeId> {
        let skip: HashSet<&ChannelId> = skip.iter().collect();
        let open = self.channels.iter().filter(|(channel, _)| !skip.contains(channel));
        let mut lanes: Vec<_> = open
            .map(|(channel, waiting)| {
                let all = !quiet(channel);
                let told = waiting.iter().filter(move |(_, waiting)| all || waiting.acceptance || waiting.begun);
                told.take_while(move |(_, waiting)| waiting.due_at <= now).map(|(id, _)| *id)
            })
            .collect();
        let mut heads: BinaryHeap<_> =
            (0..).zip(&mut lanes).filter_map(|(lane, ids)| Some(Reverse((ids.next()?, lane)))).collect();
        let mut due = Vec::new();
        while due.len() < limit
            && let Some(Reverse((id, lane))) = heads.pop()
        {
            due.push(id);
            if let Some(next) = lanes.get_mut(lane).and_then(Iterator::next) {
                heads.push(Reverse((next, lane)));
            }
        }
        due
    }
}
