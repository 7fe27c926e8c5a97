//! Messages on their way: what is sent once, what may be tried again, what will never arrive, and what never shows.

use std::time::Duration;

use legwork::background::ports::{ChannelNotifier, Clock, OutgoingMessage, Purpose, SendError, TypingIndicator};
use legwork::chat::inbound::Reply;
use legwork::domain::text::Format;
use legwork::simulator::discord::{Fault, FaultKind};

use super::bench::{ADA, Bench, CHANNEL, TOKEN, cancel_button, notice};

const MESSAGES: &str = "POST /channels/{id}/messages";

fn fault(route: &str, kind: FaultKind) -> Fault {
    Fault { route: Some(route.to_owned()), times: 1, kind }
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_shown_once() {
    let bench = Bench::idle().await;
    bench.server.fail(fault(MESSAGES, FaultKind::CutAfter));
    let message = notice("n1", "#1 is done");
    let lost = bench.sends(&message).await;
    assert!(matches!(lost, Err(SendError::Unknown(_))), "{lost:?}");
    let in_flight_since = Some(bench.clock.now());
    let sent = bench.sends(&OutgoingMessage { in_flight_since, ..message }).await.expect("sent");
    let shown = bench.server.messages(CHANNEL);
    assert_eq!((shown.len(), shown[0].text.as_str()), (1, "#1 is done"));
    assert_eq!(sent.message.as_str(), shown[0].id.to_string());
    bench.end_well().await;
}

#[tokio::test]
async fn a_message_whose_key_may_be_forgotten_says_so() {
    let bench = Bench::idle().await;
    let in_flight_since = Some(bench.clock.now());
    bench.clock.put_forward(chrono::Duration::minutes(2));
    bench.sends(&OutgoingMessage { in_flight_since, ..notice("n1", "#1 is done") }).await.expect("sent");
    assert_eq!(bench.texts(), ["#1 is done\n(may be a duplicate)"]);
    bench.end_well().await;
}

#[tokio::test]
async fn parts_have_keys_of_their_own() {
    let bench = Bench::idle().await;
    let message = OutgoingMessage { buttons: vec![cancel_button(1)], ..notice("n1", &"word ".repeat(600)) };
    for part in [0, 0, 1, 1] {
        let sent = bench.notifier.send(&message, part).await.expect("sent");
        assert_eq!(sent.more, part == 0);
    }
    let shown = bench.server.messages(CHANNEL);
    assert_eq!(shown.iter().map(|message| message.buttons.len()).collect::<Vec<_>>(), [0, 1]);
    let beyond = bench.notifier.send(&message, 2).await;
    assert!(matches!(beyond, Err(SendError::Undeliverable(_))), "{beyond:?}");
    bench.end_well().await;
}

#[tokio::test]
async fn a_limit_is_passed_on_exactly_and_then_known() {
    let bench = Bench::idle().await;
    bench.server.fail(fault(MESSAGES, FaultKind::RetryAfter(64.57, false)));
    assert_eq!(bench.sends(&notice("n1", "one")).await, Err(SendError::RetryAfter(Duration::from_millis(64_570))));
    let again = bench.sends(&notice("n1", "one")).await;
    assert!(matches!(again, Err(SendError::RetryAfter(wait)) if wait > Duration::from_mins(1)), "{again:?}");
    assert_eq!(bench.server.calls(MESSAGES), 1, "a request that is known to be refused is not made");
    let elsewhere = OutgoingMessage { channel: "discord:501".parse().expect("a channel"), ..notice("n1", "one") };
    bench.server.channel(501);
    assert!(bench.sends(&elsewhere).await.is_ok(), "other channels have limits of their own");
    bench.server.fail(fault(MESSAGES, FaultKind::RetryAfter(30.0, true)));
    assert_eq!(
        bench.sends(&OutgoingMessage { key: "n2".to_owned(), ..elsewhere }).await,
        Err(SendError::RetryAfter(Duration::from_secs(30)))
    );
    let typing = bench.typing.show_typing(&"discord:502".parse().expect("a channel")).await;
    assert!(matches!(typing, Err(SendError::RetryAfter(_))), "a global limit is for everything: {typing:?}");
    bench.end().await;
}

#[tokio::test]
async fn a_spent_bucket_is_not_overdrawn() {
    let bench = Bench::idle().await;
    bench.server.enforce_limits(true);
    let mut waits = 0;
    for number in 0..6 {
        match bench.sends(&notice(&format!("n{number}"), "one more")).await {
            Ok(_) => {}
            Err(SendError::RetryAfter(_)) => waits += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((bench.texts().len(), waits), (5, 1));
    bench.end_well().await;
}

#[tokio::test]
async fn a_channel_that_takes_nothing_says_why() {
    let bench = Bench::idle().await;
    let why = |result| match result {
        Err(SendError::Undeliverable(why)) => why,
        other => panic!("{other:?}"),
    };
    bench.server.forbid(CHANNEL);
    assert_eq!(why(bench.sends(&notice("n1", "x")).await), "the bot may not write in this chat");
    bench.server.hide(CHANNEL);
    assert_eq!(why(bench.sends(&notice("n1", "x")).await), "the bot has no access to the channel");
    bench.server.delete_channel(CHANNEL);
    assert_eq!(why(bench.sends(&notice("n1", "x")).await), "the channel does not exist any more");
    let elsewhere = OutgoingMessage { channel: "telegram:1".parse().expect("a channel"), ..notice("n1", "x") };
    assert_eq!(why(bench.sends(&elsewhere).await), "telegram:1 is not a Discord channel");
    bench.end_well().await;
}

#[tokio::test]
async fn where_the_bot_is_no_member_the_interaction_speaks() {
    let bench = Bench::ready().await;
    bench.inbox.answers(Reply::Owed);
    bench.server.hide(CHANNEL);
    let id = bench.runs("submit", &[("prompt", "count the ships")]);
    bench.until("heard", |bench| bench.inbox.heard().len() == 1).await;
    let reply = Some(bench.inbox.heard()[0].reply.clone());
    let answer =
        OutgoingMessage { purpose: Purpose::Answer { private: false }, reply: reply.clone(), ..notice("n1", "#1 is queued") };
    bench.sends(&answer).await.expect("the answer");
    let done = OutgoingMessage { reply, ..notice("n2", "#1 is done") };
    bench.sends(&done).await.expect("a follow-up");
    let interaction = bench.server.interaction(id).expect("an interaction");
    assert_eq!(interaction.followups.len(), 1);
    bench.clock.put_forward(chrono::Duration::minutes(14));
    assert!(matches!(bench.sends(&done).await, Err(SendError::Undeliverable(_))));
    bench.end_well().await;
}

#[tokio::test]
async fn trouble_on_the_way_is_told_apart() {
    let bench = Bench::idle().await;
    let mut result = Vec::new();
    for kind in [
        FaultKind::Status(500, 0, "oops".to_owned()),
        FaultKind::NotJson(502),
        FaultKind::NotJson(503),
        FaultKind::NotJson(404),
        FaultKind::CutBefore,
        FaultKind::CutAfter,
    ] {
        bench.server.fail(fault(MESSAGES, kind));
        result.push(match bench.sends(&notice("n1", "x")).await {
            Err(SendError::Unavailable(_)) => "unavailable",
            Err(SendError::Unknown(_)) => "unknown",
            _ => "other",
        });
    }
    assert_eq!(result, ["unknown", "unknown", "unavailable", "unavailable", "unknown", "unknown"]);
    bench.end().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let bench = Bench::idle().await;
    let notifier = bench.notifier.clone();
    bench.end().await;
    let result = notifier.send(&notice("n1", "x"), 0).await;
    assert!(matches!(result, Err(SendError::Unavailable(_))), "{result:?}");
}

#[tokio::test]
async fn only_what_a_model_wrote_is_markup() {
    let bench = Bench::idle().await;
    let plain = notice("n1", "#1 running: make it **bold**, see [this](https://evil.example)\n# big");
    bench.sends(&plain).await.expect("sent");
    bench.sends(&OutgoingMessage { key: "n2".to_owned(), format: Format::Markdown, ..plain.clone() }).await.expect("sent");
    let texts: Vec<String> = bench.server.messages(CHANNEL).into_iter().map(|message| message.text).collect();
    let escaped = "#1 running: make it \\*\\*bold\\*\\*, see \\[this](https://evil.example)\n\\# big";
    let written = "› #1 running: make it **bold**, see [this](<https://evil.example>)\n\n# big";
    assert_eq!(texts, [escaped, written]);
    bench.end_well().await;
}

#[tokio::test]
async fn nothing_pings_and_nothing_unfolds() {
    let bench = Bench::ready().await;
    let text = "@everyone @here <@77> <@&9> https://example.org";
    for command in ["submit", "status"] {
        let options: &[_] = if command == "submit" { &[("prompt", "x")] } else { &[] };
        bench.inbox.answers(super::bench::say(text));
        bench.answer(bench.runs(command, options)).await;
    }
    bench.inbox.answers(super::bench::whisper(text));
    bench.runs("submit", &[("prompt", "x")]);
    bench.until("whispered", |bench| bench.server.messages(CHANNEL).len() == 3).await;
    bench.inbox.allows_all(false);
    bench.answer(bench.runs("help", &[])).await;
    bench.sends(&notice("n1", text)).await.expect("sent");
    let literally = r"@everyone @here \<@77> \<@&9> https://example.org";
    assert!(bench.server.messages(CHANNEL).iter().all(|message| message.text == literally));
    bench.sends(&OutgoingMessage { format: Format::Markdown, ..notice("n2", text) }).await.expect("sent");
    let apart = "@\u{2060}everyone @\u{2060}here \\<\u{2060}@77> \\<\u{2060}@&9> <https://example.org>";
    assert_eq!(bench.server.messages(CHANNEL).last().expect("a message").text, apart);
    assert_eq!(bench.server.last_request(MESSAGES).expect("a request")["flags"], 4);
    bench.end_well().await;
}

#[tokio::test]
async fn typing_shows() {
    let bench = Bench::idle().await;
    let again = bench.typing.show_typing(&format!("discord:{CHANNEL}").parse().expect("a channel")).await;
    assert_eq!(again, Ok(Duration::from_secs(8)));
    assert!(bench.server.is_typing(CHANNEL));
    bench.end_well().await;
}

#[tokio::test]
async fn a_refused_token_stops_all_requests() {
    let bench = Bench::idle_with("MTAwMA.other.token", Vec::new()).await;
    for _ in 0..3 {
        let refused = bench.sends(&notice("n1", "x")).await;
        assert_eq!(refused, Err(SendError::Unavailable("Discord does not accept the token".to_owned())));
    }
    assert_eq!(bench.server.calls(MESSAGES), 1);
    bench.end().await;
}

#[tokio::test]
async fn tokens_and_ids_show_nowhere() {
    let bench = Bench::ready().await;
    bench.inbox.answers(Reply::Owed);
    let id = bench.runs("submit", &[("prompt", "count the ships")]);
    bench.until("heard", |bench| bench.inbox.heard().len() == 1).await;
    let inbound = bench.inbox.heard().remove(0);
    let secret = bench.server.interaction(id).expect("an interaction").event["token"].as_str().expect("a token").to_owned();
    assert!(inbound.reply.0.contains(&secret));
    let mut said = vec![format!("{inbound:?}")];
    let edit = "PATCH /webhooks/{app}/{token}/messages/@original";
    for kind in [
        FaultKind::CutBefore,
        FaultKind::CutAfter,
        FaultKind::NotJson(503),
        FaultKind::Status(400, 50_035, "bad".to_owned()),
        FaultKind::Status(404, 0, "404".to_owned()),
        FaultKind::RetryAfter(1.0, false),
    ] {
        bench.server.fail(fault(edit, kind.clone()));
        bench.server.fail(fault(MESSAGES, kind));
        let purpose = Purpose::Answer { private: false };
        let answer = OutgoingMessage { purpose, reply: Some(inbound.reply.clone()), ..notice("n1", "x") };
        for result in [bench.sends(&answer).await, bench.sends(&notice("n1", "x")).await] {
            let error = result.expect_err("a fault");
            said.push(format!("{error} {error:?}"));
        }
    }
    said.push(bench.metrics.encode().expect("metrics"));
    let said = said.join("\n");
    for secret in [TOKEN, &secret, "127.0.0.1"] {
        assert!(!said.contains(secret), "{secret} shows in {said}");
    }
    let metrics = bench.metrics.encode().expect("metrics");
    for hidden in [CHANNEL, ADA, id, bench.server.application_id()] {
        assert!(!metrics.contains(&hidden.to_string()), "{hidden} shows in {metrics}");
    }
    assert!(metrics.contains("method=\"POST /channels/{channel}/messages\""), "{metrics}");
    bench.end().await;
}
