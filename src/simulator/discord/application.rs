//! The routes by which a bot learns who it is and where the gateway is.

#![expect(clippy::unnecessary_wraps, reason = "all handlers of the route table have one signature")]

use serde_json::json;

use super::refusal::Refusal;
use super::route::{Answer, Call, Outcome};
use super::session::IDENTIFIES_A_DAY;
use super::world::{APPLICATION, DEFAULT_PERMISSIONS, OWNER, World};

pub(super) fn gateway(world: &mut World, _: &Call) -> Outcome {
    Ok(Answer::Done(json!({ "url": world.gateway_url() })))
}

pub(super) fn gateway_bot(world: &mut World, _: &Call) -> Outcome {
    Ok(Answer::Done(json!({
        "url": world.gateway_url(),
        "shards": 1,
        "session_start_limit": {
            "total": IDENTIFIES_A_DAY,
            "remaining": IDENTIFIES_A_DAY.saturating_sub(world.gateway.identifies),
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        },
    })))
}

pub(super) fn me(world: &mut World, _: &Call) -> Outcome {
    let mut user = world.user_json(APPLICATION);
    user["verified"] = json!(true);
    user["mfa_enabled"] = json!(false);
    user["email"] = json!(null);
    user["locale"] = json!("en-US");
    Ok(Answer::Done(user))
}

pub(super) fn application(world: &mut World, _: &Call) -> Outcome {
    Ok(Answer::Done(json!({
        "id": APPLICATION.to_string(),
        "name": world.name(APPLICATION),
        "icon": null,
        "description": "",
        "type": null,
        "bot": world.user_json(APPLICATION),
        "bot_public": true,
        "bot_require_code_grant": false,
        "owner": world.user_json(OWNER),
        "team": null,
        "verify_key": "0".repeat(64),
        "flags": 0,
        "hook": true,
        "integration_types_config": { "0": {} },
        "interactions_endpoint_url": null,
        "redirect_uris": [],
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
    })))
}

/// The one guild, as short as the list of one's guilds has it.
pub(super) fn guilds(world: &mut World, _: &Call) -> Outcome {
    let guild = world.guild_json();
    Ok(Answer::Done(json!([{
        "id": guild["id"],
        "name": guild["name"],
        "icon": null,
        "banner": null,
        "owner": false,
        "permissions": DEFAULT_PERMISSIONS.to_string(),
        "features": [],
    }])))
}

/// Lets nobody act for another application.
pub(super) fn check(call: &Call) -> Result<(), Refusal> {
    if call.id(0)? == APPLICATION {
        Ok(())
    } else {
        Err(Refusal::blamed(403, 20012, "You are not authorized to perform this action on this application"))
    }
}

impl World {
    /// Where the websocket is.
    pub(super) fn gateway_url(&self) -> String {
        format!("{}/gateway", self.url.replacen("http://", "ws://", 1))
    }
}
