//! Every outcome on every path: what is heard where, and that typing has ended.
//!
//! Two tables make the matrix. [`ENDS`] says word by word what a task that ended so has to tell, [`PATHS`] where that is
//! heard: in the channel that asked, by the person alone because the channel is lost, or by nobody, and then why. Each
//! test walks one outcome along all paths at once, and looks at everything that was said on each of them.

mod path;
mod walk;

use path::Path;
use walk::walk;

/// How a task ends, and what is told of it. `#` stands for its number.
struct End {
    outcome: Outcome,
    /// Its card in a channel that can still be written to.
    card: &'static str,
    /// The messages about the end, in their order.
    says: &'static [&'static str],
    /// The same as the API names them.
    kinds: &'static [&'static str],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Failed,
    Cancelled,
    TimedOut,
    Interrupted,
}

const DONE: End = End {
    outcome: Outcome::Done,
    card: "# done after ... tokens, cost unknown",
    says: &["Result of #: ... the whole answer", "# done after ... tokens."],
    kinds: &["result", "done"],
};
const FAILED: End = End {
    outcome: Outcome::Failed,
    card: "# failed after ... cost unknown: auth.",
    says: &["# failed: auth: ... That was after ... Use /retry"],
    kinds: &["failed"],
};
const CANCELLED: End = End {
    outcome: Outcome::Cancelled,
    card: "# cancelled by the operator after ... cost unknown",
    says: &["# cancelled by the operator after"],
    kinds: &["cancelled"],
};
const TIMED_OUT: End = End {
    outcome: Outcome::TimedOut,
    card: "# failed after ... cost unknown: timed_out.",
    says: &["What # had written by then: ... half of the answer", "# failed: timed_out: it used up its time of 5.0 s"],
    kinds: &["result", "failed"],
};
const INTERRUPTED: End = End {
    outcome: Outcome::Interrupted,
    card: "# failed after ... cost unknown: interrupted.",
    says: &["# failed: interrupted: the server stopped while it ran. That was after"],
    kinds: &["failed"],
};

/// Who hears of an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// The channel that asked, and nobody else; typing shows there until then.
    Here,
    /// The person alone, told that this is why the channel does not hear it.
    Alone(&'static str),
    /// Nobody, and this is what who asks for the task's state is told.
    Nobody(&'static str),
}

const PATHS: [(Path, Audience); 13] = [
    (Path::PrivateChat, Audience::Here),
    (Path::Group, Audience::Here),
    (Path::Topic, Audience::Here),
    (Path::GuildChannel, Audience::Here),
    (Path::Thread, Audience::Here),
    (Path::DirectMessages, Audience::Here),
    (Path::TokenDead, Audience::Here),
    (Path::TokenDeadOutside, Audience::Alone("the time to answer this command is over")),
    (Path::GroupDeleted, Audience::Alone("the group does not exist any more")),
    (Path::TopicDeleted, Audience::Alone("the topic does not exist any more")),
    (Path::ChannelDeleted, Audience::Alone("the channel does not exist any more")),
    (Path::Blocked, Audience::Nobody("the bot was blocked by this person")),
    (Path::ChannelDeletedAndMessagesClosed, Audience::Nobody("the channel does not exist any more")),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn done_on_every_path() {
    walk(&DONE, &PATHS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_on_every_path() {
    walk(&FAILED, &PATHS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_on_every_path() {
    walk(&CANCELLED, &PATHS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timed_out_on_every_path() {
    walk(&TIMED_OUT, &PATHS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_on_every_path() {
    walk(&INTERRUPTED, &PATHS).await;
}
