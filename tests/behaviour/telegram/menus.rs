//! The command menus: one for each kind of chat, and set only when they differ.

use serde_json::json;

use super::support::World;

const SCOPES: [&str; 4] = ["default", "all_private_chats", "all_group_chats", "all_chat_administrators"];

#[tokio::test]
async fn each_kind_of_chat_has_its_menu() {
    let (world, bot) = World::started().await;
    let complete = |world: &World| SCOPES.iter().all(|scope| menu(world, scope).is_some());
    world.until("every menu is set", |_| complete(&world).then_some(())).await;
    let names = |scope| menu(&world, scope).unwrap();
    assert!(names("all_private_chats").contains(&"start".to_owned()));
    assert!(!names("all_group_chats").contains(&"start".to_owned()));
    assert!(names("all_group_chats").iter().all(|name| names("all_chat_administrators").contains(name)));
    bot.stops().await;
    world.ends().await;
}

#[tokio::test]
async fn a_menu_is_set_only_when_it_differs() {
    let (world, bot) = World::started().await;
    world.until("every menu is set", |server| (server.calls("setMyCommands") >= SCOPES.len()).then_some(())).await;
    bot.stops().await;
    let set = world.server.calls("setMyCommands");
    assert_eq!(set, world.server.calls("getMyCommands"), "asked first, each of them");
    let again = world.starts_bot();
    world.until("asked again", |server| (server.calls("getMyCommands") == 2 * set).then_some(())).await;
    again.stops().await;
    let other =
        json!({"commands": [{"command": "other", "description": "of somebody else"}], "scope": {"type": "all_group_chats"}});
    world.somebody_else_calls("setMyCommands", other).await;
    let third = world.starts_bot();
    world.until("set again", |server| (server.calls("setMyCommands") == set + 2).then_some(())).await;
    world.until("and mended", |_| menu(&world, "all_group_chats").is_some_and(|names| names[0] == "submit").then_some(())).await;
    third.stops().await;
    assert_eq!(world.server.calls("setMyCommands"), set + 2, "the one that differed, and no other");
    world.ends().await;
}

fn menu(world: &World, scope: &str) -> Option<Vec<String>> {
    let menus = world.server.commands();
    let menu = menus.into_iter().find(|menu| menu.scope["type"] == scope && menu.language.is_empty())?;
    Some(menu.commands.into_iter().map(|(name, _)| name).collect())
}
