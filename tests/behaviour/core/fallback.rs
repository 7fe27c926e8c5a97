//! Where notices go when their channel does not take them: to the person alone, or after a chat that has moved.

use std::time::Duration;

use legwork::background::ports::{OutgoingMessage, Purpose, SendError};
use legwork::chat::inbound::Replies;
use legwork::domain::id::TaskNumber;
use legwork::domain::language::Language;
use legwork::domain::notice::{NoticeKind, NoticeState};

use crate::support::desk::Desk;

const GROUP: &str = "chat:-1";
const ANN: &str = "chat:ann";
const DIRECT: &str = "chat:7";

#[tokio::test(start_paused = true)]
async fn what_matters_goes_to_the_person_alone_and_says_where_it_was_meant_to_go() {
    let desk = Desk::open();
    desk.recorder.reaches(ANN, DIRECT);
    desk.recorder.refuses(GROUP, SendError::Undeliverable("the bot was removed from the chat".to_owned()));
    desk.submits(GROUP, ANN, "say x").await;
    desk.hears(DIRECT, "#1 done").await;
    let heard = desk.recorder.heard(DIRECT);
    assert_eq!(heard.len(), 2, "{heard:?}");
    let above = "Meant for chat:-1, which does not take it: the bot was removed from the chat.\n\n";
    assert_eq!(heard[0], format!("{}\nResult of #1:\n\nx", above.trim_end()));
    assert!(heard[1].starts_with(&format!("{above}#1 done")), "{heard:?}");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_reached_alone_either_ends_it() {
    let desk = Desk::open();
    desk.recorder.reaches(ANN, DIRECT);
    for channel in [GROUP, DIRECT] {
        desk.recorder.refuses(channel, SendError::Undeliverable("no".to_owned()));
    }
    desk.submits(GROUP, ANN, "say x").await;
    desk.submits(DIRECT, ANN, "say y").await;
    desk.settles().await;
    let counts = |number: u64| {
        let desk = &desk;
        async move {
            let notices = desk.ledger.notices_of(&desk.task(TaskNumber(number)).await.new.id).await.unwrap();
            assert!(notices.iter().all(|notice| matches!(notice.state, NoticeState::Undeliverable { .. })), "{notices:?}");
            notices.len()
        }
    };
    assert_eq!((counts(1).await, counts(2).await), (6, 4), "no fallback of a fallback, and none to the same place");
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_moved_is_followed_with_everything_that_is_owed_to_it() {
    let desk = Desk::open();
    desk.submits("chat:-1/3", ANN, "hold x").await;
    desk.hears("chat:-1/3", "#1 running").await;
    let moved = SendError::Moved { from: GROUP.parse().unwrap(), to: "chat:-100".parse().unwrap() };
    desk.recorder.refuses("chat:-1/3", moved.clone());
    desk.recorder.refuses(GROUP, moved);
    desk.runner.release();
    desk.hears("chat:-100/3", "#1 done").await;
    assert_eq!(desk.recorder.heard("chat:-100/3").len(), 2);
    let task = desk.task(TaskNumber(1)).await;
    assert_eq!(task.new.origin.channel, "chat:-100/3".parse().ok());
    let notices = desk.ledger.notices_of(&task.new.id).await.unwrap();
    assert!(notices.iter().all(|notice| matches!(notice.state, NoticeState::Delivered { .. })), "{notices:?}");
    let answer = OutgoingMessage::plain(
        GROUP.parse().unwrap(),
        Purpose::Answer { private: false },
        Language::En,
        "an answer".to_owned(),
        "k".to_owned(),
    );
    desk.outbox.say(answer);
    desk.hears("chat:-100", "an answer").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_day_of_failures_a_notice_is_given_up_with_its_reason() {
    let desk = Desk::open();
    desk.recorder.reaches(ANN, DIRECT);
    desk.recorder.refuses(GROUP, SendError::Unavailable("down".to_owned()));
    desk.submits(GROUP, ANN, "say x").await;
    desk.passes(Duration::from_hours(23)).await;
    let first = || async { desk.ledger.notices_of(&desk.task(TaskNumber(1)).await.new.id).await.unwrap().remove(0) };
    let owed = first().await;
    assert!(matches!(owed.state, NoticeState::Owed { .. }) && owed.kind == NoticeKind::Accepted);
    assert!(owed.tries > 100 && owed.tries < 160, "every ten minutes in the end: {}", owed.tries);
    desk.passes(Duration::from_hours(2)).await;
    let given_up = first().await;
    let said = "given up after 24 hours: the platform is not available: down";
    assert!(matches!(given_up.state, NoticeState::Undeliverable { reason, .. } if reason == said));
    desk.settles().await;
    assert_eq!(desk.recorder.heard(DIRECT), [""; 0], "a platform that is away is away for the person, too");
    desk.closes().await;
}
