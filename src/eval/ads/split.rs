//! Which rows are held out: by what they say, the newest, or all of some people or ads.

use serde::{Deserialize, Serialize};

use super::{FOLDS, Rows};
use crate::ads::TrainingRow;
use crate::hash::mix;
use crate::time::Timestamp;

/// Keeps the choice of people independent of other choices by the same ids.
const PERSON_SALT: u64 = 0x9E45;
/// The same for ads.
const AD_SALT: u64 = 0xAD51;

/// Which rows are held out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdsSplit {
    /// One in five, by a hash of all but the counts: people and ads are on both sides.
    #[default]
    Rows,
    /// The newest fifth: a model of the past says what comes.
    Time,
    /// All rows of one person in five; those that name nobody are never held out.
    Person,
    /// All rows of one ad in five.
    Ad,
}

impl AdsSplit {
    /// Why these rows cannot be split so, and what to do; none if they can.
    #[must_use]
    pub fn refusal(self, rows: &Rows, every_fold: bool, seeds: u32) -> Option<&'static str> {
        let mut rows = rows.iter().map(crate::consent::Permitted::get);
        match self {
            Self::Time if every_fold || seeds > 1 => Some(
                "there is one newest fifth: a split by time goes neither with --every-fold nor with more than one seed",
            ),
            Self::Time => {
                let first = rows.next()?.at;
                rows.all(|row| row.at == first)
                    .then_some("all impressions have the same time, so none is the newest: split by rows, person or ad")
            }
            Self::Person => rows
                .all(|row| row.user.is_none())
                .then_some("no impression names a person: split by rows, time or ad"),
            Self::Ad => {
                let first = rows.next()?.ad_id;
                rows.all(|row| row.ad_id == first)
                    .then_some("all impressions are of one ad: split by rows, time or person")
            }
            Self::Rows => None,
        }
    }

    /// What is drawn again as one for intervals.
    pub(super) const fn drawn(self) -> &'static str {
        match self {
            Self::Rows | Self::Time => "rows",
            Self::Person => "people",
            Self::Ad => "ads",
        }
    }

    pub(super) const fn in_words(self) -> Words {
        let (held_out, how) = match self {
            Self::Rows => (
                "one row in five held out",
                ", by a hash of all but its counts",
            ),
            Self::Time => ("the newest fifth of the rows held out", ""),
            Self::Person => (
                "all rows of one person in five held out",
                ", by a hash of the person",
            ),
            Self::Ad => (
                "all rows of one ad in five held out",
                ", by a hash of the ad",
            ),
        };
        Words { held_out, how }
    }
}

/// A split in words.
pub(super) struct Words {
    pub(super) held_out: &'static str,
    /// Begins with a comma, if there is anything to say.
    pub(super) how: &'static str,
}

/// Says of each row in which fold it is held out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holdout {
    split: AdsSplit,
    seed: u64,
    /// Rows from here on are the newest.
    newest_from: Timestamp,
}

impl Holdout {
    pub(super) fn of(rows: &Rows, split: AdsSplit, seed: u64) -> Self {
        let newest_from = match split {
            AdsSplit::Time => newest_from(rows),
            _ => Timestamp::MAX,
        };
        Self {
            split,
            seed,
            newest_from,
        }
    }

    /// None if it is never held out.
    pub(super) fn fold_of(&self, row: &TrainingRow) -> Option<u64> {
        let of_id = |salt: u64, id: u64| mix(salt ^ mix(self.seed) ^ mix(id)) % FOLDS;
        match self.split {
            AdsSplit::Rows => Some(row.fold_of(self.seed, FOLDS)),
            AdsSplit::Time => (row.at >= self.newest_from).then_some(0),
            AdsSplit::Person => row.user.map(|user| of_id(PERSON_SALT, user.0)),
            AdsSplit::Ad => Some(of_id(AD_SALT, row.ad_id.0)),
        }
    }

    /// What is drawn again as one for intervals: the people or ads that were held out as one, else a row.
    pub(super) fn draw_hash(&self, row: &TrainingRow) -> u64 {
        match (self.split, row.user) {
            (AdsSplit::Person, Some(user)) => mix(PERSON_SALT ^ mix(user.0)),
            (AdsSplit::Ad, _) => mix(AD_SALT ^ mix(row.ad_id.0)),
            _ => row.draw_hash(),
        }
    }
}

