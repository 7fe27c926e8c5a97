//! Every route of the REST API that is simulated, on one page, with what answers it.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::record::key;
use super::refusal::Refusal;
use super::submission::{Submission, Upload};
use super::world::World;
use super::{application, callback, channel_routes, command_routes, message_routes, webhook};

/// One route.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) method: &'static str,
    /// Its path below `/api/v10`; a segment in braces takes any value.
    pub(super) template: &'static str,
    pub(super) guard: Guard,
    answer: Handler,
}

type Handler = fn(&mut World, &Call) -> Outcome;

/// What a request needs to be let in, and which limits hold for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// The bot's token.
    Bot,
    /// Nothing.
    Anybody,
    /// The token of an interaction, in the path; exempt from the global limit.
    Interaction,
}

/// One request, matched and read.
#[derive(Debug)]
pub(super) struct Call {
    template: &'static str,
    params: Vec<String>,
    query: BTreeMap<String, String>,
    submission: Submission,
}

/// What a request gets when it is not refused.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Done(Value),
    Created(Value),
    Nothing,
}

/// The end of every request.
pub(super) type Outcome = Result<Answer, Refusal>;

static ROUTES: [Route; 36] = [
    Route::open("GET", "/gateway", application::gateway),
    Route::bot("GET", "/gateway/bot", application::gateway_bot),
    Route::bot("GET", "/users/@me", application::me),
    Route::bot("GET", "/oauth2/applications/@me", application::application),
    Route::bot("GET", "/applications/@me", application::application),
    Route::bot("GET", "/users/@me/guilds", application::guilds),
    Route::bot("POST", "/users/@me/channels", channel_routes::open_direct),
    Route::bot("GET", "/applications/{app}/commands", command_routes::list_all),
    Route::bot("PUT", "/applications/{app}/commands", command_routes::overwrite),
    Route::bot("POST", "/applications/{app}/commands", command_routes::upsert),
    Route::bot("GET", "/applications/{app}/commands/{command}", command_routes::get),
    Route::bot("PATCH", "/applications/{app}/commands/{command}", command_routes::edit),
    Route::bot("DELETE", "/applications/{app}/commands/{command}", command_routes::delete),
    Route::bot("GET", "/applications/{app}/guilds/{guild}/commands", command_routes::list_all),
    Route::bot("PUT", "/applications/{app}/guilds/{guild}/commands", command_routes::overwrite),
    Route::bot("POST", "/applications/{app}/guilds/{guild}/commands", command_routes::upsert),
    Route::bot("GET", "/applications/{app}/guilds/{guild}/commands/{command}", command_routes::get),
    Route::bot("PATCH", "/applications/{app}/guilds/{guild}/commands/{command}", command_routes::edit),
    Route::bot("DELETE", "/applications/{app}/guilds/{guild}/commands/{command}", command_routes::delete),
    Route::bot("GET", "/channels/{channel}", channel_routes::get),
    Route::bot("POST", "/channels/{channel}/typing", channel_routes::typing),
    Route::bot("POST", "/channels/{channel}/threads", channel_routes::start_thread),
    Route::bot("POST", "/channels/{channel}/messages/{message}/threads", channel_routes::start_thread_below),
    Route::bot("GET", "/channels/{channel}/messages", message_routes::history),
    Route::bot("POST", "/channels/{channel}/messages", message_routes::create),
    Route::bot("GET", "/channels/{channel}/messages/{message}", message_routes::get),
    Route::bot("PATCH", "/channels/{channel}/messages/{message}", message_routes::edit),
    Route::bot("DELETE", "/channels/{channel}/messages/{message}", message_routes::delete),
    Route::interaction("POST", "/interactions/{interaction}/{token}/callback", callback::respond),
    Route::interaction("POST", "/webhooks/{app}/{token}", webhook::follow_up),
    Route::interaction("GET", "/webhooks/{app}/{token}/messages/@original", webhook::get_original),
    Route::interaction("PATCH", "/webhooks/{app}/{token}/messages/@original", webhook::edit_original),
    Route::interaction("DELETE", "/webhooks/{app}/{token}/messages/@original", webhook::delete_original),
    Route::interaction("GET", "/webhooks/{app}/{token}/messages/{message}", webhook::get),
    Route::interaction("PATCH", "/webhooks/{app}/{token}/messages/{message}", webhook::edit),
    Route::interaction("DELETE", "/webhooks/{app}/{token}/messages/{message}", webhook::delete),
];

