//! Every sentence the bot says, built from values by small named functions. No other file holds text for people.
//!
//! The words stand in one file per language beside this one (`en.ftl` is the reference); the functions choose a sentence
//! and fill in its values. Each takes the language of who will read it: notices speak the language of whoever asked for
//! the task, answers that of whoever asks now.
//!
//! Tone: what happened, to which task, what to do next. Every notice begins with its task as `#N`. In English it has its
//! status word in it (`queued`, `running`, `done`, `failed`, `cancelled`), which programs may look for; other languages
//! use their own words. Commands are written as people type them, which is the same in every language, and nothing here
//! is markup: adapters show it literally.
//!
//! What the ledger keeps as a sentence (why a task failed, why a notice cannot be delivered) was written in English when
//! it happened and stays so. `failure.rs` says it in other languages by its code.

mod arrivals;
mod cards;
mod channels;
mod commands;
pub mod deliveries;
mod failure;
mod lists;
mod notices;
mod refusals;
mod results;
mod sentence;
mod units;
mod views;

pub use arrivals::{already_made, joined};
pub use cards::{card_ended, card_queued, card_quote, card_running, full_result_button, retry_button};
pub use channels::{
    PlanView, digest, direct_chat_unknown, no_direct_chat, no_threads_here, notify_is_for_admins, notify_to_is_for_admins, plan,
    private_and_elsewhere, private_to_asker, result_went_to_direct_chat, somebody, target_is_here, target_refused, target_twice,
    target_unknown, thread_title, to_is_for_admins, unknown_platform,
};
pub use commands::{command_description, help, option_description};
pub use lists::{active_tasks, list, list_of_all, older_button, suggestion};
pub use notices::{DUPLICATE_MARK_ROOM, cancel_button, may_be_a_duplicate, notice, notice_buttons, started, waits_for_restart};
pub use refusals::{
    broken, list_all_is_for_admins, model_is_for_admins, not_allowed, not_finished, not_found, not_yours, parse_error,
    queue_full, retry_of_unfinished, stopping, store_trouble, timeout_too_long, unknown_button, value_wanted, which_task,
};
pub use results::{no_result, result_frame};
pub use units::{duration, state, tokens};
pub use views::{StatusView, already_finished, cancel_noted, cancelled_now, empty, repeated, status, still_working};

#[cfg(test)]
mod tests;
