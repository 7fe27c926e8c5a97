//! The random steps. Names of things are numbers that are taken modulo what there is.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

/// One step of somebody.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// A message asks for a task; `again` means that it is one of before.
    Accept { person: Option<u8>, channel: Option<u8>, also: Option<u8>, again: Option<u8> },
    /// A worker has places free.
    Claim { worker: u8, free: usize },
    /// A worker renews some of all the leases there ever were.
    Renew { leases: Vec<u8> },
    /// The attempt of one of all the leases there ever were ends.
    Finish { lease: u8, how: End },
    /// It is handed back.
    Release { lease: u8 },
    /// Somebody wants a task cancelled.
    Cancel { task: u8, operator: bool },
    /// Somebody looks after leases.
    Recover,
    /// A lane delivers one of the notices that are due, or stops in the middle.
    Deliver { notice: u8, begin: bool, how: Option<Try> },
    /// Time passes.
    Pass { millis: i64 },
    /// Old tasks are forgotten.
    Prune { age: i64 },
    /// The process ends and starts again.
    Reopen,
}

/// How an attempt ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    Done,
    Failed { partial: bool },
    Stopped { partial: bool },
}

/// How a try to deliver ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Try {
    Part { last: bool },
    Retry { after: i64, unknown: bool },
    Undeliverable,
}

/// Some steps.
pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..60)
}

fn step() -> impl Strategy<Value = Step> {
    let accept = (weighted(0.9, 0..3_u8), weighted(0.8, 0..3_u8), weighted(0.2, 0..3_u8), weighted(0.1, any::<u8>()))
        .prop_map(|(person, channel, also, again)| Step::Accept { person, channel, also, again });
    let deliver = (any::<u8>(), weighted(0.9, Just(())), weighted(0.9, a_try()));
    prop_oneof![
        8 => accept,
        6 => (0..3_u8, 0..4_usize).prop_map(|(worker, free)| Step::Claim { worker, free }),
        2 => vec(any::<u8>(), 0..4).prop_map(|leases| Step::Renew { leases }),
        6 => (any::<u8>(), end()).prop_map(|(lease, how)| Step::Finish { lease, how }),
        2 => any::<u8>().prop_map(|lease| Step::Release { lease }),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(task, operator)| Step::Cancel { task, operator }),
        2 => Just(Step::Recover),
        8 => deliver.prop_map(|(notice, begin, how)| Step::Deliver { notice, begin: begin.is_some(), how }),
        4 => (0..40_000_i64).prop_map(|millis| Step::Pass { millis }),
        1 => (0..60_000_i64).prop_map(|age| Step::Prune { age }),
        1 => Just(Step::Reopen),
    ]
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        3 => Just(End::Done),
        1 => any::<bool>().prop_map(|partial| End::Failed { partial }),
        1 => any::<bool>().prop_map(|partial| End::Stopped { partial }),
    ]
}

fn a_try() -> impl Strategy<Value = Try> {
    prop_oneof![
        4 => any::<bool>().prop_map(|last| Try::Part { last }),
        2 => (0..20_000_i64, any::<bool>()).prop_map(|(after, unknown)| Try::Retry { after, unknown }),
        1 => Just(Try::Undeliverable),
    ]
}
