//! What a run used: tokens, counted once, with an honest mark when they were estimated.

use serde::{Deserialize, Serialize};

use crate::domain::draft::Draft;

/// Tokens of a run, over all its calls, failed ones included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens sent to the model; cached ones are part of them.
    pub input: u64,
    /// The part of `input` that the provider had cached.
    pub cached_input: u64,
    /// Tokens the model wrote; reasoning is part of them.
    pub output: u64,
    /// The part of `output` that was reasoning.
    pub reasoning: u64,
    /// Whether any of the figures is our estimate, shown with `~`.
    pub estimated: bool,
}

impl Usage {
    /// Input and output together.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Adds the tokens of another call.
    pub const fn add(&mut self, other: &Self) {
        self.input = self.input.saturating_add(other.input);
        self.cached_input = self.cached_input.saturating_add(other.cached_input);
        self.output = self.output.saturating_add(other.output);
        self.reasoning = self.reasoning.saturating_add(other.reasoning);
        self.estimated |= other.estimated;
    }
}

/// News of a run. The newest replaces the one before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing, a few words: "waiting for the model", "connection lost, attempt 2 of 5".
    pub phase: String,
    /// Calls to the model so far.
    pub step: u32,
    /// Tokens so far, an estimate while a call runs.
    pub usage: Usage,
    /// What it has written by now, for channels that show an answer while it grows; empty when there is nothing to show.
    pub text: Draft,
}