/// The time from which a fifth of the rows are. Rows of one moment stay together: with those of the moment itself if others are
/// older, without them if none are.
fn newest_from(rows: &Rows) -> Timestamp {
    let mut times: Vec<Timestamp> = rows.iter().map(|row| row.get().at).collect();
    times.sort_unstable();
    let n_older = times.len() - times.len() / 5;
    let (Some(&cut), Some(&oldest)) = (times.get(n_older), times.first()) else {
        return Timestamp::MAX;
    };
    if cut > oldest {
        return cut;
    }
    times
        .into_iter()
        .find(|at| *at > oldest)
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ad, data, shown};
    use super::*;
    use crate::ids::UserId;

    fn rows(n: u32) -> Vec<crate::consent::Permitted<TrainingRow, crate::consent::AdRelevance>> {
        let shown = (0..n).map(|i| shown(u64::from(i % 50), i64::from(i / 2), 10, 1));
        data(shown, vec![ad(0, 1, "food")]).0
    }

    #[test]
    fn the_newest_are_all_newer_than_the_others() {
        let rows = rows(1_000);
        let holdout = Holdout::of(&rows, AdsSplit::Time, 0);
        let is_new = |row: &&TrainingRow| holdout.fold_of(row) == Some(0);
        let (new, old): (Vec<&TrainingRow>, Vec<_>) = rows
            .iter()
            .map(crate::consent::Permitted::get)
            .partition(is_new);
        assert_eq!(new.len(), 200);
        let oldest = new.iter().map(|row| row.at).min();
        assert!(old.iter().map(|row| Some(row.at)).max() < Some(oldest));
    }

    #[test]
    fn rows_of_one_moment_stay_together() {
        let same = data((0..90).map(|i| shown(i, 7, 1, 0)), Vec::new()).0;
        let holdout = Holdout::of(&same, AdsSplit::Time, 0);
        assert!(same.iter().all(|row| holdout.fold_of(row.get()).is_none()));
        assert!(AdsSplit::Time.refusal(&same, false, 1).is_some());
        let later = (0..90).map(|i| shown(i, i64::from(i == 89), 1, 0));
        let later = data(later, Vec::new()).0;
        let holdout = Holdout::of(&later, AdsSplit::Time, 0);
        let n_new = later
            .iter()
            .filter(|row| holdout.fold_of(row.get()).is_some());
        assert_eq!(n_new.count(), 1);
    }

    #[test]
    fn all_rows_of_an_ad_or_a_person_are_on_one_side() {
        let rows = rows(1_000);
        let holdout = Holdout::of(&rows, AdsSplit::Ad, 3);
        let mut folds = std::collections::BTreeMap::new();
        for row in rows.iter().map(crate::consent::Permitted::get) {
            let fold = holdout.fold_of(row);
            assert_eq!(*folds.entry(row.ad_id).or_insert(fold), fold);
        }
        let n_held_out = folds.values().filter(|fold| **fold == Some(0)).count();
        assert!((3..20).contains(&n_held_out), "{n_held_out}");
        let mut row = rows[0].get().clone();
        let holdout = Holdout::of(&rows, AdsSplit::Person, 0);
        assert_eq!(holdout.fold_of(&row), None, "a total is nobody's");
        row.user = Some(UserId(5));
        let fold = holdout.fold_of(&row);
        row.at = Timestamp::from_secs(99);
        assert_eq!(holdout.fold_of(&row), fold);
    }

    #[test]
    fn deny_splits_that_hold_nothing_out() {
        let rows = rows(100);
        assert!(AdsSplit::Person.refusal(&rows, false, 1).is_some());
        assert!(AdsSplit::Time.refusal(&rows, true, 1).is_some());
        assert!(AdsSplit::Time.refusal(&rows, false, 2).is_some());
        for split in [AdsSplit::Rows, AdsSplit::Time, AdsSplit::Ad] {
            assert_eq!(split.refusal(&rows, false, 1), None);
        }
    }
}
