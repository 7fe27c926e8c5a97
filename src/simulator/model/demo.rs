//! The demo model: what it says when no script says otherwise.

use std::time::Duration;

use crate::simulator::model::directives::{self, Directive};
use crate::simulator::model::reply::{Reply, Step};
use crate::simulator::model::{ModelServer, wire};

/// A word every so often when the answer is to take a certain time.
const TRICKLE: Duration = Duration::from_millis(200);

/// Long answers are said faster, so that none takes longer than this.
const LONGEST_SAY: Duration = Duration::from_secs(6);

/// Filler for long answers: nobody should take it for knowledge.
const FILLER: &str = "This sentence is filler from the demo model, counted word by word so that long answers can be \
                      seen without any model having thought about them. ";

/// What the demo model says to a prompt.
pub(super) fn reply(server: &ModelServer, prompt: &str) -> Reply {
    let directives = directives::of(prompt);
    for directive in &directives {
        match directive {
            Directive::Hang => return Reply::of(vec![Step::Stall]),
            Directive::Status { status, retry_after, times } if fails(server, prompt, *times) => {
                return failure(*status, *retry_after);
            }
            _ => {}
        }
    }
    let pace = server.read(|state| state.pace);
    let mut speech = Speech { steps: vec![Step::Open, Step::Hold], pace, said: false, finish: "stop" };
    for directive in &directives {
        if speech.follow(directive, prompt) == Then::End {
            return Reply::of(speech.steps);
        }
    }
    if !speech.said {
        speech.say(&answer(prompt));
    }
    speech.steps.extend([Step::Finish(speech.finish.to_owned()), Step::Done]);
    Reply::of(speech.steps)
}

/// Whether a call with this prompt still meets its error.
fn fails(server: &ModelServer, prompt: &str, times: Option<usize>) -> bool {
    let Some(times) = times else { return true };
    server.change(|state| {
        let failures = state.failures.entry(prompt.to_owned()).or_default();
        *failures += 1;
        *failures <= times
    })
}

fn failure(status: u16, retry_after: Option<u64>) -> Reply {
    let (code, message) = match status {
        401 => ("invalid_api_key", "The demo model does not like this key."),
        402 => ("insufficient_quota", "The demo model wants to be paid."),
        404 => ("model_not_found", "The demo model does not know this model."),
        429 => ("rate_limit_exceeded", "The demo model is asked too much."),
        400..=499 => ("invalid_request_error", "The demo model refuses this request."),
        _ => ("server_error", "The demo model failed, as it was told to."),
    };
    let reply = Reply::error(status, code, message);
    retry_after.map_or(reply.clone(), |seconds| reply.header("retry-after", &seconds.to_string()))
}

/// What the answer is without any directive.
fn answer(prompt: &str) -> String {
    let words = prompt.split_whitespace().count();
    let mut asked: String = prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = asked.char_indices().nth(120) {
        asked.truncate(end);
        asked.push('…');
    }
    format!(
        "This is the **demo model**: a script in this process, no language model.\n\nYou asked, in {words} words: \
         “{asked}”\n\nA real model would now do the legwork. Until you configure one, words in the prompt decide what \
         happens: `sleep 20s` takes its time, `words 800` gets long, `markdown` shows formatting, and `fail 500` goes \
         wrong."
    )
}

#[derive(PartialEq, Eq)]
enum Then {
    GoOn,
    End,
}

/// An answer being put together.
struct Speech {
    steps: Vec<Step>,
    pace: Duration,
    said: bool,
    finish: &'static str,
}

