//! From `/submit` to the result.

use crate::conversations::conversation;
use crate::support::world::BOB;

conversation!(a_task_runs_from_acceptance_to_its_result, |world, chat| {
    world.model.hold();
    chat.says("/submit Compare the three offers");
    let accepted = chat.hears("#1 queued").await;
    assert_eq!(accepted.buttons, ["Cancel"]);
    chat.hears("#1 running").await;
    let started = tokio::time::Instant::now();
    world.until("typing shows", |_| chat.typing()).await;
    assert!(started.elapsed() < std::time::Duration::from_secs(2), "{:?}", started.elapsed());
    chat.says("/status 1");
    chat.hears("#1 running for ... Compare the three offers").await;
    world.model.release();
    let result = chat.hears("Result of #1 ... demo").await;
    let done = chat.hears("#1 done after ... tokens").await;
    assert!(result.id < done.id, "the result comes before the notice of its end");
    world.until("typing has ended", |_| !chat.typing()).await;
    world.settles().await;
    chat.says("/status 1");
    chat.hears(&format!("#1 done ... Used: ... tokens ... Notice “done” to {} ... delivered", chat.channel())).await;
});

conversation!(a_long_answer_arrives_whole, |world, chat| {
    chat.says("/submit words 2000");
    chat.hears("#1 done").await;
    let of = |heard: &&crate::support::chat::Heard| heard.text.starts_with("Result of #1:");
    let result = chat.sees().iter().find(of).cloned().unwrap();
    let result_length = result.text.len();
    // Where there is room it is one message, elsewhere a file with its beginning.
    let whole = match result.files.first() {
        None => result.text.clone(),
        Some((name, content)) => {
            assert_eq!(name, "task-1.md");
            assert!(result.text.ends_with("all of it is in the file task-1.md."), "{}", result.text);
            content.clone()
        }
    };
    assert!(whole.split_whitespace().count() >= 2000, "{whole}");
    chat.says("/result 1");
    world.until("it is there again", |_| chat.sees().iter().filter(of).count() == 2).await;
    let again = chat.sees().into_iter().rfind(|heard| heard.text.starts_with("Result of #1:")).unwrap();
    assert_eq!((again.text.len(), again.files), (result_length, result.files.clone()), "the same again");
});

conversation!(an_answer_of_some_length_arrives_in_parts_that_name_their_task, |_world, chat| {
    chat.says("/submit words 500");
    chat.hears("#1 done").await;
    let parts: Vec<_> = chat.sees().into_iter().map(|heard| heard.text).collect();
    let first = parts.iter().position(|text| text.starts_with("Result of #1")).unwrap();
    let last = parts.iter().position(|text| text.starts_with("#1 done")).unwrap();
    let words = parts[first..last].join(" ").split_whitespace().count();
    assert!(words >= 500, "{words} words");
    for (at, part) in parts[first..last].iter().enumerate().skip(1) {
        assert!(part.starts_with(&format!("#1 ({}/{}):", at + 1, last - first)), "{part}");
    }
});

conversation!(beyond_max_running_tasks_wait_and_say_their_place, |config| config.tasks.limits.max_running = 1, |world, chat| {
    world.model.hold();
    chat.says("/submit first");
    chat.hears("#1 running").await;
    chat.says("/submit second");
    chat.hears("#2 queued").await;
    chat.says("/submit third");
    chat.hears("#3 queued: 1 task is ahead of it").await;
    chat.says("/status 3");
    chat.hears("#3 queued: 1 task is ahead of it ... Asked: third").await;
    world.model.release();
    chat.hears("#3 done").await;
});

conversation!(
    beyond_max_queued_the_refusal_says_what_to_do,
    |config| {
        config.tasks.limits.max_running = 1;
        config.tasks.limits.max_queued = 1;
    },
    |world, chat| {
        world.model.hold();
        chat.says("/submit first");
        chat.hears("#1 running").await;
        chat.says("/submit second");
        chat.hears("#2 queued").await;
        chat.of(BOB).says("/submit third");
        chat.of(BOB).hears("The queue is full ... Nothing was queued; try again").await;
        world.model.release();
        chat.hears("#2 done").await;
        assert_eq!(world.summary().await.total, 2);
    }
);

conversation!(
    a_timeout_is_announced_and_frees_its_place,
    |config| {
        config.tasks.limits.max_running = 1;
        config.tasks.limits.timeout = std::time::Duration::from_secs(1);
    },
    |world, chat| {
        chat.says("/submit hang");
        chat.hears("#1 failed: timed_out ... /retry 1").await;
        chat.says("/submit quick");
        chat.hears("#2 done").await;
        world.until("the hanging call is gone", |world| world.model.running() == 0).await;
    }
);

conversation!(a_failing_model_is_tried_again, |world, chat| {
    chat.says("/submit status 500 times 1");
    chat.hears("#1 done").await;
    assert_eq!(world.model.calls().len(), 2);
});

conversation!(a_refused_key_says_so, |world, chat| {
    world.model.require_key("sk-another");
    chat.says("/submit anything");
    chat.hears("#1 failed: auth").await;
});
