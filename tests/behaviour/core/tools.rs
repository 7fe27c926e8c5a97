//! The tools a model may be given see and touch only its own person's tasks in its own channel.

use legwork::background::tools::{Tool, ToolError, ToolScope, build_tools};
use legwork::domain::language::Language;
use legwork::domain::status::Status;
use serde_json::{Value, json};

use crate::support::desk::Desk;

fn tools(desk: &Desk, channel: &str, person: &str) -> Vec<Tool> {
    let (session, language) = (channel.to_owned(), Language::En);
    let scope = ToolScope { channel: channel.parse().unwrap(), person: person.parse().unwrap(), session, language };
    build_tools(&desk.manager, &scope, &[])
}

async fn call(tools: &[Tool], name: &str, arguments: Value) -> Result<Value, ToolError> {
    tools.iter().find(|tool| tool.name == name).unwrap().handler.call(arguments).await
}

#[tokio::test(start_paused = true)]
async fn a_model_can_submit_watch_and_read_a_task() {
    let desk = Desk::open();
    let tools = tools(&desk, "chat:1", "chat:ann");
    let names: Vec<_> = tools.iter().map(|tool| tool.name).collect();
    assert_eq!(names, ["bg_submit", "bg_status", "bg_list", "bg_result", "bg_cancel"]);
    let task = call(&tools, "bg_submit", json!({ "prompt": "hold the answer" })).await.unwrap();
    assert_eq!((task["number"].as_u64(), task["status"].as_u64()), (Some(1), Some(1)));
    assert!(matches!(call(&tools, "bg_result", json!({ "task": "1" })).await, Err(ToolError::Refused(_))));
    desk.runner.release();
    desk.until_status(legwork::domain::id::TaskNumber(1), Status::Done).await;
    assert_eq!(call(&tools, "bg_status", json!({ "task": "#1" })).await.unwrap()["status_text"], "done");
    assert_eq!(call(&tools, "bg_result", json!({ "task": task["id"] })).await.unwrap()["result"], "the answer");
    assert_eq!(call(&tools, "bg_list", Value::Null).await.unwrap().as_array().unwrap().len(), 1);
    desk.hears("chat:1", "#1 done").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn the_tasks_of_others_do_not_exist() {
    let desk = Desk::open();
    let number = desk.submits("chat:1", "chat:ann", "hang").await;
    desk.until_status(number, Status::Running).await;
    for (channel, person) in [("chat:1", "chat:bob"), ("chat:2", "chat:ann")] {
        let tools = tools(&desk, channel, person);
        for name in ["bg_status", "bg_result", "bg_cancel"] {
            assert!(matches!(call(&tools, name, json!({ "task": "1" })).await, Err(ToolError::NotFound(_))));
        }
        assert_eq!(call(&tools, "bg_list", json!({})).await.unwrap(), json!([]));
    }
    let tools = tools(&desk, "chat:1", "chat:ann");
    assert_eq!(call(&tools, "bg_cancel", json!({ "task": "1" })).await.unwrap()["status_text"], "cancelled");
    desk.hears("chat:1", "#1 cancelled").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn the_same_key_gives_the_same_task_and_bad_arguments_say_so() {
    let desk = Desk::open();
    let tools = tools(&desk, "chat:1", "chat:ann");
    let first = call(&tools, "bg_submit", json!({ "prompt": "say x", "key": "k" })).await.unwrap();
    let again = call(&tools, "bg_submit", json!({ "prompt": "say x", "key": "k" })).await.unwrap();
    assert_eq!(first["id"], again["id"]);
    assert!(matches!(call(&tools, "bg_submit", json!({ "promt": "x" })).await, Err(ToolError::Arguments(_))));
    assert!(matches!(call(&tools, "bg_submit", json!({ "prompt": " " })).await, Err(ToolError::Prompt(_))));
    desk.hears("chat:1", "#1 done").await;
    desk.closes().await;
}

#[tokio::test(start_paused = true)]
async fn a_model_writes_to_no_channel_of_others() {
    let desk = Desk::open();
    let scope = ToolScope {
        channel: "chat:1".parse().unwrap(),
        person: "chat:ann".parse().unwrap(),
        session: "chat:1".to_owned(),
        language: Language::En,
    };
    let tools = build_tools(&desk.manager, &scope, &["chat:2".parse().unwrap()]);
    let submit = async |channels: &[&str]| call(&tools, "bg_submit", json!({ "prompt": "say x", "deliver_to": channels })).await;
    let refused = submit(&["chat:1", "chat:3"]).await.unwrap_err().to_string();
    assert!(refused.contains("`chat:3` cannot be written to from here"), "{refused}");
    submit(&["chat:1", "chat:2"]).await.unwrap();
    desk.hears("chat:2", "#1 done").await;
    assert_eq!(desk.recorder.heard("chat:3"), Vec::<String>::new());
    desk.closes().await;
}
