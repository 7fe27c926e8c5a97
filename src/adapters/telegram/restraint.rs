//! Chats that Telegram has told us to leave alone for a while.
//!
//! A 429 is about a whole chat: all its topics, typing as well as messages. Who asks again before the time is refused
//! again and made to wait longer. So the time is remembered here, and a call that is known to be refused is not made: its
//! caller is told to wait, exactly as Telegram would tell it.
//!
//! A lane that is told to wait waits by itself; it does not need this. But not everything that shows in a chat goes
//! through a lane: whether a chat can be written to is found out by typing in it, and one send may be several calls. What
//! Telegram says to any of them is for all.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use teloxide::types::Recipient;
use tokio::time::Instant;

use crate::adapters::telegram::error::CallError;

/// Remembers which chats are to be left alone.
#[derive(Debug, Default)]
pub(super) struct Restraint {
    until: Mutex<HashMap<Recipient, Instant>>,
}

impl Restraint {
    /// Makes a call to a chat, unless it is to be left alone, and learns from the answer.
    pub(super) async fn keep<T>(
        &self,
        chat: &Recipient,
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        self.check(chat)?;
        let result = call.await;
        if let Err(CallError::RetryAfter(wait)) = &result {
            let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
            until.insert(chat.clone(), Instant::now() + *wait);
        }
        result
    }

    fn check(&self, chat: &Recipient) -> Result<(), CallError> {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        until.retain(|_, until| now < *until);
        until.get(chat).map_or(Ok(()), |until| Err(CallError::RetryAfter(*until - now)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use teloxide::types::ChatId;

    use super::*;

    async fn asks(restraint: &Restraint, chat: i64, answer: Result<(), CallError>) -> Option<Duration> {
        match restraint.keep(&Recipient::Id(ChatId(chat)), async { answer }).await {
            Err(CallError::RetryAfter(wait)) => Some(wait),
            _ => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_chat_is_left_alone_for_as_long_as_was_asked_and_others_are_not() {
        let (restraint, second) = (Restraint::default(), Duration::from_secs(1));
        assert_eq!(asks(&restraint, 1, Err(CallError::RetryAfter(second * 5))).await, Some(second * 5));
        tokio::time::advance(second * 2).await;
        assert_eq!(asks(&restraint, 1, Ok(())).await, Some(second * 3), "what is left of it");
        assert_eq!(asks(&restraint, 2, Ok(())).await, None);
        tokio::time::advance(second * 3).await;
        assert_eq!(asks(&restraint, 1, Ok(())).await, None);
        assert!(restraint.until.lock().unwrap().is_empty(), "it forgets");
    }
}
