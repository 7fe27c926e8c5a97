//! Random steps by several workers, each compared with a simple model that shares no code with any ledger.
//!
//! After every step the whole ledger is read and compared, and what must always hold is checked on the ledger's own
//! answers: fences only rise, no task ends twice or changes after its end, each end is announced once in each channel,
//! limits are kept, and nothing that was accepted is lost. The `SQLite` ledger is closed and opened again in between.

mod compare;
mod expected;
mod play;
mod step;

use proptest::prelude::{ProptestConfig, proptest};

use play::Play;
use step::{Step, steps};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn play(with: Play, steps: &[Step]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(with.play(steps));
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn the_ledger_in_memory_does_what_the_model_does(steps in steps()) {
        play(Play::memory(), &steps);
    }
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn the_sqlite_ledger_does_what_the_model_does(steps in steps()) {
        play(Play::sqlite(), &steps);
    }
}
