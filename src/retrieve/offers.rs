//! What an ad is worth at a score, and which score an ad would need.

use super::RetrieveError;

/// What an advertiser offers for a click, and how good the ad is to look at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Offer {
    /// Currency units per click: finite, not negative.
    pub bid: f64,
    /// Added to the value of every showing, currency units: finite.
    pub quality: f64,
}

impl Offer {
    /// What a showing is expected to be worth at a probability of a click; never −0, which would order below 0.
    #[must_use]
    pub fn value(self, p: f64) -> f64 {
        self.bid * p + self.quality + 0.0
    }

    pub(super) fn is_usable(self) -> bool {
        self.bid.is_finite() && self.bid >= 0.0 && self.quality.is_finite()
    }
}

/// Steps of the table per unit of score, and where it begins and ends.
const STEPS: i32 = 32;
const EDGE: i32 = 40;

/// The probability of a click at a score, as a function that never falls.
///
/// It is called for every pair that may win, from several threads, and has to answer the same for the same score.
pub struct Curve<F> {
    p: F,
    /// p at −40, −40 + 1/32, …, 40.
    table: Vec<f64>,
}

impl<F: Fn(f64) -> f64> Curve<F> {
    /// A curve from a function of the score.
    ///
    /// # Errors
    /// If the function falls between two of 2,561 scores from −40 to 40, or leaves [0, 1] at one of them.
    pub fn new(p: F) -> Result<Self, RetrieveError> {
        let table: Vec<f64> = (-EDGE * STEPS..=EDGE * STEPS)
            .map(|i| p(score_at(i)))
            .collect();
        let in_range = table.iter().all(|p| (0.0..=1.0).contains(p));
        if in_range && table.is_sorted() {
            return Ok(Self { p, table });
        }
        Err(RetrieveError::Catalogue {
            what: "a curve that falls or leaves [0, 1]",
        })
    }

    pub(super) fn p(&self, score: f64) -> f64 {
        (self.p)(score)
    }

    /// A score below which no probability reaches this one: a step of the table lower than needed, so that the
    /// function's own rounding cannot matter.
    fn least_score(&self, p: f64) -> f64 {
        match self.table.partition_point(|&reached| reached < p) {
            0 | 1 => f64::NEG_INFINITY,
            n if n == self.table.len() => f64::INFINITY,
            n => score_at(i32::try_from(n).expect("the table is short") - EDGE * STEPS - 1),
        }
    }
}

fn score_at(step: i32) -> f64 {
    f64::from(step) / f64::from(STEPS)
}

/// How much too low a needed probability is asked for, relatively: far more than rounding, far less than matters.
const SLACK: f64 = 1e-12;

/// What orders the ads of one ranking.
pub(super) trait Worth: Sync {
    /// The value of a showing; never falls as the score rises.
    fn value(&self, offer: Offer, score: f64) -> f64;

    /// A score below which no ad of at most this bid and quality reaches the value.
    fn least_score(&self, ceiling: Offer, value: f64) -> f64;
}

/// The score itself.
pub(super) struct ByScore;

impl Worth for ByScore {
    fn value(&self, _: Offer, score: f64) -> f64 {
        score
    }

    fn least_score(&self, _: Offer, value: f64) -> f64 {
        value
    }
}

impl<F: Fn(f64) -> f64 + Sync> Worth for Curve<F> {
    fn value(&self, offer: Offer, score: f64) -> f64 {
        offer.value(self.p(score))
    }

    fn least_score(&self, ceiling: Offer, value: f64) -> f64 {
        let missing = value - ceiling.quality;
        let rounding = SLACK * (value.abs() + ceiling.quality.abs());
        if missing <= rounding {
            return f64::NEG_INFINITY;
        }
        let p = (missing - rounding) / ceiling.bid;
        // A curve may go on rising beyond its table, so what the table's end does not reach is asked of 1.
        if p * (1.0 - SLACK) > 1.0 {
            return f64::INFINITY;
        }
        let beyond = f64::from(EDGE) - 1.0;
        self.least_score(p * (1.0 - SLACK)).min(beyond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sigmoid() -> Curve<fn(f64) -> f64> {
        Curve::new(crate::retrieve::tests::sigmoid as fn(f64) -> f64).unwrap()
    }

    #[test]
    fn deny_curves_that_fall_or_are_no_probabilities() {
        assert!(Curve::new(|x: f64| 0.5 - x / 100.0).is_err());
        assert!(Curve::new(|x: f64| x).is_err());
        assert!(Curve::new(|_| f64::NAN).is_err());
        assert!(Curve::new(|_| 0.3).is_ok());
    }

    #[test]
    fn oracle_no_score_below_the_least_reaches_the_value() {
        let flat = Curve::new(|x: f64| if x < 1.0 { 0.1 } else { 0.4 }).unwrap();
        let ceilings = [(0.0, 0.0), (2.0, 0.0), (2.0, -0.3), (0.5, 7.0), (1e9, 1e-9)];
        for (bid, quality) in ceilings {
            let offer = Offer { bid, quality };
            for i in -400..400 {
                let score = f64::from(i) / 10.0;
                for target in [-1.0, 0.0, 1e-12, 0.05, 0.3, 0.8, 1.9, 7.1, 5e8] {
                    check(&sigmoid(), offer, score, target);
                    check(&flat, offer, score, target);
                    let own = sigmoid().value(offer, score);
                    check(&sigmoid(), offer, score, own);
                }
            }
        }
    }

    fn check(worth: &impl Worth, offer: Offer, score: f64, target: f64) {
        if worth.value(offer, score) >= target {
            let least = worth.least_score(offer, target);
            assert!(
                least <= score,
                "{offer:?} at {score} reaches {target}, not {least}"
            );
        }
    }

    #[test]
    fn the_least_score_is_close() {
        let least = sigmoid().least_score(0.01);
        let exact = (0.01_f64 / 0.99).ln();
        assert!(least <= exact && exact - least < 0.1, "{least} for {exact}");
    }
}
