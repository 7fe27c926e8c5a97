//! Who goes first when there is not room for all.

use std::num::NonZeroU32;

use crate::domain::notice::NoticeKind;

/// How much a send matters, from what a person waits for to what may be left out; smaller is more urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// The answer to a command.
    Answer,
    /// A result, or the acceptance of a task.
    Result,
    /// Any other owed notice.
    Notice,
    /// The state of a task, kept up to date.
    Card,
    /// What a task has written so far.
    Progress,
    /// The sign of typing.
    Typing,
}

impl Priority {
    /// The priority of an owed notice.
    pub(crate) const fn of(kind: NoticeKind) -> Self {
        match kind {
            // Somebody looks at the chat and waits for "queued".
            NoticeKind::Accepted | NoticeKind::Result => Self::Result,
            NoticeKind::Started | NoticeKind::Done | NoticeKind::Failed | NoticeKind::Cancelled => Self::Notice,
        }
    }

    /// How much of a burst of so many sends this priority may use up. The rest is kept for those that matter more: an
    /// answer finds room in a chat that is busy with results, and a result finds room in one that is busy with cards.
    pub(crate) const fn share_of(self, burst: NonZeroU32) -> u32 {
        let percent: u64 = match self {
            Self::Answer => 100,
            Self::Result | Self::Notice => 98,
            Self::Card => 70,
            Self::Progress => 50,
            Self::Typing => 40,
        };
        let share = burst.get() as u64 * percent / 100;
        if share == 0 {
            1
        } else {
            // A share of a u32 is one.
            #[expect(clippy::cast_possible_truncation, reason = "at most the burst, which is a u32")]
            let share = share as u32;
            share
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_less_leaves_room_for_what_matters_more() {
        let all = [Priority::Answer, Priority::Result, Priority::Notice, Priority::Card, Priority::Progress, Priority::Typing];
        for (burst, shares) in [(1, [1; 6]), (4, [4, 3, 3, 2, 2, 1]), (20, [20, 19, 19, 14, 10, 8])] {
            let burst = NonZeroU32::new(burst).unwrap();
            assert_eq!(all.map(|priority| priority.share_of(burst)), shares, "{burst}");
        }
    }
}
