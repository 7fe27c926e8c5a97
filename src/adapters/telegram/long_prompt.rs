//! One prompt out of several messages: Telegram's apps cut what is too long for one into messages that follow at once.
//!
//! Only the first of them begins with the command. They are joined before anything is understood, so that the task gets the
//! whole prompt; what is left of a part is an update without contents, because the offset must pass its id. A prompt that may
//! go on is held back for a moment, alone: what others have written by then is not kept waiting by it. In a group in which the bot
//! hears nothing but commands the further parts do not arrive.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::domain::command::CommandName;
use crate::domain::parse::split_command;
use crate::domain::text::Unit;

/// What fits into one message, in UTF-16 units.
const FULL: usize = 4096;
/// Apps cut where a line or a word ends, but not before the middle.
const CUT: usize = FULL / 2;
/// A part follows the one before within so many seconds.
const SOON: i64 = 3;

/// However many parts follow, a prompt is held back no longer than this.
const LONGEST: Duration = Duration::from_secs(5);

/// Most updates that come at once; behind them there may be more, which are not seen before one of these is confirmed.
const BATCH: usize = 100;

/// The prompts that are held back, because a further part may be on its way.
#[derive(Default)]
pub(super) struct Held(Vec<Part>);

/// A prompt as far as it has come.
struct Part {
    /// The update of its first message.
    update: i64,
    /// How long its text was at the last look, in bytes.
    length: usize,
    since: Instant,
}

impl Held {
    /// Joins the parts of prompts in these updates, which are all that are not confirmed, and takes out those prompts that may
    /// go on. One that has not grown since the last look is whole, if its next part could have been seen. The first update
    /// that was taken out, if one was.
    pub(super) fn hold_back(&mut self, updates: &mut Vec<Value>, now: Instant) -> Option<i64> {
        let open = join(updates);
        let is_full = updates.len() >= BATCH;
        let growing = open.into_iter().filter_map(|at| {
            let (update, text) = (updates.get(at)?["update_id"].as_i64()?, updates.get(at)?["message"]["text"].as_str()?);
            let before = self.0.iter().find(|part| part.update == update);
            let (before, since) = before.map_or((0, now), |part| (part.length, part.since));
            let grows = text.len() > before || (is_full && at > 0);
            (grows && now.saturating_duration_since(since) < LONGEST).then_some(Part { update, length: text.len(), since })
        });
        self.0 = growing.collect();
        let is_held = |update: &Value| self.0.iter().any(|part| update["update_id"].as_i64() == Some(part.update));
        let first = updates.iter().find(|update| is_held(update)).and_then(|update| update["update_id"].as_i64());
        updates.retain(|update| !is_held(update));
        first
    }
}

/// A prompt whose last part so far was cut, as far as one can see.
struct Open {
    /// Which update its first part is.
    first: usize,
    place: Place,
    /// How long its newest part is, and when that was written.
    length: usize,
    date: i64,
}

/// Who writes where.
#[derive(PartialEq)]
struct Place {
    chat: Option<i64>,
    topic: Option<i64>,
    sender: Option<i64>,
}

impl Place {
    fn of(message: &Value) -> Self {
        let sender = message.get("sender_chat").or_else(|| message.get("from"));
        Self {
            chat: message["chat"]["id"].as_i64(),
            topic: message["message_thread_id"].as_i64(),
            sender: sender.and_then(|sender| sender["id"].as_i64()),
        }
    }
}

/// Joins the parts of prompts in these updates, in the order in which they came; where those begin of which a further part
/// may be on its way.
fn join(updates: &mut [Value]) -> Vec<usize> {
    let mut open: Vec<Open> = Vec::new();
    for at in 0..updates.len() {
        let Some(message) = updates.get(at).and_then(|update| update.get("message")) else { continue };
        let (place, date) = (Place::of(message), message["date"].as_i64().unwrap_or_default());
        let before = open.iter().position(|open| open.place == place).map(|before| open.remove(before));
        let Some(text) = message["text"].as_str().filter(|_| message.get("forward_origin").is_none()) else { continue };
        let length = Unit::Utf16.length(text);
        let first = match before {
            Some(open) if !text.starts_with('/') && date - open.date <= SOON => {
                let glue = if open.length == FULL { "" } else { "\n" };
                let part = format!("{glue}{text}");
                append(updates, open.first, at, &part);
                open.first
            }
            _ if is_submit(text) => at,
            _ => continue,
        };
        if length >= CUT {
            open.push(Open { first, place, length, date });
        }
    }
    open.into_iter().map(|open| open.first).collect()
}

fn is_submit(text: &str) -> bool {
    split_command(text).is_some_and(|(name, _, _)| CommandName::from_text(name) == Some(CommandName::Submit))
}

