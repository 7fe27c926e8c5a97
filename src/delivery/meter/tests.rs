//! A burst, then a pace; room that is kept, and a busy chat that is spread.

use super::*;

fn of(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

/// How many sends of this priority there is room for at once.
fn room(meter: &mut Meter, priority: Priority) -> usize {
    let mut count = 0;
    while meter.wait(priority, Instant::now()).is_none() {
        meter.take(priority, Instant::now());
        meter.answered(Instant::now());
        count += 1;
    }
    count
}

#[tokio::test(start_paused = true)]
async fn a_steady_rate_gives_a_burst_and_then_its_pace() {
    let second = Duration::from_secs(1);
    let mut meter = Meter::new(Rate::Steady { every: second, burst: of(4) });
    assert_eq!(room(&mut meter, Priority::Answer), 4);
    assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second));
    assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second), "asking counts nothing");
    tokio::time::advance(second).await;
    assert_eq!(room(&mut meter, Priority::Answer), 1);
    tokio::time::advance(second * 4).await;
    assert!(meter.is_rested(Instant::now()));
}

#[tokio::test(start_paused = true)]
async fn some_room_is_kept_for_answers_however_long_results_go_on() {
    let second = Duration::from_secs(1);
    let mut meter = Meter::new(Rate::Steady { every: second, burst: of(4) });
    assert_eq!(room(&mut meter, Priority::Result), 3);
    for _ in 0..10 {
        tokio::time::advance(second).await;
        assert_eq!(room(&mut meter, Priority::Result), 1);
    }
    assert_eq!(room(&mut meter, Priority::Typing), 0);
    assert_eq!(room(&mut meter, Priority::Answer), 1);
}

#[tokio::test(start_paused = true)]
async fn a_send_is_forgotten_from_its_answer_on_and_not_before() {
    let second = Duration::from_secs(1);
    let mut meter = Meter::new(Rate::Steady { every: second, burst: of(4) });
    for _ in 0..4 {
        assert_eq!(meter.wait(Priority::Answer, Instant::now()), None);
        meter.take(Priority::Answer, Instant::now());
    }
    tokio::time::advance(second * 60).await;
    assert!(meter.wait(Priority::Answer, Instant::now()).is_some(), "all four may be counted only now");
    assert!(!meter.is_rested(Instant::now()));
    meter.answered(Instant::now());
    assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second));
    tokio::time::advance(second).await;
    assert_eq!(meter.wait(Priority::Answer, Instant::now()), None);
}

#[tokio::test(start_paused = true)]
async fn a_heavier_send_makes_the_next_one_wait_longer() {
    let second = Duration::from_secs(1);
    let mut meter = Meter::new(Rate::Steady { every: second, burst: of(1) });
    meter.take(Priority::Answer, Instant::now());
    meter.answered(Instant::now());
    meter.add(1);
    assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second * 2));
}

#[tokio::test(start_paused = true)]
async fn a_window_never_holds_more_than_its_count() {
    let second = Duration::from_secs(1);
    let mut meter = Meter::new(Rate::Window { count: of(20), span: second * 60, burst: of(20) });
    assert_eq!(room(&mut meter, Priority::Result), 19);
    assert_eq!(room(&mut meter, Priority::Answer), 1);
    assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second * 60));
    tokio::time::advance(second * 20).await;
    assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second * 40));
    tokio::time::advance(second * 40).await;
    assert_eq!(room(&mut meter, Priority::Answer), 20);
    tokio::time::advance(second * 120).await;
    assert!(meter.is_rested(Instant::now()));
}

