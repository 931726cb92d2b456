//! Platt's sigmoid: two numbers, for when there are few clicks or the curve is known to be smooth.
//!
//! `q = sigmoid(slope·logit(p) + intercept)`, fitted by maximum likelihood to targets drawn in from 0 and 1: a click
//! counts as (N₊ + 1)/(N₊ + 2) and any other impression as 1/(N₋ + 2), with N₊ clicks and N₋ others. Newton's method
//! with step halving over the ties of the predictions, until the slope of the likelihood is nothing: sums run in fixed
//! order, so the same rows give the same bits.
//!
//! linfa 0.8.1 has this for single rows with boolean targets. It counts and smooths in f32, and stops when the gradient
//! is below 1e-5 a row, which at one click in 5,000 impressions is 5 % of all clicks; on balanced rows, where that does
//! not matter, a test shows that both agree. Grouped rows it does not take.
//!
//! # References
//! J. Platt, "Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods",
//! Advances in Large Margin Classifiers, 1999. H.-T. Lin, C.-J. Lin, R. C. Weng, "A note on Platt's probabilistic
//! outputs for support vector machines", Machine Learning 68, 2007 (the stable form and the step halving).

use crate::learn::metrics::Predicted;
use crate::learn::metrics::{Sum, Tie, chunked, ties};
use crate::learn::odds::{logit, sigmoid};

/// Smallest slope: at 0 all ads would tie, below it their order would turn round.
const MIN_SLOPE: f64 = 0.05;
/// Largest slope: beyond it two predictions a hair apart would be told for certain from each other.
const MAX_SLOPE: f64 = 20.0;
/// Steps of Newton's method, at most; it takes about six.
const MAX_STEPS: u32 = 100;
/// Halvings of one step, at most.
const MAX_HALVINGS: u32 = 40;
/// How near to 0 and 1 a prediction's log-odds are taken.
const EDGE: f64 = 1e-15;

/// A sigmoid of the log-odds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Platt {
    slope: f64,
    intercept: f64,
}

impl Platt {
    /// The sigmoid of held-out predictions. If the best slope leaves [0.05, 20] it is put at the nearer end and the
    /// intercept fitted alone. None if a prediction is no probability.
    pub(super) fn fit(held_out: &[Predicted]) -> Option<Self> {
        let points = points(&ties(held_out)?);
        let free = newton(&points, Self::IDENTITY, Free::Both);
        let inside = (MIN_SLOPE..=MAX_SLOPE).contains(&free.slope);
        let slope = free.slope.clamp(MIN_SLOPE, MAX_SLOPE);
        let fitted = if inside {
            free
        } else {
            newton(
                &points,
                Self {
                    slope,
                    intercept: 0.0,
                },
                Free::Intercept,
            )
        };
        Self::of_numbers(fitted.slope, fitted.intercept)
    }

    const IDENTITY: Self = Self {
        slope: 1.0,
        intercept: 0.0,
    };

    /// The sigmoid of stored numbers; none if they are not finite or the slope is out of range.
    pub(super) fn of_numbers(slope: f64, intercept: f64) -> Option<Self> {
        let sound = (MIN_SLOPE..=MAX_SLOPE).contains(&slope) && intercept.is_finite();
        sound.then_some(Self { slope, intercept })
    }

    /// What log-odds are multiplied by.
    #[must_use]
    pub const fn slope(&self) -> f64 {
        self.slope
    }

    /// What is added to them.
    #[must_use]
    pub const fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The point of the curve above a probability.
    #[must_use]
    pub fn apply(&self, p: f64) -> f64 {
        if p.is_nan() {
            return p;
        }
        sigmoid(self.at(inner_logit(p)))
    }

    fn at(&self, x: f64) -> f64 {
        self.slope.mul_add(x, self.intercept)
    }
}

fn inner_logit(p: f64) -> f64 {
    logit(p.clamp(EDGE, 1.0 - EDGE))
}

/// Log-odds, impressions, and the clicks they count as.
#[derive(Clone, Copy)]
struct Point {
    x: f64,
    impressions: f64,
    clicks: f64,
}

fn points(ties: &[Tie]) -> Vec<Point> {
    let clicks: u64 = ties.iter().map(|tie| tie.clicks).sum();
    let impressions: u64 = ties.iter().map(|tie| tie.impressions).sum();
    let of_click = (clicks as f64 + 1.0) / (clicks as f64 + 2.0);
    let of_other = 1.0 / ((impressions - clicks) as f64 + 2.0);
    let point = |tie: &Tie| Point {
        x: inner_logit(tie.p),
        impressions: tie.impressions as f64,
        clicks: of_click * tie.clicks as f64 + of_other * (tie.impressions - tie.clicks) as f64,
    };
    ties.iter().map(point).collect()
}

/// What is fitted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Free {
    Both,
    Intercept,
}

/// What is added to a curve's numbers.
#[derive(Clone, Copy)]
struct Step {
    slope: f64,
    intercept: f64,
}

