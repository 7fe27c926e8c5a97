//! Where a task came from: channel, session, person, and the message that asked.

use serde::{Deserialize, Serialize};

use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::id::ReplyHandle;
use crate::domain::language::Language;

/// Where a task came from, and so where its notices go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The channel that asked; none for a task submitted through the API.
    pub channel: Option<ChannelId>,
    /// The conversation it belongs to, as the runner keys its memory. Empty when there is none.
    pub session: String,
    /// Who asked; none for a task submitted through the API.
    pub person: Option<PersonId>,
    /// How to answer the message that asked.
    pub reply: Option<ReplyHandle>,
    /// The language of who asked, which the notices of the task speak.
    #[serde(default)]
    pub language: Language,
}
