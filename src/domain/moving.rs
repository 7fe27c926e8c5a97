//! A chat that goes on under another id: what a task says of it follows.

use crate::domain::channel::{ChannelId, PersonId};
use crate::domain::task::NewTask;

impl NewTask {
    /// A channel goes on under another id; whether that changed anything here. Messages have other ids there, so the
    /// reply is given up. A group that speaks as a person goes on as one.
    pub fn move_channel(&mut self, from: &ChannelId, to: &ChannelId) -> bool {
        let (before, origin) = (self.clone(), &mut self.origin);
        let is_group = |person: &PersonId| person.platform() == from.platform() && person.address() == from.address();
        if origin.person.as_ref().is_some_and(is_group) {
            origin.person = PersonId::new(to.platform(), to.address()).ok();
        }
        if let Some(channel) = origin.channel.as_ref()
            && let Some(moved) = channel.moved(from, to)
        {
            if origin.session == channel.to_string() {
                origin.session = moved.to_string();
            }
            (origin.channel, origin.reply) = (Some(moved), None);
        }
        let elsewhere = self.manner.elsewhere.iter_mut().map(|(channel, _)| channel);
        for channel in self.deliver_to.iter_mut().chain(elsewhere) {
            if let Some(moved) = channel.moved(from, to) {
                *channel = moved;
            }
        }
        *self != before
    }
}
