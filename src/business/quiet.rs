//! Hours in which nothing is sent.

use serde::{Deserialize, Serialize};

use crate::ids::Region;
use crate::params::{ParamError, require};
use crate::signals::MessageKind;
use crate::time::Timestamp;

const NAME: &str = "business.quiet";
const MINUTE: i64 = 60 * 1_000_000;
const MINUTES_A_DAY: i64 = 24 * 60;

/// Hours of quiet in some regions. No rule of the messenger says when they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// Where, by the person's number: codes of ISO 3166-1.
    pub regions: Vec<String>,
    /// When it begins, such as `21:00`,
    pub from: String,
    /// and ends, such as `08:00`; up to `from` it is on the next day, so that from a time to itself is the whole day.
    pub until: String,
    /// Every offset from UTC that clocks there have at any time of the year, such as `+01:00`: it is quiet if it is by any of them.
    pub utc_offsets: Vec<String>,
    /// For which messages; default marketing alone.
    #[serde(default = "marketing")]
    pub kinds: Vec<String>,
}

fn marketing() -> Vec<String> {
    vec![MessageKind::Marketing.as_str().to_owned()]
}

/// Hours of quiet, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Quiet(Vec<Hours>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Hours {
    regions: Vec<Region>,
    /// Minutes of the day.
    from: i64,
    until: i64,
    /// Minutes ahead of UTC.
    offsets: Vec<i64>,
    kinds: Vec<MessageKind>,
}

impl Quiet {
    pub(super) fn check(given: &[QuietHours]) -> Result<Self, ParamError> {
        given.iter().map(hours).collect::<Result<_, _>>().map(Self)
    }

    /// Is it quiet for messages of a kind to a number of a region? None if there are no hours of quiet for them. Of a number whose
    /// region is not known it is quiet if it is anywhere.
    pub(super) fn is_quiet(
        &self,
        kind: MessageKind,
        region: Option<Region>,
        at: Timestamp,
    ) -> Option<bool> {
        let mut hours = self.0.iter().filter(|hours| hours.reach(kind, region));
        let first = hours.next()?;
        Some(first.contain(at) || hours.any(|hours| hours.contain(at)))
    }
}

impl Hours {
    fn reach(&self, kind: MessageKind, region: Option<Region>) -> bool {
        self.kinds.contains(&kind) && region.is_none_or(|region| self.regions.contains(&region))
    }

    /// Half-open: at its end it is over.
    fn contain(&self, at: Timestamp) -> bool {
        let minutes = at.micros().div_euclid(MINUTE);
        let is_in = |offset: &i64| {
            let minute = (minutes + offset).rem_euclid(MINUTES_A_DAY);
            if self.from < self.until {
                (self.from..self.until).contains(&minute)
            } else {
                minute >= self.from || minute < self.until
            }
        };
        self.offsets.iter().any(is_in)
    }
}

fn hours(given: &QuietHours) -> Result<Hours, ParamError> {
    Ok(Hours {
        regions: each(&given.regions, "codes of ISO 3166-1", Region::parse)?,
        from: one(&given.from, "00:00 to 23:59", clock)?,
        until: one(&given.until, "00:00 to 23:59", clock)?,
        offsets: each(&given.utc_offsets, "offsets such as +05:30", offset)?,
        kinds: each(&given.kinds, "kinds of message", MessageKind::parse)?,
    })
}

/// What each of at least one text says.
fn each<T>(
    texts: &[String],
    wanted: &'static str,
    read: fn(&str) -> Option<T>,
) -> Result<Vec<T>, ParamError> {
    require(!texts.is_empty(), NAME, String::new(), wanted)?;
    texts.iter().map(|text| one(text, wanted, read)).collect()
}

fn one<T>(text: &str, wanted: &'static str, read: fn(&str) -> Option<T>) -> Result<T, ParamError> {
    read(text).ok_or_else(|| ParamError {
        name: NAME,
        value: text.to_owned(),
        expected: wanted,
    })
}

