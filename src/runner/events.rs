//! Server-sent events out of bytes, however the bytes are cut.
//!
//! A line ends with LF, CR or CRLF; an event with an empty line. Three things are kept that a general reader throws away:
//! `[DONE]` is reported, because without it nobody can tell an end from a cut; the end of the body flushes a last event
//! that lacks its empty line, as many servers send it (JSON that was cut does not parse, so nothing false gets through);
//! and an event has a largest size.

use bytes::BytesMut;

/// Largest event, in bytes.
pub(crate) const MAX_EVENT_BYTES: usize = 4 * 1024 * 1024;

/// What a server sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ServerEvent {
    /// Data of an ordinary event.
    Data(String),
    /// Data of an event that calls itself an error.
    Error(String),
    /// `[DONE]`.
    Done,
}

/// An event grew beyond [`MAX_EVENT_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventTooLarge;

/// Collects bytes until they are events.
#[derive(Default)]
pub(crate) struct EventReader {
    line: BytesMut,
    data: Option<Vec<u8>>,
    kind: String,
    /// The last byte was a CR, so a LF right after it belongs to the same end of line.
    after_cr: bool,
    past_first_line: bool,
}

impl EventReader {
    /// Takes the next bytes and adds the events they complete to `events`.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], events: &mut Vec<ServerEvent>) -> Result<(), EventTooLarge> {
        if self.after_cr && !bytes.is_empty() {
            self.after_cr = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (part, rest) = bytes.split_at(end);
            self.extend_line(part)?;
            self.end_line(events);
            bytes = if let Some(after) = rest.strip_prefix(b"\r") {
                self.after_cr = after.is_empty();
                after.strip_prefix(b"\n").unwrap_or(after)
            } else {
                rest.get(1..).unwrap_or_default()
            };
        }
        self.extend_line(bytes)
    }

    /// Takes the end of the body: what there is of a last event counts.
    pub(crate) fn end(&mut self, events: &mut Vec<ServerEvent>) {
        if !self.line.is_empty() {
            self.end_line(events);
        }
        self.dispatch(events);
    }

    fn extend_line(&mut self, part: &[u8]) -> Result<(), EventTooLarge> {
        let size = self.line.len() + part.len() + self.data.as_ref().map_or(0, Vec::len);
        if size > MAX_EVENT_BYTES {
            return Err(EventTooLarge);
        }
        self.line.extend_from_slice(part);
        Ok(())
    }

    fn end_line(&mut self, events: &mut Vec<ServerEvent>) {
        let line = self.line.split();
        let mut line: &[u8] = &line;
        if !self.past_first_line {
            self.past_first_line = true;
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        if line.is_empty() {
            self.dispatch(events);
            return;
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            },
            b"event" => self.kind = String::from_utf8_lossy(value).into_owned(),
            // Comments have an empty field name; ids and reconnection times mean nothing here.
            _ => {}
        }
    }

    fn dispatch(&mut self, events: &mut Vec<ServerEvent>) {
        let kind = std::mem::take(&mut self.kind);
        let Some(data) = self.data.take() else { return };
        let data = String::from_utf8_lossy(&data).into_owned();
        events.push(match data.trim() {
            "" => return,
            "[DONE]" => ServerEvent::Done,
            _ if kind == "keepalive" || kind == "ping" => return,
            _ if kind == "error" => ServerEvent::Error(data),
            _ => ServerEvent::Data(data),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(parts: &[&[u8]]) -> Vec<ServerEvent> {
        let mut reader = EventReader::default();
        let mut events = Vec::new();
        for part in parts {
            reader.feed(part, &mut events).unwrap();
        }
        reader.end(&mut events);
        events
    }

    fn data(text: &str) -> ServerEvent {
        ServerEvent::Data(text.to_owned())
    }

    #[test]
    fn every_kind_of_line_end_gives_the_same_events() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["\u{feff}: hello", "data: one", "", "event: x", "data:two", "data: three", "", "data: [DONE]", "", ""];
            let bytes = text.join(end).into_bytes();
            let whole = vec![data("one"), data("two\nthree"), ServerEvent::Done];
            for cut in 0..=bytes.len() {
                let (left, right) = bytes.split_at(cut);
                assert_eq!(events(&[left, right]), whole, "{end:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_last_event_without_its_empty_line_counts() {
        assert_eq!(events(&[b"data: [DONE]"]), [ServerEvent::Done]);
        assert_eq!(events(&[b"data: {}\n"]), [data("{}")]);
        assert_eq!(events(&[b"data: [DON"]), [data("[DON")]);
    }

    #[test]
    fn keep_alives_and_comments_are_no_events_and_errors_are_marked() {
        let text = b": one\n\nevent: ping\ndata: {}\n\ndata:\n\nevent: error\ndata: {\"message\":\"x\"}\n\nid: 1\n\n";
        assert_eq!(events(&[text]), [ServerEvent::Error("{\"message\":\"x\"}".to_owned())]);
    }

    #[test]
    fn an_event_over_its_largest_size_is_refused() {
        let mut reader = EventReader::default();
        let part = vec![b'x'; 1024 * 1024];
        let mut events = Vec::new();
        reader.feed(b"data: ", &mut events).unwrap();
        let mut fed = 0;
        while reader.feed(&part, &mut events).is_ok() {
            fed += 1;
            assert!(fed <= 4, "no limit");
        }
        assert_eq!(fed, 3);
    }
}
