//! Commands, buttons and completion: acknowledged at once, answered once, seen by those whom they concern.

use std::time::Duration;

use legwork::background::ports::{OutgoingMessage, Purpose, SendError};
use legwork::chat::inbound::{Reply, Request};
use legwork::domain::command::{Action, Command};
use legwork::domain::id::TaskNumber;
use legwork::simulator::discord::{Fault, FaultKind};

use super::bench::{ADA, Bench, CHANNEL, cancel_button, notice, say, whisper};

const CALLBACK: &str = "POST /interactions/{id}/{token}/callback";

#[tokio::test]
async fn a_command_is_acknowledged_while_its_answer_takes_long() {
    let bench = Bench::ready().await;
    bench.inbox.is_open(false);
    let id = bench.runs("submit", &[("prompt", "count the ships")]);
    let thinking = bench.interaction(id, "acknowledged", |interaction| interaction.acked.is_some()).await;
    assert_eq!((thinking.ack_type, thinking.ephemeral), (Some(5), false));
    assert!(thinking.acked.is_some_and(|after| after < Duration::from_secs(3)), "{:?}", thinking.acked);
    assert!(thinking.original.is_some_and(|message| message.loading));
    bench.inbox.answers(say("#1 is queued"));
    bench.inbox.is_open(true);
    assert_eq!(bench.answer(id).await.text, "#1 is queued");
    assert_eq!(bench.texts(), ["#1 is queued"]);
    let heard = bench.inbox.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].id.as_str(), format!("discord:interaction:{id}"));
    assert_eq!((heard[0].channel.to_string(), heard[0].person.to_string()), ("discord:500".to_owned(), "discord:77".to_owned()));
    assert!(
        matches!(&heard[0].request, Request::Command(Ok(Command::Submit(submit))) if submit.prompt.as_str() == "count the ships")
    );
    bench.end_well().await;
}

#[tokio::test]
async fn what_one_looks_up_is_seen_by_nobody_else() {
    let bench = Bench::ready().await;
    let id = bench.runs("status", &[]);
    let answer = bench.answer(id).await;
    assert_eq!((answer.text.as_str(), answer.ephemeral_for), ("understood", Some(ADA)));
    assert_eq!(bench.texts(), Vec::<String>::new());
    bench.end_well().await;
}

#[tokio::test]
async fn a_refusal_is_the_acknowledgement_and_for_one_person() {
    let bench = Bench::ready().await;
    bench.inbox.allows_all(false);
    bench.inbox.answers(say("you may not use this bot"));
    let id = bench.runs("submit", &[("prompt", "count the ships")]);
    let answer = bench.answer(id).await;
    assert_eq!((answer.text.as_str(), answer.ephemeral_for), ("you may not use this bot", Some(ADA)));
    assert_eq!(bench.server.interaction(id).and_then(|interaction| interaction.ack_type), Some(4));
    bench.inbox.allows_all(true);
    bench.inbox.answers(say("ten is not a task"));
    let id = bench.runs("cancel", &[("task", "#ten")]);
    let answer = bench.answer(id).await;
    assert_eq!((answer.text.as_str(), answer.ephemeral_for), ("ten is not a task", Some(ADA)));
    assert!(matches!(bench.inbox.heard()[1].request, Request::Command(Err(_))));
    bench.end_well().await;
}

#[tokio::test]
async fn a_refusal_that_takes_long_is_deferred() {
    let bench = Bench::ready().await;
    bench.inbox.allows_all(false);
    bench.inbox.is_open(false);
    let id = bench.runs("submit", &[("prompt", "count the ships")]);
    let thinking = bench.interaction(id, "acknowledged", |interaction| interaction.acked.is_some()).await;
    assert_eq!((thinking.ack_type, thinking.ephemeral), (Some(5), true));
    assert!(!thinking.failed);
    bench.inbox.is_open(true);
    assert_eq!(bench.answer(id).await.ephemeral_for, Some(ADA));
    assert_eq!(bench.inbox.heard().len(), 1);
    bench.end_well().await;
}

