//! How fast a result becomes messages: megabytes of Markdown a second for each form, beside parsing alone.
//!
//! `cargo bench --bench rendering` prints a table. A rendering is made again for every part that is sent, so what counts
//! is a whole result, cuts included.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it found")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use legwork::adapters::{discord, telegram};
use legwork::domain::frame::Frame;
use legwork::domain::markdown::parse;

/// How long each measurement goes on.
const LONG_ENOUGH: Duration = Duration::from_millis(700);

fn main() {
    let frame = Frame {
        preface: String::new(),
        heading: "Result of #42".to_owned(),
        again: "#42".to_owned(),
        file_name: "task-42.md".to_owned(),
        empty: "(empty)".to_owned(),
        see_file: "The text goes on; all of it is in the file task-42.md.".to_owned(),
    };
    let chapter = include_str!("../tests/behaviour/rendering/corpus/answer_typical.md");
    let code = format!("```rust\n{}```\n", "    let value = compute(1, \"a text\"); // a line\n".repeat(400));
    let prose = "A sentence of a long answer, with **one** bold word. ".repeat(1200);
    let texts = [
        ("a typical answer", chapter.to_owned()),
        ("60,000 characters of answers", chapter.repeat(60_000 / chapter.chars().count())),
        ("one paragraph of 63,000", prose),
        ("code of 18,000", code),
    ];
    println!("{:32} {:>9} {:>16} {:>16} {:>16}", "MB/s (times parsing)", "parse", "Telegram", "Discord", "all of a send");
    for (name, text) in &texts {
        let parsing = rate(text, |text| drop(black_box(parse(text))));
        let on_telegram = rate(text, |text| drop(black_box(telegram::render::render(text, Some(&frame)))));
        let on_discord = rate(text, |text| drop(black_box(discord::render::render(text, Some(&frame)))));
        let both = 1.0 / (1.0 / on_telegram + 1.0 / on_discord);
        let cell = |rate: f64| format!("{rate:8.2} ({:5.1})", parsing / rate);
        println!("{name:32} {parsing:9.2} {:>16} {:>16} {:>16}", cell(on_telegram), cell(on_discord), cell(both));
    }
}

/// Megabytes a second.
fn rate(text: &str, work: impl Fn(&str)) -> f64 {
    work(text);
    let (started, mut bytes) = (Instant::now(), 0_u64);
    while started.elapsed() < LONG_ENOUGH {
        work(text);
        bytes += text.len() as u64;
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate is read to two digits")]
    let megabytes = bytes as f64 / 1e6;
    megabytes / started.elapsed().as_secs_f64()
}
