//! Markup, understood or refused.

use std::fmt::Write;

use crate::simulator::telegram::message::Formatted;
use crate::simulator::telegram::{html, markdown};

fn shown(parsed: Result<Formatted, String>) -> String {
    match parsed {
        Err(reason) => format!("! {reason}"),
        Ok(formatted) => {
            let mut shown = format!("{:?}", formatted.text);
            for entity in &formatted.entities {
                write!(shown, " {}@{}+{}", entity.kind, entity.offset, entity.length).unwrap();
                for value in entity.extra.values() {
                    write!(shown, "={value}").unwrap();
                }
            }
            shown
        }
    }
}

#[test]
fn html() {
    let check = |input: &str, expected: &str| assert_eq!(shown(html::parse(input)), expected, "{input}");
    check("a &lt;b&gt; &amp; &#33;&copy; > c", r#""a <b> & !&copy; > c""#);
    check("<b>bold <i>both</i></b> 😀<u>u</u>", r#""bold both 😀u" italic@5+4 bold@0+9 underline@12+1"#);
    check("<pre><code class=\"language-rust\">fn</code></pre>", r#""fn" pre@0+2="rust""#);
    check("<a href='https://e.org/?a=1&amp;b=2'>x</a>", r#""x" text_link@0+1="https://e.org/?a=1&b=2""#);
    check("<blockquote expandable>q</blockquote>", r#""q" expandable_blockquote@0+1"#);
    check("<span class=\"tg-spoiler\">s</span><code></code>", r#""s" spoiler@0+1"#);
    check("x <b>y", "! Can't find end tag corresponding to start tag \"b\"");
    check("a < b", "! Unsupported start tag \"\" at byte offset 2");
    check("<h1>x</h1>", "! Unsupported start tag \"h1\" at byte offset 0");
    check("<b>x</i>", "! Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\"");
    check("x</b>", "! Unexpected end tag at byte offset 1");
    check("<b", "! Unclosed start tag \"b\" at byte offset 0");
    check("<span>x</span>", "! Tag \"span\" must have class \"tg-spoiler\" at byte offset 0");
}

#[test]
fn markdown_v2() {
    let check = |input: &str, expected: &str| assert_eq!(shown(markdown::parse_v2(input)), expected, "{input}");
    check(
        "*bold _both_* __u__ ~s~ ||p||",
        r#""bold both u s p" italic@5+4 bold@0+9 underline@10+1 strikethrough@12+1 spoiler@14+1"#,
    );
    check("1\\. \\*x\\*", r#""1. *x*""#);
    check("`a\\`.b` ```rust\nfn()\n```", r#""a`.b fn()\n" code@0+4 pre@5+5="rust""#);
    check("[x](https://e.org/\\))", r#""x" text_link@0+1="https://e.org/)""#);
    check(">one\n>two\nthree", r#""one\ntwo\nthree" blockquote@0+7"#);
    check("**>one\n>two||\nend", r#""one\ntwo\nend" expandable_blockquote@0+7"#);
    check("__a _b___", r#""a b" italic@2+1 underline@0+3"#);
    check("a-b", "! Character '-' is reserved and must be escaped with the preceding '\\'");
    check("*a", "! Can't find end of Bold entity at byte offset 0");
    check("`a", "! Can't find end of Code entity at byte offset 0");
    check("*a _b*", "! Can't find end of Italic entity at byte offset 3");
}

#[test]
fn old_markdown() {
    let check = |input: &str, expected: &str| assert_eq!(shown(markdown::parse_legacy(input)), expected, "{input}");
    check("*b* _i_ `c` [t](u) a.b-c", r#""b i c t a.b-c" bold@0+1 italic@2+1 code@4+1 text_link@6+1="u""#);
    check("snake\\_case", r#""snake_case""#);
    check("snake_case", "! Can't find end of the entity starting at byte offset 5");
}