/// Results without end, and answers asked for at these times: when each went out.
async fn plays(asked: &[Duration], until: Duration) -> (Vec<Instant>, Vec<Instant>) {
    let mut meter = Meter::new(Rate::Window { count: of(20), span: Duration::from_mins(1), burst: of(15) });
    let (started, mut results, mut answers) = (Instant::now(), Vec::new(), Vec::new());
    while started.elapsed() < until {
        let is_asked = asked.get(answers.len()).is_some_and(|at| *at <= started.elapsed());
        let (priority, sent) = if is_asked { (Priority::Answer, &mut answers) } else { (Priority::Result, &mut results) };
        if meter.wait(priority, Instant::now()).is_some() {
            tokio::time::advance(Duration::from_millis(10)).await;
        } else {
            meter.take(priority, Instant::now());
            meter.answered(Instant::now());
            sent.push(Instant::now());
        }
    }
    (results, answers)
}

#[tokio::test(start_paused = true)]
async fn beyond_its_burst_a_window_is_spread_and_nothing_is_lost_by_it() {
    let second = Duration::from_secs(1);
    let (results, _) = plays(&[], second * 600).await;
    assert!(results[14] == results[0] && results[15] - results[0] > second * 40, "{results:?}");
    let gaps = results[15..].windows(2).map(|pair| pair[1] - pair[0]);
    assert!(gaps.clone().max() < Some(second * 4) && gaps.min() > Some(second * 3), "{results:?}");
    assert!(results.len() >= 10 * 19 - 1, "{}", results.len());
}

#[tokio::test(start_paused = true)]
async fn a_group_in_which_nothing_but_typing_shows_is_not_busy() {
    let (count, span, burst) = (of(20), Duration::from_mins(1), of(15));
    let mut meter = Meter::new(Rate::Window { count, span, burst });
    for _ in 0..24 {
        tokio::time::advance(span / 8).await;
        assert_eq!(meter.wait(Priority::Typing, Instant::now()), None);
        meter.take(Priority::Typing, Instant::now());
        meter.answered(Instant::now());
    }
    assert_eq!(room(&mut meter, Priority::Result), 7, "the rest of its burst, at once");
}

#[tokio::test(start_paused = true)]
async fn answers_find_room_in_a_window_that_is_full_of_results() {
    let (second, started) = (Duration::from_secs(1), Instant::now());
    let ask = |minute: u32| [3, 9, 21, 24, 47].map(|at| second * (minute * 60 + at));
    let asked: Vec<Duration> = (0..10).flat_map(ask).collect();
    let (results, answers) = plays(&asked, second * 600).await;
    assert_eq!(answers.len(), asked.len());
    let slowest = asked.iter().zip(&answers).map(|(asked, answered)| *answered - (started + *asked)).max();
    assert!(slowest < Some(second * 3), "{slowest:?}");
    let mut all = [results, answers].concat();
    all.sort();
    assert!(all.windows(21).all(|some| some[20] - some[0] >= second * 60), "more than twenty in a minute");
    assert!(all.len() >= 10 * 19 - 1, "{}", all.len());
}

#[tokio::test(start_paused = true)]
async fn five_who_ask_at_once_after_a_burst_are_answered_at_once() {
    let (asked, started) = (Duration::from_secs(20), Instant::now());
    let (_, answers) = plays(&[asked; 5], asked * 3).await;
    assert_eq!(answers, [started + asked; 5]);
}

#[tokio::test(start_paused = true)]
async fn a_send_keeps_its_place_in_a_window_for_a_span_after_its_answer() {
    let second = Duration::from_secs(1);
    let mut meter = Meter::new(Rate::Window { count: of(2), span: second * 60, burst: of(2) });
    meter.take(Priority::Answer, Instant::now());
    meter.take(Priority::Answer, Instant::now());
    assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second * 60), "at least");
    tokio::time::advance(second * 20).await;
    meter.answered(Instant::now());
    tokio::time::advance(second * 59).await;
    assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second));
    tokio::time::advance(second).await;
    assert_eq!(meter.wait(Priority::Answer, Instant::now()), None);
    tokio::time::advance(second * 600).await;
    assert!(!meter.is_rested(Instant::now()), "one is still on its way");
    meter.take(Priority::Answer, Instant::now());
    assert_eq!(meter.wait(Priority::Answer, Instant::now()), Some(second * 60));
}