/// Where a step led.
struct Reached {
    curve: Platt,
    likelihood: Likelihood,
}

/// Minus the log-likelihood, its gradient and its second derivatives by slope and intercept.
#[derive(Clone, Copy, Default)]
struct Likelihood {
    loss: f64,
    by_slope: f64,
    by_intercept: f64,
    slope_slope: f64,
    slope_intercept: f64,
    intercept_intercept: f64,
}

impl Likelihood {
    fn of(points: &[Point], curve: Platt) -> Self {
        let sums = chunked(points, |points| {
            let mut sums = [Sum::default(); 6];
            for point in points {
                for (sum, term) in sums.iter_mut().zip(terms(point, curve)) {
                    sum.add(term);
                }
            }
            sums
        });
        let total = |i: usize| sums.iter().map(|sums| &sums[i]).collect::<Sum>().value();
        Self {
            loss: total(0),
            by_slope: total(1),
            by_intercept: total(2),
            slope_slope: total(3),
            slope_intercept: total(4),
            intercept_intercept: total(5),
        }
    }

    /// Newton's step; none if there is no way down.
    fn step(&self, free: Free) -> Option<Step> {
        let (a, b, c) = (
            self.slope_slope,
            self.slope_intercept,
            self.intercept_intercept,
        );
        let determinant = a * c - b * b;
        // Without two different predictions nothing tells slope from intercept.
        let (slope, intercept) = if free == Free::Both && determinant > 1e-12 * a * c {
            (
                (b * self.by_intercept - c * self.by_slope) / determinant,
                (b * self.by_slope - a * self.by_intercept) / determinant,
            )
        } else {
            (0.0, -self.by_intercept / c)
        };
        let is_finite = slope.is_finite() && intercept.is_finite();
        is_finite.then_some(Step { slope, intercept })
    }
}

fn terms(point: &Point, curve: Platt) -> [f64; 6] {
    let Point {
        x,
        impressions: m,
        clicks: y,
    } = *point;
    let z = curve.at(x);
    let q = sigmoid(z);
    // ln(1 + eᶻ), without overflow.
    let softplus = z.max(0.0) + (-z.abs()).exp().ln_1p();
    let (slope, bend) = (m * q - y, m * q * (1.0 - q));
    [
        m * softplus - y * z,
        slope * x,
        slope,
        bend * x * x,
        bend * x,
        bend,
    ]
}

fn newton(points: &[Point], start: Platt, free: Free) -> Platt {
    let mut curve = start;
    let mut here = Likelihood::of(points, curve);
    for _ in 0..MAX_STEPS {
        let Some(step) = here.step(free) else {
            break;
        };
        let Some(next) = halved(points, curve, &here, step) else {
            break;
        };
        (curve, here) = (next.curve, next.likelihood);
    }
    curve
}

/// The first of the step, its half, its quarter, … that goes down as far as a ten-thousandth of what the slope promises;
/// none if none does, which is the end.
fn halved(
    points: &[Point],
    from: Platt,
    here: &Likelihood,
    Step { slope, intercept }: Step,
) -> Option<Reached> {
    let downhill = here.by_slope * slope + here.by_intercept * intercept;
    let at = |share: f64| Platt {
        slope: share.mul_add(slope, from.slope),
        intercept: share.mul_add(intercept, from.intercept),
    };
    (0..MAX_HALVINGS)
        .map(|n| 0.5_f64.powi(n.cast_signed()))
        .map(|share| (share, at(share)))
        .take_while(|(_, next)| *next != from)
        .map(|(share, next)| (share, next, Likelihood::of(points, next)))
        .find(|(share, _, there)| {
            there.loss < here.loss && there.loss <= here.loss + 1e-4 * share * downhill
        })
        .map(|(_, curve, likelihood)| Reached { curve, likelihood })
}

#[cfg(test)]
mod tests {
    use linfa::ParamGuard;
    use linfa::composing::platt_scaling::{Platt as Theirs, platt_newton_method};
    use ndarray::Array1;
    use proptest::prelude::*;

    use super::*;
    use crate::hash::mix_two as mix;
    use crate::learn::calibration::tests::row;

    fn unit(a: u64, b: u64) -> f64 {
        crate::hash::unit(mix(a, b))
    }

    /// Single rows clicked with the probability that a sigmoid makes of the prediction.
    fn drawn(n: u64, slope: f64, intercept: f64) -> Vec<Predicted> {
        let one = |i| {
            let x = 4.0 * unit(1, i) - 2.0;
            let q = sigmoid(slope * x + intercept);
            row(sigmoid(x), u32::from(unit(2, i) < q), 1)
        };
        (0..n).map(one).collect()
    }

    fn linfas(rows: &[Predicted]) -> (f64, f64) {
        let x: Array1<f64> = rows.iter().map(|r| inner_logit(r.p)).collect();
        let clicked: Array1<bool> = rows.iter().map(|r| r.target.clicks > 0).collect();
        let params = Theirs::<f64, ()>::params().check().unwrap();
        let (a, b) = platt_newton_method(x.view(), clicked.view(), &params).unwrap();
        (-a, -b)
    }

