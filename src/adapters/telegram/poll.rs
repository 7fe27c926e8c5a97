//! The loop that fetches updates: persist, then advance.
//!
//! An update is confirmed by the next request with a higher offset, and that request is not sent before everything in
//! the batch has been handled. After a crash Telegram delivers again what was not confirmed; the ledger knows it by
//! its identity. Within one chat updates are handled in order, across chats side by side.
//!
//! Who polls last wins, so a second instance would make both deaf in turns. On a conflict this loop steps back, says
//! so, and tries again ever more rarely.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::Value;
use teloxide::payloads::{GetUpdates, GetUpdatesSetters};
use teloxide::types::{AllowedUpdate, ChatId};
use tokio::time;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::adapters::telegram::answer::Answering;
use crate::adapters::telegram::api::{Api, PROMPT};
use crate::adapters::telegram::backoff::Backoff;
use crate::adapters::telegram::error::{CallError, TOKEN_REFUSED};
use crate::adapters::telegram::long_prompt::Held;
use crate::adapters::telegram::update;
use crate::adapters::telegram::update::Arrived;
use crate::lifecycle::Component;

/// How long the server holds a request without news, in seconds; it does not hold it longer than this.
const LONG_POLL: u32 = 50;
/// What the request may take beyond that.
const GRACE: Duration = Duration::from_secs(15);
/// Chats handled side by side.
const CHATS: usize = 16;
/// Failures in a row that pass without a word to the operator's readiness check.
const TOLERATED: u32 = 1;
/// A conflict is forgotten after so long without another.
const PEACE: Duration = Duration::from_mins(2);
/// A further part of a prompt that an app has cut is there within this time; then everything is fetched again that came
/// since, and what of that was handled is passed over.
const NEXT_PART: Duration = Duration::from_millis(700);
/// An empty answer sooner than this comes from a server that does not hold requests.
const TOO_SOON: Duration = Duration::from_millis(200);
/// A batch may keep the loop from polling for so long without a word.
const DEAF: Duration = Duration::from_mins(1);
/// How long the last confirmation may hold up the shutdown.
const FAREWELL: Duration = Duration::from_secs(3);

/// Polls until shutdown. What has been fetched is handled to its end first, and confirmed; a prompt that may go on is waited for
/// as always.
pub(super) async fn run(api: &Api, answering: &Answering, readiness: &Component, shutdown: &CancellationToken) {
    let mut offset = None;
    let mut confirmed = true;
    let mut trouble = Trouble::new();
    let (mut held, mut handled, mut holds) = (Held::default(), HashSet::new(), false);
    // The first answer comes at once, so that the process is ready as soon as it can be; the same after a failure.
    let mut seconds = 0;
    loop {
        let asked = Instant::now();
        let answer = tokio::select! {
            biased;
            () = shutdown.cancelled(), if !holds => break,
            answer = fetch(api, offset, seconds) => answer,
        };
        let pause = match answer {
            Ok(mut received) => {
                confirmed = received.is_empty();
                trouble.over(readiness);
                let soon = seconds > 0 && received.is_empty() && asked.elapsed() < TOO_SOON;
                // Not the highest ever seen: after a quiet week ids begin anew anywhere.
                offset = received.iter().rev().find_map(update::id).map(|last| last + 1).or(offset);
                let first_held = held.hold_back(&mut received, Instant::now());
                let new = received.iter().filter(|update| update::id(update).is_some_and(|id| handled.insert(id)));
                watch(handle(answering, new.filter_map(update::read).collect()), readiness).await;
                holds = first_held.is_some();
                if let Some(held) = first_held {
                    (offset, seconds) = (Some(held), 0);
                    NEXT_PART
                } else {
                    handled.clear();
                    seconds = LONG_POLL;
                    if soon { TOO_SOON } else { Duration::ZERO }
                }
            }
            Err(error) => {
                (seconds, holds) = (0, false);
                trouble.with(&error, readiness)
            }
        };
        tokio::select! {
            biased;
            () = shutdown.cancelled(), if !holds => break,
            () = time::sleep(pause) => {}
        }
    }
    if !confirmed {
        confirm(api, offset).await;
    }
}

async fn fetch(api: &Api, offset: Option<i64>, seconds: u32) -> Result<Vec<Value>, CallError> {
    let patience = if seconds == 0 { PROMPT } else { Duration::from_secs(seconds.into()) + GRACE };
    let received: Vec<Value> = api.call_as(&request(offset, seconds), patience).await?;
    if !received.is_empty() && received.iter().all(|update| update::id(update).is_none()) {
        return Err(CallError::Unavailable("updates without ids, which is not the Bot API; check telegram.api_url".to_owned()));
    }
    Ok(received)
}

/// What is heard of. Posts of channels, messages to business accounts and all that no command is in do not even arrive.
const KINDS: [AllowedUpdate; 4] =
    [AllowedUpdate::Message, AllowedUpdate::EditedMessage, AllowedUpdate::CallbackQuery, AllowedUpdate::MyChatMember];

/// The list of kinds is sent each time, because the server remembers the one of whoever polled before.
fn request(offset: Option<i64>, seconds: u32) -> GetUpdates {
    let mut request = GetUpdates::new().timeout(seconds).allowed_updates(KINDS);
    request.offset = offset.and_then(|offset| i32::try_from(offset).ok());
    request
}

