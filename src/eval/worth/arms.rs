//! One way to make answers, measured person by person, and what another is worth beside it.

use rayon::prelude::*;

use super::SourceWorth;
use crate::eval::ConfidenceInterval;
use crate::eval::ads::bootstrap::poisson;
use crate::eval::friends::mix;

/// How often people are drawn again.
const DRAWS: u64 = 1_000;
/// Differences below this are luck of rounding.
const LEAST: f64 = 1e-12;

/// Sums of one person.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct OfPerson {
    pub(super) person: u64,
    /// Average precision, or losses.
    pub(super) sum: f64,
    /// 1, or impressions.
    pub(super) weight: f64,
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
        let (gained, lost) = before.map_or((0, 0), |before| moved(arm, before, better));
        SourceWorth {
            source: arm.source.clone(),
            figure: arm.figure(),
            auc: arm.auc,
            gain: before.map(|before| arm.gain(before, better)),
            gain_in_all: before.map(|_| arm.gain(&arms[0], better)),
            better: gained,
            worse: lost,
        }
    };
    arms.iter().enumerate().map(source).collect()
}

/// How many people are better off, and how many worse.
fn moved(arm: &Arm, before: &Arm, better: Better) -> (u64, u64) {
    let both = arm.people.iter().zip(&before.people);
    let (mut up, mut down) = (0, 0);
    for (own, other) in both {
        up += u64::from(own.sum > other.sum + LEAST);
        down += u64::from(own.sum < other.sum - LEAST);
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
