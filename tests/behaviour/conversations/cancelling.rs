//! `/cancel` and the Cancel button.

use tokio::time::{Duration, Instant};

use legwork::simulator::telegram::{Fault, FaultKind};

use crate::conversations::conversation;
use crate::support::world::{ANN, BOB, World, id};

conversation!(a_cancel_drops_the_models_connection_within_a_second, |world, chat| {
    chat.says("/submit hang");
    chat.hears("#1 running").await;
    world.until("the model is asked", |world| world.model.running() == 1).await;
    let asked = Instant::now();
    chat.says("/cancel 1");
    world.until("the connection is gone", |world| world.model.running() == 0).await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    chat.hears("#1 cancelled after").await;
    world.until("typing has ended", |_| !chat.typing()).await;
});

conversation!(the_button_cancels_and_a_strangers_press_does_not, |world, chat| {
    world.model.hold();
    chat.says("/submit something");
    let accepted = chat.hears("#1 queued").await;
    chat.hears("#1 running").await;
    let refused = chat.of(BOB).presses(&accepted, "Cancel").await;
    assert!(refused.contains("#1 is not your task"), "{refused}");
    assert_eq!(world.summary().await.running, 1, "nothing has changed");
    let answer = chat.presses(&accepted, "Cancel").await;
    assert!(answer.contains("#1 cancelled after"), "{answer}");
    chat.hears("#1 cancelled after").await;
    world.model.release();
});

conversation!(a_strangers_command_is_refused, |world, chat| {
    world.model.hold();
    chat.says("/submit something");
    chat.hears("#1 running").await;
    for command in ["/cancel 1", "/status 1", "/result 1", "/retry 1"] {
        chat.of(BOB).says(command);
    }
    world.until("four refusals are there", |_| chat.of(BOB).count("#1 is not your task") == 4).await;
    world.model.release();
    chat.hears("#1 done").await;
});

conversation!(
    a_pending_task_is_cancelled_without_asking_the_model,
    |config| config.tasks.limits.max_running = 1,
    |world, chat| {
        world.model.hold();
        chat.says("/submit first");
        chat.hears("#1 running").await;
        chat.says("/submit second");
        let accepted = chat.hears("#2 queued").await;
        let answer = chat.presses(&accepted, "Cancel").await;
        assert!(answer.contains("#2 cancelled before it started"), "{answer}");
        chat.hears("#2 cancelled before it started").await;
        world.model.release();
        chat.hears("#1 done").await;
        assert_eq!(world.model.calls().len(), 1);
    }
);

conversation!(a_cancel_that_comes_too_late_says_so, |_world, chat| {
    chat.says("/submit quick");
    chat.hears("#1 done").await;
    chat.says("/cancel 1");
    chat.hears("#1 had already finished (done); nothing has changed").await;
});

conversation!(a_cancelled_task_can_be_retried_by_its_button, |world, chat| {
    world.model.hold();
    chat.says("/submit Something else");
    chat.hears("#1 running").await;
    chat.says("/cancel 1");
    world
        .until("the notice of the cancel is there", |_| {
            chat.sees().iter().any(|heard| heard.text.contains("#1 cancelled") && heard.buttons == ["Retry"])
        })
        .await;
    let cancelled = chat.sees().into_iter().find(|heard| heard.buttons == ["Retry"]).unwrap();
    for tap in ["the first", "the second"] {
        let answer = chat.presses(&cancelled, "Retry").await;
        assert!(answer.contains("#1 is queued again as #2"), "{tap}: {answer}");
    }
    chat.hears("#2 queued, a repeat of #1").await;
    world.model.release();
    chat.hears("#2 done").await;
    let answer = chat.presses(&cancelled, "Retry").await;
    assert!(answer.contains("#1 is queued again as #3"), "the repeat has ended: {answer}");
    chat.hears("#3 done").await;
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_asks_telegram_before_ones_own_task_is_cancelled() {
    const GROUP: i64 = -100_200;
    let world = World::starts().await;
    let chat = world.telegram_group(GROUP, ANN);
    world.model.hold();
    chat.says("/submit something");
    chat.hears("#1 running").await;
    world.telegram.fail(Fault::once("getChatMember", FaultKind::Hang));
    chat.says("/cancel 1");
    chat.hears("#1 cancelled after").await;
    assert_eq!(world.telegram.calls("getChatMember"), 0);
    // Whose rights could not be asked for is asked again the next time.
    chat.of(BOB).says("/status 1");
    chat.hears("#1 is not your task").await;
    world.telegram.set_admins(GROUP, &[1002]);
    chat.of(BOB).says("/status 1");
    chat.hears("Asked: something").await;
    world.model.release();
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_that_telegram_does_not_take_keeps_nobody_waiting() {
    let world = World::starts().await;
    let (ann, bob) = (world.telegram(ANN), world.telegram(BOB));
    world.model.hold();
    ann.says("/submit something");
    let card = ann.hears("#1 running").await;
    world.telegram.fail(Fault::once("answerCallbackQuery", FaultKind::Hang));
    let _press = world.telegram.presses(id(ANN), id(ANN), id(card.id), "Cancel").unwrap();
    ann.hears("#1 cancelled after").await;
    bob.says("/help");
    bob.hears("/submit").await;
    assert_eq!(world.telegram.calls("answerCallbackQuery"), 1, "the first try had ended before");
    world.model.release();
    world.closes().await;
}
