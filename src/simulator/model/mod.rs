//! An OpenAI-compatible model server that needs no model: a demo model that can be steered from the prompt, and exact
//! scripts for tests.
//!
//! Without a script, the demo model answers. It says plainly that it is a demo, repeats what was asked and streams a few
//! sentences. Words in the last user message steer it; they may follow each other and take effect in order:
//!
//! | in the prompt | what happens |
//! |---|---|
//! | `sleep 3s` | the stream opens and nothing comes for so long (`250ms`, `3s`, `2m`) |
//! | `talk 20s` | words trickle for so long |
//! | `think 2s` | reasoning trickles for so long, as `reasoning_content` |
//! | `comments 2s` | only SSE comments for so long |
//! | `words 500` | an answer of so many words |
//! | `chars 9000` | an answer of exactly so many characters |
//! | `emoji 5000` | an answer of so many characters that are two UTF-16 units each |
//! | `markdown` | an answer with headings, lists, a table and code |
//! | `fail 500` | an error status with OpenAI's error body |
//! | `status 429 retry 1` | the same, with `Retry-After`; without `retry` it is `fail` |
//! | `... times 2` | after `fail` or `status`: only the first so many calls with this prompt |
//! | `length` | the answer ends because of its length |
//! | `refuse` | the model refuses (`refusal`) |
//! | `filter` | the answer ends with `content_filter` |
//! | `empty` | an answer without any text |
//! | `error` | an error in the middle of the stream, after status 200 |
//! | `truncate` | the stream ends cleanly, but without a finish reason and without `[DONE]` |
//! | `cut` | the connection breaks in the middle of the answer |
//! | `stall` | some words, then nothing for ever |
//! | `hang` | the request is taken and never answered |
//!
//! Words with a number count wherever they stand. Words without one count only as the first or last word of the prompt
//! or next to another one that counts, so that a question about cutting bread is not cut.
//!
//! Tests that need every byte queue a [`Reply`] with [`ModelServer::script`], [`ModelServer::next_reply`] or
//! [`ModelServer::reply_to`].

mod calls;
mod demo;
mod directives;
mod http;
mod reply;
mod run;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::simulator::connection;
pub use crate::simulator::model::calls::{Call, CallEnd};
pub use crate::simulator::model::reply::{Reply, Step};
use crate::simulator::watched;
use crate::simulator::watched::Watched;

/// A running server. Clones are handles of the same one; it runs until the token it was started with is cancelled.
#[derive(Debug, Clone)]
pub struct ModelServer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    watched: Watched<State>,
}

/// How fast the demo model speaks unless told otherwise: fast, but visibly word by word.
const PACE: Duration = Duration::from_millis(20);

#[derive(Debug)]
struct State {
    key: Option<String>,
    models: Vec<String>,
    /// Replies to the calls to come, whatever they ask.
    next: VecDeque<Reply>,
    /// Replies to calls whose prompt contains a text; each is given once.
    to_prompts: Vec<(String, Reply)>,
    open_gates: BTreeSet<String>,
    held: bool,
    pace: Duration,
    calls: Vec<Call>,
    /// How often a prompt has met an error that is limited in number.
    failures: BTreeMap<String, usize>,
}

impl ModelServer {
    /// Starts a server on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(tracker: &TaskTracker, stop: CancellationToken) -> io::Result<Self> {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), tracker, stop).await
    }

    /// Starts a server at this address.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start_at(address: SocketAddr, tracker: &TaskTracker, stop: CancellationToken) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let state = State {
            key: None,
            models: vec!["demo".to_owned()],
            next: VecDeque::new(),
            to_prompts: Vec::new(),
            open_gates: BTreeSet::new(),
            held: false,
            pace: PACE,
            calls: Vec::new(),
            failures: BTreeMap::new(),
        };
        let address = listener.local_addr()?;
        let shared = Shared { address, watched: Watched::new(state) };
        let server = Self { shared: Arc::new(shared) };
        connection::serve(listener, http::router(server.clone()), tracker, &stop);
        Ok(server)
    }

    /// The base URL for clients: `http://127.0.0.1:PORT/v1`.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.shared.address)
    }

    /// From now on calls need this key as their bearer token.
    pub fn require_key(&self, key: &str) {
        self.change(|state| state.key = Some(key.to_owned()));
    }

    /// The models that `/v1/models` lists. Any name is answered all the same.
    pub fn offer(&self, models: &[&str]) {
        self.change(|state| state.models = models.iter().map(|&model| model.to_owned()).collect());
    }

    /// The demo model's time between two words; zero for answers at once. Long answers are said faster: none takes more than
    /// a few seconds.
    pub fn pace(&self, pace: Duration) {
        self.change(|state| state.pace = pace);
    }

    /// The reply to the next call that has none yet.
    pub fn next_reply(&self, reply: impl Into<Reply>) {
        let reply = reply.into();
        self.change(|state| state.next.push_back(reply));
    }

    /// The same, as its bare steps.
    pub fn script(&self, steps: Vec<Step>) {
        self.next_reply(Reply::of(steps));
    }

    /// The reply to the next call whose prompt contains this text; before any [`ModelServer::next_reply`].
    pub fn reply_to(&self, fragment: &str, reply: impl Into<Reply>) {
        let reply = reply.into();
        self.change(|state| state.to_prompts.push((fragment.to_owned(), reply)));
    }

    /// The demo model keeps every answer back, running ones included, until [`ModelServer::release`].
    pub fn hold(&self) {
        self.change(|state| state.held = true);
    }

    /// Ends [`ModelServer::hold`].
    pub fn release(&self) {
        self.change(|state| state.held = false);
    }

    /// Whether answers are kept back.
    pub fn is_held(&self) -> bool {
        self.read(|state| state.held)
    }

    /// Lets replies pass [`Step::Gate`]s of this name, now and later.
    pub fn open_gate(&self, name: &str) {
        self.change(|state| state.open_gates.insert(name.to_owned()));
    }

    /// Every call so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.read(|state| state.calls.clone())
    }

    /// How many calls have not ended.
    pub fn running(&self) -> usize {
        self.read(|state| state.calls.iter().filter(|call| call.ended.is_none()).count())
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

    /// Changes the state in one step and tells whoever waits.
    fn change<T>(&self, step: impl FnOnce(&mut State) -> T) -> T {
        self.shared.watched.change(step)
    }
}
