//! Commands in captions and in edited messages, and what a reply names: the whole server on Telegram.

use std::time::Duration;

use serde_json::Value;

use crate::support::chat::Chat;
use crate::support::world::{ANN, BOB, World, id};

const GROUP: i64 = -100_200;

/// How many updates the server has taken.
async fn all_taken(world: &World) {
    world.until("every update is taken", |world| world.telegram.pending_updates() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caption_is_a_command_but_nobody_pays_for_an_answer_about_a_file_that_is_not_read() {
    let world = World::starts().await;
    for chat in [world.telegram(ANN), world.telegram_group(GROUP, ANN)] {
        let place = place(&chat);
        let file = world.telegram.sends_file(place, id(ANN), "offers.pdf", "/submit Compare the three offers");
        chat.hears("Files are not read here ... Nothing was queued").await;
        world.telegram.replies(place, id(ANN), file, "/list");
        chat.hears("Your tasks: none here").await;
        world.telegram.sends_file(place, id(ANN), "offers.pdf", "/status");
        chat.hears("You have no active task").await;
    }
    // A file that nobody asked anything about is the group's own business.
    world.telegram.sends_file(GROUP, id(ANN), "holiday.jpg", "look at this");
    all_taken(&world).await;
    assert_eq!((world.summary().await.total, world.model.calls().len()), (0, 0));
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_text_that_a_submit_replies_to_goes_along() {
    let world = World::starts().await;
    let chat = world.telegram_group(GROUP, ANN);
    world.model.next_reply("Ships are **large** boats.");
    let long = world.telegram.says(GROUP, id(BOB), "Ships are boats.\nLarge ones.");
    world.telegram.replies(GROUP, id(ANN), long, "/submit Shorten this");
    let result = chat.hears("Result of #1").await;
    world.telegram.replies(GROUP, id(ANN), id(result.id), "/submit Now in French");
    chat.hears("#2 done").await;
    let prompts: Vec<_> = world.model.calls().into_iter().map(|call| call.prompt).collect();
    assert_eq!(prompts[0], "Shorten this\n\n> Ships are boats.\n> Large ones.");
    assert_eq!(prompts[1], "Now in French\n\n> Result of #1:\n>\n> Ships are large boats.");
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_typo_that_is_mended_makes_the_task_once() {
    let world = World::starts().await;
    let chat = world.telegram(ANN);
    let typo = world.telegram.says(id(ANN), id(ANN), "/sumbit Compare the offers");
    chat.hears("There is no command /sumbit. Did you mean /submit?").await;
    world.telegram.edits(id(ANN), typo, "/submit Compare the offers");
    chat.hears("#1 done").await;
    // The same update once more, as after a crash, and the same text once more, as when a preview is added.
    let update = world.telegram.update_of(id(ANN), typo).unwrap();
    assert!(world.telegram.redeliver(update));
    world.telegram.edits(id(ANN), typo, "/submit Compare the offers");
    chat.says("/status");
    chat.hears("You have no active task").await;
    assert_eq!(world.summary().await.total, 1);
    assert_eq!((chat.count("#1 queued"), chat.count("already")), (1, 0));
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_of_what_has_made_a_task_makes_no_second_one_and_says_what_to_do() {
    let world = World::starts().await;
    world.model.hold();
    world.telegram(ANN).says("/start");
    let chat = world.telegram_group(GROUP, ANN);
    let asked = world.telegram.says(GROUP, id(ANN), "/submit Compare the offers");
    chat.hears("#1 running").await;
    world.telegram.edits(GROUP, asked, "/submit Compare the four offers");
    let refused = chat.hears("This message is already queued as #1. To change it, use /cancel 1 and submit").await;
    assert_eq!(refused.reply_to, Some(u64::try_from(asked).unwrap()));
    for (edits, flag) in (2..).zip(["--private", "--quiet", "--timeout 1m", "--to me"]) {
        world.telegram.edits(GROUP, asked, &format!("/submit {flag} Compare the offers"));
        world.until(flag, |_| chat.count("This message is already queued as #1") == edits).await;
    }
    world.telegram.edits(GROUP, asked, "/submit Compare the offers");
    world.model.release();
    chat.hears("#1 done").await;
    assert_eq!(chat.count("This message is already"), 5, "the last edit asks for what is made");
    world.telegram.edits(GROUP, asked, "/retry 1");
    chat.says("/list");
    chat.hears("Your tasks, newest first").await;
    world.telegram.edits(GROUP, asked, "/submit Something else");
    chat.hears("This message already made #1, which is done. To have the new text done, send it as a new message.").await;
    assert_eq!(world.summary().await.total, 1);
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_message_that_first_becomes_a_command_by_an_edit_counts() {
    let world = World::starts().await;
    let chat = world.telegram_group(GROUP, ANN);
    let plain = world.telegram.says(GROUP, id(ANN), "submit Count the ships");
    world.telegram.edits(GROUP, plain, "/submit@legwork_demo_bot Count the ships");
    chat.hears("#1 done").await;
    let other = world.telegram.says(GROUP, id(ANN), "/submit@another_bot Count the boats");
    world.telegram.edits(GROUP, other, "/submit@another_bot Count the boats again");
    all_taken(&world).await;
    assert_eq!(world.summary().await.total, 1);
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_to_any_message_of_a_task_names_it() {
    let world = World::starts().await;
    let chat = world.telegram_group(GROUP, ANN);
    world.telegram.know_rich_messages(false);
    world.model.next_reply("word ".repeat(1500).as_str());
    chat.says("/submit Count the words");
    chat.hears("#1 done").await;
    chat.says("/status 1");
    chat.hears("#1 done ... Notice").await;
    chat.says("/result 1");
    world.until("the result is there twice", |_| chat.count("#1 (2/2):") == 2).await;
    chat.says("/cancel 1");
    chat.hears("#1 had already finished (done)").await;
    world.settles().await;
    let all: Vec<_> = world.telegram.said(GROUP).iter().map(|message| message.id).collect();
    assert!(all.len() >= 8, "a card, a result of two parts, an end, and three answers, one of two parts: {all:?}");
    for part in all {
        let before = chat.count("#1 had already finished (done)");
        world.telegram.replies(GROUP, id(ANN), part, "/cancel");
        world.until("the reply is understood", |_| chat.count("#1 had already finished (done)") == before + 1).await;
    }
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_to_ones_own_command_names_the_task_it_made() {
    let world = World::starts().await;
    world.model.hold();
    let chat = world.telegram_group(GROUP, ANN);
    let asked = world.telegram.says(GROUP, id(ANN), "/submit Count the ships");
    chat.hears("#1 running").await;
    world.telegram.replies(GROUP, id(ANN), asked, "/cancel");
    chat.hears("#1 cancelled after").await;
    world.model.release();
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anonymous_administrator_sees_and_cancels_everybodys_tasks() {
    let world = World::starts().await;
    world.model.hold();
    let chat = world.telegram_group(GROUP, ANN);
    chat.says("/submit Count the ships");
    chat.hears("#1 running").await;
    world.telegram.says_as_group(GROUP, "/list all");
    let user = format!("#1 running for ... asked by User {ANN} (telegram:{ANN}): Count the ships");
    chat.hears(&user).await;
    world.telegram.says_as_group(GROUP, "/cancel 1");
    chat.hears("#1 cancelled by an admin").await;
    world.model.release();
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_names_somebody_elses_task_by_replying_to_it() {
    let world = World::starts().await;
    world.model.hold();
    let chat = world.telegram_group(GROUP, ANN);
    chat.says("/submit Count the ships");
    let card = chat.hears("#1 running").await;
    world.telegram.set_admins(GROUP, &[id(BOB)]);
    world.telegram.replies(GROUP, id(BOB), id(card.id), "/status");
    chat.hears("#1 running for ... Asked: Count the ships").await;
    assert_eq!(world.telegram.calls("getChatMember"), 1);
    // Without a task it is about one's own, and rights do not matter.
    world.telegram.says(GROUP, id(ANN), "/status");
    chat.hears("Your active tasks: ... #1 running").await;
    assert_eq!(world.telegram.calls("getChatMember"), 1);
    world.model.release();
    chat.hears("#1 done").await;
    world.closes().await;
}

fn place(chat: &Chat<'_>) -> i64 {
    chat.channel().trim_start_matches("telegram:").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_becomes_a_supergroup_takes_its_tasks_along() {
    let world = World::starts().await;
    world.model.hold();
    let chat = world.telegram_group(GROUP, ANN);
    chat.says("/submit Count the ships");
    chat.hears("#1 running").await;
    let there = world.telegram.migrate(GROUP);
    all_taken(&world).await;
    let chat = world.telegram_group(there, ANN);
    world.telegram.set_admins(there, &[id(ANN)]);
    chat.says("/list all");
    chat.hears("Tasks of this channel ... #1 running").await;
    world.model.release();
    chat.hears("Result of #1").await;
    chat.hears("#1 done").await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_greeted_in_words_and_strangers_get_none() {
    let world = World::with(|config| {
        config.access.open = false;
        config.access.people = vec![format!("telegram:{ANN}").parse().unwrap()];
    })
    .await;
    world.telegram.lets_in(GROUP, id(BOB));
    world.telegram.lets_in(GROUP - 1, id(ANN));
    world.telegram_group(GROUP - 1, ANN).hears("Hello! ... /submit ... /help").await;
    assert_eq!(world.telegram_group(GROUP, ANN).sees(), []);
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flag_without_its_value_is_refused_with_what_it_wants() {
    let world = World::starts().await;
    let chat = world.telegram(ANN);
    chat.says("/submit --to");
    chat.hears("After --to comes a channel, like telegram:123 or discord:456, or me. Nothing was queued.").await;
    chat.says("/submit --timeout");
    chat.hears("After --timeout comes a time from 1s to 24h").await;
    assert_eq!(world.summary().await.total, 0);
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prompt_that_an_app_cuts_into_messages_is_one_task_with_all_of_it() {
    let world = World::starts().await;
    let chat = world.telegram(ANN);
    let prompt = (0..1200).map(|word| format!("word{word}")).collect::<Vec<_>>().join(" ");
    let text = format!("/submit {prompt}");
    let parts: Vec<&str> = text.as_bytes().chunks(4096).map(|part| std::str::from_utf8(part).unwrap()).collect();
    assert_eq!(parts.len(), 3);
    for part in parts {
        chat.says(part);
    }
    chat.hears("#1 done").await;
    chat.says("/status");
    chat.hears("You have no active task").await;
    let calls = world.model.calls();
    assert_eq!((calls.len(), calls[0].prompt.as_str()), (1, prompt.as_str()));
    assert_eq!((world.summary().await.total, chat.count("To hand over a task")), (1, 0));
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_waits_for_a_prompt_that_may_go_on() {
    let world = World::starts().await;
    let (ann, bob) = (world.telegram(ANN), world.telegram(BOB));
    ann.says("/list");
    bob.says(&format!("/submit {}", "word ".repeat(500)));
    ann.hears("Your tasks: none here").await;
    bob.hears("#1 done").await;
    let first_to = |person| {
        let to = |request: &Value| request["chat_id"] == id(person);
        world.telegram.requests("sendMessage").into_iter().find(|(_, request)| to(request)).unwrap().0
    };
    let between = first_to(BOB) - first_to(ANN);
    assert!(between >= Duration::from_millis(650), "both were held back: {between:?}");
    assert_eq!(ann.count("Your tasks"), 1);
    world.closes().await;
}