impl Speech {
    fn follow(&mut self, directive: &Directive, prompt: &str) -> Then {
        match directive {
            Directive::Sleep(time) => self.steps.push(Step::Wait(*time)),
            Directive::Talk(time) => self.trickle(*time, |word| Step::Text(word.to_owned())),
            Directive::Think(time) => {
                self.trickle(*time, |word| Step::Reasoning(word.to_owned()));
                self.said = false;
            }
            Directive::Comments(time) => {
                self.trickle(*time, |_| Step::Raw(": still here\n\n".into()));
                self.said = false;
            }
            Directive::Words(count) => self.say(&words(*count)),
            Directive::Chars(count) => self.say(&words(*count).chars().take(*count).collect::<String>()),
            Directive::Emoji(count) => self.say(&"🦀".repeat(*count)),
            Directive::Markdown => self.say(MARKDOWN),
            Directive::Length => self.finish = "length",
            Directive::Status { .. } | Directive::Hang => {}
            ending => return self.end(ending, prompt),
        }
        Then::GoOn
    }

    /// Endings other than the usual one; what comes after them is not said.
    fn end(&mut self, ending: &Directive, prompt: &str) -> Then {
        // What breaks off needs something to break off.
        let breaks = matches!(ending, Directive::Error | Directive::Truncate | Directive::Cut | Directive::Stall);
        if breaks && !self.said {
            let whole = answer(prompt);
            let half = whole.char_indices().nth(whole.chars().count() / 2).map_or(0, |(at, _)| at);
            self.say(&whole[..half]);
        }
        match ending {
            Directive::Refuse => {
                let refusal = serde_json::json!({ "choices": [{ "index": 0, "finish_reason": null,
                    "delta": { "role": "assistant", "refusal": "The demo model refuses, as it was told to." } }] });
                self.steps.extend([Step::Chunk(refusal), Step::Finish("stop".to_owned()), Step::Done]);
            }
            Directive::Filter => self.steps.extend([Step::Finish("content_filter".to_owned()), Step::Done]),
            Directive::Empty => self.steps.extend([Step::Finish("stop".to_owned()), Step::Done]),
            Directive::Error => {
                let error = wire::error("server_error", "The demo model failed in the middle, as it was told to.");
                self.steps.extend([Step::Chunk(error), Step::Done]);
            }
            Directive::Cut => self.steps.push(Step::Cut),
            Directive::Stall => self.steps.push(Step::Stall),
            _ => {}
        }
        Then::End
    }

    /// Says a text word by word, or in larger pieces when there is no time for that.
    fn say(&mut self, text: &str) {
        self.said = true;
        let words: Vec<&str> = text.split_inclusive(' ').collect();
        for piece in words.chunks(self.words_at_once(words.len())) {
            self.steps.push(Step::Text(piece.concat()));
            if !self.pace.is_zero() {
                self.steps.push(Step::Wait(self.pace));
            }
        }
    }

    fn words_at_once(&self, count: usize) -> usize {
        if self.pace.is_zero() {
            return 16;
        }
        let steps = LONGEST_SAY.as_millis() / self.pace.as_millis().max(1);
        count.div_ceil(usize::try_from(steps).unwrap_or(usize::MAX).max(1)).max(1)
    }

    /// One step per word for so long.
    fn trickle(&mut self, time: Duration, step: impl Fn(&str) -> Step) {
        self.said = true;
        let mut left = time;
        for word in FILLER.split_inclusive(' ').cycle() {
            if left.is_zero() {
                break;
            }
            let wait = left.min(TRICKLE);
            self.steps.extend([step(word), Step::Wait(wait)]);
            left -= wait;
        }
    }
}

fn words(count: usize) -> String {
    let mut text: String = FILLER.split_inclusive(' ').cycle().take(count).collect();
    text.truncate(text.trim_end().len());
    text
}

const MARKDOWN: &str = "# What the demo model can format\n\n\
    It writes **bold**, *italic*, ~~struck~~ and `code`, with a [link](https://example.org/a_b) and <angle> & ampersand.\n\n\
    ## A list\n\n\
    - first: 1 < 2\n- second, with `inline_code`\n  - nested\n\n\
    1. one\n2. two\n\n\
    > A quotation of nobody.\n\n\
    | city | people |\n|---|---:|\n| Aachen | 249,070 |\n| Bern | 134,794 |\n\n\
    ```rust\nfn main() {\n    println!(\"<b>not bold</b> & *not* _italic_\");\n}\n```\n\n\
    Pings like @everyone and <@123> are only text.";
