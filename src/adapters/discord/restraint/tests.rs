//! What is learned from answers, and what is not asked because of it.

use super::*;

const HERE: Bucket = Bucket { route: "POST /channels/{channel}/messages", major: 1, open: false };
const THERE: Bucket = Bucket { major: 2, ..HERE };
const EDIT: Bucket = Bucket { route: "PATCH /channels/{channel}/messages/{message}", ..HERE };
const ANSWER: Bucket = Bucket { route: "POST /webhooks/{app}/{token}", major: 3, open: true };
fn fresh() -> Restraint {
    Restraint::new(NonZeroU32::MIN)
}

/// Whether a request may be made; it is answered at once.
fn allows(restraint: &Restraint, bucket: Bucket, now: Instant) -> Result<(), ApiError> {
    restraint.check(bucket, now).map(drop)
}

const SECOND: Duration = Duration::from_secs(1);

/// What an answer within a window says.
fn left(bucket: &str, remaining: u64, reset_after: f64) -> Limits {
    Limits {
        bucket: Some(bucket.to_owned()),
        limit: Some(5),
        remaining: Some(remaining),
        reset_after: Some(reset_after),
        ..Limits::default()
    }
}

fn limited(retry_after: f64, global: bool) -> Limits {
    Limits { retry_after: Some(retry_after), global, ..Limits::default() }
}

#[test]
fn a_spent_bucket_holds_its_channel_only() {
    let (restraint, now) = (fresh(), Instant::now());
    let spent = Limits { remaining: Some(0), reset_after: Some(1.5), ..Limits::default() };
    assert_eq!(restraint.learn(HERE, 200, &spent, now), None);
    assert_eq!(allows(&restraint, HERE, now), Err(ApiError::RetryAfter(Duration::from_millis(1500))));
    assert_eq!(allows(&restraint, THERE, now), Ok(()));
    assert_eq!(allows(&restraint, HERE, now + Duration::from_millis(1500)), Ok(()));
}

#[test]
fn a_global_limit_holds_everything() {
    let (restraint, now) = (fresh(), Instant::now());
    assert_eq!(restraint.learn(HERE, 429, &limited(3.0, true), now), Some(Duration::from_secs(3)));
    assert_eq!(allows(&restraint, THERE, now), Err(ApiError::RetryAfter(Duration::from_secs(3))));
}

#[test]
fn requests_at_the_same_time_cannot_spend_a_bucket_twice() {
    let (restraint, now) = (fresh(), Instant::now());
    assert_eq!(allows(&restraint, HERE, now), Ok(()));
    restraint.learn(HERE, 200, &left("b", 4, 5.0), now);
    for _ in 0..4 {
        assert_eq!(allows(&restraint, HERE, now), Ok(()));
    }
    let waits = Err(ApiError::RetryAfter(SECOND * 5));
    assert_eq!(allows(&restraint, HERE, now), waits, "four are on their way");
    // An answer that was on its way longer knows of more than there is.
    restraint.learn(HERE, 200, &left("b", 3, 5.0), now);
    assert_eq!(allows(&restraint, HERE, now), waits);
    for _ in 0..5 {
        assert_eq!(allows(&restraint, HERE, now + SECOND * 5), Ok(()), "a new window");
    }
    assert_eq!(allows(&restraint, HERE, now + SECOND * 5), waits);
}

#[test]
fn routes_that_share_a_bucket_share_what_is_left_of_it() {
    let (restraint, now) = (fresh(), Instant::now());
    restraint.learn(EDIT, 200, &left("b", 4, 5.0), now);
    assert_eq!(allows(&restraint, HERE, now), Ok(()));
    restraint.learn(HERE, 200, &left("b", 0, 4.0), now);
    assert_eq!(allows(&restraint, EDIT, now), Err(ApiError::RetryAfter(SECOND * 4)));
    assert_eq!(allows(&restraint, Bucket { major: 2, ..EDIT }, now), Ok(()), "another channel");
}

