//! What every ledger keeps to, checked against each of them by the same code.
//!
//! A check takes a [`Desk`]: a ledger of its own, a clock that it moves itself, and shorthands. `contract!` makes each
//! check a test of the ledger in memory and one of the `SQLite` ledger. What only one of them can do is in `file`
//! and `storage`, and random steps against a model are in `model`.

mod acceptance;
mod attempts;
mod cards;
mod channels;
mod desk;
mod file;
mod model;
mod moving;
mod notices;
mod questions;
mod recovery;
mod storage;

/// Makes tests of checks: one for each ledger.
macro_rules! contract {
    ($($check:ident),+ $(,)?) => {
        mod memory {
            $(#[tokio::test]
            async fn $check() {
                super::$check(crate::contract::ledger::desk::Desk::memory()).await;
            })+
        }

        mod sqlite {
            $(#[tokio::test]
            async fn $check() {
                super::$check(crate::contract::ledger::desk::Desk::sqlite()).await;
            })+
        }
    };
}
use contract;
