//! What went into a training and how well it goes.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::ads::AdsError;
use crate::learn::{ClickMetrics, Happened, ReliabilityBin};

/// Points in every epoch.
const POINTS: usize = 4;

/// What went into a training and how well it fits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainReport {
    /// Rows given.
    pub rows_in: u64,
    /// Rows trained on.
    pub rows_fitted: u64,
    /// Rows held out for calibration, from which the model learnt nothing.
    pub rows_held_out: u64,
    /// Rows that were held out for calibration too, but from models of other rows that are forgotten: the model learnt from them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rows_held_out_in_turn: u64,
    /// Rows that said when to stop a factor model.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rows_stopping: u64,
    /// Rows without clicks that were left out, those trained on standing for them.
    pub rows_not_sampled: u64,
    /// Rows left out because no table describes their ad.
    pub unknown_ad: u64,
    /// Rows left out because they have no impressions, or more clicks than impressions.
    pub impossible_counts: u64,
    /// Shards the rows were put into.
    pub n_shards: u64,
    /// Weights that are not 0.
    pub n_weights: u64,
    /// The log loss of rows just before they were learnt, as training went on.
    pub progress: Vec<ProgressPoint>,
    /// The log loss of the rows that say when to stop, after each pass of a factor model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passes: Vec<PassPoint>,
    /// The fit on the rows held out, in turn or not, before calibration: honest.
    pub held_out: ClickMetrics,
    /// The held-out rows in bins of prediction, before calibration.
    #[serde(default)]
    pub reliability: Vec<ReliabilityBin>,
    /// The fit of models trained on parts of the rows, in order of size, on the rows held out; where every row is held out once,
    /// on the first fifth of them. The last learnt from all others.
    #[serde(default)]
    pub curve: Vec<CurvePoint>,
    /// What whoever uses the model should know before they do, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// The log loss after a pass over the rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PassPoint {
    /// From 1.
    pub epoch: u32,
    /// Shards that made this pass; each stops when it sees no more progress.
    pub shards: u32,
    /// Impressions of their rows that were kept out of training.
    pub impressions: u64,
    /// Nats per impression.
    pub log_loss: f64,
}

/// A model trained on a part of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Share of the rows it was trained on; those of a smaller share are among those of a larger one.
    pub share: f64,
    /// Rows it was trained on.
    pub rows: u64,
    /// The fit on the rows held out from all, before calibration.
    pub held_out: ClickMetrics,
}

/// The log loss over a stretch of training. In the first epoch every row is new to the model of its shard, so that this is an
/// honest figure (progressive validation: A. Blum et al., COLT 1999).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgressPoint {
    /// From 1.
    pub epoch: u32,
    /// Which quarter of it, from 1.
    pub quarter: u32,
    /// Impressions of this stretch; of sampled rows, by their weights.
    pub impressions: f64,
    /// Nats per impression.
    pub log_loss: f64,
}

impl TrainReport {
    /// Says where the model knows no more than how often ads are clicked.
    pub(super) fn note(&mut self, shards_at_base_rate: u64) {
        if shards_at_base_rate > 0 {
            self.notes.push(format!(
                "{shards_at_base_rate} of {} shards of the factor model answer the base rate: no pass did better",
                self.n_shards
            ));
        }
        if let Some(ne) = self.held_out.ne.filter(|ne| *ne >= 1.0) {
            self.notes.push(format!(
                "held-out rows are predicted no better than by their click rate alone (NE {ne:.4})"
            ));
        }
    }

    /// Checks that every row given was used or counted under a reason.
    ///
    /// # Errors
    /// If not.
    pub fn check_sums(&self) -> Result<(), AdsError> {
        let used =
            self.rows_fitted + self.rows_stopping + self.rows_held_out + self.rows_not_sampled;
        let out = used + self.unknown_ad + self.impossible_counts;
        if self.rows_in == out {
            return Ok(());
        }
        Err(AdsError::Counts {
            what: "training rows",
            left: self.rows_in,
            right: out,
        })
    }
}

/// Sums over the rows that training went through.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    pub(super) loss: f64,
    pub(super) impressions: f64,
}

impl AddAssign for Point {
    fn add_assign(&mut self, other: Self) {
        self.loss += other.loss;
        self.impressions += other.impressions;
    }
}

/// Of the regression one for each quarter of each epoch, of the machine one for each pass.
pub(super) type Points = Vec<Point>;

/// The points of a training that goes on.
#[derive(Debug)]
pub(super) struct Progressive {
    pub(super) points: Points,
    per_point: usize,
    n_seen: usize,
    epoch: u32,
}

impl Progressive {
    pub(super) fn of(epochs: u32, n_rows: usize) -> Self {
        Self {
            points: vec![Point::default(); POINTS * epochs as usize],
            per_point: n_rows.div_ceil(POINTS).max(1),
            n_seen: 0,
            epoch: 0,
        }
    }

    /// A row of the epoch, p before it was learnt.
    pub(super) fn add(&mut self, epoch: u32, p: f64, happened: Happened) {
        if epoch != self.epoch {
            (self.epoch, self.n_seen) = (epoch, 0);
        }
        let point = POINTS * epoch as usize + self.n_seen / self.per_point;
        let Happened {
            impressions,
            clicks,
        } = happened;
        let clicked = if clicks > 0.0 { clicks * p.ln() } else { 0.0 };
        self.points[point].loss -= clicked + (impressions - clicks) * (-p).ln_1p();
        self.points[point].impressions += impressions;
        self.n_seen += 1;
    }
}

/// The loss as training went on over all shards, summed in their order.
pub(super) fn progress<'a>(shards: impl Iterator<Item = &'a Points>) -> Vec<ProgressPoint> {
    let mut sums = Points::new();
    for shard in shards {
        sums.resize(sums.len().max(shard.len()), Point::default());
        for (sum, &point) in sums.iter_mut().zip(shard) {
            *sum += point;
        }
    }
    let points = (0_u32..).zip(sums).filter(|(_, sum)| sum.impressions > 0.0);
    let quarters = u32::try_from(POINTS).expect("few");
    points
        .map(|(i, sum)| ProgressPoint {
            epoch: i / quarters + 1,
            quarter: i % quarters + 1,
            impressions: sum.impressions,
            log_loss: sum.loss / sum.impressions,
        })
        .collect()
}

/// The loss after each pass over all shards that made it, summed in their order.
pub(super) fn passes<'a>(shards: impl Iterator<Item = &'a Points>) -> Vec<PassPoint> {
    let mut sums: Vec<(u32, Point)> = Vec::new();
    for shard in shards {
        sums.resize(sums.len().max(shard.len()), (0, Point::default()));
        for ((shards, sum), &point) in sums.iter_mut().zip(shard) {
            *shards += 1;
            *sum += point;
        }
    }
    let point = |(epoch, (shards, sum)): (u32, (u32, Point))| PassPoint {
        epoch,
        shards,
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "sums of whole numbers"
        )]
        impressions: sum.impressions as u64,
        log_loss: sum.loss / sum.impressions,
    };
    (1..).zip(sums).map(point).collect()
}
