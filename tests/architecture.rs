//! The house rules that a test can keep.
