//! A shift of the log-odds for each value of a field, drawn towards 0 as far as differences may be luck.
//!
//! After the curve for all rows, a value g with C clicks where E = Σ m·p were expected, the information
//! V = Σ m·p·(1 − p) and log-odds l gets the shift δ that maximises
//!
//! ```text
//! Σ c·ln sigmoid(l + δ) + (m − c)·ln(1 − sigmoid(l + δ)) − κ·δ²/2
//! ```
//!
//! which for small shifts is (C − E)/(V + κ): κ is a number of clicks, about as many as a value must have before half
//! of its difference is believed. It is estimated from the values themselves (empirical Bayes, by moments): if the
//! true shifts have variance τ², the one-step estimates d = (C − E)/V have E[Σ V·d²] = G + τ²·Σ V over G values, so
//!
//! ```text
//! τ² = max(0, (Σ V·d² − G) / Σ V),   κ = 1/τ²
//! ```
//!
//! and where the differences are no larger than luck makes them there is no shift at all. This is `DerSimonian` and
//! Laird's estimate with the mean known to be 0.
//!
//! # References
//! R. `DerSimonian`, N. Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 7, 1986. B. Efron, C.
//! Morris, "Data analysis using Stein's estimator and its generalizations", JASA 70, 1975.

use serde::{Deserialize, Serialize};

use super::CalibrateBy;
use crate::learn::metrics::{Predicted, Tie, ties};
use crate::learn::odds::{logit, sigmoid};

/// Steps of Newton's method, at most; it takes about five.
const MAX_STEPS: u32 = 50;
/// The longest step: log-odds.
const MAX_STEP: f64 = 2.0;
/// A step below which nothing moves any more.
const MIN_STEP: f64 = 1e-12;
/// How near to 0 and 1 a prediction's log-odds are taken.
const EDGE: f64 = 1e-15;

/// The shifts of one field's values.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldShifts {
    by: CalibrateBy,
    /// κ; infinite if the values differ no more than by luck.
    clicks_of_doubt: f64,
    /// Ascending by value.
    shifts: Vec<Shift>,
}

/// What one value adds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// The value, as files name it.
    pub value: String,
    /// Held-out clicks it was seen with.
    pub clicks: u64,
    /// What it adds to the log-odds.
    #[serde(with = "super::stored::bits")]
    pub log_odds: f64,
}

/// All held-out rows of one value.
struct Group {
    value: String,
    ties: Vec<Tie>,
}

impl FieldShifts {
    /// Fits predictions that are calibrated all together; `values[i]` is the value of `rows[i]`.
    pub(super) fn fit(by: CalibrateBy, rows: &[Predicted], values: &[String]) -> Self {
        let groups = groups(rows, values);
        let clicks_of_doubt = clicks_of_doubt(&groups);
        let shift = |group: Group| Shift {
            clicks: group.ties.iter().map(|tie| tie.clicks).sum(),
            log_odds: group.shift(clicks_of_doubt),
            value: group.value,
        };
        Self {
            by,
            clicks_of_doubt,
            shifts: groups.into_iter().map(shift).collect(),
        }
    }

    /// Stored shifts; none if values do not ascend, or a number cannot be.
    pub(super) fn of_parts(
        by: CalibrateBy,
        clicks_of_doubt: f64,
        shifts: Vec<Shift>,
    ) -> Option<Self> {
        let sound = clicks_of_doubt > 0.0
            && shifts.is_sorted_by(|a, b| a.value < b.value)
            && shifts.iter().all(|shift| shift.log_odds.is_finite());
        sound.then_some(Self {
            by,
            clicks_of_doubt,
            shifts,
        })
    }

    /// Whose values.
    #[must_use]
    pub const fn by(&self) -> CalibrateBy {
        self.by
    }

    /// κ: about as many clicks as a value must have before half of its difference is believed; infinite if the
    /// values differ no more than by luck.
    #[must_use]
    pub const fn clicks_of_doubt(&self) -> f64 {
        self.clicks_of_doubt
    }

    /// Every value that was held out, ascending.
    #[must_use]
    pub fn shifts(&self) -> &[Shift] {
        &self.shifts
    }

