//! Levels: what a count, a ratio or a span of time is to the model, told apart only as far as it matters.
//!
//! A level is a small number, and its feature is the hash of its words. Models are written, so ranges and words are fixed for good:
//!
//! | scale | level | range |
//! |---|---|---|
//! | count | 0 | none |
//! | | i ≥ 1 | 2^(i − 1) to 2^i − 1, the last without end |
//! | ratio | i | within a sixth of a doubling of 2^((i − 12) / 3), the first and the last without end |
//! | since | i | under 1 h, 6 h, 1 d, 3 d, 7 d, 14 d, 30 d, 90 d, and longer |
//! | shown | i | count level, at most 7; and 8 more if it was clicked |

use std::sync::LazyLock;

use crate::ads::features::{UserField, value_hash};
use crate::time::Timestamp;

/// The highest count level: 2,048 and more.
const MAX_COUNT: u8 = 12;
/// The level of a ratio of 1, and the number of levels to either side.
const EVEN: u8 = 12;
/// Levels a doubling.
const PER_DOUBLING: f64 = 3.0;
/// The highest level of how often an ad was shown.
const MAX_SHOWN: u8 = 7;
/// Added if an ad was clicked.
const CLICKED: u8 = 8;
/// Where the levels of a span of time end, in hours.
const HOURS: [i64; 8] = [1, 6, 24, 72, 168, 336, 720, 2_160];

const MICROS_AN_HOUR: i64 = 3_600_000_000;

/// How the levels of a field are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ads) enum Scale {
    Count,
    Ratio,
    Since,
    Shown,
}

/// A level of a field of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level {
    /// Which field.
    pub field: UserField,
    /// Which level.
    pub level: u8,
}

impl Level {
    pub(super) fn count(field: UserField, n: u64) -> Self {
        let level = u8::try_from(n.checked_ilog2().map_or(0, |log| log + 1));
        let level = level.unwrap_or(MAX_COUNT).min(MAX_COUNT);
        Self { field, level }
    }

    /// A ratio above 0.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and twice the level of an even ratio"
    )]
    pub(super) fn ratio(field: UserField, ratio: f64) -> Self {
        let steps = (ratio.log2() * PER_DOUBLING).round() + f64::from(EVEN);
        let level = steps.clamp(0.0, f64::from(2 * EVEN)) as u8;
        Self { field, level }
    }

    pub(super) fn since(field: UserField, earlier: Timestamp, now: Timestamp) -> Self {
        let hours = now.micros().saturating_sub(earlier.micros()) / MICROS_AN_HOUR;
        let level = HOURS.partition_point(|&end| end <= hours);
        let level = u8::try_from(level).expect("at most eight");
        Self { field, level }
    }

    pub(super) fn shown(field: UserField, n: u64, is_clicked: bool) -> Self {
        let shown = Self::count(field, n).level.min(MAX_SHOWN);
        let clicked = if is_clicked { CLICKED } else { 0 };
        Self {
            field,
            level: shown + clicked,
        }
    }

    /// What its feature is made of: the hash of its words.
    pub(in crate::ads) fn hash(self) -> u64 {
        HASHES[self.field as usize][usize::from(self.level)]
    }

    /// In words, without its field.
    #[must_use]
    pub fn words(self) -> String {
        let level = self.level;
        match self.field.scale() {
            Some(Scale::Count) | None => count_words(level, MAX_COUNT),
            Some(Scale::Ratio) => {
                let ratio = ((f64::from(level) - f64::from(EVEN)) / PER_DOUBLING).exp2();
                format!("{ratio:.2} times as expected")
            }
            Some(Scale::Since) => since_words(level),
            Some(Scale::Shown) => {
                let clicked = if level >= CLICKED { ", clicked" } else { "" };
                format!("{}{clicked}", count_words(level % CLICKED, MAX_SHOWN))
            }
        }
    }
}

fn count_words(level: u8, last: u8) -> String {
    let low = 1_u64 << level.saturating_sub(1);
    match level {
        0 => "none".to_owned(),
        1 => "1".to_owned(),
        level if level >= last => format!("{low} or more"),
        _ => format!("{low} to {}", 2 * low - 1),
    }
}