#[tokio::test]
async fn an_owed_answer_comes_with_the_handle_that_was_kept() {
    let bench = Bench::ready().await;
    bench.inbox.answers(Reply::Owed);
    let id = bench.runs("submit", &[("prompt", "count the ships")]);
    bench.interaction(id, "acknowledged", |interaction| interaction.acked.is_some()).await;
    bench.until("heard", |bench| bench.inbox.heard().len() == 1).await;
    let reply = Some(bench.inbox.heard()[0].reply.clone());
    let purpose = Purpose::Answer { private: false };
    let accepted = OutgoingMessage { purpose, reply, buttons: vec![cancel_button(1)], ..notice("n1", "#1 is queued") };
    let sent = bench.sends(&accepted).await.expect("sent");
    let again = bench.sends(&OutgoingMessage { in_flight_since: Some(chrono::DateTime::UNIX_EPOCH), ..accepted }).await;
    assert_eq!(again.expect("sent again"), sent, "the same message, changed to the same text");
    let answer = bench.answer(id).await;
    assert_eq!((answer.text.as_str(), answer.buttons.as_slice()), ("#1 is queued", &["Cancel".to_owned()][..]));
    assert_eq!(sent.message.as_str(), answer.id.to_string());
    assert_eq!(bench.server.messages(CHANNEL).len(), 1);
    bench.end_well().await;
}

#[tokio::test]
async fn a_private_answer_to_a_public_command_is_seen_by_nobody_else() {
    let bench = Bench::ready().await;
    bench.inbox.answers(whisper("your queue is full"));
    let id = bench.runs("submit", &[("prompt", "count the ships")]);
    bench
        .until("answered", |bench| bench.server.messages(CHANNEL).iter().any(|message| message.text == "your queue is full"))
        .await;
    let messages = bench.server.messages(CHANNEL);
    assert_eq!(messages.len(), 1, "the thinking is gone");
    assert_eq!((messages[0].ephemeral_for, messages[0].interaction), (Some(ADA), Some(id)));
    bench.end_well().await;
}

#[tokio::test]
async fn a_long_answer_takes_several_messages() {
    let bench = Bench::ready().await;
    let text = "word ".repeat(1000);
    bench.inbox.answers(say(&text));
    let id = bench.runs("result", &[("task", "1")]);
    let whole = bench.interaction(id, "complete", |interaction| interaction.followups.len() == 2).await;
    assert_eq!(whole.followups.len(), 2);
    let texts = bench.texts();
    assert_eq!(texts.join(" "), text.trim());
    assert!(texts.iter().all(|text| text.chars().count() <= 2000));
    bench.end_well().await;
}

#[tokio::test]
async fn a_button_is_answered_to_whoever_pressed_it() {
    let bench = Bench::ready().await;
    let running = OutgoingMessage { buttons: vec![cancel_button(42)], ..notice("n1", "#42 is running") };
    let sent = bench.sends(&running).await.expect("sent");
    bench.inbox.answers(say("#42 is cancelled"));
    let message = sent.message.as_str().parse().expect("a number");
    let id = bench.server.presses(CHANNEL, 78, message, "Cancel").expect("a button");
    let answer = bench.answer(id).await;
    assert_eq!((answer.text.as_str(), answer.ephemeral_for), ("#42 is cancelled", Some(78)));
    assert_eq!(bench.server.interaction(id).and_then(|interaction| interaction.ack_type), Some(5));
    let heard = bench.inbox.heard();
    assert!(matches!(heard[0].request, Request::Press(Ok(Action::Cancel(TaskNumber(42))))));
    assert_eq!(heard[0].person.to_string(), "discord:78");
    bench.end_well().await;
}

#[tokio::test]
async fn task_numbers_are_completed() {
    let bench = Bench::ready().await;
    bench.inbox.completes((1..=40).map(|number| (number.to_string(), format!("#{number} {}", "x".repeat(200)))).collect());
    let id = bench.server.autocompletes(CHANNEL, ADA, "cancel", "task", "").expect("completion");
    bench.until("completed", |bench| bench.server.choices(id).is_some()).await;
    let choices = bench.server.choices(id).expect("choices");
    assert_eq!(choices.len(), 25);
    assert_eq!((choices[0].0.chars().count(), choices[0].1.as_str()), (100, "1"));
    let id = bench.server.autocompletes(CHANNEL, ADA, "cancel", "task", "40").expect("completion");
    bench.until("completed", |bench| bench.server.choices(id).is_some_and(|choices| choices.len() == 1)).await;
    bench.inbox.allows_all(false);
    let id = bench.server.autocompletes(CHANNEL, ADA, "cancel", "task", "").expect("completion");
    bench.until("completed", |bench| bench.server.choices(id).is_some_and(|choices| choices.is_empty())).await;
    bench.end_well().await;
}

#[tokio::test]
async fn a_completion_that_takes_long_is_empty() {
    let bench = Bench::ready().await;
    bench.inbox.is_open(false);
    let id = bench.server.autocompletes(CHANNEL, ADA, "cancel", "task", "4").expect("completion");
    bench.until("completed", |bench| bench.server.choices(id).is_some()).await;
    assert_eq!(bench.server.choices(id), Some(Vec::new()));
    bench.end_well().await;
}

