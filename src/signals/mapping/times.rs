//! How a file writes times.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::signals::rejection::RejectionReason;
use crate::time::Timestamp;

/// How a file writes times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeForm {
    /// With an offset: `2016-08-25T10:00:00Z`.
    #[default]
    Rfc3339,
    /// Without one, in a zone that the mapping names: `2016-08-25 10:00:00`, or a date, which is its midnight there. A time that
    /// has an offset is read by it.
    Local,
    /// Seconds since 1970, of the years 2000 to 2099: what was counted in another unit does not lie there.
    Seconds,
    /// Thousandths of them.
    Millis,
}

impl TimeForm {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over a reference"
    )]
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// What to write, in one sentence without a full stop.
    pub(super) const fn expected(self) -> &'static str {
        match self {
            Self::Rfc3339 => {
                "write times as RFC 3339 with an offset, such as 2016-08-25T00:00:00Z, and ends after beginnings"
            }
            Self::Local => {
                "the mapping says `time = \"local\"`: write times as 2016-08-25 10:00:00 or 2016-08-25, and none that the zone's \
                 clocks skip or show twice"
            }
            Self::Seconds => {
                "the mapping says `time = \"seconds\"`: write seconds since 1970, of the years 2000 to 2099"
            }
            Self::Millis => {
                "the mapping says `time = \"millis\"`: write milliseconds since 1970, of the years 2000 to 2099"
            }
        }
    }
}

/// Reads times of one form in one zone.
#[derive(Clone, Debug)]
pub(in crate::signals) struct Times {
    form: TimeForm,
    zone: TimeZone,
}

/// The years that counts have to lie in, as seconds since 1970: from 2000 to before 2100.
const SECONDS: std::ops::Range<i64> = 946_684_800..4_102_444_800;

impl Times {
    /// An unknown zone was refused when the mapping was read.
    pub(super) fn new(form: TimeForm, zone: Option<&str>) -> Self {
        let zone = zone.and_then(parse_zone).unwrap_or(TimeZone::UTC);
        Self { form, zone }
    }

    /// Whether times are read as they are without a mapping.
    pub(in crate::signals) fn are_plain(&self) -> bool {
        self.form == TimeForm::Rfc3339
    }

    /// Whether times are counted.
    pub(in crate::signals) const fn are_counts(&self) -> bool {
        matches!(self.form, TimeForm::Seconds | TimeForm::Millis)
    }

    /// Reads a time.
    pub(in crate::signals) fn parse(&self, text: &str) -> Result<Timestamp, RejectionReason> {
        let text = text.trim();
        match self.form {
            TimeForm::Rfc3339 => parse_whole(text),
            TimeForm::Local => parse_whole(text).or_else(|_| self.local(text)),
            TimeForm::Seconds | TimeForm::Millis => {
                let count = text.parse().map_err(|_| RejectionReason::WrongType)?;
                self.counted(count)
            }
        }
    }

    /// Reads a count.
    pub(in crate::signals) fn counted(&self, count: i64) -> Result<Timestamp, RejectionReason> {
        let a_second = if self.form == TimeForm::Millis {
            1_000
        } else {
            1
        };
        if !SECONDS.contains(&count.div_euclid(a_second)) {
            return Err(RejectionReason::OutOfRange);
        }
        Ok(Timestamp::from_micros(count * (1_000_000 / a_second)))
    }

    /// A time without an offset. One that clocks skip, or show twice, is no instant.
    fn local(&self, text: &str) -> Result<Timestamp, RejectionReason> {
        // The parser would pass over an offset or a zone behind the time.
        let is_plain = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | ' ' | 'T');
        let n_dashes = text.matches('-').count();
        if n_dashes != 2 || !text.chars().all(is_plain) {
            return Err(RejectionReason::WrongType);
        }
        let civil: DateTime = text.parse().map_err(|_| RejectionReason::WrongType)?;
        let at = self.zone.to_ambiguous_timestamp(civil).unambiguous();
        let at = at.map_err(|_| RejectionReason::OutOfRange)?;
        Ok(Timestamp::from_micros(at.as_microsecond()))
    }
}

fn parse_whole(text: &str) -> Result<Timestamp, RejectionReason> {
    Timestamp::parse(text).map_err(|_| RejectionReason::WrongType)
}

/// A zone by its name in the IANA database that is built in, or by its offset: `UTC`, `Asia/Kolkata`, `+05:30`.
pub(super) fn parse_zone(name: &str) -> Option<TimeZone> {
    match name.as_bytes() {
        b"UTC" | b"Z" => Some(TimeZone::UTC),
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] => {
            let two = |tens: u8, ones: u8| {
                let digit = |byte: u8| char::from(byte).to_digit(10);
                i32::try_from(digit(tens)? * 10 + digit(ones)?).ok()
            };
            let (hours, minutes) = (two(*h0, *h1)?, two(*m0, *m1)?);
            let seconds = (hours * 60 + minutes) * 60;
            let seconds = if *sign == b'-' { -seconds } else { seconds };
            let is_one = hours <= 14 && minutes < 60;
            is_one.then(|| Offset::from_seconds(seconds).ok().map(Offset::to_time_zone))?
        }
        // The files of the machine are not asked: the same inputs give the same bytes anywhere.
        _ => TimeZoneDatabase::bundled().get(name).ok(),
    }
}
