//! Messages, channels and commands over REST.

use serde_json::json;

use super::{Bench, CHANNEL};

#[tokio::test]
async fn a_nonce_makes_one_message() {
    let bench = Bench::start().await;
    let message = || json!({ "content": "once", "nonce": "n-1", "enforce_nonce": true, "allowed_mentions": { "parse": [] } });
    let (_, first) = bench.says(message()).await;
    let (status, second) = bench.says(message()).await;
    assert_eq!((status, &first["id"]), (200, &second["id"]));
    assert_eq!(bench.server.messages(CHANNEL).len(), 1);
    assert_eq!(bench.server.calls("POST /channels/{id}/messages"), 2);
    let (_, third) = bench.says(json!({ "content": "again", "nonce": "n-1" })).await;
    assert_ne!(first["id"], third["id"]);
    bench.end().await;
}
