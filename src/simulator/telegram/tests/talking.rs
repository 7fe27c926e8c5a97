//! A conversation through teloxide: messages, edits, buttons, files, typing.

use std::time::Duration;

use teloxide::ApiError;
use teloxide::RequestError;
use teloxide::net::Download;
use teloxide::payloads::{
    AnswerCallbackQuerySetters, GetUpdatesSetters, SendChatActionSetters, SendDocumentSetters, SendMessageSetters,
    SetMyCommandsSetters,
};
use teloxide::requests::Requester;
use teloxide::types::{
    BotCommand, BotCommandScope, ChatAction, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, MessageId, ParseMode,
    ReplyParameters, ThreadId, UpdateKind, UserId,
};

use crate::simulator::telegram::tests::{ADA, GROUP, World};

fn keyboard(label: &str, data: &str) -> InlineKeyboardMarkup {
    InlineKeyboardMarkup::new([[InlineKeyboardButton::callback(label, data)]])
}

#[tokio::test]
async fn a_message_arrives_and_is_answered_with_a_button_that_is_pressed() {
    let world = World::start().await;
    let (telegram, bot) = (&world.telegram, &world.bot);
    assert_eq!(bot.get_me().await.unwrap().username(), "legwork_demo_bot");

    let asked = telegram.says(ADA, ADA, "/submit count the stars");
    let updates = bot.get_updates().await.unwrap();
    let UpdateKind::Message(message) = &updates[0].kind else { panic!("{updates:?}") };
    assert_eq!((message.text(), message.id.0), (Some("/submit count the stars"), i32::try_from(asked).unwrap()));
    assert_eq!(message.from.as_ref().unwrap().id, UserId(7));

    let reply = ReplyParameters::new(message.id);
    let sent = bot
        .send_message(ChatId(ADA), "<b>#1</b> is <i>queued</i> &amp; waits")
        .parse_mode(ParseMode::Html)
        .reply_parameters(reply)
        .reply_markup(keyboard("Cancel", "cancel:1"))
        .await
        .unwrap();
    assert_eq!(sent.text(), Some("#1 is queued & waits"));
    assert_eq!(sent.reply_to_message().unwrap().id, message.id);
    let seen = telegram.said(ADA);
    assert_eq!((seen[0].buttons.as_slice(), seen[0].reply_to), (["Cancel".to_owned()].as_slice(), Some(asked)));

    let press = telegram.presses(ADA, ADA, seen[0].id, "Cancel").unwrap();
    let updates = bot.get_updates().offset(updates[0].id.as_offset()).await.unwrap();
    let UpdateKind::CallbackQuery(query) = &updates[0].kind else { panic!("{updates:?}") };
    assert_eq!(query.data.as_deref(), Some("cancel:1"));
    assert_eq!(query.regular_message().unwrap().id, sent.id);
    bot.answer_callback_query(query.id.clone()).text("Cancelling").show_alert(true).await.unwrap();
    let answer = telegram.press_answer(&press).unwrap();
    assert_eq!((answer.text.as_deref(), answer.alert), (Some("Cancelling"), true));
    assert_eq!(telegram.unanswered_presses(), 0);

    bot.edit_message_text(ChatId(ADA), sent.id, "#1 is cancelled").await.unwrap();
    let seen = telegram.said(ADA);
    assert_eq!((seen[0].text.as_str(), seen[0].edited, seen[0].buttons.len()), ("#1 is cancelled", 1, 0));
    let again = bot.edit_message_text(ChatId(ADA), sent.id, "#1 is cancelled").await;
    assert!(matches!(again, Err(RequestError::Api(ApiError::MessageNotModified))), "{again:?}");
    assert_eq!(telegram.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn groups_have_topics_privacy_and_admins() {
    let world = World::start().await;
    let (telegram, bot) = (&world.telegram, &world.bot);
    telegram.set_admins(GROUP, &[ADA]);
    let topic = telegram.create_topic(GROUP, "Reports");
    let asked = telegram.says_in_topic(GROUP, topic, 8, "/submit@legwork_demo_bot draw a map");
    telegram.says_in_topic(GROUP, topic, 8, "nobody asked the bot");
    telegram.says(GROUP, 8, "/start@another_bot");

    let updates = bot.get_updates().await.unwrap();
    assert_eq!(updates.len(), 2, "the topic and the command: {updates:?}");
    let UpdateKind::Message(message) = &updates[1].kind else { panic!("{updates:?}") };
    assert_eq!(message.thread_id.unwrap().0.0, i32::try_from(topic).unwrap());
    assert!(message.is_topic_message);

    bot.send_chat_action(ChatId(GROUP), ChatAction::Typing).message_thread_id(message.thread_id.unwrap()).await.unwrap();
    assert!(telegram.is_typing(GROUP, Some(topic)) && !telegram.is_typing(GROUP, None));
    let reply = ReplyParameters::new(message.id);
    bot.send_message(ChatId(GROUP), "#1 is queued")
        .message_thread_id(message.thread_id.unwrap())
        .reply_parameters(reply)
        .disable_notification(true)
        .await
        .unwrap();
    assert!(!telegram.is_typing(GROUP, Some(topic)));
    let said = telegram.said(GROUP).pop().unwrap();
    assert_eq!((said.topic, said.reply_to, said.silent), (Some(topic), Some(asked), true));

    telegram.replies(GROUP, 8, said.id, "replies to the bot arrive");
    let updates = bot.get_updates().offset(updates[1].id.as_offset()).await.unwrap();
    let UpdateKind::Message(message) = &updates[0].kind else { panic!("{updates:?}") };
    assert_eq!(message.reply_to_message().unwrap().text(), Some("#1 is queued"));

    let admins = bot.get_chat_administrators(ChatId(GROUP)).await.unwrap();
    assert_eq!(admins[0].user.id, UserId(7));
    assert!(bot.get_chat_member(ChatId(GROUP), UserId(7)).await.unwrap().is_privileged());
    assert!(!bot.get_chat_member(ChatId(GROUP), UserId(8)).await.unwrap().is_privileged());
    assert!(bot.get_chat(ChatId(GROUP)).await.unwrap().is_supergroup());

    let lost = bot.send_message(ChatId(GROUP), "x").message_thread_id(ThreadId(MessageId(999))).await;
    assert!(format!("{lost:?}").contains("message thread not found"), "{lost:?}");
    assert_eq!(telegram.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn files_go_both_ways() {
    let world = World::start().await;
    let (telegram, bot) = (&world.telegram, &world.bot);
    telegram.says(ADA, ADA, "/result #1");
    let file = InputFile::memory("# The whole\n").file_name("task-1.md");
    let sent = bot.send_document(ChatId(ADA), file).caption("*whole*").parse_mode(ParseMode::MarkdownV2).await.unwrap();
    let seen = telegram.said(ADA).pop().unwrap();
    let document = seen.document.unwrap();
    assert_eq!((document.name.as_str(), &document.bytes[..]), ("task-1.md", &b"# The whole\n"[..]));
    assert_eq!((seen.text.as_str(), seen.entities[0]["type"].as_str()), ("whole", Some("bold")));

    let file = bot.get_file(sent.document().unwrap().file.id.clone()).await.unwrap();
    let mut bytes = Vec::new();
    bot.download_file(&file.path, &mut bytes).await.unwrap();
    assert_eq!(bytes, b"# The whole\n");
    assert_eq!(telegram.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn menus_are_kept_by_scope_and_language() {
    let world = World::start().await;
    let (telegram, bot) = (&world.telegram, &world.bot);
    bot.set_my_commands([BotCommand::new("submit", "Hand over a task")]).await.unwrap();
    bot.set_my_commands([BotCommand::new("help", "Hilfe")])
        .scope(BotCommandScope::AllGroupChats)
        .language_code("de")
        .await
        .unwrap();
    assert_eq!(telegram.menu(), [("submit".to_owned(), "Hand over a task".to_owned())]);
    assert_eq!(telegram.commands().len(), 2);
    assert_eq!(bot.get_my_commands().await.unwrap()[0].command, "submit");
    bot.delete_my_commands().await.unwrap();
    assert!(telegram.menu().is_empty());
    let refused = bot.set_my_commands([BotCommand::new("Submit", "Hand over a task")]).await;
    assert!(format!("{refused:?}").contains("BOT_COMMAND_INVALID"), "{refused:?}");
}

#[tokio::test]
async fn who_blocks_or_throws_out_the_bot_is_not_reached() {
    let world = World::start().await;
    let (telegram, bot) = (&world.telegram, &world.bot);
    let unknown = bot.send_message(ChatId(ADA), "hello").await;
    assert!(matches!(unknown, Err(RequestError::Api(ApiError::ChatNotFound))), "{unknown:?}");
    telegram.says(ADA, ADA, "/start");
    telegram.block(ADA);
    let blocked = bot.send_message(ChatId(ADA), "hello").await;
    assert!(matches!(blocked, Err(RequestError::Api(ApiError::BotBlocked))), "{blocked:?}");
    telegram.says(GROUP, ADA, "/start");
    telegram.kick(GROUP);
    let kicked = bot.send_message(ChatId(GROUP), "hello").await;
    assert!(matches!(kicked, Err(RequestError::Api(ApiError::BotKickedFromSupergroup))), "{kicked:?}");
    telegram.says(-5, ADA, "/start");
    let to = telegram.migrate(-5);
    let moved = bot.send_message(ChatId(-5), "hello").await;
    assert!(matches!(moved, Err(RequestError::MigrateToChatId(id)) if id == ChatId(to)), "{moved:?}");
    bot.send_message(ChatId(to), "hello").await.unwrap();

    let updates = bot.get_updates().await.unwrap();
    let odd = updates.iter().filter(|update| matches!(update.kind, UpdateKind::Error(_)));
    assert_eq!(odd.count(), 0, "teloxide understands every update: {updates:#?}");
}

#[tokio::test]
async fn typing_fades_and_says_so() {
    let world = World::start().await;
    world.telegram.says(ADA, ADA, "/start");
    world.bot.send_chat_action(ChatId(ADA), ChatAction::Typing).await.unwrap();
    assert!(world.telegram.is_typing(ADA, None));
    assert_eq!(world.telegram.typing_pulses(ADA), 1);
    let faded = world.telegram.until(|telegram| (!telegram.is_typing(ADA, None)).then_some(()));
    tokio::time::timeout(Duration::from_secs(6), faded).await.unwrap();
}
