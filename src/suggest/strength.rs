//! How much a tie counts, by what it consists of and since when it holds.
//!
//! A two-path u – z – v then adds `a(u, z) · a(z, v) · w(z)` to the score instead of `w(z)`, `w` being the heuristic's weight of
//! an intermediary and `a` the strength of a tie in [0, 1]: that of its kind, halved for every half-life since it began. Strengths
//! are whole multiples of 1/256 and every product is rounded down to 32 binary places, so sums are exact and in any order the
//! same. How many two have in common is counted as ever; a tie whose strength is 0 is no tie, and set aside before anything is.

use serde::{Deserialize, Serialize};

use crate::graph::EdgeKinds;
use crate::params::{ParamError, require};
use crate::time::{DAY_MICROS, Timestamp};

/// What a tie of full strength is.
pub(super) const FULL: u16 = 256;

/// How much ties count, by kind and age.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TieWeights {
    /// A friendship: 0 to 1, default 1.
    pub friendship: f64,
    /// Numbers that both saved: 0 to 1, default 1. A tie that is a friendship too has the greater of the two.
    pub mutual_contact: f64,
    /// After how many days a tie counts half, counted from its beginning to that of the newest tie; from 1, never by default.
    pub half_life_days: Option<u32>,
}

impl Default for TieWeights {
    fn default() -> Self {
        Self {
            friendship: 1.0,
            mutual_contact: 1.0,
            half_life_days: None,
        }
    }
}

impl TieWeights {
    /// Do all ties count in full?
    #[must_use]
    pub fn are_full(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn check(&self) -> Result<(), ParamError> {
        for (name, weight) in [
            ("suggest.weights.friendship", self.friendship),
            ("suggest.weights.mutual_contact", self.mutual_contact),
        ] {
            require((0.0..=1.0).contains(&weight), name, weight, "from 0 to 1")?;
        }
        match self.half_life_days {
            Some(days) => require(
                days >= 1,
                "suggest.weights.half_life_days",
                days,
                "at least 1",
            ),
            None => Ok(()),
        }
    }

    fn of_kind(&self, kinds: EdgeKinds) -> f64 {
        let of = |kind, weight: f64| if kinds.contains(kind) { weight } else { 0.0 };
        let by_number = of(EdgeKinds::MUTUAL_CONTACT, self.mutual_contact);
        of(EdgeKinds::FRIENDSHIP, self.friendship).max(by_number)
    }

    fn of_age(&self, since: Timestamp, newest: Timestamp) -> f64 {
        self.half_life_days.map_or(1.0, |days| {
            let age = newest.micros().saturating_sub(since.micros()).max(0) as f64;
            (-age / (f64::from(days) * DAY_MICROS as f64)).exp2()
        })
    }

    /// The strength of every entry of the ties, in units of 1/256; empty if all count in full.
    ///
    /// `times` is parallel to `kinds`, or empty if times are not known: then ties do not age.
    pub(super) fn strengths(&self, kinds: &[EdgeKinds], times: &[Timestamp]) -> Vec<u16> {
        if self.are_full() {
            return Vec::new();
        }
        let newest = self.newest(kinds, times);
        let strength = |(at, &kinds): (usize, &EdgeKinds)| {
            let since = times.get(at).copied().unwrap_or(newest);
            units(self.of_kind(kinds) * self.of_age(since, newest))
        };
        kinds.iter().enumerate().map(strength).collect()
    }

    /// When the newest tie began, of those whose kind counts at all.
    fn newest(&self, kinds: &[EdgeKinds], times: &[Timestamp]) -> Timestamp {
        let counts = |kinds: EdgeKinds| units(self.of_kind(kinds)) > 0;
        let counting = kinds.iter().zip(times).filter(|(kinds, _)| counts(**kinds));
        let newest = counting.map(|(_, &at)| at).max();
        newest.unwrap_or(Timestamp::MIN)
    }

    /// The places of the ties that count nothing: less than half of 1/256. They are no ties.
    pub(super) fn weightless(&self, kinds: &[EdgeKinds], times: &[Timestamp]) -> Vec<usize> {
        let strengths = self.strengths(kinds, times);
        let nothing = strengths
            .iter()
            .enumerate()
            .filter(|(_, units)| **units == 0);
        nothing.map(|(at, _)| at).collect()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number from 0 to 256"
)]
fn units(strength: f64) -> u16 {
    (strength * f64::from(FULL)).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strengths_by_kind_and_age() {
        let weights = TieWeights {
            friendship: 0.5,
            mutual_contact: 0.25,
            half_life_days: Some(10),
        };
        let (friend, contact) = (EdgeKinds::FRIENDSHIP, EdgeKinds::MUTUAL_CONTACT);
        let kinds = [friend, contact, friend.union(contact), friend];
        let day = |days: i64| Timestamp::from_secs(0).plus_days(days);
        let times = [day(30), day(30), day(20), day(0)];
        assert_eq!(weights.strengths(&kinds, &times), [128, 64, 64, 16]);
        assert_eq!(weights.strengths(&kinds, &[]), [128, 64, 128, 128]);
        assert!(TieWeights::default().strengths(&kinds, &times).is_empty());
    }

    #[test]
    fn a_tie_whose_kind_counts_nothing_does_not_say_what_time_it_is() {
        let weights = TieWeights {
            friendship: 0.001,
            mutual_contact: 1.0,
            half_life_days: Some(1),
        };
        let (friend, contact) = (EdgeKinds::FRIENDSHIP, EdgeKinds::MUTUAL_CONTACT);
        let day = |days: i64| Timestamp::from_secs(0).plus_days(days);
        let (kinds, times) = ([friend, contact, contact], [day(100), day(50), day(40)]);
        assert_eq!(weights.strengths(&kinds, &times), [0, 256, 0]);
        assert_eq!(weights.weightless(&kinds, &times), [0, 2]);
        // What is left is as strong as before.
        assert_eq!(weights.strengths(&kinds[1..2], &times[1..2]), [256]);
        assert!(weights.weightless(&kinds[1..2], &times[1..2]).is_empty());
        assert!(TieWeights::default().weightless(&kinds, &times).is_empty());
    }

    #[test]
    fn every_bound_is_checked() {
        let refused = |weights: TieWeights| weights.check().expect_err("must be refused").name;
        let with = TieWeights::default;
        for bad in [-0.1, 1.1, f64::NAN] {
            let (friendship, mutual_contact) = (bad, bad);
            assert_eq!(
                refused(TieWeights {
                    friendship,
                    ..with()
                }),
                "suggest.weights.friendship"
            );
            assert_eq!(
                refused(TieWeights {
                    mutual_contact,
                    ..with()
                }),
                "suggest.weights.mutual_contact"
            );
        }
        let half_life_days = Some(0);
        assert_eq!(
            refused(TieWeights {
                half_life_days,
                ..with()
            }),
            "suggest.weights.half_life_days"
        );
        assert!(with().check().is_ok());
    }
}
