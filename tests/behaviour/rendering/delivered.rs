//! Rendered texts on their way through the real clients to simulated platforms, which refuse what is wrong.

use legwork::adapters::telegram::TelegramNotifier;
use legwork::background::ports::{ChannelNotifier, OutgoingMessage, Purpose};
use legwork::domain::text::Format;
use legwork::simulator::telegram::{ChatMessage, Fault, FaultKind};

use super::corpus::{documents, frame};
use crate::discord::bench::{Bench, CHANNEL};
use crate::telegram::support::{ADA, Bot, World};

fn result(channel: &str, key: &str, text: &str) -> OutgoingMessage {
    OutgoingMessage {
        purpose: Purpose::Result,
        format: Format::Markdown,
        frame: Some(frame()),
        key: key.to_owned(),
        ..crate::telegram::support::notice(channel, text)
    }
}

/// Sends every part; how many there were.
async fn sends_all(notifier: &dyn ChannelNotifier, message: &OutgoingMessage) -> usize {
    let mut part = 0;
    while notifier.send(message, part).await.unwrap_or_else(|error| panic!("{}: {error}", message.key)).more {
        part += 1;
    }
    part + 1
}

async fn in_a_chat() -> (World, Bot) {
    let (world, bot) = World::started().await;
    world.server.says(ADA, ADA, "/start");
    world.hears(ADA, "noted").await;
    (world, bot)
}

/// What came of a result in Ada's chat.
async fn delivered(world: &World, notifier: &TelegramNotifier, text: &str) -> Vec<ChatMessage> {
    let before = world.server.said(ADA).len();
    sends_all(notifier, &result("telegram:7", "k", text)).await;
    world.server.said(ADA).split_off(before)
}

#[tokio::test]
async fn telegram_takes_every_document_in_every_form() {
    for rich in [true, false] {
        let (world, bot) = in_a_chat().await;
        world.server.know_rich_messages(rich);
        for document in documents() {
            let messages = delivered(&world, &bot.notifier, &document.text).await;
            assert!(messages.len() <= 3, "{}", document.name);
            for message in &messages {
                assert!(message.text.contains("#42"), "{}: every part names its task: {}", document.name, message.text);
            }
            if let Some(file) = &messages[0].document {
                assert_eq!((file.name.as_str(), &*file.bytes), ("task-42.md", document.text.as_bytes()), "{}", document.name);
            }
        }
        bot.stops().await;
        let refused: Vec<String> = world.server.violations();
        assert_eq!(refused, Vec::<String>::new());
        world.ends().await;
    }
}

#[tokio::test]
async fn discord_takes_every_document() {
    let bench = Bench::idle().await;
    for document in documents() {
        let before = bench.server.messages(CHANNEL).len();
        sends_all(
            &bench.notifier,
            &result(&format!("discord:{CHANNEL}"), &document.name[..document.name.len().min(18)], &document.text),
        )
        .await;
        let messages = bench.server.messages(CHANNEL).split_off(before);
        assert!((1..=3).contains(&messages.len()), "{}: {}", document.name, messages.len());
        if let Some(file) = messages[0].files.first() {
            assert_eq!((file.name.as_str(), &*file.bytes), ("task-42.md", document.text.as_bytes()), "{}", document.name);
        }
    }
    bench.end_well().await;
}

const TABLE: &str = "# Head\n\n| a | b |\n|---|---|\n| 1 | 2 |";

