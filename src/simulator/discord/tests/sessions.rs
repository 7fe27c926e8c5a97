//! The gateway, met by serenity: what it hears, how it comes back, and what ends it.

use serenity::all::GatewayIntents;

use super::{ADA, Bench, Bot, CHANNEL, Heard};

#[tokio::test]
async fn a_bot_that_wants_guilds_hears_of_the_guild() {
    let bench = Bench::start().await;
    let mut bot = Bot::connect(&bench, GatewayIntents::GUILDS).await;
    assert!(matches!(bot.hears().await, Heard::Guild(name) if name == "Demo"));
    assert!(bench.server.connected());
    assert_eq!((bench.server.identifies(), bench.server.intents()), (1, vec![1]));
    bot.leave().await;
    bench.until(|server| !server.connected()).await;
    bench.end().await;
}

#[tokio::test]
async fn a_closed_session_is_resumed_and_replayed() {
    let bench = Bench::start().await;
    bench.register().await;
    let mut bot = Bot::connect(&bench, GatewayIntents::empty()).await;
    for (nth, end) in [|bench: &Bench| bench.server.close_gateway(Some(4000)), |bench: &Bench| bench.server.drop_gateway()]
        .into_iter()
        .enumerate()
    {
        end(&bench);
        let missed = bench.server.runs(CHANNEL, ADA, "status", &[]).expect("a command");
        assert_eq!(bot.hears_interaction().await.id().get(), missed);
        bench.until(|server| server.connected() && server.resumes() == nth + 1).await;
    }
    assert_eq!(bench.server.identifies(), 1);
    bot.leave().await;
    bench.end().await;
}