fn since_words(level: u8) -> String {
    let in_words = |hours: i64| match hours {
        1 => "an hour".to_owned(),
        hours if hours % 24 == 0 && hours > 24 => format!("{} days", hours / 24),
        hours => format!("{hours} hours"),
    };
    match HOURS.get(usize::from(level)) {
        Some(&hours) => format!("less than {}", in_words(hours)),
        None => format!("{} or more", in_words(HOURS[HOURS.len() - 1])),
    }
}

/// More than any scale has levels.
const N_LEVELS: u8 = 32;

/// By field and level.
static HASHES: LazyLock<Vec<Vec<u64>>> = LazyLock::new(|| {
    let of_field = |&field: &UserField| {
        let levels = (0..N_LEVELS).map(|level| Level { field, level });
        let hash = |level: Level| value_hash(field.as_str(), level.words().as_bytes());
        levels.map(hash).collect()
    };
    UserField::ALL.iter().map(of_field).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_apart_by_doublings() {
        let level = |n| Level::count(UserField::Showings, n);
        let found: Vec<u8> = [0, 1, 2, 3, 4, 7, 8, 2_047, 2_048, u64::MAX]
            .map(|n| level(n).level)
            .to_vec();
        assert_eq!(found, [0, 1, 2, 2, 3, 3, 4, 11, 12, 12]);
        assert_eq!(level(0).words(), "none");
        assert_eq!(level(5).words(), "4 to 7");
        assert_eq!(level(4_000).words(), "2048 or more");
    }

    #[test]
    fn ratios_are_told_apart_by_thirds_of_doublings() {
        let level = |ratio| Level::ratio(UserField::OwnRate, ratio).level;
        assert_eq!([1.0, 2.0, 0.5, 1.1, 1.2].map(level), [12, 15, 9, 12, 13]);
        assert_eq!([1e-300, f64::INFINITY, 0.0].map(level), [0, 24, 0]);
        let words = Level::ratio(UserField::OwnRate, 2.0).words();
        assert_eq!(words, "2.00 times as expected");
    }

    #[test]
    fn spans_end_at_their_hours() {
        let at = Timestamp::from_secs;
        let level = |secs| Level::since(UserField::LastShown, at(0), at(secs)).level;
        assert_eq!(
            [0, 3_599, 3_600, 86_399, 86_400].map(level),
            [0, 0, 1, 2, 3]
        );
        let old = Level::since(UserField::LastShown, Timestamp::MIN, Timestamp::MAX);
        assert_eq!((old.level, old.words()), (8, "90 days or more".to_owned()));
        assert_eq!(
            Level::since(UserField::LastShown, at(0), at(0)).words(),
            "less than an hour"
        );
    }

    #[test]
    fn a_click_is_told_beside_the_showings() {
        let shown = |n, clicked| Level::shown(UserField::OwnAd, n, clicked).words();
        assert_eq!(shown(3, false), "2 to 3");
        assert_eq!(shown(3, true), "2 to 3, clicked");
        assert_eq!(shown(1_000, true), "64 or more, clicked");
    }

    #[test]
    fn every_level_has_words_and_a_hash_of_its_own() {
        for field in UserField::ALL {
            let n = match field.scale() {
                None => continue,
                Some(Scale::Count) => MAX_COUNT + 1,
                Some(Scale::Ratio) => 2 * EVEN + 1,
                Some(Scale::Since) => 9,
                Some(Scale::Shown) => 2 * CLICKED,
            };
            assert!(n <= N_LEVELS);
            let levels = (0..n).map(|level| Level { field, level });
            let mut hashes: Vec<u64> = levels.clone().map(Level::hash).collect();
            hashes.sort_unstable();
            hashes.dedup();
            assert_eq!(hashes.len(), usize::from(n), "{field:?}");
            for level in levels {
                let value = crate::ads::features::UserValue::from(level);
                assert_eq!(value.hashed(), level.hashed());
            }
        }
    }
}
