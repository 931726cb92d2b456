//! The hour and the weekday where a person lives.

use crate::ids::Region;
use crate::time::Timestamp;

const MICROS_A_QUARTER: i64 = 15 * 60 * 1_000_000;
const QUARTERS_A_DAY: i64 = 96;

/// What a clock showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::ads) struct Clock {
    /// From 0 to 23.
    pub(in crate::ads) hour: u8,
    /// From 0 for Monday.
    pub(in crate::ads) weekday: u8,
}

impl Clock {
    /// What the clock showed in a region, standard time of most of its people; none where that is not known.
    pub(in crate::ads) fn at(at: Timestamp, region: Region) -> Option<Self> {
        let found = OFFSETS.binary_search_by_key(&region.as_str(), |(region, _)| region);
        let quarters = at.micros().div_euclid(MICROS_A_QUARTER) + i64::from(OFFSETS[found.ok()?].1);
        let hour = quarters.rem_euclid(QUARTERS_A_DAY) / 4;
        // 1970-01-01 was a Thursday.
        let weekday = (quarters.div_euclid(QUARTERS_A_DAY) + 3).rem_euclid(7);
        Some(Self {
            hour: u8::try_from(hour).expect("a day has 24 hours"),
            weekday: u8::try_from(weekday).expect("a week has seven days"),
        })
    }
}

/// Quarters of an hour that standard time is ahead of UTC, by region; where there are several zones, in the one with most people.
/// IANA time zone database, 2026.
static OFFSETS: [(&str, i8); 106] = [
    ("AE", 16),
    ("AF", 18),
    ("AL", 4),
    ("AM", 16),
    ("AO", 4),
    ("AR", -12),
    ("AT", 4),
    ("AU", 40),
    ("AZ", 16),
    ("BA", 4),
    ("BD", 24),
    ("BE", 4),
    ("BG", 8),
    ("BH", 12),
    ("BO", -16),
    ("BR", -12),
    ("BY", 12),
    ("CA", -20),
    ("CD", 4),
    ("CH", 4),
    ("CI", 0),
    ("CL", -16),
    ("CM", 4),
    ("CN", 32),
    ("CO", -20),
    ("CR", -24),
    ("CU", -20),
    ("CY", 8),
    ("CZ", 4),
    ("DE", 4),
    ("DK", 4),
    ("DO", -16),
    ("DZ", 4),
    ("EC", -20),
    ("EE", 8),
    ("EG", 8),
    ("ES", 4),
    ("ET", 12),
    ("FI", 8),
    ("FR", 4),
    ("GB", 0),
    ("GE", 16),
    ("GH", 0),
    ("GR", 8),
    ("GT", -24),
    ("HK", 32),
    ("HN", -24),
    ("HR", 4),
    ("HU", 4),
    ("ID", 28),
    ("IE", 0),
    ("IL", 8),
    ("IN", 22),
    ("IQ", 12),
    ("IR", 14),
    ("IS", 0),
    ("IT", 4),
    ("JO", 12),
    ("JP", 36),
    ("KE", 12),
    ("KR", 36),
    ("KW", 12),
    ("KZ", 20),
    ("LB", 8),
    ("LK", 22),
    ("LT", 8),
    ("LU", 4),
    ("LV", 8),
    ("MA", 4),
    ("MX", -24),
    ("MY", 32),
    ("NG", 4),
    ("NL", 4),
    ("NO", 4),
    ("NP", 23),
    ("NZ", 48),
    ("OM", 16),
    ("PA", -20),
    ("PE", -20),
    ("PH", 32),
    ("PK", 20),
    ("PL", 4),
    ("PT", 0),
    ("PY", -12),
    ("QA", 12),
    ("RO", 8),
    ("RS", 4),
    ("RU", 12),
    ("SA", 12),
    ("SE", 4),
    ("SG", 32),
    ("SI", 4),
    ("SK", 4),
    ("TH", 28),
    ("TN", 4),
    ("TR", 12),
    ("TW", 32),
    ("TZ", 12),
    ("UA", 8),
    ("UG", 12),
    ("US", -20),
    ("UY", -12),
    ("UZ", 20),
    ("VE", -16),
    ("VN", 28),
    ("ZA", 8),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(at: &str, region: &str) -> Option<(u8, u8)> {
        let clock = Clock::at(Timestamp::parse(at).unwrap(), Region::parse(region)?)?;
        Some((clock.hour, clock.weekday))
    }

    #[test]
    fn regions_are_in_order() {
        assert!(OFFSETS.is_sorted_by_key(|(region, _)| *region));
    }

    #[test]
    fn clocks_show_what_they_show_there() {
        for (at, region, expected) in [
            ("1970-01-01T00:00:00Z", "GB", Some((0, 3))),
            ("2016-08-25T23:30:00Z", "DE", Some((0, 4))),
            ("2016-08-25T02:00:00Z", "US", Some((21, 2))),
            ("2016-08-25T18:29:59Z", "IN", Some((23, 3))),
            ("2016-08-25T18:30:00Z", "IN", Some((0, 4))),
            ("1969-12-31T23:59:59Z", "GB", Some((23, 2))),
            ("2016-08-25T18:30:00Z", "AQ", None),
        ] {
            assert_eq!(clock(at, region), expected, "{at} {region}");
        }
    }
}
