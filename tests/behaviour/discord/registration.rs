//! Commands in Discord's menu: registered once, and again only when they differ.

use legwork::domain::command::CATALOGUE;
use legwork::simulator::discord::{Fault, FaultKind};

use serde_json::json;

use super::bench::{Bench, TOKEN};

const LIST: &str = "GET /applications/{app}/commands";
const PUT: &str = "PUT /applications/{app}/commands";
const PUT_GUILD: &str = "PUT /applications/{app}/guilds/{guild}/commands";
const GUILDS: &str = "GET /users/@me/guilds";
const COMMANDS: usize = CATALOGUE.len();

#[tokio::test]
async fn commands_are_registered_once() {
    let mut bench = Bench::ready().await;
    bench.until("registered", |bench| bench.server.commands(None).len() == COMMANDS).await;
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
    bench.until("registered", |bench| bench.server.commands(Some(guild)).len() == COMMANDS).await;
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

#[tokio::test]
async fn the_global_commands_of_an_earlier_configuration_are_removed() {
    let mut bench = Bench::ready().await;
    bench.until("registered", |bench| bench.server.commands(None).len() == COMMANDS).await;
    bench.adapter_ends(false).await.expect("a clean end");
    let guild = bench.server.guild_id();
    bench.reconfigure(vec![guild]);
    bench.connect();
    bench.until("moved", |bench| bench.server.commands(Some(guild)).len() == COMMANDS).await;
    bench.until("removed", |bench| bench.server.commands(None).is_empty()).await;
    bench.adapter_ends(false).await.expect("a clean end");
    // The next start finds nothing to do.
    let put = |bench: &Bench| (bench.server.calls(PUT), bench.server.calls(PUT_GUILD));
    assert_eq!(put(&bench), (2, 1));
    bench.connect();
    bench.until("asked which servers there are", |bench| bench.server.calls(GUILDS) == 3).await;
    bench.until_ready().await;
    bench.adapter_ends(false).await.expect("a clean end");
    assert_eq!(put(&bench), (2, 1));
    bench.end_well().await;
}

#[tokio::test]
async fn the_commands_of_a_server_are_removed_when_they_become_global() {
    let probe = Bench::idle().await;
    let guild = probe.server.guild_id();
    probe.end().await;
    let mut bench = Bench::idle_with(TOKEN, vec![guild]).await;
    bench.connect();
    bench.until("registered", |bench| bench.server.commands(Some(guild)).len() == COMMANDS).await;
    bench.until_ready().await;
    bench.adapter_ends(false).await.expect("a clean end");
    bench.reconfigure(Vec::new());
    bench.connect();
    bench.until("global", |bench| bench.server.commands(None).len() == COMMANDS).await;
    bench.until("removed", |bench| bench.server.commands(Some(guild)).is_empty()).await;
    bench.end_well().await;
}

#[tokio::test]
async fn commands_are_described_in_every_language() {
    let bench = Bench::ready().await;
    let commands = bench.server.commands(None);
    for command in &commands {
        assert!(command["description_localizations"]["de"].is_string(), "{command}");
        for option in command["options"].as_array().into_iter().flatten() {
            assert!(option["description_localizations"]["de"].is_string(), "{option}");
        }
    }
    assert_eq!(commands[0]["contexts"], json!([0, 1, 2]));
    assert_eq!(commands[0]["integration_types"], json!([0, 1]));
    bench.end_well().await;
}