/// Minutes of the day.
fn clock(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then(|| i64::from(hours) * 60 + i64::from(minutes))
}

/// Minutes ahead of UTC; no zone is further than 14 hours.
fn offset(text: &str) -> Option<i64> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    clock(rest)
        .filter(|minutes| *minutes <= 14 * 60)
        .map(|minutes| sign * minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(from: &str, until: &str, offsets: &[&str]) -> Result<Quiet, ParamError> {
        Quiet::check(&[QuietHours {
            regions: vec!["DE".to_owned()],
            from: from.to_owned(),
            until: until.to_owned(),
            utc_offsets: offsets.iter().map(|&text| text.to_owned()).collect(),
            kinds: marketing(),
        }])
    }

    fn is_quiet(quiet: &Quiet, at: &str) -> bool {
        let at = Timestamp::parse(at).unwrap();
        quiet
            .is_quiet(MessageKind::Marketing, Region::parse("DE"), at)
            .unwrap()
    }

    #[test]
    fn the_night_goes_over_midnight_and_ends_at_its_end() {
        let night = quiet("21:00", "08:00", &["+01:00"]).unwrap();
        for (at, expected) in [
            ("2026-01-31T19:59:59Z", false),
            ("2026-01-31T20:00:00Z", true),
            ("2026-01-31T23:30:00Z", true),
            ("2026-02-01T06:59:59Z", true),
            ("2026-02-01T07:00:00Z", false),
        ] {
            assert_eq!(is_quiet(&night, at), expected, "{at}");
        }
    }

    #[test]
    fn from_a_time_to_itself_is_the_whole_day() {
        let day = quiet("21:00", "21:00", &["+01:00"]).unwrap();
        for at in [
            "2026-01-31T19:59:59Z",
            "2026-01-31T20:00:00Z",
            "2026-02-01T03:00:00Z",
        ] {
            assert!(is_quiet(&day, at), "{at}");
        }
    }

    #[test]
    fn it_is_quiet_by_any_clock_of_the_region() {
        let both = quiet("21:00", "08:00", &["+01:00", "+02:00"]).unwrap();
        assert!(is_quiet(&both, "2026-07-01T19:00:00Z"), "21:00 in summer");
        assert!(is_quiet(&both, "2026-07-01T06:59:59Z"), "07:59 in winter");
        assert!(!is_quiet(&both, "2026-07-01T07:00:00Z"));
        assert!(!is_quiet(&both, "2026-07-01T18:59:59Z"));
    }

    #[test]
    fn quiet_is_for_kinds_and_regions() {
        let night = quiet("00:00", "23:59", &["-03:30"]).unwrap();
        let at = Timestamp::parse("2026-01-01T12:00:00Z").unwrap();
        let found = |kind, region: &str| night.is_quiet(kind, Region::parse(region), at);
        assert_eq!(found(MessageKind::Marketing, "DE"), Some(true));
        assert_eq!(found(MessageKind::Marketing, "FR"), None);
        assert_eq!(found(MessageKind::Utility, "DE"), None);
        let anywhere = night.is_quiet(MessageKind::Marketing, None, at);
        assert_eq!(anywhere, Some(true), "it may be there");
    }

    #[test]
    fn deny_what_is_no_time() {
        for (from, until, offset) in [
            ("24:00", "08:00", "+01:00"),
            ("21:60", "08:00", "+01:00"),
            ("9:00", "08:00", "+01:00"),
            ("21:00", "", "+01:00"),
            ("21:00", "08:00", "01:00"),
            ("21:00", "08:00", "+14:01"),
            ("21:00", "08:00", ""),
        ] {
            let error = quiet(from, until, &[offset]).unwrap_err();
            assert_eq!(error.name, "business.quiet", "{from} {until} {offset}");
        }
        assert!(quiet("21:00", "08:00", &[]).is_err());
    }
}
