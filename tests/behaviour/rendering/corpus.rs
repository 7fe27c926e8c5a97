//! The documents: those in files, and those that are better made than kept.

use std::path::{Path, PathBuf};

use legwork::domain::frame::Frame;

/// A document and its name.
pub struct Document {
    pub name: String,
    pub text: String,
}

/// The folder of this test.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/behaviour/rendering")
}

/// All documents, in order of their names.
pub fn documents() -> Vec<Document> {
    let read = std::fs::read_dir(folder().join("corpus")).unwrap();
    let mut documents: Vec<Document> = read
        .map(|entry| entry.unwrap().path())
        .map(|path| Document {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            text: std::fs::read_to_string(&path).unwrap(),
        })
        .chain(made())
        .collect();
    documents.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(documents.len() >= 60, "{}", documents.len());
    documents
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

fn made() -> Vec<Document> {
    let line = |at: usize| format!("    let value_{at} = compute({at}, \"a text\"); // line {at}\n");
    let code: String = (0..200).map(line).collect();
    let paragraph = |at: usize| format!("Paragraph {at}. {}\n\n", "It says something, at some length. ".repeat(at % 9 + 1));
    let chapter = |at: usize| format!("## Chapter {at}\n\n{}- item {at}\n- **item** {}\n\n", paragraph(at), at + 1);
    let until = |length: usize, piece: &dyn Fn(usize) -> String| {
        let mut text = String::new();
        for at in 0.. {
            if text.len() >= length {
                break;
            }
            text.push_str(&piece(at));
        }
        text
    };
    let documents = [
        ("made_fence_10000", format!("Code:\n\n```rust\n{code}```\n\nThat was it.")),
        ("made_fence_10000_one_line", format!("```json\n{}\n```", "{\"a\":1},".repeat(1250))),
        (
            "made_fence_10000_in_quote",
            format!("> ```\n{}> ```", lines(200, |at| format!("> line {at} of a quotation, said at length\n"))),
        ),
        ("made_12000", until(12_000, &chapter)),
        ("made_30000", until(30_000, &paragraph)),
        ("made_60000", until(60_000, &chapter)),
        ("made_60000_one_paragraph", until(60_000, &|at| format!("word{at} "))),
        ("made_60000_cjk", "漢字かな交じり文。".repeat(6700)),
        (
            "made_60000_table",
            format!("| n | text |\n|--:|---|\n{}", lines(1500, |at| format!("| {at} | the row of number {at} |\n"))),
        ),
        ("made_emoji_9000", "👩‍👩‍👧‍👦🏳️‍🌈👍🏽".repeat(400)),
        ("made_combining_9000", "e\u{301}\u{323}o\u{308}".repeat(1500)),
    ];
    documents.into_iter().map(|(name, text)| Document { name: name.to_owned(), text }).collect()
}

/// The words around a result.
pub fn frame() -> Frame {
    Frame {
        preface: String::new(),
        heading: "Result of #42".to_owned(),
        again: "#42".to_owned(),
        file_name: "task-42.md".to_owned(),
        empty: "(empty)".to_owned(),
        see_file: "The text goes on; all of it is in the file task-42.md.".to_owned(),
    }
}
