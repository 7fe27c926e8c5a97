//! The Telegram adapter against a Telegram server that keeps chats and judges calls, over real sockets.

#[cfg(test)]
mod edits;
#[cfg(test)]
mod menus;
#[cfg(test)]
mod places;
#[cfg(test)]
mod polling;
#[cfg(test)]
mod presses;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod speaking;
#[cfg(test)]
pub(crate) mod support;
