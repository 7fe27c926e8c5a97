//! The page, its style and its scripts, kept inside the program.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};

/// Nothing from elsewhere, nothing inline: what people type cannot become code.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// `/demo`
pub(super) async fn page() -> Response {
    respond(HTML, include_str!("page.html"))
}

/// `/demo/...`
pub(super) async fn asset(Path(name): Path<String>) -> Response {
    match name.as_str() {
        "page.css" => respond(STYLE, include_str!("page.css")),
        "telegram.css" => respond(STYLE, include_str!("telegram.css")),
        "discord.css" => respond(STYLE, include_str!("discord.css")),
        "page.js" => respond(SCRIPT, include_str!("page.js")),
        "composer.js" => respond(SCRIPT, include_str!("composer.js")),
        "feed.js" => respond(SCRIPT, include_str!("feed.js")),
        "rich.js" => respond(SCRIPT, include_str!("rich.js")),
        "formatting.js" => respond(SCRIPT, include_str!("formatting.js")),
        "telegram.js" => respond(SCRIPT, include_str!("telegram.js")),
        "discord.js" => respond(SCRIPT, include_str!("discord.js")),
        "model.js" => respond(SCRIPT, include_str!("model.js")),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn respond(content_type: &'static str, body: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, body).into_response()
}
