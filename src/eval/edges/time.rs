//! Times of edges: numbers of whatever unit, or dates.

use std::borrow::Cow;

use jiff::civil;
use jiff::tz::TimeZone;

use super::error::Reason;

/// How a file writes its times: one way for all of them, or they could not be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    Numbers,
    Dates,
}

/// Reads the times of a file.
#[derive(Debug, Default)]
pub(super) struct Times {
    writing: Option<Writing>,
}

impl Times {
    /// A time may be missing. Fractions of a number's unit are cut off; dates are counted in microseconds, in UTC if they
    /// name no offset.
    pub(super) fn read(&mut self, cell: &str) -> Result<Option<i64>, Reason> {
        if cell.is_empty() {
            return Ok(None);
        }
        let number = number(cell).map(|at| (at, Writing::Numbers));
        let read = number.or_else(|| Some((date(cell)?, Writing::Dates)));
        let (at, writing) = read.ok_or(
            "expected a time: a whole number, or a date such as 2016-08-25 or 2016-08-25T10:00:00Z",
        )?;
        if *self.writing.get_or_insert(writing) != writing {
            return Err("some times are numbers and some are dates".into());
        }
        Ok(Some(at))
    }
}

fn number(cell: &str) -> Option<i64> {
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, ""));
    let is_plain = fraction.bytes().all(|c| c.is_ascii_digit());
    whole.parse().ok().filter(|_| is_plain)
}

fn date(cell: &str) -> Option<i64> {
    if let Ok(at) = cell.parse::<jiff::Timestamp>() {
        return Some(at.as_microsecond());
    }
    if !cell.starts_with(|c: char| c.is_ascii_digit()) || cell.get(4..5) != Some("-") {
        return None;
    }
    let text: Cow<'_, str> = cell.strip_suffix(" UTC").unwrap_or(cell).into();
    let at = match text.parse::<civil::DateTime>() {
        Ok(at) => at,
        Err(_) => text
            .parse::<civil::Date>()
            .ok()?
            .to_datetime(civil::Time::midnight()),
    };
    let at = at.to_zoned(TimeZone::UTC).ok()?;
    Some(at.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cells: &[&str]) -> Result<Vec<Option<i64>>, Reason> {
        let mut times = Times::default();
        cells.iter().map(|cell| times.read(cell)).collect()
    }

    #[test]
    fn numbers_and_dates_are_times() {
        assert_eq!(
            read(&["77", "", "-3", "77.9"]),
            Ok(vec![Some(77), None, Some(-3), Some(77)])
        );
        let day = 1_472_083_200_000_000;
        let hour = 3_600_000_000;
        assert_eq!(
            read(&[
                "2016-08-25",
                "2016-08-25T01:00:00Z",
                "2016-08-25 01:00:00",
                "2016-08-25T01:00:00+01:00"
            ]),
            Ok(vec![
                Some(day),
                Some(day + hour),
                Some(day + hour),
                Some(day)
            ])
        );
    }

    #[test]
    fn deny_what_is_no_time() {
        for cells in [
            ["1.28E9", ""],
            ["soon", ""],
            ["25/08/2016", ""],
            ["77", "2016-08-25"],
            ["1,5", ""],
        ] {
            assert!(read(&cells).is_err(), "{cells:?}");
        }
    }
}
