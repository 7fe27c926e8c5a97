//! The tree and its parts.

use super::{Block, Inline, Item, List, Measure, Size, parse, plain, split};

/// Counts characters of what a reader reads, and one mark for each block.
struct Letters;

fn letters(block: &Block) -> usize {
    let cell = |cell: &Vec<Inline>| plain(cell).chars().count() + 1;
    match block {
        Block::Paragraph(text) | Block::Heading { text, .. } => plain(text).chars().count(),
        Block::List(list) => list.items.iter().map(|item| 2 + item.blocks.iter().map(letters).sum::<usize>()).sum(),
        Block::Quote(blocks) => 2 + blocks.iter().map(letters).sum::<usize>(),
        Block::Fence { language, code } => code.chars().count() + language.len() + 8,
        Block::Table(table) => table.head.iter().map(cell).sum::<usize>() + table.rows.iter().flatten().map(cell).sum::<usize>(),
        Block::Rule => 3,
    }
}

impl Measure for Letters {
    fn size(&self, block: &Block) -> Size {
        Size { units: letters(block), marks: 1 }
    }

    fn glue(&self) -> Size {
        Size { units: 2, marks: 0 }
    }
}

fn parts(markdown: &str, units: usize) -> Vec<Vec<Block>> {
    split(parse(markdown), &Letters, Size { units, marks: 100 })
}

fn text(text: &str) -> Block {
    Block::Paragraph(vec![Inline::text(text)])
}

#[test]
fn html_and_unknown_markup_is_text() {
    assert_eq!(parse("a <b>b</b> &amp; c"), [text("a <b>b</b> & c")]);
    let Block::Paragraph(lines) = &parse("<div>\nx\n</div>")[0] else { panic!("a paragraph") };
    assert_eq!(plain(lines), "<div>\nx\n</div>");
}

#[test]
fn nothing_is_lost_that_a_reader_would_want() {
    let all = |markdown: &str| format!("{:?}", parse(markdown));
    assert!(all("[note]: https://a.example\n").contains("[note]: "), "a definition that nothing uses");
    assert!(!all("[note]\n\n[note]: https://a.example\n").contains("[note]:"));
    assert!(all("|a|b|\n|-|-|\n|1|2|three|four|").contains("four"), "cells beyond the last column");
    assert!(all("```what is this\nx\n```").contains("is this"), "words behind the language");
    assert!(all("x[^1]\n\n[^1]: below").contains("[1] "), "footnotes");
    assert!(all("---\ntitle: x\n---\n\ntext").contains("title: x"), "front matter");
}

#[test]
fn addresses_become_links_without_the_punctuation_around_them() {
    let link = |url: &str| Inline::Link { url: url.to_owned(), text: vec![Inline::text(url)] };
    let Block::Paragraph(text) = &parse("see (https://a.example/x_(y)_z), or HTTP://b.example.")[0] else { panic!() };
    let expected = [
        Inline::text("see ("),
        link("https://a.example/x_(y)_z"),
        Inline::text("), or "),
        link("HTTP://b.example"),
        Inline::text("."),
    ];
    assert_eq!(text, &expected);
}

#[test]
fn sums_of_money_are_no_formulas() {
    assert_eq!(parse("$5-$6"), [text("$5-$6")]);
    assert_eq!(parse("$a_1$"), [Block::Paragraph(vec![Inline::Math { display: false, source: "a_1".to_owned() }])]);
}

#[test]
fn a_line_that_begins_like_a_notice_is_marked() {
    for spoof in ["#7 done after 3 s", "**#7 done**", "x\n#7 done", "\u{200b}#7 done", "**x\n#7 done**", "> #7 done"] {
        let blocks = format!("{:?}", parse(spoof));
        assert!(blocks.contains('›'), "{spoof}: {blocks}");
    }
    for harmless in ["see #7", "#hash", "# 7 reasons"] {
        assert!(!format!("{:?}", parse(harmless)).contains('›'), "{harmless}");
    }
}

#[test]
fn depth_is_bounded_and_nothing_is_lost_by_it() {
    let deep = format!("{}deep", ">".repeat(5000));
    assert!(format!("{:?}", parse(&deep)).contains("deep"));
    let item = |depth: usize| format!("{}- item{depth}", "  ".repeat(depth));
    let list = (0..40).map(item).collect::<Vec<_>>().join("\n");
    let blocks = format!("{:?}", parse(&list));
    assert!((0..40).all(|depth| blocks.contains(&format!("item{depth}"))), "{blocks}");
    assert!(!blocks.contains("item20item21"), "they stay apart: {blocks}");
}

#[test]
fn parts_end_between_blocks_and_a_heading_goes_with_its_text() {
    let got = parts("aaaa aaaa aaaa\n\n# head\n\nbbbb bbbb", 22);
    assert_eq!(got.len(), 2);
    assert_eq!(got[0], [text("aaaa aaaa aaaa")]);
    assert!(matches!(got[1].as_slice(), [Block::Heading { .. }, Block::Paragraph(_)]));
}

#[test]
fn a_fence_is_closed_and_opened_again_with_its_language() {
    let got = parts("```rust\none();\n  two();\nthree();\n```", 28);
    let fence = |code: &str| vec![Block::Fence { language: "rust".to_owned(), code: code.to_owned() }];
    assert_eq!(got, [fence("one();\n  two();"), fence("three();")]);
}

#[test]
fn a_table_repeats_its_head() {
    let got = parts("|h|k|\n|-|-|\n|1|2|\n|3|4|\n|5|6|", 12);
    assert_eq!(got.len(), 2);
    for part in &got {
        let [Block::Table(table)] = part.as_slice() else { panic!("{part:?}") };
        assert_eq!(plain(&table.head[0]), "h");
    }
}

#[test]
fn a_numbered_list_goes_on_counting() {
    let got = parts("3. aaaa\n4. bbbb\n5. cccc", 12);
    let item = |t: &str| Item { blocks: vec![text(t)], ..Item::default() };
    assert_eq!(got[0], [Block::List(List { start: Some(3), items: vec![item("aaaa"), item("bbbb")] })]);
    assert_eq!(got[1], [Block::List(List { start: Some(5), items: vec![item("cccc")] })]);
    let got = parts("1. aaaa aaaa aaaa aaaa\n2. b", 13);
    let Block::List(last) = &got[1][0] else { panic!("{got:?}") };
    assert!(last.items[0].continued && last.start == Some(2), "{got:?}");
}

#[test]
fn formatting_goes_on_after_a_cut() {
    let got = parts("**aaaa bbbb cccc**", 10);
    let bold = |t: &str| vec![Block::Paragraph(vec![Inline::Bold(vec![Inline::text(t)])])];
    assert_eq!(got.first(), Some(&bold("aaaa bbbb")), "{got:?}");
    assert_eq!(got.len(), 2);
}

#[test]
fn no_character_is_cut_in_two() {
    for units in 7..24 {
        let family = "👩‍👩‍👧";
        for part in parts(&family.repeat(9), units) {
            let Block::Paragraph(text) = &part[0] else { panic!() };
            assert_eq!(plain(text).replace(family, ""), "", "{units}");
        }
    }
}
