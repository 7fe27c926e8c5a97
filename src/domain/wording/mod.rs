//! Every sentence the bot says, built from values by small named functions. No other file holds text for people.
//!
//! Tone: what happened, to which task, what to do next. Every notice names its task as `#N` and has its status word in
//! it (`queued`, `running`, `done`, `failed`, `cancelled`). Commands are written as
//! people type them, and nothing here is markup: adapters show it literally.

mod channels;
mod notices;
mod refusals;
mod units;
mod views;

pub use channels::{
    PRIVATE_PROMPT, WITHOUT_A_NAME, digest, direct_chat_unknown, no_direct_chat, no_threads_here, notify_is_for_admins,
    notify_to_is_for_admins, plan, private_and_elsewhere, private_to_asker, result_went_to_direct_chat, target_is_here,
    target_refused, target_twice, target_unknown, thread_title, to_is_for_admins, unknown_platform,
};
pub use notices::{MAY_BE_A_DUPLICATE, cancel_button, notice, notice_buttons};
pub use refusals::{
    BROKEN, EMPTY, STILL_WORKING, already_finished, cancel_noted, cancelled_now, list_all_is_for_admins, model_is_for_admins,
    not_allowed, not_finished, not_found, not_yours, parse_error, queue_full, retry_of_unfinished, stopping, store_trouble,
    timeout_too_long, unknown_button, which_task,
};
pub use units::{duration, tokens};
pub use views::{StatusView, active_tasks, help, list, older_button, repeated, result, status};

#[cfg(test)]
mod tests;
