//! How every document of the corpus looks in every form. `LEGWORK_GOLDEN=write` writes the files anew.

use std::fmt::Write as _;
use std::path::Path;

use legwork::adapters::{discord, telegram};

use super::corpus::{Document, documents, folder, frame};

/// Longer texts are kept as their beginnings, ends and lengths.
const WHOLE: usize = 1800;
/// Of more parts than this the first ones and the last are kept.
const PARTS: usize = 4;

#[test]
fn every_document_looks_as_it_did() {
    let writes = std::env::var("LEGWORK_GOLDEN").is_ok_and(|value| value == "write");
    let mut differing = Vec::new();
    for document in documents() {
        for (form, text) in
            [("telegram.txt", on_telegram(&document)), ("rich.html", rich(&document)), ("discord.md", on_discord(&document))]
        {
            let path = folder().join("golden").join(format!("{}.{form}", document.name));
            if writes {
                std::fs::write(&path, &text).unwrap();
            } else if std::fs::read_to_string(&path).unwrap_or_default() != text {
                differing.push(shown(&path, &text));
            }
        }
    }
    assert!(differing.is_empty(), "these look different; LEGWORK_GOLDEN=write accepts that:\n{}", differing.join("\n"));
}

fn shown(path: &Path, text: &str) -> String {
    format!("{} is now:\n{}", path.file_name().unwrap().to_string_lossy(), text.chars().take(1500).collect::<String>())
}

fn on_telegram(document: &Document) -> String {
    let rendered = telegram::render::render(&document.text, Some(&frame()));
    let mut text = String::new();
    let _written = writeln!(text, "{} parts", rendered.parts.len());
    let parts = kept(&rendered.parts).into_iter().map(|part| ("part", part));
    for (what, part) in parts.chain(rendered.preview.iter().map(|preview| ("beside the file", preview))) {
        let _written = writeln!(text, "=== {what}\n{}\n--- entities", shortened(&part.text));
        let units: Vec<u16> = part.text.encode_utf16().collect();
        for entity in part.entities.iter().take(40) {
            let covered = String::from_utf16(&units[entity.offset..entity.offset + entity.length]).unwrap();
            let _written = writeln!(
                text,
                "{:?} {}+{}: {:?}",
                entity.kind,
                entity.offset,
                entity.length,
                covered.chars().take(60).collect::<String>()
            );
        }
        let _written = writeln!(text, "{} entities", part.entities.len());
    }
    let plain: Vec<_> = rendered.parts.iter().zip(&rendered.plain).filter(|(part, plain)| part.text != **plain).collect();
    for (part, plain) in kept(&plain) {
        let _written =
            writeln!(text, "=== without entities, as {} units\n{}", part.text.encode_utf16().count(), shortened(plain));
    }
    text
}

fn rich(document: &Document) -> String {
    match telegram::render::render(&document.text, Some(&frame())).rich {
        None => "(not as a rich message)\n".to_owned(),
        Some(rich) => format!("{}\n{} units, {} blocks\n", shortened(&rich.html), rich.length, rich.blocks),
    }
}

fn on_discord(document: &Document) -> String {
    let rendered = discord::render::render(&document.text, Some(&frame()));
    let mut text = String::new();
    let _written = writeln!(text, "{} parts", rendered.parts.len());
    for part in kept(&rendered.parts) {
        let _written = writeln!(text, "=== part\n{}", shortened(part));
    }
    if let Some(preview) = rendered.preview {
        let _written = writeln!(text, "=== beside the file\n{preview}");
    }
    text
}

fn kept<T>(parts: &[T]) -> Vec<&T> {
    let last = parts.len().saturating_sub(1);
    parts.iter().enumerate().filter(|(at, _)| *at + 1 < PARTS || *at == last).map(|(_, part)| part).collect()
}

fn shortened(text: &str) -> String {
    let count = text.chars().count();
    if count <= WHOLE {
        return text.to_owned();
    }
    let (head, tail): (String, String) = (text.chars().take(300).collect(), text.chars().skip(count - 300).collect());
    format!("{head}\n[... {count} characters ...]\n{tail}")
}
