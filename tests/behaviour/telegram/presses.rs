//! A pressed button is answered once, soon, whatever the handler does.

use legwork::chat::inbound::{Answer, Reply, Request};
use legwork::domain::command::{Action, Button};
use legwork::domain::id::TaskNumber;
use legwork::simulator::telegram::{Fault, FaultKind, PressAnswer};

use super::support::{ADA, Bot, World, answer, say};

const CANCEL: Action = Action::Cancel(TaskNumber(42));

/// A chat with a button in it, and the id of its message.
async fn with_button() -> (World, Bot, i64) {
    let (world, bot) = World::started().await;
    let button = Button { label: "Cancel".into(), action: CANCEL };
    world.inbox.answers(move |_| Reply::Say(Answer { buttons: vec![button.clone()], ..Answer::plain("#42 queued".into()) }));
    world.server.says(ADA, ADA, "/list");
    let message = world.hears(ADA, "#42 queued").await;
    (world, bot, message)
}

async fn pressed(world: &World, message: i64) -> PressAnswer {
    let press = world.server.presses(ADA, ADA, message, "Cancel").unwrap();
    world.until("the answer to the press", |server| server.press_answer(&press)).await
}

#[tokio::test]
async fn an_answer_for_all_is_said_in_the_chat() {
    let (world, bot, message) = with_button().await;
    world.inbox.answers(|_| say("#42 cancelled"));
    assert_eq!(pressed(&world, message).await, PressAnswer { text: None, alert: false });
    let said = world.hears(ADA, "#42 cancelled").await;
    assert_eq!(world.server.message(ADA, said).unwrap().reply_to, Some(message));
    let heard = world.inbox.heard();
    assert!(matches!(heard[1].request, Request::Press(Ok(action)) if action == CANCEL), "{heard:?}");
    assert_eq!(world.server.calls("answerCallbackQuery"), 1);
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_private_answer_is_an_alert_when_it_fits() {
    let (world, bot, message) = with_button().await;
    let text = "😀".repeat(100);
    world.inbox.answers(move |_| answer(&text, true));
    assert_eq!(pressed(&world, message).await, PressAnswer { text: Some("😀".repeat(100)), alert: true });
    assert_eq!(world.server.said(ADA).len(), 1, "nothing is said in the chat");
    world.inbox.answers(|_| answer(&"x".repeat(201), true));
    assert_eq!(pressed(&world, message).await, PressAnswer { text: None, alert: false });
    world.hears(ADA, &"x".repeat(201)).await;
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_page_of_a_list_follows_in_the_chat_with_its_button() {
    let (world, bot, message) = with_button().await;
    let older = Button { label: "Older".into(), action: Action::Page { before: TaskNumber(31), all: false } };
    let text = format!("Your tasks, newest first:\n{}", ["#41 done after 2.1 s: count the ships"; 10].join("\n"));
    let whole = text.clone();
    world
        .inbox
        .answers(move |_| Reply::Say(Answer { buttons: vec![older.clone()], private: true, ..Answer::plain(text.clone()) }));
    assert_eq!(pressed(&world, message).await, PressAnswer { text: None, alert: false });
    let page = world.hears(ADA, &whole).await;
    assert_eq!(world.server.message(ADA, page).unwrap().buttons, ["Older"]);
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_slow_handler_does_not_keep_the_button_spinning() {
    let (world, bot, message) = with_button().await;
    world.inbox.answers(|_| say("#42 cancelled"));
    world.inbox.hold("telegram:7");
    let shown = pressed(&world, message).await;
    assert!(shown.text.unwrap().starts_with("Still working on it"));
    world.inbox.let_go();
    world.hears(ADA, "#42 cancelled").await;
    assert_eq!(world.server.calls("answerCallbackQuery"), 1);
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn an_owed_answer_and_a_lost_try_stop_the_spinner() {
    let (world, bot, message) = with_button().await;
    world.inbox.answers(|_| Reply::Owed);
    world.server.fail(Fault::once("answerCallbackQuery", FaultKind::NotJson(502)));
    assert_eq!(pressed(&world, message).await, PressAnswer { text: None, alert: false });
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_press_too_old_to_be_answered_is_answered_in_the_chat() {
    let (world, bot, message) = with_button().await;
    world.inbox.answers(|_| answer("#42 had already finished", true));
    world.inbox.hold("telegram:7");
    let press = world.server.presses(ADA, ADA, message, "Cancel").unwrap();
    world.inbox.hears(2).await;
    world.server.expire_press(&press);
    world.inbox.let_go();
    world.hears(ADA, "#42 had already finished").await;
    bot.stops().await;
    world.ends().await;
}
