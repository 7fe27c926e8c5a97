//! Places that are not the bot's own: threads and posts of forums, and servers that people bring it along to.

use std::time::Duration;

use legwork::background::ports::{OutgoingMessage, Purpose, SendError, TypingIndicator};
use legwork::chat::inbound::Reply;
use legwork::domain::channel::ChannelId;
use legwork::domain::id::ReplyHandle;
use legwork::simulator::discord::{Fault, FaultKind};

use super::bench::{ADA, Bench, CHANNEL, notice};
use crate::support::world::{ANN, World};

const POST: &str = "POST /channels/{channel}/messages";
const TYPE: &str = "POST /channels/{channel}/typing";
const FOLLOW_UP: &str = "POST /webhooks/{app}/{token}";
const ELSEWHERE: u64 = 900;

#[tokio::test]
async fn a_channel_lets_its_threads_in_and_a_forum_its_posts() {
    let bench = Bench::ready().await;
    for (parent, thread) in [(CHANNEL, bench.server.thread(CHANNEL)), (700, bench.server.forum_post(700))] {
        bench.inbox.allows_only(parent);
        let id = bench.server.runs(thread, ADA, "submit", &[("prompt", "count the ships")]).expect("a command");
        assert_eq!(bench.answer(id).await.text, "understood");
        let heard = bench.inbox.heard();
        let last = heard.last().expect("heard");
        assert_eq!(last.channel.to_string(), format!("discord:{thread}"));
        assert_eq!(last.parent.as_ref().map(ToString::to_string), Some(format!("discord:{parent}")));
        // It was not refused on the spot: everybody sees the answer.
        assert_eq!(bench.server.interaction(id).map(|interaction| interaction.ephemeral), Some(false));
        bench.inbox.completes(vec![("1".to_owned(), "#1 running".to_owned())]);
        let id = bench.server.autocompletes(thread, ADA, "cancel", "task", "").expect("completion");
        bench.until("completed", |bench| bench.server.choices(id).is_some_and(|choices| choices.len() == 1)).await;
        let channel = format!("discord:{thread}").parse().expect("a channel");
        let sent = bench.sends(&OutgoingMessage { channel, ..notice("n1", "#1 done") }).await;
        assert!(sent.is_ok(), "{sent:?}");
    }
    bench.server.runs(700, ADA, "help", &[]).expect_err("nobody writes in a forum itself");
    bench.end_well().await;
}

/// A command in a server that the bot is no member of, and what it left behind: where, and how to answer.
async fn brought_along(bench: &Bench) -> (u64, ChannelId, ReplyHandle) {
    bench.server.foreign_channel(ELSEWHERE);
    bench.inbox.answers(Reply::Owed);
    let id = bench.server.runs(ELSEWHERE, ADA, "submit", &[("prompt", "count the ships")]).expect("a command");
    bench.interaction(id, "acknowledged", |interaction| interaction.acked.is_some()).await;
    bench.until("heard", |bench| bench.inbox.heard().len() == 1).await;
    let heard = bench.inbox.heard().remove(0);
    (id, heard.channel, heard.reply)
}

#[tokio::test]
async fn where_it_is_no_member_it_speaks_through_the_command_and_five_times_at_most() {
    let bench = Bench::ready().await;
    let (id, channel, reply) = brought_along(&bench).await;
    let message = |purpose, key: &str, text: &str| OutgoingMessage {
        channel: channel.clone(),
        reply: Some(reply.clone()),
        purpose,
        ..notice(key, text)
    };
    bench.sends(&message(Purpose::Answer { private: false }, "n0", "#1 queued")).await.expect("the first answer");
    for n in 1..=5 {
        bench.sends(&message(Purpose::Notice, &format!("n{n}"), &format!("news {n}"))).await.expect("a follow-up");
    }
    let last = bench.sends(&message(Purpose::Result, "n6", "the result")).await.expect("the last word");
    let seen = bench.server.interaction(id).expect("an interaction");
    assert_eq!(seen.followups.len(), 5);
    let original = seen.original.expect("an answer");
    assert_eq!((original.text.as_str(), original.id.to_string().as_str()), ("the result", last.message.as_str()));
    assert_eq!((bench.server.calls(POST), bench.server.calls(FOLLOW_UP)), (0, 5));
    // What takes more than one message does not fit any more, and half of it would be no help.
    let long = bench.sends(&message(Purpose::Result, "n7", &"word ".repeat(1000))).await;
    assert!(matches!(&long, Err(SendError::Undeliverable(why)) if why.contains("no more answers")), "{long:?}");
    bench.end_well().await;
}

