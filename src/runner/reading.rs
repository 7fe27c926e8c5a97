//! The bytes of one answer into a turn: events or plain JSON, and the rules for what counts as an end.

use serde_json::{Value, json};

use crate::runner::decode::{Decoder, Seen, Stop, Turn};
use crate::runner::events::{EventReader, MAX_EVENT_BYTES, ServerEvent};
use crate::runner::transport::Shape;

/// Chunks that are no JSON, after which the stream is given up. Single ones are skipped.
const MAX_BAD_CHUNKS: u32 = 3;

/// Why reading ended without a whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The decoder wants no more.
    Stopped(Stop),
    /// Too much of it is not JSON.
    Garbage,
    /// It ended before the answer did.
    Incomplete,
}

/// Reads one answer.
pub(crate) struct Reading {
    shape: Body,
    decoder: Decoder,
    done: bool,
    bad_chunks: u32,
}

enum Body {
    Events(EventReader),
    /// The bytes so far, until the first that is not white space tells events from JSON.
    Unknown,
    Json(Vec<u8>),
}

impl Reading {
    /// Of a body that looks so from its headers.
    pub(crate) fn new(shape: Shape) -> Self {
        let shape = match shape {
            Shape::Events => Body::Events(EventReader::default()),
            Shape::Unknown => Body::Unknown,
        };
        Self { shape, decoder: Decoder::default(), done: false, bad_chunks: 0 }
    }

    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Seen, Broken> {
        if let Body::Unknown = self.shape {
            match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
                None => return Ok(Seen::Nothing),
                Some(b'{' | b'[') => self.shape = Body::Json(Vec::new()),
                Some(_) => self.shape = Body::Events(EventReader::default()),
            }
        }
        match &mut self.shape {
            Body::Unknown => Ok(Seen::Nothing),
            Body::Json(body) => {
                body.extend_from_slice(bytes);
                if body.len() > MAX_EVENT_BYTES { Err(Broken::Stopped(Stop::TooLarge("the answer"))) } else { Ok(Seen::Nothing) }
            }
            Body::Events(reader) => {
                let mut events = Vec::new();
                let fits = reader.feed(bytes, &mut events);
                let seen = self.take(events)?;
                fits.map_err(|_| Broken::Stopped(Stop::TooLarge("one piece of the answer")))?;
                Ok(seen)
            }
        }
    }

    /// Takes the end of the body and says whether the answer is whole.
    pub(crate) fn end(&mut self) -> Result<(), Broken> {
        match &mut self.shape {
            Body::Unknown => {}
            Body::Events(reader) => {
                let mut events = Vec::new();
                reader.end(&mut events);
                self.take(events)?;
            }
            Body::Json(body) => {
                let chunk = serde_json::from_slice::<Value>(body).map_err(|_| Broken::Incomplete)?;
                self.decoder.push(&chunk).map_err(Broken::Stopped)?;
                // A JSON value that closes its own braces was not cut.
                self.done |= chunk.get("choices").is_some();
            }
        }
        if self.is_whole() { Ok(()) } else { Err(Broken::Incomplete) }
    }

    /// Whether `[DONE]` was read, after which nothing more is to come.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Whether the answer has ended by its own word. At most a report of usage is still to come.
    pub(crate) fn is_whole(&self) -> bool {
        self.done || self.decoder.is_whole()
    }

    /// The text so far.
    pub(crate) fn text(&self) -> &str {
        self.decoder.text()
    }

    /// How much of the answer there is, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.decoder.size()
    }

    /// What was read, whole or not.
    pub(crate) fn into_turn(self) -> Turn {
        self.decoder.into_turn()
    }

    fn take(&mut self, events: Vec<ServerEvent>) -> Result<Seen, Broken> {
        let mut seen = Seen::Nothing;
        for event in events {
            if self.done {
                break;
            }
            let chunk = match event {
                ServerEvent::Done => {
                    self.done = true;
                    continue;
                }
                ServerEvent::Data(text) => serde_json::from_str::<Value>(&text),
                ServerEvent::Error(text) => Ok(as_error(&text)),
            };
            let Ok(chunk) = chunk else {
                self.bad_chunks += 1;
                if self.bad_chunks >= MAX_BAD_CHUNKS {
                    return Err(Broken::Garbage);
                }
                continue;
            };
            match self.decoder.push(&chunk).map_err(Broken::Stopped)? {
                Seen::Nothing => {}
                news => seen = news,
            }
        }
        Ok(seen)
    }
}

/// The data of an event that calls itself an error, in the shape that errors have.
fn as_error(text: &str) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.get("error").is_some() => value,
        Ok(value) => json!({ "error": value }),
        Err(_) => json!({ "error": text }),
    }
}
