//! How much more or less often than expected the people of a segment click, by what was known the day before.
//!
//! A segment is an age band and a gender. Its ratio is `(clicks + 20) / (expected clicks + 20)`: near 1 until many rows say
//! otherwise. Somebody of whom nothing is known yet starts from it.

use hashbrown::Equivalent;

use super::events::{BILLIONTHS, Happened};
use super::rates::day;
use crate::hash::HashMap;
use crate::signals::Attributes;

/// Clicks, as expected, that every segment is taken to have had.
const STRENGTH: f64 = 20.0;

/// Clicks, and those that could be expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) clicks: u64,
    /// In billionths.
    pub(super) expected: u64,
}

impl Sums {
    pub(super) const fn add(&mut self, other: Self) {
        self.clicks += other.clicks;
        self.expected += other.expected;
    }

    /// The ratio of clicks to expected clicks, drawn towards a parent's by the weight of so many expected clicks.
    pub(super) fn ratio(self, parent: f64, strength: f64) -> f64 {
        (self.clicks as f64 + strength * parent) / (self.expected as f64 / BILLIONTHS + strength)
    }
}

/// An age band and a gender.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Segment {
    age_band: Option<String>,
    gender: Option<String>,
}

/// The segment that attributes say, which hashes as it does: millions of rows ask, and few segments are kept.
#[derive(Hash)]
struct Said<'a> {
    age_band: Option<&'a str>,
    gender: Option<&'a str>,
}

impl<'a> Said<'a> {
    fn by(attributes: &'a Attributes) -> Self {
        Self {
            age_band: attributes.age_band.as_deref(),
            gender: attributes.gender.as_deref(),
        }
    }

    fn to_segment(&self) -> Segment {
        Segment {
            age_band: self.age_band.map(str::to_owned),
            gender: self.gender.map(str::to_owned),
        }
    }
}

impl Equivalent<Segment> for Said<'_> {
    fn equivalent(&self, segment: &Segment) -> bool {
        self.age_band == segment.age_band.as_deref() && self.gender == segment.gender.as_deref()
    }
}

/// By segment, sums up to and with a day, ascending.
#[derive(Clone, Debug, Default)]
pub(super) struct Segments {
    by_day: HashMap<Segment, Vec<(i64, Sums)>>,
}

impl Segments {
    /// From all rows.
    ///
    /// # Complexity
    /// O(rows + d log d) for d pairs of a segment and a day.
    pub(super) fn of(happened: &[Happened<'_>]) -> Self {
        let mut single: HashMap<Segment, HashMap<i64, Sums>> = HashMap::default();
        for (row, event) in happened {
            let day = day(event.at);
            let sums = Sums {
                clicks: u64::from(event.clicks),
                expected: event.expected,
            };
            let said = Said::by(&row.attributes);
            if let Some(days) = single.get_mut(&said) {
                days.entry(day).or_default().add(sums);
            } else {
                let days = HashMap::from_iter([(day, sums)]);
                single.insert(said.to_segment(), days);
            }
        }
        let by_day = single
            .into_iter()
            .map(|(segment, days)| (segment, summed(days)));
        Self {
            by_day: by_day.collect(),
        }
    }

    /// The ratio of somebody's segment before a day.
    pub(super) fn ratio(&self, attributes: &Attributes, day: i64) -> f64 {
        let days = self.by_day.get(&Said::by(attributes));
        let before = days.and_then(|days| {
            let at = days.partition_point(|(of, _)| *of < day);
            Some(days[at.checked_sub(1)?].1)
        });
        before.unwrap_or_default().ratio(1.0, STRENGTH)
    }
}

fn summed(days: HashMap<i64, Sums>) -> Vec<(i64, Sums)> {
    let mut days: Vec<(i64, Sums)> = days.into_iter().collect();
    days.sort_unstable_by_key(|(day, _)| *day);
    let mut before = Sums::default();
    for (_, sums) in &mut days {
        sums.add(before);
        before = *sums;
    }
    days
}
