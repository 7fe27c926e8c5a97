//! The LLM agent.
