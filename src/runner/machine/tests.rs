//! Every row of what follows from an answer, with the state stored and read back before each step.

use crate::domain::failure::{Failure, FailureCode};
use crate::domain::usage::Usage;
use crate::runner::decode::tool_calls::ToolCall;
use crate::runner::decode::{Finish, Turn};
use crate::runner::machine::{Effect, Ending, Event, State, TRUNCATED, WRAP_UP, step, wrap_up};
use crate::runner::request::Message;

fn turn(finish: Finish, text: &str) -> Turn {
    Turn {
        text: text.to_owned(),
        reasoning: String::new(),
        refusal: String::new(),
        calls: Vec::new(),
        finish,
        usage: None,
        model: None,
        echo: serde_json::Map::new(),
    }
}

fn answered(turn: Turn) -> Event {
    Event::Answered { turn, usage: Usage { input: 10, output: 1, ..Usage::default() } }
}

fn said(finish: Finish, text: &str) -> Event {
    answered(turn(finish, text))
}

fn with_call(text: &str) -> Event {
    let call = ToolCall { id: "a".to_owned(), name: "f".to_owned(), arguments: String::new(), echo: serde_json::Map::new() };
    answered(Turn { calls: vec![call], ..turn(Finish::ToolCalls, text) })
}

fn failed(code: FailureCode, partial: &str) -> Event {
    let failure = Failure::new(code, "it failed");
    Event::CallFailed { failure, partial: partial.to_owned(), usage: Usage { input: 10, estimated: true, ..Usage::default() } }
}

/// Stores a state and reads it back.
fn stored(state: &State) -> State {
    let text = serde_json::to_string(state).unwrap();
    let back: State = serde_json::from_str(&text).unwrap();
    assert!(back == *state, "{text}");
    back
}

/// Plays events to the end and shows how it ended, with the number of calls.
fn play(events: Vec<Event>) -> (String, State) {
    let (mut state, mut effect) = step(State::new(vec![Message::user("question")]), Event::Started);
    for event in events {
        assert!(effect == Effect::CallModel, "it had ended before");
        (state, effect) = step(stored(&state), event);
        effect = serde_json::from_str(&serde_json::to_string(&effect).unwrap()).unwrap();
    }
    let calls = state.calls();
    let shown = match effect {
        Effect::CallModel => format!("calls again after {calls}"),
        Effect::Finish(Ending::Done(text)) => format!("done after {calls}: {text}"),
        Effect::Finish(Ending::Failed { failure, partial }) => format!("{} after {calls}: {partial}", failure.code),
    };
    (shown, state)
}

fn check(events: Vec<Event>, expected: &str) {
    assert_eq!(play(events).0, expected);
}

#[test]
fn an_answer_that_stopped_by_itself_is_the_result() {
    for finish in [Finish::Stop, Finish::Unsaid, Finish::Other("odd".to_owned()), Finish::ToolCalls] {
        check(vec![said(finish, "text")], "done after 1: text");
    }
}

#[test]
fn an_answer_cut_at_the_limit_is_continued_twice_and_then_marked() {
    let cut = |text| said(Finish::Length, text);
    check(vec![cut("a")], "calls again after 2");
    check(vec![cut("a"), said(Finish::Stop, "b")], "done after 2: ab");
    check(vec![cut("a"), cut("b"), said(Finish::Stop, "c")], "done after 3: abc");
    check(vec![cut("a"), cut("b"), cut("c")], &format!("done after 3: abc{TRUNCATED}"));
    check(vec![cut("a"), said(Finish::Stop, " ")], "done after 2: a");
    check(vec![cut("a"), said(Finish::Length, "")], &format!("done after 2: a{TRUNCATED}"));
    let (_, state) = play(vec![cut("a"), cut("b")]);
    let said: Vec<String> = state.messages().into_iter().map(|message| message.content).collect();
    assert_eq!((said.len(), &said[0], &said[1], &said[3]), (5, &"question".into(), &"a".into(), &"b".into()));
}

#[test]
fn an_empty_answer_gets_one_nudge() {
    let nothing = || said(Finish::Stop, " \n");
    check(vec![nothing()], "calls again after 2");
    check(vec![nothing(), said(Finish::Stop, "text")], "done after 2: text");
    check(vec![nothing(), nothing()], "empty after 2: ");
    check(vec![said(Finish::Length, ""), said(Finish::Length, "")], "empty after 2: ");
}