#[test]
fn answers_to_interactions_have_buckets_of_their_own_and_nothing_else_stops_them() {
    let (restraint, now) = (fresh(), Instant::now());
    restraint.learn(HERE, 429, &limited(3.0, true), now);
    restraint.learn(HERE, 401, &Limits::default(), now);
    assert_eq!(allows(&restraint, ANSWER, now), Ok(()));
    restraint.learn(ANSWER, 200, &left("w", 0, 2.0), now);
    assert_eq!(allows(&restraint, ANSWER, now), Err(ApiError::RetryAfter(SECOND * 2)));
    assert_eq!(allows(&restraint, Bucket { major: 4, ..ANSWER }, now), Ok(()), "another interaction");
    restraint.learn(ANSWER, 401, &Limits::default(), now);
    assert_eq!(allows(&restraint, HERE, now + SECOND * 3), Err(ApiError::Unauthorized), "the bot's own token is the bot's");
}

#[tokio::test(start_paused = true)]
async fn no_second_ever_has_too_many_requests_however_slow_their_answers_are() {
    let restraint = fresh();
    let bucket = |major| Bucket { major, ..HERE };
    let mut on_the_way: Vec<_> = (0..50).map(|major| restraint.check(bucket(major), Instant::now())).collect();
    assert!(on_the_way.iter().all(Result::is_ok));
    assert_eq!(allows(&restraint, bucket(60), Instant::now()), Err(ApiError::RetryAfter(SECOND)));
    assert_eq!(allows(&restraint, ANSWER, Instant::now()), Ok(()), "answers do not count");
    tokio::time::advance(SECOND * 10).await;
    assert!(allows(&restraint, bucket(60), Instant::now()).is_err(), "none was answered");
    drop(on_the_way.pop());
    tokio::time::advance(SECOND).await;
    assert_eq!(allows(&restraint, bucket(60), Instant::now()), Ok(()));
}

#[test]
fn windows_that_are_over_are_forgotten() {
    let (restraint, now) = (fresh(), Instant::now());
    for major in 0..5000 {
        let now = now + Duration::from_millis(major * 10);
        restraint.learn(Bucket { major, ..ANSWER }, 200, &left("w", 4, 1.0), now);
    }
    assert!(restraint.state.lock().expect("a lock").windows.len() <= REMEMBERED);
}

#[test]
fn a_refused_token_is_asked_again_after_a_while_only() {
    let (restraint, now) = (fresh(), Instant::now());
    restraint.learn(HERE, 401, &Limits::default(), now);
    assert_eq!(allows(&restraint, THERE, now), Err(ApiError::Unauthorized));
    assert_eq!(allows(&restraint, THERE, now + REFUSED_TOKEN), Ok(()));
}

#[test]
fn too_many_invalid_requests_stop_the_bot() {
    let (restraint, now) = (fresh(), Instant::now());
    for at in 0..500 {
        // As many as the bot may make in a second.
        let now = now + SECOND * at / 40;
        assert_eq!(allows(&restraint, THERE, now), Ok(()));
        restraint.learn(HERE, 403, &Limits::default(), now);
    }
    let wait = SECOND * 587;
    assert_eq!(allows(&restraint, THERE, now + SECOND * 13), Err(ApiError::RetryAfter(wait)));
    assert_eq!(allows(&restraint, THERE, now + INVALID_WINDOW), Ok(()));
}

#[test]
fn limits_that_others_share_are_not_invalid_requests() {
    let (restraint, now) = (fresh(), Instant::now());
    for _ in 0..=INVALID_LIMIT {
        restraint.learn(HERE, 429, &Limits { shared: true, ..limited(0.0, false) }, now);
    }
    assert_eq!(allows(&restraint, THERE, now), Ok(()));
}

#[test]
fn odd_waits_do_not_hurt() {
    let wait = |limits: Limits| fresh().learn(HERE, 429, &limits, Instant::now());
    assert_eq!(wait(limited(f64::NAN, false)), Some(UNSAID_WAIT));
    assert_eq!(wait(limited(-1.0, false)), Some(Duration::ZERO));
    assert_eq!(wait(limited(1e30, false)), Some(LONGEST_WAIT));
    assert_eq!(wait(Limits::default()), Some(UNSAID_WAIT));
}
