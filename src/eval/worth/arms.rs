//! One way to make answers, measured person by person, and what another is worth beside it.

use rayon::prelude::*;

use super::{Change, SourceWorth};
use crate::eval::ConfidenceInterval;
use crate::eval::ads::bootstrap::poisson;
use crate::eval::friends::mix;

/// How often people are drawn again.
const DRAWS: u64 = 1_000;
/// Whoever's own figure differs by no more than this is neither better nor worse off: half of the last digit that is shown. Models of
/// the same rows differ by as much in the rounding of their calibration.
pub const SAME: f64 = 0.000_05;

/// Sums of one person.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct OfPerson {
    pub(super) person: u64,
    /// Average precision, or losses.
    pub(super) sum: f64,
    /// 1, or impressions.
    pub(super) weight: f64,
}

impl OfPerson {
    /// The person's own figure.
    fn mean(&self) -> f64 {
        if self.weight > 0.0 {
            self.sum / self.weight
        } else {
            0.0
        }
    }
}

/// Is a greater figure better?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Better {
    Greater,
    Smaller,
}

/// What was measured of everybody, by person, the same people in every arm.
#[derive(Clone, Debug)]
pub(super) struct Arm {
    pub(super) source: String,
    pub(super) auc: Option<f64>,
    pub(super) people: Vec<OfPerson>,
}

impl Arm {
    pub(super) fn figure(&self) -> ConfidenceInterval {
        drawn(&self.people, |one| one.sum)
    }

    /// How it differs from another, of the same people.
    pub(super) fn change(&self, than: &Self, better: Better) -> Change {
        let (up, down) = moved(self, than, better);
        Change {
            gain: self.gain(than, better),
            better: up,
            worse: down,
        }
    }

    /// How much better it is than another.
    fn gain(&self, than: &Self, better: Better) -> ConfidenceInterval {
        let sign = match better {
            Better::Greater => 1.0,
            Better::Smaller => -1.0,
        };
        let both = self.people.iter().zip(&than.people);
        let gains = both.map(|(own, other)| OfPerson {
            sum: sign * (own.sum - other.sum),
            ..*own
        });
        drawn(&gains.collect::<Vec<_>>(), |one| one.sum)
    }
}

/// Arms in their order, each beside the one before and the first.
pub(super) fn sources(arms: &[Arm], better: Better) -> Vec<SourceWorth> {
    let source = |(at, arm): (usize, &Arm)| {
        let before = at.checked_sub(1).map(|at| &arms[at]);
        let change = before.map(|before| arm.change(before, better));
        SourceWorth {
            source: arm.source.clone(),
            figure: arm.figure(),
            auc: arm.auc,
            gain: change.map(|change| change.gain),
            gain_in_all: before.map(|_| arm.gain(&arms[0], better)),
            better: change.map_or(0, |change| change.better),
            worse: change.map_or(0, |change| change.worse),
        }
    };
    arms.iter().enumerate().map(source).collect()
}

/// How many people are better off, and how many worse.
fn moved(arm: &Arm, before: &Arm, better: Better) -> (u64, u64) {
    let both = arm.people.iter().zip(&before.people);
    let (mut up, mut down) = (0, 0);
    for (own, other) in both {
        up += u64::from(own.mean() > other.mean() + SAME);
        down += u64::from(own.mean() < other.mean() - SAME);
    }
    match better {
        Better::Greater => (up, down),
        Better::Smaller => (down, up),
    }
}

/// The weighted mean over people, and its interval over Poisson draws of people by their ids.
fn drawn(people: &[OfPerson], of: impl Fn(&OfPerson) -> f64 + Sync) -> ConfidenceInterval {
    let mean = |times: &dyn Fn(u64) -> f64| {
        let (mut sum, mut weight) = (0.0, 0.0);
        for one in people {
            let times = times(one.person);
            sum += times * of(one);
            weight += times * one.weight;
        }
        if weight > 0.0 { sum / weight } else { 0.0 }
    };
    let draw = |draw: u64| {
        let salt = mix(draw);
        mean(&|person| poisson(mix(salt ^ person)))
    };
    let means: Vec<f64> = (0..DRAWS).into_par_iter().map(draw).collect();
    ConfidenceInterval::of(mean(&|_| 1.0), means.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(sums: [f64; 4]) -> Arm {
        let person = |(person, sum)| OfPerson {
            person,
            sum,
            weight: 10.0,
        };
        Arm {
            source: String::new(),
            auc: None,
            people: (0..).zip(sums).map(person).collect(),
        }
    }

    #[test]
    fn whoever_moves_by_less_than_is_shown_is_neither_better_nor_worse() {
        let (before, after) = (arm([1.0; 4]), arm([1.000_4, 0.999_6, 1.001, 0.999]));
        let change = after.change(&before, Better::Greater);
        assert_eq!(
            (change.better, change.worse),
            (1, 1),
            "{SAME} of a person's own mean"
        );
        let losses = arm([0.5, 1.0, 1.0, 1.0]).change(&before, Better::Smaller);
        assert_eq!((losses.better, losses.worse), (1, 0));
        assert!(
            (losses.gain.value - 0.012_5).abs() < 1e-12,
            "a smaller loss is a gain"
        );
    }
}
