//! Values spelled out as text: cells of CSV, columns of text in Parquet, and names of folders.

use super::column::Kind;
use super::rejection::RejectionReason;
use crate::time::Timestamp;

/// Reads decimal digits; a number below zero or too large for 64 bits is out of range, not of another type.
pub(super) fn parse_whole(text: &str) -> Result<u64, RejectionReason> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RejectionReason::WrongType);
    }
    text.parse().map_err(|_| RejectionReason::OutOfRange)
}

pub(super) fn parse_number(text: &str) -> Result<f64, RejectionReason> {
    text.parse().map_err(|_| RejectionReason::WrongType)
}

pub(super) fn parse_truth(text: &str) -> Result<bool, RejectionReason> {
    let is = |names: [&str; 2]| names.iter().any(|name| text.eq_ignore_ascii_case(name));
    if is(["true", "1"]) {
        Ok(true)
    } else if is(["false", "0"]) {
        Ok(false)
    } else {
        Err(RejectionReason::WrongType)
    }
}

pub(super) fn parse_instant(text: &str) -> Result<Timestamp, RejectionReason> {
    Timestamp::parse(text).map_err(|_| RejectionReason::WrongType)
}

/// Reads when something ends; [`Timestamp::MAX`] if the text says that it does not.
pub(super) fn parse_end(text: &str) -> Result<Timestamp, RejectionReason> {
    if says_never(text) {
        return Ok(Timestamp::MAX);
    }
    parse_instant(text)
}

/// Is this what databases write for "without an end": infinity, or a date of the year 9999 or later, with whatever time
/// and zone behind it?
fn says_never(text: &str) -> bool {
    let text = text.strip_prefix('+').unwrap_or(text);
    if text.eq_ignore_ascii_case("infinity") {
        return true;
    }
    let Some((year, rest)) = text.split_once('-') else {
        return false;
    };
    let is_time = |byte: u8| byte.is_ascii_digit() || b"-+:. TtZzUCuc".contains(&byte);
    let is_far = year.len() > 4 || year == "9999";
    let is_year =
        is_far && year.bytes().all(|byte| byte.is_ascii_digit()) && !year.starts_with('0');
    is_year && is_month_and_day(rest.as_bytes()) && rest.bytes().all(is_time)
}

fn is_month_and_day(rest: &[u8]) -> bool {
    let two = |digits: &[u8], most: u8| {
        let [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = digits else {
            return false;
        };
        (1..=most).contains(&((tens - b'0') * 10 + ones - b'0'))
    };
    matches!(rest, [a, b, b'-', c, d, ..] if two(&[*a, *b], 12) && two(&[*c, *d], 31))
}

/// Refuses a text that no row could read as a value of its kind.
pub(super) fn refuse_misspelt(kind: Kind, text: &str) -> Result<(), RejectionReason> {
    let text = text.trim();
    match kind {
        Kind::Whole => parse_whole(text).map(drop),
        Kind::Number => parse_number(text).map(drop),
        Kind::Truth => parse_truth(text).map(drop),
        Kind::Instant => parse_end(text).map(drop),
        Kind::Text | Kind::TextList => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_end_is_said_in_many_ways() {
        for text in [
            "9999-12-31",
            "9999-12-31T23:59:59Z",
            "9999-12-31 23:59:59.999999",
            "9999-12-31 23:59:59.999999+00",
            "9999-12-31 00:00:00 UTC",
            "9999-01-01T00:00:00+02:00",
            "infinity",
            "Infinity",
            "+infinity",
            "294276-12-31 23:59:59.999999",
            "+294247-01-10T04:00:54.775807Z",
        ] {
            assert_eq!(parse_end(text), Ok(Timestamp::MAX), "{text}");
        }
    }

    #[test]
    fn deny_ends_that_are_none() {
        for text in [
            "-infinity",
            "inf",
            "9999",
            "9999-13-01",
            "9999-12-32",
            "9999-12-3x",
            "9999-12-31 or later",
            "09999-12-31",
            "2016-12-31",
            "forever",
            "",
        ] {
            assert_eq!(parse_end(text), Err(RejectionReason::WrongType), "{text}");
        }
        assert!(parse_end("2016-12-31T00:00:00Z").is_ok_and(|at| at.year() == 2016));
    }
}
