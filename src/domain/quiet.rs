//! Quiet hours: a span of the day, as the clocks of one time zone show it, in which nothing that can wait is sent.
//!
//! A span is looked at as an interval between two instants: it begins when the clock first shows its beginning and ends
//! when the clock last shows its end, so an hour that a change of the clocks repeats belongs to the span as a whole. A
//! time that a change skips is the moment of the change.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
pub use chrono_tz::Tz;

use crate::domain::time::Timestamp;

/// The longest time that clocks ever skipped, in minutes: a whole day, when a zone changed sides of the date line.
const LONGEST_GAP: usize = 24 * 60 + 1;

/// A span of the day, like `22:00-07:00`; it may go over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from: NaiveTime,
    until: NaiveTime,
}

/// Text that is not a span of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a span of the day")]
pub struct InvalidSpan;

impl FromStr for Span {
    type Err = InvalidSpan;

    fn from_str(text: &str) -> Result<Self, InvalidSpan> {
        // Phones and word processors make a dash of the hyphen.
        let (from, until) = text.trim().split_once(['-', '\u{2013}', '\u{2014}']).ok_or(InvalidSpan)?;
        let (from, until) = (time_of_day(from)?, time_of_day(until)?);
        // The same twice could mean never or always.
        if from == until { Err(InvalidSpan) } else { Ok(Self { from, until }) }
    }
}

fn time_of_day(text: &str) -> Result<NaiveTime, InvalidSpan> {
    let (hours, minutes) = text.trim().split_once(':').unwrap_or((text.trim(), "00"));
    let digits = |text: &str| text.len() <= 2 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hours) || !digits(minutes) || minutes.len() != 2 {
        return Err(InvalidSpan);
    }
    let (hours, minutes) = (hours.parse().map_err(|_| InvalidSpan)?, minutes.parse().map_err(|_| InvalidSpan)?);
    // The end of the day is the beginning of the next.
    let hours = if (hours, minutes) == (24, 0) { 0 } else { hours };
    NaiveTime::from_hms_opt(hours, minutes, 0).ok_or(InvalidSpan)
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.format("%H:%M"), self.until.format("%H:%M"))
    }
}

/// The time zone of this name, however its letters are written.
#[must_use]
pub fn zone(name: &str) -> Option<Tz> {
    let name = name.trim();
    name.parse().ok().or_else(|| chrono_tz::TZ_VARIANTS.into_iter().find(|zone| zone.name().eq_ignore_ascii_case(name)))
}

/// A span of the day in a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// The span.
    pub span: Span,
    /// Whose clocks show it.
    pub zone: Tz,
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.span, self.zone.name())
    }
}

impl QuietHours {
    /// When the quiet ends that there is at this moment; none when it is not quiet then.
    #[must_use]
    pub fn end_of_quiet(&self, at: Timestamp) -> Option<Timestamp> {
        let today = at.with_timezone(&self.zone).date_naive();
        // A span over midnight began yesterday.
        let began = [today.checked_sub_days(Days::new(1)), Some(today)];
        let intervals = began.into_iter().flatten().filter_map(|date| self.interval(date));
        intervals.filter(|(from, until)| (*from..*until).contains(&at)).map(|(_, until)| until).max()
    }

    /// The interval that begins on this date.
    fn interval(&self, date: NaiveDate) -> Option<(Timestamp, Timestamp)> {
        let Span { from, until } = self.span;
        let last = if until > from { date } else { date.checked_add_days(Days::new(1))? };
        let begins = self.instant(date.and_time(from), |first, _| first)?;
        let ends = self.instant(last.and_time(until), |_, second| second)?;
        Some((begins, ends))
    }

