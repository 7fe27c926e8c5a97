//! The real binary, logging all it can, on good days and on bad ones: no secret, no prompt and no result shows anywhere.

use legwork::simulator::discord::{Fault as DiscordFault, FaultKind as DiscordFaultKind};
use legwork::simulator::model::{Reply, Step};
use legwork::simulator::telegram::{Fault, FaultKind};

use crate::support::chat::Chat;
use crate::support::process::Process;
use crate::support::wait::Wait;
use crate::support::world::{ANN, API_KEY, BOB, DISCORD_TOKEN, TELEGRAM_TOKEN, World};

/// Stands in every prompt, and nowhere else.
const PROMPT: &str = "xylophone-of-the-prompt";
/// Stands in every result, and nowhere else.
const RESULT: &str = "marzipan-of-the-result";

const SETTINGS: [(&str, &str); 3] = [
    ("RUST_LOG", "trace,hyper=trace,serenity=trace,teloxide=trace,async_openai=trace"),
    ("LEGWORK__TASKS__DRAIN", "1s"),
    ("LEGWORK__LLM__RETRIES", "1"),
];

/// Tokens and keys, and the parts of them that are secret by themselves.
fn secrets(world: &World) -> Vec<String> {
    let mut secrets = vec![TELEGRAM_TOKEN, TELEGRAM_TOKEN.split_once(':').unwrap().1, API_KEY];
    secrets.extend(DISCORD_TOKEN.split('.'));
    let mut secrets: Vec<String> = secrets.into_iter().map(ToOwned::to_owned).collect();
    let interactions = world.discord.interactions(500).into_iter();
    secrets.extend(interactions.map(|interaction| interaction.event["token"].as_str().unwrap().to_owned()));
    secrets
}

/// Asserts that none of these stands in the text.
fn hides(what: &str, text: &str, hidden: &[String]) {
    for hidden in hidden {
        let line = text.lines().find(|line| line.contains(hidden.as_str()));
        assert!(line.is_none(), "`{hidden}` shows in {what}: {}", line.unwrap_or_default());
    }
}

