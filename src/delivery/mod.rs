//! From owed notices to delivered messages.