#[tokio::test]
async fn an_acknowledgement_is_tried_again_and_counts_once() {
    let bench = Bench::ready().await;
    for kind in [FaultKind::CutBefore, FaultKind::CutAfter, FaultKind::NotJson(502), FaultKind::RetryAfter(0.2, false)] {
        bench.server.fail(Fault { route: Some(CALLBACK.to_owned()), times: 1, kind: kind.clone() });
        let before = bench.inbox.heard().len();
        let id = bench.runs("help", &[]);
        assert_eq!(bench.answer(id).await.text, "understood", "after {kind:?}");
        assert_eq!(bench.inbox.heard().len(), before + 1, "after {kind:?}");
    }
    bench.end().await;
}

#[tokio::test]
async fn an_interaction_delivered_twice_has_one_identity_and_one_answer() {
    let bench = Bench::ready().await;
    let id = bench.runs("submit", &[("prompt", "count the ships")]);
    bench.answer(id).await;
    bench.server.redeliver(id);
    bench.until("heard again", |bench| bench.inbox.heard().len() == 2).await;
    let heard = bench.inbox.heard();
    assert_eq!(heard[0].id, heard[1].id);
    assert_eq!(bench.server.messages(CHANNEL).len(), 1);
    bench.end_well().await;
}

#[tokio::test]
async fn a_command_that_was_shown_as_failed_is_not_carried_out() {
    let bench = Bench::ready().await;
    bench.server.drop_gateway();
    let late = bench.runs("submit", &[("prompt", "too late")]);
    bench.server.expire_acknowledgement(late);
    bench.until("resumed", |bench| bench.server.resumes() == 1).await;
    bench.until("refused", |bench| bench.server.calls(CALLBACK) == 1).await;
    let id = bench.runs("submit", &[("prompt", "in time")]);
    bench.answer(id).await;
    let heard = bench.inbox.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].id.as_str(), format!("discord:interaction:{id}"));
    bench.end_well().await;
}

#[tokio::test]
async fn threads_and_direct_messages_are_channels() {
    let bench = Bench::ready().await;
    for channel in [bench.server.thread(CHANNEL), bench.server.dm(ADA)] {
        let id = bench.server.runs(channel, ADA, "submit", &[("prompt", "count the ships")]).expect("a command");
        assert_eq!(bench.answer(id).await.channel, channel);
        let heard = bench.inbox.heard();
        let last = heard.last().expect("heard");
        assert_eq!((last.channel.to_string(), &last.session), (format!("discord:{channel}"), &format!("discord:{channel}")));
        let sent = bench.sends(&OutgoingMessage { channel: last.channel.clone(), ..notice("n1", "#1 is done") }).await;
        assert!(sent.is_ok(), "{sent:?}");
        assert_eq!(bench.server.messages(channel).len(), 2);
    }
    bench.end_well().await;
}

#[tokio::test]
async fn an_expired_token_is_answered_in_the_channel() {
    let bench = Bench::ready().await;
    bench.inbox.answers(Reply::Owed);
    let id = bench.runs("submit", &[("prompt", "count the ships")]);
    bench.interaction(id, "acknowledged", |interaction| interaction.acked.is_some()).await;
    bench.until("heard", |bench| bench.inbox.heard().len() == 1).await;
    let reply = Some(bench.inbox.heard()[0].reply.clone());
    let answer =
        |private| OutgoingMessage { purpose: Purpose::Answer { private }, reply: reply.clone(), ..notice("n1", "#1 is queued") };
    bench.server.expire_token(id);
    let sent = bench.sends(&answer(false)).await.expect("sent to the channel");
    bench.clock.put_forward(chrono::Duration::minutes(14));
    let again = bench.sends(&answer(false)).await.expect("sent to the channel, without asking the token");
    assert_eq!(sent, again, "the nonce makes them one");
    assert_eq!(bench.texts(), ["", "#1 is queued"]);
    let private = bench.sends(&answer(true)).await;
    assert!(matches!(private, Err(SendError::Undeliverable(_))), "{private:?}");
    assert_eq!(bench.server.calls("PATCH /webhooks/{app}/{token}/messages/@original"), 1);
    bench.end().await;
}

#[tokio::test]
async fn a_clock_that_is_wrong_does_not_keep_an_answer_from_its_person() {
    let bench = Bench::ready().await;
    bench.clock.put_forward(chrono::Duration::hours(1));
    bench.inbox.answers(whisper("#1 is running"));
    let id = bench.runs("status", &[]);
    let answer = bench.answer(id).await;
    assert_eq!((answer.text.as_str(), answer.ephemeral_for), ("#1 is running", Some(ADA)));
    bench.end_well().await;
}
