//! Where the bot is: topics, groups that it is let into or shut out of, groups that move, and messages of no business of
//! its.

use legwork::background::ports::TypingIndicator;
use legwork::chat::inbound::{Inbound, Request};
use legwork::simulator::telegram::TelegramServer;
use serde_json::json;

use super::support::{ADA, BOB, GROUP, World, notice, say};

#[tokio::test]
async fn typing_in_the_general_topic_names_it_and_messages_do_not() {
    let (world, bot) = World::started().await;
    let topic = world.opens_topic("plans");
    world.server.says(GROUP, ADA, "/list");
    world.hears(GROUP, "noted").await;
    let (general, plans) = (format!("telegram:{GROUP}"), format!("telegram:{GROUP}/{topic}"));
    bot.typing.show_typing(&general.parse().unwrap()).await.unwrap();
    assert_eq!(world.server.last_request("sendChatAction").unwrap()["message_thread_id"], 1);
    assert!(world.server.is_typing(GROUP, None) && !world.server.is_typing(GROUP, Some(topic)));
    bot.typing.show_typing(&plans.parse().unwrap()).await.unwrap();
    assert!(world.server.is_typing(GROUP, Some(topic)));
    bot.sends(&notice(&general, "for all")).await.unwrap();
    bot.sends(&notice(&plans, "for planners")).await.unwrap();
    let topics: Vec<_> = world.server.said(GROUP).iter().map(|message| message.topic).collect();
    assert_eq!(topics, [None, None, Some(topic)]);
    // Elsewhere it would be an error.
    bot.typing.show_typing(&format!("telegram:{ADA}").parse().unwrap()).await.unwrap_err();
    world.server.says(ADA, ADA, "/list");
    world.hears(ADA, "noted").await;
    bot.typing.show_typing(&format!("telegram:{ADA}").parse().unwrap()).await.unwrap();
    assert!(world.server.is_typing(ADA, None));
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn it_introduces_itself_once_to_a_group_it_is_let_into() {
    let (world, bot) = World::started().await;
    world.inbox.answers(|inbound: &Inbound| match inbound.request {
        Request::Joined => say("hello"),
        _ => say("noted"),
    });
    world.server.lets_in(GROUP, ADA);
    let hello = world.hears(GROUP, "hello").await;
    assert_eq!(world.server.message(GROUP, hello).unwrap().reply_to, None);
    world.server.set_admins(GROUP, &[ADA]);
    world.server.says(GROUP, ADA, "/list");
    world.hears(GROUP, "noted").await;
    assert_eq!(world.inbox.heard().len(), 2, "the report of its own arrival is no second occasion");
    let heard = &world.inbox.heard()[0];
    assert_eq!((heard.channel.to_string(), heard.person.to_string()), (format!("telegram:{GROUP}"), format!("telegram:{ADA}")));
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn whoever_may_not_use_it_gets_no_word_out_of_it_by_letting_it_in() {
    let (world, bot) = World::started().await;
    world.server.lets_in(GROUP, BOB);
    world.server.says(ADA, ADA, "/list");
    world.hears(ADA, "noted").await;
    assert!(world.server.said(GROUP).is_empty());
    assert_eq!(world.inbox.heard().len(), 1);
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn being_shut_out_and_let_in_again_is_noted() {
    let (world, bot) = World::started().await;
    world.server.says(GROUP, ADA, "/list");
    world.hears(GROUP, "noted").await;
    world.server.kick(GROUP);
    world.server.block(BOB);
    world.server.unblock(BOB);
    world.until("every update is taken", |server| (server.pending_updates() == 0).then_some(())).await;
    world.inbox.answers(|_| say("hello again"));
    world.server.lets_in(GROUP, ADA);
    world.hears(GROUP, "hello again").await;
    assert_eq!(world.inbox.heard().len(), 2, "a private chat is not a group");
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_group_that_becomes_a_supergroup_is_handed_on() {
    let (world, bot) = World::started().await;
    world.server.says(GROUP, ADA, "/list");
    world.hears(GROUP, "noted").await;
    let to = world.server.migrate(GROUP);
    assert_eq!(world.inbox.hears_of_a_move().await, (format!("telegram:{GROUP}"), format!("telegram:{to}")));
    world.server.says(to, ADA, "/list");
    world.hears(to, "noted").await;
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn what_is_no_business_of_its_is_passed_over() {
    let (world, bot) = World::started().await;
    world.server.set_privacy_mode(false);
    world.server.says_via_bot(GROUP, ADA, "/status");
    world.server.says_via_bot(ADA, ADA, "/status");
    let channel = json!({"id": -1_001_000_000_009_i64, "type": "channel", "title": "News"});
    let post = json!({"message_id": 5, "date": 1_800_000_000, "chat": channel, "sender_chat": channel, "text": "/status"});
    for kind in ["channel_post", "edited_channel_post", "message"] {
        world.server.sends_raw_update(json!({kind: post}));
    }
    let chat = json!({"id": BOB, "type": "private", "first_name": "Bob"});
    let customer = json!({"id": BOB, "is_bot": false, "first_name": "Bob"});
    let business = json!({"message_id": 6, "date": 1_800_000_000, "chat": chat, "from": customer, "text": "/status",
        "business_connection_id": "b1"});
    for kind in ["business_message", "edited_business_message", "message"] {
        world.server.sends_raw_update(json!({kind: business}));
    }
    world.server.says(ADA, ADA, "/list");
    world.hears(ADA, "noted").await;
    assert_eq!(world.inbox.heard().len(), 1, "{:?}", world.inbox.heard());
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn an_update_that_breaks_our_code_is_passed_over_and_the_next_one_is_answered() {
    let (world, bot) = World::started().await;
    world.inbox.breaks_on(BOB);
    // Who administers the group matters for this one, and asking whether Bob may use the bot at all is what breaks.
    world.server.says(GROUP, BOB, "/cancel 4");
    world.server.lets_in(GROUP - 1, BOB);
    world.server.says(GROUP, ADA, "/list");
    world.hears(GROUP, "noted").await;
    let confirmed = |server: &TelegramServer| (server.pending_updates() == 0).then_some(());
    world.until("what broke it is confirmed too", confirmed).await;
    assert_eq!(world.inbox.heard().len(), 1);
    bot.is_ready().await;
    bot.stops().await;
    world.ends().await;
}
