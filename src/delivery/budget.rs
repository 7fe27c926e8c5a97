//! How fast everything goes out: one budget per chat and one per bot, for every kind of send.
//!
//! Who wants to send asks for a turn. It waits for its chat first and stands in the bot's line only
//! when the chat has room, so nobody keeps a place that it cannot use. In the line the more urgent go first, and the equally
//! urgent in the order in which they came: as each lane stands there once, that is round robin between chats. Only the
//! first in line watches the clock, so nothing is polled and nobody is woken in vain.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::delivery::meter::Meter;
use crate::delivery::priority::Priority;
use crate::domain::pace::{Budget, Pace};

/// Chats whose budget is remembered before those that have rested are looked for and forgotten.
const REMEMBERED: usize = 1024;

/// A send that may go out and is counted. To be kept until the platform has answered it.
#[must_use = "it ends when the platform has answered"]
pub(crate) struct Turn {
    budgets: Budgets,
    pace: Pace,
}

impl Turn {
    /// The text that was sent has so many characters; a long one weighs more.
    pub(crate) fn weigh(&self, length: usize) {
        if self.pace.long.is_some_and(|long| length > long) {
            let mut state = self.budgets.state();
            state.chats.get_mut(&self.pace.chat.key).into_iter().flatten().for_each(|meter| meter.add(1));
        }
    }

    /// The platform asks to leave what this send concerned alone for so long.
    pub(crate) fn hold(&self, wait: Duration) {
        let (mut state, now) = (self.budgets.state(), Instant::now());
        state.holds.retain(|_, until| now < *until);
        let until = now + wait;
        let held = state.holds.entry(self.pace.hold.clone()).or_insert(until);
        *held = until.max(*held);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (mut state, now) = (self.budgets.state(), Instant::now());
        state.chats.get_mut(&self.pace.chat.key).into_iter().flatten().for_each(|meter| meter.answered(now));
        let bot = self.pace.bot.as_ref().and_then(|bot| state.bots.get_mut(&bot.key));
        bot.into_iter().flat_map(|bot| &mut bot.meters).for_each(|meter| meter.answered(now));
    }
}

/// A place in the line of a bot.
type Place = (Priority, u64);

/// The budgets of all chats and bots. Cheap to clone; all clones are the same budgets.
#[derive(Clone, Default)]
pub struct Budgets {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    chats: HashMap<String, Vec<Meter>>,
    bots: HashMap<String, Bot>,
    /// What the platform has asked to leave alone, and until when.
    holds: HashMap<String, Instant>,
    next_place: u64,
    /// How many chats may be remembered until they are looked through again.
    remembered: usize,
}

#[derive(Default)]
struct Bot {
    meters: Vec<Meter>,
    line: BTreeMap<Place, Arc<Notify>>,
}

/// What the first in line finds.
enum Go {
    /// It may send; everything is counted.
    Now,
    /// Somebody else is before it, or the chat has no room any more.
    NotYet,
    /// It is the first, and the bot has room then.
    At(Instant),
}

impl Budgets {
    /// Waits until a send of this pace may go out, and counts it.
    ///
    /// # Cancel safety
    /// Dropping the future gives the place in the line up; nothing was counted then.
    pub(crate) async fn turn(&self, pace: &Pace, priority: Priority) -> Turn {
        loop {
            let chat_is_free = self.state().chat_free_at(pace, priority);
            match chat_is_free {
                Some(at) => tokio::time::sleep_until(at).await,
                None if self.stand_in_line(pace, priority).await => return self.taken(pace),
                None => {}
            }
        }
    }

    /// Counts a send that nobody waits for, if there is room for it at once and nobody stands in line; else says how
    /// long there is certainly none.
    pub(crate) fn take_if_free(&self, pace: &Pace, priority: Priority) -> Result<Turn, Duration> {
        let mut state = self.state();
        let now = Instant::now();
        if let Some(at) = state.chat_free_at(pace, priority) {
            return Err(at - now);
        }
        if let Some(bot) = &pace.bot {
            let bot = state.bot(bot);
            let wait = bot.meters.iter_mut().filter_map(|meter| meter.wait(priority, now)).max();
            if let Some(wait) = wait.or_else(|| (!bot.line.is_empty()).then_some(Duration::from_secs(1))) {
                return Err(wait);
            }
        }
        state.count(pace, priority, now);
        drop(state);
        Ok(self.taken(pace))
    }

