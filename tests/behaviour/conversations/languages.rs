//! Everybody is spoken to in the language of their own app.

use crate::conversations::conversation;
use crate::support::chat::Chat;
use crate::support::world::{ANN, BOB, World};

conversation!(a_task_speaks_its_askers_language_to_its_end, |world, chat| {
    let ann = chat.speaking("de");
    world.model.hold();
    ann.says("/submit Vergleiche die drei Angebote");
    let accepted = ann.hears("#1 wartet: als Nächste dran.").await;
    assert_eq!(accepted.buttons, ["Abbrechen"]);
    ann.hears("#1 läuft.").await;
    ann.says("/status 1");
    ann.hears("#1 läuft seit ... Auftrag: Vergleiche die drei Angebote").await;
    world.model.release();
    ann.hears("Ergebnis von #1:").await;
    ann.hears("#1 fertig nach ... Token.").await;
    let card = ann.card_shows(1, "#1 fertig nach ... Kosten unbekannt. ... „Vergleiche die drei Angebote“").await;
    assert_eq!(card.buttons, ["Ganzes Ergebnis", "Wiederholen"]);
    ann.says("/help");
    ann.hears("Probier es aus: ... /submit Vergleiche").await;
    ann.says("/cancel 1");
    ann.hears("#1 war schon beendet (fertig).").await;
    let english = ann.sees().into_iter().filter(|heard| heard.text.contains("Result of") || heard.text.contains("queued"));
    assert_eq!(english.count(), 0);
});

conversation!(who_presses_is_answered_in_their_own_language, |world, chat| {
    let (ann, bob) = (chat.speaking("de-AT"), chat.of(BOB).speaking("en-GB"));
    world.model.hold();
    ann.says("/submit Vergleiche die drei Angebote");
    let running = ann.hears("#1 läuft.").await;
    let refused = bob.presses(&running, "Abbrechen").await;
    assert!(refused.starts_with("#1 is not your task: only who asked for it"), "{refused}");
    bob.says("/status 9");
    bob.hears("There is no task #9. Use /list to see yours.").await;
    assert!(ann.presses(&running, "Abbrechen").await.starts_with("#1 abgebrochen nach "));
    // The task was Ann's, and so is the language of its end.
    ann.hears("#1 abgebrochen nach").await;
    world.model.release();
});

conversation!(a_failure_is_explained_and_the_ledgers_own_words_stand_behind_it, |_world, chat| {
    let ann = chat.speaking("de");
    ann.says("/submit fail 401");
    let failed = ann
        .hears("#1 fehlgeschlagen (auth): der Anbieter des Modells nimmt den Schlüssel nicht an (auf Englisch: ... /retry 1")
        .await;
    assert_eq!(failed.buttons, ["Wiederholen"]);
    ann.says("/status 1");
    ann.hears("#1 fehlgeschlagen nach ... Fehler: auth: der Anbieter").await;
});

conversation!(a_language_that_is_not_spoken_is_answered_in_english, |world, chat| {
    chat.speaking("fr").says("/submit Compare the three offers");
    chat.hears("#1 done").await;
    world.telegram.set_language(i64::try_from(ANN).unwrap(), None);
    chat.says("/status 9");
    chat.hears("There is no task #9").await;
});

conversation!(
    the_operator_may_choose_one_language_for_everybody,
    |config| config.notify.language = Some(legwork::domain::language::Language::De),
    |world, chat| {
        chat.of(BOB).speaking("en-GB").says("/submit Compare the three offers");
        chat.hears("#1 fertig").await;
        world.model.hold();
        chat.says("/submit Compare the three offers");
        let running = chat.hears("#2 läuft.").await;
        assert!(chat.of(BOB).presses(&running, "Abbrechen").await.starts_with("#2 ist nicht deine Aufgabe"));
        world.model.release();
        chat.hears("#2 fertig").await;
        let helps = |text: &str| text.starts_with("Was das hier ist");
        let menus = || world.telegram.commands().into_iter().flat_map(|menu| menu.commands);
        world.until("the menus are German", |_| menus().any(|(_, description)| helps(&description))).await;
        let commands = world.discord.commands(None);
        assert!(commands.iter().any(|command| command["description"].as_str().is_some_and(helps)), "{commands:?}");
    }
);

/// The language is the ledger's, so a restart keeps it, whatever the app speaks by then.
async fn a_restart_keeps_the_language(world: &mut World, chat: impl Fn(&World) -> Chat<'_>) {
    world.model.hold();
    chat(world).speaking("de").says("/submit Vergleiche die drei Angebote");
    chat(world).hears("#1 läuft.").await;
    world.stops().await;
    let _now_english = chat(world).speaking("en");
    world.model.release();
    world.serves().await;
    chat(world).hears("Ergebnis von #1:").await;
    chat(world).hears("#1 fertig ... nach der Abgabe").await;
    chat(world).says("/status 1");
    chat(world).hears("#1 done after ... Asked: Vergleiche").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_keeps_the_language_on_telegram() {
    let mut world = World::starts().await;
    a_restart_keeps_the_language(&mut world, |world| world.telegram(ANN)).await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_keeps_the_language_on_discord() {
    let mut world = World::starts().await;
    a_restart_keeps_the_language(&mut world, |world| world.discord_channel(500, ANN)).await;
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_channels_hear_the_askers_language() {
    let mut world = World::stopped().await;
    world.config.access.admins.push(format!("telegram:{ANN}").parse().unwrap());
    world.serves().await;
    let (ann, elsewhere) = (world.telegram(ANN).speaking("de"), world.discord_channel(501, BOB).speaking("en-US"));
    ann.says("/submit --to discord:501 Vergleiche die drei Angebote");
    ann.hears("#1 fertig").await;
    elsewhere.hears("Ergebnis von #1:").await;
    elsewhere.hears("#1 fertig").await;
    world.closes().await;
}
