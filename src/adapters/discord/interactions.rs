//! From an interaction to its answer, within the time Discord gives.
//!
//! Discord waits three seconds for the first word and then tells the person that the application did not respond. So
//! the acknowledgement is the very first thing, it is made here and not in any lane, and it waits for nobody: not for
//! the ledger and not for messages that are queued. Only what is refused on the spot (a person who may not, a command
//! that is not understood) is answered in the acknowledgement itself, because such an answer needs no work.
//!
//! A command whose acknowledgement Discord refuses is not carried out: its person saw it fail and will give it again.
//! An interaction's age is not looked at, because a clock a few seconds wrong would then make the bot deaf; Discord
//! knows best, and says so with its refusal.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use serenity::all::InteractionResponseFlags;
use serenity::builder::{
    AutocompleteChoice, CreateAllowedMentions, CreateAutocompleteResponse, CreateInteractionResponse,
    CreateInteractionResponseMessage,
};
use serenity::http::{LightMethod, Route};
use tokio::time::Instant;

use crate::adapters::discord::address::Handle;
use crate::adapters::discord::api::{Api, Call};
use crate::adapters::discord::error::{ApiError, code};
use crate::adapters::discord::inbound::Interaction;
use crate::adapters::discord::part::Part;
use crate::chat::inbound::{Answer, Inbound, Inbox, Replies, Reply, Request, Typing};
use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::language::Language;
use crate::domain::text::{Unit, one_line};

/// Until when an acknowledgement is tried, from the arrival of the interaction. Discord's three seconds began earlier.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_millis(2500);

/// How long an answer that needs no work may take before the interaction is deferred like any other.
const AT_ONCE_WITHIN: Duration = Duration::from_secs(1);

/// How long the ledger may look for tasks that match what is typed.
const COMPLETE_WITHIN: Duration = Duration::from_secs(2);

/// Between two tries to acknowledge.
const TRY_AGAIN: Duration = Duration::from_millis(100);

/// Most suggestions, and the longest one.
const CHOICES: usize = 25;
const CHOICE_LIMIT: usize = 100;

/// Answers interactions.
pub(super) struct Interactions {
    api: Api,
    inbox: Arc<dyn Inbox>,
    replies: Arc<dyn Replies>,
}

impl Interactions {
    pub(super) fn new(api: Api, inbox: Arc<dyn Inbox>, replies: Arc<dyn Replies>) -> Self {
        Self { api, inbox, replies }
    }

    /// What answers.
    pub(super) fn inbox(&self) -> Arc<dyn Inbox> {
        Arc::clone(&self.inbox)
    }

    /// Answers one interaction that arrived at `arrived`.
    pub(super) async fn answer(self: Arc<Self>, interaction: Value, arrived: Instant) {
        match Interaction::parse(interaction) {
            Ok(Interaction::Ask { inbound, handle }) => self.ask(*inbound, &handle, arrived).await,
            Ok(Interaction::Complete { person, language, channel, parent, typed, handle }) => {
                let typed = typed.filter(|_| self.allows(&channel, parent.as_ref(), &person));
                let typing = typed.map(|(command, typed)| Typing { person, language, command, typed });
                self.complete(typing, &handle, arrived).await;
            }
            Err(error) => tracing::warn!(%error, "an interaction was left unanswered"),
        }
    }

    async fn ask(&self, inbound: Inbound, handle: &Handle, arrived: Instant) {
        let channel = inbound.channel.clone();
        let refused = !self.allows(&channel, inbound.parent.as_ref(), &inbound.person)
            || matches!(inbound.request, Request::Command(Err(_)) | Request::Press(Err(_)));
        // Nobody else needs to see a refusal.
        let handle = &Handle { ephemeral: handle.ephemeral || refused, ..handle.clone() };
        let language = self.inbox.language(inbound.language);
        let inbound = Inbound { reply: handle.to_reply(), ..inbound };
        let mut handling = self.inbox.handle(inbound);
        let mut reply = None;
        if refused {
            reply = tokio::time::timeout_at(arrived + AT_ONCE_WITHIN, &mut handling).await.ok();
            if let Some(response) = reply.as_ref().and_then(|reply| at_once(language, reply)) {
                self.acknowledge(handle, &response, arrived).await;
                return;
            }
        }
        let seen = CreateInteractionResponseMessage::new().ephemeral(handle.ephemeral);
        if !self.acknowledge(handle, &CreateInteractionResponse::Defer(seen), arrived).await {
            return;
        }
        let reply = match reply {
            Some(reply) => reply,
            None => handling.await,
        };
        if let Reply::Say(answer) = reply {
            self.replies.say(answer.to(channel, Some(handle.to_reply()), language, handle.interaction.to_string()));
        }
    }

