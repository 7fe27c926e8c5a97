//! From what the file says to what the program needs, section by section.

use std::time::Duration;

use secrecy::SecretString;

use crate::config::layers::Layers;
use crate::config::problem::Problem;
use crate::config::raw::{RawChannel, RawConfig};
use crate::config::value::Values;
use crate::config::{
    AccessConfig, ChannelConfig, Config, DiscordConfig, LlmConfig, NotifyConfig, ServerConfig, StoreConfig, TasksConfig,
    TelegramConfig,
};
use crate::domain::channel::ChannelId;
use crate::domain::limits::Limits;
use crate::domain::preferences::Preferences;

/// Times shorter than this are surely a mistake of the unit.
const BLINK: Duration = Duration::from_millis(100);
const DAY: Duration = Duration::from_hours(24);

/// With its task a message is forgotten that made it, and platforms deliver one again, or have it edited, for two days.
const REMEMBERED: Duration = Duration::from_hours(72);

/// Longest prompt of a channel's own, in characters.
const MAX_PERSONA: usize = 8_000;

/// Further tries of one call beyond which waiting makes no sense.
const MAX_RETRIES: u32 = 20;

/// The checked configuration. It may be used only when no problem was added.
pub fn checked(layers: &Layers, problems: &mut Vec<Problem>) -> Config {
    let raw = &layers.raw;
    let mut values = Values::new(layers, problems);
    Config {
        server: server(raw, &mut values),
        store: StoreConfig {
            path: values.sqlite_path("store.url", &raw.store.url),
            retention: values.time("store.retention", &raw.store.retention, REMEMBERED, DAY * 36_500),
        },
        tasks: tasks(raw, &mut values),
        llm: llm(raw, &mut values),
        telegram: telegram(raw, &mut values),
        discord: discord(raw, &mut values),
        access: AccessConfig {
            open: raw.access.open,
            admins: values.people("access.admins", &raw.access.admins),
            people: values.people("access.people", &raw.access.people),
            channels: values.channels("access.channels", &raw.access.channels),
        },
        notify: NotifyConfig {
            defaults: Preferences {
                events: Some(values.events("notify.events", &raw.notify.events)),
                silent: Some(raw.notify.silent),
                mention: Some(raw.notify.mention),
                thread: Some(raw.notify.thread),
                quiet: values.quiet("notify.quiet", &raw.notify.quiet),
                time_zone: values.time_zone("notify.time_zone", &raw.notify.time_zone),
                deliver_to: None,
            },
            default_deliver_to: values.channels("notify.default_deliver_to", &raw.notify.default_deliver_to),
            language: values.language("notify.language", &raw.notify.language),
            channels: channels(&raw.channels, &mut values),
        },
    }
}

fn server(raw: &RawConfig, values: &mut Values<'_>) -> ServerConfig {
    let listen = values.socket("server.listen", &raw.server.listen);
    let key = "server.admin_token";
    let admin_token = values.secret(key, &raw.server.admin_token, &raw.server.admin_token_file);
    let named = !raw.server.admin_token_file.trim().is_empty();
    if !listen.ip().is_loopback() && admin_token.is_none() && !named {
        let expected = format!("required, because {listen} can be reached from other machines");
        values.wrong(key, "", expected, "set it, for example to the output of `openssl rand -hex 32`, or listen on 127.0.0.1");
    }
    ServerConfig { listen, admin_token }
}

fn tasks(raw: &RawConfig, values: &mut Values<'_>) -> TasksConfig {
    let raw = &raw.tasks;
    let limits = Limits {
        max_running: values.limit("tasks.max_running", raw.max_running),
        max_running_per_person: values.limit("tasks.max_running_per_person", raw.max_running_per_person),
        max_running_per_channel: values.limit("tasks.max_running_per_channel", raw.max_running_per_channel),
        max_queued: values.limit("tasks.max_queued", raw.max_queued),
        max_queued_per_person: values.limit("tasks.max_queued_per_person", raw.max_queued_per_person),
        timeout: values.time("tasks.timeout", &raw.timeout, BLINK, DAY),
        max_attempts: raw.max_attempts,
    };
    values.limit("tasks.max_attempts", raw.max_attempts);
    TasksConfig { limits, drain: values.time("tasks.drain", &raw.drain, Duration::ZERO, Duration::from_hours(1)) }
}

