//! Streams as real servers send them, and what must come of each; and properties that hold for every stream.

use proptest::prelude::*;

use crate::runner::decode::Turn;
use crate::runner::reading::{Broken, Reading};
use crate::runner::transport::Shape;

/// Chunks, one a line, as the body of a stream. `[DONE]` stands for itself.
fn body(chunks: &str) -> String {
    let lines = chunks.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.flat_map(|line| ["data: ", line, "\n\n"]).collect()
}

/// Reads bytes that come in these parts.
fn read<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Result<Turn, Broken> {
    let mut reading = Reading::new(Shape::Events);
    for part in parts {
        reading.feed(part)?;
        if reading.is_done() {
            break;
        }
    }
    if !reading.is_done() {
        reading.end()?;
    }
    Ok(reading.into_turn())
}

/// What came of a stream, on one line.
fn outcome(result: &Result<Turn, Broken>) -> String {
    match result {
        Err(broken) => format!("{broken:?}"),
        Ok(turn) => {
            let call = |call: &super::ToolCall| format!("{}#{}({})", call.name, call.id, call.arguments);
            let calls: Vec<String> = turn.calls.iter().map(call).collect();
            let mut parts = vec![format!("{:?}", turn.finish), format!("text={}", turn.text)];
            let optional = [("reasoning", &turn.reasoning), ("refusal", &turn.refusal), ("calls", &calls.join(" "))];
            for (name, value) in optional.into_iter().filter(|(_, value)| !value.is_empty()) {
                parts.push(format!("{name}={value}"));
            }
            parts.extend(turn.usage.map(|usage| format!("usage={}/{}", usage.input, usage.output)));
            parts.join(" ")
        }
    }
}

fn check(name: &str, chunks: &str, expected: &str) {
    assert_eq!(outcome(&read([body(chunks).as_bytes()])), expected, "{name}");
}

/// A chunk with one call's piece.
fn call(piece: &str) -> String {
    format!(r#"{{"choices":[{{"index":0,"delta":{{"tool_calls":[{piece}]}}}}]}}"#)
}

const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const CALLS: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#;
const HI: &str = r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"}}]}"#;

#[test]
fn text_streams_of_many_servers_give_their_text() {
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"#;
    check("plain with a usage frame", &format!("{HI}\n{STOP}\n{usage}\n[DONE]"), "Stop text=Hi usage=5/2");
    let azure = r#"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0}]}"#;
    check("first frame of Azure", &format!("{azure}\n{HI}\n{STOP}\n[DONE]"), "Stop text=Hi");
    let nulls = r#"{"created":1.5,"choices":[{"index":0,"delta":{"content":null},"finish_reason":"stop"}],"usage":null}"#;
    check("null usage and a float date", &format!("{HI}\n{nulls}\n[DONE]"), "Stop text=Hi");
    let odd = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"because"}]}"#;
    check("unknown finish", &format!("{HI}\n{odd}"), "Other(\"because\") text=Hi");
    let empty = r#"{"choices":[{"index":0,"delta":{"content":"!"},"finish_reason":""}]}"#;
    check("empty finish and [DONE]", &format!("{HI}\n{empty}\n[DONE]"), "Unsaid text=Hi!");
    check("empty finish without [DONE]", &format!("{HI}\n{empty}"), "Incomplete");
    let whole = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}]}"#;
    check("whole message in a stream", whole, "Stop text=Hello");
    check("whole message after its pieces", &format!("{HI}\n{whole}"), "Stop text=Hi");
    let list = r#"{"choices":[{"delta":{"content":"text","tool_calls":[]},"finish_reason":"stop"}]}"#;
    check("empty list of calls beside text", list, "Stop text=text");
    check("end of file in the middle", HI, "Incomplete");
    check("nothing at all", "", "Incomplete");
    check("nothing but [DONE]", "[DONE]", "Unsaid text=");
    check("whole without [DONE]", &format!("{HI}\n{STOP}"), "Stop text=Hi");
}

#[test]
fn reasoning_refusals_and_filters_are_told_apart_from_text() {
    let thought = r#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#;
    check("reasoning only", &format!("{thought}\n{STOP}\n[DONE]"), "Stop text= reasoning=hm");
    let alias = r#"{"choices":[{"delta":{"reasoning":"hm"}}]}"#;
    check("reasoning under another name", &format!("{alias}\n{HI}\n{STOP}"), "Stop text=Hi reasoning=hm");
    let both = r#"{"choices":[{"delta":{"reasoning":"hm","reasoning_content":"hm"}}]}"#;
    check("reasoning under both names", &format!("{both}\n{HI}\n{STOP}"), "Stop text=Hi reasoning=hm");
    let refusal = r#"{"choices":[{"delta":{"refusal":"I cannot."}}]}"#;
    check("refusal", &format!("{refusal}\n{STOP}\n[DONE]"), "Stop text= refusal=I cannot.");
    let filter = r#"{"choices":[{"delta":{},"finish_reason":"content_filter"}]}"#;
    check("content filter", &format!("{HI}\n{filter}\n[DONE]"), "ContentFilter text=Hi");
}

