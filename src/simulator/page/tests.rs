//! The page as a browser asks for it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::simulator::connection;
use crate::simulator::discord::DiscordServer;
use crate::simulator::model::ModelServer;
use crate::simulator::page::router;
use crate::simulator::telegram::TelegramServer;

const TOKEN: &str = "123456:AAF-demo";

struct World {
    telegram: TelegramServer,
    discord: DiscordServer,
    model: ModelServer,
    url: String,
    client: reqwest012::Client,
    stop: CancellationToken,
}

impl World {
    async fn start() -> Self {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let telegram = TelegramServer::start(TOKEN, &tracker, stop.clone()).await.unwrap();
        let discord = DiscordServer::start("discord-token", &tracker, stop.clone()).await.unwrap();
        let model = ModelServer::start(&tracker, stop.clone()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/demo", listener.local_addr().unwrap());
        connection::serve(listener, router(&telegram, &discord, &model, stop.clone()), &tracker, &stop);
        let client = reqwest012::Client::builder().no_proxy().build().unwrap();
        Self { telegram, discord, model, url, client, stop }
    }

    async fn state(&self) -> Value {
        self.client.get(format!("{}/state", self.url)).send().await.unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = self.client.post(format!("{}/{path}", self.url)).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// What a bot would send to the private chat.
    async fn bot_sends(&self, method: &str, body: Value) -> Value {
        let url = format!("{}/bot{TOKEN}/{method}", self.telegram.url());
        self.client.post(url).json(&body).send().await.unwrap().json().await.unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[tokio::test]
async fn the_page_loads_only_what_it_brings_itself() {
    let world = World::start().await;
    let page = world.client.get(&world.url).send().await.unwrap();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    let html = page.text().await.unwrap();
    let referred = html.split(['"', '\'']).filter(|text| text.starts_with("/demo/"));
    let mut names: Vec<String> = referred.map(|path| path.trim_start_matches("/demo/").to_owned()).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    let mut index = 0;
    while let Some(name) = names.get(index).cloned() {
        let asset = world.client.get(format!("{}/{name}", world.url)).send().await.unwrap();
        assert_eq!(asset.status().as_u16(), 200, "{name}");
        let text = asset.text().await.unwrap();
        assert!(!text.contains("innerHTML"), "{name}");
        let imports = text.split("from \"./").skip(1).filter_map(|rest| rest.split('"').next()).map(ToOwned::to_owned);
        for import in imports.collect::<Vec<_>>() {
            if !names.contains(&import) {
                names.push(import);
            }
        }
        index += 1;
    }
    assert_eq!(world.client.get(format!("{}/nothing.js", world.url)).send().await.unwrap().status().as_u16(), 404);
}

#[tokio::test]
async fn what_is_said_and_pressed_reaches_telegram() {
    let world = World::start().await;
    assert_eq!(world.post("telegram/say", json!({ "text": "/submit x" })).await.0, 200);
    let asked = world.telegram.messages(1001).pop().unwrap();
    assert_eq!(asked.text, "/submit x");
    let keyboard = json!({ "inline_keyboard": [[{ "text": "Cancel", "callback_data": "cancel:1" }]] });
    let body =
        json!({ "chat_id": 1001, "text": "#1 queued", "reply_markup": keyboard, "reply_parameters": { "message_id": asked.id } });
    world.bot_sends("sendMessage", body).await;

    let state = world.state().await;
    let message = &state["telegram"]["messages"][1];
    assert_eq!(message["reply"], json!({ "author": "Ann", "text": "/submit x" }));
    assert_eq!(message["buttons"], json!([["Cancel"]]));
    let pressing = world.post("telegram/press", json!({ "message": message["id"], "button": "Cancel" }));
    let answering = async {
        world.telegram.until(|telegram| (telegram.unanswered_presses() == 1).then_some(())).await;
        let updates = world.bot_sends("getUpdates", json!({})).await;
        let id = &updates["result"][1]["callback_query"]["id"];
        world.bot_sends("answerCallbackQuery", json!({ "callback_query_id": id, "text": "Cancelling #1" })).await;
    };
    let (pressed, ()) = tokio::join!(pressing, answering);
    assert_eq!(pressed, (200, json!({ "kind": "toast", "text": "Cancelling #1" })));
    let (status, problem) = world.post("telegram/press", json!({ "message": "1", "button": "Go" })).await;
    assert_eq!((status, problem), (422, json!({ "problem": "there is no message 1" })));
}

#[tokio::test]
async fn an_edited_message_shows_its_new_text_and_buttons_and_a_draft_shows_until_a_message_comes() {
    let world = World::start().await;
    let keyboard = |label: &str| json!({ "inline_keyboard": [[{ "text": label, "callback_data": "x" }]] });
    let sent = json!({ "chat_id": 1001, "text": "#1 queued", "reply_markup": keyboard("Cancel") });
    let id = world.bot_sends("sendMessage", sent).await["result"]["message_id"].clone();
    let edit = json!({ "chat_id": 1001, "message_id": id, "text": "#1 done", "reply_markup": keyboard("Retry") });
    world.bot_sends("editMessageText", edit).await;
    world.bot_sends("sendMessageDraft", json!({ "chat_id": 1001, "draft_id": 1, "text": "It was a" })).await;
    let messages = world.state().await["telegram"]["messages"].clone();
    let card = &messages[0];
    assert_eq!((&card["text"], &card["buttons"], &card["edited"]), (&json!("#1 done"), &json!([["Retry"]]), &json!(true)));
    assert_eq!((&messages[1]["text"], &messages[1]["draft"]), (&json!("It was a"), &json!(true)));
    world.bot_sends("sendMessage", json!({ "chat_id": 1001, "text": "It was a dark night." })).await;
    let messages = world.state().await["telegram"]["messages"].clone();
    assert_eq!((messages.as_array().unwrap().len(), &messages[1]["draft"]), (2, &json!(false)));
}

#[tokio::test]
async fn a_rich_message_is_shown_by_its_blocks() {
    let world = World::start().await;
    world.post("telegram/say", json!({ "text": "/start" })).await;
    let html = "<h2>Head</h2><table><tr><th>a</th></tr></table>";
    world.bot_sends("sendRichMessage", json!({ "chat_id": 1001, "rich_message": { "html": html } })).await;
    let state = world.state().await;
    let message = &state["telegram"]["messages"][1];
    assert_eq!(message["rich"][0], json!({ "type": "heading", "text": "Head", "size": 2 }));
    assert_eq!(message["text"], "Head\n\na");
    assert_eq!(state["telegram"]["messages"][0].get("rich"), None);
}

#[tokio::test]
async fn what_is_said_reaches_discord_or_is_refused_with_the_reason() {
    let world = World::start().await;
    assert_eq!(world.post("discord/say", json!({ "text": "hello" })).await.0, 200);
    assert_eq!(world.discord.messages(500).pop().unwrap().text, "hello");
    let (status, problem) = world.post("discord/say", json!({ "text": "/submit x" })).await;
    assert_eq!((status, problem), (422, json!({ "problem": "there is no command `/submit`" })));
    assert_eq!(world.state().await["discord"]["title"], "general");
    assert_eq!(world.post("other/say", json!({ "text": "x" })).await.0, 404);
}

#[tokio::test]
async fn every_change_is_pushed() {
    let world = World::start().await;
    let mut events = world.client.get(format!("{}/events", world.url)).send().await.unwrap();
    let first = events.chunk().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).starts_with("data: {"));
    world.model.hold();
    let next = tokio::time::timeout(Duration::from_secs(2), async {
        let mut text = String::new();
        while !text.contains("\"held\":true") {
            text.push_str(&String::from_utf8_lossy(&events.chunk().await.unwrap().unwrap()));
        }
    });
    next.await.unwrap();
    world.post("model/hold", json!({ "on": false })).await;
    assert!(!world.model.is_held());
}

#[tokio::test]
async fn files_can_be_had() {
    let world = World::start().await;
    let form = reqwest012::multipart::Form::new()
        .text("chat_id", "1001")
        .part("document", reqwest012::multipart::Part::bytes(b"# All".to_vec()).file_name("task-1.md"));
    let url = format!("{}/bot{TOKEN}/sendDocument", world.telegram.url());
    world.client.post(url).multipart(form).send().await.unwrap();
    let message = world.state().await["telegram"]["messages"][0].clone();
    assert_eq!(message["files"], json!([{ "name": "task-1.md", "size": 5 }]));
    let path = format!("{}/telegram/file/{}/0", world.url, message["id"].as_str().unwrap());
    let file = world.client.get(path).send().await.unwrap();
    assert_eq!(file.headers()["content-disposition"], "attachment; filename=\"task-1.md\"");
    assert_eq!(&file.bytes().await.unwrap()[..], b"# All");
}
