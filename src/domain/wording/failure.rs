//! Why a task failed, in somebody's language.
//!
//! The ledger keeps a code and a sentence, and whoever wrote the sentence (the runner, or the code of a library's user)
//! wrote it in English, naming hosts, models and times. In English it is shown as it is. In other languages the sentence
//! for the code comes first, which says what a person needs to know, and the ledger's own stands behind it wherever it
//! says more than that.

use crate::domain::failure::{Failure, FailureCode};
use crate::domain::language::Language;
use crate::domain::wording::sentence::{say, sentence};

/// Why a task failed, as a clause without a full stop.
pub(super) fn reason(language: Language, failure: &Failure) -> String {
    let stored = failure.message.trim().trim_end_matches('.');
    if language == Language::En && !stored.is_empty() {
        return stored.to_owned();
    }
    let reason = say(language, &format!("failure-{}", failure.code));
    if stored.is_empty() || is_all_said(failure.code) {
        return reason;
    }
    sentence(language, "failure-in-detail").with("reason", reason).with("detail", stored).text()
}

/// Whether the sentence for a code says what the ledger's says. How many attempts were interrupted is told with the task's
/// state.
const fn is_all_said(code: FailureCode) -> bool {
    matches!(code, FailureCode::Interrupted | FailureCode::Empty | FailureCode::ContextExhausted | FailureCode::Degenerate)
}