#[test]
fn pieces_of_tool_calls_are_put_together() {
    let cases: &[(&str, &[&str], &str)] = &[
        (
            "two whole calls with ids and no index (Gemini)",
            &[r#"{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":"{}"}}"#],
            "f#a({}) g#b({})",
        ),
        (
            "no index, no id",
            &[
                r#"{"function":{"name":"f","arguments":"{\"x\":"}}"#,
                r#"{"function":{"arguments":"1}"}}"#,
                r#"{"function":{"name":"g","arguments":"{}"}}"#,
            ],
            r#"f#({"x":1}) g#({})"#,
        ),
        (
            "two calls that both have index 0",
            &[
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#,
                r#"{"index":0,"function":{"arguments":":1}"}}"#,
                r#"{"index":0,"id":"b","function":{"name":"g","arguments":"{"}}"#,
                r#"{"index":0,"function":{"arguments":"}"}}"#,
            ],
            r#"f#a({"x":1}) g#b({})"#,
        ),
        (
            "interleaved",
            &[
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}"#,
                r#"{"index":1,"id":"b","function":{"name":"g","arguments":"["}}"#,
                r#"{"index":0,"function":{"arguments":"}"}},{"index":1,"function":{"arguments":"]"}}"#,
            ],
            "f#a({}) g#b([])",
        ),
        (
            "id and name repeated",
            &[
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}"#,
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":"}"}}"#,
            ],
            "f#a({})",
        ),
        (
            "empty id repeated",
            &[
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}"#,
                r#"{"index":0,"id":"","function":{"name":null,"arguments":"}"}}"#,
            ],
            "f#a({})",
        ),
        ("arguments as an object", &[r#"{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}}"#], r#"f#a({"x":1})"#),
        ("no arguments", &[r#"{"index":0,"id":"a","function":{"name":"f"}}"#], "f#a()"),
        ("null arguments", &[r#"{"index":0,"id":"a","function":{"name":"f","arguments":null}}"#], "f#a()"),
    ];
    for (name, pieces, expected) in cases {
        let chunks: Vec<String> = pieces.iter().map(|piece| call(piece)).collect();
        check(name, &format!("{}\n{CALLS}\n[DONE]", chunks.join("\n")), &format!("ToolCalls text= calls={expected}"));
    }
}

#[test]
fn cut_tool_calls_are_never_whole_unless_the_server_says_so() {
    let cut = call(r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x"}}"#);
    let whole = call(r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#);
    let length = r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#;
    check("cut though `tool_calls` (vLLM)", &format!("{cut}\n{CALLS}\n[DONE]"), r#"ToolCalls text= calls=f#a({"x)"#);
    check("length within a call", &format!("{cut}\n{length}\n[DONE]"), r#"Length text= calls=f#a({"x)"#);
    check("end of file after a whole call", &whole, "Incomplete");
}

#[test]
fn errors_within_a_stream_are_errors() {
    let provider =
        |status: &str, label: &str| format!("Stopped(Provider(ProviderError {{ status: {status}, label: \"{label}\", .. }}))");
    let cases = [
        (
            "OpenRouter",
            r#"{"id":"x","error":{"code":502,"message":"down"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#,
            provider("Some(502)", ""),
        ),
        ("list", r#"[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}]"#, provider("Some(429)", "RESOURCE_EXHAUSTED")),
        ("list within", r#"{"error":[{"code":"503"}]}"#, provider("Some(503)", "")),
        ("string", r#"{"error":"it broke: secret prompt"}"#, provider("None", "")),
        ("word for a code", r#"{"error":{"code":"rate_limit_exceeded","message":"m"}}"#, provider("None", "rate_limit_exceeded")),
        ("finish reason only", r#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#, provider("None", "")),
    ];
    for (name, chunk, expected) in cases {
        check(name, &format!("{HI}\n{chunk}\n[DONE]"), &expected);
    }
    check("null is no error", &format!("{HI}\n{{\"error\":null}}\n{STOP}"), "Stop text=Hi");
}

#[test]
fn three_chunks_that_are_not_json_are_too_many() {
    check("two", &format!("oops\n{HI}\n{{\n{STOP}"), "Stop text=Hi");
    check("three", &format!("oops\n{{\n{HI}\nundefined\n{STOP}"), "Garbage");
}

#[test]
fn every_part_of_an_answer_has_a_largest_size() {
    let many = |chunk: String, times: usize| [chunk.as_str()].repeat(times).join("\n");
    let long = "ab".repeat(5000);
    let text = format!(r#"{{"choices":[{{"delta":{{"content":"{long}"}}}}]}}"#);
    check("text", &many(text, 41), "Stopped(TooLarge(\"the text\"))");
    let reasoning = format!(r#"{{"choices":[{{"delta":{{"reasoning":"{}"}}}}]}}"#, long.repeat(5));
    check("reasoning", &many(reasoning, 21), "Stopped(TooLarge(\"the reasoning\"))");
    let arguments = call(&format!(r#"{{"index":0,"function":{{"name":"f","arguments":"{}"}}}}"#, long.repeat(5)));
    check("arguments", &many(arguments, 6), "Stopped(TooLarge(\"the arguments of a tool\"))");
    let calls: Vec<String> = (0..65).map(|n| call(&format!(r#"{{"index":{n},"id":"c{n}"}}"#))).collect();
    check("calls", &calls.join("\n"), "Stopped(TooLarge(\"the list of tool calls\"))");
}

#[test]
fn the_same_piece_a_hundred_times_is_a_loop_and_white_space_is_not() {
    let piece = |text: &str| format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}}}}]}}"#);
    let times = |text: &str, n: usize| vec![piece(text); n].join("\n");
    check("99", &format!("{}\n{STOP}", times("x", 99)), &format!("Stop text={}", "x".repeat(99)));
    check("100", &format!("{}\n{STOP}", times("x", 100)), "Stopped(Degenerate)");
    check("spaces", &format!("{}\n{STOP}", times(" ", 200)), &format!("Stop text={}", " ".repeat(200)));
}

#[test]
fn fields_a_server_wants_back_are_kept_and_joined() {
    let chunks = r#"{"choices":[{"delta":{"reasoning_content":"a","reasoning_details":[{"n":1}]}}]}
        {"choices":[{"delta":{"reasoning_content":"b","reasoning_details":[{"n":2}],"extra_content":{"k":1}}}]}
        {"choices":[{"delta":{"reasoning_content":"","unknown":1},"finish_reason":"stop"}]}"#;
    let turn = read([body(chunks).as_bytes()]).ok().unwrap();
    let expected = r#"{"extra_content":{"k":1},"reasoning_content":"ab","reasoning_details":[{"n":1},{"n":2}]}"#;
    assert_eq!(serde_json::to_string(&turn.echo).unwrap(), expected);
}

/// A good stream with everything in it: characters of several bytes, comments, all kinds of line ends.
fn good() -> Vec<u8> {
    let call = call(r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":\"ü\"}"}}"#);
    let text = r#"{"choices":[{"delta":{"content":"Grüße, 世界 👩‍👩‍👧\n"}}]}"#;
    let thought = r#"{"choices":[{"delta":{"reasoning":"Überlegung"}}]}"#;
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}"#;
    let first = "\u{feff}: PROCESSING\n\n";
    let middle = format!("data: {thought}\n\ndata:{text}\r\n\r\n: ping\r\revent: message\ndata: {call}\r\rdata: {CALLS}\n\n");
    format!("{first}{middle}data: {usage}\n\ndata: [DONE]\n\n").into_bytes()
}

proptest! {
    #[test]
    fn any_split_of_a_good_stream_gives_the_same_turn(cuts in prop::collection::vec(0_usize..700, 0..40)) {
        let good = good();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(good.len())).collect();
        cuts.sort_unstable();
        let ends = cuts.iter().copied().chain([good.len()]);
        let mut start = 0;
        let parts = ends.map(|end| { let part = &good[start..end]; start = end; part });
        prop_assert_eq!(outcome(&read(parts)), outcome(&read([good.as_slice()])));
    }
}

#[test]
fn every_single_byte_split_gives_the_same_turn() {
    let good = good();
    assert_eq!(outcome(&read(good.chunks(1))), outcome(&read([good.as_slice()])));
}

#[test]
fn no_cut_of_a_good_stream_is_a_success_with_less_than_the_whole_answer() {
    let good = good();
    let whole = read([good.as_slice()]).ok().unwrap();
    let finish = good.windows(13).position(|window| window == b"finish_reason").unwrap();
    for cut in 0..good.len() {
        match read([&good[..cut]]) {
            Ok(turn) => {
                assert!(cut > finish, "a cut at {cut} gave a success");
                let same = turn.text == whole.text && turn.calls == whole.calls && turn.reasoning == whole.reasoning;
                assert!(same, "a cut at {cut} lost a part");
            }
            Err(broken) => assert_eq!(broken, Broken::Incomplete, "cut at {cut}"),
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_at_all_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0_usize..600) {
        let mut noisy = good();
        let at = at.min(noisy.len());
        noisy.splice(at..at, bytes);
        let _turn = read([noisy.as_slice()]);
    }
}
