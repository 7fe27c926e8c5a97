//! Every request gets an answer, also when our own code breaks over it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use legwork::adapters::ledger::memory::MemoryLedger;
use legwork::background::manager::Manager;
use legwork::chat::access::AccessPolicy;
use legwork::chat::dispatch::Dispatch;
use legwork::chat::inbound::{Answer, Inbound, Inbox, Reply, Request};
use legwork::chat::router::Router;
use legwork::domain::command::Command;
use legwork::domain::id::{InboundId, ReplyHandle};
use legwork::domain::language::Language;
use tokio_util::task::TaskTracker;

use crate::core::attempts::Fragile;
use crate::support::ports::PromptRunner;

#[tokio::test(start_paused = true)]
async fn a_request_that_breaks_our_code_is_answered() {
    let clock = Arc::new(Fragile::new());
    let ledger = Arc::new(MemoryLedger::new());
    let manager = Manager::builder(ledger, Arc::new(PromptRunner::new()), clock.clone(), TaskTracker::new()).build();
    let inbox = Dispatch::new(manager, AccessPolicy { open: true, ..AccessPolicy::default() }, Router::default());
    let status = Inbound {
        id: InboundId::parse("one").unwrap(),
        channel: "chat:1".parse().unwrap(),
        session: String::new(),
        parent: None,
        person: "chat:ann".parse().unwrap(),
        name: None,
        language: Language::En,
        channel_admin: false,
        direct: false,
        reply: ReplyHandle(String::new()),
        replied_to: None,
        replied_request: None,
        by_reply: true,
        edited: false,
        request: Request::Command(Ok(Command::Status(None))),
    };
    let says = async |words: &str| {
        let reply = inbox.handle(status.clone()).await;
        assert!(matches!(&reply, Reply::Say(Answer { text, .. }) if text.starts_with(words)), "{reply:?}");
    };
    clock.breaks.store(true, Ordering::SeqCst);
    says("Something went wrong here").await;
    says("You have no active task").await;
}
