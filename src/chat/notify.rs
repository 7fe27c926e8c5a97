//! `/notify`: what this channel gets, shown to everybody and changed by its admins.

use crate::chat::dispatch::{Answered, Asker, Dispatch, Refusal, refuse, say, whisper};
use crate::chat::targets::Naming;
use crate::domain::command::NotifyCommand;
use crate::domain::preferences::{Preferences, Target};
use crate::domain::wording::{self, PlanView};

impl Dispatch {
    pub(super) async fn notify(&self, asker: &Asker<'_>, wish: &NotifyCommand) -> Answered {
        let channels = self.manager.channels();
        let here = &asker.inbound.channel;
        let may_change = asker.role.is_admin();
        if *wish != NotifyCommand::Show && !may_change {
            return refuse(wording::notify_is_for_admins(asker.language));
        }
        let plan = match wish {
            NotifyCommand::Show => channels.plan(here).await?,
            NotifyCommand::Reset => channels.reset(here).await?,
            NotifyCommand::Set { preferences, to } => {
                let preferences = self.checked(asker, preferences, to.as_deref()).await?;
                channels.set(here, preferences).await?
            }
        };
        let changed = *wish != NotifyCommand::Show;
        let threads = self.has_threads(asker);
        let view = PlanView { plan: &plan, changed, may_change, threads, now: self.manager.now() };
        let text = wording::plan(asker.language, &view);
        Ok(if changed { say(text) } else { whisper(text) })
    }

    /// Whether tasks from here could have threads of their own: in a thread they cannot.
    fn has_threads(&self, asker: &Asker<'_>) -> bool {
        asker.inbound.parent.is_none() && self.router.has_threads(&asker.inbound.channel)
    }

    /// What is to be set, once it is known to be possible.
    async fn checked(&self, asker: &Asker<'_>, preferences: &Preferences, to: Option<&[Target]>) -> Result<Preferences, Refusal> {
        if preferences.thread == Some(true) && !self.has_threads(asker) {
            return Err(Refusal::Say(wording::no_threads_here(asker.language)));
        }
        let naming = Naming { router: &self.router, inbound: asker.inbound, role: asker.role, language: asker.language };
        let deliver_to = match to {
            None => None,
            Some(targets) => Some(naming.resolve(targets, &[], wording::notify_to_is_for_admins).await?),
        };
        Ok(Preferences { deliver_to, ..preferences.clone() })
    }
}
