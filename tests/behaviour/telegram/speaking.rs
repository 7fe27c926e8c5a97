//! What people write reaches the inbox, and its answer the place it was asked from.

use legwork::chat::inbound::{Reply, Request};
use legwork::domain::command::{Command, SubmitCommand};
use legwork::domain::parse::ParseError;
use legwork::simulator::telegram::TelegramServer;

use super::support::{ADA, BOB, GROUP, World};

#[tokio::test]
async fn a_command_reaches_the_inbox_and_the_answer_the_person() {
    let (world, bot) = World::started().await;
    let asked = world.server.says(ADA, ADA, "/submit --timeout 90s write\n  a poem");
    let answer = world.hears(ADA, "noted").await;
    let heard = world.inbox.heard();
    assert_eq!(heard[0].person.to_string(), "telegram:7");
    assert_eq!(heard[0].channel.to_string(), "telegram:7");
    let Request::Command(Ok(Command::Submit(SubmitCommand { prompt, .. }))) = &heard[0].request else { panic!("{heard:?}") };
    assert_eq!(prompt.as_str(), "write\n  a poem");
    assert_eq!(world.server.message(ADA, answer).unwrap().reply_to, Some(asked));
    let metrics = bot.metrics.clone();
    bot.stops().await;
    world.ends().await;
    let counted = metrics.encode().unwrap();
    assert!(counted.contains(r#"platform="telegram",method="sendMessage",outcome="ok""#), "{counted}");
}

#[tokio::test]
async fn an_answer_that_the_ledger_owes_is_not_said_twice() {
    let (world, bot) = World::started().await;
    world.inbox.answers(|inbound| match &inbound.request {
        Request::Command(Ok(Command::Submit(_))) => Reply::Owed,
        _ => super::support::say("noted"),
    });
    world.server.says(ADA, ADA, "/submit one");
    world.server.says(ADA, ADA, "/help");
    world.hears(ADA, "noted").await;
    assert_eq!(world.server.said(ADA).len(), 1);
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn plain_words_get_a_hint_in_private_and_silence_in_groups() {
    let (world, bot) = World::started().await;
    world.server.set_privacy_mode(false);
    world.server.says(GROUP, ADA, "hello bot");
    world.server.says(GROUP, ADA, "/weather");
    world.server.says(GROUP, ADA, "/status@some_other_bot");
    world.server.says(ADA, ADA, "hello bot");
    world.hears(ADA, "noted").await;
    let heard = world.inbox.heard();
    assert_eq!(heard.len(), 1);
    assert!(matches!(&heard[0].request, Request::Command(Err(ParseError::UnknownCommand { name, .. })) if name.is_empty()));
    assert!(world.server.said(GROUP).is_empty());
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_topic_is_kept_on_the_way_in_and_out() {
    let (world, bot) = World::started().await;
    let topic = world.opens_topic("plans");
    world.server.says_in_topic(GROUP, topic, ADA, "/list");
    let answer = world.hears(GROUP, "noted").await;
    assert_eq!(world.inbox.heard()[0].channel.to_string(), format!("telegram:{GROUP}/{topic}"));
    assert_eq!(world.inbox.heard()[0].replied_to, None);
    assert_eq!(world.server.message(GROUP, answer).unwrap().topic, Some(topic));
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_reply_names_the_message_it_replies_to() {
    let (world, bot) = World::started().await;
    world.server.says(GROUP, ADA, "/list");
    let answer = world.hears(GROUP, "noted").await;
    world.server.replies(GROUP, ADA, answer, "/cancel");
    let heard = world.inbox.hears(2).await;
    assert_eq!(heard[1].replied_to.as_ref().map(|message| message.as_str().to_owned()), Some(answer.to_string()));
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn administrators_are_looked_up_only_when_it_matters_and_remembered() {
    let (world, bot) = World::started().await;
    world.server.set_admins(GROUP, &[ADA]);
    for text in ["/submit x", "/cancel 4", "/result 4"] {
        world.server.says(GROUP, ADA, text);
    }
    // Whoever may not use the bot at all causes no call.
    world.server.says(GROUP, BOB, "/cancel 4");
    let heard = world.inbox.hears(4).await;
    let admin: Vec<_> = heard.iter().map(|inbound| inbound.channel_admin).collect();
    assert_eq!(admin, [false, true, true, false]);
    assert_eq!(world.server.calls("getChatMember"), 1);
    let answered = |server: &TelegramServer| (server.said(GROUP).len() == 4).then_some(());
    world.until("four answers", answered).await;
    bot.stops().await;
    world.ends().await;
}
