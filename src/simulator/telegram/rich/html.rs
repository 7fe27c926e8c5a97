//! The HTML of rich messages as a tree: strictly nested, known tags and attributes, known references.

/// A piece of HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Text(String),
    Element { name: String, attributes: Vec<(String, String)>, children: Vec<Node> },
}

/// Tags, and the attributes that each takes.
const TAGS: [(&str, &[&str]); 45] = [
    ("a", &["href", "name"]),
    ("b", &[]),
    ("strong", &[]),
    ("i", &[]),
    ("em", &[]),
    ("u", &[]),
    ("ins", &[]),
    ("s", &[]),
    ("strike", &[]),
    ("del", &[]),
    ("code", &["class"]),
    ("mark", &[]),
    ("sub", &[]),
    ("sup", &[]),
    ("tg-spoiler", &[]),
    ("tg-math", &[]),
    ("tg-math-block", &[]),
    ("p", &[]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("pre", &[]),
    ("footer", &[]),
    ("hr", &[]),
    ("br", &[]),
    ("ul", &[]),
    ("ol", &["start", "type", "reversed"]),
    ("li", &["value", "type"]),
    ("input", &["type", "checked"]),
    ("blockquote", &[]),
    ("cite", &[]),
    ("aside", &[]),
    ("table", &["bordered", "striped"]),
    ("caption", &[]),
    ("tr", &[]),
    ("th", &["colspan", "rowspan", "align", "valign"]),
    ("td", &["colspan", "rowspan", "align", "valign"]),
    ("details", &["open"]),
    ("summary", &[]),
    ("tg-time", &["unix", "format"]),
    ("tg-emoji", &["emoji-id"]),
    ("tg-reference", &["name"]),
];
const VOID: [&str; 3] = ["hr", "br", "input"];
const NAMED: [(&str, char); 7] =
    [("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"'), ("apos", '\''), ("nbsp", '\u{a0}'), ("hellip", '…')];

/// Understands a text, or says what is wrong with it.
pub(super) fn parse(html: &str) -> Result<Vec<Node>, String> {
    let mut open: Open = vec![(String::new(), Vec::new(), Vec::new())];
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        let offset = html.len() - tag.len();
        push_text(&mut open, text)?;
        let (inside, after) = tag[1..].split_once('>').ok_or_else(|| format!("unclosed start tag at byte offset {offset}"))?;
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            let (found, attributes, children) =
                open.pop().filter(|_| !open.is_empty()).ok_or_else(|| format!("unexpected end tag at byte offset {offset}"))?;
            if found != name.trim() {
                return Err(format!("unmatched end tag at byte offset {offset}, expected \"</{found}>\", found \"</{name}>\""));
            }
            push(&mut open, Node::Element { name: found, attributes, children });
            continue;
        }
        let (name, attributes) = start_tag(inside.trim_end_matches('/'), offset)?;
        if VOID.contains(&name.as_str()) {
            push(&mut open, Node::Element { name, attributes, children: Vec::new() });
        } else {
            open.push((name, attributes, Vec::new()));
        }
    }
    push_text(&mut open, rest)?;
    match open.pop() {
        Some((_, _, nodes)) if open.is_empty() => Ok(nodes),
        Some((name, ..)) => Err(format!("can't find end tag corresponding to start tag \"{name}\"")),
        None => Ok(Vec::new()),
    }
}

/// Tags that wait for their ends: name, attributes and what is inside so far.
type Open = Vec<(String, Vec<(String, String)>, Vec<Node>)>;

fn push(open: &mut Open, node: Node) {
    if let Some((_, _, children)) = open.last_mut() {
        children.push(node);
    }
}

fn push_text(open: &mut Open, text: &str) -> Result<(), String> {
    if !text.is_empty() {
        push(open, Node::Text(unescaped(text)?));
    }
    Ok(())
}

fn start_tag(inside: &str, offset: usize) -> Result<(String, Vec<(String, String)>), String> {
    let (name, mut rest) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
    let (_, known) = TAGS
        .iter()
        .find(|(tag, _)| *tag == name)
        .ok_or_else(|| format!("unsupported start tag \"{name}\" at byte offset {offset}"))?;
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let (value, after) = match after.strip_prefix("=\"") {
            Some(quoted) => quoted
                .split_once('"')
                .ok_or_else(|| format!("unclosed attribute in the tag \"{name}\" at byte offset {offset}"))?,
            None => ("", after.trim_start_matches('=')),
        };
        if !known.contains(&key) {
            return Err(format!("tag \"{name}\" has no attribute \"{key}\" at byte offset {offset}"));
        }
        attributes.push((key.to_owned(), unescaped(value)?));
        rest = after;
    }
    Ok((name.to_owned(), attributes))
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(text.len());
    let mut pieces = text.split('&');
    plain.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (name, after) = piece.split_once(';').ok_or("a bare ampersand")?;
        let c = match name.strip_prefix('#') {
            Some(number) => {
                let number =
                    number.strip_prefix('x').map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
                number.and_then(char::from_u32)
            }
            None => NAMED.iter().find(|(known, _)| *known == name).map(|(_, c)| *c),
        };
        plain.push(c.ok_or_else(|| format!("unknown reference &{name};"))?);
        plain.push_str(after);
    }
    Ok(plain)
}