    fn taken(&self, pace: &Pace) -> Turn {
        Turn { budgets: self.clone(), pace: pace.clone() }
    }

    /// Until when the platform wants this left alone, if it does.
    pub(crate) fn held_until(&self, pace: &Pace) -> Option<Instant> {
        self.state().held_until(pace, Instant::now())
    }

    /// Waits in the bot's line. Whether the send may go out: not when its chat was used up by others meanwhile.
    async fn stand_in_line(&self, pace: &Pace, priority: Priority) -> bool {
        let Some(bot) = &pace.bot else {
            let (mut state, now) = (self.state(), Instant::now());
            let free = state.chat_free_at(pace, priority).is_none();
            if free {
                state.count(pace, priority, now);
            }
            return free;
        };
        let standing = Standing::join(self, bot, priority);
        loop {
            let go = standing.go(pace, priority);
            match go {
                Ok(Go::Now) => return true,
                Ok(Go::NotYet) => standing.called.notified().await,
                Ok(Go::At(at)) => {
                    let _called = tokio::time::timeout_at(at, standing.called.notified()).await;
                }
                Err(ChatIsBusy) => return false,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The chat was used up while its lane stood in line.
struct ChatIsBusy;

/// A place in a bot's line, left when it is dropped.
struct Standing<'a> {
    budgets: &'a Budgets,
    bot: &'a Budget,
    place: Place,
    called: Arc<Notify>,
}

impl<'a> Standing<'a> {
    fn join(budgets: &'a Budgets, bot: &'a Budget, priority: Priority) -> Self {
        let mut state = budgets.state();
        let place = (priority, state.next_place);
        state.next_place += 1;
        let called = Arc::new(Notify::new());
        state.bot(bot).line.insert(place, Arc::clone(&called));
        Self { budgets, bot, place, called }
    }

    fn go(&self, pace: &Pace, priority: Priority) -> Result<Go, ChatIsBusy> {
        let (mut state, now) = (self.budgets.state(), Instant::now());
        let bot = state.bot(self.bot);
        if bot.line.first_key_value().is_some_and(|(place, _)| *place != self.place) {
            return Ok(Go::NotYet);
        }
        if let Some(wait) = bot.meters.iter_mut().filter_map(|meter| meter.wait(priority, now)).max() {
            return Ok(Go::At(now + wait));
        }
        if state.chat_free_at(pace, priority).is_some() {
            return Err(ChatIsBusy);
        }
        state.count(pace, priority, now);
        Ok(Go::Now)
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        let mut state = self.budgets.state();
        let line = &mut state.bot(self.bot).line;
        line.remove(&self.place);
        if let Some((_, next)) = line.first_key_value() {
            next.notify_one();
        }
    }
}

impl State {
    fn chat(&mut self, budget: &Budget, now: Instant) -> &mut Vec<Meter> {
        if self.chats.len() > self.remembered.max(REMEMBERED) {
            self.chats.retain(|_, meters| !meters.iter().all(|meter| meter.is_rested(now)));
            self.remembered = self.chats.len() * 2;
        }
        let fresh = || budget.rates.iter().copied().map(Meter::new).collect();
        self.chats.entry(budget.key.clone()).or_insert_with(fresh)
    }

    fn bot(&mut self, budget: &Budget) -> &mut Bot {
        let fresh = || Bot { meters: budget.rates.iter().copied().map(Meter::new).collect(), line: BTreeMap::new() };
        self.bots.entry(budget.key.clone()).or_insert_with(fresh)
    }

    fn held_until(&self, pace: &Pace, now: Instant) -> Option<Instant> {
        self.holds.get(&pace.hold).copied().filter(|until| now < *until)
    }

    /// When the chat has room for a send of this priority; none when it has now.
    fn chat_free_at(&mut self, pace: &Pace, priority: Priority) -> Option<Instant> {
        let now = Instant::now();
        let held = self.held_until(pace, now);
        let meters = self.chat(&pace.chat, now).iter_mut();
        let full = meters.filter_map(|meter| meter.wait(priority, now)).max().map(|wait| now + wait);
        held.max(full)
    }

    fn count(&mut self, pace: &Pace, priority: Priority, now: Instant) {
        self.chat(&pace.chat, now).iter_mut().for_each(|meter| meter.take(priority, now));
        if let Some(bot) = &pace.bot {
            self.bot(bot).meters.iter_mut().for_each(|meter| meter.take(priority, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::domain::pace::Rate;

    /// A chat without limits of a bot that sends one a second.
    fn pace(chat: &str) -> Pace {
        let rates = vec![Rate::Steady { every: Duration::from_secs(1), burst: NonZeroU32::MIN }];
        let bot = Some(Budget { key: "bot".to_owned(), rates });
        Pace { chat: Budget { key: chat.to_owned(), rates: Vec::new() }, bot, hold: chat.to_owned(), long: None }
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_the_line_passes_its_place_on() {
        let (budgets, first, second) = (Budgets::default(), pace("1"), pace("2"));
        drop(budgets.turn(&first, Priority::Result).await);
        let started = Instant::now();
        {
            let mut leaves = std::pin::pin!(budgets.turn(&first, Priority::Answer));
            assert!(tokio::time::timeout(Duration::from_millis(500), &mut leaves).await.is_err());
        }
        let _turn = budgets.turn(&second, Priority::Typing).await;
        assert_eq!(started.elapsed().as_secs(), 1);
        assert!(budgets.state().bots["bot"].line.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_more_urgent_go_first_and_the_others_in_their_order() {
        let budgets = Budgets::default();
        drop(budgets.turn(&pace("0"), Priority::Result).await);
        let order = Mutex::new(Vec::new());
        let wait = async |name: &'static str, priority: Priority| {
            let _turn = budgets.turn(&pace(name), priority).await;
            order.lock().expect("not poisoned").push(name);
        };
        let (card, result) = (Priority::Card, Priority::Result);
        let late = async {
            tokio::time::sleep(Duration::from_millis(1500)).await;
            wait("an answer", Priority::Answer).await;
        };
        tokio::join!(
            wait("a card", card),
            wait("a result", result),
            wait("another card", card),
            wait("another result", result),
            late
        );
        let order = order.into_inner().expect("not poisoned");
        assert_eq!(order, ["a result", "an answer", "another result", "a card", "another card"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_concerns_what_it_names_and_ends_by_itself() {
        let budgets = Budgets::default();
        let (held, free) = (Pace { bot: None, ..pace("1") }, Pace { bot: None, ..pace("2") });
        budgets.turn(&held, Priority::Result).await.hold(Duration::from_secs(30));
        assert!(budgets.held_until(&held).is_some() && budgets.held_until(&free).is_none());
        assert_eq!(budgets.take_if_free(&held, Priority::Typing).err(), Some(Duration::from_secs(30)));
        let started = Instant::now();
        drop(budgets.turn(&free, Priority::Result).await);
        assert_eq!(started.elapsed(), Duration::ZERO);
        drop(budgets.turn(&held, Priority::Answer).await);
        assert_eq!(started.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn chats_that_have_rested_are_forgotten() {
        let budgets = Budgets::default();
        for chat in 0..5000 {
            let rates = vec![Rate::Steady { every: Duration::from_secs(1), burst: NonZeroU32::MIN }];
            let pace = Pace { chat: Budget { key: chat.to_string(), rates }, bot: None, ..pace("") };
            drop(budgets.turn(&pace, Priority::Result).await);
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        assert!(budgets.state().chats.len() <= REMEMBERED + 1, "{}", budgets.state().chats.len());
    }
}