    /// What a value adds to the log-odds; 0 for one that was not held out.
    #[must_use]
    pub fn of(&self, value: &str) -> f64 {
        let at = self
            .shifts
            .binary_search_by(|shift| shift.value.as_str().cmp(value));
        at.map_or(0.0, |at| self.shifts[at].log_odds)
    }
}

/// A probability with something added to its log-odds.
pub(super) fn shifted(p: f64, shift: f64) -> f64 {
    if shift == 0.0 || p <= 0.0 || p >= 1.0 || p.is_nan() {
        return p;
    }
    sigmoid(logit(p) + shift)
}

/// Ascending by value. Rows that are no probabilities are never here.
fn groups(rows: &[Predicted], values: &[String]) -> Vec<Group> {
    let mut sorted: Vec<(&String, &Predicted)> = values.iter().zip(rows).collect();
    sorted.sort_by_key(|(value, _)| *value);
    let group = |same: &[(&String, &Predicted)]| Group {
        value: same[0].0.clone(),
        ties: ties(&same.iter().map(|(_, row)| **row).collect::<Vec<_>>()).unwrap_or_default(),
    };
    sorted.chunk_by(|a, b| a.0 == b.0).map(group).collect()
}

fn clicks_of_doubt(groups: &[Group]) -> f64 {
    let (mut squares, mut information, mut n) = (0.0, 0.0, 0.0);
    for Pull { off, curvature } in groups.iter().map(|group| group.pull_at(0.0)) {
        if curvature > 0.0 {
            squares += off * off / curvature;
            information += curvature;
            n += 1.0;
        }
    }
    let variance = ((squares - n) / information).max(0.0);
    if variance > 0.0 {
        1.0 / variance
    } else {
        f64::INFINITY
    }
}

/// What a group's clicks say at a shift.
#[derive(Clone, Copy, Debug, Default)]
struct Pull {
    /// Clicks less expected clicks.
    off: f64,
    /// How fast the expected ones grow.
    curvature: f64,
}

impl Group {
    fn pull_at(&self, shift: f64) -> Pull {
        let mut pull = Pull::default();
        for tie in &self.ties {
            let q = sigmoid(logit(tie.p.clamp(EDGE, 1.0 - EDGE)) + shift);
            let m = tie.impressions as f64;
            pull.off += tie.clicks as f64 - m * q;
            pull.curvature += m * q * (1.0 - q);
        }
        pull
    }

