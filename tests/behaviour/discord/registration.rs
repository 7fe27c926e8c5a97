//! Commands in Discord's menu: registered once, and again only when they differ.

use legwork::simulator::discord::{Fault, FaultKind};

use super::bench::{Bench, TOKEN};

const LIST: &str = "GET /applications/{app}/commands";
const PUT: &str = "PUT /applications/{app}/commands";

#[tokio::test]
async fn commands_are_registered_once() {
    let mut bench = Bench::ready().await;
    bench.until("registered", |bench| bench.server.commands(None).len() == 8).await;
    bench.adapter_ends(false).await.expect("a clean end");
    bench.connect();
    bench.until_ready().await;
    bench.until("asked again", |bench| bench.server.calls(LIST) == 2).await;
    bench.adapter_ends(false).await.expect("a clean end");
    assert_eq!(bench.server.calls(PUT), 1);
    bench.end_well().await;
}

#[tokio::test]
async fn a_server_of_the_configuration_gets_commands_of_its_own() {
    let probe = Bench::idle().await;
    let guild = probe.server.guild_id();
    probe.end().await;
    let mut bench = Bench::idle_with(TOKEN, vec![guild]).await;
    bench.connect();
    bench.until("registered", |bench| bench.server.commands(Some(guild)).len() == 8).await;
    assert!(bench.server.commands(None).is_empty());
    bench.until_ready().await;
    let id = bench.runs("help", &[]);
    bench.answer(id).await;
    bench.end_well().await;
}

#[tokio::test]
async fn a_failed_registration_is_told_and_tried_again_while_the_bot_works() {
    let mut bench = Bench::ready().await;
    bench.adapter_ends(false).await.expect("a clean end");
    bench.server.fail(Fault { route: Some(LIST.to_owned()), times: 1, kind: FaultKind::NotJson(503) });
    bench.connect();
    let told =
        |bench: &Bench| bench.readiness.waiting_for().iter().any(|(_, reason)| reason.contains("commands are not registered"));
    bench.until("told", told).await;
    let id = bench.runs("help", &[]);
    bench.answer(id).await;
    bench.until_ready().await;
    bench.end_well().await;
}
