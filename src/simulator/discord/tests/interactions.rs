//! Commands, buttons and completions, answered by serenity.

use reqwest012::Method;
use serde_json::json;
use serenity::all::{
    AutocompleteChoice, ButtonStyle, CreateActionRow, CreateAutocompleteResponse, CreateButton, CreateInteractionResponse,
    CreateInteractionResponseFollowup, CreateInteractionResponseMessage, EditInteractionResponse, GatewayIntents, Interaction,
};

use super::{ADA, Bench, Bot, CHANNEL};

#[tokio::test]
async fn a_command_is_deferred_and_then_answered() {
    let bench = Bench::start().await;
    bench.register().await;
    let mut bot = Bot::connect(&bench, GatewayIntents::empty()).await;
    let id = bench.server.types(CHANNEL, ADA, "/submit write a poem").expect("a command");
    let Interaction::Command(command) = bot.hears_interaction().await else { panic!("a command") };
    assert_eq!(command.id.get(), id);
    assert_eq!(command.data.name, "submit");
    assert_eq!(command.data.options[0].value.as_str(), Some("write a poem"));
    assert_eq!((command.user.id.get(), command.channel_id.get()), (ADA, CHANNEL));
    assert!(command.member.as_ref().is_some_and(|member| member.permissions.is_some()));

    command.defer(&bot.http).await.expect("deferred");
    let [message] = &bench.server.messages(CHANNEL)[..] else { panic!("one message") };
    assert!(message.loading && message.interaction == Some(id) && message.author_is_bot);
    let answer = EditInteractionResponse::new().content("Queued as `#1`.");
    command.edit_response(&bot.http, answer).await.expect("edited");
    let view = bench.server.interaction(id).expect("known");
    assert_eq!((view.ack_type, view.failed, view.ephemeral), (Some(5), false, false));
    let original = view.original.expect("an answer");
    assert_eq!((original.text.as_str(), original.loading, original.edited), ("Queued as `#1`.", false, false));

    let more = CreateInteractionResponseFollowup::new().content("psst").ephemeral(true);
    command.create_followup(&bot.http, more).await.expect("followed up");
    let messages = bench.server.messages(CHANNEL);
    assert_eq!(messages[1].ephemeral_for, Some(ADA));
    assert_eq!(bench.server.violations(), Vec::<String>::new());
    bot.leave().await;
    bench.end().await;
}

#[tokio::test]
async fn direct_messages_have_a_user_and_no_guild() {
    let bench = Bench::start().await;
    bench.register().await;
    let mut bot = Bot::connect(&bench, GatewayIntents::empty()).await;
    let dm = bench.server.dm(ADA);
    bench.server.runs(dm, ADA, "status", &[]).expect("a command");
    let Interaction::Command(command) = bot.hears_interaction().await else { panic!("a command") };
    assert_eq!((command.guild_id, command.user.id.get(), command.channel_id.get()), (None, ADA, dm));
    bot.leave().await;
    bench.end().await;
}

#[tokio::test]
async fn a_button_is_pressed_and_its_message_updated() {
    let bench = Bench::start().await;
    let mut bot = Bot::connect(&bench, GatewayIntents::empty()).await;
    let button = CreateButton::new("cancel:1").label("Cancel").style(ButtonStyle::Danger);
    let (status, sent) =
        bench.says(json!({ "content": "Running", "components": [CreateActionRow::Buttons(vec![button])] })).await;
    assert_eq!(status, 200, "{sent}");
    let message = bench.server.messages(CHANNEL)[0].clone();
    assert_eq!(message.buttons, ["Cancel"]);
    assert!(bench.server.presses(CHANNEL, ADA, message.id, "Retry").is_err());

    let id = bench.server.presses(CHANNEL, ADA, message.id, "Cancel").expect("a button");
    let Interaction::Component(press) = bot.hears_interaction().await else { panic!("a press") };
    assert_eq!((press.data.custom_id.as_str(), press.message.id.get()), ("cancel:1", message.id));
    let update = CreateInteractionResponseMessage::new().content("Cancelled").components(Vec::new());
    press.create_response(&bot.http, CreateInteractionResponse::UpdateMessage(update)).await.expect("updated");
    let updated = bench.server.messages(CHANNEL)[0].clone();
    assert_eq!((updated.text.as_str(), updated.edited, updated.buttons.len()), ("Cancelled", true, 0));
    assert_eq!(updated.earlier, ["Running"]);
    assert_eq!(bench.server.interaction(id).and_then(|view| view.original).map(|message| message.id), Some(message.id));
    bot.leave().await;
    bench.end().await;
}