    /// Whether this person may use the bot in this channel, or in the one that it is a thread of.
    fn allows(&self, channel: &ChannelId, parent: Option<&ChannelId>, person: &PersonId) -> bool {
        [Some(channel), parent].into_iter().flatten().any(|channel| self.inbox.allows(channel, person))
    }

    async fn complete(&self, typing: Option<Typing>, handle: &Handle, arrived: Instant) {
        let found = match typing {
            Some(typing) => {
                let looking = self.inbox.complete_task(typing);
                tokio::time::timeout_at(arrived + COMPLETE_WITHIN, looking).await.unwrap_or_default()
            }
            None => Vec::new(),
        };
        let fits = |(value, _): &(String, String)| (1..=CHOICE_LIMIT).contains(&Unit::CodePoint.length(value));
        let choices = found.into_iter().filter(fits).take(CHOICES);
        let choices = choices.map(|(value, label)| AutocompleteChoice::new(one_line(&label, CHOICE_LIMIT), value));
        let response = CreateAutocompleteResponse::new().set_choices(choices.collect());
        self.acknowledge(handle, &CreateInteractionResponse::Autocomplete(response), arrived).await;
    }

    /// Gives Discord its first word, and says whether the person was not told that it failed. Tries again while there is
    /// time; an acknowledgement that got no answer counts, because the person may be waiting for what follows.
    async fn acknowledge(&self, handle: &Handle, response: &CreateInteractionResponse, arrived: Instant) -> bool {
        let deadline = arrived + ACKNOWLEDGE_WITHIN;
        let mut unsure = false;
        loop {
            let route = Route::InteractionResponse { interaction_id: handle.interaction, token: &handle.token };
            let left = deadline.saturating_duration_since(Instant::now()).max(TRY_AGAIN);
            let error = match Call::new(LightMethod::Post, route).within(left).json(response) {
                Ok(call) => self.api.send(call).await.err(),
                Err(error) => Some(error),
            };
            let wait = match error {
                None => return true,
                // Discord delivered the interaction again, or a try before this one arrived after all.
                Some(error) if error.has_code(code::ALREADY_ACKNOWLEDGED) => return true,
                Some(error @ (ApiError::Refused { .. } | ApiError::Unauthorized)) => {
                    tracing::debug!(%error, "too late to acknowledge the interaction, nothing is done");
                    return false;
                }
                Some(ApiError::RetryAfter(wait)) => wait.max(TRY_AGAIN),
                Some(error) => {
                    unsure |= matches!(error, ApiError::Unknown(_));
                    TRY_AGAIN
                }
            };
            if Instant::now() + wait >= deadline {
                tracing::warn!(unsure, "an interaction could not be acknowledged in time");
                return unsure;
            }
            tokio::time::sleep(wait).await;
        }
    }
}

/// The acknowledgement that is the answer, when one message holds it.
fn at_once(language: Language, reply: &Reply) -> Option<CreateInteractionResponse> {
    let Reply::Say(Answer { text, format, buttons, .. }) = reply else { return None };
    let part = Part::cut(language, text, *format, buttons, 0).filter(|part| !part.more)?;
    let message = CreateInteractionResponseMessage::new()
        .content(part.text(false))
        .components(part.rows())
        .flags(InteractionResponseFlags::EPHEMERAL | InteractionResponseFlags::SUPPRESS_EMBEDS)
        .allowed_mentions(CreateAllowedMentions::new());
    Some(CreateInteractionResponse::Message(message))
}