    #[test]
    fn same_as_linfa_on_single_rows() {
        for (slope, intercept) in [(1.0, 0.0), (0.6, -0.3), (1.8, 0.4)] {
            let rows = drawn(4_000, slope, intercept);
            let ours = Platt::fit(&rows).unwrap();
            let (theirs, at) = linfas(&rows);
            // linfa stops at a gradient of 1e-5 a row and smooths in f32.
            assert!((ours.slope() - theirs).abs() < 2e-3, "{ours:?} {theirs}");
            assert!((ours.intercept() - at).abs() < 2e-3, "{ours:?} {at}");
            assert!((ours.slope() - slope).abs() < 0.15);
        }
    }

    /// The likelihood has one lowest point, and there both derivatives are 0.
    #[test]
    fn oracle_the_gradient_is_gone() {
        let mut rows = drawn(3_000, 0.7, -1.0);
        rows.extend((1..50).map(|i| row(f64::from(i) / 10_000.0, i % 4, 5_000)));
        let fitted = Platt::fit(&rows).unwrap();
        let points = points(&ties(&rows).unwrap());
        let there = Likelihood::of(&points, fitted);
        let scale: f64 = points.iter().map(|p| p.clicks).sum();
        assert!((there.by_slope / scale).abs() < 1e-7, "{}", there.by_slope);
        assert!(
            (there.by_intercept / scale).abs() < 1e-7,
            "{}",
            there.by_intercept
        );
    }

    #[test]
    fn oracle_grouped_rows_equal_single_impressions() {
        let grouped: Vec<_> = (1..40)
            .map(|i| row(f64::from(i) / 100.0, i % 5, 20))
            .collect();
        let single: Vec<_> = grouped
            .iter()
            .flat_map(|r| (0..20).map(|i| row(r.p, u32::from(i < r.target.clicks), 1)))
            .collect();
        assert_eq!(Platt::fit(&grouped), Platt::fit(&single));
    }

    /// At one click in 5,000 linfa's stop is within its tolerance before it has begun to be right.
    #[test]
    fn rare_clicks_are_not_rounded_away() {
        let rows: Vec<_> = (1..40)
            .map(|i| row(f64::from(i) * 2e-5, i / 2, 50_000))
            .collect();
        let fitted = Platt::fit(&rows).unwrap();
        let after: f64 = rows.iter().map(|r| fitted.apply(r.p) * 50_000.0).sum();
        let clicks: f64 = rows.iter().map(|r| f64::from(r.target.clicks)).sum();
        // One click is added by the smoothing of all other impressions.
        assert!((after - clicks).abs() < 1.5, "{after} {clicks}");
    }

    #[test]
    fn an_order_that_is_wrong_is_flattened_not_turned_round() {
        let wrong: Vec<_> = (1..10)
            .map(|i| row(f64::from(i) / 10.0, 10 - i, 10))
            .collect();
        let fitted = Platt::fit(&wrong).unwrap();
        assert_eq!(fitted.slope(), MIN_SLOPE);
        assert!(fitted.apply(0.9) > fitted.apply(0.1));
        let clicks: f64 = wrong.iter().map(|r| fitted.apply(r.p) * 10.0).sum();
        assert!((clicks - 45.0).abs() < 0.5, "{clicks}");
    }

    #[test]
    fn one_prediction_for_all_is_moved_to_the_rate() {
        let fitted = Platt::fit(&[row(0.5, 100, 1_000)]).unwrap();
        assert_eq!(fitted.slope(), 1.0);
        assert!((fitted.apply(0.5) - 0.1).abs() < 1e-3);
    }

    #[test]
    fn deny_numbers_that_are_no_curve() {
        assert!(Platt::of_numbers(1.0, 0.0).is_some());
        for (slope, intercept) in [
            (0.0, 0.0),
            (-1.0, 0.0),
            (f64::NAN, 0.0),
            (21.0, 0.0),
            (1.0, f64::INFINITY),
        ] {
            assert!(
                Platt::of_numbers(slope, intercept).is_none(),
                "{slope} {intercept}"
            );
        }
    }

    proptest! {
        #[test]
        fn prop_the_map_ascends_and_stays_inside(
            cells in prop::collection::vec((0_u32..=1_000, 1_u32..500, 0_u32..60), 1..40),
        ) {
            let rows: Vec<_> = cells.iter().map(|&(p, m, c)| row(f64::from(p) / 1e3, c.min(m), m)).collect();
            let fitted = Platt::fit(&rows).unwrap();
            let mapped: Vec<f64> = (0..=1_000).map(|i| fitted.apply(f64::from(i) / 1e3)).collect();
            prop_assert!(mapped.is_sorted());
            prop_assert!(mapped.iter().all(|p| (0.0..=1.0).contains(p)));
        }
    }
}
