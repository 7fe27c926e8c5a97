//! Every sentence the bot says, built from values.
