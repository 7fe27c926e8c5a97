//! What people are called, as far as they have been heard of since the start.
//!
//! Names are for lists that show the tasks of several people. They change at any time and mean nothing to anybody but
//! readers, so they are not kept in the ledger, and whoever has not been heard of yet is shown by id alone.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::channel::PersonId;
use crate::domain::text::one_line;

/// More people than that are not remembered, and so much of a name.
const CAPACITY: usize = 10_000;
const LENGTH: usize = 64;

/// Names by person.
#[derive(Default)]
pub(super) struct Names {
    known: Mutex<HashMap<PersonId, String>>,
}

impl Names {
    /// Remembers what a person is called now.
    pub(super) fn learn(&self, person: &PersonId, name: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(person).is_some_and(|known| known == name) {
            return;
        }
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(person.clone(), one_line(name, LENGTH));
    }

    /// What a person was last called.
    pub(super) fn of(&self, person: &PersonId) -> Option<String> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(person).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_name_counts() {
        let (names, ann) = (Names::default(), "chat:5".parse().unwrap());
        assert_eq!(names.of(&ann), None);
        names.learn(&ann, "Ann");
        names.learn(&ann, "Ann\nof Cleves");
        assert_eq!(names.of(&ann).as_deref(), Some("Ann of Cleves"));
    }
}
