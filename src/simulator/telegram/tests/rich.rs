//! Rich messages, and what the platform does not take of them.

use serde_json::json;

use crate::simulator::telegram::tests::{ADA, World, raw};

async fn sent(world: &World, html: &str) -> String {
    let body = json!({ "chat_id": ADA, "rich_message": { "html": html, "skip_entity_detection": true } });
    let (_, answer) = raw(world, "sendRichMessage", body).await;
    answer["description"].as_str().unwrap_or("accepted").to_owned()
}

#[tokio::test]
async fn html_becomes_blocks() {
    let world = World::start().await;
    world.telegram.says(ADA, ADA, "/start");
    let html = "<p>a <b>b</b> &amp; c</p><ol start=\"3\"><li>x<ul><li><input type=\"checkbox\" checked>y</li></ul></li></ol>\
                <pre><code class=\"language-rust\">a  b</code></pre><hr/>";
    assert_eq!(sent(&world, html).await, "accepted");
    let message = world.telegram.said(ADA).pop().unwrap();
    let expected = json!([
        { "type": "paragraph", "text": ["a ", { "type": "bold", "text": "b" }, " & c"] },
        { "type": "list", "items": [{ "label": "3.", "value": 3, "blocks": [
            { "type": "paragraph", "text": "x" },
            { "type": "list", "items": [
                { "label": "•", "has_checkbox": true, "is_checked": true, "blocks": [{ "type": "paragraph", "text": "y" }] },
            ] },
        ] }] },
        { "type": "pre", "text": "a  b", "language": "rust" },
        { "type": "divider" },
    ]);
    assert_eq!(message.rich, Some(expected));
    assert_eq!(message.text, "a b & c\n\n3. x\n☑ y\n\na  b\n\n──────────");
    assert_eq!(world.telegram.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_noted() {
    let world = World::start().await;
    world.telegram.says(ADA, ADA, "/start");
    let row = format!("<table><tr>{}</tr></table>", "<td>x</td>".repeat(21));
    let deep = format!("{}x{}", "<blockquote>".repeat(17), "</blockquote>".repeat(17));
    let cases = [
        ("<p>x", "can't parse rich message: can't find end tag corresponding to start tag \"p\""),
        ("<b><i>x</b></i>", "can't parse rich message: unmatched end tag at byte offset 7, expected \"</i>\", found \"</b>\""),
        ("<blink>x</blink>", "can't parse rich message: unsupported start tag \"blink\" at byte offset 0"),
        ("<p class=\"x\">x</p>", "can't parse rich message: tag \"p\" has no attribute \"class\" at byte offset 0"),
        ("a & b", "can't parse rich message: a bare ampersand"),
        ("", "RICH_MESSAGE_EMPTY"),
        (&"x".repeat(32_769), "RICH_MESSAGE_TEXT_TOO_LONG"),
        (&"<p>x</p>".repeat(501), "RICH_MESSAGE_BLOCKS_TOO_MANY"),
        (&deep, "RICH_MESSAGE_DEPTH_INVALID"),
        (&row, "RICH_MESSAGE_TABLE_COLS_TOO_MANY"),
    ];
    for (index, (html, expected)) in cases.into_iter().enumerate() {
        assert_eq!(sent(&world, html).await, format!("Bad Request: {expected}"));
        assert_eq!(world.telegram.violations().len(), index + 1);
    }
    assert_eq!(sent(&world, &"x".repeat(32_768)).await, "accepted");
}

#[tokio::test]
async fn an_older_server_does_not_know_the_method() {
    let world = World::start().await;
    world.telegram.says(ADA, ADA, "/start");
    world.telegram.know_rich_messages(false);
    assert_eq!(sent(&world, "x").await, "Not Found");
    assert_eq!(world.telegram.violations(), Vec::<String>::new(), "nobody can know before asking");
}