#[tokio::test]
async fn a_server_that_knows_rich_messages_gets_them_where_they_show_more() {
    let (world, bot) = in_a_chat().await;
    let [message] = delivered(&world, &bot.notifier, TABLE).await.try_into().unwrap();
    let kinds: Vec<String> =
        message.rich.unwrap().as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["paragraph", "heading", "table"]);
    let [message] = delivered(&world, &bot.notifier, "only **bold**").await.try_into().unwrap();
    assert_eq!((message.rich, message.text.as_str()), (None, "Result of #42:\n\nonly bold"));
    let whole = "A paragraph of a long text. ".repeat(1000);
    let [message] = delivered(&world, &bot.notifier, &whole).await.try_into().unwrap();
    assert!(message.rich.is_some() && message.document.is_none(), "28,000 characters are one rich message");
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn an_older_server_is_asked_once_and_no_message_is_lost() {
    let (world, bot) = in_a_chat().await;
    world.server.know_rich_messages(false);
    for _ in 0..3 {
        let [message] = delivered(&world, &bot.notifier, TABLE).await.try_into().unwrap();
        assert!(message.rich.is_none());
        assert_eq!(message.text, "Result of #42:\n\nHead\n\na | b\n--+--\n1 | 2");
        let kinds: Vec<&str> =
            message.entities.as_array().unwrap().iter().map(|entity| entity["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["bold", "bold", "pre"]);
    }
    assert_eq!(world.server.calls("sendRichMessage"), 1, "asked once");
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn refused_markup_is_sent_as_plain_text() {
    let (world, bot) = in_a_chat().await;
    let refusal = |what: &str| FaultKind::Status(400, format!("Bad Request: {what}"));
    world.server.fail(Fault::once("sendRichMessage", refusal("RICH_MESSAGE_DEPTH_INVALID")));
    world.server.fail(Fault::once("sendMessage", refusal("can't parse entities: something new")));
    let [message] = delivered(&world, &bot.notifier, &format!("{TABLE}\n\n[x](https://a.example)")).await.try_into().unwrap();
    assert_eq!(message.text, "Result of #42:\n\nHead\n\na | b\n--+--\n1 | 2\n\nx (https://a.example)");
    assert_eq!(message.entities.as_array().map(Vec::len), Some(0));
    let [message] = delivered(&world, &bot.notifier, TABLE).await.try_into().unwrap();
    assert!(message.rich.is_some(), "one refusal says nothing about the next message");
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_form_is_not_changed_when_nobody_knows_what_became_of_it() {
    let (world, bot) = in_a_chat().await;
    for trouble in [FaultKind::CutAfter, FaultKind::NotJson(502), FaultKind::RetryAfter(1)] {
        world.server.fail(Fault::once("sendRichMessage", trouble));
        let calls = world.server.calls("sendMessage");
        bot.notifier.send(&result("telegram:7", "k", TABLE), 0).await.unwrap_err();
        assert_eq!(world.server.calls("sendMessage"), calls);
    }
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_file_that_is_not_taken_comes_as_ordinary_parts() {
    let text = "A line of a long text.\n\n".repeat(900);
    let (world, bot) = in_a_chat().await;
    world.server.know_rich_messages(false);
    let forbidden = FaultKind::Status(400, "Bad Request: not enough rights to send documents to the chat".to_owned());
    world.server.fail(Fault::once("sendDocument", forbidden).times(usize::MAX));
    let messages = delivered(&world, &bot.notifier, &text).await;
    assert!(messages.len() > 3, "{}", messages.len());
    let shown: String = messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(shown.matches("A line of a long text.").count(), 900);
    assert!(messages[1].text.starts_with(&format!("#42 (2/{}):", messages.len())), "{}", messages[1].text);
    world.server.heal();
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_delivery_that_was_begun_goes_on_in_the_same_parts() {
    // Two entity messages for an old server, or one rich message: after the first part of two, a server that has learned
    // rich messages meanwhile gets the second part of two.
    let text = format!("# Head\n\n{}", "A paragraph of some length.\n\n".repeat(230));
    let (world, bot) = in_a_chat().await;
    world.server.know_rich_messages(false);
    let message = result("telegram:7", "k", &text);
    assert!(bot.notifier.send(&message, 0).await.unwrap().more);
    bot.stops().await;
    world.server.know_rich_messages(true);
    let bot = world.starts_bot();
    assert!(!bot.notifier.send(&message, 1).await.unwrap().more);
    let shown: String = world.server.said(ADA).iter().skip(1).map(|message| message.text.clone()).collect();
    assert_eq!(shown.matches("A paragraph of some length.").count(), 230, "each paragraph once");
    bot.stops().await;
    world.ends().await;
}
