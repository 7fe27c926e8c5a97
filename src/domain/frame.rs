//! What stands around a text that a model wrote: words of ours, kept apart from the model's.
//!
//! Every part of such a text begins with a line of ours that names its task, so nobody takes the one for the other, and
//! everybody who scrolls by sees what a part belongs to.

/// The words around a model's text, as they are sent; nothing in them is markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// A line above everything else that is news to who reads it; empty when there is none.
    pub preface: String,
    /// Above the first part: `Result of #42`.
    pub heading: String,
    /// Above every further part: `#42`.
    pub again: String,
    /// The file that a text becomes which is too long for the chat: `task-42.md`.
    pub file_name: String,
    /// What is said when the model wrote nothing that could be shown.
    pub empty: String,
    /// Below the beginning of such a text: that the whole of it is in the file.
    pub see_file: String,
}

impl Frame {
    /// The words above part number `part` (from 0) of so many: `Result of #42:`, `#42 (2/3):`. One line, or two where the
    /// first part has a preface.
    #[must_use]
    pub fn line(&self, part: usize, parts: usize) -> String {
        let name = if part == 0 { &self.heading } else { &self.again };
        let line = if parts > 1 { format!("{name} ({}/{parts}):", part + 1) } else { format!("{name}:") };
        if part > 0 || self.preface.is_empty() { line } else { format!("{}\n{line}", self.preface) }
    }

    /// The text with the heading above it, for those who have room for all of it.
    #[must_use]
    pub fn around(&self, text: &str) -> String {
        format!("{}\n\n{text}", self.line(0, 1))
    }

    /// The longest words that can stand above a part, for measuring.
    #[must_use]
    pub fn longest_line(&self) -> String {
        let longest = if self.heading.len() > self.again.len() { &self.heading } else { &self.again };
        format!("{}\n{longest} (9999/9999):", self.preface)
    }
}