impl Route {
    const fn bot(method: &'static str, template: &'static str, answer: Handler) -> Self {
        Self { method, template, guard: Guard::Bot, answer }
    }

    const fn open(method: &'static str, template: &'static str, answer: Handler) -> Self {
        Self { guard: Guard::Anybody, ..Self::bot(method, template, answer) }
    }

    const fn interaction(method: &'static str, template: &'static str, answer: Handler) -> Self {
        Self { guard: Guard::Interaction, ..Self::bot(method, template, answer) }
    }

    /// The route of a request, with the values in its path. `path` starts below `/api/v10`.
    pub(super) fn find(method: &str, path: &str) -> Option<(&'static Self, Vec<String>)> {
        ROUTES.iter().filter(|route| route.method == method).find_map(|route| Some((route, route.matches(path)?)))
    }

    /// Whether there is a route of this key.
    pub(super) fn exists(wanted: &str) -> bool {
        ROUTES.iter().any(|route| key(&format!("{} {}", route.method, route.template)) == wanted)
    }

    fn matches(&self, path: &str) -> Option<Vec<String>> {
        let mut given = path.split('/');
        let mut params = Vec::new();
        for wanted in self.template.split('/') {
            let segment = given.next()?;
            if wanted.starts_with('{') && !segment.is_empty() {
                params.push(segment.to_owned());
            } else if wanted != segment {
                return None;
            }
        }
        given.next().is_none().then_some(params)
    }

    pub(super) fn answer(&self, world: &mut World, call: &Call) -> Outcome {
        (self.answer)(world, call)
    }
}

impl Call {
    pub(super) fn new(route: &Route, params: Vec<String>, query: &str, submission: Submission) -> Self {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { template: route.template, params, query, submission }
    }

    pub(super) fn json(&self) -> &Value {
        &self.submission.json
    }

    pub(super) fn uploads(&self) -> &[Upload] {
        &self.submission.uploads
    }

    pub(super) fn text(&self, index: usize) -> &str {
        self.params.get(index).map_or("", String::as_str)
    }

    pub(super) fn last_text(&self) -> &str {
        self.params.last().map_or("", String::as_str)
    }

    /// Whether this is one of the routes whose path contains that.
    pub(super) fn is_below(&self, part: &str) -> bool {
        self.template.contains(part)
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// # Errors
    ///
    /// When the path has no number there.
    pub(super) fn id(&self, index: usize) -> Result<u64, Refusal> {
        let text = self.text(index);
        text.parse().map_err(|_| Refusal::field("", "NUMBER_TYPE_COERCE", &format!("Value \"{text}\" is not snowflake.")))
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Done(body) => Json(body).into_response(),
            Self::Created(body) => (StatusCode::CREATED, Json(body)).into_response(),
            Self::Nothing => StatusCode::NO_CONTENT.into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Route;

    fn check(method: &str, path: &str, expected: Option<(&str, &[&str])>) {
        let found = Route::find(method, path);
        let found = found.as_ref().map(|(route, params)| (route.template, params.iter().map(String::as_str).collect::<Vec<_>>()));
        assert_eq!(found, expected.map(|(template, params)| (template, params.to_vec())));
    }

    #[test]
    fn the_most_literal_route_is_found() {
        check("GET", "/channels/5/messages", Some(("/channels/{channel}/messages", &["5"])));
        check("PATCH", "/webhooks/1/t/messages/@original", Some(("/webhooks/{app}/{token}/messages/@original", &["1", "t"])));
        check("PATCH", "/webhooks/1/t/messages/9", Some(("/webhooks/{app}/{token}/messages/{message}", &["1", "t", "9"])));
        check("PATCH", "/channels/5/messages", None);
        check("GET", "/channels/5/messages/", None);
    }
}
