//! One conversation each, held on both platforms: what a person types, hears and sees there is the same.

mod access;
mod cancelling;
mod cards;
mod channels;
mod commands;
mod languages;
mod last_words;
mod private;
mod submitting;
mod targets;

/// Defines a conversation and a test of it on each platform. `chat` is a channel as Ann sees it; the first argument after
/// the name, if there is one, changes the settings.
macro_rules! conversation {
    ($name:ident, |$world:ident, $chat:ident| $body:block) => {
        conversation!($name, |_settings| (), |$world, $chat| $body);
    };
    ($name:ident, $change:expr, |$world:ident, $chat:ident| $body:block) => {
        async fn $name($world: &crate::support::world::World, $chat: crate::support::chat::Chat<'_>) $body

        mod $name {
            use crate::support::world::{ANN, World};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_telegram() {
                let world = World::with($change).await;
                super::$name(&world, world.telegram_group(-100_200, ANN)).await;
                world.closes().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_discord() {
                let world = World::with($change).await;
                super::$name(&world, world.discord_channel(500, ANN)).await;
                world.closes().await;
            }
        }
    };
}
use conversation;
