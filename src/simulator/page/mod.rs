//! The demo page: a Telegram chat, a Discord channel and the model side by side, to be typed into.
//!
//! It is served from the program itself and loads nothing from elsewhere. Every change is pushed as one event with
//! the whole state; the script on the page compares and redraws what differs.

mod assets;
mod chat;
mod discord;
mod model;
mod telegram;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{Stream, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::simulator::discord::DiscordServer;
use crate::simulator::model::ModelServer;
pub use crate::simulator::page::chat::{
    Chat, ChatView, CommandView, FileView, MessageView, Pressed, QuoteView, Refused, ThreadView,
};
pub use crate::simulator::page::discord::DiscordChat;
use crate::simulator::page::model::ModelView;
pub use crate::simulator::page::telegram::TelegramChat;
use crate::simulator::telegram::TelegramServer;

/// Changes that come closer together than this are shown at once.
const FRAME: Duration = Duration::from_millis(60);

/// The people and places that [`router`] shows.
const TELEGRAM_PERSON: (i64, &str) = (1001, "Ann");
const DISCORD_PERSON: (u64, &str) = (2002, "Bob");
const DISCORD_CHANNEL: (u64, &str) = (500, "general");
/// What Discord calls the permission to do everything.
const ADMINISTRATOR: u64 = 8;

/// What the page shows.
#[derive(Clone)]
pub struct Views {
    /// The chat on the left.
    pub telegram: Arc<dyn Chat>,
    /// The channel beside it.
    pub discord: Arc<dyn Chat>,
    /// What both lead to.
    pub model: ModelServer,
    /// Ends the streams of events, which would otherwise keep the page's server from stopping.
    pub stop: CancellationToken,
}

#[derive(Serialize)]
struct DemoView {
    telegram: ChatView,
    discord: ChatView,
    model: ModelView,
}

impl Views {
    /// A private chat on Telegram and a channel on Discord, until `stop`.
    pub fn new(telegram: &TelegramServer, discord: &DiscordServer, model: &ModelServer, stop: CancellationToken) -> Self {
        let (person, name) = TELEGRAM_PERSON;
        // Who looks at the page can try everything, and `/notify` is for those who look after a channel.
        discord.set_permissions(DISCORD_CHANNEL.0, DISCORD_PERSON.0, ADMINISTRATOR);
        Self {
            telegram: Arc::new(TelegramChat::new(telegram, person, name)),
            discord: Arc::new(DiscordChat::new(discord, DISCORD_CHANNEL, DISCORD_PERSON)),
            model: model.clone(),
            stop,
        }
    }

    fn view(&self) -> DemoView {
        DemoView { telegram: self.telegram.view(), discord: self.discord.view(), model: model::view(&self.model) }
    }

    fn chat(&self, platform: &str) -> Option<&Arc<dyn Chat>> {
        match platform {
            "telegram" => Some(&self.telegram),
            "discord" => Some(&self.discord),
            _ => None,
        }
    }
}

/// The page and what it asks for, all below `/demo`. `stop` ends its streams of events, which would otherwise keep the
/// server it is part of from stopping.
pub fn router(telegram: &TelegramServer, discord: &DiscordServer, model: &ModelServer, stop: CancellationToken) -> Router {
    router_of(Views::new(telegram, discord, model, stop))
}

/// The same for chats of one's own choice.
pub fn router_of(views: Views) -> Router {
    Router::new()
        .route("/demo", get(assets::page))
        .route("/demo/{asset}", get(assets::asset))
        .route("/demo/state", get(state))
        .route("/demo/events", get(events))
        .route("/demo/model/hold", post(hold))
        .route("/demo/{platform}/say", post(say))
        .route("/demo/{platform}/press", post(press))
        .route("/demo/{platform}/file/{message}/{index}", get(file))
        .with_state(views)
}

async fn state(State(views): State<Views>) -> Json<DemoView> {
    Json(views.view())
}

/// The state now, and again after every change.
async fn events(State(views): State<Views>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let receivers = (views.telegram.changed(), views.discord.changed(), views.model.changed());
    let events = stream::unfold((views, receivers, true), async |(views, mut receivers, first)| {
        if !first {
            let (telegram, discord, model) = &mut receivers;
            tokio::select! {
                Ok(()) = telegram.changed() => {}
                Ok(()) = discord.changed() => {}
                Ok(()) = model.changed() => {}
                () = views.stop.cancelled() => return None,
            }
            tokio::time::sleep(FRAME).await;
        }
        receivers.0.mark_unchanged();
        receivers.1.mark_unchanged();
        receivers.2.mark_unchanged();
        let event = Event::default().json_data(views.view()).unwrap_or_default();
        Some((Ok(event), (views, receivers, false)))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

#[derive(Deserialize)]
struct Say {
    text: String,
    reply_to: Option<String>,
}

async fn say(State(views): State<Views>, Path(platform): Path<String>, Json(say): Json<Say>) -> Response {
    let Some(chat) = views.chat(&platform) else { return StatusCode::NOT_FOUND.into_response() };
    answer(chat.say(&say.text, say.reply_to.as_deref()).map(|()| json!({})))
}

#[derive(Deserialize)]
struct Press {
    message: String,
    button: String,
}

async fn press(State(views): State<Views>, Path(platform): Path<String>, Json(press): Json<Press>) -> Response {
    let Some(chat) = views.chat(&platform) else { return StatusCode::NOT_FOUND.into_response() };
    let pressed = chat.press(&press.message, &press.button).await;
    answer(pressed.map(|pressed| json!(pressed)))
}

#[derive(Deserialize)]
struct Hold {
    on: bool,
}

async fn hold(State(views): State<Views>, Json(hold): Json<Hold>) -> Json<Value> {
    if hold.on {
        views.model.hold();
    } else {
        views.model.release();
    }
    Json(json!({}))
}

async fn file(State(views): State<Views>, Path((platform, message, index)): Path<(String, String, usize)>) -> Response {
    match views.chat(&platform).and_then(|chat| chat.file(&message, index)) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some((name, bytes)) => {
            let name: String = name.chars().filter(|c| c.is_ascii_graphic() && !"\"\\".contains(*c)).collect();
            let disposition = format!("attachment; filename=\"{name}\"");
            let headers = [(CONTENT_TYPE, "application/octet-stream".to_owned()), (CONTENT_DISPOSITION, disposition)];
            (headers, bytes).into_response()
        }
    }
}

fn answer(outcome: Result<Value, Refused>) -> Response {
    match outcome {
        Ok(value) => Json(value).into_response(),
        Err(Refused(problem)) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "problem": problem }))).into_response(),
    }
}
