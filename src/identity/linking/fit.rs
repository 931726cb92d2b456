//! Fitting: the rates of every level by expectation maximisation, without knowing who is who.
//!
//! Dempster, Laird and Rubin (1977), as Winkler (1988) applies it to record linkage. The expectation step is the contest
//! that decides links, so pairs that exclude each other are not both counted as one person. Half a pair is added to every
//! level, so that what never occurred is improbable and not impossible.
//!
//! How often devices, models and regions agree by chance is counted, not estimated: over accounts and claims that stand
//! some way apart in the order of numbers, which share a country but no person. Left free, the two classes can come to
//! mean "the same device" and "another device" instead of "one person" and "two".

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::block::Block;
use super::compare::{Comparison, DeviceLevel, Level, TimeLevel};
use super::contest::Contest;
use super::model::{LinkModel, Rates, SameDevice};
use super::parts::Part;
use super::{AccountClaim, Claims, SocialClaim};
use crate::hash::HashSet;
use crate::identity::E164;
use crate::params::ParamError;

/// Steps after which fitting stops in any case.
const MAX_STEPS: u32 = 500;
/// Fitting stops once no rate moves by more.
const TOLERANCE: f64 = 1e-6;
/// Pairs added to every level.
const SMOOTHING: f64 = 0.5;

/// A fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The model.
    pub model: LinkModel,
    /// Pairs on one number that it was fitted to.
    pub pairs: u64,
    /// How many of them are one person, by the model.
    pub matches: f64,
    /// Steps taken.
    pub steps: u32,
    /// Did it settle?
    pub converged: bool,
}

/// Fits a model to the claims of a world, starting from another.
///
/// The same claims give the same model, in any order and for any number of threads.
///
/// # Errors
/// If the model to start from is not valid.
///
/// # Complexity
/// O(pairs) a step, at most 500 steps.
pub fn fit(
    accounts: impl IntoIterator<Item = AccountClaim>,
    social: impl IntoIterator<Item = SocialClaim>,
    business_numbers: &HashSet<E164>,
    start: LinkModel,
) -> Result<Fitted, ParamError> {
    let claims = Claims::new(accounts, social);
    let numbers: Vec<_> = claims.parts.iter().flat_map(Part::numbers).collect();
    let blocks: Vec<Block<'_>> = numbers
        .into_par_iter()
        .filter(|(held, _)| !business_numbers.contains(&held[0].binding.number))
        .map(|(held, claimed)| Block::of(held, claimed, &claims.frequencies))
        .filter(|block| !block.pairs.is_empty())
        .collect();
    let pairs = blocks.iter().map(|block| block.pairs.len() as u64).sum();
    let by_chance = by_chance(&claims);
    let mut fitted = Fitted {
        model: by_chance.anchor(start),
        pairs,
        matches: 0.0,
        steps: 0,
        converged: pairs == 0,
    };
    while !fitted.converged && fitted.steps < MAX_STEPS {
        let expected = expect(&blocks, &fitted.model)?;
        let next = by_chance.anchor(expected.model());
        fitted.steps += 1;
        fitted.matches = expected.matches;
        fitted.converged = distance(&fitted.model, &next) <= TOLERANCE;
        fitted.model = next;
    }
    Ok(fitted)
}

/// Expected numbers of pairs.
#[derive(Clone, Debug, Default)]
struct Expected {
    matches: f64,
    others: f64,
    time: Tally,
    /// By time level.
    device: [Tally; 7],
    model: Tally,
    region: Tally,
}

/// Expected pairs on each level: of one person, and not.
#[derive(Clone, Debug, Default)]
struct Tally([[f64; 2]; 8]);

impl Tally {
    fn add(&mut self, level: impl Level, probability: f64) {
        let [matches, others] = &mut self.0[level.index()];
        *matches += probability;
        *others += 1.0 - probability;
    }

    fn plus(&mut self, other: &Self) {
        for (sum, term) in self.0.iter_mut().flatten().zip(other.0.iter().flatten()) {
            *sum += term;
        }
    }

    fn rates<L: Level>(&self) -> BTreeMap<L, Rates> {
        let total = |side: usize| -> f64 {
            let known = L::ALL.iter().map(|level| self.0[level.index()][side]);
            known.sum::<f64>() + SMOOTHING * L::ALL.len() as f64
        };
        let (matches, others) = (total(0), total(1));
        let rates = |level: &L| Rates {
            m: (self.0[level.index()][0] + SMOOTHING) / matches,
            u: (self.0[level.index()][1] + SMOOTHING) / others,
        };
        L::ALL.iter().map(|level| (*level, rates(level))).collect()
    }
}