#[test]
fn tools_that_nobody_offered_get_one_nudge_and_then_the_text_counts() {
    check(vec![with_call("")], "calls again after 2");
    check(vec![with_call(""), said(Finish::Stop, "text")], "done after 2: text");
    check(vec![with_call(""), with_call("text")], "done after 2: text");
    check(vec![with_call(""), with_call("")], "empty after 2: ");
    check(vec![with_call("aside"), with_call("")], "done after 2: aside");
    check(vec![with_call("aside"), said(Finish::Stop, "text")], "done after 2: text");
    check(vec![with_call("aside"), failed(FailureCode::ProviderDown, "")], "provider_down after 2: aside");
}

#[test]
fn refusals_and_filters_keep_what_was_said() {
    let refusal = |text| answered(Turn { refusal: "No.".to_owned(), ..turn(Finish::Stop, text) });
    check(vec![refusal("")], "refused after 1: No.");
    check(vec![refusal("Well.")], "refused after 1: Well.\n\nNo.");
    check(vec![said(Finish::ContentFilter, "half")], "filtered after 1: half");
    check(vec![said(Finish::Length, "a"), said(Finish::ContentFilter, "b")], "filtered after 2: ab");
}

#[test]
fn a_failed_call_ends_the_run_with_all_text_so_far() {
    check(vec![failed(FailureCode::ProviderDown, "half")], "provider_down after 1: half");
    check(vec![said(Finish::Length, "a"), failed(FailureCode::OutputCap, "b")], "output_cap after 2: ab");
}

#[test]
fn a_model_in_circles_gets_one_repeat_of_the_same_question() {
    let circles = || failed(FailureCode::Degenerate, "xxx");
    let (shown, state) = play(vec![circles()]);
    assert_eq!((shown.as_str(), state.messages().len()), ("calls again after 2", 1));
    check(vec![circles(), said(Finish::Stop, "text")], "done after 2: text");
    check(vec![circles(), circles()], "degenerate after 2: xxx");
}

#[test]
fn all_calls_are_counted() {
    let (_, state) = play(vec![failed(FailureCode::Degenerate, ""), said(Finish::Length, "a"), said(Finish::Stop, "b")]);
    let usage = state.usage();
    assert_eq!((usage.input, usage.output, usage.estimated), (30, 2, true));
}

#[test]
fn no_order_of_answers_makes_more_than_five_calls() {
    let kinds: [fn() -> Event; 5] = [
        || said(Finish::Stop, ""),
        || said(Finish::Length, "a"),
        || with_call("b"),
        || failed(FailureCode::Degenerate, ""),
        || said(Finish::Length, ""),
    ];
    // All sequences of six such answers: every one must have ended by then.
    for mut order in 0..5_u32.pow(6) {
        let (mut state, mut effect) = step(State::new(Vec::new()), Event::Started);
        for _ in 0..6 {
            if effect == Effect::CallModel {
                (state, effect) = step(state, kinds[(order % 5) as usize]());
            }
            order /= 5;
        }
        assert!(effect != Effect::CallModel && state.calls() <= 5);
    }
}

#[test]
fn a_part_of_an_answer_is_wrapped_up_when_the_time_is_nearly_up() {
    let ended = |last: Event| {
        let (state, _) = step(State::new(vec![Message::user("question")]), Event::Started);
        let (state, _) = step(state, said(Finish::Length, "half"));
        let state = wrap_up(wrap_up(state));
        let asked = state.messages();
        assert_eq!((asked.len(), asked.last().map(|message| message.content.as_str())), (3, Some(WRAP_UP)));
        let (state, effect) = step(stored(&state), last);
        match effect {
            Effect::Finish(Ending::Failed { failure, partial }) => (failure.code, partial, state.calls()),
            _ => panic!("it goes on, or is done"),
        }
    };
    let timed_out = |text: &str| (FailureCode::TimedOut, text.to_owned(), 2);
    assert_eq!(ended(said(Finish::Stop, "Half is left.")), timed_out("half\n\nHalf is left."));
    assert_eq!(ended(said(Finish::Stop, " ")), timed_out("half"));
    assert_eq!(ended(failed(FailureCode::ProviderDown, "Ha")), timed_out("half\n\nHa"));
}

#[test]
fn a_question_without_any_answer_yet_is_asked_to_the_end() {
    let (state, _) = step(State::new(vec![Message::user("question")]), Event::Started);
    let (state, _) = step(wrap_up(state), said(Finish::Stop, ""));
    let (_, effect) = step(wrap_up(state), said(Finish::Stop, "text"));
    assert!(effect == Effect::Finish(Ending::Done("text".to_owned())));
}
