//! What a person reads first: the help, and what the bot says when it is let into a channel. Written for somebody who has
//! never seen it and holds a phone: what to type comes before anything else.

use std::fmt::Write as _;

use crate::domain::command::CATALOGUE;

/// What this is and what one may do here. `by_reply`: a reply can name a task here.
#[must_use]
pub fn help(admin: bool, by_reply: bool) -> String {
    let mut text = "I work on long tasks in the background. Hand one over like this:\n\
                    /submit Compare these three offers and recommend one: ...\n\
                    \n\
                    You get a number like #42 at once, and the result here when it is done. You can close the app \
                    meanwhile: nothing is lost.\n"
        .to_owned();
    for spec in CATALOGUE {
        let _written = write!(text, "\n/{} - {}", spec.usage, spec.description);
    }
    text.push_str("\n\nThe buttons below my messages do the same.");
    if by_reply {
        text.push_str(" A reply to one of them needs no number: reply with /cancel to stop that task.");
    }
    if admin {
        text.push_str("\nYou are an admin here: you see and cancel everybody's tasks in this channel.");
    }
    text
}

/// The introduction to a channel that the bot was let into.
#[must_use]
pub fn joined() -> String {
    "Hello! I work on long tasks in the background. Hand one over with /submit and what is to be done; this channel hears \
     when it starts and what came out. I answer commands only. /help shows what else there is."
        .to_owned()
}
