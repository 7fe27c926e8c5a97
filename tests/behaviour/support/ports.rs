//! Ports with a memory: a runner that does what the prompt says, a notifier and a typing indicator that write down
//! what they were given.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use legwork::background::ports::{
    AgentRunner, ChannelNotifier, DraftPreview, MessageEdit, OutgoingMessage, Progress, RunControl, RunOutcome, RunRequest,
    SendError, Sent, TypingIndicator,
};
use legwork::domain::channel::{ChannelId, PersonId};
use legwork::domain::draft::Draft;
use legwork::domain::failure::{Failure, FailureCode};
use legwork::domain::id::{MessageId, TaskNumber};
use legwork::domain::pace::{Pace, SendKind};
use legwork::domain::task::Outcome;
use legwork::domain::text::{Unit, split};
use legwork::domain::usage::Usage;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

/// Does what the first word of the prompt says: `say x`, `hold x` (until [`PromptRunner::release`]), `hang` (until
/// cancelled), `write x` (a word a second), `stubborn` (ignores its token), `panic`, `fail`, `empty`.
pub struct PromptRunner {
    gate: Semaphore,
    pub started: Mutex<Vec<String>>,
}

impl PromptRunner {
    pub fn new() -> Self {
        Self { gate: Semaphore::new(0), started: Mutex::default() }
    }

    /// Lets one held run go on.
    pub fn release(&self) {
        self.gate.add_permits(1);
    }

    /// The prompts of all runs so far, in the order in which they started.
    pub fn prompts(&self) -> Vec<String> {
        self.started.lock().unwrap().clone()
    }
}

#[async_trait]
impl AgentRunner for PromptRunner {
    async fn run(&self, request: RunRequest, control: RunControl) -> RunOutcome {
        let prompt = request.prompt.as_str().to_owned();
        self.started.lock().unwrap().push(prompt.clone());
        let (verb, rest) = prompt.split_once(' ').unwrap_or((&prompt, ""));
        let usage = Usage { input: 100, output: 23, ..Usage::default() };
        control.progress.report(Progress { phase: "working".to_owned(), step: 1, usage, ..Progress::default() });
        let outcome = match verb {
            "hold" => {
                self.gate.acquire().await.unwrap().forget();
                Outcome::Done { result: rest.to_owned() }
            }
            "write" => {
                for (index, _) in rest.match_indices(' ').chain([(rest.len(), "")]) {
                    let usage = Usage { input: 100, output: index as u64, ..Usage::default() };
                    let text = Draft::newest(&rest[..index]);
                    control.progress.report(Progress { phase: "writing".to_owned(), step: 1, usage, text });
                    sleep(Duration::from_secs(1)).await;
                }
                Outcome::Done { result: rest.to_owned() }
            }
            "hang" => {
                control.cancel.cancelled().await;
                Outcome::Cancelled { partial: rest.to_owned() }
            }
            "stubborn" => std::future::pending().await,
            "panic" => panic!("as asked"),
            "fail" => {
                let failure = Failure::new(FailureCode::ProviderDown, "the provider does not answer");
                Outcome::Failed { failure, partial: rest.to_owned() }
            }
            "empty" => Outcome::Done { result: "  ".to_owned() },
            _ => Outcome::Done { result: rest.to_owned() },
        };
        RunOutcome::new(outcome, usage)
    }
}

/// The pace of every channel, for a test that limits it.
pub type PaceOf = fn(&ChannelId, SendKind) -> Pace;

/// One part that was sent.
#[derive(Debug, Clone)]
pub struct Heard {
    pub at: Instant,
    pub channel: String,
    pub text: String,
}

/// Keeps every part it was given, by channel; fails on request.
#[derive(Default)]
pub struct Recorder {
    state: Mutex<Recorded>,
}

#[derive(Default)]
struct Recorded {
    messages: BTreeMap<String, Vec<String>>,
    silent: BTreeMap<String, Vec<bool>>,
    mentions: Vec<String>,
    labels: Vec<String>,
    edits: Vec<(Instant, MessageEdit)>,
    lost: bool,
    /// What was sent, edited and drafted, in order: a letter and the text.
    order: Vec<String>,
    faults: Vec<SendError>,
    edit_faults: Vec<SendError>,
    poison: Option<String>,
    pace: Option<PaceOf>,
    direct: BTreeMap<String, ChannelId>,
    refusals: BTreeMap<String, SendError>,
    log: Vec<Heard>,
    typing: BTreeMap<String, u32>,
    count: u64,
}

impl Recorder {
    /// What a channel has heard, in order.
    pub fn heard(&self, channel: &str) -> Vec<String> {
        self.state.lock().unwrap().messages.get(channel).cloned().unwrap_or_default()
    }

    /// Whether each of what a channel has heard came without a sound, in order.
    pub fn silent(&self, channel: &str) -> Vec<bool> {
        self.state.lock().unwrap().silent.get(channel).cloned().unwrap_or_default()
    }

    /// Who was called by name, once for each message that did.
    pub fn mentions(&self) -> Vec<String> {
        self.state.lock().unwrap().mentions.clone()
    }

    /// How often typing was shown in a channel.
    pub fn typed(&self, channel: &str) -> u32 {
        self.state.lock().unwrap().typing.get(channel).copied().unwrap_or_default()
    }

    /// What was sent, edited and drafted, in order: the word and the text.
    pub fn order(&self) -> Vec<String> {
        self.state.lock().unwrap().order.clone()
    }

    /// From now on no message can be edited: they were all deleted.
    pub fn lose_messages(&self) {
        self.state.lock().unwrap().lost = true;
    }

