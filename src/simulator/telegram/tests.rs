//! What teloxide and plain HTTP see of this server.

mod drafting;
mod markup;
mod places;
mod polling;
mod rich;
mod strictness;
mod talking;

use teloxide::Bot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::simulator::telegram::TelegramServer;

const TOKEN: &str = "123456:AAF-demo";
const ADA: i64 = 7;
const GROUP: i64 = -1_001_234_567_890;

/// A server with a teloxide bot; everything ends when it is dropped.
struct World {
    telegram: TelegramServer,
    bot: Bot,
    stop: CancellationToken,
}

impl World {
    async fn start() -> Self {
        let stop = CancellationToken::new();
        let telegram = TelegramServer::start(TOKEN, &TaskTracker::new(), stop.clone()).await.unwrap();
        let client = reqwest012::Client::builder().no_proxy().build().unwrap();
        let bot = Bot::with_client(TOKEN, client).set_api_url(telegram.url().parse().unwrap());
        Self { telegram, bot, stop }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Calls a method with plain JSON: the status and the body of the answer.
async fn raw(world: &World, method: &str, body: serde_json::Value) -> (u16, serde_json::Value) {
    let client = reqwest012::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/bot{TOKEN}/{method}", world.telegram.url());
    let response = client.post(url).json(&body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}
