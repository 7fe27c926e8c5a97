//! For how long a provider asks to wait, in the many forms that are in use.

use std::time::Duration;

use chrono::DateTime;
use reqwest013::header::{HeaderMap, RETRY_AFTER};

use crate::domain::time::{Timestamp, elapsed};

/// Longer waits are taken for this long; nobody waits for them anyway.
const LONGEST: f64 = 365.0 * 24.0 * 3600.0;

/// `retry-after-ms`, and `Retry-After` as seconds (also with decimals) or as a date; the larger when both are there.
pub(crate) fn in_headers(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |value: Option<&reqwest013::header::HeaderValue>| value?.to_str().ok().map(|text| text.trim().to_owned());
    let millis = text(headers.get("retry-after-ms")).and_then(|text| text.parse::<f64>().ok()).map(|millis| millis / 1000.0);
    let other = text(headers.get(RETRY_AFTER)).and_then(|text| {
        let seconds = text.parse::<f64>().ok().and_then(duration);
        seconds.or_else(|| DateTime::parse_from_rfc2822(&text).ok().map(|date| elapsed(now, date.to_utc())))
    });
    millis.and_then(duration).into_iter().chain(other).max()
}

/// "try again in 1.5s", "Please retry in 20ms", "try again in 1m30.5s" within a message.
pub(crate) fn in_message(message: &str) -> Option<Duration> {
    let message = message.to_lowercase();
    let start = ["try again in ", "retry in ", "retry after "].iter().find_map(|words| Some(message.find(words)? + words.len()));
    let mut rest = message.get(start?..)?.trim_start();
    let mut seconds = None;
    loop {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let Ok(number) = number.parse::<f64>() else { break };
        let after = after.trim_start();
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let unit = match unit {
            "ms" | "millisecond" | "milliseconds" => 0.001,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            _ => break,
        };
        seconds = Some(seconds.unwrap_or(0.0) + number * unit);
        rest = after.trim_start();
    }
    seconds.and_then(duration)
}

fn duration(seconds: f64) -> Option<Duration> {
    (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use reqwest013::header::HeaderValue;

    use super::*;
    use crate::domain::time::from_millis;

    fn seconds(name: &'static str, value: &'static str) -> Option<f64> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        // 2015-10-21 07:28:00 UTC
        in_headers(&headers, from_millis(1_445_412_480_000).unwrap()).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn every_form_of_the_header_is_read() {
        for (name, value, expected) in [
            ("retry-after", "7", Some(7.0)),
            ("retry-after", " 0.25 ", Some(0.25)),
            ("retry-after", "0", Some(0.0)),
            ("retry-after-ms", "1500", Some(1.5)),
            ("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT", Some(30.0)),
            ("retry-after", "Wed, 21 Oct 2015 07:00:00 GMT", Some(0.0)),
            ("retry-after", "1e300", Some(LONGEST)),
            ("retry-after", "-3", None),
            ("retry-after", "NaN", None),
            ("retry-after", "soon", None),
        ] {
            assert_eq!(seconds(name, value), expected, "{name}: {value}");
        }
    }

    #[test]
    fn a_wait_in_the_message_is_read() {
        for (message, expected) in [
            ("Rate limit reached. Please try again in 1.5s. Visit https://x", Some(1500)),
            ("try again in 20ms", Some(20)),
            ("Please try again in 6m0.5s.", Some(360_500)),
            ("Please retry in 2 seconds", Some(2000)),
            ("try again in a while", None),
            ("try again in 3 apples", None),
            ("slow down", None),
            ("try again in ", None),
        ] {
            assert_eq!(in_message(message).map(|wait| wait.as_millis()), expected, "{message}");
        }
    }
}
