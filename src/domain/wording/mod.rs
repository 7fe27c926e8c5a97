//! Every sentence the bot says, built from values by small named functions. No other file holds text for people.
//!
//! Tone: what happened, to which task, what to do next. Every notice names its task as `#N` and has its status word in
//! it (`queued`, `running`, `done`, `failed`, `cancelled`). Commands are written as
//! people type them, and nothing here is markup: adapters show it literally.

mod notices;
mod refusals;
mod results;
mod units;
mod views;

pub use notices::{MAY_BE_A_DUPLICATE, cancel_button, notice, notice_buttons};
pub use refusals::{
    BROKEN, EMPTY, STILL_WORKING, already_finished, cancel_noted, cancelled_now, list_all_is_for_admins, model_is_for_admins,
    not_allowed, not_finished, not_found, not_yours, parse_error, queue_full, retry_of_unfinished, stopping, store_trouble,
    timeout_too_long, to_is_for_admins, unknown_button, unknown_platform, which_task,
};
pub use results::{no_result, result_frame};
pub use units::{duration, tokens};
pub use views::{StatusView, active_tasks, help, list, older_button, repeated, status};

#[cfg(test)]
mod tests;
