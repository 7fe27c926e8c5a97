//! A Telegram Bot API server that keeps chats and messages, and judges the bot as strictly as the real one.
//!
//! The bot talks to it over HTTP under [`TelegramServer::url`]; people act through methods of the same handle
//! ([`TelegramServer::says`], [`TelegramServer::presses`]), and tests look at what they would see
//! ([`TelegramServer::messages`], [`TelegramServer::is_typing`]). It is a model with state, not a script of
//! expectations: refusals come from the state, in the platform's own words.
//!
//! A positive chat id is the private chat with the person of that id, a negative one a supergroup. Chats and people
//! exist from the first time on that somebody says something in them. In groups the bot has privacy mode on: it gets
//! commands and replies to its messages, nothing else.

mod asking;
mod chat;
mod documents;
mod drafting;
mod editing;
mod entities;
mod faults;
mod html;
mod http;
mod markdown;
mod markup;
mod menu;
mod message;
mod methods;
mod observing;
mod params;
mod people;
mod pressing;
mod rate;
mod receiving;
mod refusal;
mod rich;
mod sending;
mod state;
#[cfg(test)]
mod tests;
mod typing;
mod updates;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::simulator::connection;
pub use crate::simulator::telegram::drafting::DraftView;
pub use crate::simulator::telegram::faults::{Fault, FaultKind};
pub use crate::simulator::telegram::menu::CommandMenu;
pub use crate::simulator::telegram::observing::{ChatMessage, DocumentView};
pub use crate::simulator::telegram::pressing::{CannotPress, PressAnswer};
use crate::simulator::telegram::state::State;
use crate::simulator::watched;
use crate::simulator::watched::Watched;

/// A running server. Clones are handles of the same one; it runs until the token it was started with is cancelled.
#[derive(Debug, Clone)]
pub struct TelegramServer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    watched: Watched<State>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl TelegramServer {
    /// Starts a server for the bot of this token on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(token: &str, tracker: &TaskTracker, stop: CancellationToken) -> io::Result<Self> {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), token, tracker, stop).await
    }

    /// Starts a server at this address.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start_at(address: SocketAddr, token: &str, tracker: &TaskTracker, stop: CancellationToken) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let server = Self {
            shared: Arc::new(Shared {
                address: listener.local_addr()?,
                watched: Watched::new(State::new(token)),
                tracker: tracker.clone(),
                stop: stop.clone(),
            }),
        };
        connection::serve(listener, http::router(server.clone()), tracker, &stop);
        Ok(server)
    }

    /// The root under which `/bot<token>/<method>` is served, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// A number that grows with every change of state: wait on it, then look again.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.shared.watched.changed()
    }

    /// Waits until `look` finds something. There is no deadline: put a time-out around it.
    pub async fn until<T>(&self, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        watched::until(self.changed(), || look(self)).await
    }

    /// Looks at the state.
    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        self.shared.watched.read(look)
    }

    /// Takes a step that is no change for whoever waits.
    fn quietly<T>(&self, step: impl FnOnce(&mut State) -> T) -> T {
        self.shared.watched.quietly(step)
    }

    /// Changes the state in one step and tells whoever waits.
    fn change<T>(&self, step: impl FnOnce(&mut State) -> T) -> T {
        self.shared.watched.change(step)
    }
}
