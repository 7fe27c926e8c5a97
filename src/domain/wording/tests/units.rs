//! Times and counts, where plural forms and decimal signs differ between languages.

use std::time::Duration;

use super::{LANGUAGES, at, in_each, notice, task};
use crate::domain::language::Language;
use crate::domain::limits::Limits;
use crate::domain::notice::NoticeKind;
use crate::domain::queue::QueueFull;
use crate::domain::usage::Usage;
use crate::domain::wording;
use crate::domain::wording::units::moment;

#[test]
fn spans_are_short() {
    let spans = |language| {
        [0, 950, 2_140, 9_999, 10_000, 59_999, 60_000, 61_000, 3_599_000, 3_600_000, 3_725_000, 360_000_000]
            .map(|ms| wording::duration(language, Duration::from_millis(ms)))
            .join(" | ")
    };
    insta::assert_snapshot!(LANGUAGES.map(spans).join("\n"), @"
    0.0 s | 0.9 s | 2.1 s | 9.9 s | 10 s | 59 s | 1 min 0 s | 1 min 1 s | 59 min 59 s | 1 h 0 min | 1 h 2 min | 100 h 0 min
    0,0 s | 0,9 s | 2,1 s | 9,9 s | 10 s | 59 s | 1 min 0 s | 1 min 1 s | 59 min 59 s | 1 h 0 min | 1 h 2 min | 100 h 0 min
    ");
}

#[test]
fn tokens_are_rounded_down() {
    let tokens = |language| {
        let of = |output| wording::tokens(language, &Usage { output, ..Usage::default() });
        let estimated = |output| wording::tokens(language, &Usage { output, estimated: true, ..Usage::default() });
        let exact = [0, 1, 2, 5, 999, 1000, 2134, 999_999, 1_000_000, 12_345_678].map(of);
        exact.into_iter().chain([1, 30, 2134].map(estimated)).collect::<Vec<_>>().join(" | ")
    };
    insta::assert_snapshot!(LANGUAGES.map(tokens).join("\n"), @"
    0 tokens | 1 token | 2 tokens | 5 tokens | 999 tokens | 1.0k tokens | 2.1k tokens | 999.9k tokens | 1.0M tokens | 12.3M tokens | ~1 token | ~30 tokens | ~2.1k tokens
    0 Token | 1 Token | 2 Token | 5 Token | 999 Token | 1,0 Tsd. Token | 2,1 Tsd. Token | 999,9 Tsd. Token | 1,0 Mio. Token | 12,3 Mio. Token | ca. 1 Token | ca. 30 Token | ca. 2,1 Tsd. Token
    ");
}

#[test]
fn counts_choose_the_form_of_their_words() {
    let limits = Limits::default();
    insta::assert_snapshot!(in_each(|language| {
        let place = |ahead| notice(language, NoticeKind::Accepted, &task(), Some(ahead));
        let everybody = |waiting| wording::queue_full(language, QueueFull::Everybody { waiting }, &limits);
        let person = |waiting| wording::queue_full(language, QueueFull::Person { waiting }, &limits);
        [0, 1, 2, 5].into_iter().flat_map(|count| [place(count), everybody(count), person(count)]).collect()
    }), @"
    #42 queued: it is next.
    “Compare the three offers”
    The queue is full: 0 tasks wait, the limit is 200. Nothing was queued; try again in a few minutes.
    0 of your tasks wait already, the limit is 20. Nothing was queued; wait for one to start, or cancel one (/list shows them).
    #42 queued: 1 task is ahead of it.
    “Compare the three offers”
    The queue is full: 1 task waits, the limit is 200. Nothing was queued; try again in a few minutes.
    1 of your tasks waits already, the limit is 20. Nothing was queued; wait for one to start, or cancel one (/list shows them).
    #42 queued: 2 tasks are ahead of it.
    “Compare the three offers”
    The queue is full: 2 tasks wait, the limit is 200. Nothing was queued; try again in a few minutes.
    2 of your tasks wait already, the limit is 20. Nothing was queued; wait for one to start, or cancel one (/list shows them).
    #42 queued: 5 tasks are ahead of it.
    “Compare the three offers”
    The queue is full: 5 tasks wait, the limit is 200. Nothing was queued; try again in a few minutes.
    5 of your tasks wait already, the limit is 20. Nothing was queued; wait for one to start, or cancel one (/list shows them).

    #42 wartet: als Nächste dran.
    „Compare the three offers“
    Die Warteschlange ist voll: 0 Aufgaben warten, die Grenze ist 200. Nichts wurde angenommen; versuch es in ein paar Minuten noch einmal.
    0 deiner Aufgaben warten schon, die Grenze ist 20. Nichts wurde angenommen; warte, bis eine beginnt, oder brich eine ab (/list zeigt sie).
    #42 wartet: 1 Aufgabe ist vor ihr dran.
    „Compare the three offers“
    Die Warteschlange ist voll: 1 Aufgabe wartet, die Grenze ist 200. Nichts wurde angenommen; versuch es in ein paar Minuten noch einmal.
    1 deiner Aufgaben wartet schon, die Grenze ist 20. Nichts wurde angenommen; warte, bis eine beginnt, oder brich eine ab (/list zeigt sie).
    #42 wartet: 2 Aufgaben sind vor ihr dran.
    „Compare the three offers“
    Die Warteschlange ist voll: 2 Aufgaben warten, die Grenze ist 200. Nichts wurde angenommen; versuch es in ein paar Minuten noch einmal.
    2 deiner Aufgaben warten schon, die Grenze ist 20. Nichts wurde angenommen; warte, bis eine beginnt, oder brich eine ab (/list zeigt sie).
    #42 wartet: 5 Aufgaben sind vor ihr dran.
    „Compare the three offers“
    Die Warteschlange ist voll: 5 Aufgaben warten, die Grenze ist 200. Nichts wurde angenommen; versuch es in ein paar Minuten noch einmal.
    5 deiner Aufgaben warten schon, die Grenze ist 20. Nichts wurde angenommen; warte, bis eine beginnt, oder brich eine ab (/list zeigt sie).
    ");
}

#[test]
fn moments_of_another_day_have_a_date() {
    let moments = |language: Language| [moment(language, at(0), at(75)), moment(language, at(0), at(90_000))].join(" | ");
    insta::assert_snapshot!(LANGUAGES.map(moments).join("\n"), @"
    14:13:20 UTC (1 min 15 s ago) | 2026-09-21 14:13:20 UTC (25 h 0 min ago)
    14:13:20 UTC (vor 1 min 15 s) | 21.09.2026, 14:13:20 UTC (vor 25 h 0 min)
    ");
}
