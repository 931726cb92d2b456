//! How good probabilities of clicks are, over grouped rows.

use serde::{Deserialize, Serialize};

use super::batch::Clicks;

/// A prediction and what happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predicted {
    /// The predicted probability of a click per impression.
    pub p: f64,
    /// What happened.
    pub target: Clicks,
}

/// How good predictions were; each is none where it is not defined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClickMetrics {
    /// Log loss per impression, nats: −Σ c·ln p + (m − c)·ln(1 − p), over Σ m. Lower is better.
    pub log_loss: Option<f64>,
    /// Normalized entropy: log loss over the entropy of these rows' own click rate. Below 1 is better than
    /// knowing nothing but that rate (X. He et al., "Practical Lessons from Predicting Clicks on Ads at
    /// Facebook", ADKDD 2014).
    pub ne: Option<f64>,
    /// Area under the ROC curve over impressions, equal predictions counting one half.
    pub auc: Option<f64>,
    /// Expected calibration error: the mean over 10 bins of about equal impressions, in order of
    /// prediction, of |click rate − mean prediction|, weighted by impressions. A row is never split.
    pub ece: Option<f64>,
    /// Predicted clicks over clicks; 1 is right, above 1 too many. Google's paper and He et al. both use it.
    pub calibration_ratio: Option<f64>,
}

/// Bins of [`ClickMetrics::ece`].
const ECE_BINS: f64 = 10.0;

impl ClickMetrics {
    /// All metrics of some predictions.
    ///
    /// # Complexity
    /// O(n log n) time, O(n) space.
    #[must_use]
    pub fn of(rows: &[Predicted]) -> Self {
        let mut sorted = rows.to_vec();
        sorted.sort_unstable_by(|a, b| a.p.total_cmp(&b.p).then(a.target.cmp(&b.target)));
        let sums = Sums::of(&sorted);
        let log_loss = ratio(log_loss_sum(&sorted), sums.impressions);
        Self {
            log_loss,
            ne: log_loss
                .and_then(|loss| ratio(loss, entropy(ratio(sums.clicks, sums.impressions)?))),
            auc: auc(&sorted),
            ece: ece(&sorted),
            calibration_ratio: ratio(sums.predicted, sums.clicks),
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    impressions: f64,
    clicks: f64,
    predicted: f64,
}

impl Sums {
    fn of(rows: &[Predicted]) -> Self {
        rows.iter().fold(Self::default(), Self::plus)
    }

    fn plus(self, row: &Predicted) -> Self {
        let m = f64::from(row.target.impressions);
        Self {
            impressions: self.impressions + m,
            clicks: self.clicks + f64::from(row.target.clicks),
            predicted: self.predicted + row.p * m,
        }
    }
}

fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator > 0.0).then(|| numerator / denominator)
}

/// `n·ln p`, which is 0 for n = 0 even where ln p is not finite.
fn times_ln(n: f64, p: f64) -> f64 {
    if n == 0.0 { 0.0 } else { n * p.ln() }
}

fn entropy(p: f64) -> f64 {
    -times_ln(p, p) - times_ln(1.0 - p, 1.0 - p)
}

fn log_loss_sum(rows: &[Predicted]) -> f64 {
    let loss = |row: &Predicted| {
        let (m, c) = (
            f64::from(row.target.impressions),
            f64::from(row.target.clicks),
        );
        -times_ln(c, row.p) - times_ln(m - c, 1.0 - row.p)
    };
    rows.iter().map(loss).sum()
}

/// Rows ascending by prediction.
fn auc(sorted: &[Predicted]) -> Option<f64> {
    let (mut pairs, mut others_below, mut clicks) = (0.0, 0.0, 0.0);
    for same in sorted.chunk_by(|a, b| a.p == b.p) {
        let here = Sums::of(same);
        let others = here.impressions - here.clicks;
        pairs += here.clicks * (others_below + others / 2.0);
        others_below += others;
        clicks += here.clicks;
    }
    ratio(pairs, clicks * others_below)
}

/// Rows ascending by prediction.
fn ece(sorted: &[Predicted]) -> Option<f64> {
    let all = Sums::of(sorted).impressions;
    let (mut gap, mut bin, mut done) = (0.0, Sums::default(), 0.0);
    for row in sorted {
        bin = bin.plus(row);
        done += f64::from(row.target.impressions);
        if bin.impressions >= all / ECE_BINS || done == all {
            gap += (bin.clicks - bin.predicted).abs();
            bin = Sums::default();
        }
    }
    ratio(gap, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(p: f64, clicks: u32, impressions: u32) -> Predicted {
        let target = Clicks {
            clicks,
            impressions,
        };
        Predicted { p, target }
    }

    /// The same impressions one by one.
    fn apart(rows: &[Predicted]) -> Vec<Predicted> {
        let single = |r: &Predicted| {
            let p = r.p;
            let clicks = r.target.clicks;
            (0..r.target.impressions).map(move |i| row(p, u32::from(i < clicks), 1))
        };
        rows.iter().flat_map(single).collect()
    }

    #[test]
    fn oracle_grouped_rows_equal_single_impressions() {
        let rows = [
            row(0.1, 1, 7),
            row(0.4, 2, 5),
            row(0.1, 0, 3),
            row(0.8, 3, 4),
        ];
        let (grouped, single) = (ClickMetrics::of(&rows), ClickMetrics::of(&apart(&rows)));
        let close = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 1e-12;
        assert!(close(grouped.log_loss, single.log_loss));
        assert!(close(grouped.ne, single.ne));
        assert!(close(grouped.auc, single.auc));
        assert!(close(grouped.calibration_ratio, single.calibration_ratio));
    }

    #[test]
    fn oracle_auc_counts_pairs() {
        let rows = apart(&[row(0.1, 1, 7), row(0.4, 2, 5), row(0.8, 3, 4)]);
        let (mut won, mut pairs) = (0.0, 0.0);
        for a in rows.iter().filter(|r| r.target.clicks == 1) {
            for b in rows.iter().filter(|r| r.target.clicks == 0) {
                pairs += 1.0;
                won += if a.p > b.p {
                    1.0
                } else {
                    f64::from(u8::from(a.p == b.p)) / 2.0
                };
            }
        }
        let auc = ClickMetrics::of(&rows).auc.unwrap();
        assert!((auc - won / pairs).abs() < 1e-12);
    }

    #[test]
    fn the_own_base_rate_has_entropy_one_and_no_error() {
        let metrics = ClickMetrics::of(&[row(0.2, 1, 5), row(0.2, 3, 15)]);
        assert!((metrics.ne.unwrap() - 1.0).abs() < 1e-12);
        assert!((metrics.calibration_ratio.unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(metrics.auc, Some(0.5));
    }

    #[test]
    fn ece_by_hand() {
        let metrics = ClickMetrics::of(&[row(0.1, 0, 10), row(0.5, 6, 10)]);
        assert!((metrics.ece.unwrap() - (1.0 + 1.0) / 20.0).abs() < 1e-12);
    }

    #[test]
    fn undefined_metrics_are_none() {
        assert_eq!(ClickMetrics::of(&[]), ClickMetrics::default());
        let no_clicks = ClickMetrics::of(&[row(0.1, 0, 10)]);
        assert_eq!((no_clicks.auc, no_clicks.calibration_ratio), (None, None));
        assert!(no_clicks.log_loss.is_some());
    }
}