/// Tells Telegram how far we came, so that a restart does not answer the last batch twice. One update may come along; it
/// is not confirmed and will come again.
async fn confirm(api: &Api, offset: Option<i64>) {
    if let Err(error) = api.call_as::<_, Vec<Value>>(&request(offset, 0).limit(1), FAREWELL).await {
        tracing::debug!(%error, "the last Telegram updates are not confirmed and will be delivered again");
    }
}

/// Says so when a batch keeps us from fetching the next one for too long.
async fn watch(handling: impl Future<Output = ()>, readiness: &Component) {
    let mut handling = std::pin::pin!(handling);
    if time::timeout(DEAF, &mut handling).await.is_err() {
        let reason = "an update is taking long to handle, and no others are fetched meanwhile";
        tracing::warn!(error = reason, "Telegram is not polled");
        readiness.not_ready(reason);
        handling.await;
    }
}

async fn handle(answering: &Answering, batch: Vec<Arrived>) {
    let mut chats: Vec<(Option<ChatId>, Vec<Arrived>)> = Vec::new();
    for arrived in batch {
        let chat = arrived.chat();
        match chats.iter_mut().find(|(known, _)| *known == chat) {
            Some((_, updates)) => updates.push(arrived),
            None => chats.push((chat, vec![arrived])),
        }
    }
    let in_order = |(_, updates): (Option<ChatId>, Vec<Arrived>)| async move {
        for arrived in &updates {
            let span = tracing::debug_span!("telegram.handle", update.id = arrived.id);
            answering.take(arrived).instrument(span).await;
        }
    };
    stream::iter(chats).for_each_concurrent(CHATS, in_order).await;
}

/// What went wrong of late, and how long to keep away.
struct Trouble {
    failures: u32,
    failing: Backoff,
    conflicting: Backoff,
    last_conflict: Option<Instant>,
}

impl Trouble {
    fn new() -> Self {
        Self {
            failures: 0,
            failing: Backoff::new(Duration::from_millis(500), Duration::from_secs(30)),
            conflicting: Backoff::new(Duration::from_secs(5), Duration::from_secs(30)),
            last_conflict: None,
        }
    }

    /// A poll was answered. The pauses of conflicts keep their length for a while: between two instances that take
    /// turns every second poll is answered.
    fn over(&mut self, readiness: &Component) {
        if self.failures > TOLERATED {
            tracing::info!("Telegram answers again");
        }
        self.failures = 0;
        self.failing.reset();
        readiness.ready();
    }

    /// A poll failed; how long to wait.
    fn with(&mut self, error: &CallError, readiness: &Component) -> Duration {
        self.failures = self.failures.saturating_add(1);
        if let Some(reason) = error.conflict() {
            if self.last_conflict.is_none_or(|last| last.elapsed() > PEACE) {
                self.conflicting.reset();
            }
            self.last_conflict = Some(Instant::now());
            tracing::warn!(error = reason, "Telegram refuses to hand out updates");
            readiness.not_ready(reason);
            return self.conflicting.pause();
        }
        let reason = if error.token_refused() { TOKEN_REFUSED.to_owned() } else { error.to_string() };
        if self.failures > TOLERATED {
            readiness.not_ready(reason.clone());
        }
        if self.failures == TOLERATED + 1 {
            tracing::warn!(error = reason, "Telegram cannot be polled");
        } else {
            tracing::debug!(error = reason, failures = self.failures, "a poll of Telegram failed");
        }
        if let CallError::RetryAfter(wait) = error { *wait } else { self.failing.pause() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::Readiness;

    #[test]
    fn one_lost_poll_is_nothing_two_are_told() {
        let readiness = Readiness::default();
        let component = readiness.component("telegram");
        let mut trouble = Trouble::new();
        trouble.over(&component);
        trouble.with(&CallError::Unavailable("connection refused".into()), &component);
        assert!(readiness.waiting_for().is_empty());
        trouble.with(&CallError::Unavailable("connection refused".into()), &component);
        assert_eq!(readiness.waiting_for(), [("telegram", "connection refused".to_owned())]);
        trouble.over(&component);
        assert!(readiness.waiting_for().is_empty());
    }

    #[test]
    fn a_rival_makes_the_pauses_grow_though_polls_between_are_answered() {
        let readiness = Readiness::default();
        let component = readiness.component("telegram");
        let mut trouble = Trouble::new();
        let conflict =
            CallError::Refused { code: 409, error: teloxide::ApiError::TerminatedByOtherGetUpdates, description: String::new() };
        let mut last = Duration::ZERO;
        for _ in 0..3 {
            let pause = trouble.with(&conflict, &component);
            assert!(pause > last && pause <= Duration::from_secs(30));
            assert!(!readiness.waiting_for().is_empty());
            trouble.over(&component);
            last = pause;
        }
        trouble.last_conflict = Instant::now().checked_sub(PEACE * 2);
        assert!(trouble.with(&conflict, &component) <= Duration::from_secs(5));
    }

    #[test]
    fn the_kinds_of_updates_are_always_named() {
        let request = serde_json::to_value(request(Some(8), 50)).unwrap();
        let kinds = ["message", "edited_message", "callback_query", "my_chat_member"];
        let expected = serde_json::json!({"offset": 8, "timeout": 50, "allowed_updates": kinds});
        assert_eq!(request, expected);
    }
}
