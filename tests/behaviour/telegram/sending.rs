//! What becomes of a message on its way out, and what the lane is told about it.

use std::time::Duration;

use legwork::background::ports::{ChannelNotifier, SendError, TypingIndicator};
use legwork::domain::id::ReplyHandle;
use legwork::domain::time::from_millis;
use legwork::simulator::telegram::{Fault, FaultKind};

use super::support::{ADA, Bot, GROUP, TOKEN, World, notice};

/// Sends one message into trouble.
async fn sent_into(world: &World, bot: &Bot, trouble: FaultKind) -> SendError {
    world.server.fail(Fault::once("sendMessage", trouble));
    bot.sends(&notice("telegram:7", "news")).await.unwrap_err()
}

async fn in_a_private_chat() -> (World, Bot) {
    let (world, bot) = World::started().await;
    world.server.says(ADA, ADA, "/start");
    world.hears(ADA, "noted").await;
    (world, bot)
}

#[tokio::test]
async fn each_trouble_is_told_apart() {
    let (world, bot) = in_a_private_chat().await;
    let error = sent_into(&world, &bot, FaultKind::NotJson(502)).await;
    assert!(matches!(error, SendError::Unknown(_)), "{error:?}");
    let error = sent_into(&world, &bot, FaultKind::NotJson(503)).await;
    assert!(matches!(error, SendError::Unavailable(_)), "{error:?}");
    let error = sent_into(&world, &bot, FaultKind::Status(401, "Unauthorized".into())).await;
    assert!(matches!(&error, SendError::Unavailable(reason) if reason.contains("token")), "{error:?}");
    let error = sent_into(&world, &bot, FaultKind::Status(400, "Bad Request: PEER_ID_INVALID".into())).await;
    assert!(matches!(&error, SendError::Undeliverable(reason) if reason.contains("PEER_ID_INVALID")), "{error:?}");
    assert_eq!(world.server.said(ADA).len(), 1, "none of these arrived");
    let error = sent_into(&world, &bot, FaultKind::CutAfter).await;
    assert!(matches!(error, SendError::Unknown(_)), "{error:?}");
    assert_eq!(world.server.said(ADA).len(), 2, "this one did, and nobody told us");
    let error = sent_into(&world, &bot, FaultKind::RetryAfter(33)).await;
    assert_eq!(error, SendError::RetryAfter(Duration::from_secs(33)));
    let calls = world.server.calls("sendMessage");
    let again = bot.sends(&notice("telegram:7/5", "news")).await.unwrap_err();
    assert!(matches!(again, SendError::RetryAfter(wait) if wait > Duration::from_secs(20)), "{again:?}");
    assert_eq!(world.server.calls("sendMessage"), calls, "a call that is known to be refused is not made");
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_took_nothing() {
    let world = World::new().await;
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let bot = world.starts_bot_at(TOKEN, format!("http://{address}"));
    let error = bot.sends(&notice("telegram:7", "news")).await.unwrap_err();
    assert!(matches!(error, SendError::Unavailable(_)), "{error:?}");
    let everything = format!("{error} {error:?} {} {:?} {}", bot.unready(), bot.readiness, bot.metrics.encode().unwrap());
    assert!(!everything.contains("very_secret_half"), "{everything}");
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn closed_doors_are_named() {
    let (world, bot) = in_a_private_chat().await;
    world.server.add_chat(GROUP, "Group");
    let undeliverable = async |channel: &str| match bot.sends(&notice(channel, "news")).await {
        Err(SendError::Undeliverable(reason)) => reason,
        other => panic!("{channel}: {other:?}"),
    };
    assert_eq!(undeliverable(&format!("telegram:{GROUP}/99")).await, "the topic does not exist any more");
    assert_eq!(undeliverable("telegram:12345").await, "the chat does not exist or the bot is not in it");
    world.server.kick(GROUP);
    assert_eq!(undeliverable(&format!("telegram:{GROUP}")).await, "the bot was removed from the chat");
    world.server.block(ADA);
    assert_eq!(undeliverable("telegram:7").await, "the bot was blocked by this person");
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_group_that_became_a_supergroup_says_where_it_is() {
    let (world, bot) = World::started().await;
    let asked = world.server.says(GROUP, ADA, "/list");
    world.hears(GROUP, "noted").await;
    let moved = world.server.migrate(GROUP);
    let mut message = notice(&format!("telegram:{GROUP}"), "news");
    message.reply = Some(ReplyHandle(format!("m{asked}")));
    let (from, to) = (format!("telegram:{GROUP}").parse().unwrap(), format!("telegram:{moved}").parse().unwrap());
    assert_eq!(bot.sends(&message).await, Err(SendError::Moved { from, to }), "what is stored is to follow first");
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_reply_to_a_message_that_is_gone_arrives_all_the_same() {
    let (world, bot) = in_a_private_chat().await;
    let mut message = notice("telegram:7", "news");
    message.reply = Some(ReplyHandle("m4711".into()));
    bot.sends(&message).await.unwrap();
    world.hears(ADA, "news").await;
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_long_text_arrives_in_parts_and_whole() {
    let (world, bot) = in_a_private_chat().await;
    let lines: Vec<_> = (0..1500).map(|line| format!("line {line} 😀")).collect();
    let text = lines.join("\n");
    let message = notice("telegram:7", &text);
    let mut part = 0;
    while bot.notifier.send(&message, part).await.unwrap().more {
        part += 1;
    }
    let said: Vec<_> = world.server.said(ADA).into_iter().skip(1).map(|message| message.text).collect();
    assert_eq!(said.len(), part + 1);
    assert_eq!(said.join("\n"), text);
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_part_that_may_have_arrived_before_says_so() {
    let (world, bot) = in_a_private_chat().await;
    let mut message = notice("telegram:7", "news");
    message.in_flight_since = from_millis(1);
    bot.sends(&message).await.unwrap();
    world.hears(ADA, "news\n(may be a duplicate)").await;
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn typing_shows_in_its_topic() {
    let (world, bot) = World::started().await;
    let topic = world.opens_topic("plans");
    let again = bot.typing.show_typing(&format!("telegram:{GROUP}/{topic}").parse().unwrap()).await.unwrap();
    assert!(world.server.is_typing(GROUP, Some(topic)) && !world.server.is_typing(GROUP, None));
    assert!(again < Duration::from_secs(5));
    let error = bot.typing.show_typing(&"telegram:12345".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, SendError::Undeliverable(_)), "{error:?}");
    bot.stops().await;
    world.ends().await;
}
