//! One conversation each, held on both platforms: what a person types, hears and sees there is the same.

mod access;
mod cancelling;
mod commands;
mod submitting;

/// Defines a test for each platform that holds the same conversation. `chat` is a channel as Ann sees it.
macro_rules! conversation {
    ($name:ident, |$world:ident, $chat:ident| $body:block) => {
        conversation!($name, |_config| (), |$world, $chat| $body);
    };
    ($name:ident, $change:expr, |$world:ident, $chat:ident| $body:block) => {
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_telegram() {
                let $world = crate::support::world::World::with($change).await;
                {
                    let $chat = $world.telegram_group(-100_200, crate::support::world::ANN);
                    $body
                }
                $world.closes().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_discord() {
                let $world = crate::support::world::World::with($change).await;
                {
                    let $chat = $world.discord_channel(500, crate::support::world::ANN);
                    $body
                }
                $world.closes().await;
            }
        }
    };
}
use conversation;
