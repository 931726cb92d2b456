//! Instants in UTC microseconds. Nothing here reads a clock: callers say what time it is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An instant: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// Microseconds in one day of 86,400 seconds. Windows are counted in these, never in calendar days,
/// so daylight saving and leap days do not move a deadline.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// How an instant before any that RFC 3339 can say is written: that of a run without a row, for example.
const BEGINNING: &str = "the beginning of time";
/// How one after all of them is.
const END: &str = "the end of time";

/// What a text must look like to be read as a [`Timestamp`].
#[derive(Debug, thiserror::Error)]
#[error("not an RFC 3339 time with an offset, such as 2016-08-25T00:00:00Z")]
pub struct TimeError;

impl Timestamp {
    /// The earliest instant: before everything.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant: after everything.
    pub const MAX: Self = Self(i64::MAX);

    /// What is written for an end that never comes, where an end has to be written: 9999-12-30T00:00:00Z, the last
    /// midnight that RFC 3339 can say whatever the offset.
    pub const LAST_WRITABLE: Self = Self::from_secs(253_402_128_000);

    /// An instant from microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// An instant from seconds since the Unix epoch, saturating at the ends.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 text; an offset is required and converted to UTC.
    ///
    /// # Errors
    /// If the text is not RFC 3339, has no offset, or lies outside the years −9999 to 9999.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let instant: jiff::Timestamp = text.trim().parse().map_err(|_| TimeError)?;
        Ok(Self(instant.as_microsecond()))
    }

    /// This instant, a number of 86,400-second days later; saturates.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(DAY_MICROS)))
    }

    /// Whole 86,400-second days from `earlier` to this instant; negative if it is later.
    #[must_use]
    pub const fn days_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(DAY_MICROS)
    }

    /// The calendar year in UTC.
    #[must_use]
    pub fn year(self) -> i16 {
        self.civil()
            .map_or(if self.0 < 0 { i16::MIN } else { i16::MAX }, |t| {
                t.to_zoned(jiff::tz::TimeZone::UTC).year()
            })
    }

    fn civil(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_microsecond(self.0).ok()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.civil() {
            Some(instant) => instant.fmt(f),
            None => f.write_str(if self.0 < 0 { BEGINNING } else { END }),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        match text.as_str() {
            BEGINNING => Ok(Self::MIN),
            END => Ok(Self::MAX),
            text => Self::parse(text),
        }
    }
}

impl From<Timestamp> for String {
    fn from(at: Timestamp) -> Self {
        at.to_string()
    }
}

/// A half-open interval of time, `[from, until)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// The first instant inside.
    pub from: Timestamp,
    /// The first instant after.
    pub until: Timestamp,
}

impl Interval {
    /// All of time.
    pub const ALWAYS: Self = Self {
        from: Timestamp::MIN,
        until: Timestamp::MAX,
    };

    /// An interval that is open at the end if `until` is none.
    #[must_use]
    pub fn new(from: Timestamp, until: Option<Timestamp>) -> Self {
        Self {
            from,
            until: until.unwrap_or(Timestamp::MAX),
        }
    }

    /// Does the instant lie inside?
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Do the two share an instant?
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from < other.until
            && other.from < self.until
            && self.from < self.until
            && other.from < other.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for at in [Timestamp::MIN, Timestamp::from_secs(0), Timestamp::MAX] {
            let text = serde_json::to_string(&at).unwrap();
            assert_eq!(serde_json::from_str::<Timestamp>(&text).unwrap(), at);
        }
    }

    #[test]
    fn offsets_become_utc() {
        let utc = Timestamp::parse("2016-09-24T23:00:00Z").unwrap();
        assert_eq!(Timestamp::parse("2016-09-25T01:00:00+02:00").unwrap(), utc);
        assert_eq!(utc.to_string(), "2016-09-24T23:00:00Z");
        assert!(
            Timestamp::parse("2016-09-24").is_err(),
            "a date alone names no instant"
        );
    }

    #[test]
    fn thirty_days_ignore_the_calendar() {
        // Europe's clocks go back on 2016-10-30; February 2016 has a leap day.
        for start in ["2016-10-15T12:00:00+02:00", "2016-02-15T12:00:00Z"] {
            let start = Timestamp::parse(start).unwrap();
            assert_eq!(
                start.plus_days(30).micros() - start.micros(),
                2_592_000_000_000
            );
        }
    }

    #[test]
    fn the_last_instant_reads_back() {
        let last = Timestamp::LAST_WRITABLE;
        assert_eq!(last.to_string(), "9999-12-30T00:00:00Z");
        assert_eq!(Timestamp::parse(&last.to_string()).unwrap(), last);
    }

    #[test]
    fn intervals_are_half_open() {
        let (a, b) = (Timestamp::from_secs(1), Timestamp::from_secs(2));
        let interval = Interval::new(a, Some(b));
        assert!(interval.contains(a) && !interval.contains(b));
        assert!(!interval.overlaps(&Interval::new(b, None)));
    }
}