/// Asserts that nothing shows in what the process says over HTTP and in what people see.
async fn says_nothing(world: &World, process: &Process) {
    let secrets = secrets(world);
    let texts = vec![PROMPT.to_owned(), RESULT.to_owned()];
    let all = [secrets.clone(), texts].concat();
    for path in
        ["/", "/healthz", "/readyz", "/metrics", "/api/v1/summary", "/api/v1/tasks/999", "/api/v1/tasks/x%20y", "/nowhere"]
    {
        hides(path, &process.gets(path).await.unwrap().1, &all);
    }
    for body in [
        format!(r#"{{"prompt": "{PROMPT}", "colour": "red"}}"#),
        format!(r#"{{"prompt": "{PROMPT}"#),
        format!(r#"{{"prompt": "x", "model": "{PROMPT} {PROMPT}"}}"#),
    ] {
        let (status, problem) = process.posts("/api/v1/tasks", &body).await.unwrap();
        assert!(status >= 400, "{problem}");
        hides("a problem", &problem, &all);
    }
    hides("the API", &process.gets("/api/v1/tasks").await.unwrap().1, &secrets);
    let telegram = world.telegram.messages(i64::try_from(ANN).unwrap()).into_iter().map(|message| message.text);
    let discord = world.discord.messages(500).into_iter().map(|message| message.text);
    let seen = telegram.chain(discord).collect::<Vec<_>>().join("\n");
    assert!(seen.contains("done after"), "{seen}");
    hides("the chats", &seen, &secrets);
}

/// Asserts that the log says a lot, and nothing that it should not.
fn logs_nothing(world: &World, log: &str) {
    for words in ["DEBUG", "task accepted", "llm.complete", "attempt ended", "drained"] {
        assert!(log.contains(words), "`{words}` is not in the log, so it proves nothing: {log}");
    }
    // Other crates hold no more than warnings, whatever is asked for: nobody knows what their next version logs.
    let foreign = log.lines().find(|line| (line.contains("DEBUG") || line.contains("TRACE")) && !line.contains("legwork::"));
    assert_eq!(foreign, None);
    hides("the log", log, &[secrets(world), vec![PROMPT.to_owned(), RESULT.to_owned()]].concat());
}

impl World {
    /// The next model calls answer with the result.
    fn model_answers(&self) {
        self.model.reply_to(PROMPT, Reply::text(&format!("{RESULT} {PROMPT}")));
    }

    /// Hands the prompt over in both chats and waits for both ends.
    async fn converses(&self, chats: [&Chat<'_>; 2]) {
        let ended = |chat: &Chat<'_>| chat.count("done after") + chat.count("failed: ... after");
        let before = chats.map(ended);
        for chat in chats {
            self.model_answers();
            chat.says(&format!("/submit {PROMPT}"));
        }
        self.until("both tasks have ended", |_| chats.iter().zip(before).all(|(chat, before)| ended(chat) > before)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_shows_while_everything_works() {
    let world = World::stopped().await;
    let (telegram, discord) = (world.telegram(ANN), world.discord_channel(500, BOB));
    let mut process = world.launches(&SETTINGS);
    process.is_ready().await;
    world.converses([&telegram, &discord]).await;
    for (number, chat) in [(3, &telegram), (4, &discord)] {
        for command in ["/status 1", "/list", "/result 1", "/help", "/cancel 1"] {
            chat.says(command);
        }
        chat.hears("Try it: ... /submit ... /help").await;
        world.model.reply_to("hang", Reply::of(vec![Step::Text(RESULT.to_owned()), Step::Stall]));
        chat.says(&format!("/submit {PROMPT} hang"));
        world.until("the model is asked", |world| world.model.running() == 1).await;
        let running = chat.hears(&format!("#{number} running")).await;
        chat.presses(&running, "Cancel").await;
        world.until("the call is gone", |world| world.model.running() == 0).await;
    }
    world.model_answers();
    process.posts("/api/v1/tasks", &format!(r#"{{"prompt": "{PROMPT}", "deliver_to": ["discord:500"]}}"#)).await.unwrap();
    discord.hears("#5 done").await;
    says_nothing(&world, &process).await;
    process.signal("TERM");
    assert_eq!(process.ends().await.code(), Some(0));
    logs_nothing(&world, &process.log());
    world.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_shows_while_the_platforms_fail() {
    let world = World::stopped().await;
    let (telegram, discord) = (world.telegram(ANN), world.discord_channel(500, BOB));
    let mut process = world.launches(&SETTINGS);
    process.is_ready().await;
    // Servers and proxies that fail like to repeat what they were asked.
    let echo = format!("no /bot{TELEGRAM_TOKEN}/sendMessage here: can't parse \"{PROMPT} {RESULT}\" at byte 7");
    let troubles = [
        (FaultKind::Status(500, echo.clone()), DiscordFaultKind::Status(500, 0, format!("{PROMPT} {RESULT}"))),
        (FaultKind::RetryAfter(1), DiscordFaultKind::RetryAfter(0.5, false)),
        (FaultKind::Status(401, "Unauthorized".to_owned()), DiscordFaultKind::NotJson(500)),
        (FaultKind::NotJson(502), DiscordFaultKind::NotJson(403)),
        (FaultKind::CutAfter, DiscordFaultKind::CutAfter),
        (FaultKind::CutBefore, DiscordFaultKind::CutBefore),
        (FaultKind::Status(400, echo), DiscordFaultKind::Status(400, 50_035, format!("{PROMPT} {RESULT}"))),
    ];
    for (of_telegram, of_discord) in troubles {
        for method in ["sendMessage", "sendChatAction", "getUpdates"] {
            world.telegram.fail(Fault::once(method, of_telegram.clone()));
        }
        for route in ["POST /channels/{id}/messages", "PATCH /webhooks/{app}/{token}/messages/@original"] {
            world.discord.fail(DiscordFault { route: Some(route.to_owned()), times: 1, kind: of_discord.clone() });
        }
        world.converses([&telegram, &discord]).await;
    }
    world.discord.close_gateway(Some(4000));
    world
        .until("the gateway is back", |world| {
            world.discord.identifies() + world.discord.resumes() > 1 && world.discord.connected()
        })
        .await;
    world.converses([&telegram, &discord]).await;
    says_nothing(&world, &process).await;

    // A refused token is the end of it there, and what is said of that does not show it either.
    world.discord.fail(DiscordFault {
        route: Some("POST /channels/{id}/messages".to_owned()),
        times: 1,
        kind: DiscordFaultKind::Status(401, 0, "401: Unauthorized".to_owned()),
    });
    let refused = world.discord.calls("POST /channels/{id}/messages");
    world.model_answers();
    discord.says(&format!("/submit {PROMPT}"));
    world.until("the token is refused", |world| world.discord.calls("POST /channels/{id}/messages") > refused).await;
    world.discord.close_gateway(Some(4004));
    let mut wait = Wait::begin();
    while !process.log().contains("a platform is left until the next start") {
        wait.goes_on(|| process.log()).await;
    }
    process.signal("TERM");
    assert_eq!(process.ends().await.code(), Some(0));
    logs_nothing(&world, &process.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_shows_while_the_model_fails() {
    let world = World::stopped().await;
    let (telegram, discord) = (world.telegram(ANN), world.discord_channel(500, BOB));
    let mut process = world.launches(&SETTINGS);
    process.is_ready().await;
    let echo = |status| Reply::error(status, "invalid_api_key", &format!("Incorrect API key {API_KEY}: {PROMPT} {RESULT}"));
    let garbage = |text: String| Reply::of(vec![Step::Raw(text.into()), Step::Done]);
    let troubles = [
        echo(401),
        echo(500),
        echo(400),
        echo(429).header("retry-after", "0"),
        garbage(format!("data: {{not json {API_KEY} {PROMPT} {RESULT}\n\n")),
        garbage(format!("data: {{\"error\": {{\"message\": \"{API_KEY} {PROMPT} {RESULT}\"}}}}\n\n")),
        Reply::of(vec![Step::Status(200, Vec::new(), format!("<html>{API_KEY} {PROMPT} {RESULT}</html>"))]),
        Reply::of(vec![Step::Status(502, Vec::new(), format!("<html>{API_KEY} {PROMPT} {RESULT}</html>"))]),
        Reply::of(vec![Step::Text(RESULT.to_owned()), Step::Cut]),
    ];
    for (index, trouble) in troubles.into_iter().enumerate() {
        // One that is tried again meets the same; the good answer after it keeps the breaker closed.
        for _ in 0..2 {
            world.model.reply_to(&format!("trouble {index}"), trouble.clone());
        }
        telegram.says(&format!("/submit {PROMPT} trouble {index}"));
        let ended = || telegram.count("done after") + telegram.count("failed:");
        world.until("it has ended", |_| ended() == 2 * index + 1).await;
        world.model_answers();
        telegram.says(&format!("/submit {PROMPT}"));
        world.until("it has ended", |_| ended() == 2 * index + 2).await;
    }
    assert!(telegram.count("failed:") > 4, "{:#?}", telegram.sees());
    world.converses([&telegram, &discord]).await;
    says_nothing(&world, &process).await;
    process.signal("TERM");
    assert_eq!(process.ends().await.code(), Some(0));
    logs_nothing(&world, &process.log());
    world.closes().await;
}