/// Puts a part behind the first one, and empties its own update.
fn append(updates: &mut [Value], first: usize, at: usize, part: &str) {
    if let Some(update) = updates.get_mut(at) {
        *update = json!({ "update_id": update["update_id"] });
    }
    if let Some(Value::String(text)) = updates.get_mut(first).and_then(|update| update.pointer_mut("/message/text")) {
        text.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(id: i64, person: i64, text: &str) -> Value {
        let message =
            json!({"message_id": id, "date": 100 + id / 10, "chat": {"id": person}, "from": {"id": person}, "text": text});
        json!({"update_id": id, "message": message})
    }

    fn texts(mut updates: Vec<Value>) -> (Vec<String>, bool) {
        let open = !join(&mut updates).is_empty();
        (updates.iter().filter_map(|update| update["message"]["text"].as_str().map(str::to_owned)).collect(), open)
    }

    #[test]
    fn parts_that_follow_at_once_are_one_prompt() {
        let start = format!("/submit {}", "a".repeat(FULL - 8));
        let (middle, end) = ("b".repeat(3000), "the end".to_owned());
        let whole = format!("{start}{middle}\n{end}");
        let updates = vec![says(1, 7, &start), says(2, 8, "/status"), says(3, 7, &middle), says(4, 7, &end), says(5, 7, "hello")];
        assert_eq!(texts(updates), (vec![whole, "/status".to_owned(), "hello".to_owned()], false));
    }

    #[test]
    fn a_prompt_that_may_go_on_is_waited_for() {
        let start = format!("/submit@some_bot {}", "ä".repeat(4000));
        assert_eq!(texts(vec![says(1, 7, &start)]), (vec![start.clone()], true));
        let (joined, open) = texts(vec![says(1, 7, &start), says(2, 7, &"b".repeat(FULL))]);
        assert_eq!((joined.len(), open), (1, true));
    }

    #[test]
    fn what_does_not_follow_is_no_part() {
        let start = format!("/submit {}", "a".repeat(FULL - 8));
        let mut forwarded = says(2, 7, "b");
        forwarded["message"]["forward_origin"] = json!({"type": "user"});
        for other in [says(2, 8, "b"), says(2, 7, "/cancel 1"), says(90, 7, "later"), forwarded] {
            assert_eq!(texts(vec![says(1, 7, &start), other]).0.len(), 2);
        }
        assert_eq!(texts(vec![says(1, 7, "/submit short"), says(2, 7, "b")]).0.len(), 2);
        assert_eq!(texts(vec![says(1, 7, &"a".repeat(FULL)), says(2, 7, "b")]).0.len(), 2);
    }

    #[test]
    fn only_a_prompt_that_may_go_on_is_held_back_and_only_while_it_grows() {
        let (mut held, now) = (Held::default(), Instant::now());
        let (start, more) = (says(1, 7, &format!("/submit {}", "a".repeat(FULL - 8))), says(3, 7, &"b".repeat(FULL)));
        let other = says(2, 8, "/status");
        let mut look = |updates: &[&Value], seconds| {
            let mut updates: Vec<Value> = updates.iter().copied().cloned().collect();
            let first = held.hold_back(&mut updates, now + Duration::from_secs(seconds));
            (first, updates.iter().filter_map(|update| update["update_id"].as_i64()).collect::<Vec<_>>())
        };
        assert_eq!(look(&[&other, &start], 0), (Some(1), vec![2]));
        assert_eq!(look(&[&start, &more], 1), (Some(1), vec![3]), "what is left of a part holds nothing");
        assert_eq!(look(&[&start, &more], 2), (None, vec![1, 3]), "nothing followed");
        assert_eq!(look(&[&start], 3), (Some(1), vec![]));
        assert_eq!(look(&[&start, &more], 8), (None, vec![1, 3]), "it was held long enough");
    }

    #[test]
    fn what_a_full_batch_does_not_show_is_waited_for() {
        let (mut held, now) = (Held::default(), Instant::now());
        let long = |id, person| says(id, person, &format!("/submit {}", "a".repeat(FULL - 8)));
        let others = (2..100).map(|id| says(id, 100 + id, "/status"));
        let batch: Vec<Value> = std::iter::once(long(1, 7)).chain(others).chain([long(100, 8)]).collect();
        assert_eq!(held.hold_back(&mut batch.clone(), now), Some(1));
        assert_eq!(held.hold_back(&mut batch.clone(), now), Some(100), "nothing can be seen behind it");
        let mut rest = vec![long(100, 8), says(101, 8, "the end")];
        assert_eq!(held.hold_back(&mut rest, now), None);
        assert!(rest[0]["message"]["text"].as_str().unwrap().ends_with("the end"));
    }

    #[test]
    fn the_update_of_a_part_keeps_its_id() {
        let mut updates = vec![says(1, 7, &format!("/submit {}", "a".repeat(4000))), says(2, 7, "b")];
        join(&mut updates);
        assert_eq!(updates[1], json!({"update_id": 2}));
    }
}