    /// When the clocks show this; `choose` says which of two moments that they show it at.
    fn instant(&self, shown: NaiveDateTime, choose: impl Fn(Timestamp, Timestamp) -> Timestamp) -> Option<Timestamp> {
        let minutes = (0..LONGEST_GAP).map(|minutes| TimeDelta::minutes(i64::try_from(minutes).unwrap_or_default()));
        // What is skipped is never shown: the first time after it that is shown is the moment of the change.
        for shown in minutes.map_while(|minutes| shown.checked_add_signed(minutes)) {
            match self.zone.from_local_datetime(&shown) {
                LocalResult::Single(at) => return Some(at.to_utc()),
                LocalResult::Ambiguous(first, second) => return Some(choose(first.to_utc(), second.to_utc())),
                LocalResult::None => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> QuietHours {
        let (span, zone) = text.split_once(' ').unwrap();
        QuietHours { span: span.parse().unwrap(), zone: zone.parse().unwrap() }
    }

    /// At `at` it is quiet until `until`, or not quiet when that is empty.
    fn check(quiet: &str, at: &str, until: &str) {
        let end = hours(quiet).end_of_quiet(at.parse().unwrap());
        let shown = end.map(|end| end.format("%Y-%m-%dT%H:%MZ").to_string()).unwrap_or_default();
        assert_eq!(shown, until, "{quiet} at {at}");
    }

    #[test]
    fn a_span_is_quiet_from_its_beginning_to_its_end() {
        for (at, until) in [
            ("2026-03-10T12:59:59Z", ""),
            ("2026-03-10T13:00:00Z", "2026-03-10T14:30Z"),
            ("2026-03-10T14:29:59Z", "2026-03-10T14:30Z"),
            ("2026-03-10T14:30:00Z", ""),
        ] {
            check("13:00-14:30 UTC", at, until);
        }
    }

    #[test]
    fn a_span_may_go_over_midnight() {
        for (at, until) in [
            ("2026-01-10T20:59:00Z", ""),
            ("2026-01-10T21:00:00Z", "2026-01-11T06:00Z"),
            ("2026-01-10T23:30:00Z", "2026-01-11T06:00Z"),
            ("2026-01-11T05:59:00Z", "2026-01-11T06:00Z"),
            ("2026-01-11T06:00:00Z", ""),
        ] {
            check("22:00-07:00 Europe/Berlin", at, until);
        }
        check("00:00-08:00 Asia/Tokyo", "2026-05-04T16:00:00Z", "2026-05-04T23:00Z");
        check("20:00-24:00 UTC", "2026-05-04T23:59:00Z", "2026-05-05T00:00Z");
        check("20:00-24:00 UTC", "2026-05-05T00:00:00Z", "");
    }

    #[test]
    fn the_night_in_which_clocks_go_forward_is_an_hour_shorter() {
        // 29 March 2026, 02:00 becomes 03:00 in Berlin, at 01:00 UTC.
        check("22:00-07:00 Europe/Berlin", "2026-03-28T22:00:00Z", "2026-03-29T05:00Z");
        check("22:00-02:30 Europe/Berlin", "2026-03-29T00:59:00Z", "2026-03-29T01:00Z");
        check("22:00-02:30 Europe/Berlin", "2026-03-29T01:00:00Z", "");
        check("02:30-05:00 Europe/Berlin", "2026-03-29T00:59:00Z", "");
        check("02:30-05:00 Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T03:00Z");
        // Both ends are skipped: there is no such span in that night.
        check("02:10-02:50 Europe/Berlin", "2026-03-29T01:00:00Z", "");
        check("02:10-02:50 Europe/Berlin", "2026-03-30T00:20:00Z", "2026-03-30T00:50Z");
    }

    #[test]
    fn the_night_in_which_clocks_go_back_is_one_span() {
        // 25 October 2026, 03:00 becomes 02:00 in Berlin, at 01:00 UTC.
        check("22:00-07:00 Europe/Berlin", "2026-10-24T20:00:00Z", "2026-10-25T06:00Z");
        for at in ["2026-10-25T00:20:00Z", "2026-10-25T00:45:00Z", "2026-10-25T01:10:00Z"] {
            check("22:00-02:30 Europe/Berlin", at, "2026-10-25T01:30Z");
        }
        check("02:30-05:00 Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T04:00Z");
        check("02:30-05:00 Europe/Berlin", "2026-10-25T01:10:00Z", "2026-10-25T04:00Z");
        check("02:30-05:00 Europe/Berlin", "2026-10-25T00:20:00Z", "");
    }

    #[test]
    fn a_zone_that_skipped_a_whole_day_and_one_of_half_hours_are_understood() {
        // Samoa left out the 30th of December 2011: one night ends where the next one is already half over.
        check("22:00-07:00 Pacific/Apia", "2011-12-30T09:00:00Z", "2011-12-30T10:00Z");
        check("22:00-07:00 Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T17:00Z");
        // Lord Howe Island moves its clocks by half an hour.
        check("22:00-02:15 Australia/Lord_Howe", "2026-10-03T15:00:00Z", "2026-10-03T15:30Z");
    }

    #[test]
    fn spans_are_written_as_people_write_them() {
        for (text, shown) in [
            ("22:00-07:00", Some("22:00-07:00")),
            ("22-7", Some("22:00-07:00")),
            (" 9:30 \u{2013} 17 ", Some("09:30-17:00")),
            ("0:00-24:00", None),
            ("22:00-22:00", None),
            ("25:00-07:00", None),
            ("22:60-07:00", None),
            ("22:0-07:00", None),
            ("22:00", None),
            ("-", None),
            ("night", None),
        ] {
            assert_eq!(text.parse::<Span>().ok().map(|span| span.to_string()).as_deref(), shown, "{text}");
        }
    }
}