#[tokio::test]
async fn where_it_is_no_member_the_end_of_the_token_is_the_end_and_nobody_is_asked_in_vain() {
    let bench = Bench::ready().await;
    let (_, channel, reply) = brought_along(&bench).await;
    bench.clock.put_forward(chrono::Duration::minutes(15));
    for purpose in [Purpose::Notice, Purpose::Result] {
        let late = OutgoingMessage { channel: channel.clone(), reply: Some(reply.clone()), purpose, ..notice("n1", "#1 done") };
        let late = bench.sends(&late).await;
        assert!(matches!(&late, Err(SendError::Undeliverable(why)) if why.contains("no member")), "{late:?}");
    }
    assert_eq!((bench.server.calls(POST), bench.server.calls(FOLLOW_UP)), (0, 0));
    // Typing cannot know it beforehand, and asks once.
    bench.typing.show_typing(&channel).await.expect_err("it is no member there");
    for _ in 0..5 {
        bench.typing.show_typing(&channel).await.expect("nothing to do");
    }
    assert_eq!(bench.server.calls(TYPE), 1);
    bench.end_well().await;
}

#[tokio::test]
async fn a_token_that_is_refused_is_told_by_readiness_until_it_is_accepted_again() {
    let bench = Bench::ready().await;
    let refused = FaultKind::Status(401, 0, "401: Unauthorized".to_owned());
    bench.server.fail(Fault { route: Some(POST.to_owned()), times: 1, kind: refused });
    let sent = bench.sends(&notice("n1", "#1 done")).await;
    assert!(matches!(sent, Err(SendError::Unavailable(_))), "{sent:?}");
    let told = |bench: &Bench| bench.readiness.waiting_for().iter().any(|(_, reason)| reason.contains("check discord.token"));
    assert!(told(&bench), "{:?}", bench.readiness.waiting_for());
    // For a while nothing is asked, and it stays told.
    let sent = bench.sends(&notice("n1", "#1 done")).await;
    assert!(matches!(sent, Err(SendError::Unavailable(_))), "{sent:?}");
    assert_eq!((bench.server.calls(POST), told(&bench)), (1, true));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_of_a_brought_along_bot_is_told_whole() {
    let world = World::starts().await;
    world.discord.foreign_channel(ELSEWHERE);
    let chat = world.discord_channel(ELSEWHERE, ANN);
    chat.says("/submit Count the ships");
    chat.hears("#1 running").await;
    chat.hears("Result of #1").await;
    chat.hears("#1 done").await;
    chat.says("/result 1");
    world.until("it is there again", |_| chat.count("Result of #1") == 2).await;
    let accepted = chat.hears("#1 queued").await;
    let pressed = chat.presses(&accepted, "Cancel").await;
    assert!(pressed.contains("#1 had already finished"), "{pressed}");
    world.settles().await;
    assert_eq!(world.discord.calls(POST), 0, "it may not write there");
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_after_the_token_reaches_the_person_who_brought_it_along() {
    let world = World::starts().await;
    world.discord.foreign_channel(ELSEWHERE);
    let chat = world.discord_channel(ELSEWHERE, ANN);
    world.model.hold();
    let asked = world.discord.types(ELSEWHERE, ANN, "/submit Count the ships").unwrap();
    chat.hears("#1 running").await;
    world.discord.expire_token(asked);
    world.model.release();
    let direct = world.discord_channel(world.discord.dm(ANN), ANN);
    direct.hears("Result of #1").await;
    direct.hears("#1 done").await;
    assert_eq!(chat.count("#1 done"), 0);
    chat.says("/result 1");
    chat.hears("Result of #1").await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_is_no_advice_where_commands_cannot_be_replies() {
    let world = World::starts().await;
    let chat = world.discord_channel(500, ANN);
    chat.says("/cancel");
    let hint = chat.hears("Which task? Write it like /cancel 42. Use /list to see yours.").await;
    assert!(!hint.text.contains("reply") && hint.private);
    chat.says("/help");
    let help = chat.hears("/submit").await;
    assert!(!help.text.contains("reply"), "{}", help.text);
    let telegram = world.telegram(ANN);
    telegram.says("/cancel");
    telegram.hears("Which task? ... or reply with /cancel").await;
    telegram.says("/start");
    telegram.hears("/submit Compare three ... A reply to a message").await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybodys_tasks_are_listed_with_who_asked() {
    let world = World::starts().await;
    world.discord.set_name(ANN, "Ann of Cleves");
    let chat = world.discord_channel(500, ANN);
    world.discord.set_permissions(500, ANN, 8);
    chat.says("/submit Count the ships");
    chat.hears("#1 done").await;
    chat.says("/list all: true");
    chat.hears(&format!("Tasks of this channel ... #1 done after ... asked by Ann of Cleves (discord:{ANN}): Count")).await;
    tokio::time::timeout(Duration::from_secs(30), world.settles()).await.expect("settled");
    world.closes().await;
}
