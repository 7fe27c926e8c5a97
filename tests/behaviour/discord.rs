//! The Discord adapter against a Discord on loopback: real serenity, real sockets, a scripted inbox behind it.

#[cfg(test)]
pub(crate) mod bench;
#[cfg(test)]
mod completion;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod interactions;
#[cfg(test)]
mod outside;
#[cfg(test)]
mod registration;
