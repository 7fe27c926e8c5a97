//! `/`: a plain page with links to what there is.

use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};

use crate::web::WebState;

const PAGE: &str = include_str!("page.html");

/// Nothing may run on the page or frame it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The page.
pub(super) async fn index(State(state): State<WebState>) -> Response {
    let links = state.links.iter().map(|(path, text)| format!("<li><a href=\"{path}\">{text}</a></li>\n"));
    let page = PAGE.replace("{links}", &links.collect::<String>()).replace("{version}", env!("CARGO_PKG_VERSION"));
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(page)).into_response()
}