    /// Every edit so far, and when it came.
    pub fn edits(&self) -> Vec<(Instant, MessageEdit)> {
        self.state.lock().unwrap().edits.clone()
    }

    /// The labels of all buttons sent so far.
    pub fn buttons(&self) -> Vec<String> {
        self.state.lock().unwrap().labels.clone()
    }

    /// Sending whatever holds this word panics.
    pub fn panics_at(&self, word: &str) {
        self.state.lock().unwrap().poison = Some(word.to_owned());
    }

    /// Everything that was sent to all channels, in order.
    pub fn log(&self) -> Vec<Heard> {
        self.state.lock().unwrap().log.clone()
    }

    /// Limits how fast the channels may be sent to.
    pub fn has_pace(&self, pace: PaceOf) {
        self.state.lock().unwrap().pace = Some(pace);
    }

    /// This person can be reached alone in this channel.
    pub fn reaches(&self, person: &str, channel: &str) {
        self.state.lock().unwrap().direct.insert(person.to_owned(), channel.parse().unwrap());
    }

    /// Every send to this channel fails like this.
    pub fn refuses(&self, channel: &str, error: SendError) {
        self.state.lock().unwrap().refusals.insert(channel.to_owned(), error);
    }

    /// Sends to this channel go well again.
    pub fn heals(&self, channel: &str) {
        self.state.lock().unwrap().refusals.remove(channel);
    }

    /// How many sends are still to fail by [`Recorder::fail_next`].
    pub fn faults_left(&self) -> usize {
        self.state.lock().unwrap().faults.len()
    }

    /// The next send fails like this; several calls, several failures.
    pub fn fail_next(&self, error: SendError) {
        self.state.lock().unwrap().faults.push(error);
    }

    /// The next edit fails like this.
    pub fn fail_next_edit(&self, error: SendError) {
        self.state.lock().unwrap().edit_faults.push(error);
    }

    /// How many edits are still to fail by [`Recorder::fail_next_edit`].
    pub fn edit_faults_left(&self) -> usize {
        self.state.lock().unwrap().edit_faults.len()
    }
}

#[async_trait]
impl ChannelNotifier for Recorder {
    async fn send(&self, message: &OutgoingMessage, part: usize) -> Result<Sent, SendError> {
        let poison = self.state.lock().unwrap().poison.clone();
        assert!(!poison.is_some_and(|word| message.text.contains(&word)), "the notifier breaks");
        let mut state = self.state.lock().unwrap();
        if !state.faults.is_empty() {
            return Err(state.faults.remove(0));
        }
        if let Some(error) = state.refusals.get(&message.channel.to_string()) {
            return Err(error.clone());
        }
        let text = message.frame.as_ref().map_or_else(|| message.text.clone(), |frame| frame.around(&message.text));
        // As on the platforms, a name that is called needs room.
        let room = if message.mention.is_some() { 980 } else { 1000 };
        let parts = split(&text, room, Unit::CodePoint);
        let mark = if message.in_flight_since.is_some() { " (may be a duplicate)" } else { "" };
        let text = format!("{}{mark}", parts[part]);
        state.order.push(format!("send {text}"));
        let channel = message.channel.to_string();
        state.log.push(Heard { at: Instant::now(), channel: channel.clone(), text: text.clone() });
        state.silent.entry(channel.clone()).or_default().push(message.silent);
        state.mentions.extend(message.mention.iter().filter(|_| part == 0).map(ToString::to_string));
        state.messages.entry(channel).or_default().push(text);
        state.labels.extend(message.buttons.iter().map(|button| button.label.clone()));
        state.count += 1;
        let message = MessageId::parse(format!("m{}", state.count)).unwrap();
        Ok(Sent { message, more: part + 1 < parts.len() })
    }

    async fn edit(&self, edit: &MessageEdit) -> Result<(), SendError> {
        let mut state = self.state.lock().unwrap();
        if !state.faults.is_empty() {
            return Err(state.faults.remove(0));
        }
        if !state.edit_faults.is_empty() {
            return Err(state.edit_faults.remove(0));
        }
        if state.lost {
            return Err(SendError::Undeliverable("somebody deleted it".to_owned()));
        }
        state.edits.push((Instant::now(), edit.clone()));
        state.order.push(format!("edit {}", edit.text));
        state.messages.entry(edit.channel.to_string()).or_default().push(edit.text.clone());
        state.labels.extend(edit.buttons.iter().map(|button| button.label.clone()));
        Ok(())
    }

    fn pace(&self, channel: &ChannelId, kind: SendKind) -> Pace {
        let pace = self.state.lock().unwrap().pace;
        pace.map_or_else(|| Pace::unlimited(channel), |pace| pace(channel, kind))
    }

    async fn direct_channel(&self, person: &PersonId) -> Result<Option<ChannelId>, SendError> {
        assert!(!person.to_string().contains("poison"), "the notifier breaks");
        Ok(self.state.lock().unwrap().direct.get(&person.to_string()).cloned())
    }
}

#[async_trait]
impl DraftPreview for Recorder {
    fn takes_drafts(&self, channel: &ChannelId) -> bool {
        channel.platform() == "drafts"
    }

    async fn show_draft(&self, _channel: &ChannelId, number: TaskNumber, text: &Draft) -> Result<(), SendError> {
        self.state.lock().unwrap().order.push(format!("draft {number} {}", text.as_str()));
        Ok(())
    }
}

#[async_trait]
impl TypingIndicator for Recorder {
    async fn show_typing(&self, channel: &ChannelId) -> Result<Duration, SendError> {
        *self.state.lock().unwrap().typing.entry(channel.to_string()).or_default() += 1;
        Ok(Duration::from_secs(4))
    }
}
