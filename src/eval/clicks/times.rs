//! When something was shown: numbers of any unit, or dates.

use jiff::civil;
use jiff::tz::TimeZone;

use super::coded::Coded;
use super::error::BadCell;
use super::is_missing;
use crate::time::Timestamp;

const EXPECTED: &str = "expected a time: seconds since 1970 (or milli-, micro- or nanoseconds), or a date such as 2016-08-25, \
                        2016-08-25T10:00:00Z or 25-08-2016; leave the column out with --leave-out";

/// The moment of each text of a column.
pub(super) fn moments(column: &Coded) -> Result<Vec<Timestamp>, BadCell> {
    let bad = |code: usize, reason: &'static str| {
        BadCell::new(column.first_row_of(code), &column.name, reason)
    };
    if let Some(code) = column.texts.iter().position(|text| is_missing(text)) {
        return Err(bad(
            code,
            "a time is missing; leave the column out with --leave-out",
        ));
    }
    if column.texts.iter().all(|text| text.parse::<f64>().is_ok()) {
        return numbers(column, bad);
    }
    let is_month_first = is_month_first(column, bad)?;
    let moment = |(code, text): (usize, &String)| {
        date(text, is_month_first).ok_or_else(|| bad(code, EXPECTED))
    };
    column.texts.iter().enumerate().map(moment).collect()
}

/// The unit is that in which the largest is no later than the year 5138.
fn numbers(
    column: &Coded,
    bad: impl Fn(usize, &'static str) -> BadCell,
) -> Result<Vec<Timestamp>, BadCell> {
    let values: Vec<f64> = column
        .texts
        .iter()
        .map(|text| text.parse().unwrap_or(f64::NAN))
        .collect();
    let largest = values.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
    let micros_each = match largest {
        x if x < 1e11 => 1e6,
        x if x < 1e14 => 1e3,
        x if x < 1e17 => 1.0,
        _ => 1e-3,
    };
    let moment = |(code, value): (usize, &f64)| {
        let micros = value * micros_each;
        if !micros.is_finite() || micros.abs() > 1e17 {
            return Err(bad(code, EXPECTED));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "fractions of a microsecond are cut off"
        )]
        Ok(Timestamp::from_micros(micros as i64))
    };
    values.iter().enumerate().map(moment).collect()
}

/// Day, month and year with dashes, slashes or points between them: which comes first has to show in some row.
fn is_month_first(
    column: &Coded,
    bad: impl Fn(usize, &'static str) -> BadCell,
) -> Result<bool, BadCell> {
    let parts: Vec<(usize, [i16; 3])> = column
        .texts
        .iter()
        .enumerate()
        .filter_map(|(code, text)| Some((code, day_month_year(text)?)))
        .collect();
    let Some(&(code, _)) = parts.first() else {
        return Ok(false);
    };
    let is_day_first = parts.iter().any(|(_, [first, ..])| *first > 12);
    let is_month_first = parts.iter().any(|(_, [_, second, _])| *second > 12);
    if is_day_first == is_month_first {
        let reason = "day and month cannot be told apart; write dates as 2016-08-25, or leave the column out with --leave-out";
        return Err(bad(code, reason));
    }
    Ok(is_month_first)
}

fn day_month_year(text: &str) -> Option<[i16; 3]> {
    let day = text.split([' ', 'T']).next()?;
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let [first, second, year] = parts.as_slice() else {
        return None;
    };
    (year.len() == 4).then_some([
        first.parse().ok()?,
        second.parse().ok()?,
        year.parse().ok()?,
    ])
}

fn date(text: &str, is_month_first: bool) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp::from_micros(at.as_microsecond()));
    }
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    let at = match day_month_year(text) {
        Some([first, second, year]) => {
            let (day, month) = if is_month_first {
                (second, first)
            } else {
                (first, second)
            };
            let date =
                civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
            let clock = text
                .split_once([' ', 'T'])
                .map(|(_, clock)| clock.parse::<civil::Time>());
            date.to_datetime(clock.unwrap_or(Ok(civil::Time::midnight())).ok()?)
        }
        None => text.parse::<civil::DateTime>().ok().or_else(|| {
            let date = text.parse::<civil::Date>().ok()?;
            Some(date.to_datetime(civil::Time::midnight()))
        })?,
    };
    let at = at.to_zoned(TimeZone::UTC).ok()?;
    Some(Timestamp::from_micros(at.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::super::coded::Coder;
    use super::*;

    fn read(texts: &[&str]) -> Result<Vec<String>, BadCell> {
        let mut column = Coder::new("at");
        for text in texts {
            column.push(text);
        }
        let moments = moments(&column.column)?;
        Ok(moments.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn numbers_of_any_unit_and_dates_are_times() {
        let day = "2016-08-25T00:00:00Z";
        for text in [
            "1472083200",
            "1472083200000",
            "1472083200000000",
            "1472083200000000000",
            "2016-08-25",
            "2016-08-25 00:00:00+00:00",
            "25-08-2016",
            "08/25/2016",
            "25.08.2016 00:00:00",
        ] {
            assert_eq!(read(&[text]).unwrap(), [day], "{text}");
        }
    }

    #[test]
    fn deny_times_that_may_be_two() {
        assert!(read(&["05-08-2016"]).is_err(), "day or month");
        assert!(read(&["05-08-2016", "25-08-2016"]).is_ok());
        assert!(read(&["soon"]).is_err());
        let missing = read(&["1472083200", ""]).unwrap_err();
        assert_eq!(missing.row, 1);
    }
}