fn llm(raw: &RawConfig, values: &mut Values<'_>) -> LlmConfig {
    let raw = &raw.llm;
    let key = values.secret("llm.api_key", &raw.api_key, &raw.api_key_file);
    if raw.retries > MAX_RETRIES {
        values.wrong("llm.retries", raw.retries, format!("expected at most {MAX_RETRIES}"), "lower it");
    }
    LlmConfig {
        base_url: values.root_url("llm.base_url", &raw.base_url),
        api_key: key.unwrap_or_else(|| SecretString::from(String::new())),
        model: values.model("llm.model", &raw.model),
        system_prompt: raw.system_prompt.trim().to_owned(),
        max_output_tokens: Some(raw.max_output_tokens).filter(|tokens| *tokens > 0),
        retries: raw.retries,
        first_token: values.time_or_auto("llm.first_token", &raw.first_token, BLINK, DAY),
        byte_idle: values.time("llm.byte_idle", &raw.byte_idle, BLINK, DAY),
        event_idle: values.time("llm.event_idle", &raw.event_idle, BLINK, DAY),
        call_timeout: values.time("llm.call_timeout", &raw.call_timeout, BLINK, DAY),
    }
}

fn telegram(raw: &RawConfig, values: &mut Values<'_>) -> Option<TelegramConfig> {
    let raw = &raw.telegram;
    values.only("telegram.mode", &raw.mode, "polling", "webhook");
    let api_url = values.root_url("telegram.api_url", &raw.api_url);
    let pace = values.at_least_one("telegram.pace", raw.pace);
    let token = values.secret("telegram.token", &raw.token, &raw.token_file)?;
    Some(TelegramConfig { token, api_url, pace })
}

fn discord(raw: &RawConfig, values: &mut Values<'_>) -> Option<DiscordConfig> {
    let raw = &raw.discord;
    values.only("discord.mode", &raw.mode, "gateway", "interactions");
    let api_url = values.root_url("discord.api_url", &raw.api_url);
    let pace = values.at_least_one("discord.pace", raw.pace);
    let mut guilds = Vec::new();
    for (at, text) in raw.guilds.iter().enumerate() {
        match text.trim().parse::<u64>() {
            Ok(guild) if guild > 0 => guilds.push(guild),
            _ => {
                let fix = "copy the server's ID in Discord's developer mode";
                values.wrong(&format!("discord.guilds[{at}]"), text, "expected the number of a Discord server", fix);
            }
        }
    }
    let token = values.secret("discord.token", &raw.token, &raw.token_file)?;
    Some(DiscordConfig { token, api_url, pace, guilds })
}

fn channels(raw: &[RawChannel], values: &mut Values<'_>) -> Vec<ChannelConfig> {
    let mut channels: Vec<ChannelConfig> = Vec::new();
    for (at, raw) in raw.iter().enumerate() {
        let key = |name: &str| format!("channels[{at}].{name}");
        let id = values.channel(&key("id"), &raw.id);
        if let Some(id) = &id
            && channels.iter().any(|channel| channel.id == *id)
        {
            values.wrong(&key("id"), &raw.id, "this channel has a table already", "put the keys of both into one table");
        }
        let persona = raw.system_prompt.trim();
        if persona.chars().count() > MAX_PERSONA {
            let expected = format!("expected at most {MAX_PERSONA} characters");
            values.wrong(&key("system_prompt"), persona, expected, "shorten it");
        }
        let model = Some(raw.model.as_str()).filter(|model| !model.trim().is_empty());
        let model = model.map(|model| values.model(&key("model"), model));
        let system_prompt = Some(persona.to_owned()).filter(|persona| !persona.is_empty());
        let preferences = preferences(raw, id.as_ref(), &key, values);
        channels.extend(id.map(|id| ChannelConfig { id, preferences, model, system_prompt }));
    }
    channels
}

/// What one of the channels gets.
fn preferences(raw: &RawChannel, id: Option<&ChannelId>, key: &dyn Fn(&str) -> String, values: &mut Values<'_>) -> Preferences {
    let deliver_to = values.channels(&key("deliver_to"), &raw.deliver_to);
    for (at, channel) in deliver_to.iter().enumerate() {
        let wrong = match channel {
            channel if Some(channel) == id => "this is the channel itself, which hears of its tasks anyway",
            channel if deliver_to.iter().take(at).any(|other| other == channel) => "this channel is in the list already",
            _ => continue,
        };
        values.wrong(&key("deliver_to"), channel.to_string(), wrong, "remove it");
    }
    if raw.thread == Some(true) && id.is_some_and(|id| id.platform() != "discord") {
        values.wrong(&key("thread"), true, "only channels of Discord have threads that the bot could open", "remove it");
    }
    Preferences {
        events: raw.events.as_ref().map(|words| values.events(&key("events"), words)),
        silent: raw.silent,
        mention: raw.mention,
        thread: raw.thread,
        quiet: values.quiet(&key("quiet"), &raw.quiet),
        time_zone: values.time_zone(&key("time_zone"), &raw.time_zone),
        deliver_to: Some(deliver_to).filter(|channels| !channels.is_empty()),
    }
}
