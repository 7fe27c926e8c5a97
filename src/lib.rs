//! Legwork: hand long prompts to a bot in Telegram or Discord, an LLM does the legwork in the background, and the
//! channel that asked hears when it starts, how far it is, and what came out.

pub mod adapters;
pub mod background;
pub mod chat;
pub mod cli;
pub mod config;
pub mod delivery;
pub mod domain;
pub mod lifecycle;
pub mod metrics;
pub mod runner;
pub mod simulator;
pub mod telemetry;
pub mod web;
