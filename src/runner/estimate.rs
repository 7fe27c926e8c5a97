//! How many tokens a text has, for servers that do not say and for calls that ended early.
//!
//! Tokens are counted with `OpenAI`'s `o200k` vocabulary, which is near enough for other models. Counting reads a table that
//! is built at its first use and takes a millisecond for some kilobytes, so it is done on the blocking pool, and only when
//! a figure is really missing. Where nothing may wait for that (a running display, a cancelled run, a table that is still
//! being built) four bytes are taken for a token.

use std::time::Duration;

use tokio::time::timeout;

use crate::domain::usage::Usage;
use crate::runner::request::Message;

/// Tokens that each message costs beside its text.
const PER_MESSAGE: u64 = 4;
/// No answer is held up for longer by counting. The first count of a process reads the vocabulary, which takes most of that on
/// a slow machine; what was begun goes on and makes the next time quick.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// A failure, which has used up its time, is held up no longer than this.
pub(crate) const HURRY: Duration = Duration::from_millis(250);

/// A figure at once, from the length alone.
pub(crate) fn quick(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX)
}

/// The size of messages in bytes, for [`quick`].
pub(crate) fn size(messages: &[Message]) -> usize {
    messages.iter().map(|message| message.content.len()).sum()
}

/// What a call used, counted from its texts; from their length alone when counting takes longer than this.
pub(crate) async fn usage(messages: &[Message], answer: &str, reasoning: &str, patience: Duration) -> Usage {
    let input: Vec<String> = messages.iter().map(|message| message.content.clone()).collect();
    let (answer, reasoning) = (answer.to_owned(), reasoning.to_owned());
    let quickly = Usage {
        input: quick(size(messages)),
        output: quick(answer.len() + reasoning.len()),
        reasoning: quick(reasoning.len()),
        estimated: true,
        ..Usage::default()
    };
    let counted = tokio::task::spawn_blocking(move || {
        let reasoning = count(&reasoning);
        Usage {
            input: input.iter().map(|text| PER_MESSAGE + count(text)).sum(),
            output: reasoning + count(&answer),
            reasoning,
            estimated: true,
            ..Usage::default()
        }
    });
    match timeout(patience, counted).await {
        Ok(Ok(usage)) => usage,
        // Too slow, or refused because the process ends.
        Ok(Err(_)) | Err(_) => quickly,
    }
}

fn count(text: &str) -> u64 {
    if text.is_empty() {
        return 0;
    }
    u64::try_from(bpe_openai::o200k_base().count(text)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tokens_are_counted_with_the_real_vocabulary() {
        assert_eq!((count(""), count("hello world"), count("{\"a\": [1, 2]}")), (0, 2, 9));
        let usage = usage(&[Message::user("hello world")], "hello", "hm", PATIENCE).await;
        assert_eq!((usage.input, usage.output, usage.reasoning, usage.estimated), (6, 2, 1, true));
    }
}