impl Expected {
    fn add(&mut self, comparison: Comparison, probability: f64) {
        self.matches += probability;
        self.others += 1.0 - probability;
        self.time.add(comparison.time, probability);
        self.device[comparison.time.index()].add(comparison.device, probability);
        self.model.add(comparison.model, probability);
        self.region.add(comparison.region, probability);
    }

    fn plus(mut self, other: &Self) -> Self {
        self.matches += other.matches;
        self.others += other.others;
        self.time.plus(&other.time);
        for (sum, term) in self.device.iter_mut().zip(&other.device) {
            sum.plus(term);
        }
        self.model.plus(&other.model);
        self.region.plus(&other.region);
        self
    }

    fn model(&self) -> LinkModel {
        let all = self.matches + self.others + 2.0 * SMOOTHING;
        LinkModel {
            prior: (self.matches + SMOOTHING) / all,
            time: self.time.rates(),
            device: self.same_device(),
            model: self.model.rates(),
            region: self.region.rates(),
        }
    }
}

impl Expected {
    fn same_device(&self) -> SameDevice {
        let rates = |tally: &Tally| tally.rates::<DeviceLevel>()[&DeviceLevel::SameDevice];
        let mut all = Tally::default();
        for tally in &self.device {
            all.plus(tally);
        }
        let of = |level: &TimeLevel| (*level, rates(&self.device[level.index()]).m);
        SameDevice {
            u: rates(&all).u,
            m: TimeLevel::ALL.iter().map(of).collect(),
        }
    }
}

/// Blocks whose sums are added one after the other, so that the result does not depend on threads.
const CHUNK: usize = 1 << 12;

fn expect(blocks: &[Block<'_>], model: &LinkModel) -> Result<Expected, ParamError> {
    let model = model.clone().check()?;
    let chunks: Vec<Expected> = blocks
        .par_chunks(CHUNK)
        .map(|chunk| {
            let (mut expected, mut odds) = (Expected::default(), Vec::new());
            for block in chunk {
                block.weigh(&model, &mut odds);
                let probabilities = Contest::new(block, &odds).probabilities();
                for (pair, probability) in block.pairs.iter().zip(probabilities) {
                    expected.add(pair.comparison, probability);
                }
            }
            expected
        })
        .collect();
    let sum = |sum: Expected, chunk: &Expected| sum.plus(chunk);
    Ok(chunks.iter().fold(Expected::default(), sum))
}

/// How far apart in the order of numbers two rows are compared to see what agrees by chance.
const APART: usize = 101;

/// Every account against a claim on another number of, mostly, the same country.
fn by_chance(claims: &Claims) -> Expected {
    let mut chance = Expected::default();
    let parts = || claims.parts.iter();
    let mut accounts: Vec<_> = parts().flat_map(|part| &part.accounts).collect();
    accounts.par_sort_unstable();
    let mut social: Vec<_> = parts().flat_map(|part| &part.social).collect();
    social.par_sort_unstable_by_key(|claim| (claim.key, claim.given.earliest(), claim.user));
    for account in accounts {
        let number = account.binding.number;
        let near = social.partition_point(|claim| claim.key.0 < number);
        let Some(claim) = social.get((near + APART) % social.len().max(1)) else {
            break;
        };
        if claim.key.0 != number {
            let comparison = Comparison::of(TimeLevel::GivenDuring, account, claim);
            chance.add(comparison, 0.0);
        }
    }
    chance
}

impl Expected {
    /// The model, agreeing by chance as often as was counted.
    fn anchor(&self, mut model: LinkModel) -> LinkModel {
        model.device.u = self.same_device().u;
        self.model.set_chance(&mut model.model);
        self.region.set_chance(&mut model.region);
        model
    }
}

impl Tally {
    fn set_chance<L: Level>(&self, rates: &mut BTreeMap<L, Rates>) {
        for (level, counted) in self.rates::<L>() {
            if let Some(rates) = rates.get_mut(&level) {
                rates.u = counted.u;
            }
        }
    }
}

/// The largest difference between two models' rates.
fn distance(a: &LinkModel, b: &LinkModel) -> f64 {
    fn between<L: Ord>(a: &BTreeMap<L, Rates>, b: &BTreeMap<L, Rates>) -> f64 {
        let pairs = a.values().zip(b.values());
        let far = pairs.map(|(a, b)| (a.m - b.m).abs().max((a.u - b.u).abs()));
        far.fold(0.0, f64::max)
    }
    let devices = a.device.m.values().zip(b.device.m.values());
    [
        (a.prior - b.prior).abs(),
        between(&a.time, &b.time),
        devices.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max),
        between(&a.model, &b.model),
        between(&a.region, &b.region),
    ]
    .into_iter()
    .fold(0.0, f64::max)
}