    fn shift(&self, clicks_of_doubt: f64) -> f64 {
        let mut shift = 0.0_f64;
        if clicks_of_doubt.is_infinite() {
            return shift;
        }
        for _ in 0..MAX_STEPS {
            let Pull { off, curvature } = self.pull_at(shift);
            let step = (off - clicks_of_doubt * shift) / (curvature + clicks_of_doubt);
            shift += step.clamp(-MAX_STEP, MAX_STEP);
            if step.abs() < MIN_STEP {
                break;
            }
        }
        shift
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::calibration::tests::row;

    fn named(groups: &[(&str, u32, u32)], p: f64) -> (Vec<Predicted>, Vec<String>) {
        let rows = groups.iter().map(|&(_, clicks, m)| row(p, clicks, m));
        (
            rows.collect(),
            groups.iter().map(|g| g.0.to_owned()).collect(),
        )
    }

    fn fit(groups: &[(&str, u32, u32)], p: f64) -> FieldShifts {
        let (rows, values) = named(groups, p);
        FieldShifts::fit(CalibrateBy::Surface, &rows, &values)
    }

    #[test]
    fn clear_differences_are_nearly_believed() {
        let fitted = fit(&[("feed", 2_000, 10_000), ("stories", 500, 10_000)], 0.1);
        let of = |value| shifted(0.1, fitted.of(value));
        assert!(
            (of("feed") - 0.2).abs() < 0.002 && of("feed") < 0.2,
            "{}",
            of("feed")
        );
        assert!((of("stories") - 0.05).abs() < 0.002 && of("stories") > 0.05);
        assert_eq!(fitted.of("search"), 0.0);
        assert_eq!(fitted.shifts()[0].clicks, 2_000);
    }

    #[test]
    fn differences_that_luck_makes_are_no_shift() {
        let fitted = fit(&[("feed", 105, 1_000), ("stories", 95, 1_000)], 0.1);
        assert_eq!(fitted.clicks_of_doubt(), f64::INFINITY);
        assert!(fitted.shifts().iter().all(|shift| shift.log_odds == 0.0));
    }

    #[test]
    fn few_clicks_are_drawn_further_in() {
        // Both have twice the clicks expected; one of them ten times as many.
        let fitted = fit(
            &[
                ("a", 200, 1_000),
                ("b", 20, 100),
                ("c", 50, 1_000),
                ("d", 50, 1_000),
            ],
            0.1,
        );
        assert!(fitted.of("a") > fitted.of("b") && fitted.of("b") > 0.0);
    }

    /// The best shift by trying all of them.
    #[test]
    fn oracle_no_other_shift_is_likelier() {
        let (mut rows, mut values) = named(&[("a", 300, 1_000), ("b", 4, 100), ("c", 0, 50)], 0.2);
        rows.push(row(0.01, 7, 900));
        values.push("c".to_owned());
        let fitted = FieldShifts::fit(CalibrateBy::Category, &rows, &values);
        let kappa = fitted.clicks_of_doubt();
        for name in ["a", "b", "c"] {
            let likelihood = |shift: f64| {
                let of = |(r, _): (&Predicted, _)| {
                    let q = shifted(r.p, shift);
                    let (c, m) = (f64::from(r.target.clicks), f64::from(r.target.impressions));
                    c * q.ln() + (m - c) * (1.0 - q).ln()
                };
                let own = rows.iter().zip(&values).filter(|(_, v)| *v == name);
                own.map(of).sum::<f64>() - kappa * shift * shift / 2.0
            };
            let best = (-400..=400).map(|i| f64::from(i) / 100.0);
            let best = best
                .max_by(|a, b| likelihood(*a).total_cmp(&likelihood(*b)))
                .unwrap();
            assert!(
                (fitted.of(name) - best).abs() <= 0.006,
                "{name}: {} {best}",
                fitted.of(name)
            );
        }
    }

    /// Drawn with a known spread of shifts, the estimated κ is near its inverse square.
    #[test]
    fn oracle_the_doubt_is_the_spread_of_the_shifts() {
        let spread = 0.4;
        let unit = |i: u64| crate::hash::unit(crate::hash::mix_two(9, i));
        let normal = |i: u64| (0..12).map(|j| unit(12 * i + j)).sum::<f64>() - 6.0;
        let mut rows = Vec::new();
        let mut values = Vec::new();
        for i in 0..400_u64 {
            let q = shifted(0.05, spread * normal(i));
            let clicks = (0..2_000)
                .filter(|j| unit(1_000_000 + i * 2_000 + j) < q)
                .count();
            rows.push(row(0.05, u32::try_from(clicks).unwrap(), 2_000));
            values.push(format!("{i:03}"));
        }
        let fitted = FieldShifts::fit(CalibrateBy::Advertiser, &rows, &values);
        let found = fitted.clicks_of_doubt().sqrt().recip();
        assert!((found / spread - 1.0).abs() < 0.15, "{found}");
    }

    #[test]
    fn same_whatever_the_order() {
        let (rows, values) = named(
            &[("a", 30, 100), ("b", 3, 100), ("a", 1, 100), ("c", 0, 0)],
            0.1,
        );
        let turned = |x: Vec<String>| x.into_iter().rev().collect::<Vec<_>>();
        let back: Vec<_> = rows.iter().rev().copied().collect();
        let by = CalibrateBy::Surface;
        assert_eq!(
            FieldShifts::fit(by, &rows, &values),
            FieldShifts::fit(by, &back, &turned(values.clone()))
        );
    }

    #[test]
    fn deny_stored_shifts_that_cannot_be() {
        let shift = |value: &str, log_odds| Shift {
            value: value.to_owned(),
            clicks: 1,
            log_odds,
        };
        let read = |doubt, shifts| FieldShifts::of_parts(CalibrateBy::Surface, doubt, shifts);
        assert!(read(f64::INFINITY, vec![shift("a", 0.0), shift("b", 0.0)]).is_some());
        assert!(read(0.0, vec![]).is_none());
        assert!(read(f64::NAN, vec![]).is_none());
        assert!(read(1.0, vec![shift("b", 0.1), shift("a", 0.1)]).is_none());
        assert!(read(1.0, vec![shift("a", f64::NAN)]).is_none());
    }
}
