//! Rows kept from a model, so that what it says of them is honest: calibration is fitted to that.
//!
//! Of many rows a twentieth or a tenth is held out, and the model learns from the others. Of fewer, that would leave too little to
//! either: every row is held out once, each fifth predicted by a model of the other four that is then forgotten, and the model
//! that stays learns from all of them. What is fitted to the five is taken to hold for the sixth, which has seen a quarter more
//! than each; J. Platt, "Probabilistic outputs for support vector machines", 1999, proposes the same with thirds.
//!
//! A row's fifth is a hash of all it says but its counts, so whoever leaves moves nobody else's rows.

use rayon::prelude::*;

use super::encode::Encoded;
use super::fitted::{Fitted, Shards};
use super::order::sort;
use crate::ads::AdsError;
use crate::ads::click_model::{AdOn, ClickModel};
use crate::ads::params::ValidAdsParams;
use crate::learn::{CalibrationMethod, MIN_CLICKS_TO_CALIBRATE, Predicted};

/// Held-out rows and clicks from which on holding out more of them is worth less than learning from them (`docs/scoring.md`). Both
/// count: a total of many clicks is one row, and says how well one prediction fits.
const ROWS_TO_CALIBRATE_WELL: u64 = 20_000;
const CLICKS_TO_CALIBRATE_WELL: u64 = 1_000;
/// Parts that are held out one after another.
const PARTS: u64 = 5;

/// Which rows are held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holding {
    /// None: nothing is to be calibrated, or by too few clicks.
    Nothing,
    /// One in so many, by a hash.
    OneIn(u64),
    /// Every row once.
    InTurn,
}

impl Holding {
    pub(super) fn of(params: &ValidAdsParams, rows: u64, clicks: u64) -> Self {
        let says_enough =
            |n: &u64| rows / n >= ROWS_TO_CALIBRATE_WELL && clicks / n >= CLICKS_TO_CALIBRATE_WELL;
        let is_wanted = params.calibration() != CalibrationMethod::None;
        if !is_wanted || clicks < PARTS * MIN_CLICKS_TO_CALIBRATE {
            return Self::Nothing;
        }
        let part = [20, 10].into_iter().find(says_enough);
        part.map_or(Self::InTurn, Self::OneIn)
    }

    /// The rows held out from the model that stays, and those it learns from.
    pub(super) fn split<'a>(self, rows: Vec<&'a Encoded<'a>>) -> Parted<'a> {
        match self {
            Self::Nothing | Self::InTurn => Parted {
                held_out: Vec::new(),
                taught: rows,
            },
            Self::OneIn(n) => Parted::of(rows.into_iter(), |row| row.calibration_part(n) == 0),
        }
    }

    /// Of the rows that teach, those whose model predicts the first rows held out.
    pub(super) fn teach_first<'a>(self, taught: &[&'a Encoded<'a>]) -> Vec<&'a Encoded<'a>> {
        match self {
            Self::Nothing => Vec::new(),
            Self::OneIn(_) => taught.to_vec(),
            Self::InTurn => parted(taught, 0).taught,
        }
    }

    /// In words.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::OneIn(_) => "held-out rows",
            Self::InTurn => "all rows, each held out once",
        }
    }
}

/// Rows that a model did not learn from, in an order of their own, and what it says of them, surface and position known.
pub(super) struct HeldOut<'a> {
    pub(super) rows: Vec<&'a Encoded<'a>>,
    pub(super) predictions: Vec<Predicted>,
    /// Rows that it did learn from.
    pub(super) n_taught: u64,
}

impl<'a> HeldOut<'a> {
    pub(super) fn by(model: &ClickModel, mut rows: Vec<&'a Encoded<'a>>) -> Self {
        sort(&mut rows);
        Self {
            predictions: predictions(model, &rows),
            n_taught: model.metadata().n_rows,
            rows,
        }
    }

    /// Which ad stood where.
    pub(super) fn shown(&self) -> impl Iterator<Item = AdOn<'a>> {
        self.rows.iter().map(|row| AdOn {
            ad: row.ad.ad,
            surface: row.row.surface,
        })
    }
}

/// Every row once, by models of the rows outside its part, in the order of the parts. `progress` is told how many are predicted.
pub(super) fn in_turn<'a>(
    rows: &[&'a Encoded<'a>],
    params: &ValidAdsParams,
    n_shards: u64,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<HeldOut<'a>>, AdsError> {
    let part = |part| {
        let Parted { held_out, taught } = parted(rows, part);
        let fitted = Fitted::new(taught, params, n_shards, Shards::Forgotten, &|_| ())?;
        let held_out = HeldOut::by(&fitted.model, held_out);
        progress(held_out.rows.len() as u64);
        Ok(held_out)
    };
    (0..PARTS).into_par_iter().map(part).collect()
}

/// Rows of which some are held out.
pub(super) struct Parted<'a> {
    pub(super) held_out: Vec<&'a Encoded<'a>>,
    /// The others, which a model learns from.
    pub(super) taught: Vec<&'a Encoded<'a>>,
}

impl<'a> Parted<'a> {
    fn of(
        rows: impl Iterator<Item = &'a Encoded<'a>>,
        is_held_out: impl FnMut(&&'a Encoded<'a>) -> bool,
    ) -> Self {
        let (held_out, taught) = rows.partition(is_held_out);
        Self { held_out, taught }
    }
}

/// The rows of a part are held out.
fn parted<'a>(rows: &[&'a Encoded<'a>], part: u64) -> Parted<'a> {
    Parted::of(rows.iter().copied(), |row| {
        row.calibration_part(PARTS) == part
    })
}

pub(super) fn predictions(model: &ClickModel, rows: &[&Encoded<'_>]) -> Vec<Predicted> {
    let p = |row: &&Encoded<'_>| Predicted {
        p: model.p_hashed_shown(row.showing(), row.ad, &row.all_values().collect::<Vec<_>>()),
        target: row.row.target,
    };
    rows.par_iter().map(p).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::AdsParams;

    #[test]
    fn the_more_rows_the_smaller_the_part_held_out() {
        let params = AdsParams::default().check().unwrap();
        for (rows, clicks, expected) in [
            (1_143, 499, Holding::Nothing),
            (1_143, 500, Holding::InTurn),
            (199_999, 1_000_000, Holding::InTurn),
            (200_000, 9_999, Holding::InTurn),
            (200_000, 10_000, Holding::OneIn(10)),
            (400_000, 19_999, Holding::OneIn(10)),
            (400_000, 20_000, Holding::OneIn(20)),
            (u64::MAX, u64::MAX, Holding::OneIn(20)),
        ] {
            let found = Holding::of(&params, rows, clicks);
            assert_eq!(found, expected, "{rows} {clicks}");
        }
        let params = AdsParams {
            calibration: CalibrationMethod::None,
            ..AdsParams::default()
        };
        let found = Holding::of(&params.check().unwrap(), u64::MAX, u64::MAX);
        assert_eq!(found, Holding::Nothing);
    }
}