#[tokio::test]
async fn a_button_below_an_answer_is_pressed() {
    let bench = Bench::start().await;
    bench.register().await;
    let mut bot = Bot::connect(&bench, GatewayIntents::empty()).await;
    let dm = bench.server.dm(ADA);
    bench.server.runs(dm, ADA, "submit", &[("prompt", "write")]).expect("a command");
    let command = bot.hears_interaction().await.command().expect("a command");
    let rows = vec![CreateActionRow::Buttons(vec![CreateButton::new("cancel:1").label("Cancel")])];
    let answer = CreateInteractionResponseMessage::new().content("Queued").components(rows).ephemeral(true);
    command.create_response(&bot.http, CreateInteractionResponse::Message(answer)).await.expect("answered");
    let message = bench.server.messages(dm)[0].clone();
    assert!(bench.server.presses(dm, ADA + 1, message.id, "Cancel").is_err(), "only Ada sees it");
    bench.server.presses(dm, ADA, message.id, "Cancel").expect("a button");
    let press = bot.hears_interaction().await.message_component().expect("a press");
    assert!(press.message.interaction_metadata.is_some());
    press.create_response(&bot.http, CreateInteractionResponse::Acknowledge).await.expect("acknowledged");
    let edit = EditInteractionResponse::new().content("Cancelling").components(Vec::new());
    press.edit_response(&bot.http, edit).await.expect("edited");
    assert_eq!(bench.server.messages(dm)[0].text, "Cancelling");
    assert_eq!(bench.server.violations(), Vec::<String>::new());
    bot.leave().await;
    bench.end().await;
}

#[tokio::test]
async fn an_option_is_completed() {
    let bench = Bench::start().await;
    bench.register().await;
    let mut bot = Bot::connect(&bench, GatewayIntents::empty()).await;
    let id = bench.server.autocompletes(CHANNEL, ADA, "status", "task", "4").expect("an option that completes");
    let Interaction::Autocomplete(asked) = bot.hears_interaction().await else { panic!("a completion") };
    assert_eq!(asked.data.autocomplete().map(|option| (option.name, option.value)), Some(("task", "4")));
    assert_eq!(bench.server.choices(id), None);
    let choices = CreateAutocompleteResponse::new().set_choices(vec![AutocompleteChoice::new("#42 a poem", "42")]);
    asked.create_response(&bot.http, CreateInteractionResponse::Autocomplete(choices)).await.expect("answered");
    assert_eq!(bench.server.choices(id), Some(vec![("#42 a poem".to_owned(), "42".to_owned())]));
    assert!(bench.server.autocompletes(CHANNEL, ADA, "submit", "prompt", "x").is_err());
    bot.leave().await;
    bench.end().await;
}

#[tokio::test]
async fn only_registered_commands_can_be_used() {
    let bench = Bench::start().await;
    let refused = |text: &str| bench.server.types(CHANNEL, ADA, text).expect_err("refused").to_string();
    assert_eq!(refused("/submit x"), "there is no command `/submit`");
    bench.register().await;
    assert_eq!(refused("/submit"), "`/submit` needs the option `prompt`");
    assert_eq!(refused("submit x"), "a command begins with a slash");
    bench.end().await;
}

#[tokio::test]
async fn an_interaction_is_acknowledged_in_time_and_once() {
    let bench = Bench::start().await;
    bench.register().await;
    let mut paths = Vec::new();
    for _ in 0..3 {
        let id = bench.server.runs(CHANNEL, ADA, "status", &[]).expect("a command");
        let token = bench.server.interaction(id).expect("known").event["token"].as_str().expect("a token").to_owned();
        paths.push((id, format!("/interactions/{id}/{token}/callback"), token));
    }
    let defer = || Some(json!({ "type": 5 }));
    let code = |(status, body): (u16, serde_json::Value)| (status, body["code"].as_u64());

    bench.server.expire_acknowledgement(paths[0].0);
    assert_eq!(code(bench.call(Method::POST, &paths[0].1, defer()).await), (404, Some(10062)));
    assert!(bench.server.interaction(paths[0].0).is_some_and(|view| view.failed));

    assert_eq!(code(bench.call(Method::POST, &paths[1].1, defer()).await).0, 204);
    assert_eq!(code(bench.call(Method::POST, &paths[1].1, defer()).await), (400, Some(40060)));
    assert_eq!(bench.server.violations().len(), 1);

    let original = format!("/webhooks/{}/{}/messages/@original", bench.server.application_id(), paths[2].2);
    let text = || Some(json!({ "content": "late" }));
    assert_eq!(code(bench.call(Method::PATCH, &original, text()).await), (404, Some(10015)));
    assert_eq!(code(bench.call(Method::POST, &paths[2].1, defer()).await).0, 204);
    bench.server.expire_token(paths[2].0);
    assert_eq!(code(bench.call(Method::PATCH, &original, text()).await), (401, Some(50027)));
    bench.end().await;
}
