//! A Discord on a loopback port: the REST API v10 and the gateway, as strict as the real ones, with a guild, people who
//! use commands and press buttons, and faults on demand. Used by `legwork demo` and by the tests.
//!
//! A [`DiscordServer`] is a handle to it. Everything it knows is one value (`world`) behind one lock. Requests come in
//! at the front door (`door`), find their handler in one table (`route`), and are one step on the world. People act
//! through the methods of the handle (`people`), and what they would see is read from it (`view`). The gateway
//! (`gateway`, `session`) carries events to the bot; what can go wrong is in `fault`, what the bot did in `record`.
//!
//! It is written from Discord's documentation and shares nothing with the adapter it checks.

mod application;
mod callback;
mod channel_routes;
mod command_form;
mod command_routes;
mod commands;
mod component;
mod door;
mod fault;
mod form;
mod gateway;
mod interaction;
mod limit;
mod line;
mod mention;
mod message;
mod message_routes;
mod people;
mod record;
mod refusal;
mod route;
mod session;
mod shape;
mod snowflake;
mod submission;
mod typed;
mod view;
mod webhook;
mod world;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::fault::{Fault, FaultKind};
pub use self::people::CannotDo;
pub use self::view::{ChatFile, ChatMessage, InteractionView};

use self::line::{Line, Lines};
use self::world::{APPLICATION, GUILD, World};

/// A handle to a running simulated Discord; clones are the same server.
#[derive(Clone)]
pub struct DiscordServer {
    shared: Arc<Shared>,
}

/// What the handle, the connections and the alarms share.
struct Shared {
    world: Mutex<World>,
    changes: watch::Sender<u64>,
    tracker: TaskTracker,
    stop: CancellationToken,
    url: String,
}

impl DiscordServer {
    /// Starts a server on a free loopback port, for one bot with this token. It ends with `stop`; all it spawns is on
    /// the tracker.
    ///
    /// # Errors
    ///
    /// When no port can be bound.
    pub async fn start(token: &str, tracker: &TaskTracker, stop: CancellationToken) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            world: Mutex::new(World::new(token, url.clone())),
            changes: watch::Sender::new(0),
            tracker: tracker.clone(),
            stop: stop.clone(),
            url,
        });
        let routes = Router::new()
            .route("/gateway", any(gateway::upgrade))
            .fallback(door::enter)
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&shared));
        let serve = axum::serve(Lines(listener), routes.into_make_service_with_connect_info::<Line>());
        tracker.spawn(async move { serve.with_graceful_shutdown(stop.cancelled_owned()).await });
        Ok(Self { shared })
    }

    /// Where it is, like `http://127.0.0.1:4321`: REST is below `/api/v10`, the gateway at `/gateway`.
    pub fn url(&self) -> String {
        self.shared.url.clone()
    }

    /// The application, which is also the bot's user.
    pub fn application_id(&self) -> u64 {
        APPLICATION
    }

    /// The one guild.
    pub fn guild_id(&self) -> u64 {
        GUILD
    }

    /// Changes whenever anything does, time included: wait on it, then look.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    fn look<T>(&self, read: impl FnOnce(&World) -> T) -> T {
        self.shared.look(read)
    }

    fn act<T>(&self, step: impl FnOnce(&mut World) -> T) -> T {
        self.shared.act(step)
    }
}

impl fmt::Debug for DiscordServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DiscordServer").field("url", &self.shared.url).finish_non_exhaustive()
    }
}

impl Shared {
    fn look<T>(&self, read: impl FnOnce(&World) -> T) -> T {
        read(&self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One step on the world; those who watch hear of it.
    fn act<T>(&self, step: impl FnOnce(&mut World) -> T) -> T {
        let (result, alarms) = {
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            let result = step(&mut world);
            (result, std::mem::take(&mut world.alarms))
        };
        self.changes.send_modify(|count| *count += 1);
        for after in alarms {
            let (changes, end) = (self.changes.clone(), self.stop.clone());
            self.tracker.spawn(async move {
                tokio::select! {
                    () = tokio::time::sleep(after) => changes.send_modify(|count| *count += 1),
                    () = end.cancelled() => {}
                }
            });
        }
        result
    }
}
